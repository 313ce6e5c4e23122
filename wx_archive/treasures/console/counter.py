"""Desk mode: an upload written down for a visitor, its files taken in, its receipt printed.

The desk sees what it has entered itself: names of files and how the whole stands, no pictures.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO, Final, cast

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from wx_archive.core import ids
from wx_archive.core.errors import RefusedError, TransientError
from wx_archive.followers import consents
from wx_archive.followers.consents import ConsentText
from wx_archive.staff.oversize import read_away
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.treasures import contacts, desk, intake, queries, review, rules, sealed, views
from wx_archive.treasures.console.agreement import TOO_LARGE
from wx_archive.treasures.console.counter_form import NO_FILES, TOO_MANY, NewForm, RightsForm
from wx_archive.treasures.console.one import subject
from wx_archive.treasures.console.shown import ENTER, QUEUE, SAY, VIEWS
from wx_archive.treasures.desk import TwiceError, Visitor
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.intake import Outcome
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Channel, FileState, State, Wish
from wx_archive.treasures.steps import Doing
from wx_archive.treasures.uploads import PURPOSE, NotEditableError, NothingSentError

DESK: Final = f"{QUEUE}/desk"
REQUEST_BYTES: Final = 300 * 1024 * 1024
"""Twenty photos as telephones take them, and the rest of the form."""
NO_ROOM: Final = "刚才没有存下，什么都没有登记。请过一会儿再交；一直这样，请管理员看磁盘"
_MEGABYTES: Final = REQUEST_BYTES // 1024 // 1024


@dataclass(frozen=True, slots=True)
class _Begun:
    """An upload on its way in.

    Attributes:
        outcomes: of its files, in the order in which they were chosen.
    """

    treasure_id: int
    visitor: Visitor
    outcomes: list[Outcome]
    doing: Doing


def add(pages: Pages) -> None:
    """Add the pages."""
    _looking(pages)
    _entering(pages)
    _adding(pages)
    _choosing(pages)
    _refusing_what_is_too_large(pages)


def _refusing_what_is_too_large(pages: Pages) -> None:
    @pages.blueprint.errorhandler(RequestEntityTooLarge)
    def too_large(_err: RequestEntityTooLarge) -> ResponseReturnValue:
        read_away()
        most = _MEGABYTES if request.path.startswith(DESK) else 0
        is_scan = request.path.endswith("/agreement/scan")
        page = render_template(
            f"{VIEWS}/too_large.html", most=most, scan=TOO_LARGE if is_scan else ""
        )
        return page, HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _looking(pages: Pages) -> None:
    @pages.get("/treasures/desk", needs=ENTER)
    def treasure_desk(visit: Visit) -> ResponseReturnValue:
        asked = request.args.get("number", "").strip()
        with visit.reads() as connection:
            if asked:
                number = rules.read_number(asked) or ""
                found = desk.own_by_number(connection, visit.person.login, number)
                entered = [found] if found else []
            else:
                entered = [*desk.of_day(connection, visit.person.login, visit.today)]
        return visit.page(
            f"{VIEWS}/desk.html",
            entered=entered,
            asked=asked,
            labels=rules.STAFF_STATES,
            say=SAY,
        )

    @pages.get("/treasures/desk/new", needs=ENTER)
    def treasure_new(visit: Visit) -> ResponseReturnValue:
        form = NewForm(key=ids.random_pid(), consent_version=str(_consent(visit).version))
        return _form(visit, form)

    @pages.get("/treasures/desk/<pid>", needs=ENTER)
    def treasure_receipt(visit: Visit, pid: str) -> ResponseReturnValue:
        return _receipt(visit, _own(visit, pid))


def _entering(pages: Pages) -> None:
    sealer = contacts.sealer(pages.services.settings)

    @pages.in_steps(
        "/treasures/desk", needs=ENTER, audit="treasure.enter", most_bytes=REQUEST_BYTES
    )
    def treasure_enter(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        form, chosen = NewForm(request.form), _chosen()
        visitor = form.visitor(_consent(visit).version, today=visit.today)
        problem = _amiss(len(chosen), form)
        if visitor is None or problem:
            return _form(visit, form, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
        who = _doing(visit)
        try:
            with visit.services.database.begin() as session:
                treasure_id = desk.begin(session, visitor, form.key.data or "", sealer, who)
        except TwiceError as err:
            return _again(visit, carry_out, err)
        try:
            outcomes = _take_in(visit, treasure_id, chosen, who)
        except TransientError as err:
            _give_up(visit, treasure_id, who)
            raise RefusedError(NO_ROOM) from err
        begun = _Begun(treasure_id, visitor, outcomes, who)
        answer = carry_out(lambda act: _hand_in(act, begun, form))
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            _give_up(visit, treasure_id, who)
        return answer


def _hand_in(act: Act, begun: _Begun, form: NewForm) -> Response:
    """Give the upload its number; where no file was fit, the form comes back with the reasons."""
    try:
        version = begun.visitor.consent_version
        filed = desk.finish(act.session, begun.treasure_id, version, begun.doing)
    except NothingSentError:
        problem = _refusals(begun.outcomes) or NO_FILES
        return _form(act, form, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
    kept = sum(outcome.is_kept for outcome in begun.outcomes)
    wish, has_contact = begun.visitor.chosen.wish, not begun.visitor.contact.is_empty
    act.note(subject(filed), after={"files": kept, "wish": wish, "has_contact": has_contact})
    said = f"登记好了，编号 {filed.number}。请打印回执交给送件人。{_refusals(begun.outcomes)}"
    return act.done(_path(filed), said)


def _give_up(visit: Visit, treasure_id: int, who: Doing) -> None:
    """Forget what came to nothing, so that the same form may be sent once more."""
    store = sealed.open_sealed(visit.services.settings)
    with visit.services.database.begin() as session:
        keys = desk.give_up(session, treasure_id, who)
    for key in keys:
        views.forget(store, key)


def _again(visit: Visit, carry_out: CarryOut, twice: TwiceError) -> Response:
    """Answer a form that was sent before: with its receipt, where it is this person's."""
    with visit.reads() as connection:
        filed = desk.own(connection, visit.person.login, twice.upload.pid)
    if filed is None:
        raise RefusedError(str(twice))

    def same(act: Act) -> Response:
        act.note(subject(filed), after={"files": 0})
        return act.done(_path(filed), f"这一份刚才已经登记过，编号 {filed.number}。")

    return carry_out(same)


