"""Planning a season: its days and ten cards, until a second person releases or withdraws it.

Every change raises the season's `version`; whoever acts on a page that is out of date is refused.
Once released, a season is changed by `season_proposals`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wx_archive.core import ids, jobs, live
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live
from wx_archive.quiz import season_checks, seasons
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import CARDS, SeasonState
from wx_archive.quiz.season_checks import Place
from wx_archive.quiz.season_plans import CardWords, Plan, next_plan, plan_of
from wx_archive.staff.rules import Person

DRAW: Final = "quiz.draw_cards"
"""The job that draws the cards of a season anew."""
OPEN: Final = (SeasonState.DRAFT, SeasonState.WAITING)
"""In these its words are still written."""
STALE: Final = "这一页打开以后，别人改过这一季。请看过现在的样子再决定"


def find(session: Session, pid: str, *, is_locked: bool = False) -> Season | None:
    """Return a season, to be changed where it is locked; None where there is none."""
    wanted = select(Season).where(Season.pid == pid)
    if is_locked:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return session.scalars(wanted).one_or_none()


def cards_of(session: Session, season: Season) -> Sequence[CardKind]:
    """Return a season's cards, in order."""
    wanted = select(CardKind).where(CardKind.season_id == season.id).order_by(CardKind.ordinal)
    return session.scalars(wanted).all()


def themes_of(season: Season) -> tuple[str, ...]:
    """Return the slugs of a season's themes; none: all of them."""
    return tuple(json.loads(season.themes))


def current_plan(season: Season) -> Plan:
    """Return a season's plan as it stands."""
    return plan_of(season, themes_of(season))


def words_of(cards: Sequence[CardKind]) -> list[tuple[int, CardWords]]:
    """Return what cards say, with their ordinals."""
    return [(card.ordinal, CardWords.of(card)) for card in cards]


def add(session: Session, plan: Plan, *, by: str, now: datetime, pid: str = "") -> Season:
    """Begin a season: a draft without cards.

    Args:
        session: of the change.
        plan: without problems (`season_plans.plan_problems`).
        by: login of whoever writes it.
        now: the present instant.
        pid: its public id, where its form has chosen one (`season_once`).
    """
    season = Season(pid=pid or ids.random_pid(), state=SeasonState.DRAFT, made_by=by, made_at=now)
    set_plan(season, plan)
    session.add(season)
    session.flush()
    return season


def edit(session: Session, season: Season, plan: Plan, *, seen: int, by: str) -> None:
    """Change a season that is not released; one that waits goes back to its writers.

    Raises:
        RefusedError: it is released, or was changed meanwhile.
    """
    _write(season, seen=seen, by=by)
    set_plan(season, plan)
    session.flush()


def put_card(
    session: Session, season: Season, ordinal: int, words: CardWords, *, seen: int, by: str
) -> CardKind:
    """Write one of a season's cards, a new one or over the old one.

    Raises:
        RefusedError: the season is released, or was changed meanwhile.
    """
    _write(season, seen=seen, by=by)
    card = _card(session, season, ordinal) or CardKind(season_id=season.id, ordinal=ordinal)
    set_words(card, words)
    session.add(card)
    session.flush()
    return card


def remove_card(session: Session, season: Season, ordinal: int, *, seen: int, by: str) -> None:
    """Take a card out of a season that is not released; its place is empty then.

    Raises:
        RefusedError: the season is released, or was changed meanwhile.
    """
    _write(season, seen=seen, by=by)
    if card := _card(session, season, ordinal):
        session.delete(card)
    session.flush()


def swap_cards(session: Session, season: Season, ordinal: int, *, seen: int, by: str) -> None:
    """Let a card and the one after it change places; either may be missing.

    Raises:
        RefusedError: the season is released, or was changed meanwhile.
    """
    _write(season, seen=seen, by=by)
    if not 1 <= ordinal < CARDS:
        raise RefusedError("这张卡后面没有位置了")
    one, other = _card(session, season, ordinal), _card(session, season, ordinal + 1)
    kept = CardWords.of(one) if one else None
    for place, card, words in (
        (ordinal, one, CardWords.of(other) if other else None),
        (ordinal + 1, other, kept),
    ):
        if words is None:
            if card is not None:
                session.delete(card)
        else:
            set_words(card or _new_card(session, season, place), words)
    session.flush()


def copy(
    session: Session, season: Season, *, by: str, now: datetime, today: date, pid: str = ""
) -> Season:
    """Begin a season with the words and the ten cards of another, after all that are released."""
    last = session.scalar(
        select(func.max(Season.ends_on)).where(Season.state == SeasonState.RELEASED)
    )
    after = max(today, last) if last else today
    made = add(session, next_plan(current_plan(season), after=after), by=by, now=now, pid=pid)
    for ordinal, words in words_of(cards_of(session, season)):
        set_words(_new_card(session, made, ordinal), words)
    session.flush()
    return made


