"""The next step of an upload: its word to the sender, read once more before it goes out."""

from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.core.text import visible
from wx_archive.staff.canned import chosen
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.seen import is_seen, seal, version_of
from wx_archive.treasures import contacts, replies, review, review_texts, rules, texts
from wx_archive.treasures.console.one import asked_said, subject
from wx_archive.treasures.console.shown import SAY, VIEWS, WORK, doing, find, path_of
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.review import OnlyTipError, RightsMissingError
from wx_archive.treasures.rules import Ownership, State
from wx_archive.treasures.steps import StaleError


@dataclass(frozen=True, slots=True)
class Said:
    """What a form of a step holds.

    Attributes:
        problem: why it was not taken.
        seen: mark of what stands above it to be read; empty before that.
        asks: the refusal is one that a question to the sender can mend.
    """

    note: str = ""
    problem: str = ""
    seen: str = ""
    asks: bool = False


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/treasures/<pid>/to/<state>", needs=WORK)
    def treasure_step(visit: Visit, pid: str, state: str) -> ResponseReturnValue:
        to = _state(state)
        with visit.reads() as connection:
            upload = find(connection, pid)
            if to not in review.next_states(upload):
                said = Said(problem=texts.impossible(upload.state, to))
                return _page(visit, connection, upload, to, said)
            given = replies.canned(to, visit.services.site.profile)
            said = Said(chosen(given, request.args.get("reply", "")))
            return _page(visit, connection, upload, to, said)

    @pages.post("/treasures/<pid>/to/<state>", needs=WORK, audit="treasure.move")
    def treasure_take_step(act: Act, pid: str, state: str) -> ResponseReturnValue:
        to, note = _state(state), request.form.get("note", "")
        connection = act.session.connection()
        upload = find(connection, pid)
        if _is_again(act, upload, to, note):
            act.note(subject(upload))
            return act.done(path_of(upload), _done_said(upload, to))
        try:
            return _take(act, upload, to, note)
        except StaleError as err:
            by = review.changed_by(connection, err.upload, doing(act))
            said, status = Said(note, problem=texts.stale(by)), HTTPStatus.CONFLICT
            return _page(act, connection, err.upload, to, said, status)
        except RefusedError as err:
            asks = isinstance(err, RightsMissingError | OnlyTipError)
            said, status = Said(note, str(err), asks=asks), HTTPStatus.UNPROCESSABLE_ENTITY
            return _page(act, connection, upload, to, said, status)


def is_read_first(to: State) -> bool:
    """Tell whether what is said with a step is read once more before it is taken."""
    return to in rules.TOLD or to in rules.GONE


def _take(act: Act, upload: Upload, to: State, note: str) -> Response:
    """Take the step; what the sender will read, and what cannot be undone, is shown before.

    Raises:
        RefusedError: it cannot be taken, or not with this note.
    """
    session, version = act.session, version_of(request.form)
    moved = review.move(session, upload.id, to, doing(act), note=note, version=version)
    mark = seal(act, upload.pid, str(upload.version), to.value, moved.note)
    if is_read_first(to) and not is_seen(mark):
        # Tried out, and undone by the answer's status: it is read before it is done.
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        said = Said(moved.note, seen=mark)
        return _page(act, session.connection(), upload, to, said, status)
    is_asking = to is State.NEED_INFO
    before, after = {"state": upload.state.value}, {"state": moved.state.value}
    action = "treasure.ask" if is_asking else "treasure.move"
    act.note(subject(upload), before=before, after=after, action=action)
    return act.done(path_of(upload), _done_said(moved, to))


def _is_again(act: Act, upload: Upload, to: State, note: str) -> bool:
    """Tell whether a form is sent a second time: what it asks for was done the first time."""
    is_old = version_of(request.form) != upload.version
    return is_old and review.is_done(act.session.connection(), upload, to, doing(act), note=note)


def _done_said(upload: Upload, to: State) -> str:
    """Say what was done, the first time and whenever the same form comes again."""
    if to is State.NEED_INFO:
        return asked_said(upload)
    name = f"{upload.number} 已改为“{rules.STAFF_STATES[to]}”。"
    is_told = to in rules.TOLD and upload.follower_id is not None
    return name + ("送件人会收到您写的话。" if is_told else "")


def _page(
    visit: Visit,
    connection: Connection,
    upload: Upload,
    to: State,
    said: Said,
    status: int = HTTPStatus.OK,
) -> Response:
    """Return the form of a step; with a mark, what the sender will read stands above it."""
    return visit.page(
        f"{VIEWS}/step.html",
        status,
        one=upload,
        to=to,
        step=review_texts.step(upload, to),
        path=path_of(upload),
        word=said,
        preview=_preview(visit, upload, to, said.note) if said.seen else "",
        is_possible=to in review.next_states(upload),
        needs_note=to in rules.NEEDS_NOTE or to is State.WITHDRAWN,
        is_told=to in rules.TOLD,
        is_gone=to in rules.GONE,
        is_read_first=is_read_first(to),
        is_unclear=to is State.ACCEPTED and upload.ownership is Ownership.UNKNOWN,
        has_contact=contacts.is_kept(connection, upload.id),
        canned=replies.canned(to, visit.services.site.profile),
        rules=rules,
        State=State,
        say=SAY,
    )


def _preview(visit: Visit, upload: Upload, to: State, note: str) -> str:
    then = replace(upload, state=to, note=note)
    return visible(texts.told(then, visit.services.site.origin))


def _state(text: str) -> State:
    if text not in set(State) or State(text) not in review.DECIDED:
        abort(HTTPStatus.NOT_FOUND)
    return State(text)
