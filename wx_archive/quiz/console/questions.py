"""题库: the list with its filters, one question with everything about it, files to take along."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from wx_archive.quiz import bank, bank_desk, bank_export, bank_list, bank_rows, bank_view
from wx_archive.quiz import complaints as told
from wx_archive.quiz.bank_list import Wanted
from wx_archive.quiz.bank_view import OPEN, Figures, Known
from wx_archive.quiz.console import question_shown as shown
from wx_archive.quiz.console.question_shown import LIST, VIEWS, path_of
from wx_archive.quiz.near import Near, Neighbours
from wx_archive.quiz.questions import Question
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PAGE: Final = 50
FORMATS: Final = {
    "xlsx": "Excel（.xlsx）",
    "csv": "CSV（Excel、WPS 都能打开）",
    "yaml": "YAML（每个主题一个文件，打成一个 .zip）",
}


class RetireForm(Form):
    """Why a question is asked no more."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    note = StringField(
        "停用的理由",
        [DataRequired("请写一句理由，好让同事知道"), Length(max=200, message="最多 200 个字")],
    )


def add(pages: Pages) -> None:
    """Add the pages."""
    # What is wrong with a file of the bank is told when the console starts, not to a reader.
    bank.of_files(pages.services.site.folder)
    _reading(pages)
    _taking_along(pages)
    _retiring(pages)
    _handing_on(pages)
    _dropping(pages)
    _settling(pages)


