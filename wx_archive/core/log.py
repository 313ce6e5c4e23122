"""Structured logs: one event a line, JSON in production, readable colours elsewhere."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

__all__ = ["begin_trace", "configure"]

_CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])
"""What a terminal or a log reader may take for a command or the end of a line."""
_CONTROL_IN_TRACES = {code: None for code in _CONTROL if code != 0x0A}


def _one_line(
    _logger: Any,
    _name: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Keep hostile text from forging a second log line."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = value.translate(_CONTROL_IN_TRACES if key == "exception" else _CONTROL)
    return event


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Send every log line of this process to stderr, as JSON or for human eyes."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _one_line,
    ]
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("werkzeug", "urllib3", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def begin_trace(trace_id: str) -> None:
    """Stamp every following log line of this thread with ``trace_id``."""
    clear_contextvars()
    bind_contextvars(trace=trace_id)
