"""The pictures of cards: drawn, kept as assets of the house, held at WeChat."""

import io
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core import live
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live
from wx_archive.media import arrivals, fonts, forms, hosting
from wx_archive.media import service as media
from wx_archive.media.arrivals import Arrival
from wx_archive.media.models import HostedMedia
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.media.rules import TITLE_LENGTH, Form, HostedAs
from wx_archive.media.service import Held
from wx_archive.quiz import art, art_paper, card_queries, seasons
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.seasons import KnownCard
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

CREDIT: Final = "本馆绘制"
DRAWN_BY: Final = "clock"
SMALL_FORM: Final = "card1"
"""Part of its key; with another number it is made anew."""


class HasArt(Protocol):
    """A card that may be drawn, with the picture on it."""

    @property
    def art_pid(self) -> str | None:
        """The card as it was drawn."""

    @property
    def asset_pid(self) -> str | None:
        """The library's picture on it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card as it was drawn, and from what."""

    card: KnownCard
    season_name: str
    arrival: Arrival


def draw(
    database: Database, store: ObjectStore, season_id: int, *, font: Path | None
) -> Sequence[Drawn]:
    """Draw the cards of a season and store them; takes seconds: never inside a transaction.

    One that cannot be drawn (a character that no typeface has, a broken picture) is left out, and
    the others are drawn all the same; the console names it.

    Args:
        database: has the cards.
        store: where pictures come from and go to.
        season_id: whose cards.
        font: as settings name it.

    Raises:
        NoFontError: there is no typeface with Chinese characters.
    """
    with database.reads() as connection:
        found = card_queries.to_draw(connection, season_id)
        if found is None:
            return ()
        name, cards = found
        held = media.find(connection, [card.asset_pid for card in cards if card.asset_pid])
    drawn = []
    for card in cards:
        picture = _picture(store, held.get(card.asset_pid or ""))
        face = face_for(card, name, font)
        try:
            content = art.draw_card(card, name, picture, font=face)
        except (art.NoGlyphError, art_paper.BadPictureError) as err:
            log.warning(
                "quiz.card_not_drawable season=%d ordinal=%d cause=%s",
                season_id,
                card.ordinal,
                type(err).__name__,
            )
            continue
        arrival = arrivals.receive(store, io.BytesIO(content), name="card.jpg")
        drawn.append(Drawn(card, name, arrival))
    return drawn


def face_for(card: KnownCard, season_name: str, chosen: Path | None) -> Path:
    """Return the Kai face, or a serif one where it lacks a rare character of this card."""
    kai = fonts.find(chosen)
    if chosen is None and fonts.lacking(kai, art.words_of(card, season_name)):
        with suppress(fonts.NoFontError):
            return fonts.find(None, fonts.SERIF)
    return kai


def lacking(card: KnownCard, season_name: str, chosen: Path | None) -> str:
    """Return the characters of a card that its typeface lacks; empty where it can be drawn.

    Raises:
        NoFontError: there is no typeface with Chinese characters.
    """
    return fonts.lacking(face_for(card, season_name, chosen), art.words_of(card, season_name))


def _picture(store: ObjectStore, held: Held | None) -> bytes | None:
    if held is None:
        return None
    try:
        return forms.make(store, held, Form.PAGE)
    except (MissingObjectError, forms.NoSuchFormError, RefusedError):
        log.warning("quiz.card_picture_missing asset=%d", held.id)
        return None


def keep(
    session: Session, season_id: int, drawn: Sequence[Drawn], known: Live | None, *, now: datetime
) -> int:
    """Make what was drawn the cards' pictures; return how many are.

    A card whose words were changed while it was drawn keeps waiting: the change had it drawn anew.
    """
    live.changed(session, seasons.LIVE, known)
    name = session.scalars(
        select(Season.name).where(Season.id == season_id).with_for_update()
    ).one_or_none()
    kinds = session.scalars(select(CardKind).where(CardKind.season_id == season_id))
    standing = {kind.ordinal: kind for kind in kinds}
    kept = 0
    for one in drawn:
        kind = standing.get(one.card.ordinal)
        if kind is None or name != one.season_name or not _is_as_drawn(kind, one.card):
            continue
        pid = _enter(session, one, now)
        if pid is not None:
            kind.art_pid = pid
            kept += 1
    session.flush()
    return kept


