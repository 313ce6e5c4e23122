"""The quiz as pages: one's own album, the rules, the pictures of questions."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Concatenate, Final, ParamSpec

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from wx_archive.core import clock
from wx_archive.core.markdown import to_html
from wx_archive.core.services import Services
from wx_archive.core.text import written_day
from wx_archive.followers import consents
from wx_archive.followers.identity import Door, Visitor
from wx_archive.followers.pages import find_visitor, identified, private
from wx_archive.media.objects import MissingObjectError, ObjectStore, open_objects
from wx_archive.quiz import (
    album,
    bank_files,
    codes,
    entries,
    pictures,
    rules,
    seasons,
    voucher_queries,
)
from wx_archive.quiz.album import Album
from wx_archive.quiz.album_bot import PAGE, PURPOSE, RULES_PAGE
from wx_archive.quiz.art import NUMERALS
from wx_archive.quiz.bank import bank
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.seasons import Known, KnownCard
from wx_archive.staff import qr

P = ParamSpec("P")
View = Callable[Concatenate[Visitor, P], ResponseReturnValue]

CONSENT: Final = "quiz"
PICTURES_PAGE: Final = "/h5/quiz/pictures"
SMALL: Final = "small"
"""The size that the album's page shows; anything else is the whole card."""


def blueprint(services: Services) -> Blueprint:
    """Return the pages."""
    pages = Blueprint("quiz_h5", __name__, template_folder="templates")
    _add_album(pages, services)
    _add_card_pictures(pages, services)
    _add_rules(pages, services)
    _add_question_pictures(pages, services)
    return pages


# -- one's own ---------------------------------------------------------------------------------


def _add_album(pages: Blueprint, services: Services) -> None:
    @pages.get(PAGE)
    @_known_from_chat(services)
    def mine(visitor: Visitor) -> ResponseReturnValue:
        today = clock.today()
        with services.database.reads() as connection:
            found = album.of(
                connection,
                services.site,
                visitor.follower_id,
                today=today,
                season_pid=request.args.get("season", ""),
            )
            unseen = pictures.unseen(connection, found.earned) if found else frozenset()
        if found is None:
            return render_template("quiz/h5/none.html", rules_page=RULES_PAGE)
        return render_template(
            "quiz/h5/album.html",
            album=found,
            unseen=unseen,
            small=SMALL,
            rules_page=RULES_PAGE,
            numerals=NUMERALS,
            day=written_day,
            **_voucher(found, services),
        )

    @pages.get(f"{PAGE}/<int:ordinal>")
    @_known_from_chat(services)
    def one(visitor: Visitor, ordinal: int) -> ResponseReturnValue:
        season, card = _earned(services, visitor, ordinal)
        with services.database.reads() as connection:
            entry = entries.named(connection, card.entry, today=clock.today())
            is_drawn = pictures.art_of(connection, card) is not None
        return render_template(
            "quiz/h5/card.html",
            is_drawn=is_drawn,
            season=season,
            card=card,
            numeral=NUMERALS[card.ordinal - 1],
            entry=entry,
            entry_path=entries.path_of(entry) if entry else "",
            album_page=PAGE,
        )


def _voucher(found: Album, services: Services) -> dict[str, object]:
    """Return what the album's page says of the voucher."""
    today, own = clock.today(), found.voucher
    told: dict[str, object] = {"may_ask": found.may_ask(today), "standing": None, "handed": None}
    told["is_on"] = found.season.is_on(today)
    told["has_lapsed"] = own is not None and own.has_expired(today)
    voucher = own if found.has_voucher(today) else found.elsewhere
    if voucher is None:
        return told
    if voucher.state is VoucherState.REDEEMED and voucher.redeemed_at is not None:
        return told | {"handed": voucher, "handed_on": clock.day_of(voucher.redeemed_at)}
    return told | {
        "standing": voucher,
        "code": codes.printed(voucher.code),
        "qr": qr.draw(codes.address(services.site.origin, voucher.code)),
        "check": codes.desk_check(voucher.code, services.settings.secret()),
    }


