"""`/h5/treasures/<pid>/photos`: files taken in, put in order, turned, chosen, taken out."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import (
    HTTPException,
    RequestEntityTooLarge,
    RequestTimeout,
    ServiceUnavailable,
)
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError, TransientError
from wx_archive.core.services import Services
from wx_archive.followers.pages import find_visitor, private
from wx_archive.media.objects import MissingObjectError
from wx_archive.media.pages import POLICY
from wx_archive.treasures import arranging, intake, page_texts, queries, rules, views
from wx_archive.treasures.arranging import FileGoneError, Shown
from wx_archive.treasures.bodies import MOST_BYTES, Bodies, NoRoomError
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.form_pages import STEPS
from wx_archive.treasures.gate import Gate
from wx_archive.treasures.intake import Outcome
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.outcomes import Outcomes
from wx_archive.treasures.own_visits import PAGE, Own, Sender, Visits, parted, show, to
from wx_archive.treasures.rules import Channel, FileState
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.steps import Doing
from wx_archive.treasures.uploads import PURPOSE, NotEditableError
from wx_archive.treasures.views import Form, NoSuchFormError

ACCEPTED: Final = "image/*,video/*,audio/*,.heic,.heif,.pdf,application/pdf"
_REFUSALS: Final = {
    RequestEntityTooLarge: page_texts.BODY_TOO_LARGE,
    RequestTimeout: page_texts.TOO_SLOW,
    ServiceUnavailable: page_texts.BUSY,
    NoRoomError: page_texts.DISK_FULL,
}

Change = Callable[[Session, Treasure, Shown, Doing], bool]
_CHANGES: Final[dict[str, Change]] = {
    "up": lambda session, treasure, shown, doing: arranging.move(
        session, treasure, shown, shown.place - 1, doing
    ),
    "down": lambda session, treasure, shown, doing: arranging.move(
        session, treasure, shown, shown.place + 1, doing
    ),
    "place": lambda session, treasure, shown, doing: arranging.move(
        session, treasure, shown, _whole("to", shown.place), doing
    ),
    "turn": arranging.turn,
    "cover": arranging.choose_cover,
}


def add(blueprint: Blueprint, services: Services) -> None:
    """Add the step of the form that takes files."""
    visits = Visits(services)
    _add_photos(blueprint, visits, Outcomes(services.store))
    _add_arrangement(blueprint, visits)
    _add_removal(blueprint, visits)
    _add_pictures(blueprint, visits)


def _add_photos(blueprint: Blueprint, visits: Visits, last: Outcomes) -> None:
    @blueprint.get(f"{PAGE}/<pid>/photos")
    @visits.own
    def photos(own: Own) -> ResponseReturnValue:
        if not own.upload.is_editable:
            return to(own.page)
        return _photos(visits, own, outcomes=last.take(own.upload.pid))

    @blueprint.post(f"{PAGE}/<pid>/photos")
    @_read_with_care(visits)
    @visits.own
    def take_photos(own: Own) -> ResponseReturnValue:
        return _take_all(visits, own, last)


def _take_all(visits: Visits, own: Own, last: Outcomes) -> ResponseReturnValue:
    """Take every file in that was chosen; what was taken before one fails stays.

    What was not kept is told by the page that follows: a reload of that one sends nothing again.
    """
    chosen = [file for file in request.files.getlist("files") if file.filename]
    if not chosen:
        return _photos(visits, own, problem=page_texts.NOTHING_CHOSEN)
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(_take(visits, own, file) for file in chosen)
    except NotEditableError as err:
        return _photos(visits, own, problem=str(err), outcomes=outcomes)
    except TransientError:
        full, status = page_texts.DISK_FULL, HTTPStatus.INSUFFICIENT_STORAGE
        return _photos(visits, own, problem=full, outcomes=outcomes, status=status)
    if all(outcome.is_kept for outcome in outcomes):
        return to(f"{own.page}/photos#sent")
    last.keep(own.upload.pid, outcomes)
    return to(f"{own.page}/photos#files-wrong")


def _take(visits: Visits, own: Own, file: FileStorage) -> Outcome:
    name = file.filename or ""
    kind = intake.kind_of(file.mimetype, name)
    incoming = Incoming(kind, Channel.H5, name)
    outcome = intake.take(visits.services, own.upload.id, incoming, file.stream, visits.doing())  # type: ignore[arg-type] # a file opened for bytes
    if outcome.file_pid is not None and not outcome.is_kept:
        _forget(visits, own, outcome.file_pid)
    return outcome


def _forget(visits: Visits, own: Own, file_pid: str) -> None:
    """Leave nothing of a file that is there already: its sender is told at once, and only once."""
    # Staff who have taken the upload on meanwhile find a repeat in it, as they do from the chat.
    with suppress(NotEditableError), visits.services.database.begin() as session:
        arranging.remove(session, visits.locked(session, own), file_pid, visits.doing())


def _photos(
    visits: Visits,
    own: Own,
    *,
    problem: str = "",
    outcomes: Sequence[Outcome] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> ResponseReturnValue:
    """Return the step with all files; what was not kept is named beside the field."""
    with visits.services.database.reads() as connection:
        files, left_out = parted(queries.files(connection, own.upload.id))
    if problem and status is HTTPStatus.OK:
        status = HTTPStatus.BAD_REQUEST
    return show(
        own,
        "photos",
        status=status,
        problems={"files": problem} if problem else {},
        files=files,
        left_out=left_out,
        refused=[outcome for outcome in outcomes if not outcome.is_kept],
        kept=sum(outcome.is_kept for outcome in outcomes),
        left=max(0, rules.MOST_FILES - len(files)),
        cover=queries.cover(files),
        is_looking=any(file.state is FileState.QUARANTINED for file in files),
        most=rules.MOST_FILES,
        most_mb=MOST_BYTES // (1024 * 1024),
        accepted=ACCEPTED,
        texts=page_texts,
        rules=rules,
        step="photos",
        form_steps=STEPS,
    )


def _read_with_care(
    visits: Visits,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Read a body only from somebody who may send one, and only when its turn has come."""
    bodies = Bodies(visits.services.settings)
    gate = Gate(visits.services.store, visits.services.settings.secret())

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def guarded(pid: str) -> Response:
            visitor = find_visitor(visits.services, visits.door, PURPOSE)
            if visitor is None:
                return private(visits.closed())
            upload = visits.upload(visitor.follower_id, pid)
            own = Own(Sender(visitor.follower_id, visits.door.form_token(visitor)), upload)
            if not upload.is_editable:
                return private(to(own.page))
            try:
                bodies.check(request)
                if not _admits(visits, gate, own):
                    often, status = page_texts.TOO_OFTEN, HTTPStatus.TOO_MANY_REQUESTS
                    return private(_photos(visits, own, problem=often, status=status))
                with bodies.reading(request, visitor.follower_id):
                    return view(pid=pid)
            except tuple(_REFUSALS) as err:
                return _refused(visits, own, err)

        return guarded

    return decorate


