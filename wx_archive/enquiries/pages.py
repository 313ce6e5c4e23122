"""报错 and one's own requests as pages: complete without script, by hand or by keyboard."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from wx_archive.core import clock
from wx_archive.core.ids import is_pid
from wx_archive.core.services import Services
from wx_archive.enquiries import entries, queries, rules, service, texts, wording
from wx_archive.enquiries.bot import PAGE, PURPOSE
from wx_archive.enquiries.forms import Forms, Gate, Sealed, network_of
from wx_archive.enquiries.rules import Channel, Kind
from wx_archive.enquiries.service import (
    Draft,
    Filed,
    FollowerGoneError,
    NotRatableError,
    Opinion,
    TooManyOpenError,
)
from wx_archive.enquiries.steps import READER, Doing, ImpossibleMoveError, Terms
from wx_archive.followers.identity import Door, Visitor
from wx_archive.followers.pages import find_visitor, identified, private

LISTED = 50


def blueprint(services: Services) -> Blueprint:
    """Return the pages of requests.

    Raises:
        FileProblemError: the site's calendar of working days has a mistake.
    """
    Terms.of(services.site)  # said at start, not to the first citizen who asks
    pages = Blueprint("enquiries", __name__, template_folder="templates")
    _add_corrections(pages, services)
    _add_own(pages, services)
    _add_rating(pages, services)
    _add_asking(pages, services)
    return pages


# -- 报错: anybody may ------------------------------------------------------------------------


def _add_corrections(pages: Blueprint, services: Services) -> None:
    desk = _Desk(services)

    @pages.get("/h5/corrections")
    def correct() -> ResponseReturnValue:
        pid = request.args.get("about", "")
        return desk.form(pid, desk.title(pid))

    @pages.post("/h5/corrections")
    def file_correction() -> ResponseReturnValue:
        return desk.take(request.form.get("about", ""))

    @pages.get("/h5/corrections/<pid>")
    def corrected(pid: str) -> ResponseReturnValue:
        with services.database.reads() as connection:
            filed = queries.by_pid(connection, pid) if is_pid(pid) else None
        if filed is None or filed.kind is not Kind.CORRECTION:
            abort(HTTPStatus.NOT_FOUND)
        return private(
            render_template("enquiries/h5/corrected.html", filed=filed, dates=texts.dates)
        )


class _Desk:
    """Takes corrections, with what it works with."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._door = Door.of(services.settings)
        self._forms = Forms(services.settings.secret())
        self._gate = Gate(services.store, services.settings.secret())

    def title(self, pid: str) -> str:
        """Return the title of the entry; a hidden one and a missing one end here alike."""
        with self._services.database.reads() as connection:
            today = clock.today()
            title = entries.visible_title(connection, pid, today=today) if is_pid(pid) else None
        if title is None:
            abort(HTTPStatus.NOT_FOUND)
        return title

    def form(
        self, pid: str, title: str, *, words: str = "", problem: str = ""
    ) -> ResponseReturnValue:
        """Return the form, a filled-in one with what is wrong with it."""
        page = render_template(
            "enquiries/h5/correct.html",
            title=title,
            about=pid,
            token=self._forms.issue(pid, self._session(), now=clock.now()),
            words=words,
            problem=problem,
            bound=wording.CORRECTION_LENGTH,
        )
        status = {"": HTTPStatus.OK, "often": HTTPStatus.TOO_MANY_REQUESTS}
        return private((page, status.get(problem, HTTPStatus.BAD_REQUEST)))

    def take(self, pid: str) -> ResponseReturnValue:
        """File what the form brings, or return it with what is wrong."""
        title = self.title(pid)
        words = wording.take_down(request.form.get("words", ""), lines=True)
        sealed = self._forms.read(request.form.get("token", ""), pid, now=clock.now())
        if sealed is None or request.form.get("website"):  # only a machine fills that in
            return self.form(pid, title, words=words, problem="old")
        if problem := _problem(words, wording.CORRECTION_LENGTH):
            return self.form(pid, title, words=words, problem=problem)
        try:
            filed = self._file(pid, words, sealed)
        except TooManyOpenError:
            return self.form(pid, title, words=words, problem="open")
        if filed is None:
            return self.form(pid, title, words=words, problem="often")
        return private(redirect(f"/h5/corrections/{filed.request.pid}", HTTPStatus.SEE_OTHER))

    def _file(self, pid: str, words: str, sealed: Sealed) -> Filed | None:
        """File a correction; None when too many come from there."""
        visitor = self._visitor()
        # Not the form of this session: then nobody answers for it.
        who = visitor.follower_id if visitor and sealed.is_of(visitor.session) else None
        if not self._gate.admits(_sender(who), sealed.key):
            return None
        draft = Draft(Kind.CORRECTION, words, who, pid, sealed.key, Channel.H5)
        with self._services.database.begin() as session:
            return service.file(session, draft, _doing(self._services))

    def _visitor(self) -> Visitor | None:
        return find_visitor(self._services, self._door, PURPOSE)

    def _session(self) -> str:
        visitor = self._visitor()
        return visitor.session if visitor else ""


def _sender(follower_id: int | None) -> str:
    if follower_id is not None:
        return f"follower {follower_id}"
    return network_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))


