"""Logs: one event is one line, whatever hostile text it carries."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from wx_archive.core import log

HOSTILE = "a\nb\r\nc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k\x1b[31ml\x7fm\x9bn\0o"


Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    log.begin_trace("")


def lines(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_json_line_with_level_name_time_and_trace(capsys: Capture) -> None:
    log.configure(json=True)
    log.begin_trace("abc123")
    logging.getLogger("wx_archive.x").info("quiz.redeemed follower=%d", 5)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "quiz.redeemed follower=5",
        "level": "info",
        "logger": "wx_archive.x",
        "trace": "abc123",
    }


def test_hostile_text_forges_no_second_line(capsys: Capture) -> None:
    log.configure(json=True)
    logging.getLogger("x").warning("menu.key key=%s", HOSTILE)
    (line,) = lines(capsys)
    assert line["event"] == "menu.key key=abcdefghijk[31mlmno"


def test_hostile_text_forges_no_second_line_on_a_terminal(capsys: Capture) -> None:
    log.configure(json=False)
    logging.getLogger("x").warning("menu.key key=%s", HOSTILE)
    (line,) = capsys.readouterr().err.splitlines()
    assert "key=abcdefghijk" in line


def test_a_trace_stays_in_its_line(capsys: Capture) -> None:
    log.configure(json=True)
    logging.getLogger("x").error("webhook.failed", exc_info=ValueError(HOSTILE))
    (line,) = lines(capsys)
    assert "ValueError: a\nb\ncdef" in line["exception"]
    assert not set("\x85\u2028\u2029\x1b\0") & set(line["exception"])


def test_a_new_trace_replaces_the_old_one(capsys: Capture) -> None:
    log.configure(json=True)
    for trace in ("one", "two"):
        log.begin_trace(trace)
        logging.getLogger("x").info("e")
    assert [line["trace"] for line in lines(capsys)] == ["one", "two"]


def test_chinese_stays_readable(capsys: Capture) -> None:
    log.configure(json=True)
    logging.getLogger("x").info("档案")
    assert "档案" in capsys.readouterr().err


def test_libraries_keep_quiet_below_warnings(capsys: Capture) -> None:
    log.configure(json=True)
    for name in ("werkzeug", "urllib3", "alembic"):
        logging.getLogger(name).info("openid=o1")
        logging.getLogger(name).warning("w")
    assert [line["event"] for line in lines(capsys)] == ["w"] * 3
