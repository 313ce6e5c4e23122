"""Who gets a push, how many that are, and how many WeChat will not give another one."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.orm import Session

from tests.publishing.crowd import NOW, a_call, a_follower, a_push, many_followers
from tests.wechat.deliveries import settings_for
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.followers.models import Follower, SceneEntry
from wx_archive.publishing import audiences
from wx_archive.publishing.audiences import Audience, Counted, Segment
from wx_archive.publishing.push_models import Push, PushRecipient
from wx_archive.publishing.rules import AudienceKind, Delivery, HoldReason, PushState
from wx_archive.wechat.account import Entitlements

SERVICE = Entitlements.of(settings_for(wechat_account="service"))
SUBSCRIPTION = Entitlements.of(settings_for(wechat_account="subscription"))
ALL = Audience(AudienceKind.ALL)
HISTORY = Audience(AudienceKind.TAG, "history")
DAY = timedelta(days=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


def of(**conditions: object) -> Audience:
    return Audience(AudienceKind.LIST, segment=Segment(**conditions))  # type: ignore[arg-type]


def counted(
    session: Session,
    audience: Audience,
    *,
    now: datetime = NOW,
    account: Entitlements = SERVICE,
    besides: int | None = None,
) -> Counted:
    return audiences.count(
        session.connection(), audience, now=now, account=account, besides=besides
    )


def frozen(session: Session, audience: Audience) -> tuple[Push, dict[int, int]]:
    """Freeze a push for an audience; return each one's place."""
    push = a_push(
        session,
        audience=audience.kind,
        topic=audience.topic,
        segment=audience.segment,
        state=PushState.SCHEDULED,
    )
    audiences.freeze(session, push, now=NOW)
    return push, placed(session, push)


def placed(session: Session, push: Push) -> dict[int, int]:
    rows = session.execute(
        select(PushRecipient.follower_id, PushRecipient.place).where(
            PushRecipient.push_id == push.id
        )
    )
    return dict(rows.all())


def test_everybody_is_whoever_follows(session: Session) -> None:
    assert counted(session, ALL) == Counted(0, 0)
    a_follower(session, "oOne")
    a_follower(session, "oTwo")
    a_follower(session, "oGone", topics=["history"], follows=False)
    assert counted(session, ALL) == Counted(2, 0)
    assert counted(session, HISTORY) == Counted(0, 0)


def test_a_topics_followers_are_those_who_chose_it(session: Session) -> None:
    a_follower(session, "oOne", topics=["history", "city"])
    a_follower(session, "oTwo", topics=["city"])
    a_follower(session, "oNone")
    assert counted(session, HISTORY).total == 1
    assert counted(session, Audience(AudienceKind.TAG, "city")).total == 2


def test_one_of_the_topics_is_enough_and_counts_a_person_once(session: Session) -> None:
    a_follower(session, "oBoth", topics=["history", "city"])
    a_follower(session, "oCity", topics=["city"])
    a_follower(session, "oOther", topics=["documents"])
    assert counted(session, of(topics=("history", "city"))).total == 2


def test_a_code_counts_whenever_somebody_came_by_it(session: Session) -> None:
    a_follower(session, "oTwice", scenes=["hall", "hall", "poster"])
    a_follower(session, "oPoster", scenes=["poster"])
    a_follower(session, "oSearch", scenes=[""])
    assert counted(session, of(scene="hall")).total == 1
    assert counted(session, of(scene="poster")).total == 2
    assert counted(session, of(scene="")).total == 1


def test_active_people_were_here_within_the_days_to_the_second(session: Session) -> None:
    a_follower(session, "oJust", quiet_for=30 * DAY)
    a_follower(session, "oLate", quiet_for=30 * DAY + timedelta(seconds=1))
    assert counted(session, of(active_within_days=30)).total == 1
    assert counted(session, of(active_within_days=31)).total == 2


def test_conditions_of_a_segment_must_all_be_met(session: Session) -> None:
    a_follower(session, "oAll", topics=["city"], scenes=["hall"], quiet_for=DAY)
    a_follower(session, "oQuiet", topics=["city"], scenes=["hall"], quiet_for=9 * DAY)
    a_follower(session, "oTopic", scenes=["hall"], quiet_for=DAY)
    a_follower(session, "oScene", topics=["city"], quiet_for=DAY)
    a_follower(session, "oLeft", topics=["city"], scenes=["hall"], follows=False)
    assert counted(session, of(topics=("city",), scene="hall", active_within_days=7)).total == 1
    assert counted(session, of()).total == 4


