"""来稿 in the console: taking over, giving back, how each correspondent is doing; to-dos."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import inbox, piece_list
from wx_archive.publishing.console import shown
from wx_archive.publishing.console.shown import PIECES, locked, path_of
from wx_archive.publishing.piece_list import Wanted
from wx_archive.publishing.rules import PieceState
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Todo
from wx_archive.staff.rules import Permission, Person

INBOX: Final = "/console/inbox"
NEEDS: Final = Permission.PIECES_EDIT


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/inbox", needs=NEEDS)
    def inbox_page(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _page(visit, connection)

    @pages.post("/pieces/<pid>/take", needs=NEEDS, audit="piece.take")
    def take_piece(act: Act, pid: str) -> ResponseReturnValue:
        piece = locked(act, pid)
        inbox.take_over(act.session, piece, person=act.person, now=act.now)
        act.note(f"piece:{pid}", before={"state": "inbox"}, after={"state": piece.state})
        return act.done(path_of(pid, "edit"), "接过来了，现在归您改。")

    @pages.post("/pieces/<pid>/back", needs=NEEDS, audit="piece.back")
    def piece_back(act: Act, pid: str) -> ResponseReturnValue:
        piece, word = locked(act, pid), request.form.get("word", "")
        try:
            inbox.give_back(act.session, piece, word, person=act.person, now=act.now)
        except RefusedError as err:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return _page(act, act.session.connection(), problem=str(err), status=status)
        after = {"state": piece.state, "reason": word.strip()}
        act.note(f"piece:{pid}", before={"state": "inbox"}, after=after)
        return act.done(INBOX, "退回去了，联络员会看到您的话。")


def _page(
    visit: Visit, connection: Connection, *, problem: str = "", status: int = HTTPStatus.OK
) -> ResponseReturnValue:
    month = _month(visit.today)
    first, _after = inbox.month_bounds(month)
    earlier = clock.day_of(first) - timedelta(days=1)
    later = (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    return visit.page(
        "publishing/console/inbox.html",
        status,
        waiting=inbox.waiting(connection),
        late_before=piece_list.late_before(visit.today, Calendar()),
        doings=inbox.doings(connection, month, now=visit.now),
        month=month,
        earlier=f"{INBOX}?month={earlier:%Y-%m}",
        later=f"{INBOX}?month={later:%Y-%m}" if later <= visit.today else "",
        problem=problem,
        **shown.words(connection),
    )


def _month(today: date) -> date:
    """Return the month that was asked for, else this one."""
    try:
        asked = date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        return today
    return asked if asked.year >= 2000 and asked <= today else today


def todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits for somebody at their desk: what came in, what to review, to mend."""
    today, found = clock.day_of(now), []
    if person.may(Permission.PIECES_WRITE):
        count = piece_list.returned_to(connection, person.login)
        found.append(
            Todo(
                "退回给您的稿子", count, f"{PIECES}?state=returned&by=mine", Permission.PIECES_WRITE
            )
        )
    if person.may(NEEDS):
        wanted = Wanted(state=PieceState.INBOX)
        count = piece_list.count(connection, wanted, today=today)
        found.append(Todo("来稿等人接", count, INBOX, NEEDS))
    if person.may(Permission.PIECES_REVIEW):
        review = Permission.PIECES_REVIEW
        count = piece_list.to_review(connection, person.login)
        found.append(Todo("等您审的稿子", count, f"{PIECES}?state=submitted", review))
        late = piece_list.count(connection, Wanted(is_late=True), today=today)
        found.append(Todo("待审超过两个工作日", late, f"{PIECES}?late=1", review, is_late=True))
    return found
