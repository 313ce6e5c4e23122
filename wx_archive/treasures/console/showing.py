"""Showing a piece: its pictures chosen, secrecy and portraits signed; and taking it off again."""

from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.media.objects import MissingObjectError
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.seen import version_of
from wx_archive.treasures import elsewhere, register_queries, rules, showing
from wx_archive.treasures.console.dossier import BELOW, RELEASE
from wx_archive.treasures.console.one import subject
from wx_archive.treasures.console.shown import SAY, VIEWS, doing, find, path_of
from wx_archive.treasures.elsewhere import UsedWhere
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Credit, Right, Scope, State
from wx_archive.treasures.showing import REASON_LENGTH, Check
from wx_archive.treasures.steps import StaleError
from wx_archive.treasures.views import Form

GONE: Final = "有一张的原件不在了，请看“核对原件”"


def add(pages: Pages, used_where: UsedWhere) -> None:
    """Add the pages."""
    _showing(pages)
    _taking_off(pages, used_where)


def _showing(pages: Pages) -> None:
    @pages.get("/treasures/<pid>/show", needs=RELEASE)
    def ask_show_treasure(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            upload = find(connection, pid)
            chosen = frozenset(one.pid for one in showing.showable(connection, upload.id))
            return _page(visit, connection, upload, chosen)

    @pages.in_steps("/treasures/<pid>/show", needs=RELEASE, audit="treasure.show")
    def show_treasure(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        chosen = frozenset(request.form.getlist("file"))
        given = request.form
        check = Check("secrecy" in given, "portrait" in given, "story" in given)
        version = version_of(request.form)
        with visit.reads() as connection:
            upload = find(connection, pid)
        try:
            # Decoding takes seconds: no transaction waits for it.
            made = showing.prepare(visit.services, upload.id, chosen) if check.is_whole else []
        except MissingObjectError:
            return _again(visit, upload, chosen, GONE)

        def shown(act: Act) -> Response:
            try:
                pids = showing.show(
                    act.session, upload.id, made, check, doing(act), version=version
                )
            except StaleError as err:
                return _again(act, err.upload, chosen, str(err), HTTPStatus.CONFLICT)
            except RefusedError as err:
                return _again(act, upload, chosen, str(err))
            signed = {"secrecy": True, "portrait": True, "story": check.story}
            after = signed | {"files": len(pids)}
            act.note(subject(upload), after=after)
            return act.done(path_of(upload, BELOW), "已经公开展示，档案目录里也能查到。")

        return carry_out(shown)


def _again(
    visit: Visit,
    upload: Upload,
    chosen: frozenset[str],
    problem: str,
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> Response:
    with visit.reads() as connection:
        return _page(visit, connection, upload, chosen, problem, status)


def _page(
    visit: Visit,
    connection: Connection,
    upload: Upload,
    chosen: frozenset[str],
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    agreed = register_queries.agreement(connection, upload.id)
    stand = register_queries.standing(connection, upload.id, visit.today)
    is_allowed = agreed is not None and Right.WEB in stand and agreed.is_public_on(visit.today)
    return visit.page(
        f"{VIEWS}/show.html",
        status,
        one=upload,
        path=path_of(upload),
        here=path_of(upload, BELOW),
        agreed=agreed,
        entered=register_queries.accession(connection, upload.id),
        stand=stand,
        is_allowed=is_allowed,
        is_possible=upload.state is State.ACCESSIONED,
        has_shelf=stand >= showing.ON_THE_SHELF,
        may_tell=agreed is not None and agreed.scope is Scope.PUBLIC and bool(upload.story),
        is_nameless=agreed is not None and agreed.credit is not Credit.NAME,
        pictures=showing.showable(connection, upload.id),
        chosen=chosen,
        given=request.form,
        thumb=Form.THUMB.value,
        problem=problem,
        rules=rules,
        Right=Right,
        say=SAY,
    )


def _taking_off(pages: Pages, used_where: UsedWhere) -> None:
    @pages.get("/treasures/<pid>/take-off", needs=RELEASE)
    def ask_take_off_treasure(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return _off_page(visit, connection, find(connection, pid), used_where)

    @pages.post("/treasures/<pid>/take-off", needs=RELEASE, audit="treasure.take_off")
    def take_off_treasure(act: Act, pid: str) -> ResponseReturnValue:
        connection = act.session.connection()
        upload, why = find(connection, pid), request.form.get("because", "")
        try:
            version = version_of(request.form)
            showing.withdraw(act.session, upload.id, why, doing(act), version=version)
        except StaleError as err:
            status = HTTPStatus.CONFLICT
            return _off_page(act, connection, err.upload, used_where, str(err), status)
        except RefusedError as err:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return _off_page(act, connection, upload, used_where, str(err), status)
        act.note(subject(upload), before={"state": upload.state.value})
        return act.done(
            path_of(upload, BELOW), "撤下了，网页、目录和文章里现在都看不到。授权没有变。"
        )


def _off_page(
    visit: Visit,
    connection: Connection,
    upload: Upload,
    used_where: UsedWhere,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    shown = register_queries.showings(connection, upload.id)
    return visit.page(
        f"{VIEWS}/take_off.html",
        status,
        one=upload,
        path=path_of(upload),
        here=path_of(upload, BELOW),
        is_possible=upload.state is State.PUBLISHED,
        uses=elsewhere.everywhere(
            used_where, connection, [one.asset_pid for one in shown], visit.now
        ),
        given=request.form,
        most=REASON_LENGTH,
        problem=problem,
        say=SAY,
    )
