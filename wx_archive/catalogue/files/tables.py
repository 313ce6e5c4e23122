"""Rows of a CSV file: encoding, separator, and where each row begins in the file."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Final, cast

from wx_archive.catalogue.files.columns import fold_header
from wx_archive.catalogue.files.problems import Findings
from wx_archive.catalogue.files.sources import MAX_LINE_BYTES, opened
from wx_archive.core.errors import RefusedError

MAX_CELL: Final = 2_000_000
_SEPARATORS: Final = ",;\t"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_rows(
    path: Path, known: Collection[str], findings: Findings
) -> Iterator[tuple[int, list[str]]]:
    """Yield first line and texts of every row of a table.

    Args:
        path: the file.
        known: the headers that are understood, folded: they tell the separator.
        findings: gets the rows that cannot be taken apart.

    Raises:
        RefusedError: wrong encoding, an overlong line, or quotes that do not match.
    """
    encoding = _encoding(path)
    with opened(path) as file:
        text = io.TextIOWrapper(cast("io.BufferedReader", file), encoding, newline="")
        lines = _Lines(text, path.name)
        header = next(iter(lines), "")
        if header.lower().startswith("sep="):
            header = next(iter(lines), "")
        reader = csv.reader(lines.after(header), delimiter=_separator(header, known), strict=True)
        csv.field_size_limit(MAX_CELL)
        yield from _rows(reader, lines, path.name, findings)


class _Lines:
    """The lines of a text, bounded and counted."""

    def __init__(self, text: IO[str], name: str) -> None:
        self._text = text
        self._name = name
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        try:
            while line := self._text.readline(MAX_LINE_BYTES):
                self.taken += 1
                if len(line) == MAX_LINE_BYTES:
                    raise RefusedError(f"{self._name} 的第 {self.taken} 行超过 16 MB，不像表格")
                yield line
        except UnicodeError as err:
            raise RefusedError(f"{self._name} 第 {self.taken + 1} 行起有残缺的字符") from err

    def after(self, line: str) -> Iterator[str]:
        """Return a line that was taken already, then the rest."""
        yield line
        yield from self


def _rows(
    reader: Iterator[list[str]], lines: _Lines, name: str, findings: Findings
) -> Iterator[tuple[int, list[str]]]:
    while True:
        first = lines.taken + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            if "expected after" not in str(err):
                raise RefusedError(
                    f"{name} 从第 {first} 行起引号没有配对，或一格超过 {MAX_CELL} 字；改好再来"
                ) from err
            findings.add_bad(first, "", '引号后面还有字；格子里的引号要写两遍（""）')
            continue
        if any(cells):
            yield first, cells


def _separator(header: str, known: Collection[str]) -> str:
    """Return the separator that makes the most known headers of the first line."""
    return max(
        _SEPARATORS,
        key=lambda sign: sum(
            fold_header(part.strip('"\r\n')) in known for part in header.split(sign)
        ),
    )


def _encoding(path: Path) -> str:
    """Return the encoding of the whole file: it is read once for that.

    Raises:
        RefusedError: neither Unicode nor GB 18030.
    """
    with opened(path) as file:
        head = file.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    problem = 0
    for encoding in ("utf-8", "gb18030"):
        line = _first_problem(path, encoding)
        if not line:
            return encoding
        problem = max(problem, line)  # the encoding it was meant in goes well for longer
    raise RefusedError(
        f"{path.name} 既不是 UTF-8 也不是 GB 18030 编码（第 {problem} 行起）；"
        "请另存为 CSV UTF-8 再导入"
    )


def _first_problem(path: Path, encoding: str) -> int:
    """Return the line at which a text stops being of an encoding, 0 if it does not."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with opened(path) as file:
        while True:
            block = file.read(1 << 20)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as err:
                return line + block[: err.start].count(b"\n")
            if not block:
                return 0
            line += block.count(b"\n")
