"""没答上的词: what found nothing, and what to do about it."""

from http import HTTPStatus
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue

from wx_archive.guide import texts, unanswered
from wx_archive.guide.keywords import Others
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PATH: Final = "/console/words"
WEEKS: Final = (4, 12)
LONGEST: Final = 64


def add(pages: Pages, others: Others) -> None:
    """Add the pages."""

    @pages.get("/words", needs=Permission.WORDS_EDIT)
    def words(visit: Visit) -> ResponseReturnValue:
        weeks = WEEKS[1] if request.args.get("weeks") == str(WEEKS[1]) else WEEKS[0]
        is_hidden = request.args.get("show") == "hidden"
        with visit.reads() as connection:
            every = unanswered.lines(connection, others, today=visit.today, weeks=weeks)
            now, before = unanswered.tallies(connection, visit.today)
        return visit.page(
            "guide/console/words.html",
            lines=[line for line in every if (line.hidden_id is not None) is is_hidden],
            hidden=sum(line.hidden_id is not None for line in every),
            is_hidden=is_hidden,
            weeks=weeks,
            now=now,
            before=before,
            states=texts.STATES,
            may_edit_synonyms=visit.person.may(Permission.CATALOGUE_EDIT),
        )

    @pages.post("/words/ignore", needs=Permission.WORDS_EDIT, audit="words.ignore")
    def ignore_word(act: Act) -> ResponseReturnValue:
        word = request.form.get("word", "").strip()[:LONGEST]
        if not word:
            abort(HTTPStatus.BAD_REQUEST)
        number = unanswered.ignore(act.session, word, today=act.today)
        act.note(f"words:{number}")  # what citizens asked for stays out of the audit log
        return act.done(PATH, f"90 天里不再列出“{word}”。")

    @pages.post("/words/ignored/<int:number>", needs=Permission.WORDS_EDIT, audit="words.show")
    def show_word(act: Act, number: int) -> ResponseReturnValue:
        if not unanswered.show_again(act.session, number):
            abort(HTTPStatus.NOT_FOUND)
        act.note(f"words:{number}")
        return act.done(PATH, "又列出来了。")