def test_nobody_is_active_within_no_days() -> None:
    with pytest.raises(RefusedError, match="至少填 1 天"):
        Segment(active_within_days=0)


@pytest.mark.parametrize(
    "segment",
    [
        Segment(),
        Segment(topics=("history", "city")),
        Segment(scene="大厅", active_within_days=30),
        Segment(scene=""),
    ],
)
def test_a_segment_survives_being_kept(segment: Segment) -> None:
    assert Segment.from_json(segment.as_json()) == segment


def test_a_push_made_without_a_segment_has_an_empty_one() -> None:
    assert Audience.of(Push(audience="all", topic="", segment="{}")) == ALL


def test_four_sends_to_all_are_all_that_a_month_has(session: Session) -> None:
    a_follower(session, "oOne", topics=["history"])
    a_follower(session, "oTwo")
    for _ in range(3):
        a_push(session)
    assert counted(session, ALL) == Counted(2, 0)
    a_push(session)
    assert counted(session, ALL) == Counted(2, 2)
    assert counted(session, HISTORY) == Counted(1, 1)
    assert counted(session, HISTORY).reached == 0


def test_sends_to_a_topic_count_for_those_who_were_on_the_list(session: Session) -> None:
    one = a_follower(session, "oOne", topics=["history"])
    two = a_follower(session, "oTwo", topics=["history"])
    a_push(session)
    a_push(session)
    a_push(session, to=[one, two], audience=AudienceKind.TAG)
    a_push(session, to=[one], audience=AudienceKind.LIST)
    assert counted(session, ALL) == Counted(2, 1)
    assert counted(session, HISTORY).reached == 1


@pytest.mark.parametrize(
    ("state", "reason", "counts"),
    [
        (PushState.SCHEDULED, "", True),
        (PushState.SENDING, "", True),
        (PushState.SENT, "", True),
        (PushState.PARTLY, "", True),
        (PushState.HELD, HoldReason.UNKNOWN, True),
        (PushState.HELD, HoldReason.NO_REPORT, True),
        (PushState.HELD, HoldReason.MISSED, False),
        (PushState.PREPARING, "", False),
        (PushState.FAILED, "", False),
        (PushState.CANCELLED, "", False),
    ],
)
def test_what_was_sent_or_will_be_takes_a_place_and_what_failed_does_not(
    session: Session,
    state: PushState,
    reason: str,
    counts: bool,  # noqa: FBT001 -- pytest's way
) -> None:
    a_follower(session, "oOne")
    for _ in range(4):
        a_push(session, state=state, reason=reason)
    assert counted(session, ALL).over_quota == counts


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), False),
    ],
)
def test_the_month_is_shanghais_to_the_second(
    session: Session,
    at: datetime,
    counts: bool,  # noqa: FBT001 -- pytest's way
) -> None:
    a_follower(session, "oOne")
    for _ in range(4):
        a_push(session, at=at)
    assert counted(session, ALL).over_quota == counts


