"""The quota's ledger: never above the limit, always the sum of its pushes."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.publishing.pushing import SERVICE, SUBSCRIPTION, a_push
from wx_archive.core.database import Database
from wx_archive.publishing import ledger, plans
from wx_archive.publishing.ledger import NoPlaceError
from wx_archive.publishing.push_models import Push, SendPeriod
from wx_archive.publishing.rules import AudienceKind, Delivery

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
SCOPES = ("day:2026-11-25", "day:2026-11-26", "month:2026-11", "month:2026-12", "")


@pytest.mark.parametrize(
    ("delivery", "audience", "subscription", "service"),
    [
        (Delivery.MASS, AudienceKind.ALL, ("day:2026-11-26",), ("month:2026-11",)),
        (Delivery.MASS, AudienceKind.TAG, ("day:2026-11-26",), ()),
        (Delivery.MASS, AudienceKind.LIST, ("day:2026-11-26",), ()),
        (Delivery.PUBLISH, AudienceKind.ALL, (), ()),
        (Delivery.DRAFT, AudienceKind.ALL, (), ()),
        (Delivery.SITE, AudienceKind.ALL, (), ()),
    ],
)
def test_the_period_goes_by_account_delivery_and_the_shanghai_day(
    delivery: Delivery,
    audience: AudienceKind,
    subscription: tuple[str, ...],
    service: tuple[str, ...],
) -> None:
    late = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    assert ledger.scopes_for(SUBSCRIPTION, late, delivery, audience) == subscription
    assert ledger.scopes_for(SERVICE, late, delivery, audience) == service


def test_a_period_is_named_as_people_say_it() -> None:
    assert ledger.period_name("day:2026-11-05") == "11月5日"
    assert ledger.period_name("month:2026-03") == "2026年3月"
    assert (ledger.limit_of("day:2026-11-05"), ledger.limit_of("month:2026-03")) == (1, 4)


def test_reserving_using_and_freeing_are_done_once(database: Database) -> None:
    scope = "month:2026-11"
    with database.begin() as session:
        push = a_push(session, now=NOON)
        for _ in range(2):
            ledger.reserve(session, push, (scope,))
        assert numbers(session, scope) == (1, 0)
        for _ in range(2):
            ledger.use(session, push)
            push.sent_at = NOON
        assert numbers(session, scope) == (0, 1)
        for _ in range(2):
            ledger.free(session, push)
        assert numbers(session, scope) == (0, 0)


def test_moving_to_a_full_day_keeps_the_old_place(database: Database) -> None:
    with database.begin() as session:
        first, second = a_push(session, now=NOON), a_push(session, now=NOON)
        ledger.reserve(session, first, ("day:2026-11-25",))
        ledger.reserve(session, second, ("day:2026-11-26",))
        with pytest.raises(NoPlaceError) as refused:
            ledger.reserve(session, second, ("day:2026-11-25",))
        assert refused.value.standing.holders == (first.pid,)
        assert second.scope == "day:2026-11-26"
        assert numbers(session, "day:2026-11-26") == (1, 0)
        ledger.reserve(session, second, ("day:2026-11-27",))
        assert numbers(session, "day:2026-11-26") == (0, 0)


def test_many_at_once_get_as_many_places_as_there_are(database: Database) -> None:
    with database.begin() as session:
        ids = [a_push(session, now=NOON).id for _ in range(12)]
    refused: list[int] = []

    def reserve(push_id: int) -> None:
        try:
            with database.begin() as session:
                push = plans.locked_by_id(session, push_id)
                assert push is not None
                ledger.reserve(session, push, ("month:2026-11",))
        except NoPlaceError:
            refused.append(push_id)

    threads = [threading.Thread(target=reserve, args=(push_id,)) for push_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 8
    with database.reads() as connection:
        standing = ledger.standing(connection, "month:2026-11")
        assert (standing.reserved, standing.left, len(standing.holders)) == (4, 0, 4)


Act = tuple[str, int, str]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "use", "free"]),
        st.integers(0, 5),
        st.sampled_from(SCOPES),
    ),
    max_size=40,
)


@settings(
    max_examples=25,
    deadline=timedelta(seconds=5),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS)
def test_the_sums_are_those_of_the_pushes_and_never_above_the_limit(
    sqlite_url: str, acts: list[Act]
) -> None:
    database = Database(sqlite_url)
    with Session(database.engine) as session:  # rolled back: the next example begins anew
        pushes = [a_push(session, now=NOON) for _ in range(6)]
        for act, number, scope in acts:
            push = pushes[number]
            if act == "free":
                ledger.free(session, push)
            elif act == "use" and push.scope:
                ledger.use(session, push)
                push.sent_at = NOON
            elif act == "reserve" and push.sent_at is None:
                with suppress(NoPlaceError):
                    ledger.reserve(session, push, (scope,) if scope else ())
            check(session)
        session.rollback()
    database.dispose()


def check(session: Session) -> None:
    session.flush()
    for row in session.execute(select(SendPeriod.scope, SendPeriod.reserved, SendPeriod.used)):
        assert row.reserved + row.used <= ledger.limit_of(row.scope)
        of_this = select(func.count()).where(Push.scope == row.scope)
        used = session.scalars(of_this.where(Push.sent_at.is_not(None))).one()
        reserved = session.scalars(of_this.where(Push.sent_at.is_(None))).one()
        assert (row.reserved, row.used) == (reserved, used)


def numbers(session: Session, scope: str) -> tuple[int, int]:
    standing = ledger.standing(session.connection(), scope)
    return standing.reserved, standing.used
