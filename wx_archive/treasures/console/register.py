"""入藏登记簿: a year's accessions, and the same as a table to take along."""

import csv
import io
from http import HTTPStatus
from typing import Final

import xlsxwriter
from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from wx_archive.catalogue.files.cells import guard
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Entry
from wx_archive.treasures import register, rules
from wx_archive.treasures.console.shown import READ, SAY, VIEWS, moment
from wx_archive.treasures.register import Book

PATH: Final = "/treasures/register"
ENTRIES: Final = (Entry("入藏登记簿", PATH, READ),)
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def add(pages: Pages) -> None:
    """Add the page and its export."""

    @pages.get(PATH, needs=READ)
    def treasure_register(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            years = register.years(connection)
            year = _year(request.args.get("year", ""), visit.today.year)
            book = register.book(connection, year)
        every = sorted({*years, visit.today.year, year}, reverse=True)
        return visit.page(f"{VIEWS}/register.html", book=book, years=every, rules=rules, say=SAY)

    @pages.reading(f"{PATH}/export", needs=READ, audit="treasure.register_export")
    def export_register(act: Act) -> ResponseReturnValue:
        year = _year(request.args.get("year", ""), act.today.year)
        kind = request.args.get("format", "csv")
        if kind not in ("csv", "xlsx"):
            abort(HTTPStatus.NOT_FOUND)
        book = register.book(act.session.connection(), year)
        act.note(f"treasure:register-{year}", after={"rows": len(book.lines), "format": kind})
        content = _csv(book) if kind == "csv" else _xlsx(book)
        response = Response(content, mimetype="text/csv" if kind == "csv" else _SHEET)
        name = f"register-{year}.{kind}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response


def _rows(book: Book) -> list[list[str]]:
    """Return the table: nothing in it is a formula."""
    told = (register.cells(line, moment(line.entered_at)) for line in book.lines)
    return [[guard(cell) for cell in row] for row in ([*register.HEAD], *told)]


def _csv(book: Book) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(_rows(book))
    return text.getvalue().encode("utf-8-sig")  # Excel wants the mark


def _xlsx(book: Book) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(f"{book.year}年入藏登记")
        sheet.freeze_panes(1, 0)
        for place, row in enumerate(_rows(book)):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell)
    return file.getvalue()


def _year(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else otherwise
