"""A crowd of followers with topics, codes and last visits, and pushes that some of them got."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from wx_archive.followers.models import Follower, Interest, SceneEntry
from wx_archive.publishing.audiences import Segment
from wx_archive.publishing.push_models import Push, PushCall, PushRecipient
from wx_archive.publishing.rules import AudienceKind, CallState, Delivery, PushState

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
"""The 25th, ten in the morning in Shanghai."""
_NUMBERS = itertools.count(1)


def a_follower(
    session: Session,
    openid: str,
    *,
    topics: Iterable[str] = (),
    scenes: Iterable[str] = (),
    follows: bool = True,
    quiet_for: timedelta = timedelta(0),
    left_at: int = 0,
) -> int:
    """Add a follower; return their id."""
    person = Follower(
        openid=openid,
        is_following=follows,
        changed_at=1,
        left_at=left_at,
        first_seen_at=NOW - timedelta(days=400),
        last_seen_at=NOW - quiet_for,
    )
    session.add(person)
    session.flush()
    for topic in topics:
        session.add(Interest(follower_id=person.id, topic=topic, since=NOW))
    for at, scene in enumerate(scenes):
        session.add(SceneEntry(follower_id=person.id, at=at + 1, scene=scene))
    session.flush()
    return person.id


def many_followers(session: Session, count: int, *, topic: str = "") -> Sequence[int]:
    """Add so many followers, all with one topic if it is given; return their ids."""
    rows = [
        {
            "openid": f"oMany{number:06d}",
            "is_following": True,
            "changed_at": 1,
            "left_at": 0,
            "first_seen_at": NOW,
            "last_seen_at": NOW,
        }
        for number in range(count)
    ]
    session.execute(insert(Follower), rows)
    ids = session.scalars(select(Follower.id).where(Follower.openid.like("oMany%"))).all()
    if topic:
        chosen = [{"follower_id": one, "topic": topic, "since": NOW} for one in ids]
        session.execute(insert(Interest), chosen)
    return ids


def a_push(
    session: Session,
    *,
    to: Iterable[int] = (),
    audience: AudienceKind = AudienceKind.ALL,
    state: PushState = PushState.SENT,
    at: datetime = NOW - timedelta(days=1),
    delivery: Delivery = Delivery.MASS,
    reason: str = "",
    topic: str = "",
    segment: Segment | None = None,
) -> Push:
    """Add a push that was sent (or is due) at ``at``."""
    is_waiting = state in (PushState.SCHEDULED, PushState.PREPARING, PushState.CANCELLED)
    push = Push(
        pid=f"push{next(_NUMBERS)}",
        state=state,
        reason=reason,
        delivery=delivery,
        audience=audience,
        topic=topic,
        segment=(segment or Segment()).as_json(),
        due_at=at,
        sent_at=None if is_waiting else at,
        made_by="editor",
        made_at=NOW,
        changed_at=NOW,
    )
    session.add(push)
    session.flush()
    for follower_id in to:
        session.add(PushRecipient(push_id=push.id, follower_id=follower_id, place=0))
    session.flush()
    return push


def a_call(session: Session, push: Push, *, begun: bool) -> None:
    """Add a call of a push."""
    session.add(
        PushCall(
            push_id=push.id,
            place=0,
            generation=push.generation,
            client_msg_id=f"{push.pid}-{push.generation}",
            state=CallState.CALLING if begun else CallState.READY,
            first_called_at=NOW if begun else None,
        )
    )
    session.flush()