def _is_as_drawn(kind: CardKind, card: KnownCard) -> bool:
    now = (kind.number, kind.title, kind.story, kind.source, kind.asset_pid)
    return now == (card.number, card.title, card.story, card.source, card.asset_pid)


def _enter(session: Session, drawn: Drawn, now: datetime) -> str | None:
    card = drawn.card
    alt = f"{drawn.season_name}第{art.NUMERALS[card.ordinal - 1]}张卡：{card.title}"
    described = media.Described(f"卡片：{card.title}"[:TITLE_LENGTH], alt, CREDIT)
    try:
        return media.enter(session, drawn.arrival, described, made_by=DRAWN_BY, now=now).pid
    except RefusedError:  # staff have withdrawn this very picture from the library
        log.warning("quiz.card_art_withdrawn ordinal=%d", card.ordinal)
        return None


def host(
    database: Database, store: ObjectStore, platform: Platform, held: Held, *, now: datetime
) -> str:
    """Return the media_id of a card's picture at WeChat, uploaded if need be; see `hosting.host`.

    It calls WeChat: never inside a transaction.
    """
    args = database, store, platform
    hosted = hosting.host(*args, held, Form.ORIGINAL, HostedAs.MATERIAL, now=now)
    return hosted.media_id


def art_of(connection: Connection, card: HasArt) -> Held | None:
    """Return a card as it was drawn; None where it is not, or shows what may be shown no more.

    It is drawn anew in a moment (`losses`); until then nobody sees it.
    """
    found = media.find(connection, [pid for pid in (card.art_pid, card.asset_pid) if pid])
    if card.asset_pid is not None and card.asset_pid not in found:
        return None
    return found.get(card.art_pid or "")


def unseen(connection: Connection, cards: Sequence[HasArt]) -> frozenset[str]:
    """Return which drawn cards' pictures nobody may see just now."""
    drawn = [card for card in cards if card.art_pid]
    asked = [pid for card in drawn for pid in (card.art_pid, card.asset_pid) if pid]
    found = media.find(connection, asked)
    return frozenset(
        card.art_pid
        for card in drawn
        if card.art_pid and not {card.art_pid, card.asset_pid or card.art_pid} <= found.keys()
    )


def hosted(connection: Connection, art_pid: str | None) -> str | None:
    """Return the media_id of a card's picture where WeChat has it already, else None.

    The newest one: a conversation does not know its account's number, and an installation that
    moves to another account has its cards uploaded there again.
    """
    held = media.find(connection, [art_pid]).get(art_pid) if art_pid else None
    if held is None:
        return None
    return connection.execute(
        select(HostedMedia.media_id)
        .where(
            HostedMedia.asset_id == held.id,
            HostedMedia.form == Form.ORIGINAL,
            HostedMedia.hosted_as == HostedAs.MATERIAL,
        )
        .order_by(HostedMedia.hosted_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def whole(store: ObjectStore, held: Held) -> bytes:
    """Return a card's picture.

    Raises:
        MissingObjectError: it is not in the store.
    """
    return forms.make(store, held, Form.ORIGINAL)


def small(store: ObjectStore, held: Held) -> bytes:
    """Return a card's picture as the album's page shows it: made once, then kept beside it.

    Raises:
        MissingObjectError: the whole one is not in the store.
    """
    key = f"{held.sha256}.{SMALL_FORM}"
    try:
        with store.open(key) as file:
            return file.read()
    except MissingObjectError:
        made = art.reduced(whole(store, held))
    store.put(key, io.BytesIO(made))
    return made
