"""档案查询 as pages: a search page and one page for each entry, complete without script."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, jsonify, render_template, request
from sqlalchemy import Connection

from wx_archive.catalogue import words
from wx_archive.catalogue.appearances import AppearsIn, nowhere
from wx_archive.catalogue.query import MAX_LENGTH, understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.search import COUNT_BOUND, Found
from wx_archive.catalogue.topics import Topic
from wx_archive.core import clock
from wx_archive.core.h5 import state_mark
from wx_archive.core.ids import is_pid
from wx_archive.core.services import Services
from wx_archive.core.site import Site
from wx_archive.core.text import xml_safe
from wx_archive.lookup import rules, service, texts, usage
from wx_archive.lookup.service import OtherWords

PER_PAGE = 10
SUGGESTED = 8
LONG = 20
"""A list of more than so many is worth narrowing to a decade."""
_NO_WORDS = OtherWords()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the search page was asked; whatever makes no sense is taken as not said.

    Attributes:
        decade: its first year; None for all years.
        page: from 1.
    """

    text: str = ""
    kind: Kind | None = None
    decade: int | None = None
    page: int = 1

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "Asked":
        """Return what an address asks."""
        raw = xml_safe(arguments.get("q", ""))[: 2 * MAX_LENGTH]
        text, kind = rules.split_scope(raw)
        decade = _number(arguments.get("decade", ""))
        return cls(
            text,
            _kind(arguments.get("kind", "")) or kind,
            decade if decade and decade % 10 == 0 and 1000 <= decade <= 2990 else None,
            min(max(_number(arguments.get("page", "")) or 1, 1), COUNT_BOUND // PER_PAGE),
        )

    @property
    def is_too_long(self) -> bool:
        """It is more than a question."""
        return len(self.text) > MAX_LENGTH

    @property
    def words(self) -> str:
        """The question as one would type it in full."""
        return f"{self.text} {rules.decade_of(self.decade)}" if self.decade else self.text

    def at(self, page: int) -> "Asked":
        """Return another page of the same."""
        return replace(self, page=page)

    def within(self, kind: str) -> "Asked":
        """Return the same question of one kind, or of both where ``kind`` is empty."""
        return replace(self, kind=_kind(kind), page=1)

    def since(self, decade: int | None) -> "Asked":
        """Return the same question of one decade, or of all years."""
        return replace(self, decade=decade, page=1)

    @property
    def address(self) -> str:
        """The address that asks this."""
        told = {"q": self.text, "kind": self.kind.value if self.kind else ""}
        told |= {"decade": str(self.decade or ""), "page": str(self.page if self.page > 1 else "")}
        return "/h5/lookup?" + urlencode({name: value for name, value in told.items() if value})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the search page shows.

    Attributes:
        instead: what a sentence that found nothing is likely about.
        others: what else to type, where nothing was found.
        decades: where to narrow a long list to.
        topics: of documents by group, where nothing was asked yet.
        suggested: words that begin like the typed ones.
    """

    found: Found | None = None
    instead: Found | None = None
    others: OtherWords = _NO_WORDS
    decades: tuple[int, ...] = ()
    topics: Mapping[str, tuple[Topic, ...]] = field(default_factory=dict)
    suggested: tuple[str, ...] = ()

    def spellings(self, found: Found) -> list[str]:
        """Return the words to mark in the titles of a list."""
        return [spelling for word in found.query.words for spelling in word.spellings]

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.found.total // PER_PAGE) if self.found else 0


def blueprint(services: Services, *, appears_in: AppearsIn = nowhere) -> Blueprint:
    """Return the pages of the lookup.

    Args:
        services: the installation's.
        appears_in: what the features that tell of entries say of one.
    """
    pages = Blueprint("lookup", __name__, template_folder="templates")
    for name in (texts.chinese_date, texts.written, texts.retention, texts.category, state_mark):
        pages.add_app_template_filter(name)
    _add_search(pages, services)
    _add_entries(pages, services, appears_in)

    @pages.after_request
    def keep_nowhere(response: Response) -> Response:
        # What is closed must be gone at once, from the back button too.
        response.headers["Cache-Control"] = "no-store"
        return response

    return pages


def _add_search(pages: Blueprint, services: Services) -> None:
    @pages.get("/h5/lookup")
    def lookup() -> str:
        asked = Asked.of(request.args)
        with services.database.reads() as connection:
            answer = _answer(connection, services.site, asked, clock.today())
        if answer.found:
            found = answer.found.total
            g.noted = [usage.asked_on_page(asked.text, asked.kind, found=found, page=asked.page)]
        return render_template(
            "lookup/h5/lookup.html",
            asked=asked,
            answer=answer,
            total=texts.total,
            marked=rules.marked,
            first=(asked.page - 1) * PER_PAGE + 1,
            livelihood=rules.touches_livelihood(asked.text),
        )

    @pages.get("/h5/suggest")
    def suggest() -> Response:
        text = Asked.of(request.args).text
        with services.database.reads() as connection:
            return jsonify(query=text, words=_suggested(connection, text, clock.today()))


def _add_entries(pages: Blueprint, services: Services, appears_in: AppearsIn) -> None:
    @pages.get("/h5/documents/<pid>")
    def document(pid: str) -> str:
        typed, today = request.args.get("on", "").strip(), clock.today()
        on = rules.day_asked(typed)
        with services.database.reads() as connection:
            view = service.document(connection, pid, today=today, on=on) if is_pid(pid) else None
            told_in = appears_in(connection, pid, clock.now()) if view else ()
        if view is None:
            abort(404)
        g.noted = [usage.opened_on_page(Kind.DOCUMENT, pid)]
        is_odd = bool(typed) and on is None
        return render_template(
            "lookup/h5/document.html", document=view, today=today, is_odd=is_odd, told_in=told_in
        )

    @pages.get("/h5/records/<pid>")
    def record(pid: str) -> str:
        with services.database.reads() as connection:
            view = service.record(connection, pid, today=clock.today()) if is_pid(pid) else None
            told_in = appears_in(connection, pid, clock.now()) if view else ()
        if view is None:
            abort(404)
        g.noted = [usage.opened_on_page(Kind.RECORD, pid)]
        return render_template("lookup/h5/record.html", record=view, told_in=told_in)


def _answer(connection: Connection, site: Site, asked: Asked, today: date) -> Answer:
    if not asked.text:
        return Answer(topics=service.topics(site))
    if asked.is_too_long:
        return Answer()
    found = service.find(
        connection,
        site,
        asked.words,
        today=today,
        kind=asked.kind,
        offset=(asked.page - 1) * PER_PAGE,
        limit=PER_PAGE,
    )
    suggested = _suggested(connection, asked.text, today)
    if found.total:
        return Answer(found, decades=_decades(connection, found, asked, today), suggested=suggested)
    return Answer(
        found,
        service.find_instead(connection, site, asked.words, today=today, kind=asked.kind),
        service.other_words(connection, site, asked.text, today=today),
        suggested=suggested,
    )


def _decades(connection: Connection, found: Found, asked: Asked, today: date) -> tuple[int, ...]:
    """Return the decades to choose from: of a long list, or of the list that one was chosen in."""
    if asked.decade:
        whole = replace(found.query, text=asked.text, years=None)
        return service.decades(connection, whole, today=today)
    if found.total <= LONG or found.query.years or not found.kinds:
        return ()
    return service.decades(connection, found.query, today=today)


def _suggested(connection: Connection, text: str, today: date) -> tuple[str, ...]:
    """Return words that begin like the typed ones, without these themselves."""
    if not text or len(text) > MAX_LENGTH or understand(text).is_empty:
        return ()
    found = words.suggest(connection, text, today=today, limit=SUGGESTED + 1)
    return tuple(word for word in found if word != text)[:SUGGESTED]


def _kind(text: str) -> Kind | None:
    return Kind(text) if text in {kind.value for kind in Kind} else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None
