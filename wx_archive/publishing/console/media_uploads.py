"""Bringing files into the library: several at a time, each with its words and its own refusal."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, BinaryIO, Final, cast
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict, FileStorage
from werkzeug.wrappers import Response
from wtforms import FileField, Form, StringField
from wtforms.validators import Length

from wx_archive.core.errors import ArchiveError, RefusedError
from wx_archive.media import arrivals, forms, service
from wx_archive.media.arrivals import Arrival
from wx_archive.media.objects import ObjectStore
from wx_archive.media.rules import ALT_LENGTH, CREDIT_LENGTH, TITLE_LENGTH, MediaKind
from wx_archive.media.rules import Form as MediaForm
from wx_archive.media.service import Described, Held
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.rules import Permission

log = logging.getLogger(__name__)

LIST: Final = "/console/media"
ROWS: Final = 4
"""Files on one form."""
REQUEST_BYTES: Final = 110 * 1024 * 1024
"""Two films as large as may be, and the rest of the form."""
_VIEW: Final = "publishing/console/media_new.html"


class DescriptionForm(Form):
    """What staff say of a file."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    title = StringField("标题", [Length(max=TITLE_LENGTH)])
    alt = StringField("画面说明", [Length(max=ALT_LENGTH)])
    credit = StringField("出处", [Length(max=CREDIT_LENGTH)])

    def described(self, *, default: str = "") -> Described:
        """Return it as the library takes it."""
        title = self.title.data or default[:TITLE_LENGTH]
        return Described(title, self.alt.data or "", self.credit.data or "")


class FileForm(DescriptionForm):
    """One file of several."""

    file = FileField("文件")

    @property
    def upload(self) -> FileStorage | None:
        """The file, if one was chosen."""
        told = self.file.data
        return told if isinstance(told, FileStorage) and told.filename else None


@dataclass(frozen=True, slots=True)
class _Received:
    arrival: Arrival
    described: Described


def add(pages: Pages, store: ObjectStore) -> None:
    """Add the form and its target."""

    @pages.get("/media/new", needs=Permission.PIECES_WRITE)
    def media_new(visit: Visit) -> ResponseReturnValue:
        return _page(visit, [FileForm(prefix=_prefix(row)) for row in range(ROWS)])

    @pages.in_steps(
        "/media", needs=Permission.PIECES_WRITE, audit="media.add", most_bytes=REQUEST_BYTES
    )
    def media_add(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        told = CombinedMultiDict[str, Any]([request.files, request.form])
        rows = [FileForm(told, prefix=_prefix(row)) for row in range(ROWS)]
        chosen = [row for row in rows if row.upload]
        if not chosen:
            rows[0].file.errors = ["请选一个文件"]
            return _page(visit, rows, HTTPStatus.UNPROCESSABLE_ENTITY)
        # Decoding takes seconds: no transaction waits for it.
        received = [(row, found) for row in chosen if (found := _receive(store, row))]
        kept: list[Held] = []

        def keep(act: Act) -> Response:
            kept.extend(held for row, found in received if (held := _enter(act, row, found)))
            if not kept:
                return _page(act, rows, HTTPStatus.UNPROCESSABLE_ENTITY)
            return act.done(_after(kept), _said(kept))

        answer = carry_out(keep)
        _prepare(store, kept)
        refused = [row for row in chosen if row.errors]
        if not kept or not refused:
            return answer
        return _page(visit, refused, HTTPStatus.UNPROCESSABLE_ENTITY, said=_said(kept))


def _prefix(row: int) -> str:
    return f"f{row}-"


def _receive(store: ObjectStore, row: FileForm) -> _Received | None:
    """Look at a file and store it; a refusal stands beside it."""
    upload = row.upload
    if upload is None or not row.validate():
        return None
    name = PurePath((upload.filename or "").replace("\\", "/")).name
    try:
        described = row.described(default=PurePath(name).stem)
        return _Received(
            arrivals.receive(store, cast("BinaryIO", upload.stream), name=name), described
        )
    except RefusedError as err:
        row.file.errors = [str(err)]
        return None


def _enter(act: Act, row: FileForm, found: _Received) -> Held | None:
    try:
        asset = service.enter(
            act.session, found.arrival, found.described, made_by=act.person.login, now=act.now
        )
    except RefusedError as err:
        row.file.errors = [str(err)]
        return None
    held = Held.of(asset)
    act.note(
        f"media:{held.pid}",
        after={"title": held.title, "kind": held.kind.value, "bytes": held.size_bytes},
    )
    return held


def _prepare(store: ObjectStore, kept: list[Held]) -> None:
    """Make what the library's pages show now, so that nobody waits for it later."""
    for held in kept:
        if held.kind is not MediaKind.IMAGE:
            continue
        for form in (MediaForm.SQUARE, MediaForm.PAGE):
            try:
                forms.opened(store, held, form).close()
            except ArchiveError as err:
                log.warning("media.not_prepared asset=%d reason=%s", held.id, type(err).__name__)


def _after(kept: list[Held]) -> str:
    """Return where one goes on: to the file, or to the library, picking if one was picking."""
    picked = {name: request.form[name] for name in ("for", "as") if request.form.get(name)}
    if picked:
        return f"{LIST}?{urlencode(picked)}"
    return f"{LIST}/{kept[0].pid}" if len(kept) == 1 else LIST


def _said(kept: list[Held]) -> str:
    names = "、".join(f"《{held.title}》" for held in kept)
    return f"收下了 {len(kept)} 个文件：{names}。"


def _page(
    visit: Visit, rows: list[FileForm], status: HTTPStatus = HTTPStatus.OK, *, said: str = ""
) -> Response:
    picked = {name: request.values.get(name, "")[:60] for name in ("for", "as")}
    folded = status == HTTPStatus.OK
    return visit.page(_VIEW, status, rows=rows, kept=said, picked=picked, folded=folded)
