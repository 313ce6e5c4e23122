"""Arriving, leaving, being seen: the newest event decides, whatever arrives late."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tests.wechat.deliveries import NOW, OPENID, SECOND
from wx_archive.core.database import Database
from wx_archive.followers import interests
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.followers.service import Arrival


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


@pytest.fixture
def one(session: Session) -> int:
    """A follower among others, who must not change with them."""
    followers.ensure(session, "oNoise", now=NOW)
    return followers.ensure(session, OPENID, now=NOW)


def row(session: Session, openid: str = OPENID) -> Follower:
    query = select(Follower).where(Follower.openid == openid)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def test_a_follower_has_one_row_however_often_they_come(session: Session, one: int) -> None:
    assert followers.ensure(session, OPENID, now=NOW + timedelta(days=1)) == one
    assert session.scalar(select(func.count()).select_from(Follower)) == 2
    assert row(session).first_seen_at == NOW
    assert row(session).last_seen_at == NOW + timedelta(days=1)
    assert row(session, "oNoise").last_seen_at == NOW


def test_being_seen_late_does_not_turn_back_the_clock(session: Session, one: int) -> None:
    assert one
    followers.note_seen(session.connection(), {OPENID: NOW - timedelta(days=1), "oNew": NOW})
    assert row(session).last_seen_at == NOW
    assert row(session, "oNew").first_seen_at == NOW
    followers.note_seen(session.connection(), {})


def test_being_seen_makes_nobody_follow_again(session: Session, one: int) -> None:
    followers.leave(session, one, at=SECOND)
    followers.note_seen(session.connection(), {OPENID: NOW + timedelta(hours=1)})
    assert not row(session).is_following


def test_who_only_opened_a_page_follows_when_they_write(session: Session) -> None:
    number = followers.ensure(session, "oReader", now=NOW, is_following=False)
    assert not row(session, "oReader").is_following
    assert not followers.may_receive(session, number)
    followers.ensure(session, "oReader", now=NOW, is_following=False)
    assert not row(session, "oReader").is_following
    followers.note_seen(session.connection(), {"oReader": NOW})
    assert row(session, "oReader").is_following


def test_opening_a_page_makes_nobody_leave_or_come_back(session: Session, one: int) -> None:
    followers.ensure(session, OPENID, now=NOW, is_following=False)
    assert row(session).is_following
    followers.leave(session, one, at=SECOND)
    followers.ensure(session, OPENID, now=NOW)
    assert not row(session).is_following


def test_who_was_erased_is_not_brought_back_by_having_been_seen_before(
    session: Session, one: int
) -> None:
    session.delete(session.get_one(Follower, one))
    session.flush()
    followers.note_erasure(session, now=NOW)
    connection = session.connection()
    followers.note_seen(connection, {OPENID: NOW, "oNoise": NOW})
    assert followers.find(connection, OPENID) is None
    later = NOW + timedelta(seconds=1)
    followers.note_seen(connection, {OPENID: later, "oNoise": NOW - timedelta(hours=1)})
    assert row(session).first_seen_at == later
    assert row(session, "oNoise").last_seen_at == NOW


def test_a_clock_that_was_put_back_keeps_nobody_out(session: Session) -> None:
    followers.note_erasure(session, now=NOW + timedelta(hours=1))
    followers.note_seen(session.connection(), {OPENID: NOW})
    assert followers.find(session.connection(), OPENID) is not None


def test_an_erasure_by_another_process_holds_against_a_batch_under_way(
    database: Database,
) -> None:
    with database.begin() as session:
        number = followers.ensure(session, OPENID, now=NOW)
    writing = threading.Thread(target=lambda: _note_now(database))
    with database.begin() as session:
        session.execute(delete(Follower).where(Follower.id == number))
        followers.note_erasure(session, now=NOW)
        writing.start()
        time.sleep(0.3)  # it has begun and waits for this transaction
    writing.join()
    with database.reads() as connection:
        assert followers.find(connection, OPENID) is None


def _note_now(database: Database) -> None:
    with database.begin() as session:
        followers.note_seen(session.connection(), {OPENID: NOW})


def test_the_first_arrival_is_no_return(session: Session, one: int) -> None:
    arrival = followers.arrive(session, one, scene="reading-room", at=SECOND)
    assert arrival == Arrival(is_return=False, is_stale=False)


def test_a_return_is_told(session: Session, one: int) -> None:
    followers.arrive(session, one, scene="first", at=SECOND)
    followers.leave(session, one, at=SECOND + 1)
    arrival = followers.arrive(session, one, scene="second", at=SECOND + 2)
    assert arrival == Arrival(is_return=True, is_stale=False)
    assert row(session).is_following


def test_a_late_arrival_after_a_departure_changes_nothing(session: Session, one: int) -> None:
    assert followers.leave(session, one, at=SECOND + 10)
    arrival = followers.arrive(session, one, scene="late", at=SECOND)
    assert arrival.is_stale
    after = row(session)
    assert (after.is_following, after.changed_at) == (False, SECOND + 10)


def test_a_late_departure_after_a_return_changes_nothing(session: Session, one: int) -> None:
    followers.arrive(session, one, scene=None, at=SECOND + 10)
    assert not followers.leave(session, one, at=SECOND)
    assert row(session).is_following
    assert row(session).changed_at == SECOND + 10


def test_of_two_events_of_one_second_the_later_delivery_decides(session: Session, one: int) -> None:
    followers.arrive(session, one, scene=None, at=SECOND)
    assert followers.leave(session, one, at=SECOND)
    assert not row(session).is_following
    assert not followers.arrive(session, one, scene=None, at=SECOND).is_stale
    assert row(session).is_following


def test_a_departure_of_somebody_unknown_leaves_them_not_following(session: Session) -> None:
    stranger = followers.ensure(session, "oStranger", now=NOW)
    assert followers.leave(session, stranger, at=SECOND)
    assert not row(session, "oStranger").is_following


# -- whatever the order -----------------------------------------------------------------------

EVENTS = (("come", 10, "poster"), ("go", 20, ""), ("come", 30, "reading-room"), ("go", 40, ""))


def befalls(session: Session, number: int, *events: tuple[str, int, str]) -> None:
    for kind, at, scene in events:
        if kind == "come":
            followers.arrive(session, number, scene=scene, at=SECOND + at)
        else:
            followers.leave(session, number, at=SECOND + at)


@pytest.mark.parametrize("last", range(1, len(EVENTS) + 1))
def test_every_order_of_events_ends_in_the_state_of_the_newest(session: Session, last: int) -> None:
    events = EVENTS[:last]
    ends = set()
    for order, shuffled in enumerate(permutations(events)):
        number = followers.ensure(session, f"o{order}", now=NOW)
        befalls(session, number, *shuffled)
        after = row(session, f"o{order}")
        ends.add((after.is_following, after.changed_at, after.left_at))
    went = [at for kind, at, _scene in events if kind == "go"]
    kind, newest, _scene = events[-1]
    assert ends == {(kind == "come", SECOND + newest, SECOND + went[-1] if went else 0)}


def test_every_order_of_arrivals_tells_the_same_of_the_scenes(session: Session) -> None:
    told = set()
    for shuffled in permutations(EVENTS):
        number = followers.ensure(session, "oOne", now=NOW)
        befalls(session, number, *shuffled)
        told.add(tuple(followers.by_scene(session.connection())))
        session.delete(session.get_one(Follower, number))
        session.flush()
    assert len(told) == 1


# -- scenes -----------------------------------------------------------------------------------


def test_each_code_is_told_with_who_came_through_it_first_and_last(
    session: Session, one: int
) -> None:
    befalls(session, one, ("come", 1, "poster"), ("go", 2, ""), ("come", 3, "reading-room"))
    other = followers.ensure(session, "oOther", now=NOW)
    befalls(session, other, ("come", 5, "poster"), ("go", 6, ""), ("come", 7, "poster"))
    third = followers.ensure(session, "oThird", now=NOW)
    befalls(session, third, ("come", 4, ""))
    told = {each.scene: each for each in followers.by_scene(session.connection())}
    poster, room, other_way = told["poster"], told["reading-room"], told[""]
    assert (poster.arrivals, poster.people) == (3, 2)
    assert (poster.came_first, poster.came_last) == (2, 1)
    assert (poster.first_at, poster.last_at) == (
        NOW + timedelta(seconds=1),
        NOW + timedelta(seconds=7),
    )
    assert (room.arrivals, room.people, room.came_first, room.came_last) == (1, 1, 0, 1)
    assert (other_way.people, other_way.came_first, other_way.came_last) == (1, 1, 1)


def test_an_arrival_that_is_told_twice_counts_once(session: Session, one: int) -> None:
    befalls(session, one, ("come", 1, "poster"), ("come", 1, "poster"))
    (poster,) = followers.by_scene(session.connection())
    assert poster.arrivals == 1


def test_a_very_long_scene_is_cut_to_its_column(session: Session, one: int) -> None:
    followers.arrive(session, one, scene="s" * 500, at=SECOND)
    (told,) = followers.by_scene(session.connection())
    assert told.scene == "s" * 128


# -- what leaving stops -----------------------------------------------------------------------


def test_nothing_may_be_sent_to_who_left_or_is_unknown(session: Session, one: int) -> None:
    assert followers.may_receive(session, one)
    followers.leave(session, one, at=SECOND)
    assert not followers.may_receive(session, one)
    assert not followers.may_receive(session, one + 1_000)


def test_coming_back_brings_no_older_message_back(session: Session, one: int) -> None:
    followers.leave(session, one, at=SECOND + 10)
    followers.arrive(session, one, scene=None, at=SECOND + 20)
    before, after = NOW + timedelta(seconds=5), NOW + timedelta(seconds=25)
    assert followers.may_receive(session, one)
    assert not followers.may_receive(session, one, asked_at=before)
    assert followers.may_receive(session, one, asked_at=after)


def test_leaving_ends_the_wish_for_news_and_coming_back_does_not_renew_it(
    session: Session, one: int
) -> None:
    noise = followers.ensure(session, "oNoise", now=NOW)
    for number in (one, noise):
        interests.toggle(session, number, "history", now=NOW)
    followers.leave(session, one, at=SECOND + 1)
    followers.arrive(session, one, scene=None, at=SECOND + 2)
    assert interests.chosen(session.connection(), one) == {}
    assert list(interests.chosen(session.connection(), noise)) == ["history"]


def test_a_late_departure_spares_what_was_chosen_after_it(session: Session, one: int) -> None:
    interests.toggle(session, one, "history", now=NOW)
    followers.arrive(session, one, scene=None, at=SECOND + 20)
    interests.toggle(session, one, "city", now=NOW + timedelta(seconds=30))
    followers.leave(session, one, at=SECOND + 10)
    assert list(interests.chosen(session.connection(), one)) == ["city"]
