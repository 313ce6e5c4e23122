"""`wx-archive deadletter list|replay`: messages and jobs that failed, for a person to look at."""

from dataclasses import asdict, dataclass
from typing import Protocol

import click

from wx_archive.chat import deadletters
from wx_archive.chat.deadletters import Failure
from wx_archive.chat.router import Dispatcher
from wx_archive.core import clock
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.services import open_services
from wx_archive.staff import audit
from wx_archive.staff.audit import Note


class HasDispatcher(Protocol):
    """What the root command hands over."""

    @property
    def dispatcher(self) -> Dispatcher:
        """All handlers of the conversation."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: str
    what: str
    state: str
    failed_at: str
    cause: str


deadletter = click.Group("deadletter", help="没能处理的消息和任务。")


@deadletter.command("list", help="列出没能处理的消息（m 开头）和任务（j 开头）。")
@click.option("--all", "all_wanted", is_flag=True, help="已经重放过的也列出")
@as_json
def list_(*, all_wanted: bool, json_wanted: bool) -> None:
    """List what failed, newest first, without a word of what was sent."""
    with (
        open_services(settings_of_installation()) as services,
        services.database.reads() as connection,
    ):
        failures = [
            *deadletters.messages(connection, all_wanted=all_wanted),
            *deadletters.dead_jobs(connection),
        ]
    lines = [_line(failure) for failure in failures]
    if json_wanted:
        print_json([asdict(line) for line in lines])
        return
    for line in lines:
        click.echo(f"{line.number:>6}  {line.failed_at}  {line.state:<8}  {line.what}")
        click.echo(f"        {line.cause}")
    click.echo(
        f"共 {len(lines)} 条。重放：wx-archive deadletter replay 编号" if lines else "没有。"
    )


@deadletter.command(help="重放一条；回答会留给关注者，能发就发，不能发等他回复“取结果”。")
@click.argument("number")
@as_json
@click.pass_obj
def replay(product: HasDispatcher, number: str, *, json_wanted: bool) -> None:
    """Have the worker try a message or a job once more."""
    with (
        open_services(settings_of_installation()) as services,
        services.database.begin() as session,
    ):
        deadletters.replay(session, number, product.dispatcher, now=clock.now())
        done = Note("deadletter.replay", f"deadletter:{number}")
        audit.from_terminal(session, done, now=clock.now())
    if json_wanted:
        print_json({"number": number, "queued": True})
    else:
        click.echo(f"{number} 已排队，后台进程（wx-archive worker）会处理。")


def _line(failure: Failure) -> _Line:
    at = failure.failed_at
    moment = "" if at is None else f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"
    return _Line(failure.number, failure.what, failure.state, moment, failure.cause)
