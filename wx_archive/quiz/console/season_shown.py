"""A season as its pages show it: found, worded, judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import abort
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wx_archive.core import ids
from wx_archive.core.markdown import to_html
from wx_archive.core.text import written_day
from wx_archive.media.fonts import NoFontError
from wx_archive.quiz import (
    bank,
    pictures,
    season_checks,
    season_desk,
    season_list,
    season_proposals,
)
from wx_archive.quiz.bank_files import Theme
from wx_archive.quiz.console import season_texts as texts
from wx_archive.quiz.console.season_form import NoteForm
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import CARDS, SEASON_STATES, SeasonState
from wx_archive.quiz.season_checks import Place
from wx_archive.quiz.season_plans import CardWords, Plan, known_card
from wx_archive.staff.models import AuditEntry, Member
from wx_archive.staff.pages import Act, Visit

LIST: Final = "/console/quiz/seasons"
VIEWS: Final = "quiz/console"
ORDINALS: Final = tuple(range(1, CARDS + 1))


@dataclass(frozen=True, slots=True)
class Shown:
    """A season with its cards, read whole.

    Attributes:
        cards: as they stand, by ordinal.
    """

    season: Season
    cards: Mapping[int, CardKind]

    @property
    def path(self) -> str:
        """The address of its page."""
        return path_of(self.season.pid)

    @property
    def state(self) -> SeasonState:
        """How it stands."""
        return SeasonState(self.season.state)

    @property
    def in_order(self) -> Sequence[CardKind]:
        """Its cards, in order."""
        return tuple(self.cards.values())

    @property
    def plan(self) -> Plan:
        """Its days and words, as proposed where something is."""
        return season_proposals.read(self.season, self.in_order).plan

    @property
    def proposed(self) -> Mapping[int, CardWords]:
        """The cards that would change, as they would be."""
        return season_proposals.read(self.season, self.in_order).cards

    def words(self, ordinal: int) -> CardWords | None:
        """Return what a card says, as proposed where it is; None where there is none yet."""
        if ordinal in self.proposed:
            return self.proposed[ordinal]
        return CardWords.of(self.cards[ordinal]) if ordinal in self.cards else None


def path_of(pid: str, *below: str | int) -> str:
    """Return the address of a season's page, or of one below it."""
    return "/".join((LIST, pid, *map(str, below)))


def find(visit: Visit, pid: str) -> Shown:
    """Return the season of a page's address; 404 where there is none."""
    with visit.reads() as connection, Session(bind=connection, expire_on_commit=False) as session:
        season = season_desk.find(session, pid)
        if season is None:
            abort(HTTPStatus.NOT_FOUND)
        cards = season_desk.cards_of(session, season)
        session.expunge_all()
    return Shown(season, {card.ordinal: card for card in cards})


def locked(act: Act, pid: str) -> Season:
    """Return the season that is to be changed, locked; 404 where there is none."""
    season = season_desk.find(act.session, pid, is_locked=True)
    if season is None:
        abort(HTTPStatus.NOT_FOUND)
    return season


def held_last(act: Act, pid: str) -> Season:
    """Return the season that is to be changed for readers; 404 where there is none.

    Not locked yet: `season_desk.hold` does that, after whatever all changes of seasons wait for.
    """
    season = season_desk.find(act.session, pid)
    if season is None:
        abort(HTTPStatus.NOT_FOUND)
    return season


def taken_back(season: Season) -> str:
    """Return what to add where a change takes a season back from the second person."""
    is_waiting = season.state == SeasonState.WAITING
    return "这一季正等放行，已拿回成草稿，改好请再交。" if is_waiting else ""


def require_ordinal(ordinal: int) -> None:
    """End with 404 where no card has this number."""
    if ordinal not in ORDINALS:
        abort(HTTPStatus.NOT_FOUND)


def place(visit: Visit, connection: Connection) -> Place:
    """Return what seasons are judged by."""
    font = visit.services.settings.font
    return Place(connection, bank.bank(visit.services.site), visit.today, font)


def themes(visit: Visit) -> Mapping[str, Theme]:
    """Return the bank's themes."""
    return bank.bank(visit.services.site).themes


def undrawable(visit: Visit, shown: Shown) -> Mapping[int, str]:
    """Return which cards cannot be drawn as they are written, and why."""
    name, font = shown.plan.name, visit.services.settings.font
    told = {n: _unfit(n, words, name, font) for n in ORDINALS if (words := shown.words(n))}
    return {ordinal: why for ordinal, why in told.items() if why}


def _unfit(ordinal: int, words: CardWords, name: str, font: Path | None) -> str:
    try:
        lacking = pictures.lacking(known_card(ordinal, words), name, font)
    except NoFontError as err:
        return str(err)
    return f"卡面的字体里没有这几个字：{lacking}。请换一种写法" if lacking else ""


def words(visit: Visit) -> dict[str, Any]:
    """Return what every page of seasons needs to word things."""
    return {
        "names": names(visit),
        "states": SEASON_STATES,
        "marks": texts.MARKS,
        "fields": texts.FIELDS,
        "day": written_day,
        "moment": texts.moment,
        "State": SeasonState,
        "ordinals": ORDINALS,
    }


def names(visit: Visit) -> dict[str, str]:
    """Return what colleagues call each other, by login."""
    with visit.reads() as connection:
        rows = connection.execute(select(Member.login, Member.name))
        return {row[0]: row[1] for row in rows}


def judged(visit: Visit, shown: Shown) -> dict[str, Any]:
    """Return what keeps a season from being released, and what is worth a second look."""
    with visit.reads() as connection:
        by = place(visit, connection)
        cards = [(n, words) for n in ORDINALS if (words := shown.words(n))]
        is_open = shown.state in season_desk.OPEN
        found = season_checks.problems(by, shown.season.id, shown.plan, cards)
        return {
            "questions": season_checks.questions(by, season_desk.current_plan(shown.season)),
            "problems": found if is_open else [],
            "warnings": season_checks.warnings(by, shown.plan, cards),
        }


def _ended(visit: Visit, shown: Shown) -> AuditEntry | None:
    """Return who withdrew a season or dropped it, and when; None for one that goes on."""
    if shown.state != SeasonState.WITHDRAWN:
        return None
    wanted = (
        select(AuditEntry)
        .where(
            AuditEntry.subject == f"season:{shown.season.pid}",
            AuditEntry.action.in_(("season.withdraw", "season.drop")),
        )
        .order_by(AuditEntry.number.desc())
        .limit(1)
    )
    with visit.reads() as connection, Session(bind=connection, expire_on_commit=False) as session:
        found = session.scalars(wanted).one_or_none()
        session.expunge_all()
    return found


def page(visit: Visit, shown: Shown, *, status: int = HTTPStatus.OK, **more: Any) -> Response:
    """Return a season's page."""
    season = shown.season
    with visit.reads() as connection:
        involved = season_list.involved(connection, season.id)
    known_themes = themes(visit)
    slugs = season_desk.themes_of(season)
    return visit.page(
        f"{VIEWS}/season.html",
        status,
        shown=shown,
        season=season,
        changes=season_proposals.changes(season, shown.in_order),
        involved=involved,
        own_plan=season_desk.current_plan(season),
        theme_names=[known_themes[one].name if one in known_themes else one for one in slugs],
        rules=to_html(season.rules),
        key=ids.random_pid(),
        undrawable=undrawable(visit, shown),
        ended=_ended(visit, shown),
        is_refused=season_proposals.is_refused(season),
        refuse_form=more.pop("refuse_form", NoteForm()),
        **judged(visit, shown),
        **words(visit),
        **more,
    )
