"""What happens to a season as a whole: submitted, released, given back, changed, withdrawn."""

from collections.abc import Callable
from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.quiz import season_desk, season_list, season_proposals
from wx_archive.quiz.console import season_form, season_shown
from wx_archive.quiz.console import season_texts as texts
from wx_archive.quiz.console.season_form import NoteForm
from wx_archive.quiz.console.season_shown import LIST, VIEWS, path_of
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import SeasonState
from wx_archive.quiz.season_proposals import Change
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission


def add(pages: Pages) -> None:
    """Add the pages."""
    _handing_in(pages)
    _deciding(pages)
    _changing(pages)
    _withdrawing(pages)
    _dropping(pages)


def _handing_in(pages: Pages) -> None:
    @pages.post("/quiz/seasons/<pid>/submit", needs=Permission.QUIZ_EDIT, audit="season.submit")
    def submit_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        place = season_shown.place(act, act.session.connection())
        season_desk.submit(act.session, season, place, seen=season_form.seen(), by=act.person.login)
        act.note(f"season:{pid}", after={"state": season.state})
        return act.done(path_of(pid), "已经交给别人放行。放行以前，读者看不到。")

    @pages.post("/quiz/seasons/<pid>/back", needs=Permission.QUIZ_EDIT, audit="season.back")
    def take_back_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        season_desk.take_back(act.session, season, seen=season_form.seen())
        act.note(f"season:{pid}", after={"state": season.state})
        return act.done(path_of(pid), "拿回来了，可以接着改。")


def _deciding(pages: Pages) -> None:
    @pages.post(
        "/quiz/seasons/<pid>/release", needs=Permission.QUIZ_RELEASE, audit="season.release"
    )
    def release_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.held_last(act, pid)
        season_desk.release(
            act.session,
            season,
            season_shown.place(act, act.session.connection()),
            seen=season_form.seen(),
            person=act.person,
            now=act.now,
            known=act.services.site.live,
        )
        act.note(f"season:{pid}", after={"state": season.state, "name": season.name})
        return act.done(path_of(pid), "放行了。两秒以内读者就能看到，十张卡正在后台画。")

    @pages.post("/quiz/seasons/<pid>/refuse", needs=Permission.QUIZ_RELEASE, audit="season.refuse")
    def refuse_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        return _given_back(
            act,
            pid,
            lambda season, note: season_desk.refuse(
                act.session, season, note, seen=season_form.seen(), person=act.person
            ),
        )


def _changing(pages: Pages) -> None:
    @pages.post("/quiz/seasons/<pid>/agree", needs=Permission.QUIZ_RELEASE, audit="season.agree")
    def agree_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.held_last(act, pid)
        told = season_proposals.changes(season, season_desk.cards_of(act.session, season))
        season_proposals.agree(
            act.session,
            season,
            season_shown.place(act, act.session.connection()),
            seen=season_form.seen(),
            person=act.person,
            now=act.now,
            known=act.services.site.live,
        )
        act.note(
            f"season:{pid}",
            before={_label(one): one.before for one in told},
            after={_label(one): one.after for one in told},
        )
        return act.done(path_of(pid), "改动生效了，两秒以内读者看到的就是新的。")

    @pages.post(
        "/quiz/seasons/<pid>/disagree", needs=Permission.QUIZ_RELEASE, audit="season.refuse"
    )
    def disagree_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        return _given_back(
            act,
            pid,
            lambda season, note: season_proposals.refuse(
                act.session, season, note, seen=season_form.seen(), person=act.person
            ),
        )

    @pages.post("/quiz/seasons/<pid>/repropose", needs=Permission.QUIZ_EDIT, audit="season.propose")
    def repropose_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        seen, by = season_form.seen(), act.person.login
        season_proposals.propose_again(act.session, season, seen=seen, by=by)
        act.note(f"season:{pid}", after={"again": True})
        return act.done(path_of(pid), "又提出来了；别人同意以前，读者看到的不变。")

    @pages.post("/quiz/seasons/<pid>/unpropose", needs=Permission.QUIZ_EDIT, audit="season.back")
    def unpropose_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        season_proposals.take_back(act.session, season, seen=season_form.seen())
        act.note(f"season:{pid}", after={"proposal": ""})
        return act.done(path_of(pid), "提出的改动收回了，这一季还是原来的样子。")


