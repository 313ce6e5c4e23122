"""One push: how it stands, what happened to it, calling it back, giving it another time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import abort, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core.ids import is_pid
from wx_archive.followers import interests
from wx_archive.publishing import decisions, mass_calls, piece_list, progress
from wx_archive.publishing import pushes as service
from wx_archive.publishing.audiences import Audience
from wx_archive.publishing.console import push_shown, push_texts
from wx_archive.publishing.console.pushes import READ, SEND, whom_said
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushCall, PushPiece
from wx_archive.publishing.rules import (
    CONFIRMED_WITHIN,
    DELIVERY_NAMES,
    Delivery,
    HoldReason,
    PushState,
)
from wx_archive.staff.pages import Act, Pages, Visit

_MOVING: Final = frozenset({PushState.SENDING})
_CALLED_BACK: Final = "已经撤回，没有发出去。"


def add(pages: Pages) -> None:
    """Add the page and what is done there."""
    _looking(pages)
    _calling_back(pages)
    _postponing(pages)


def found(connection: Connection, pid: str) -> Push:
    """Return the push of a page's address, to be read only; 404 where there is none."""
    with Session(bind=connection) as session:
        push = session.scalars(select(Push).where(Push.pid == pid)).one_or_none()
        session.expunge_all()
    if push is None or not is_pid(pid):
        abort(HTTPStatus.NOT_FOUND)
    return push


def locked(act: Act, pid: str) -> Push:
    """Return a push, locked, as it was when the form was made; 404 where there is none.

    Raises:
        StalePushError: it has moved on.
    """
    version = request.form.get("version", -1, type=int)
    push = service.locked(act.session, pid, version=version)
    if push is None:
        abort(HTTPStatus.NOT_FOUND)
    return push


def cooling_s(push: Push, now: datetime) -> int:
    """Return for how many seconds a push can still be called back at a tap; 0: it cannot."""
    if push.state != PushState.SCHEDULED or push.cooling_until is None:
        return 0
    return max(0, -int((now - push.cooling_until).total_seconds() // 1))


def page(
    visit: Visit, connection: Connection, push: Push, *, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """Return a push's page."""
    left_s, state = cooling_s(push, visit.now), PushState(push.state)
    with Session(bind=connection) as session:
        offered = decisions.offered(session, push, now=visit.now)
    return visit.page(
        "publishing/console/push.html",
        status,
        push=push,
        problem=problem,
        pieces=_pieces(connection, push.id),
        calls=_calls(connection, push.id),
        steps=progress.steps(connection, push.id),
        names=piece_list.people(connection),
        whom=whom_said(Audience.of(push), interests.topics(visit.services.site)),
        delivery=DELIVERY_NAMES[Delivery(push.delivery)],
        meaning=push_shown.MEANINGS[state],
        meanings=push_shown.MEANINGS,
        explained=push_texts.REASONS[HoldReason(push.reason)] if push.reason else "",
        offered=[(one, push_texts.DECISIONS[one]) for one in offered],
        decision_names=service.DECISION_NAMES,
        refused=_refused(push, offered),
        cooling_s=left_s,
        is_moving=bool(left_s) or state in _MOVING,
        is_waiting_confirm=state in _MOVING and push.sentence == mass_calls.TO_CONFIRM,
        confirm_by=(push.sent_at or push.changed_at) + CONFIRMED_WITHIN,
        form=_times(push),
        words=push_texts.STEPS,
        call_words=push_texts.CALLS,
        say=push_shown.SAY,
    )


def _looking(pages: Pages) -> None:
    @pages.get("/pushes/<pid>", needs=READ)
    def push_page(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return page(visit, connection, found(connection, pid))

    @pages.get("/pushes/<pid>/state", needs=READ, poll=True)
    def push_state(visit: Visit, pid: str) -> ResponseReturnValue:
        """Return the page for its state; once anything has changed all of it is to be loaded."""
        with visit.reads() as connection:
            push = found(connection, pid)
            answer = make_response(page(visit, connection, push))
        if request.args.get("version", push.version, type=int) != push.version:
            answer.headers["HX-Refresh"] = "true"
        return answer


def _calling_back(pages: Pages) -> None:
    @pages.get("/pushes/<pid>/cancel", needs=SEND)
    def ask_cancel(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            push = found(connection, pid)
            pieces = _pieces(connection, push.id)
        return visit.page(
            "publishing/console/push_cancel.html", push=push, pieces=pieces, say=push_shown.SAY
        )

    @pages.post("/pushes/<pid>/cancel", needs=SEND, audit="push.cancel")
    def cancel_push(act: Act, pid: str) -> ResponseReturnValue:
        push = locked(act, pid)
        before = push.state
        service.cancel(act.session, push, by=act.person.login, now=act.now)
        act.note(f"push:{pid}", before={"state": before}, after={"state": push.state})
        said = push.sentence if push.state == PushState.HELD else _CALLED_BACK
        return act.done(f"{push_shown.PATH}/{pid}", said)


def _postponing(pages: Pages) -> None:
    @pages.post("/pushes/<pid>/postpone", needs=SEND, audit="push.postpone")
    def postpone_push(act: Act, pid: str) -> ResponseReturnValue:
        """Take a push back and go on to the pre-flight for its new time."""
        push = locked(act, pid)
        before = {"state": push.state, "due": push.due_at}
        service.postpone(act.session, push, by=act.person.login, now=act.now)
        act.note(f"push:{pid}", before=before, after={"state": push.state})
        wanted = {name: request.form.get(name, "") for name in ("date", "time")}
        path = f"{push_shown.PATH}/{pid}/check?{urlencode({'when': 'at', **wanted})}"
        return act.done(path, "已经收回，占的次数也还了。新的时间体检通过、再确认一次才算数。")


def _pieces(connection: Connection, push_id: int) -> list[Any]:
    rows = connection.execute(
        select(
            Piece.pid,
            Piece.title,
            Piece.column,
            Piece.out_at,
            PushPiece.article_url,
            PushPiece.content_hash.label("pinned"),
            Piece.content_hash,
        )
        .join(PushPiece, PushPiece.piece_id == Piece.id)
        .where(PushPiece.push_id == push_id)
        .order_by(PushPiece.place)
    )
    return list(rows)


def _calls(connection: Connection, push_id: int) -> list[PushCall]:
    with Session(bind=connection) as session:
        rows = session.scalars(
            select(PushCall)
            .where(PushCall.push_id == push_id)
            .order_by(PushCall.generation, PushCall.place)
        ).all()
        session.expunge_all()
    return list(rows)


def _refused(push: Push, offered: tuple[decisions.Decision, ...]) -> bool:
    """Tell whether some decision is not open now, which the page explains."""
    return push.state == PushState.HELD and len(offered) < len(decisions.Decision)


def _times(push: Push) -> Mapping[str, str]:
    """Return what the form for another time begins with: a day later than planned."""
    if push.due_at is None:
        return {"date": "", "time": ""}
    local = (push.due_at + timedelta(days=1)).astimezone(push_shown.SHANGHAI)
    return {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}
