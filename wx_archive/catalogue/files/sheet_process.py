"""Reads one workbook in a process of its own that may use only so much memory and time.

Run by path, not imported: it needs nothing of this product, gets no environment, and whatever a
hostile file makes the reader do ends with this process. Writes one JSON array a row:
`[row number, [texts]]`, and at the very end `null`; a workbook that cannot be read gives an object.
"""

import datetime as dt
import json
import resource
import sys
from typing import Any


def _bound(memory_bytes: int, seconds: int) -> None:
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))


def _text(value: Any) -> str:
    """Return a cell as a person reads it."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is float:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if kind is bool:
        return "TRUE" if value else "FALSE"
    if kind is dt.datetime:
        return str(value.date() if value.time() == dt.time() else value)
    return str(value)


def _read(path: str) -> None:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 -- only once bounded

    write = sys.stdout.buffer.write
    with CalamineWorkbook.from_path(path) as book:
        names = [name for name in book.sheet_names if name != "说明"]
        sheet = book.get_sheet_by_name(names[0]) if names else None
        if sheet is not None and sheet.start is not None:
            before = [""] * sheet.start[1]  # rows come from the top, cells from the first used
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                texts = before + [_text(cell) for cell in cells]
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    write(json.dumps([number, texts], ensure_ascii=False).encode() + b"\n")
    write(b"null\n")


def main() -> None:
    """Read the workbook named first, in so many bytes and seconds."""
    _bound(int(sys.argv[2]), int(sys.argv[3]))
    try:
        _read(sys.argv[1])
    except MemoryError:
        sys.exit(9)
    except Exception as err:  # noqa: BLE001 -- whatever the reader says, the parent refuses
        sys.stdout.buffer.write(json.dumps({"error": type(err).__name__}).encode() + b"\n")


if __name__ == "__main__":
    main()
