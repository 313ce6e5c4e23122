"""改过几次: each version of a question as it was, and the pictures of questions for staff."""

from http import HTTPStatus

from flask import Response, abort
from flask.typing import ResponseReturnValue

from wx_archive.quiz import bank_rows, bank_view
from wx_archive.quiz.bank_files import FOLDER, PICTURES
from wx_archive.quiz.console import question_shown as shown
from wx_archive.quiz.console.question_shown import VIEWS
from wx_archive.staff.pages import Pages, Visit
from wx_archive.staff.rules import Permission


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/quiz/questions/<question_id>/versions/<int:number>", needs=Permission.QUIZ_READ)
    def question_version(visit: Visit, question_id: str, number: int) -> ResponseReturnValue:
        with visit.reads() as connection:
            known = bank_view.known(visit.services.site.folder, connection)
            found = bank_view.numbered(connection, question_id, number)
            words = shown.words(connection)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        version, before = found
        older = before.question if before else known.files.get(question_id)
        return visit.page(
            f"{VIEWS}/question_version.html",
            number=number,
            version=version,
            question=version.question,
            theme=known.bank.themes.get(version.question.theme),
            changes=bank_rows.changes(older, version.question, known.bank.themes) if older else [],
            older=f"第 {number - 1} 稿" if before else "文件里的",
            bubbles=shown.on_phone(version.question, shown.origin_of(visit)),
            **words,
        )

    @pages.get("/quiz/questions/pictures/<name>", needs=Permission.QUIZ_READ)
    def question_picture(visit: Visit, name: str) -> ResponseReturnValue:
        folder = visit.services.site.folder / FOLDER / PICTURES
        path = folder / name
        if path.parent != folder or path.suffix != ".png" or not path.is_file():
            abort(HTTPStatus.NOT_FOUND)
        return Response(path.read_bytes(), mimetype="image/png")