# -- one's own ---------------------------------------------------------------------------------


def _add_own(pages: Blueprint, services: Services) -> None:
    door = Door.of(services.settings)

    @pages.get(PAGE)
    @_known_from_chat(services, lambda: "进度")
    def mine(visitor: Visitor) -> ResponseReturnValue:
        with services.database.reads() as connection:
            requests = queries.of_follower(connection, visitor.follower_id, limit=LISTED)
            answered = [one.number for one in requests if one.answered_on]
            items = entries.items(connection, answered, today=clock.today())
        return render_template(
            "enquiries/h5/mine.html",
            requests=requests,
            items=items,
            scores=texts.SCORES,
            bound=wording.RATING_LENGTH,
            dates=texts.dates,
            promise=texts.promise,
            csrf=door.form_token(visitor),
        )

    @pages.post(f"{PAGE}/withdraw")
    @identified(services, PURPOSE)
    def withdraw(visitor: Visitor) -> ResponseReturnValue:
        numbers = rules.read_number(request.form.get("number", ""))
        try:
            with services.database.begin() as session:
                done = service.withdraw(session, visitor.follower_id, numbers, _doing(services))
        except ImpossibleMoveError:
            return redirect(PAGE, HTTPStatus.SEE_OTHER)  # the page says how it stands
        if done is None:
            abort(HTTPStatus.NOT_FOUND)
        return redirect(PAGE, HTTPStatus.SEE_OTHER)


def _add_rating(pages: Blueprint, services: Services) -> None:
    @pages.post(f"{PAGE}/rate")
    @identified(services, PURPOSE)
    def rate(visitor: Visitor) -> ResponseReturnValue:
        numbers = rules.read_number(request.form.get("number", ""))
        score = request.form.get("score", "")
        if score not in {str(each) for each in rules.RATINGS}:
            abort(HTTPStatus.BAD_REQUEST)
        opinion = Opinion(int(score), request.form.get("words", ""))
        try:
            with services.database.begin() as session:
                doing = _doing(services)
                done = service.rate(session, visitor.follower_id, numbers, opinion, doing)
        except NotRatableError:
            return redirect(PAGE, HTTPStatus.SEE_OTHER)  # the page says how it stands
        if done is None:
            abort(HTTPStatus.NOT_FOUND)
        return redirect(PAGE, HTTPStatus.SEE_OTHER)


def _add_asking(pages: Blueprint, services: Services) -> None:
    door = Door.of(services.settings)

    @pages.get(f"{PAGE}/new")
    @_known_from_chat(services, lambda: f"帮我查 {_asked_words() or '要查的词'}")
    def ask(visitor: Visitor) -> ResponseReturnValue:
        return _ask_form(door, visitor, words=_asked_words())

    @pages.post(f"{PAGE}/new")
    @identified(services, PURPOSE)
    def file_request(visitor: Visitor) -> ResponseReturnValue:
        words = wording.take_down(request.form.get("words", ""))
        problem = _problem(words, wording.SEARCH_LENGTH)
        if not problem and wording.is_private(words):
            problem = "private"
        if problem:
            return _ask_form(door, visitor, words=words, problem=problem)
        draft = Draft(Kind.SEARCH, words, visitor.follower_id, channel=Channel.H5)
        try:
            with services.database.begin() as session:
                service.file(session, draft, _doing(services))
        except TooManyOpenError:
            return _ask_form(door, visitor, words=words, problem="open")
        except FollowerGoneError:
            abort(HTTPStatus.NOT_FOUND)
        return redirect(PAGE, HTTPStatus.SEE_OTHER)


def _asked_words() -> str:
    return wording.take_down(request.args.get("words", ""))[: wording.SEARCH_LENGTH]


def _known_from_chat(
    services: Services, says: Callable[[], str]
) -> Callable[[Callable[[Visitor], ResponseReturnValue]], Callable[[], AnyResponse]]:
    """Let only a known follower in; where WeChat tells us nobody, say what to write in the chat.

    Args:
        services: whose door it is.
        says: the words that lead to the same thing there.
    """
    door = Door.of(services.settings)

    def decorate(view: Callable[[Visitor], ResponseReturnValue]) -> Callable[[], AnyResponse]:
        inside = identified(services, PURPOSE)(view)

        @wraps(view)
        def guarded() -> AnyResponse:
            if door.has_oauth or find_visitor(services, door, PURPOSE):
                return inside()
            page = render_template("enquiries/h5/door.html", says=says())
            return private((page, HTTPStatus.FORBIDDEN))

        return guarded

    return decorate


def _doing(services: Services) -> Doing:
    return Doing(READER, clock.now(), Terms.of(services.site))


def _problem(words: str, bound: int) -> str:
    if not wording.says_something(words):
        return "empty"
    return "long" if len(words) > bound else ""


def _ask_form(
    door: Door, visitor: Visitor, *, words: str = "", problem: str = ""
) -> ResponseReturnValue:
    # What is private is not even sent back: a page may be looked over one's shoulder.
    page = render_template(
        "enquiries/h5/ask.html",
        words="" if problem == "private" else words,
        problem=problem,
        bound=wording.SEARCH_LENGTH,
        csrf=door.form_token(visitor),
    )
    return page, HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
