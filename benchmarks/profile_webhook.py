"""Where does a turn's time go? One process, one thread, SQLite, the webhook called directly.

    python benchmarks/profile_webhook.py [--turns 1000] [--top 40] [menu|lookup|mixed ...]

First the plain time of a turn in µs, without the profiler; then cProfile's lists by own and by
cumulative time. With the default of 1000 turns a figure of 0.123 s there means 123 µs a turn (the
profiler's own cost included: small functions look dearer than they are).
"""

import argparse
import contextlib
import cProfile
import gc
import io
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # `benchmarks` is not installed

from benchmarks.webhook.messages import WORKLOADS, Message, Postbox
from wx_archive import app, demo
from wx_archive.core import log
from wx_archive.core.settings import Settings

PROJECT = Path(__file__).parent.parent
WARM_UP = 300
BATCHES = 5
Webhook = Callable[..., Iterable[bytes]]
Reply = tuple[int, bytes]


def main() -> int:
    """Print a timing and two lists for each workload; 1 when a reply was wrong."""
    options = _options()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as held:
        settings = Settings.for_demo(
            data_dir=Path(name), site_dir=PROJECT, public_url="http://127.0.0.1:8000"
        )
        demo.prepare(settings)
        file = held.enter_context((Path(name) / "log").open("w", encoding="utf-8"))
        with contextlib.redirect_stderr(file):
            log.configure(json=False)  # as `serve` does in the demo, into a file
        application = app.build(settings)
        held.callback(application.close)
        webhook, postbox = application.wsgi.mounts["/wechat"], Postbox(PROJECT)  # type: ignore[attr-defined] # werkzeug's DispatcherMiddleware
        wrong = sum(
            _report(webhook, postbox, workload, options.turns, options.top)
            for workload in options.workloads or ("menu", "lookup")
        )
    return int(wrong > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Where does a turn's time go?")
    parser.add_argument("--turns", type=int, default=1_000)
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("workloads", nargs="*", choices=[*WORKLOADS, []])
    return parser.parse_args()


def _report(webhook: Webhook, postbox: Postbox, workload: str, turns: int, top: int) -> int:
    _answer(webhook, postbox.prepare(workload, WARM_UP))
    wrong, wall_us, cpu_us = 0, [], []
    for _ in range(BATCHES):
        messages = postbox.prepare(workload, turns)
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        replies = _answer(webhook, messages)
        wall_us.append((time.perf_counter() - wall) * 1e6 / turns)
        cpu_us.append((time.process_time() - cpu) * 1e6 / turns)
        wrong += postbox.wrong(messages, replies)
    print(
        f"{workload}: {statistics.median(wall_us):.0f} µs a turn (best {min(wall_us):.0f}), "
        f"CPU {statistics.median(cpu_us):.0f} µs (best {min(cpu_us):.0f}), "
        f"{BATCHES} times {turns} turns, {wrong} wrong"
    )
    if top:
        print(_profile(webhook, postbox.prepare(workload, turns), top))
    return wrong


def _profile(webhook: Webhook, messages: Sequence[Message], top: int) -> str:
    environs = [_environ(message) for message in messages]
    profile = cProfile.Profile()
    profile.enable()
    for environ in environs:
        webhook(environ, _started)
    profile.disable()
    told = io.StringIO()
    stats = pstats.Stats(profile, stream=told).strip_dirs()
    stats.sort_stats("tottime").print_stats(top)
    stats.sort_stats("cumulative").print_stats(top)
    return told.getvalue()


def _answer(webhook: Webhook, messages: Sequence[Message]) -> list[Reply]:
    environs = [_environ(message) for message in messages]
    replies = []
    for environ in environs:
        told: list[str] = []
        body = b"".join(webhook(environ, lambda status, _headers, told=told: told.append(status)))
        replies.append((int(told[0][:3]), body))
    return replies


def _started(_status: str, _headers: list[tuple[str, str]]) -> None:
    """Take note of nothing."""


def _environ(message: Message) -> dict[str, Any]:
    """Return the request as a WSGI server hands it over, the mount point taken off."""
    head, _, body = message.request.partition(b"\r\n\r\n")
    query = head.split(b" ", 2)[1].partition(b"?")[2].decode()
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/wechat",
        "PATH_INFO": "",
        "QUERY_STRING": query,
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
    }


if __name__ == "__main__":
    sys.exit(main())
