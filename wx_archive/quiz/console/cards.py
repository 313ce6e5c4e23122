"""The ten cards of a season: written, given a picture of the library, looked at as drawn."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from flask import abort, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.media import forms
from wx_archive.media import pages as media_pages
from wx_archive.media import service as media
from wx_archive.media.objects import MissingObjectError, ObjectStore, open_objects
from wx_archive.media.rules import Form, MediaKind
from wx_archive.media.service import Held, Wanted
from wx_archive.quiz import art, entries, pictures, season_desk, season_proposals
from wx_archive.quiz.console import season_form, season_shown
from wx_archive.quiz.console.season_form import CardForm
from wx_archive.quiz.console.season_shown import ORDINALS, VIEWS, Shown, path_of
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import SeasonState
from wx_archive.quiz.season_plans import CardWords, changed, known_card
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PICK: Final = "picture"
BARE: Final = "bare"
"""What the other two buttons of the form do: go on to the library, or take the picture off."""
_CARD: Final = "/quiz/seasons/<pid>/cards/<int:ordinal>"


def add(pages: Pages) -> None:
    """Add the pages."""
    store = open_objects(pages.services.settings)
    _looking(pages, store)
    _writing(pages)
    _moving(pages)
    _picking(pages, store)


def _looking(pages: Pages, store: ObjectStore) -> None:
    @pages.get("/quiz/seasons/<pid>/cards", needs=Permission.QUIZ_READ)
    def quiz_cards(visit: Visit, pid: str) -> ResponseReturnValue:
        shown = season_shown.find(visit, pid)
        cards = [(n, words) for n in ORDINALS if (words := shown.words(n))]
        view = f"{VIEWS}/cards.html"
        undrawable = season_shown.undrawable(visit, shown)
        known = season_shown.words(visit)
        return visit.page(view, shown=shown, cards=cards, undrawable=undrawable, **known)

    @pages.get(f"{_CARD}/art", needs=Permission.QUIZ_READ)
    def quiz_card_art(visit: Visit, pid: str, ordinal: int) -> ResponseReturnValue:
        shown = season_shown.find(visit, pid)
        words = shown.words(ordinal)
        if words is None:
            abort(HTTPStatus.NOT_FOUND)
        if (drawn := _drawn(visit, shown, ordinal)) is not None:
            return media_pages.answer(store, drawn, Form.PAGE.value)
        known, name = known_card(ordinal, words), shown.plan.name
        font = pictures.face_for(known, name, visit.services.settings.font)
        picture = _picture(visit, store, words.asset_pid)
        return _jpeg(art.draw_card(known, name, picture, font=font))


def _drawn(visit: Visit, shown: Shown, ordinal: int) -> Held | None:
    """Return the card as the worker has drawn it; None where it is to say something else."""
    if shown.season.proposal:
        return None
    with visit.reads() as connection:
        return pictures.art_of(connection, shown.cards[ordinal])


def _picture(visit: Visit, store: ObjectStore, pid: str | None) -> bytes | None:
    if pid is None:
        return None
    with visit.reads() as connection:
        held = media.find(connection, [pid]).get(pid)
    try:
        return forms.make(store, held, Form.PAGE) if held else None
    except (MissingObjectError, RefusedError):  # the card shows its title instead
        return None


def _jpeg(drawn: bytes) -> Response:
    response = make_response(drawn)
    response.mimetype = "image/jpeg"
    response.headers["Cache-Control"] = media_pages.FRESHNESS
    response.headers["Content-Security-Policy"] = media_pages.POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _writing(pages: Pages) -> None:
    @pages.get(_CARD, needs=Permission.QUIZ_READ)
    def quiz_card(visit: Visit, pid: str, ordinal: int) -> ResponseReturnValue:
        season_shown.require_ordinal(ordinal)
        shown = season_shown.find(visit, pid)
        words = shown.words(ordinal)
        return _page(visit, shown, ordinal, CardForm(obj=words), words)

    @pages.post(_CARD, needs=Permission.QUIZ_EDIT, audit="season.card")
    def save_quiz_card(act: Act, pid: str, ordinal: int) -> ResponseReturnValue:
        season_shown.require_ordinal(ordinal)
        season, form = season_shown.locked(act, pid), CardForm(request.form)
        shown = season_shown.find(act, pid)
        before, do = shown.words(ordinal), request.form.get("do", "")
        words = form.words(before.asset_pid if before and do != BARE else None)
        if not form.accepts(words):
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return _page(act, shown, ordinal, form, before, status=status)
        was_out = season_shown.taken_back(season) if words != before else ""
        if words != before:
            _put(act, season, ordinal, words)
        _note(act, pid, ordinal, before, words)
        if do == PICK:
            return act.done(path_of(pid, "cards", ordinal, "picture"))
        said = "存好了；别人同意以前，读者看到的不变。" if _is_out(season) else f"存好了。{was_out}"
        return act.done(path_of(pid, "cards", ordinal), said)


def _put(act: Act, season: Season, ordinal: int, words: CardWords) -> None:
    """Write a card, or propose it where the season is released."""
    seen, by = season_form.seen(), act.person.login
    if not _is_out(season):
        season_desk.put_card(act.session, season, ordinal, words, seen=seen, by=by)
        return
    cards = {card.ordinal: card for card in season_desk.cards_of(act.session, season)}
    if ordinal not in cards:
        abort(HTTPStatus.NOT_FOUND)
    season_proposals.propose_card(act.session, season, cards[ordinal], words, seen=seen, by=by)


def _moving(pages: Pages) -> None:
    @pages.post(f"{_CARD}/later", needs=Permission.QUIZ_EDIT, audit="season.card")
    def move_quiz_card(act: Act, pid: str, ordinal: int) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        by, was_out = act.person.login, season_shown.taken_back(season)
        season_desk.swap_cards(act.session, season, ordinal, seen=season_form.seen(), by=by)
        act.note(_subject(pid, ordinal), before={"place": ordinal}, after={"place": ordinal + 1})
        return act.done(path_of(pid), f"第 {ordinal} 张和第 {ordinal + 1} 张换了位置。{was_out}")

    @pages.get(f"{_CARD}/remove", needs=Permission.QUIZ_EDIT)
    def ask_remove_quiz_card(visit: Visit, pid: str, ordinal: int) -> ResponseReturnValue:
        shown = season_shown.find(visit, pid)
        words = shown.words(ordinal)
        if words is None:
            abort(HTTPStatus.NOT_FOUND)
        if _is_out(shown.season):
            raise RefusedError("这一季已经放行，卡只能改正，不能去掉")
        view = f"{VIEWS}/card_remove.html"
        return visit.page(view, shown=shown, ordinal=ordinal, words=words)

    @pages.post(f"{_CARD}/remove", needs=Permission.QUIZ_EDIT, audit="season.card")
    def remove_quiz_card(act: Act, pid: str, ordinal: int) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        before = season_shown.find(act, pid).words(ordinal)
        by, was_out = act.person.login, season_shown.taken_back(season)
        season_desk.remove_card(act.session, season, ordinal, seen=season_form.seen(), by=by)
        _note(act, pid, ordinal, before, None)
        return act.done(path_of(pid), f"第 {ordinal} 张卡去掉了。{was_out}")


def _picking(pages: Pages, store: ObjectStore) -> None:
    @pages.get(f"{_CARD}/picture", needs=Permission.QUIZ_EDIT)
    def quiz_card_pictures(visit: Visit, pid: str, ordinal: int) -> ResponseReturnValue:
        shown = season_shown.find(visit, pid)
        if shown.words(ordinal) is None:
            raise RefusedError("先把这张卡的文字存下，再选图片")
        words = request.args.get("q", "").strip()[:60]
        before = max(0, min(request.args.get("before", 0, int), 2**62))
        with visit.reads() as connection:
            # A drawn card on a card would be a picture of itself.
            wanted = Wanted(MediaKind.IMAGE, words, before, not_by=pictures.DRAWN_BY)
            found = media.search(connection, wanted, limit=media.PAGE + 1)
        return visit.page(
            f"{VIEWS}/card_picture.html",
            shown=shown,
            ordinal=ordinal,
            words=words,
            rows=found[: media.PAGE],
            older=found[media.PAGE - 1].id if len(found) > media.PAGE else 0,
            is_first=not before,
            path=path_of(pid, "cards", ordinal),
        )

    @pages.post(f"{_CARD}/picture", needs=Permission.QUIZ_EDIT, audit="season.card")
    def pick_quiz_card_picture(act: Act, pid: str, ordinal: int) -> ResponseReturnValue:
        season = season_shown.locked(act, pid)
        before = season_shown.find(act, pid).words(ordinal)
        asset = request.form.get("asset", "")
        held = media.find(act.session.connection(), [asset]).get(asset)
        if before is None or held is None or held.kind is not MediaKind.IMAGE:
            abort(HTTPStatus.NOT_FOUND)
        after = replace(before, asset_pid=asset)
        was_out = season_shown.taken_back(season) if after != before else ""
        if after != before:
            _put(act, season, ordinal, after)
        _note(act, pid, ordinal, before, after)
        return act.done(path_of(pid, "cards", ordinal), f"图片换成了《{held.title}》。{was_out}")

    @pages.get("/quiz/pictures/<pid>", needs=Permission.QUIZ_READ)
    def quiz_picture(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            held = media.find(connection, [pid]).get(pid)
        if held is None or held.kind is not MediaKind.IMAGE:
            abort(HTTPStatus.NOT_FOUND)
        return media_pages.answer(store, held, Form.SQUARE.value)


def _page(
    visit: Visit,
    shown: Shown,
    ordinal: int,
    form: CardForm,
    words: CardWords | None,
    *,
    status: int = HTTPStatus.OK,
) -> Response:
    with visit.reads() as connection:
        number = form.entry.data or ""
        hit = entries.named(connection, number, today=visit.today) if number else None
        picture = _library(connection, words)
    return visit.page(
        f"{VIEWS}/card.html",
        status,
        shown=shown,
        season=shown.season,
        ordinal=ordinal,
        form=form,
        card=words,
        hit=hit,
        picture=picture,
        missing=season_shown.undrawable(visit, shown).get(ordinal, ""),
        may_edit=visit.person.may(Permission.QUIZ_EDIT) and shown.state != SeasonState.WITHDRAWN,
        path=path_of(shown.season.pid, "cards", ordinal),
        **season_shown.words(visit),
    )


def _library(connection: Connection, words: CardWords | None) -> Held | None:
    if words is None or words.asset_pid is None:
        return None
    return media.look_up(connection, words.asset_pid)


def _is_out(season: Season) -> bool:
    return season.state == SeasonState.RELEASED


def _subject(pid: str, ordinal: int) -> str:
    return f"season:{pid}/card:{ordinal}"


def _note(
    act: Act, pid: str, ordinal: int, before: CardWords | None, after: CardWords | None
) -> None:
    """Have it written down what a card said and says; none says nothing."""
    empty = CardWords("", "", "")
    old, new = before or empty, after or empty
    act.note(_subject(pid, ordinal), before=changed(new, old), after=changed(old, new))
