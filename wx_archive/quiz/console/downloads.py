"""Tables that leave the console: no cell of them is a formula, no copy of them stays behind."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from wx_archive.catalogue.files.cells import guard


def table(name: str, head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Response:
    """Return rows as CSV, with the mark that Excel wants."""
    text = io.StringIO()
    csv.writer(text).writerows([guard(str(cell)) for cell in row] for row in (head, *rows))
    response = Response(text.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
