"""Who gets a push: everybody who follows, those who chose a topic, or a list.

Only what people chose or did towards the account counts: topics they ticked themselves, the code
they came by, when they were last here. What somebody looked up or asked plays no part, here or
anywhere: that would be profiling (docs/sources.md#publishing).
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.followers.models import Follower, Interest, SceneEntry
from wx_archive.publishing import crowd
from wx_archive.publishing.push_models import Push, PushCall, PushRecipient
from wx_archive.publishing.rules import AudienceKind, Delivery, HoldReason, PushState
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import AccountType, limits

_SERVICE: Final = frozenset({AccountType.SERVICE_VERIFIED, AccountType.SERVICE_UNVERIFIED})
_COUNTS: Final = (PushState.SCHEDULED, PushState.SENDING, PushState.SENT, PushState.PARTLY)
_MAY_HAVE_GONE: Final = (HoldReason.UNKNOWN, HoldReason.NO_REPORT)


@dataclass(frozen=True, slots=True)
class Segment:
    """Conditions that a follower must all meet; an empty segment is everybody.

    Attributes:
        topics: slugs of interests: one of them is enough.
        scene: the code they once came by; None: however they came.
        active_within_days: they wrote or tapped within so many days.
    """

    topics: tuple[str, ...] = ()
    scene: str | None = None
    active_within_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse a time that nobody meets."""
        if self.active_within_days is not None and self.active_within_days < 1:
            raise RefusedError("“最近多少天来过”至少填 1 天")

    def as_json(self) -> str:
        """Return it as `Push.segment` keeps it; equal segments give equal text."""
        kept = {name: value for name, value in asdict(self).items() if value not in (None, ())}
        return json.dumps(kept, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what a push kept."""
        kept: dict[str, Any] = json.loads(text)
        return cls(**{**kept, "topics": tuple(kept.get("topics", ()))})


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to get a mass send.

    Attributes:
        topic: slug of an interest, for `TAG`.
        segment: for `LIST`.
    """

    kind: AudienceKind
    topic: str = ""
    segment: Segment = field(default_factory=Segment)

    @classmethod
    def of(cls, push: Push) -> Self:
        """Return a push's."""
        return cls(AudienceKind(push.audience), push.topic, Segment.from_json(push.segment))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many an audience is.

    Attributes:
        total: people.
        over_quota: those among them whom WeChat will not give another one this month.
    """

    total: int
    over_quota: int

    @property
    def reached(self) -> int:
        """How many will get it, as far as we know."""
        return self.total - self.over_quota


def count(
    connection: Connection,
    audience: Audience,
    *,
    now: datetime,
    account: Entitlements,
    besides: int | None = None,
) -> Counted:
    """Count an audience, in one statement; of all followers, as many as WeChat says there are.

    A service account's follower gets so many mass sends in a calendar month (Shanghai) and no
    more. One to all counts for everybody, sent or still to come; one to a topic or a list for
    those who are on its list (`freeze`). What staff sent at mp.weixin.qq.com we do not know of.

    Args:
        connection: reads here.
        audience: who.
        now: the moment of sending: its month is asked about.
        account: whose; a subscription account has no such limit.
        besides: id of a push that does not count: the one that is about to be sent.
    """
    counted = _count(connection, audience, now=now, account=account, besides=besides)
    said = crowd.told(connection, now=clock.now()) if audience.kind is AudienceKind.ALL else None
    if said is None or said.total <= counted.total:
        return counted
    # Those whom we do not know may have had no more than what went to everybody.
    is_full = counted.total == counted.over_quota > 0
    return Counted(said.total, said.total if is_full else counted.over_quota)


def _count(
    connection: Connection,
    audience: Audience,
    *,
    now: datetime,
    account: Entitlements,
    besides: int | None,
) -> Counted:
    people = _people(audience, now)
    if account.type not in _SERVICE:
        total = connection.execute(select(func.count()).select_from(people.subquery()))
        return Counted(int(total.scalar_one()), 0)
    month = _in_month(now, besides)
    to_all = select(func.count()).select_from(Push).where(month, Push.audience == AudienceKind.ALL)
    room = limits().mass_send.service_per_month - to_all.scalar_subquery()
    one = people.cte("people")
    had = (
        select(PushRecipient.follower_id)
        .join(Push, Push.id == PushRecipient.push_id)
        .where(month, Push.audience != AudienceKind.ALL)
        .group_by(PushRecipient.follower_id)
        .having(func.count() >= room)
    )
    if audience.kind is not AudienceKind.ALL:
        had = had.where(PushRecipient.follower_id.in_(select(one.c.id)))
    full = had.cte("full_already")
    is_over = or_(room <= 0, full.c.follower_id.is_not(None))
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(case((is_over, 1), else_=0)), 0))
        .select_from(one)
        .join(full, full.c.follower_id == one.c.id, isouter=True)
    ).one()
    return Counted(int(row[0]), int(row[1]))


def freeze(session: Session, push: Push, *, now: datetime) -> int:
    """Write down who is to get a push that goes to a topic or a list; return how many.

    Before the first call it may be done again, and the list is made anew; afterwards it stands.
    Each place of a list is one call: as few as possible, all of a size, so that none is left with
    a single person, whom WeChat would not send to.

    Raises:
        RefusedError: there is nobody, or too few for a list.
    """
    audience = Audience.of(push)
    if audience.kind is AudienceKind.ALL:
        return 0
    if not _has_begun(session, push):
        session.execute(delete(PushRecipient).where(PushRecipient.push_id == push.id))
        chosen = _placed(audience, now, push.id)
        columns = ["push_id", "follower_id", "place"]
        session.execute(insert(PushRecipient).from_select(columns, chosen))
    frozen = session.execute(
        select(func.count()).select_from(PushRecipient).where(PushRecipient.push_id == push.id)
    ).scalar_one()
    least = limits().mass_send.list_least if audience.kind is AudienceKind.LIST else 1
    if frozen < least:
        raise RefusedError(
            f"这次要发给的人现在只有 {frozen} 位，按名单群发至少要 {least} 位。请把条件放宽一些"
            if frozen
            else "这次要发给的人现在一位也没有。请换一个主题，或者把条件放宽一些"
        )
    return int(frozen)


def places(connection: Connection, push_id: int) -> tuple[int, ...]:
    """Return the places of a push's list, each of them one call, in order."""
    rows = connection.scalars(
        select(PushRecipient.place)
        .where(PushRecipient.push_id == push_id)
        .distinct()
        .order_by(PushRecipient.place)
    )
    return tuple(rows)


def openids(connection: Connection, push_id: int, place: int) -> tuple[str, ...]:
    """Return whom a call sends to: those on its list who have not left meanwhile."""
    rows = connection.scalars(
        select(Follower.openid)
        .join(PushRecipient, PushRecipient.follower_id == Follower.id)
        .where(
            PushRecipient.push_id == push_id,
            PushRecipient.place == place,
            Follower.is_following.is_(True),
        )
        .order_by(Follower.id)
    )
    return tuple(rows)


def scenes(connection: Connection, *, limit: int = 100) -> list[str]:
    """Return the codes that people came by, the most used first, for the form."""
    rows = connection.scalars(
        select(SceneEntry.scene)
        .where(SceneEntry.scene != "")
        .group_by(SceneEntry.scene)
        .order_by(func.count().desc(), SceneEntry.scene)
        .limit(limit)
    )
    return list(rows)


def _people(audience: Audience, now: datetime) -> Select[Any]:
    """Return the ids of an audience; only of those who follow."""
    conditions: list[ColumnElement[bool]] = []
    match audience.kind:
        case AudienceKind.ALL:
            pass
        case AudienceKind.TAG:
            conditions = [_chose((audience.topic,))]
        case AudienceKind.LIST:
            conditions = _meets(audience.segment, now)
    return select(Follower.id).where(Follower.is_following.is_(True), *conditions)


def _meets(segment: Segment, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if segment.topics:
        conditions.append(_chose(segment.topics))
    if segment.scene is not None:
        came = select(SceneEntry.follower_id).where(SceneEntry.scene == segment.scene)
        conditions.append(Follower.id.in_(came))
    if segment.active_within_days is not None:
        since = now - timedelta(days=segment.active_within_days)
        conditions.append(Follower.last_seen_at >= since)
    return conditions


def _chose(topics: tuple[str, ...]) -> ColumnElement[bool]:
    return Follower.id.in_(select(Interest.follower_id).where(Interest.topic.in_(topics)))


def _placed(audience: Audience, now: datetime, push_id: int) -> Select[Any]:
    """Return the rows of a push's list: n people in k calls, none larger than the next by two."""
    people = _people(audience, now).subquery()
    place: ColumnElement[int] = literal(0, Integer)
    if audience.kind is AudienceKind.LIST:
        every = func.count().over()
        most = limits().mass_send.list_most
        turn = func.row_number().over(order_by=people.c.id) - 1
        place = type_coerce((turn * ((every + most - 1) // most)) // every, Integer)
    return select(literal(push_id), people.c.id, place)


def _has_begun(session: Session, push: Push) -> bool:
    begun = select(PushCall.id).where(
        PushCall.push_id == push.id,
        PushCall.generation == push.generation,
        PushCall.first_called_at.is_not(None),
    )
    return session.scalars(begun.limit(1)).first() is not None


def _in_month(now: datetime, besides: int | None) -> ColumnElement[bool]:
    """Tell of a push whether it takes one of the month's places of those it goes to."""
    first = now.astimezone(clock.SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + timedelta(days=32)).replace(day=1)
    at = func.coalesce(Push.sent_at, Push.begun_at, Push.due_at)
    is_held = and_(Push.state == PushState.HELD, Push.reason.in_(_MAY_HAVE_GONE))
    return and_(
        Push.delivery == Delivery.MASS,
        or_(Push.state.in_(_COUNTS), is_held),
        at >= first.astimezone(UTC),
        at < after.astimezone(UTC),
        Push.id != besides if besides is not None else literal(value=True),
    )