def _reading(pages: Pages) -> None:
    @pages.get("/quiz/questions", needs=Permission.QUIZ_READ)
    def questions(visit: Visit) -> ResponseReturnValue:
        wanted = _wanted()
        with visit.reads() as connection:
            known = bank_view.known(visit.services.site.folder, connection)
            open_complaints = told.open_counts(connection)
            found = bank_list.matching(known, wanted, open_complaints.keys(), visit.today)
            page = max(1, min(request.args.get("page", 1, int), 1 + max(0, len(found) - 1) // PAGE))
            listed = found[(page - 1) * PAGE : page * PAGE]
            figures = bank_view.figures(connection, [one.id for one in listed])
            words = shown.words(connection)
        return visit.page(
            f"{VIEWS}/questions.html",
            known=known,
            wanted=wanted,
            found=len(found),
            listed=listed,
            figures=figures,
            none=Figures(),
            complaints=open_complaints,
            conflicts=known.conflicts(),
            standings=bank_list.STANDINGS,
            standing=lambda one: shown.standing(known, one, visit.today),
            formats=FORMATS,
            newer=_address(page - 1) if page > 1 else "",
            older=_address(page + 1) if len(found) > page * PAGE else "",
            **words,
        )

    @pages.get("/quiz/questions/<question_id>", needs=Permission.QUIZ_READ)
    def question(visit: Visit, question_id: str) -> ResponseReturnValue:
        return _page(visit, question_id)


def _wanted() -> Wanted:
    asked = request.args
    return Wanted(
        words=asked.get("q", "")[:100],
        theme=asked.get("theme", ""),
        kind=asked.get("kind", ""),
        difficulty=asked.get("difficulty", ""),
        state=asked.get("state", ""),
        complained=bool(asked.get("complained")),
    )


def _address(page: int) -> str:
    kept = {key: value for key, value in request.args.items() if key != "page" and value}
    return f"{LIST}?{urlencode(kept | {'page': str(page)})}"


def found(known: Known, question_id: str) -> Question:
    """Return a question as it was written last; 404 where there is none."""
    newest = known.newest(question_id)
    if newest is None:
        abort(HTTPStatus.NOT_FOUND)
    return newest


def _page(visit: Visit, question_id: str) -> Response:
    with visit.reads() as connection:
        known = bank_view.known(visit.services.site.folder, connection)
        question = found(known, question_id)
        figures = bank_view.figures(connection, [question_id])
        complaints = told.of_question(connection, question_id)
        versions = bank_view.versions(connection, question_id)
        hints = shown.hints(connection, question, visit.today)
        words = shown.words(connection)
    themes = known.bank.themes
    seed = known.conflict(question_id)
    return visit.page(
        f"{VIEWS}/question.html",
        question=question,
        theme=themes.get(question.theme),
        counting=known.bank.questions.get(question_id),
        version=known.open.get(question_id),
        bubbles=shown.on_phone(question, shown.origin_of(visit)),
        standing=shown.standing(known, question, visit.today),
        figures=figures.get(question_id, Figures()),
        complaints=complaints,
        unsettled=[one for one in complaints if one.settled_at is None],
        versions=versions,
        seed=seed,
        seed_changes=bank_rows.changes(question, seed, themes) if seed else [],
        near=nearest(known)(question),
        hints=hints,
        **words,
    )


def nearest(known: Known) -> Callable[[Question], Near | None]:
    """Return what finds the question that says nearly the same: one that counts, or is to."""
    asked = Neighbours({key: one.text for key, one in known.bank.questions.items()})
    others = Neighbours({key: version.question.text for key, version in known.open.items()})

    def find(question: Question) -> Near | None:
        text, own = question.text, question.id
        return asked.nearest(text, but=own) or others.nearest(text, but=own)

    return find


def _taking_along(pages: Pages) -> None:
    @pages.get("/quiz/questions/template", needs=Permission.QUIZ_EDIT)
    def question_template(visit: Visit) -> ResponseReturnValue:
        themes = bank.bank(visit.services.site).themes
        return shown.download(bank_export.template(themes), "题库模板.xlsx")

    @pages.reading("/quiz/questions/export", needs=Permission.QUIZ_READ, audit="question.export")
    def question_export(act: Act) -> ResponseReturnValue:
        wanted = request.args.get("format", "")
        if wanted not in FORMATS:
            abort(HTTPStatus.NOT_FOUND)
        with act.reads() as connection:
            held = bank.effective(act.services.site.folder, connection)
        every = held.questions.values()
        match wanted:
            case "xlsx":
                content, suffix = bank_export.as_workbook(every, held.themes), "xlsx"
            case "csv":
                content, suffix = bank_export.as_csv(every, held.themes), "csv"
            case _:
                content, suffix = bank_export.as_zip(held), "zip"
        act.note("quiz_bank", after={"format": wanted, "rows": len(every)})
        return shown.download(content, f"题库-{act.today}.{suffix}")


def _retiring(pages: Pages) -> None:
    @pages.get("/quiz/questions/<question_id>/retire", needs=Permission.QUIZ_EDIT)
    def ask_retire_question(visit: Visit, question_id: str) -> ResponseReturnValue:
        return _retire_page(visit, question_id, RetireForm())

    @pages.post(
        "/quiz/questions/<question_id>/retire",
        needs=Permission.QUIZ_EDIT,
        audit="question.retire",
    )
    def retire_question(act: Act, question_id: str) -> ResponseReturnValue:
        form = RetireForm(request.form)
        if not form.validate():
            return _retire_page(act, question_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        site = act.services.site
        known = bank_desk.begin(act.session, site.folder, site.live)
        question = known.bank.questions.get(question_id)
        if question is None:
            abort(HTTPStatus.NOT_FOUND)
        note = " ".join((form.note.data or "").split())
        bank_desk.retire(
            act.session,
            known,
            question,
            on=act.today,
            note=note,
            by=act.person.login,
            now=act.now,
        )
        act.note(f"question:{question_id}", after={"note": note})
        return act.done(path_of(question_id), "停用了，两秒以内就不再出这一题。")


def _retire_page(
    visit: Visit, question_id: str, form: RetireForm, status: int = HTTPStatus.OK
) -> Response:
    with visit.reads() as connection:
        held = bank.effective(visit.services.site.folder, connection)
    question = held.questions.get(question_id)
    if question is None or (question.retired and question.retired <= visit.today):
        abort(HTTPStatus.NOT_FOUND)
    return visit.page(f"{VIEWS}/question_retire.html", status, question=question, form=form)


def _handing_on(pages: Pages) -> None:
    @pages.post(
        "/quiz/questions/<question_id>/propose",
        needs=Permission.QUIZ_EDIT,
        audit="question.propose",
    )
    def propose_question(act: Act, question_id: str) -> ResponseReturnValue:
        known = bank_desk.begin(act.session, act.services.site.folder)
        draft = known.open.get(question_id)
        version = bank_desk.find(act.session, draft.id) if draft else None
        if version is None:
            abort(HTTPStatus.NOT_FOUND)
        bank_desk.submit(act.session, version, seen=request.form.get("seen", ""))
        act.note(f"question:{question_id}", after={"state": version.state})
        said = "已经交给别人放行；放行以前，读者看到的不变。"
        return act.done(path_of(question_id), said)


def _dropping(pages: Pages) -> None:
    @pages.get("/quiz/questions/<question_id>/drop", needs=Permission.QUIZ_EDIT)
    def ask_drop_question(visit: Visit, question_id: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            known = bank_view.known(visit.services.site.folder, connection)
            words = shown.words(connection)
        version = known.open.get(question_id)
        if version is None:
            abort(HTTPStatus.NOT_FOUND)
        counting = known.bank.questions.get(question_id)
        return visit.page(
            f"{VIEWS}/question_drop.html", version=version, counting=counting, **words
        )

    @pages.post(
        "/quiz/questions/<question_id>/drop", needs=Permission.QUIZ_EDIT, audit="question.drop"
    )
    def drop_question(act: Act, question_id: str) -> ResponseReturnValue:
        known = bank_desk.begin(act.session, act.services.site.folder)
        waiting = known.open.get(question_id)
        version = bank_desk.find(act.session, waiting.id) if waiting else None
        if version is None or version.state not in OPEN:
            abort(HTTPStatus.NOT_FOUND)
        if version.content_hash != request.form.get("seen"):
            abort(HTTPStatus.CONFLICT)
        before = {"state": version.state, "made_by": version.made_by}
        bank_desk.drop(act.session, version)
        act.note(f"question:{question_id}", before=before, after={"state": version.state})
        is_asked = question_id in known.bank.questions
        return act.done(path_of(question_id) if is_asked else LIST, "这一稿作废了。")


def _settling(pages: Pages) -> None:
    @pages.post(
        "/quiz/questions/<question_id>/complaints",
        needs=Permission.QUIZ_EDIT,
        audit="question.settle",
    )
    def settle_complaints(act: Act, question_id: str) -> ResponseReturnValue:
        seen = request.form.get("seen", 0, int)
        count = told.settle(
            act.session,
            question_id,
            up_to=max(0, min(seen, 2**62)),
            by=act.person.login,
            now=act.now,
        )
        act.note(f"question:{question_id}", after={"settled": count})
        return act.done(path_of(question_id), f"{count} 条意见记为已处理。")

    @pages.post(
        "/quiz/questions/<question_id>/keep", needs=Permission.QUIZ_EDIT, audit="question.keep"
    )
    def keep_question(act: Act, question_id: str) -> ResponseReturnValue:
        known = bank_desk.begin(act.session, act.services.site.folder)
        bank_desk.keep_ours(act.session, known, question_id)
        act.note(f"question:{question_id}", after={"hash": known.seed_of(question_id)})
        return act.done(path_of(question_id), "仍用管理台里的；文件再改时会再提醒。")

    @pages.post(
        "/quiz/questions/<question_id>/follow",
        needs=Permission.QUIZ_EDIT,
        audit="question.follow",
    )
    def follow_question_file(act: Act, question_id: str) -> ResponseReturnValue:
        known = bank_desk.begin(act.session, act.services.site.folder)
        made = bank_desk.follow_file(
            act.session, known, question_id, by=act.person.login, now=act.now
        )
        act.note(f"question:{question_id}", after={"hash": made.content_hash})
        return act.done(path_of(question_id), "文件里的那一稿已经交给别人放行。")
