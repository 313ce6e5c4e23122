"""Files that leave the console: named as RFC 6266 wants it, harmless in a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from flask import Response, send_file

from wx_archive.catalogue.files.cells import guard

_TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/jsonl; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table(name: str, head: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Response:
    """Return a short table as CSV; no cell of it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([guard(str(cell)) for cell in row] for row in (head, *rows))
    return small(text.getvalue().encode("utf-8-sig"), name)


def small(content: bytes, name: str) -> Response:
    """Return a small file."""
    return _named(io.BytesIO(content), name, len(content))


def file(path: Path, name: str) -> Response:
    """Return a file bit by bit; it may be deleted as soon as this has returned."""
    return _named(path.open("rb"), name, path.stat().st_size)


def _named(stream: IO[bytes], name: str, size_bytes: int) -> Response:
    response = send_file(
        stream,
        _TYPES[Path(name).suffix],
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=False,
    )
    response.content_length = size_bytes
    return response
