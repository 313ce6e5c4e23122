"""The audit log as a file: CSV to be read, JSON Lines to be checked.

JSON Lines holds every row exactly as it was sealed, so that anybody can compute the hashes again;
the CSV is for a spreadsheet, with names in Chinese and nothing that it would take for a formula.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Final

from wx_archive.core.clock import SHANGHAI
from wx_archive.staff.audit_queries import Entry
from wx_archive.staff.audit_texts import action_name

_HEAD: Final = (
    "编号",
    "时间（北京）",
    "谁",
    "从哪里",
    "做了什么",
    "代码",
    "对象",
    "改前",
    "改后",
    "前一行校验码",
    "本行校验码",
)
_BOM: Final = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for the machine's own characters."""
_DANGEROUS: Final = tuple("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
"""What begins so is taken for a formula (OWASP, “CSV Injection”)."""


class Format(StrEnum):
    """What the file is."""

    CSV = "csv"
    JSONL = "jsonl"


MIMETYPES: Final = {Format.CSV: "text/csv", Format.JSONL: "application/x-ndjson"}


def lines(entries: Iterable[Entry], wanted: Format) -> Iterator[str]:
    """Return the file's text, a line at a time."""
    write: Callable[[Iterable[Entry]], Iterator[str]]
    write = _csv if wanted is Format.CSV else _jsonl
    return write(entries)


def _csv(entries: Iterable[Entry]) -> Iterator[str]:
    yield _BOM + _line(_HEAD)
    for entry in entries:
        yield _line(
            (
                str(entry.number),
                f"{entry.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
                entry.actor,
                entry.address,
                action_name(entry.action),
                entry.action,
                entry.subject,
                entry.before,
                entry.after,
                entry.previous,
                entry.hash,
            )
        )


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([_harmless(cell) for cell in cells])
    return written.getvalue()


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_DANGEROUS) else text


def _jsonl(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        told = dict(entry._mapping)  # noqa: SLF001 -- a public name
        told["at"] = entry.at.isoformat(timespec="microseconds")
        yield json.dumps(told, ensure_ascii=False) + "\n"
