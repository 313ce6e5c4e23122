"""The play: a question dealt, an answer judged, a card earned; every row of it once.

The follower's row is locked by the turn, so that two messages of one follower come one after the
other; unique keys forbid what would be a second time all the same.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from wx_archive.core import clock, jobs
from wx_archive.core.database import insert_into
from wx_archive.core.ids import random_pid
from wx_archive.quiz import answers, drawing, rules, statements
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.models import Answer, Card, Complaint, Draw, Entry
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import Kind, Reason
from wx_archive.quiz.seasons import Known, KnownCard

log = logging.getLogger(__name__)

SHOW_CARD: Final = "quiz.show_card"
TOKEN_LENGTH: Final = 12
SEED_BITS: Final = 62


@dataclass(frozen=True, slots=True)
class Table:
    """At what somebody plays.

    Attributes:
        seasons: every released one: an old tap may belong to another than the one that is on.
        sure: reads both anew, for this process may not have heard of them yet; None where these
            are what the database has.
    """

    bank: Bank
    seasons: Sequence[Known]
    now: datetime
    sure: Callable[[], "Table"] | None = None

    @property
    def today(self) -> date:
        """The Shanghai day."""
        return clock.day_of(self.now)

    @property
    def season(self) -> Known | None:
        """The season that is on."""
        return next((one for one in self.seasons if one.is_on(self.today)), None)

    def still_on(self, season_id: int) -> Known | None:
        """Return a season; None once it is surely over."""
        for one in self.seasons:
            if one.id == season_id and one.is_on(self.today):
                return one
        return self.sure().still_on(season_id) if self.sure else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer.

    Attributes:
        order: of its options as shown.
        picked: letters tapped so far, as shown.
        is_changed: staff have changed or withdrawn what was shown before.
    """

    token: str
    place: int
    question: Question
    order: str
    picked: str = ""
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer that has been counted.

    Attributes:
        asked: what was asked.
        given: letters as in the bank, or what was typed; empty: shown without an answer.
        credit: right answers that count for cards by now.
        card: the card that this answer has earned.
        right_in_level: of the level that ends here; None in the middle of a level.
    """

    asked: Asked
    given: str
    is_right: bool
    credit: int
    season: Known
    card: KnownCard | None = None
    right_in_level: int | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """No question is dealt: the day's are answered, or all of the season's."""

    is_day: bool
    season: Known


@dataclass(frozen=True, slots=True)
class Answered:
    """This one was answered before, or lapsed (then `is_right` is None)."""

    is_right: bool | None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The words are no answer to what is open."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class NothingOpen:
    """Nothing waits for an answer."""


def deal(session: Session, follower_id: int, season: Known, table: Table) -> Asked | Over:
    """Return the question that is open, else the next one.

    Args:
        session: of the follower's turn.
        follower_id: who agreed to the play (`consents`).
        season: the one that is on.
        table: bank and day.
    """
    entry = _entry(session, follower_id, season, table.now)
    is_changed = False
    if entry.token is not None:
        asked = _still_open(session, entry, table)
        if asked is not None:
            return asked
        is_changed = True  # what was open has been withdrawn
    if entry.today >= season.daily_cap:
        return Over(is_day=True, season=season)
    connection = session.connection()
    drawn = connection.scalars(statements.DRAWN, {"entry": entry.id}).all()
    askable = table.bank.askable(season.themes, table.today)
    question = drawing.choose(askable, frozenset(drawn), seed=entry.seed)
    if question is None:
        return Over(is_day=False, season=season)
    asked = Asked(
        random_pid()[:TOKEN_LENGTH],
        len(drawn) + 1,
        question,
        drawing.order_of(question, seed=entry.seed),
        is_changed=is_changed,
    )
    row = {
        "token": asked.token,
        "entry_id": entry.id,
        "place": asked.place,
        "question_id": question.id,
        "question_hash": question.fingerprint,
        "order": asked.order,
        "picked": "",
        "drawn_at": table.now,
    }
    connection.execute(statements.DEAL, row)
    return asked


def answer(
    session: Session, follower_id: int, typed: str, table: Table, *, token: str | None = None
) -> Judged | Answered | Asked | NoAnswer | NothingOpen:
    """Judge an answer to the question that is open, or to the one of a link.

    Args:
        session: of the follower's turn.
        follower_id: whose.
        typed: words or letters; empty to be shown the answer, which counts as wrong. Words that
            do not fill a blank rightly count nothing.
        table: bank, seasons and moment.
        token: of the link that was tapped; None for typed words.

    Returns:
        `Asked` where the question has changed since it was shown.
    """
    found = _find(session, follower_id, token)
    if found is None:
        return NothingOpen()
    if found.closed_at is not None:
        return Answered(found.is_right)
    season, asked = table.still_on(found.season_id), _as_dealt(found, table)
    if season is None or asked is None:
        _close(session, found.id, table.now)
        return Answered(None)
    if found.question_hash != asked.question.fingerprint:
        return _deal_again(session, found, asked)
    given = answers.understand(asked.question, asked.order, typed) if typed else ""
    # A blank is not lost by words that may be meant for something else: one may try again.
    is_slip = (
        asked.question.kind is Kind.FILL and given and not answers.is_right(asked.question, given)
    )
    if given is None or is_slip:
        return NoAnswer(asked)
    return _count(session, found, asked, given, season, table)


def pick(
    session: Session, follower_id: int, letter: str, table: Table, *, token: str
) -> Asked | Answered | NothingOpen:
    """Add an option of a multiple choice to what is picked, or take it back."""
    found = _find(session, follower_id, token)
    if found is None:
        return NothingOpen()
    asked = _as_dealt(found, table)
    if found.closed_at is not None or asked is None:
        return Answered(found.is_right)
    if found.question_hash != asked.question.fingerprint:
        return _deal_again(session, found, asked)
    if letter in rules.LETTERS[: len(asked.order)]:
        picked = "".join(sorted(set(asked.picked) ^ {letter}))
        session.execute(update(Draw).where(Draw.id == found.id).values(picked=picked))
        asked = replace(asked, picked=picked)
    return asked


def complain(
    session: Session, follower_id: int, token: str, reason: Reason, *, now: datetime
) -> bool:
    """Note that somebody finds a question faulty; False where it was never dealt to them."""
    row = session.execute(
        select(Draw.id, Draw.question_id)
        .join(Entry, Entry.id == Draw.entry_id)
        .where(Draw.token == token, Entry.follower_id == follower_id)
    ).one_or_none()
    if row is None:
        return False
    noted = insert_into(session, Complaint).values(
        draw_id=row.id, question_id=row.question_id, reason=reason, made_at=now, settled_by=""
    )
    session.execute(noted.on_conflict_do_nothing(index_elements=["draw_id"]))
    return True


# -- the follower's part in the season ----------------------------------------------------------


def _entry(session: Session, follower_id: int, season: Known, now: datetime) -> Any:
    """Return the follower's part with its open draw, begun now if need be."""
    wanted = {"owner": follower_id, "season": season.id, "today": clock.day_of(now)}
    row = session.connection().execute(statements.PART, wanted).one_or_none()
    if row is None:
        _begin(session, follower_id, season, now)
        row = session.connection().execute(statements.PART, wanted).one()
    return row


