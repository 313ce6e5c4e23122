"""What was found in an upload, as people look at it; and what its file is called."""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from wx_archive.catalogue.files import BadRow
from wx_archive.catalogue.service import ImportReport
from wx_archive.core.text import clip_bytes

LISTED: Final = 500
"""So many bad rows, and so many doubts, are kept; the rest is counted."""
_COLUMN_LENGTH: Final = 60
_REASON_LENGTH: Final = 300
_NAME_BYTES: Final = 180
"""A file's name on disk ends at 255 bytes, and a temporary file has this one."""
_NAME_LENGTH: Final = 100
_SUFFIX: Final = re.compile(r"(?:\.[A-Za-z0-9]{1,8}){1,2}$")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, marks that turn the direction of writing, lone surrogates."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check or an import found.

    Attributes:
        good: rows that can be taken in: added, changed and unchanged ones.
        opens: rows by which the public would see what it does not see now.
        bad_lines: how many rows have mistakes; one may have several.
        bad_count: how many mistakes there are.
        bad: the first of them.
        doubt_count: what is taken in but should be looked at.
    """

    good: int
    added: int
    changed: int
    unchanged: int
    opens: int
    bad_lines: int
    bad_count: int
    bad: tuple[BadRow, ...]
    doubt_count: int
    doubts: tuple[BadRow, ...]

    @property
    def read(self) -> int:
        """How many rows the file has."""
        return self.good + self.bad_lines

    @property
    def changes(self) -> int:
        """How many rows change the catalogue."""
        return self.added + self.changed

    def with_opens(self, opens: int) -> "Report":
        """Return the same where the catalogue has changed since."""
        return replace(self, opens=opens)

    @classmethod
    def of(cls, found: ImportReport, *, opens: int) -> "Report":
        """Return what an importer reports, cut to what one can look at."""
        return cls(
            good=found.read,
            added=found.added,
            changed=found.changed,
            unchanged=found.unchanged,
            opens=opens,
            bad_lines=len({row.line for row in found.bad}),
            bad_count=len(found.bad),
            bad=_listed(found.bad),
            doubt_count=len(found.warnings),
            doubts=_listed(found.warnings),
        )

    @classmethod
    def read_json(cls, text: str) -> "Report":
        """Return what `as_json` wrote."""
        told = json.loads(text)
        lists = {name: tuple(BadRow(**row) for row in told[name]) for name in ("bad", "doubts")}
        return cls(**(told | lists))

    def as_json(self) -> str:
        """Return it as the database keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False)


def _listed(rows: Sequence[BadRow]) -> tuple[BadRow, ...]:
    """Return the first rows; a header of a hostile file may be as long as the file."""
    return tuple(
        BadRow(row.line, _clipped(row.column, _COLUMN_LENGTH), _clipped(row.reason, _REASON_LENGTH))
        for row in rows[:LISTED]
    )


def _clipped(text: str, length: int) -> str:
    shown = "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def display_name(told: str) -> str:
    """Return a file's name as it may be shown and written to disk: no folders, no tricks."""
    last = told.replace("\\", "/").rpartition("/")[2]
    seen = (char if char.isprintable() else " " * char.isspace() for char in last)
    shown = " ".join("".join(seen).split()).strip(" .")
    suffix = _SUFFIX.search(shown)
    end = suffix[0] if suffix else ""
    stem = clip_bytes(shown.removesuffix(end), _NAME_BYTES)[:_NAME_LENGTH].strip(" .")
    return (stem or "未命名") + end