def _add_card_pictures(pages: Blueprint, services: Services) -> None:
    door, store = Door.of(services.settings), open_objects(services.settings)

    @pages.get(f"{PAGE}/<int:ordinal>.jpg")
    def picture(ordinal: int) -> Response:
        visitor = find_visitor(services, door, PURPOSE)
        if visitor is None:  # not even whether there is such a card
            abort(HTTPStatus.NOT_FOUND)
        _season, card = _earned(services, visitor, ordinal)
        return _card_picture(services, store, card)


def _card_picture(services: Services, store: ObjectStore, card: KnownCard) -> Response:
    with services.database.reads() as connection:
        held = pictures.art_of(connection, card)
    if held is None:
        abort(HTTPStatus.NOT_FOUND)
    is_small = request.args.get("size") == SMALL
    try:
        content = pictures.small(store, held) if is_small else pictures.whole(store, held)
    except MissingObjectError:
        abort(HTTPStatus.NOT_FOUND)
    # Kept on the phone, but asked about every time: the cookie decides who sees it.
    answer = Response(content, mimetype="image/jpeg")
    answer.set_etag(f"{held.sha256}{'.small' if is_small else ''}")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request.environ)


def _earned(services: Services, visitor: Visitor, ordinal: int) -> tuple[Known, KnownCard]:
    """Return a card that the visitor has earned; any other ends here like one there never was."""
    with services.database.reads() as connection:
        found = album.earned_card(
            connection,
            services.site,
            visitor.follower_id,
            ordinal,
            today=clock.today(),
            season_pid=request.args.get("season", ""),
        )
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _known_from_chat(services: Services) -> Callable[[View[P]], Callable[P, Response]]:
    """Let only a known follower in; where WeChat tells us nobody, say what to write in the chat."""
    door = Door.of(services.settings)

    def decorate(view: View[P]) -> Callable[P, Response]:
        inside = identified(services, PURPOSE)(view)

        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            if door.has_oauth or find_visitor(services, door, PURPOSE):
                return inside(*args, **kwargs)
            return private((render_template("quiz/h5/door.html"), HTTPStatus.FORBIDDEN))

        return guarded

    return decorate


# -- for everybody -----------------------------------------------------------------------------


def _add_rules(pages: Blueprint, services: Services) -> None:
    consents.current_text(services.site, CONSENT)  # said at start, not to the first reader

    @pages.get(RULES_PAGE)
    def how_it_goes() -> str:
        today, site = clock.today(), services.site
        season = seasons.current(site, today)
        coming = seasons.upcoming(site, today)
        shown = season or coming or seasons.last_begun(site, today)
        with services.database.reads() as connection:
            offered = voucher_queries.offered(connection)
        return render_template(
            "quiz/h5/rules.html",
            season=shown,
            is_on=season is not None,
            is_over=shown is not None and shown.ends_on < today,
            own_words=to_html(shown.rules) if shown and shown.rules.strip() else "",
            coming=coming if coming is not shown else None,
            offered=[one for one in offered if one.left > 0],
            consent=consents.current_text(site, CONSENT),
            day=written_day,
            right=rules.RIGHT_FOR_CARD,
            pick_up_days=rules.PICK_UP_DAYS,
        )


def _add_question_pictures(pages: Blueprint, services: Services) -> None:
    folder = services.site.folder / bank_files.FOLDER / bank_files.PICTURES

    @pages.get(f"{PICTURES_PAGE}/<question_id>")
    def shown(question_id: str) -> str:
        question, _path = _with_picture(services, folder, question_id)
        return render_template(
            "quiz/h5/picture.html", question=question, address=f"{PICTURES_PAGE}/{question_id}.png"
        )

    @pages.get(f"{PICTURES_PAGE}/<question_id>.png")
    def question_file(question_id: str) -> Response:
        _question, path = _with_picture(services, folder, question_id)
        answer = Response(path.read_bytes(), mimetype="image/png")
        answer.add_etag()
        return answer.make_conditional(request.environ)


def _with_picture(services: Services, folder: Path, question_id: str) -> tuple[Question, Path]:
    """Return a question that may be asked by now and has a picture, with where that lies."""
    question = bank(services.site).questions.get(question_id)
    if question is None or not question.picture or clock.today() < question.since:
        abort(HTTPStatus.NOT_FOUND)
    path = folder / question.picture
    if path.parent != folder or not path.is_file():
        abort(HTTPStatus.NOT_FOUND)
    return question, path
