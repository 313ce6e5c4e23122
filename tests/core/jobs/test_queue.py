"""The queue: one job for each key, in order, under a lease, with a number that grows."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.core.jobs.works import KIND, job_of, keys, leave, orphan
from tests.wechat.deliveries import NOW, OPENID
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState, LostLeaseError, enqueue, queue
from wx_archive.core.jobs.queue import LEASE, Claim
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower

LATER = NOW + LEASE
SECOND = timedelta(seconds=1)


def claimed(database: Database, *, now: object = NOW) -> Claim:
    found = queue.claim(database, [KIND], now=now)  # type: ignore[arg-type] # a moment
    assert found is not None
    return found


def test_a_job_is_rolled_back_with_the_effect_that_asked_for_it(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            assert enqueue(session, KIND, {}, key="k1", now=NOW)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert keys(database) == []


def test_the_same_key_twice_is_one_job(database: Database) -> None:
    assert leave(database, "k1", payload={"n": 1}, now=NOW)
    assert not leave(database, "k1", payload={"n": 2}, now=NOW)
    assert not leave(database, "k1", kind="another", now=NOW)
    assert keys(database) == ["k1"]
    assert claimed(database).payload == {"n": 1}


def test_of_many_who_insert_one_key_at_once_one_does(database: Database) -> None:
    together = threading.Barrier(6)

    def insert(_number: int) -> bool:
        together.wait()
        return leave(database, "k1", now=NOW)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(insert, range(6))) == [False] * 5 + [True]


def test_a_payload_comes_back_as_it_was_given(database: Database) -> None:
    payload = {"文字": "“引号”\n\0".replace("\0", "�"), "n": 1, "list": [1, {"a": None}]}
    leave(database, payload=payload, now=NOW)
    assert claimed(database).payload == payload


def test_what_has_waited_longest_is_taken_first(database: Database) -> None:
    for key, ago_s in (("new", 1), ("old", 9), ("middle", 5), ("middle too", 5)):
        leave(database, key, now=NOW - ago_s * SECOND)
    taken = [claimed(database).key for _ in range(4)]
    assert taken == ["old", "middle", "middle too", "new"]
    assert queue.claim(database, [KIND], now=NOW) is None


def test_what_is_due_later_waits_until_then(database: Database) -> None:
    leave(database, now=NOW, due=NOW + SECOND)
    assert not queue.has_due(database, [KIND], now=NOW)
    assert queue.claim(database, [KIND], now=NOW) is None
    assert queue.has_due(database, [KIND], now=NOW + SECOND)
    assert claimed(database, now=NOW + SECOND).key == "k1"


def test_kinds_that_nobody_here_knows_are_left_alone(database: Database) -> None:
    leave(database, kind="of.a.newer.version", now=NOW)
    assert not queue.has_due(database, [KIND], now=NOW)
    assert queue.claim(database, [KIND], now=NOW) is None
    assert queue.claim(database, [], now=NOW) is None
    assert job_of(database).attempts == 0


def test_a_held_job_is_taken_by_another_when_its_lease_has_run_out_and_not_before(
    database: Database,
) -> None:
    leave(database, now=NOW)
    first = claimed(database)
    assert not queue.has_due(database, [KIND], now=LATER - SECOND)
    assert queue.claim(database, [KIND], now=LATER - SECOND) is None
    second = claimed(database, now=LATER)
    assert (second.id, second.attempts) == (first.id, 2)
    assert second.fence > first.fence
    assert timedelta(seconds=60) >= LEASE


def late(database: Database, write: Callable[[Session], None]) -> None:
    """Write with an effect before it, which must not stay either."""
    with database.begin() as session:
        followers.ensure(session, OPENID, now=NOW)
        write(session)


def test_what_an_old_holder_still_writes_does_not_count(database: Database) -> None:
    leave(database, now=NOW)
    first = claimed(database)
    second = claimed(database, now=LATER)
    before = job_of(database)
    first.steps["sent"] = True
    writes: tuple[Callable[[Session], None], ...] = (
        lambda session: queue.hold(session, first, now=LATER),
        lambda session: queue.record(session, first, now=LATER),
        lambda session: queue.finish(session, first, now=LATER),
        lambda session: queue.bury(session, first, KeyError(), now=LATER),
        lambda session: queue.put_back(session, first, due=LATER, cause=None, counts=True),
    )
    for write in writes:
        with pytest.raises(LostLeaseError):
            late(database, write)
    after = job_of(database)
    for name in ("state", "steps", "attempts", "fence", "lease_until", "cause", "finished_at"):
        assert getattr(after, name) == getattr(before, name), name
    with database.begin() as session:
        assert followers.find(session.connection(), OPENID) is None
        queue.finish(session, second, now=LATER)
    assert job_of(database).state == JobState.DONE


def test_a_finished_job_is_nobodys(database: Database) -> None:
    leave(database, now=NOW)
    job = claimed(database)
    with database.begin() as session:
        queue.finish(session, job, now=NOW)
    for write in (queue.hold, queue.finish):
        with pytest.raises(LostLeaseError), database.begin() as session:
            write(session, job, now=NOW)
    assert queue.claim(database, [KIND], now=NOW + timedelta(days=1)) is None


def test_many_who_claim_at_once_share_the_jobs_out(database: Database) -> None:
    for number in range(24):
        leave(database, f"k{number}", now=NOW)
    together = threading.Barrier(6)

    def take(_number: int) -> list[str]:
        together.wait()
        taken = []
        while queue.has_due(database, [KIND], now=NOW):
            if job := queue.claim(database, [KIND], now=NOW):
                taken.append(job.key)
        return taken

    with ThreadPoolExecutor(6) as pool:
        shares = list(pool.map(take, range(6)))
    assert sorted(key for share in shares for key in share) == sorted(
        f"k{number}" for number in range(24)
    )


def test_an_orphan_is_taken_by_one_of_many(database: Database) -> None:
    leave(database, now=NOW)
    claimed(database)
    orphan(database, since=LATER)
    together = threading.Barrier(6)

    def take(_number: int) -> bool:
        together.wait()
        return queue.claim(database, [KIND], now=LATER) is not None

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(6))) == 1
    assert job_of(database).attempts == 2


def test_a_followers_jobs_go_with_their_row_whoever_holds_them(database: Database) -> None:
    with database.begin() as session:
        mine = followers.ensure(session, OPENID, now=NOW)
        other = followers.ensure(session, "oOther", now=NOW)
        enqueue(session, KIND, {}, key="mine", now=NOW - SECOND, follower_id=mine)
        enqueue(session, KIND, {}, key="mine too", now=NOW, follower_id=mine)
        enqueue(session, KIND, {}, key="other's", now=NOW, follower_id=other)
        enqueue(session, KIND, {}, key="nobody's", now=NOW)
    held = claimed(database)
    assert (held.key, held.follower_id) == ("mine", mine)
    with database.begin() as session:
        session.execute(delete(Follower).where(Follower.id == mine))
    assert keys(database) == ["other's", "nobody's"]
    with pytest.raises(LostLeaseError), database.begin() as session:
        queue.finish(session, held, now=NOW)


def test_sweeping_forgets_what_is_old_and_nothing_that_is_still_to_do(database: Database) -> None:
    moments = {"done": NOW - queue.KEPT_DONE, "dead": NOW - queue.KEPT_DEAD}
    for state, moment in moments.items():
        for key, at in ((f"old {state}", moment - SECOND), (f"new {state}", moment + SECOND)):
            leave(database, key, now=NOW)
            with database.begin() as session:
                job = session.scalars(select(Job).where(Job.key == key)).one()
                job.state, job.finished_at = state, at
    for key in ("held", "waiting"):
        leave(database, key, now=NOW - timedelta(days=400))
    assert claimed(database).key == "held"
    with database.begin() as session:
        queue.sweep(session, now=NOW)
    assert sorted(keys(database)) == ["held", "new dead", "new done", "waiting"]


def test_the_dead_are_listed_newest_first_and_can_be_revived_once(database: Database) -> None:
    for number in (1, 2, 3):
        leave(database, f"k{number}", now=NOW)
    for number in (1, 2):
        job = claimed(database)
        with database.begin() as session:
            queue.bury(session, job, ValueError(f"cause {number}"), now=NOW)
    with database.begin() as session:
        listed = queue.dead(session)
        assert [job.key for job in listed] == ["k2", "k1"]
        assert "ValueError: cause 2" in listed[0].cause
        assert queue.counts(session) == {"dead": 2, "waiting": 1}
        assert queue.revive(session, listed[0].id, now=NOW)
        assert not queue.revive(session, listed[0].id, now=NOW)
        assert not queue.revive(session, 10**9, now=NOW)
    revived = job_of(database, "k2")
    assert (revived.state, revived.attempts, revived.finished_at) == ("waiting", 0, None)
