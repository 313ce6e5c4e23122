"""Questions as the console's pages show them: words, people, the phone's view, files that leave."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from http import HTTPStatus
from typing import Any, Final

from flask import Response, redirect, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response as WsgiResponse

from wx_archive.core import clock
from wx_archive.core.text import written_day
from wx_archive.quiz import bank_hints, entries, texts
from wx_archive.quiz.bank_view import Known
from wx_archive.quiz.play import Asked
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import (
    DIFFICULTIES,
    KIND_NAMES,
    LETTERS,
    REASONS,
    VERSION_STATES,
    Kind,
    VersionState,
)
from wx_archive.staff.models import Member
from wx_archive.staff.pages import Act, CarryOut, Visit, say

LIST: Final = "/console/quiz/questions"
RELEASES: Final = f"{LIST}/releases"
UPLOADS: Final = f"{LIST}/uploads"
VIEWS: Final = "quiz/console"
MARKS: Final[Mapping[VersionState, str]] = {
    VersionState.DRAFT: "",
    VersionState.WAITING: "wait",
    VersionState.RELEASED: "good",
    VersionState.REFUSED: "warn",
    VersionState.REPLACED: "over",
    VersionState.WITHDRAWN: "over",
}
_LINK: Final = re.compile(r'<a href="[^"]*">(.*?)</a>')
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a message, and whether they can be tapped."""

    text: str
    is_link: bool


class AgainError(Exception):
    """It was done by the same form before: nothing is done anew.

    Attributes:
        path: of what it made.
        said: to whoever sent it twice.
    """

    def __init__(self, path: str, said: str) -> None:
        super().__init__(path)
        self.path, self.said = path, said


def once(
    visit: Visit, carry_out: CarryOut, act: Callable[[Act], ResponseReturnValue]
) -> WsgiResponse:
    """Carry something out; sent twice, the second form leads to where the first one led."""
    try:
        return carry_out(act)
    except AgainError as again:
        response = redirect(again.path, HTTPStatus.SEE_OTHER)
        say(response, visit.services.settings, again.said)
        return response


def on_phone(question: Question, origin: str) -> list[list[Piece]]:
    """Return the bubbles of a question and of its right answer."""
    order = LETTERS[: len(question.shown_options)]
    asked = texts.ask(Asked("", 1, question, order), origin)
    told = "\n".join(("✔ 答对了", question.explanation, texts.source(question.source)))
    return [_pieces(asked), _pieces(told)]


def _pieces(message: str) -> list[Piece]:
    parts = _LINK.split(message)  # words and links in turns
    return [Piece(unescape(part), bool(n % 2)) for n, part in enumerate(parts) if part]


def hints(connection: Connection, question: Question, today: date) -> Sequence[str]:
    """Return what is worth a look before a question is asked."""
    is_borne = entries.bearer(connection, today=today)
    return [said for _column, said in bank_hints.hints(question, is_borne)]


def right_answer(question: Question) -> str:
    """Return the right answer in words, as staff check it."""
    match question.kind:
        case Kind.SINGLE | Kind.MULTIPLE:
            told = (f"{one} {question.options[LETTERS.index(one)]}" for one in question.answer)
            return "；".join(told)
        case Kind.FILL:
            return "、".join(f"“{one}”" for one in question.answer)
        case Kind.YEAR if question.tolerance:
            return f"{question.answer[0]} 年，前后差 {question.tolerance} 年以内算对"
        case Kind.YEAR:
            return f"{question.answer[0]} 年"
        case _:
            return question.answer[0]


def standing(known: Known, question: Question, today: date) -> tuple[str, str]:
    """Return how a question stands in the play, in a word, and the word's mark."""
    counting = known.bank.questions.get(question.id)
    if counting is None:
        return "还没放行", "wait"
    if counting.retired and counting.retired <= today:
        return "已停用", "over"
    if today < counting.since:
        return "没到启用日", "wait"
    return "在用", "good"


def path_of(question_id: str) -> str:
    """Return the address of a question's page."""
    return f"{LIST}/{question_id}"


def words(connection: Connection) -> dict[str, Any]:
    """Return what every page of the bank needs to word things."""
    rows = connection.execute(select(Member.login, Member.name))
    return {
        "names": {row[0]: row[1] for row in rows},
        "kinds": KIND_NAMES,
        "difficulties": DIFFICULTIES,
        "states": VERSION_STATES,
        "marks": MARKS,
        "reasons": REASONS,
        "moment": moment,
        "day": written_day,
        "right_answer": right_answer,
        "letters": LETTERS,
    }


def moment(value: datetime | None) -> str:
    """Write a moment on Shanghai's clock; empty for none."""
    if value is None:
        return ""
    there = value.astimezone(clock.SHANGHAI)
    return f"{written_day(there.date())} {there:%H:%M}"


def download(content: bytes, name: str) -> Response:
    """Return a small file to be kept."""
    return send_file(
        io.BytesIO(content),
        _TYPES[name.rpartition(".")[2]],
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=False,
    )


def origin_of(visit: Visit) -> str:
    """Return where the phone's links lead."""
    return visit.services.site.origin
