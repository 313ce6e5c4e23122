"""The next step of a request: its word to the citizen, read once more before it goes out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.core.text import visible
from wx_archive.enquiries import desk, entries, replies, rules, texts, wording
from wx_archive.enquiries.console.one import next_states
from wx_archive.enquiries.console.shown import NEEDS, doing, find, path_of
from wx_archive.enquiries.entries import Item
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import State
from wx_archive.enquiries.steps import StaleError, locked
from wx_archive.staff.canned import chosen
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.seen import is_seen, seal, version_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a form of a step holds.

    Attributes:
        problem: why it was not taken.
        seen: mark of what stands above it to be read; empty before that.
    """

    note: str = ""
    problem: str = ""
    seen: str = ""


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/enquiries/<pid>/to/<state>", needs=NEEDS)
    def step(visit: Visit, pid: str, state: str) -> ResponseReturnValue:
        to = _state(state)
        with visit.reads() as connection:
            shown = find(connection, pid)
            if to not in next_states(shown):
                said = Said(problem=texts.not_there(shown, to))
            else:
                said = Said(_beginning(visit, shown, to))
            return _page(visit, connection, shown, to, said)

    @pages.post("/enquiries/<pid>/to/<state>", needs=NEEDS, audit="enquiry.move")
    def take_step(act: Act, pid: str, state: str) -> ResponseReturnValue:
        to, note = _state(state), request.form.get("note", "")
        connection = act.session.connection()
        shown = find(connection, pid)
        try:
            return _take(act, shown, to, note)
        except StaleError as err:
            said = Said(note, problem=str(err))
            return _page(act, connection, err.request, to, said, HTTPStatus.CONFLICT)
        except RefusedError as err:
            said = Said(note, problem=str(err))
            return _page(act, connection, shown, to, said, HTTPStatus.UNPROCESSABLE_ENTITY)


def _take(act: Act, shown: Request, to: State, note: str) -> Response:
    """Take the step; what the citizen will read, and what cannot be undone, is shown before.

    Raises:
        RefusedError: it cannot be taken, or not with this note.
    """
    session, version = act.session, version_of(request.form)
    locked(session, shown.number, version=version)
    if to not in next_states(shown):
        raise RefusedError(texts.not_there(shown, to))
    connection = session.connection()
    attached = entries.attached(connection, shown.number) if to in rules.ANSWERED else []
    said = desk.checked_note(note, to, items=len(attached))
    mark = _seal(act, shown, to, said, attached)
    if to in rules.TOLD | rules.OVER and not is_seen(mark):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(act, connection, shown, to, Said(said, seen=mark), status)
    moved = desk.move(session, shown.number, to, doing(act), note=said, version=version)
    after = {"state": moved.state.value, "due": moved.clock.due_on}
    act.note(f"enquiry:{shown.number}", before={"state": shown.state.value}, after=after)
    told = "读者会收到这段话，没收到的回“取结果”也能看到。"
    is_told = to in rules.TOLD and shown.is_followed
    name = f"{shown.number} 已改为“{moved.label}”。"
    return act.done(path_of(shown), name + (told if is_told else ""))


def _page(
    visit: Visit,
    connection: Connection,
    shown: Request,
    to: State,
    said: Said,
    status: int = HTTPStatus.OK,
) -> Response:
    """Return the form of a step; with a mark, what the citizen will read stands above it."""
    items: Sequence[Item] = ()
    if to in rules.ANSWERED:
        items = entries.items(connection, [shown.number], today=visit.today)[shown.number]
    return visit.page(
        "enquiries/console/step.html",
        status,
        one=shown,
        to=to,
        step=texts.step(shown, to),
        path=path_of(shown),
        note=said.note,
        problem=said.problem,
        seen=said.seen,
        preview=_preview(visit, shown, to, said.note, items) if said.seen else "",
        items=items,
        is_possible=to in next_states(shown),
        needs_note=to in rules.NEEDS_NOTE,
        is_told=to in rules.TOLD,
        is_over=to in rules.OVER,
        is_private=wording.is_private(shown.words) or wording.is_private(said.note),
        bound=wording.note_bound(len(items)),
        canned=replies.canned(shown.kind, to, visit.services.site.profile),
    )


def _preview(visit: Visit, shown: Request, to: State, note: str, items: Sequence[Item]) -> str:
    answered_on = visit.today if to in rules.ANSWERED else None
    then = replace(shown, state=to, note=note, answered_on=answered_on)
    return visible(texts.told(then, items, visit.services.site.origin))


def _beginning(visit: Visit, shown: Request, to: State) -> str:
    """Return the text that was chosen to begin with."""
    given = replies.canned(shown.kind, to, visit.services.site.profile)
    return chosen(given, request.args.get("reply", ""))


def _seal(act: Act, shown: Request, to: State, said: str, attached: Sequence[str]) -> str:
    """Return the mark of what is about to be said: whoever changes it reads it once more."""
    return seal(act, shown.number, str(shown.version), to.value, said, *attached)


def _state(text: str) -> State:
    if text not in set(State):
        abort(HTTPStatus.NOT_FOUND)
    return State(text)
