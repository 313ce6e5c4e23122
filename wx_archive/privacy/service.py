"""What 我的资料 tells: since when, which topics, which consents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.site import Site
from wx_archive.followers import consents, interests
from wx_archive.followers.consents import Standing
from wx_archive.followers.interests import Topic
from wx_archive.followers.models import Follower
from wx_archive.followers.service import hold


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic, and whether the follower wants news about it."""

    topic: Topic
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class AboutMe:
    """What is held about one follower, as far as it is told at a glance."""

    known_since: date
    is_following: bool
    choices: Sequence[Choice]
    consents: Sequence[Standing]

    @property
    def chosen(self) -> list[str]:
        """The names of the chosen topics."""
        return [choice.topic.name for choice in self.choices if choice.is_chosen]


def about(connection: Connection, site: Site, follower_id: int) -> AboutMe:
    """Return what is held about a follower."""
    row = connection.execute(
        select(Follower.first_seen_at, Follower.is_following).where(Follower.id == follower_id)
    ).one()
    return AboutMe(
        known_since=clock.day_of(row.first_seen_at),
        is_following=row.is_following,
        choices=choices(connection, site, follower_id),
        consents=consents.standing(connection, site, follower_id),
    )


@dataclass(frozen=True, slots=True)
class Hanging:
    """What hangs on a consent.

    Attributes:
        told: names what would end with it, in the citizen's words; empty if nothing would.
        end: ends it, in the transaction of the withdrawal.
    """

    told: Callable[[Connection, int], str]
    end: Callable[[Session, Site, int, datetime], None]


AfterWithdrawal = Mapping[str, Hanging]
"""By purpose: what ends with its consent."""


def withdraw_consent(
    session: Session,
    site: Site,
    follower_id: int,
    purpose: str,
    after: AfterWithdrawal,
    *,
    now: datetime,
) -> bool:
    """Withdraw a consent, and end what lives by it; False if none stood."""
    hold(session, follower_id)
    if not consents.withdraw(session, follower_id, purpose, now=now):
        return False
    if purpose in after:
        after[purpose].end(session, site, follower_id, now)
    return True


def choices(connection: Connection, site: Site, follower_id: int | None) -> Sequence[Choice]:
    """Return every topic with its mark; nobody we know yet has chosen none."""
    chosen = interests.chosen(connection, follower_id) if follower_id is not None else {}
    return [
        Choice(topic, is_chosen=slug in chosen) for slug, topic in interests.topics(site).items()
    ]
