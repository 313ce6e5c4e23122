"""Logs on stderr: one event a line, JSON in production, plain lines elsewhere.

An event is told as ``name key=value``, see docs on style. Formatting is our own because a line a
message is written on the hot path: a general library took longer than the rest of the answer.
"""

import json as json_format
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

__all__ = ["begin_trace", "configure"]

_CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])
"""What a terminal or a log reader may take for a command or the end of a line."""
_CONTROL_IN_TRACES = {code: None for code in _CONTROL if code != 0x0A}

_trace: ContextVar[str] = ContextVar("trace", default="")


class _OneLine(logging.Formatter):
    """Keeps hostile text from forging a second line."""

    def __init__(self, *, json: bool) -> None:
        super().__init__()
        self._json = json

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; on a terminal a traceback follows it."""
        event = record.getMessage()
        if not event.isprintable():
            event = event.translate(_CONTROL)
        moment = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None).isoformat() + "Z"
        level, trace, exception = record.levelname.lower(), _trace.get(), ""
        if record.exc_info:
            exception = self.formatException(record.exc_info).translate(_CONTROL_IN_TRACES)
        if not self._json:
            line = f"{moment} [{level:<8}] {event} [{record.name}]"
            line += f" trace={trace}" if trace else ""
            return f"{line}\n{exception}" if exception else line
        told = {"event": event, "level": level, "logger": record.name, "timestamp": moment}
        told |= {"trace": trace} if trace else {}
        told |= {"exception": exception} if exception else {}
        return json_format.dumps(told, ensure_ascii=False)


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Send every log line of this process to stderr, as JSON or for human eyes."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(json=json))
    # What no line shows need not be found out for each of them (logging HOWTO, «Optimization»).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("werkzeug", "urllib3", "alembic", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def begin_trace(trace_id: str) -> None:
    """Stamp every following log line of this thread with ``trace_id``."""
    _trace.set(trace_id)