def _admits(visits: Visits, gate: Gate, own: Own) -> bool:
    address, number = request.remote_addr or "", own.sender.follower_id
    with visits.services.database.reads() as connection:
        return gate.admits(connection, number, address, now=clock.now())


def _refused(visits: Visits, own: Own, err: HTTPException) -> Response:
    """Say why files were not taken, on the page they were sent from."""
    status = HTTPStatus(err.code or HTTPStatus.BAD_REQUEST)
    answer = private(_photos(visits, own, problem=_REFUSALS[type(err)], status=status))
    if isinstance(err, ServiceUnavailable):
        answer.headers["Retry-After"] = "5"
    return answer


# -- order, turn, cover, out -------------------------------------------------------------------


def _add_arrangement(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.post(f"{PAGE}/<pid>/files/<file_pid>")
    @visits.own
    def arrange(own: Own, file_pid: str) -> ResponseReturnValue:
        change = _CHANGES.get(request.form.get("do", ""))
        if change is None:
            return _photos(visits, own, problem=page_texts.FILE_GONE)
        shown = Shown(file_pid, _whole("at", 0), _whole("turned", 0))
        try:
            with visits.services.database.begin() as session:
                change(session, visits.locked(session, own), shown, visits.doing())
        except FileGoneError as err:
            return _photos(visits, own, problem=str(err), status=HTTPStatus.NOT_FOUND)
        except NotEditableError:
            return to(own.page)
        return to(f"{own.page}/photos#f-{file_pid}")


def _add_removal(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(f"{PAGE}/<pid>/files/<file_pid>/remove")
    @visits.own
    def ask_removal(own: Own, file_pid: str) -> ResponseReturnValue:
        with visits.services.database.reads() as connection:
            files = queries.files(connection, own.upload.id)
        file = next((each for each in files if each.pid == file_pid), None)
        if file is None or file.state is FileState.ERASED or not own.upload.is_editable:
            return to(f"{own.page}/photos")
        return show(own, "remove", file=file, rules=rules)

    @blueprint.post(f"{PAGE}/<pid>/files/<file_pid>/remove")
    @visits.own
    def take_out(own: Own, file_pid: str) -> ResponseReturnValue:
        try:
            with visits.services.database.begin() as session:
                treasure = visits.locked(session, own)
                arranging.remove(session, treasure, file_pid, visits.doing())
        except NotEditableError:
            return to(own.page)
        return to(f"{own.page}/photos#sent")


# -- what is seen of them ----------------------------------------------------------------------


def _add_pictures(blueprint: Blueprint, visits: Visits) -> None:
    store = open_sealed(visits.services.settings)

    @blueprint.get(f"{PAGE}/<pid>/files/<file_pid>")
    @visits.own
    def picture(own: Own, file_pid: str) -> ResponseReturnValue:
        """Show a picture to its owner alone: made small, with nothing in it but the picture."""
        told = request.args.get("form", Form.THUMB.value)
        with visits.services.database.reads() as connection:
            file = queries.file_by_pid(connection, file_pid)
        if file is None or file.treasure_id != own.upload.id or told not in set(Form):
            abort(HTTPStatus.NOT_FOUND)
        try:
            with views.opened(store, file, Form(told)) as opened:
                answer = Response(opened.read(), mimetype=views.CONTENT_TYPE)
        except (NoSuchFormError, MissingObjectError, RefusedError):
            abort(HTTPStatus.NOT_FOUND)
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def _whole(name: str, otherwise: int) -> int:
    """Return a number of the form; what is none, or out of all measure, is as it was."""
    typed = request.form.get(name, "").strip()
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else otherwise
