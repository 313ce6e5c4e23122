"""Revoking rights: which, why, what uses the pictures now; asked once more before it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.seen import is_seen, seal, version_of
from wx_archive.treasures import (
    elsewhere,
    register_queries,
    register_texts,
    rights,
    rules,
    showing,
)
from wx_archive.treasures.console.dossier import BELOW
from wx_archive.treasures.console.one import subject
from wx_archive.treasures.console.shown import SAY, VIEWS, WORK, doing, find, path_of
from wx_archive.treasures.elsewhere import UsedWhere
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rights import REASON_LENGTH, REVOCABLE
from wx_archive.treasures.rules import Right
from wx_archive.treasures.steps import StaleError


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form holds.

    Attributes:
        mark: of what stands above it to be read once more; empty before that.
    """

    uses: Sequence[Right] = ()
    problem: str = ""
    status: int = HTTPStatus.OK
    mark: str = ""


def add(pages: Pages, used_where: UsedWhere) -> None:
    """Add the page and its form."""

    @pages.get("/treasures/<pid>/revoke", needs=WORK)
    def ask_revoke_rights(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _page(visit, connection, find(connection, pid), used_where, Asked())

    @pages.post("/treasures/<pid>/revoke", needs=WORK, audit="treasure.revoke")
    def revoke_rights(act: Act, pid: str) -> ResponseReturnValue:
        connection, form = act.session.connection(), request.form
        upload, uses = find(connection, pid), _chosen(form.getlist("use"))
        who, why, version = doing(act), form.get("because", ""), version_of(form)
        # Tried first: whoever is asked once more is asked about what can be done. The status of
        # the page that asks undoes it.
        try:
            done = rights.revoke(act.session, upload.id, uses, why, who.actor, who, version=version)
        except StaleError as err:
            asked = Asked(uses, str(err), HTTPStatus.CONFLICT)
            return _page(act, connection, err.upload, used_where, asked)
        except RefusedError as err:
            asked = Asked(uses, str(err), HTTPStatus.UNPROCESSABLE_ENTITY)
            return _page(act, connection, upload, used_where, asked)
        mark = seal(act, upload.pid, str(upload.version), *sorted(done), why)
        if not is_seen(mark):
            asked = Asked(uses, "", HTTPStatus.UNPROCESSABLE_ENTITY, mark)
            return _page(act, connection, upload, used_where, asked)
        act.note(subject(upload), after={"rights": " ".join(sorted(done)), "reason": why.strip()})
        names = register_texts.uses(done)
        return act.done(path_of(upload, BELOW), f"撤回了：{names}。公众现在就看不到了。")


def _chosen(given: Sequence[str]) -> list[Right]:
    return [use for use in Right if use.value in given and use in REVOCABLE]


def _page(
    visit: Visit, connection: Connection, upload: Upload, used_where: UsedWhere, asked: Asked
) -> Response:
    chosen = asked.uses
    tried = chosen if asked.mark else ()  # in this transaction they are revoked already
    grants = register_queries.grants(connection, upload.id)
    shown = register_queries.showings(connection, upload.id)
    return visit.page(
        f"{VIEWS}/revoke.html",
        asked.status,
        one=upload,
        path=path_of(upload),
        here=path_of(upload, BELOW),
        grants=[one for one in grants if one.revoked_at is None or one.use in tried],
        uses=elsewhere.everywhere(
            used_where, connection, [one.asset_pid for one in shown], visit.now
        ),
        chosen=chosen,
        hides=Right.WEB in chosen,
        unshelves=bool(showing.ON_THE_SHELF.intersection(chosen)),
        given=request.form,
        mark=asked.mark,
        most=REASON_LENGTH,
        problem=asked.problem,
        rules=rules,
        revocable=REVOCABLE,
        say=SAY,
    )
