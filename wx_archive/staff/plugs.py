"""What a feature plugs into the console: entries, to-dos, alerts, figures, uses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from wx_archive.core.services import Services
from wx_archive.staff.rules import Permission, Person

if TYPE_CHECKING:
    from wx_archive.staff.pages import Pages


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the left rail.

    Attributes:
        path: below `/console`, with the slash: `/documents`.
    """

    title: str
    path: str
    needs: Permission


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits for whoever may do it.

    Attributes:
        title: «等您放行的开放», in the reader's words; the number stands beside it.
        path: address of the page where it is done.
        is_late: its day has passed.
    """

    title: str
    count: int
    path: str
    needs: Permission
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """Something went wrong that a person must look at.

    Attributes:
        key: the same for as long as it is the same trouble: it is told once.
        title: one sentence, without anybody's personal data.
        path: address of the page that says more.
        needs: whom it concerns.
        since: when it began.
        is_urgent: citizens go unanswered because of it: it is told by night as well.
    """

    key: str
    title: str
    path: str
    needs: Permission
    since: datetime
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure in words: «今天», 12."""

    label: str
    value: int | str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of one colour, oldest first; the same numbers stand in a table beside it.

    Attributes:
        points: what a bar is called, and how high it is; never negative.
        unit: 人, 次, 件.
    """

    title: str
    points: Sequence[tuple[str, int]]
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as they are shown; numbers stand right-aligned."""

    head: Sequence[str]
    rows: Sequence[Sequence[int | str]]
    caption: str = ""
    empty: str = "还没有。"


@dataclass(frozen=True, slots=True)
class Panel:
    """One box of the dashboard.

    Attributes:
        says: how its numbers are counted, printed below them.
    """

    title: str
    says: str
    facts: Sequence[Fact] = ()
    chart: Chart | None = None
    tables: Sequence[Table] = ()
    needs: Permission = Permission.FIGURES_READ


class UseChannel(StrEnum):
    """How somebody came to be served."""

    CHAT = "chat"
    H5 = "h5"
    DESK = "desk"
    LETTER = "letter"
    PHONE = "phone"


USE_CHANNELS = {
    UseChannel.CHAT: "微信",
    UseChannel.H5: "网页",
    UseChannel.DESK: "窗口",
    UseChannel.LETTER: "来信",
    UseChannel.PHONE: "电话",
}


@dataclass(frozen=True, slots=True)
class Use:
    """How much was used on a Shanghai day in one channel.

    Attributes:
        people: 人次.
        items: 件次.
    """

    day: date
    channel: UseChannel
    people: int
    items: int


Todos = Callable[[Connection, Person, datetime], Sequence[Todo]]
Alerts = Callable[[Connection, datetime], Sequence[Alert]]
Panels = Callable[[Connection, date, date], Sequence[Panel]]
Uses = Callable[[Connection, date, date], Sequence[Use]]


@dataclass(frozen=True, slots=True)
class Console:
    """A feature's part of the console.

    Attributes:
        pages: makes the feature's pages.
        entries: its lines in the left rail.
        todos: what waits for a person; asked for on the first page.
        alerts: what went wrong and still is; asked for every minute.
        panels: figures from the first to the last day, both included.
        uses: 人次 and 件次 of the same days.
    """

    pages: Callable[[Services], "Pages"] | None = None
    entries: Sequence[Entry] = ()
    todos: Todos | None = None
    alerts: Alerts | None = None
    panels: Panels | None = None
    uses: Uses | None = None
