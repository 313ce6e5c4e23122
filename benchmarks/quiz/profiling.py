"""Where does an answer's time go? One process, one thread, SQLite, the webhook called directly."""

import contextlib
import cProfile
import io
import pstats
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.quiz.players import Players
from benchmarks.quiz.systems import PROJECT, Place, settings_of
from benchmarks.webhook.messages import Message
from tests.quiz.making import some_questions
from wx_archive import app
from wx_archive.core import log

Webhook = Callable[..., Iterable[bytes]]
Reply = tuple[int, bytes]


def run(place: Place, *, turns: int, top: int) -> int:
    """Print the plain time of both turns, then cProfile's lists of the answers."""
    rounds = max(2, turns // place.followers)
    settings = settings_of(place, "sqlite", some_questions(rounds + 20))
    with contextlib.ExitStack() as held:
        file = held.enter_context((place.folder / "log").open("w", encoding="utf-8"))
        with contextlib.redirect_stderr(file):
            log.configure(json=False)
        application = app.build(settings)
        held.callback(application.close)
        webhook: Webhook = application.wsgi.mounts["/wechat"]  # type: ignore[attr-defined] # werkzeug's DispatcherMiddleware
        return _report(webhook, Players(PROJECT, place.followers), rounds, top)


def _report(webhook: Webhook, players: Players, rounds: int, top: int) -> int:
    wrong, spent = 0, {"next": [0.0, 0.0], "answer": [0.0, 0.0]}
    profiles = {"next": cProfile.Profile(), "answer": cProfile.Profile()}
    for number in range(rounds):
        is_profiled = number >= rounds // 2  # the first half tells the plain time
        replies: list[Reply | None] = []
        for name in ("next", "answer"):
            messages = players.ask() if name == "next" else players.answer(replies)
            profile = profiles[name] if is_profiled else None
            wall, cpu = time.perf_counter(), time.process_time()
            replies = _answer(webhook, messages, profile)
            if not is_profiled:
                spent[name][0] += time.perf_counter() - wall
                spent[name][1] += time.process_time() - cpu
            wrong += players.wrong(messages, replies)
    plain, profiled = (
        (rounds // 2) * len(players.openids),
        (rounds - rounds // 2) * len(players.openids),
    )
    for name, (wall_s, cpu_s) in spent.items():
        print(f"{name}: {wall_s * 1e6 / plain:.0f} µs a turn, CPU {cpu_s * 1e6 / plain:.0f} µs")
    print(f"below: {profiled} turns each, the profiler's own cost included; {wrong} wrong")
    for name, profile in profiles.items():
        print(f"== {name}\n{_lists(profile, top)}")
    return int(wrong > 0)


def _lists(profile: cProfile.Profile, top: int) -> str:
    told = io.StringIO()
    stats = pstats.Stats(profile, stream=told).strip_dirs()
    stats.sort_stats("tottime").print_stats(top)
    stats.sort_stats("cumulative").print_stats(top)
    return told.getvalue()


def _answer(
    webhook: Webhook, messages: Sequence[Message], profile: cProfile.Profile | None
) -> list[Reply | None]:
    environs = [_environ(message) for message in messages]
    replies: list[Reply | None] = []
    if profile:
        profile.enable()
    for environ in environs:
        told: list[str] = []
        body = b"".join(webhook(environ, lambda status, _headers, told=told: told.append(status)))
        replies.append((int(told[0][:3]), body))
    if profile:
        profile.disable()
    return replies


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