def _adding(pages: Pages) -> None:
    @pages.in_steps(
        "/treasures/desk/<pid>/files",
        needs=ENTER,
        audit="treasure.enter_file",
        most_bytes=REQUEST_BYTES,
    )
    def treasure_add_files(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        filed, chosen = _own(visit, pid), _chosen()
        if not filed.is_editable:
            raise NotEditableError
        problem = "" if chosen else "请选要加的文件"
        problem = TOO_MANY if len(chosen) > rules.MOST_FILES else problem
        outcomes = [] if problem else _take_in(visit, filed.id, chosen, _doing(visit))
        kept = sum(outcome.is_kept for outcome in outcomes)
        if not kept:
            problem = problem or _refusals(outcomes)
            return _receipt(visit, filed, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)

        def noted(act: Act) -> Response:
            act.note(subject(filed), after={"files": kept})
            said = f"加了 {kept} 件，请重新打印回执。{_refusals(outcomes)}"
            return act.done(_path(filed), said)

        return carry_out(noted)


def _choosing(pages: Pages) -> None:
    @pages.post("/treasures/desk/<pid>/rights", needs=ENTER, audit="treasure.enter_rights")
    def treasure_choose(act: Act, pid: str) -> ResponseReturnValue:
        filed, form = _own(act, pid), RightsForm(request.form)
        if not filed.is_editable:
            raise NotEditableError
        chosen = form.chosen(act.today)
        if chosen is None:
            return _receipt(act, filed, HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
        desk.choose(act.session, filed.id, chosen, _doing(act))
        act.note(subject(filed), after={"wish": chosen.wish, "is_settled": desk.is_settled(chosen)})
        return act.done(_path(filed), "权利记下了，请重新打印回执。")


def _take_in(
    visit: Visit, treasure_id: int, chosen: list[FileStorage], who: Doing
) -> list[Outcome]:
    """Take files in, one after the other, outside of every transaction."""
    outcomes = []
    for upload in chosen:
        name = upload.filename or ""
        incoming = Incoming(intake.kind_of(upload.mimetype, name), Channel.DESK, name)
        stream = cast("BinaryIO", upload.stream)
        outcome = intake.take(visit.services, treasure_id, incoming, stream, who)
        if outcome.reason and outcome.file_pid is None:
            with visit.services.database.begin() as session:
                desk.note_refused(session, treasure_id, incoming, outcome.reason, who)
        outcomes.append(outcome)
    return outcomes


def _chosen() -> list[FileStorage]:
    return [upload for upload in request.files.getlist("files") if upload.filename]


def _amiss(count: int, form: NewForm) -> str:
    """Return what is wrong with how many files there are."""
    if count > rules.MOST_FILES:
        return TOO_MANY
    is_clue = form.wish.data == Wish.TIP and (form.story.data or "").strip()
    return "" if count or is_clue else NO_FILES


def _refusals(outcomes: list[Outcome]) -> str:
    """Say what was not kept, and why."""
    told = [f"{each.name or '没有名字的文件'}：{each.reason}" for each in outcomes if each.reason]
    if not told:
        return ""
    left = len(outcomes) - len(told)
    checking = f"另外 {left} 件正在检查，结果看回执。" if left else ""
    return f"有 {len(told)} 件没有收。{'；'.join(told)[:500]}。{checking}"


def _own(visit: Visit, pid: str) -> Upload:
    with visit.reads() as connection:
        found = desk.own(connection, visit.person.login, pid) if ids.is_pid(pid) else None
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _doing(visit: Visit) -> Doing:
    """Return who writes it down; without a member's id, so that nothing comes into their hands."""
    return Doing.of(visit.services.site, visit.person.login, now=visit.now)


def _consent(visit: Visit) -> ConsentText:
    return consents.current_text(visit.services.site, PURPOSE)


def _path(upload: Upload) -> str:
    return f"{DESK}/{upload.pid}"


def _form(
    visit: Visit, form: NewForm, status: int = HTTPStatus.OK, *, problem: str = ""
) -> Response:
    return visit.page(
        f"{VIEWS}/new.html",
        status,
        form=form,
        problem=problem,
        consent=_consent(visit),
        most=rules.MOST_FILES,
        megabytes=_MEGABYTES,
    )


def _receipt(
    visit: Visit,
    filed: Upload,
    status: int = HTTPStatus.OK,
    *,
    problem: str = "",
    form: RightsForm | None = None,
) -> Response:
    with visit.reads() as connection:
        every = queries.files(connection, filed.id)
    values: dict[str, Any] = {
        "one": filed,
        "path": _path(filed),
        "files": [file for file in every if file.state in rules.STANDING],
        "others": [file for file in every if file.state in review.NOT_KEPT],
        "form": form or RightsForm.of(filed),
        "is_open": None in (filed.ownership, filed.wish, filed.scope, filed.credit),
        "room": rules.MOST_FILES - sum(file.state in rules.STANDING for file in every),
        "problem": problem,
        "days": rules.DAYS[State.RECEIVED],
        "erased_after": rules.ERASED_AFTER_DAYS,
        "rules": rules,
        "FileState": FileState,
        "say": SAY,
    }
    return visit.page(f"{VIEWS}/receipt.html", status, **values)
