"""Who opens a page of an upload: its sender, and nobody else; what they typed is not lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, Final, ParamSpec

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.ids import is_pid
from wx_archive.core.services import Services
from wx_archive.followers.identity import Door, Visitor
from wx_archive.followers.pages import find_visitor, identified, private
from wx_archive.treasures import queries, rules
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.steps import SENDER, Doing, locked
from wx_archive.treasures.uploads import PURPOSE

P = ParamSpec("P")
PAGE: Final = "/h5/treasures"
_WORDS: Final = ("story", "words")
"""Fields that take long to write: shown again even to somebody whose session is over."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A follower on a page of their own.

    Attributes:
        csrf: what their forms must carry.
    """

    follower_id: int
    csrf: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Own:
    """A follower on a page of one of their uploads."""

    sender: Sender
    upload: Upload

    @property
    def page(self) -> str:
        """The address of the upload's first page."""
        return f"{PAGE}/{self.upload.pid}"


class Visits:
    """Lets senders in to their own uploads."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.door = Door.of(services.settings)

    def sender(
        self, view: Callable[Concatenate[Sender, P], ResponseReturnValue]
    ) -> Callable[P, Response]:
        """Let a known follower in; others are told what to write in the chat."""

        @identified(self.services, PURPOSE)
        def inside(visitor: Visitor, /, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            sender = Sender(visitor.follower_id, self.door.form_token(visitor))
            return view(sender, *args, **kwargs)

        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            visitor = find_visitor(self.services, self.door, PURPOSE)
            is_form = request.method == "POST"
            if visitor is None and (is_form or not self.door.has_oauth):
                return private(self.closed())
            if visitor is not None and is_form:
                token = request.form.get("csrf", "")
                if not self.door.is_own_form(visitor, token):
                    return private(self.closed(has_read=True))
            return inside(*args, **kwargs)

        return guarded

    def own(
        self, view: Callable[Concatenate[Own, P], ResponseReturnValue]
    ) -> Callable[Concatenate[str, P], Response]:
        """Let the sender of an upload in; somebody else's is as if it never was."""

        @self.sender  # type: ignore[arg-type] # Flask hands an address's parts over by name
        @wraps(view)
        def inside(
            sender: Sender, pid: str, *args: P.args, **kwargs: P.kwargs
        ) -> ResponseReturnValue:
            return view(Own(sender, self.upload(sender.follower_id, pid)), *args, **kwargs)

        return inside  # type: ignore[return-value] # likewise

    def closed(self, *, has_read: bool = False) -> ResponseReturnValue:
        """Return the page that says where to come in, with what somebody has typed."""
        # A body with files is not read for a stranger.
        may_read = has_read or request.mimetype != "multipart/form-data"
        form = request.form if may_read else {}
        typed = next((form[name] for name in _WORDS if form.get(name)), "")
        return render_template("treasures/h5/door.html", typed=typed), HTTPStatus.FORBIDDEN

    def upload(self, follower_id: int, pid: str) -> Upload:
        """Return a follower's own upload; anything else ends with 404."""
        with self.services.database.reads() as connection:
            found = queries.by_pid(connection, pid) if is_pid(pid) else None
        if found is None or found.follower_id != follower_id:
            abort(HTTPStatus.NOT_FOUND)
        return found

    def locked(self, session: Session, own: Own) -> Treasure:
        """Return the row of one's own upload, locked; one that has gone ends with 404."""
        found = queries.by_pid(session.connection(), own.upload.pid)
        if found is None or found.follower_id != own.sender.follower_id:
            abort(HTTPStatus.NOT_FOUND)
        return locked(session, found.id)

    def doing(self) -> Doing:
        """Return what the sender does now."""
        return Doing.of(self.services.site, SENDER, now=clock.now())


def parted(files: Sequence[File]) -> tuple[list[File], list[File]]:
    """Return the files that count, and those that were not kept; erased ones are nowhere."""
    standing = [file for file in files if file.state in rules.STANDING]
    left_out = [
        file
        for file in files
        if file.state not in rules.STANDING and file.state is not FileState.ERASED
    ]
    return standing, left_out


def show(
    own: Own,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    problems: Mapping[str, str] | None = None,
    **facts: object,
) -> ResponseReturnValue:
    """Return a page of an upload, with what is wrong with what was sent."""
    page = render_template(
        f"treasures/h5/{template}.html",
        own=own,
        upload=own.upload,
        csrf=own.sender.csrf,
        problems=problems or {},
        **facts,
    )
    return page, status


def to(address: str) -> Response:
    """Lead to a page, which the browser asks for anew."""
    return redirect(address, HTTPStatus.SEE_OTHER)