def _given_back(act: Act, pid: str, give: Callable[[Season, str], None]) -> Response:
    season, form = season_shown.locked(act, pid), NoteForm(request.form)
    if not form.validate():
        shown = season_shown.find(act, pid)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return season_shown.page(act, shown, status=status, refuse_form=form)
    note = form.line("note")
    give(season, note)
    act.note(f"season:{pid}", after={"state": season.state, "note": note})
    return act.done(path_of(pid), "退回去了，写的人会看到理由；写的都留着。")


def _withdrawing(pages: Pages) -> None:
    @pages.get("/quiz/seasons/<pid>/withdraw", needs=Permission.QUIZ_RELEASE)
    def ask_withdraw_quiz_season(visit: Visit, pid: str) -> ResponseReturnValue:
        return _ask(visit, pid, NoteForm(), is_released=True)

    @pages.post(
        "/quiz/seasons/<pid>/withdraw", needs=Permission.QUIZ_RELEASE, audit="season.withdraw"
    )
    def withdraw_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        said = "撤销了，两秒以内就不再出题。已经发出的凭证照样可以领取。"
        return _end(act, pid, said, is_released=True)


def _dropping(pages: Pages) -> None:
    @pages.get("/quiz/seasons/<pid>/drop", needs=Permission.QUIZ_EDIT)
    def ask_drop_quiz_season(visit: Visit, pid: str) -> ResponseReturnValue:
        return _ask(visit, pid, NoteForm(), is_released=False)

    @pages.post("/quiz/seasons/<pid>/drop", needs=Permission.QUIZ_EDIT, audit="season.drop")
    def drop_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        return _end(act, pid, "作废了，没有读者看到过它。", is_released=False)


def _ask(
    visit: Visit, pid: str, form: NoteForm, *, is_released: bool, status: int = HTTPStatus.OK
) -> Response:
    shown = season_shown.find(visit, pid)
    _require(shown.state, is_released=is_released)
    with visit.reads() as connection:
        involved = season_list.involved(connection, shown.season.id)
    return visit.page(
        f"{VIEWS}/season_withdraw.html",
        status,
        shown=shown,
        season=shown.season,
        involved=involved,
        form=form,
        is_released=is_released,
        path=path_of(pid, "withdraw" if is_released else "drop"),
        **season_shown.words(visit),
    )


def _end(act: Act, pid: str, said: str, *, is_released: bool) -> Response:
    season, form = season_shown.held_last(act, pid), NoteForm(request.form)
    _require(SeasonState(season.state), is_released=is_released)
    if not form.validate():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _ask(act, pid, form, is_released=is_released, status=status)
    before, note = season.state, form.line("note")
    known = act.services.site.live
    season_desk.withdraw(act.session, season, note, seen=season_form.seen(), known=known)
    after = {"state": season.state, "reason": note}
    act.note(f"season:{pid}", before={"state": before}, after=after)
    return act.done(LIST, said)


def _require(state: SeasonState, *, is_released: bool) -> None:
    """Refuse what the other page is for, or what is withdrawn already."""
    fits = state == SeasonState.RELEASED if is_released else state in season_desk.OPEN
    if not fits:
        raise RefusedError(season_desk.STALE)


def _label(one: Change) -> str:
    """Name a field as the page does: 第 3 张卡的标题."""
    name = texts.FIELDS[one.name]
    return f"第 {one.ordinal} 张卡的{name}" if one.ordinal else name