def submit(session: Session, season: Season, place: Place, *, seen: int, by: str) -> None:
    """Hand a draft to the second person.

    Raises:
        RefusedError: it is no draft, was changed meanwhile, or is not complete.
    """
    require(season, SeasonState.DRAFT, seen=seen)
    _require_complete(session, season, place)
    season.state, season.made_by, season.note = SeasonState.WAITING, by, ""
    season.version += 1
    session.flush()


def take_back(session: Session, season: Season, *, seen: int) -> None:
    """Take a season that waits back to write on.

    Raises:
        RefusedError: it does not wait any more, or was changed meanwhile.
    """
    require(season, SeasonState.WAITING, seen=seen)
    season.state = SeasonState.DRAFT
    season.version += 1
    session.flush()


def refuse(session: Session, season: Season, note: str, *, seen: int, person: Person) -> None:
    """Give a season that waits back to its writers.

    Raises:
        RefusedError: it does not wait any more, was changed meanwhile, or is the person's own.
    """
    require(season, SeasonState.WAITING, seen=seen)
    require_other(season.made_by, person)
    season.state, season.note = SeasonState.DRAFT, note
    season.version += 1
    session.flush()


def release(
    session: Session,
    season: Season,
    place: Place,
    *,
    seen: int,
    person: Person,
    now: datetime,
    known: Live | None = None,
) -> None:
    """Release a season: every process knows it within two seconds, its cards are drawn.

    Two that are released at once wait for each other: they never share a day.

    Raises:
        RefusedError: it does not wait any more, was changed meanwhile, is the person's own, or is
            not complete.
    """
    hold(session, season, known)
    require(season, SeasonState.WAITING, seen=seen)
    require_other(season.made_by, person)
    _require_complete(session, season, place)
    season.state, season.note = SeasonState.RELEASED, ""
    season.released_by, season.released_at = person.login, now
    season.version += 1
    have_drawn(session, season, now=now)


def withdraw(
    session: Session, season: Season, note: str, *, seen: int, known: Live | None = None
) -> None:
    """End a season before its time, or drop one that was never released; nothing is erased.

    Raises:
        RefusedError: it is withdrawn already, or was changed meanwhile.
    """
    hold(session, season, known)
    if season.version != seen:
        raise RefusedError(STALE)
    if season.state == SeasonState.WITHDRAWN:
        raise RefusedError("这一季已经撤销")
    season.state, season.note = SeasonState.WITHDRAWN, note
    season.proposal, season.proposed_by = "", ""
    season.version += 1
    session.flush()


def hold(session: Session, season: Season, known: Live | None) -> None:
    """Wait for whoever changes released seasons just now, then read this one anew, locked."""
    live.changed(session, seasons.LIVE, known)
    session.refresh(season, with_for_update=True)


def require(season: Season, state: SeasonState, *, seen: int) -> None:
    """Insist that a season stands as the page said that somebody acts on.

    Raises:
        RefusedError: it does not.
    """
    if season.state != state or season.version != seen:
        raise RefusedError(STALE)


def require_other(writer: str, person: Person) -> None:
    """Insist on a second person.

    Raises:
        RefusedError: it is the same one.
    """
    if writer == person.login:
        raise RefusedError("自己写的要由另一个人来放行")


def set_words(card: CardKind, words: CardWords) -> None:
    """Have a card say something; what was drawn of it says something else then."""
    for name, value in asdict(words).items():
        setattr(card, name, value)
    card.art_pid = None


def have_drawn(session: Session, season: Season, *, now: datetime) -> None:
    """Have the worker draw a season's cards as they stand now."""
    session.flush()
    words = [(ordinal, asdict(one)) for ordinal, one in words_of(cards_of(session, season))]
    # The version too: words that are changed and changed back are drawn anew each time.
    said = json.dumps([season.version, season.name, words], ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    jobs.enqueue(session, DRAW, {"season": season.id}, key=f"{DRAW}:{season.id}:{digest}", now=now)


def _require_complete(session: Session, season: Season, place: Place) -> None:
    cards = words_of(cards_of(session, season))
    found = season_checks.problems(place, season.id, current_plan(season), cards)
    if found:
        raise RefusedError("；".join(found))


def _write(season: Season, *, seen: int, by: str) -> None:
    if season.state == SeasonState.WITHDRAWN:
        raise RefusedError("这一季已经撤销，不能再改；可以照它抄一季新的")
    if season.state not in OPEN:
        raise RefusedError("这一季已经放行，改动要先提出，由别人同意")
    if season.version != seen:
        raise RefusedError(STALE)
    season.state, season.made_by = SeasonState.DRAFT, by
    season.version += 1


def set_plan(season: Season, plan: Plan) -> None:
    """Have a season follow a plan."""
    for name, value in asdict(plan).items():
        setattr(season, name, value)
    season.themes = json.dumps(list(plan.themes))


def _card(session: Session, season: Season, ordinal: int) -> CardKind | None:
    wanted = select(CardKind).where(CardKind.season_id == season.id, CardKind.ordinal == ordinal)
    return session.scalars(wanted).one_or_none()


def _new_card(session: Session, season: Season, ordinal: int) -> CardKind:
    card = CardKind(season_id=season.id, ordinal=ordinal)
    session.add(card)
    return card