def test_decembers_places_are_decembers(session: Session) -> None:
    a_follower(session, "oOne")
    for _ in range(4):
        a_push(session, at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    new_year = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert counted(session, ALL, now=new_year - timedelta(minutes=1)).over_quota == 1
    assert counted(session, ALL, now=new_year).over_quota == 0


def test_what_does_not_ring_takes_no_place(session: Session) -> None:
    a_follower(session, "oOne")
    for delivery in (Delivery.PUBLISH, Delivery.DRAFT, Delivery.SITE, Delivery.PUBLISH):
        a_push(session, delivery=delivery)
    assert counted(session, ALL).over_quota == 0


def test_a_push_takes_no_place_from_itself(session: Session) -> None:
    a_follower(session, "oOne")
    for _ in range(3):
        a_push(session)
    own = a_push(session, state=PushState.SCHEDULED)
    assert counted(session, ALL).over_quota == 1
    assert counted(session, ALL, besides=own.id).over_quota == 0


def test_a_subscription_account_has_no_such_months(session: Session) -> None:
    a_follower(session, "oOne")
    for _ in range(5):
        a_push(session)
    assert counted(session, ALL, account=SUBSCRIPTION) == Counted(1, 0)


def test_the_list_of_a_topic_is_those_who_chose_it(session: Session) -> None:
    one = a_follower(session, "oOne", topics=["history"])
    a_follower(session, "oOther", topics=["city"])
    a_follower(session, "oGone", topics=["history"], follows=False)
    _push, places = frozen(session, HISTORY)
    assert places == {one: 0}


def test_a_push_to_all_has_no_list(session: Session) -> None:
    a_follower(session, "oOne")
    push, places = frozen(session, ALL)
    assert places == {}
    assert audiences.freeze(session, push, now=NOW) == 0


@pytest.mark.parametrize(
    ("people", "sizes"),
    [
        (2, [2]),
        (10_001, [5_000, 5_001]),
        (20_003, [6_667, 6_668, 6_668]),
    ],
)
def test_a_long_list_is_cut_into_as_few_calls_as_possible_all_of_a_size(
    session: Session, people: int, sizes: list[int]
) -> None:
    many_followers(session, people)
    push, places = frozen(session, of())
    assert sorted(Counter(places.values()).values()) == sizes
    numbers = audiences.places(session.connection(), push.id)
    assert numbers == tuple(range(len(sizes)))
    reached = [audiences.openids(session.connection(), push.id, one) for one in numbers]
    assert len({openid for part in reached for openid in part}) == people


@pytest.mark.parametrize("people", [0, 1])
def test_a_list_of_less_than_two_is_refused_in_words(session: Session, people: int) -> None:
    for number in range(people):
        a_follower(session, f"o{number}")
    with pytest.raises(RefusedError, match="一位也没有" if not people else "至少要 2 位"):
        frozen(session, of())


def test_a_topic_that_one_person_chose_is_sent_to_that_one(session: Session) -> None:
    a_follower(session, "oOne", topics=["history"])
    push, _places = frozen(session, HISTORY)
    assert audiences.freeze(session, push, now=NOW) == 1


def test_a_list_is_made_anew_until_the_first_call_and_stands_afterwards(session: Session) -> None:
    one, two = a_follower(session, "oOne"), a_follower(session, "oTwo")
    push, places = frozen(session, of())
    assert set(places) == {one, two}
    three = a_follower(session, "oThree")
    a_call(session, push, begun=False)
    assert audiences.freeze(session, push, now=NOW) == 3
    assert set(placed(session, push)) == {one, two, three}
    push.generation = 2
    a_call(session, push, begun=True)
    a_follower(session, "oFour")
    assert audiences.freeze(session, push, now=NOW) == 3
    push.generation = 3  # a person has decided to send it anew
    assert audiences.freeze(session, push, now=NOW) == 4


def test_whoever_left_since_is_not_sent_to(session: Session) -> None:
    one, _two = a_follower(session, "oOne"), a_follower(session, "oTwo")
    push, _places = frozen(session, of())
    session.execute(update(Follower).where(Follower.id == one).values(is_following=False))
    assert audiences.openids(session.connection(), push.id, 0) == ("oTwo",)


def test_whoever_is_erased_is_on_no_list(session: Session) -> None:
    one, two = a_follower(session, "oOne"), a_follower(session, "oTwo")
    push, _places = frozen(session, of())
    session.execute(delete(Follower).where(Follower.id == one))
    assert placed(session, push) == {two: 0}


def test_the_codes_are_offered_the_most_used_first(session: Session) -> None:
    a_follower(session, "oOne", scenes=["hall", "", "poster"])
    a_follower(session, "oTwo", scenes=["poster", ""])
    assert audiences.scenes(session.connection()) == ["poster", "hall"]
    assert audiences.scenes(session.connection(), limit=1) == ["poster"]


def test_a_count_is_one_statement(database: Database) -> None:
    with database.begin() as session:
        a_follower(session, "oOne", topics=["history"])
        a_push(session, audience=AudienceKind.TAG)
    seen: list[str] = []
    with database.reads() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: seen.append(given[2]))
        audiences.count(connection, HISTORY, now=NOW, account=SERVICE)
    assert len(seen) == 1


def test_a_crowd_is_counted_and_segmented_right(database: Database) -> None:
    with database.begin(unhurried=True) as session:
        ids = many_followers(session, 2_000)
        from_hall = [{"follower_id": one, "at": 1, "scene": "hall"} for one in ids[::4]]
        session.execute(insert(SceneEntry), from_hall)
        push = a_push(session, audience=AudienceKind.LIST, segment=Segment(scene="hall"))
        assert audiences.freeze(session, push, now=NOW) == 500
    with database.reads() as connection:
        sizes = [
            audiences.count(connection, one, now=NOW, account=SERVICE).total
            for one in (ALL, of(scene="hall"), of(active_within_days=30))
        ]
    assert sizes == [2_000, 500, 2_000]
