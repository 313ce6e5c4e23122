"""复制件库存: what is offered, how many there are, and the ledger of every piece."""

from http import HTTPStatus
from typing import Final

from flask import abort, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.quiz import entries, facsimiles
from wx_archive.quiz.console import season_form, season_shown
from wx_archive.quiz.console import season_texts as texts
from wx_archive.quiz.console.season_form import FacsimileForm, PiecesForm
from wx_archive.quiz.facsimiles import Kept, Step
from wx_archive.quiz.rules import STOCK_ACTIONS, StockAction
from wx_archive.quiz.season_once import once
from wx_archive.quiz.voucher_models import Facsimile
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Entry
from wx_archive.staff.rules import Permission

LIST: Final = "/console/quiz/facsimiles"
VIEWS: Final = "quiz/console"
SHOWN: Final = 200
"""Lines of the ledger on the page; the table to take along has all of them."""
ENTRIES: Final = (Entry("复制件库存", "/quiz/facsimiles", Permission.QUIZ_READ),)


def add(pages: Pages) -> None:
    """Add the pages."""
    _reading(pages)
    _describing(pages)
    _offering(pages)
    _counting(pages)
    _writing_off(pages)


def _reading(pages: Pages) -> None:
    @pages.get("/quiz/facsimiles", needs=Permission.QUIZ_READ)
    def quiz_facsimiles(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            return visit.page(f"{VIEWS}/facsimiles.html", rows=facsimiles.listed(connection))

    @pages.get("/quiz/facsimiles/<pid>", needs=Permission.QUIZ_READ)
    def quiz_facsimile(visit: Visit, pid: str) -> ResponseReturnValue:
        return _page(visit, pid, PiecesForm())

    @pages.reading(
        "/quiz/facsimiles/<pid>/moves.csv", needs=Permission.QUIZ_READ, audit="stock.export"
    )
    def facsimile_moves_csv(act: Act, pid: str) -> ResponseReturnValue:
        kept = _found(act, pid)
        with act.reads() as connection:
            moves = facsimiles.moves(connection, kept.id)
        response = make_response(facsimiles.as_csv(moves, _actors(act)))
        response.mimetype = "text/csv"
        name = f"stock-{pid[:8]}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        act.note(f"facsimile:{pid}", after={"rows": len(moves)})
        return response


def _page(visit: Visit, pid: str, form: PiecesForm, *, status: int = HTTPStatus.OK) -> Response:
    kept = _found(visit, pid)
    with visit.reads() as connection:
        moves = facsimiles.moves(connection, kept.id)
        hit = entries.named(connection, kept.entry, today=visit.today) if kept.entry else None
        seen = facsimiles.last_step(connection, kept.id)
    return visit.page(
        f"{VIEWS}/facsimile.html",
        status,
        one=kept,
        moves=moves[:SHOWN],
        total=len(moves),
        hit=hit,
        form=form,
        seen=seen,
        path=f"{LIST}/{pid}",
        actions=STOCK_ACTIONS,
        actors=_actors(visit),
        moment=texts.moment,
    )


def _describing(pages: Pages) -> None:
    @pages.get("/quiz/facsimiles/new", needs=Permission.QUIZ_EDIT)
    def new_facsimile(visit: Visit) -> ResponseReturnValue:
        return _edit_page(visit, FacsimileForm(), "")

    @pages.post("/quiz/facsimiles", needs=Permission.QUIZ_EDIT, audit="facsimile.add")
    def add_facsimile(act: Act) -> ResponseReturnValue:
        form = FacsimileForm(request.form)
        told = form.described()
        if not form.takes(facsimiles.problems(told)):
            return _edit_page(act, form, "", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        key, by = season_form.key(), act.person.login
        made, is_new = once(
            act.session,
            lambda: facsimiles.locked(act.session, key),
            lambda: facsimiles.add(act.session, told, by=by, now=act.now, pid=key),
        )
        after = {"name": made.name} if is_new else texts.AGAIN
        act.note(f"facsimile:{made.pid}", after=after)
        return act.done(f"{LIST}/{made.pid}", "记下了。清点以后入库，读者就能领取。")

    @pages.get("/quiz/facsimiles/<pid>/edit", needs=Permission.QUIZ_EDIT)
    def edit_facsimile(visit: Visit, pid: str) -> ResponseReturnValue:
        return _edit_page(visit, FacsimileForm(obj=_found(visit, pid)), pid)

    @pages.post("/quiz/facsimiles/<pid>/edit", needs=Permission.QUIZ_EDIT, audit="facsimile.edit")
    def save_facsimile(act: Act, pid: str) -> ResponseReturnValue:
        one, form = _locked(act, pid), FacsimileForm(request.form)
        told = form.described()
        if not form.takes(facsimiles.problems(told)):
            return _edit_page(act, form, pid, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        before = {name: getattr(one, name) for name in told.__slots__}
        facsimiles.describe(act.session, one, told)
        after = {name: getattr(one, name) for name in told.__slots__}
        act.note(f"facsimile:{pid}", before=before, after=after)
        return act.done(f"{LIST}/{pid}", "改好了。")


def _offering(pages: Pages) -> None:
    @pages.post("/quiz/facsimiles/<pid>/offer", needs=Permission.QUIZ_EDIT, audit="facsimile.offer")
    def offer_facsimile(act: Act, pid: str) -> ResponseReturnValue:
        one, is_offered = _locked(act, pid), request.form.get("offer") == "yes"
        before = {"offered": one.is_offered}
        facsimiles.offer(act.session, one, is_offered=is_offered)
        act.note(f"facsimile:{pid}", before=before, after={"offered": is_offered})
        said = "读者又可以领取它了。" if is_offered else "不再许给新的读者；已经许出的照样交付。"
        return act.done(f"{LIST}/{pid}", said)


def _counting(pages: Pages) -> None:
    @pages.post(
        "/quiz/facsimiles/<pid>/receive", needs=Permission.STOCK_KEEP, audit="stock.receive"
    )
    def receive_facsimiles(act: Act, pid: str) -> ResponseReturnValue:
        one, form = _locked(act, pid), PiecesForm(request.form)
        step = _step(act, form, StockAction.RECEIVE)
        if step is None:
            return _page(act, pid, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        before, pieces = {"on_hand": one.on_hand}, step.pieces
        try:
            if facsimiles.is_repeated(act.session, one, step, seen=season_form.seen()):
                return _again(act, pid)
            facsimiles.count_in(act.session, one, pieces, step.note, by=step.by, now=act.now)
        except RefusedError as err:
            form.takes({"pieces": str(err)})
            return _page(act, pid, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        act.note(f"facsimile:{pid}", before=before, after={"on_hand": one.on_hand})
        return act.done(f"{LIST}/{pid}", f"入库 {pieces} 件，现在在库 {one.on_hand} 件。")


def _writing_off(pages: Pages) -> None:
    @pages.get("/quiz/facsimiles/<pid>/write-off", needs=Permission.STOCK_KEEP)
    def ask_write_off(visit: Visit, pid: str) -> ResponseReturnValue:
        return _write_off_page(visit, pid, PiecesForm())

    @pages.post(
        "/quiz/facsimiles/<pid>/write-off", needs=Permission.STOCK_KEEP, audit="stock.write_off"
    )
    def write_off_facsimiles(act: Act, pid: str) -> ResponseReturnValue:
        one, form = _locked(act, pid), PiecesForm(request.form)
        step = _step(act, form, StockAction.WRITE_OFF)
        if step is None:
            return _write_off_page(act, pid, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        before, pieces, note = {"on_hand": one.on_hand}, step.pieces, step.note
        try:
            if facsimiles.is_repeated(act.session, one, step, seen=season_form.seen()):
                return _again(act, pid)
            facsimiles.write_off(act.session, one, pieces, note, by=step.by, now=act.now)
        except RefusedError as err:
            form.takes({"note" if not note else "pieces": str(err)})
            return _write_off_page(act, pid, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        after = {"on_hand": one.on_hand, "reason": note}
        act.note(f"facsimile:{pid}", before=before, after=after)
        return act.done(f"{LIST}/{pid}", f"核减 {pieces} 件，现在在库 {one.on_hand} 件。")


def _step(act: Act, form: PiecesForm, action: StockAction) -> Step | None:
    """Return what a form asks for; None where it says beside its fields what is wrong."""
    if not form.validate():
        return None
    return Step(action, int(form.pieces.data or 0), form.line("note"), act.person.login)


def _again(act: Act, pid: str) -> Response:
    """Answer the second click on a button: it leads on, and counts nothing."""
    act.note(f"facsimile:{pid}", after=texts.AGAIN)
    return act.done(f"{LIST}/{pid}", "这一笔已经记下了，没有再记第二次。还有一笔，就在这一页上填。")


def _write_off_page(
    visit: Visit, pid: str, form: PiecesForm, *, status: int = HTTPStatus.OK
) -> Response:
    one, view = _found(visit, pid), f"{VIEWS}/facsimile_write_off.html"
    with visit.reads() as connection:
        seen = facsimiles.last_step(connection, one.id)
    return visit.page(view, status, one=one, form=form, seen=seen, path=f"{LIST}/{pid}")


def _edit_page(
    visit: Visit, form: FacsimileForm, pid: str, *, status: int = HTTPStatus.OK
) -> Response:
    one = _found(visit, pid) if pid else None
    path = f"{LIST}/{pid}" if pid else LIST
    view = f"{VIEWS}/facsimile_edit.html"
    return visit.page(view, status, form=form, one=one, path=path, key=season_form.key())


def _found(visit: Visit, pid: str) -> Kept:
    with visit.reads() as connection:
        kept = facsimiles.find(connection, pid)
    if kept is None:
        abort(HTTPStatus.NOT_FOUND)
    return kept


def _locked(act: Act, pid: str) -> Facsimile:
    one = facsimiles.locked(act.session, pid)
    if one is None:
        abort(HTTPStatus.NOT_FOUND)
    return one


def _actors(visit: Visit) -> dict[str, str]:
    """Return who moves stock, by what the ledger calls them."""
    return {**season_shown.names(visit), **texts.ACTORS}
