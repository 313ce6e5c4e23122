"""效果: what became of the pushes, beside their columns' medians, and the table to take along."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask import make_response, request
from flask.typing import ResponseReturnValue

from wx_archive.catalogue.files.cells import guard
from wx_archive.publishing import figures, push_figures
from wx_archive.publishing.console import push_shown
from wx_archive.publishing.push_figures import Line
from wx_archive.publishing.rules import DELIVERY_NAMES, KIND_NAMES, PUSH_STATE_NAMES, TITLES
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

NEEDS: Final = Permission.PUBLISHING_READ
SHOWN: Final = 50
EXPORTED: Final = 1000
_USUAL: Final = timedelta(days=89)
_HEAD: Final = (
    "时间",
    "推送",
    "篇数",
    "栏目",
    "种类",
    "怎么发",
    "状态",
    "送达",
    "失败",
    "微信滤掉",
    "公众号里打开",
    "别处打开",
    "有用",
    "没用",
    "同栏目打开的中位数",
)


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are asked about, both included."""

    first: date
    last: date


def add(pages: Pages) -> None:
    """Add the page and its table."""

    @pages.get("/pushes/figures", needs=NEEDS)
    def figures_of_pushes(visit: Visit) -> ResponseReturnValue:
        span = _span(visit.today)
        with visit.reads() as connection:
            lines = push_figures.between(connection, span.first, span.last, limit=SHOWN)
        return visit.page(
            "publishing/console/push_figures.html",
            span=span,
            lines=lines,
            sums=push_figures.by_kind(lines),
            is_clipped=len(lines) == SHOWN,
            wanted=request.args.get("push", ""),
            says=figures.SAYS,
            columns=TITLES,
            kinds=KIND_NAMES,
            say=push_shown.SAY,
        )

    @pages.reading("/pushes/figures.csv", needs=NEEDS, audit="push.figures")
    def figures_csv(act: Act) -> ResponseReturnValue:
        span = _span(act.today)
        with act.reads() as connection:
            lines = push_figures.between(connection, span.first, span.last, limit=EXPORTED)
        act.note("push", after={"first": span.first, "last": span.last, "rows": len(lines)})
        answer = make_response(as_csv(lines))
        answer.content_type = "text/csv; charset=utf-8"
        name = f"pushes-{span.first.isoformat()}-{span.last.isoformat()}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def as_csv(lines: Sequence[Line]) -> bytes:
    """Return the table as CSV with the mark that Excel wants; no cell of it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEAD)
    writer.writerows([guard(str(cell)) for cell in _cells(line)] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _cells(line: Line) -> tuple[str | int, ...]:
    return (
        push_shown.full_moment(line.at),
        line.title,
        line.count,
        TITLES[line.column],
        KIND_NAMES[line.kind],
        DELIVERY_NAMES[line.delivery],
        PUSH_STATE_NAMES[line.state],
        line.sent,
        line.failed,
        line.filtered_out,
        line.chat,
        line.elsewhere,
        line.useful,
        line.useless,
        "" if line.median is None else f"{line.median:g}",
    )


def _span(today: date) -> Span:
    """Return the days that an address asks about; the last ninety where it makes no sense."""
    last = _day(request.args.get("last", "")) or today
    first = _day(request.args.get("first", "")) or last - _USUAL
    return Span(first, last) if first <= last else Span(last - _USUAL, last)


def _day(written: str) -> date | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if 2010 < found.year < 2100 else None
