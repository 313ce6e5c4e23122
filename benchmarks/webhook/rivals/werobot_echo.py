"""WeRoBot's echo in encrypted mode, without its session store, as its README shows it."""

import json
import os

import werobot

setup = json.loads(os.environ["BENCHMARK_SETUP"])  # noqa: TID251 -- an application of its own
robot = werobot.WeRoBot(
    token=setup["token"],
    app_id=setup["app_id"],
    encoding_aes_key=setup["aes_key"],
    enable_session=False,
)


@robot.text
def echo(message):
    """Say it again."""
    return message.content


@robot.click
def echo_click(event):
    """Name the menu key."""
    return event.key


application = robot.wsgi