def _begin(session: Session, follower_id: int, season: Known, now: datetime) -> None:
    """Begin a season: what was left over counts in it, what was open elsewhere lapses."""
    before = session.execute(
        select(Entry.id, Entry.carried, func.coalesce(func.max(Answer.right_no), 0).label("right"))
        .outerjoin(Answer, Answer.entry_id == Entry.id)
        .where(Entry.follower_id == follower_id)
        .group_by(Entry.id)
        .order_by(Entry.id.desc())
        .limit(1)
    ).one_or_none()
    carried = 0
    if before is not None:
        carried = rules.towards_next(before.carried + before.right)
        mine = select(Entry.id).where(Entry.follower_id == follower_id)
        session.execute(
            update(Draw)
            .where(Draw.entry_id.in_(mine), Draw.closed_at.is_(None))
            .values(closed_at=now)
            .execution_options(synchronize_session=False)
        )
    session.execute(
        insert(Entry).values(
            follower_id=follower_id,
            season_id=season.id,
            seed=secrets.randbits(SEED_BITS),
            carried=carried,
            begun_at=now,
        )
    )


# -- the draw that is meant ---------------------------------------------------------------------


def _find(session: Session, follower_id: int, token: str | None) -> Any:
    wanted: dict[str, object] = {"owner": follower_id}
    found = statements.OPEN
    if token is not None:
        wanted["wanted"], found = token, statements.BY_TOKEN
    return session.connection().execute(found, wanted).one_or_none()


