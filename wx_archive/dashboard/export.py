"""人次 and 件次 as a table to take along: CSV with the mark that Excel wants, or XLSX."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

import xlsxwriter

from wx_archive.catalogue.files.cells import guard
from wx_archive.dashboard import texts
from wx_archive.dashboard.rules import Count, Period, total
from wx_archive.staff.plugs import USE_CHANNELS

Cell = int | str
_MEASURES: Final = ("人次", "件次")
WIDTH: Final = 12


def head() -> list[str]:
    """Return what the columns are called."""
    channels = (*USE_CHANNELS.values(), texts.TOTAL)
    return [texts.PERIOD, *(f"{channel}{each}" for channel in channels for each in _MEASURES)]


def rows(periods: Sequence[Period]) -> Iterator[list[Cell]]:
    """Yield a line for each period and one for all of them."""
    for period in (*periods, total(periods)):
        name = f"{period.name}{texts.PART}" if period.is_part else period.name
        counts = (*(period.counts[channel] for channel in USE_CHANNELS), period.total)
        yield [guard(name), *(number for count in counts for number in _numbers(count))]


def as_csv(periods: Sequence[Period]) -> bytes:
    """Return the table as CSV."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(map(guard, head()))
    lines.writerows(rows(periods))
    return text.getvalue().encode("utf-8-sig")


def as_sheet(periods: Sequence[Period]) -> bytes:
    """Return the table as XLSX; on a second sheet stands how the numbers are counted."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(texts.USE)
        sheet.set_column(0, len(head()) - 1, WIDTH)
        sheet.freeze_panes(1, 1)
        for place, name in enumerate(head()):
            sheet.write_string(0, place, guard(name))
        for line, cells in enumerate(rows(periods), start=1):
            sheet.write_string(line, 0, str(cells[0]))
            for place, number in enumerate(cells[1:], start=1):
                sheet.write_number(line, place, number)
        notes = book.add_worksheet(texts.HOW)
        notes.set_column(0, 0, 100, book.add_format({"text_wrap": True}))
        for line, sentence in enumerate(texts.USE_SAYS):
            notes.write_string(line, 0, guard(sentence))
    return file.getvalue()


def _numbers(count: Count) -> tuple[int, int]:
    return count.people, count.items
