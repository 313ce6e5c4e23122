"""写题、改题: every kind in one form, read by the same rules as a table's row."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs

from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import is_pid, random_pid
from wx_archive.quiz import bank, bank_desk, bank_rows, bank_view
from wx_archive.quiz.bank_files import FOLDER, PICTURES, Theme
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.bank_rows import COLUMNS, HEADERS, OPTIONS, YES, RowError
from wx_archive.quiz.bank_view import Known
from wx_archive.quiz.console import question_shown as shown
from wx_archive.quiz.console.question_shown import LIST, VIEWS, AgainError, path_of
from wx_archive.quiz.console.questions import found
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import DIFFICULTIES, KIND_NAMES
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.rules import Permission

_NOTES: Final = {column.key: column.note for column in COLUMNS}
_CHOSEN: Final = ("theme", "kind", "difficulty", "picture")


def _line(key: str) -> StringField:
    return StringField(HEADERS[key], description=_NOTES[key])


def _lines(key: str, rows: int) -> TextAreaField:
    return TextAreaField(HEADERS[key], description=_NOTES[key], render_kw={"rows": rows})


def _choice(key: str) -> SelectField:
    return SelectField(HEADERS[key], validate_choice=False)


class QuestionForm(Form):
    """A question as it is written; its fields are the columns of a table."""

    class Meta:
        """In Chinese."""

        locales = ("zh",)

    theme = _choice("theme")
    kind = _choice("kind")
    text = _lines("text", 3)
    option_a = _line("option_a")
    option_b = _line("option_b")
    option_c = _line("option_c")
    option_d = _line("option_d")
    keep_order = BooleanField(HEADERS["keep_order"], description="数字、年份等打乱了别扭的才勾。")
    answer = _line("answer")
    tolerance = _line("tolerance")
    explanation = _lines("explanation", 4)
    title = _line("title")
    edition = _line("edition")
    article = _line("article")
    quote = _lines("quote", 3)
    url = _line("url")
    where = _line("where")
    entry = _line("entry")
    picture = _choice("picture")
    alt = _line("alt")
    difficulty = _choice("difficulty")
    tags = _line("tags")
    since = _line("since")
    retired = _line("retired")

    def offer(self, themes: Mapping[str, Theme], pictures: Path) -> None:
        """Fill the lists to choose from."""
        names = sorted(path.name for path in pictures.glob("*.png"))
        self.theme.choices = [SelectChoice(one.name, one.name) for one in themes.values()]
        self.kind.choices = [SelectChoice(name, name) for name in KIND_NAMES.values()]
        self.difficulty.choices = [SelectChoice(name, name) for name in DIFFICULTIES.values()]
        self.picture.choices = [
            SelectChoice("", "没有图片"),
            *(SelectChoice(name, name) for name in names),
        ]

    def cells(self) -> dict[str, str]:
        """Return what was typed, by column."""
        typed = {name: str(field.data or "") for name, field in self._fields.items()}
        typed |= {key: " ".join(typed[key].split()) for key in typed if key not in _CHOSEN}
        return typed | {"keep_order": YES if self.keep_order.data else ""}

    def accuse(self, err: RowError) -> None:
        """Show what is wrong beside its fields."""
        for problem in err.problems:
            field = self._fields.get(problem.key, self._fields["text"])
            field.errors = [*field.errors, problem.reason]


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/quiz/questions/new", needs=Permission.QUIZ_EDIT)
    def new_question(visit: Visit) -> ResponseReturnValue:
        theme = bank.bank(visit.services.site).themes.get(request.args.get("theme", ""))
        form = QuestionForm(
            data={"theme": theme.name if theme else "", "since": visit.today.isoformat()}
        )
        return _page(visit, form, None, "")

    @pages.in_steps("/quiz/questions/new", needs=Permission.QUIZ_EDIT, audit="question.save")
    def write_question(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        def write(act: Act) -> ResponseReturnValue:
            known = bank_desk.begin(act.session, act.services.site.folder)
            return _write(act, known, None)

        return shown.once(visit, carry_out, write)

    @pages.get("/quiz/questions/<question_id>/edit", needs=Permission.QUIZ_EDIT)
    def edit_question(visit: Visit, question_id: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            known = bank_view.known(visit.services.site.folder, connection)
        question = found(known, question_id)
        cells: dict[str, Any] = bank_rows.cells_of(question, known.bank.themes)
        form = QuestionForm(data=cells | {"keep_order": question.keep_order})
        return _page(visit, form, question, question.fingerprint)

    @pages.post(
        "/quiz/questions/<question_id>/edit", needs=Permission.QUIZ_EDIT, audit="question.save"
    )
    def rewrite_question(act: Act, question_id: str) -> ResponseReturnValue:
        known = bank_desk.begin(act.session, act.services.site.folder)
        return _write(act, known, found(known, question_id))


def _write(act: Act, known: Known, before: Question | None) -> Response:
    form, seen = QuestionForm(request.form), request.form.get("seen", "")
    key = request.form.get("form_key", "")
    form_key = key if before is None and is_pid(key) else None
    cells = form.cells()
    if before is not None:
        cells |= {"id": before.id, "theme": before.theme}
    try:
        question = bank_rows.read_row(cells, known.bank.themes, today=act.today, before=before)
    except RowError as err:
        form.validate()
        form.accuse(err)
        return _page(act, form, before, seen, HTTPStatus.UNPROCESSABLE_ENTITY)
    if made := bank_desk.of_form(act.session, form_key):
        return _made_before(act, form, question, made)
    writing = _Writing(form, before, seen, form_key, request.form.get("then") == "wait")
    return _saved(act, known, question, writing)


def _made_before(
    act: Act, form: QuestionForm, question: Question, made: QuestionVersion
) -> Response:
    """Answer a form that has made a question: the same words lead to it, others stay here.

    Raises:
        AgainError: nothing new was sent.
    """
    path = path_of(made.question_id)
    if replace(question, id=made.question_id).fingerprint == made.content_hash:
        raise AgainError(path, "这道题已经存过了，没有再存一道。")
    said = (
        f"这张表已经存成 {made.question_id}。要改那一题，请点开它再改；"
        "要另写一道，请再按一次下面的按钮"
    )
    return _page(act, form, None, "", HTTPStatus.CONFLICT, said=said, path=path)


@dataclass(frozen=True, slots=True)
class _Writing:
    """What came with a question.

    Attributes:
        before: the question that was written on.
        seen: its fingerprint then.
        form_key: of a new one's form.
        is_ready: it is handed on for release.
    """

    form: QuestionForm
    before: Question | None
    seen: str
    form_key: str | None
    is_ready: bool


def _saved(act: Act, known: Known, question: Question, writing: _Writing) -> Response:
    before, is_ready = writing.before, writing.is_ready
    try:
        version = bank_desk.save(
            act.session,
            known,
            question,
            seen=writing.seen,
            by=act.person.login,
            now=act.now,
            is_ready=is_ready,
        )
        bank_desk.came_by(act.session, version, writing.form_key)
    except RefusedError as err:
        path = path_of(before.id) if before else LIST
        return _page(
            act, writing.form, before, writing.seen, HTTPStatus.CONFLICT, said=str(err), path=path
        )
    changed = bank_rows.changes(
        before, replace(question, id=version.question_id), known.bank.themes
    )
    act.note(
        f"question:{version.question_id}",
        before={one.header: one.before for one in changed} if before else {},
        after={one.header: one.after for one in changed},
        action="question.propose" if is_ready else "",
    )
    said = "已经交给别人放行；放行以前，读者看到的不变。" if is_ready else "存为草稿，还没有交。"
    return act.done(path_of(version.question_id), said)


def _page(
    visit: Visit,
    form: QuestionForm,
    before: Question | None,
    seen: str,
    status: int = HTTPStatus.OK,
    *,
    said: str = "",
    path: str = "",
) -> Response:
    """Return the form.

    Args:
        visit: who asks.
        form: filled in.
        before: the question that is written on.
        seen: its fingerprint.
        status: of the answer.
        said: why it was not saved, where that lies in no field.
        path: of the question that this is about.
    """
    given = request.form.get("form_key", "")
    site = visit.services.site
    form.offer(bank.bank(site).themes, site.folder / FOLDER / PICTURES)
    return visit.page(
        f"{VIEWS}/question_edit.html",
        status,
        form=form,
        question=before,
        seen=seen,
        form_key=given if is_pid(given) and not said else random_pid(),
        said=said,
        about=path,
        path=f"{path_of(before.id)}/edit" if before else f"{LIST}/new",
        options=OPTIONS,
    )
