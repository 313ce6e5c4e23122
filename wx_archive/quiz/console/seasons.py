"""答题季: planned by one person, released by another; changed only by the same two steps."""

from http import HTTPStatus
from typing import Final

from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from wx_archive.quiz import season_desk, season_list, season_proposals
from wx_archive.quiz.console import season_form, season_shown, season_steps
from wx_archive.quiz.console import season_texts as texts
from wx_archive.quiz.console.season_form import PlanForm, plan_form
from wx_archive.quiz.console.season_shown import LIST, VIEWS, Shown, path_of
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import SeasonState
from wx_archive.quiz.season_once import once
from wx_archive.quiz.season_plans import Plan, changed
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Entry
from wx_archive.staff.rules import Permission

ENTRIES: Final = (Entry("答题季", "/quiz/seasons", Permission.QUIZ_READ),)


def add(pages: Pages) -> None:
    """Add the pages."""
    _reading(pages)
    _beginning(pages)
    _writing(pages)
    season_steps.add(pages)


def _reading(pages: Pages) -> None:
    @pages.get("/quiz/seasons", needs=Permission.QUIZ_READ)
    def quiz_seasons(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            lines = season_list.listed(connection)
        return visit.page(f"{VIEWS}/seasons.html", lines=lines, **season_shown.words(visit))

    @pages.get("/quiz/seasons/<pid>", needs=Permission.QUIZ_READ)
    def quiz_season(visit: Visit, pid: str) -> ResponseReturnValue:
        return season_shown.page(visit, season_shown.find(visit, pid))


def _beginning(pages: Pages) -> None:
    @pages.get("/quiz/seasons/new", needs=Permission.QUIZ_EDIT)
    def new_quiz_season(visit: Visit) -> ResponseReturnValue:
        form = plan_form(season_shown.themes(visit))
        form.daily_cap.data = form.daily_cap.data or 30
        return _edit_page(visit, form, None)

    @pages.post("/quiz/seasons", needs=Permission.QUIZ_EDIT, audit="season.add")
    def add_quiz_season(act: Act) -> ResponseReturnValue:
        form = plan_form(season_shown.themes(act))
        plan = form.plan()
        if plan is None:
            return _edit_page(act, form, None, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        key, by = season_form.key(), act.person.login
        season, is_new = once(
            act.session,
            lambda: season_desk.find(act.session, key),
            lambda: season_desk.add(act.session, plan, by=by, now=act.now, pid=key),
        )
        act.note(f"season:{season.pid}", after={"name": plan.name} if is_new else texts.AGAIN)
        return act.done(path_of(season.pid), "建好了，现在写十张卡。")

    @pages.post("/quiz/seasons/<pid>/copy", needs=Permission.QUIZ_EDIT, audit="season.add")
    def copy_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        key, by = season_form.key(), act.person.login
        made, is_new = once(
            act.session,
            lambda: season_desk.find(act.session, key),
            lambda: season_desk.copy(
                act.session, season, by=by, now=act.now, today=act.today, pid=key
            ),
        )
        after = {"name": made.name, "like": pid} if is_new else texts.AGAIN
        act.note(f"season:{made.pid}", after=after)
        return act.done(path_of(made.pid), "抄成了一季新的草稿，日子接在已放行的后面，请改名称。")


def _writing(pages: Pages) -> None:
    @pages.get("/quiz/seasons/<pid>/edit", needs=Permission.QUIZ_EDIT)
    def edit_quiz_season(visit: Visit, pid: str) -> ResponseReturnValue:
        shown = season_shown.find(visit, pid)
        plan = season_proposals.read(shown.season, shown.in_order).plan
        return _edit_page(visit, plan_form(season_shown.themes(visit), plan), shown)

    @pages.post("/quiz/seasons/<pid>/edit", needs=Permission.QUIZ_EDIT, audit="season.edit")
    def save_quiz_season(act: Act, pid: str) -> ResponseReturnValue:
        season, form = season_shown.locked(act, pid), plan_form(season_shown.themes(act))
        plan = form.plan()
        if plan is None:
            shown = season_shown.find(act, pid)
            return _edit_page(act, form, shown, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if season.state == SeasonState.RELEASED:
            return _propose(act, season, plan)
        before = season_desk.current_plan(season)
        seen, was_out = season_form.seen(), season_shown.taken_back(season)
        season_desk.edit(act.session, season, plan, seen=seen, by=act.person.login)
        act.note(f"season:{pid}", before=changed(plan, before), after=changed(before, plan))
        return act.done(path_of(pid), f"改好了。{was_out}")


def _propose(act: Act, season: Season, plan: Plan) -> Response:
    before = season_desk.current_plan(season)
    season_proposals.propose_plan(
        act.session,
        season,
        plan,
        seen=season_form.seen(),
        by=act.person.login,
        today=act.today,
    )
    act.note(
        f"season:{season.pid}",
        before=changed(plan, before),
        after=changed(before, plan),
        action="season.propose",
    )
    return act.done(path_of(season.pid), "改动提出来了；别人同意以前，读者看到的不变。")


def _edit_page(
    visit: Visit, form: PlanForm, shown: Shown | None, *, status: int = HTTPStatus.OK
) -> Response:
    return visit.page(
        f"{VIEWS}/season_edit.html",
        status,
        form=form,
        shown=shown,
        back=shown.path if shown else LIST,
        key=season_form.key(),
        **season_shown.words(visit),
    )