def _as_dealt(found: Any, table: Table) -> Asked | None:
    """Return what was dealt, with the question as it stands; None once it is surely withdrawn."""
    question = table.bank.questions.get(found.question_id)
    if question is None or not question.may_be_asked(table.today):
        return _as_dealt(found, table.sure()) if table.sure else None
    return Asked(found.token, found.place, question, found.shown_order, found.picked)


def _still_open(session: Session, entry: Any, table: Table) -> Asked | None:
    """Return the open question; None, and closed, where it has been withdrawn."""
    asked = _as_dealt(entry, table)
    if asked is None:
        _close(session, entry.draw_id, table.now)
        return None
    if entry.question_hash != asked.question.fingerprint:
        return _deal_again(session, entry, asked)
    return asked


def _deal_again(session: Session, row: Any, asked: Asked) -> Asked:
    """Show a question anew that staff have changed: its letters may mean something else now."""
    again = replace(
        asked,
        order=drawing.order_of(asked.question, seed=row.seed),
        picked="",
        is_changed=True,
    )
    shown = {"question_hash": asked.question.fingerprint, "order": again.order, "picked": ""}
    session.execute(update(Draw).where(Draw.token == asked.token).values(shown))
    return again


def _close(session: Session, draw_id: int, now: datetime) -> None:
    session.connection().execute(statements.CLOSE, {"draw": draw_id, "moment": now})


# -- counting -----------------------------------------------------------------------------------


def _count(
    session: Session, found: Any, asked: Asked, given: str, season: Known, table: Table
) -> Judged:
    is_right = bool(given) and answers.is_right(asked.question, given)
    right = found.right + is_right
    _close(session, found.id, table.now)
    row = {
        "draw_id": found.id,
        "entry_id": found.entry_id,
        "answered_at": table.now,
        "day": table.today,
        "given": given,
        "is_right": is_right,
        "right_no": right if is_right else None,
    }
    answer_id: int = session.connection().execute(statements.COUNT, row).scalar_one()
    credit = found.carried + right
    ordinal = rules.card_at(credit) if is_right else None
    if ordinal is not None:
        _award(session, found.entry_id, ordinal, answer_id, table.now)
    return Judged(
        asked,
        given,
        is_right,
        credit,
        season,
        None if ordinal is None else season.card(ordinal),
        _right_in_level(session, found.entry_id, asked.place),
    )


def _award(session: Session, entry_id: int, ordinal: int, answer_id: int, now: datetime) -> None:
    """Give a card, in the commit of the answer that earned it; its picture follows by a job."""
    card_id = session.execute(
        insert(Card)
        .values(entry_id=entry_id, ordinal=ordinal, answer_id=answer_id, earned_at=now)
        .returning(Card.id)
    ).scalar_one()
    owner = session.scalars(select(Entry.follower_id).where(Entry.id == entry_id)).one()
    jobs.enqueue(
        session,
        SHOW_CARD,
        {"card": card_id},
        # With its moment: SQLite gives the number of one that was erased to another.
        key=f"{SHOW_CARD}:{card_id}:{now.timestamp():.0f}",
        now=now,
        follower_id=owner,
    )
    log.info("quiz.card_earned ordinal=%d", ordinal)


def _right_in_level(session: Session, entry_id: int, place: int) -> int | None:
    if place % rules.LEVEL:
        return None
    level = {"entry": entry_id, "after": place - rules.LEVEL, "last": place}
    found: int = session.connection().execute(statements.RIGHT_IN_LEVEL, level).scalar_one()
    return found
