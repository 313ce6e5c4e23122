"""Many at once: as many vouchers as there are pieces, one hand-over for each voucher."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from sqlalchemy import delete, select

from tests.quiz.making import NOW, a_season, known_season
from tests.quiz.vouchers_making import a_clerk, a_collector, a_stock, adds_up, after, claims
from wx_archive.core.clock import day_of
from wx_archive.core.database import Database, is_transient
from wx_archive.followers.models import Follower
from wx_archive.quiz import redemption, stock, vouchers
from wx_archive.quiz.models import Entry, Season
from wx_archive.quiz.redemption import NotRedeemedError, StaleVoucherError
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.stock import Level
from wx_archive.quiz.voucher_models import Voucher
from wx_archive.quiz.vouchers import Issued
from wx_archive.staff.rules import Person

IS_FULL = os.environ.get("WX_ARCHIVE_TEST_FAULTS") == "full"  # noqa: TID251 -- as the fault tests
CODES = 100 if IS_FULL else 12
AT_ONCE = 50 if IS_FULL else 16
CLERKS = 5


@dataclass
class Crowd:
    """Threads that begin together; whoever found the database busy tries again, as people do."""

    size: int
    again: list[str] = field(default_factory=list)
    """Why somebody had to try again."""

    def does(self, works: Sequence[Callable[[], object]]) -> Counter[str]:
        """Do everything at once; return how often each outcome came."""
        barrier = threading.Barrier(min(self.size, len(works)))
        places = count()

        def one(work: Callable[[], object]) -> str:
            if next(places) < barrier.parties:
                barrier.wait(20)
            while True:
                try:
                    return type(work()).__name__
                except (NotRedeemedError, StaleVoucherError) as err:
                    return type(err).__name__
                except Exception as err:
                    if not is_transient(err):
                        raise
                    self.again.append(repr(getattr(err, "orig", err)))

        with ThreadPoolExecutor(self.size) as pool:
            return Counter(pool.map(one, works))


def a_queue(database: Database, people: int, pieces: int) -> tuple[int, int, list[int]]:
    """Return a season, a facsimile, and collectors of ten cards."""
    with database.begin() as session:
        season_id, facsimile_id = a_season(session), a_stock(session, pieces)
        found = [a_collector(session, season_id, f"f{number}") for number in range(people)]
    return season_id, facsimile_id, found


def test_of_a_hundred_followers_ten_get_the_ten_pieces(database: Database) -> None:
    season_id, facsimile_id, people = a_queue(database, 100, 10)

    def asks(follower_id: int) -> Callable[[], object]:
        return lambda: claims(database, follower_id, season_id)

    found = Crowd(20).does([asks(follower_id) for follower_id in people])
    assert found == {"Issued": 10, "NoneLeft": 90}
    with database.reads() as connection:
        assert stock.level(connection, facsimile_id) == Level(10, 10)
    adds_up(database)


def test_one_follower_asking_in_many_places_has_one_voucher(database: Database) -> None:
    season_id, facsimile_id, people = a_queue(database, 1, 10)
    codes = []

    def asks() -> object:
        outcome = claims(database, people[0], season_id)
        assert isinstance(outcome, Issued)
        codes.append(outcome.voucher.code)
        return outcome

    assert Crowd(16).does([asks] * 32) == {"Issued": 32}
    assert len(set(codes)) == 1
    with database.reads() as connection:
        assert stock.level(connection, facsimile_id) == Level(10, 1)
    adds_up(database)


def some_vouchers(database: Database, number: int) -> list[str]:
    season_id, _facsimile_id, people = a_queue(database, number, number + 20)
    with database.begin() as session:
        season = known_season(session, season_id)
        for follower_id in people:
            done = vouchers.issue(session, follower_id, season, None, now=NOW)
            assert isinstance(done, Issued)
        return list(session.scalars(select(Voucher.code).order_by(Voucher.id)))


def some_clerks(database: Database) -> list[Person]:
    with database.begin() as session:
        return [a_clerk(session, f"desk{number}") for number in range(CLERKS)]


def hands_over(database: Database, code: str, clerk: Person, now: datetime) -> object:
    with database.begin() as session:
        return redemption.redeem(session, code, member=clerk, version=1, now=now)


def test_of_many_clerks_at_one_code_one_hands_over(database: Database) -> None:
    """50 parallel redemptions of each of 100 codes by 5 clerks; a few of them every day."""
    codes, clerks = some_vouchers(database, CODES), some_clerks(database)

    def comes(code: str, place: int) -> Callable[[], object]:
        return lambda: hands_over(database, code, clerks[place % CLERKS], NOW)

    works = [comes(code, place) for code in codes for place in range(AT_ONCE)]
    found = Crowd(AT_ONCE).does(works)
    assert found["Receipt"] == CODES
    assert found.total() == CODES * AT_ONCE
    assert set(found) <= {"Receipt", "NotRedeemedError", "StaleVoucherError"}
    with database.begin() as session:
        rows = session.execute(select(Voucher.state, Voucher.receipt)).all()
        (facsimile_id,) = session.scalars(select(Voucher.facsimile_id).distinct())
        level = stock.level(session.connection(), facsimile_id)
    assert {row.state for row in rows} == {VoucherState.REDEEMED}
    wanted = {f"领2026-{number:06d}" for number in range(1, CODES + 1)}
    assert {row.receipt for row in rows} == wanted
    assert level == Level(20, 0)
    adds_up(database)


def test_desk_clock_followers_and_erasures_never_wait_for_each_other(database: Database) -> None:
    """On the last day all of them are at the same vouchers, facsimiles and followers."""
    with database.begin() as session:
        season_id = a_season(session)
        first, second = a_stock(session, 30, name="甲"), a_stock(session, 30, name="乙")
        people = [a_collector(session, season_id, f"f{number}") for number in range(24)]
        clerk = a_clerk(session)
    for place, follower_id in enumerate(people):
        assert isinstance(
            claims(database, follower_id, season_id, (first, second)[place % 2]), Issued
        )
    with database.begin() as session:
        codes = list(session.scalars(select(Voucher.code).order_by(Voucher.id)))
        season_until = session.scalars(select(Season.pick_up_until)).one()
    past = after(51)
    assert day_of(past) > season_until

    def expires() -> object:
        with database.begin() as session:
            return vouchers.expire(session, today=day_of(past), now=past)

    def erases(follower_id: int) -> Callable[[], object]:
        def work() -> object:
            with database.begin() as session:
                me = select(Follower.id).where(Follower.id == follower_id).with_for_update()
                session.execute(me).one()  # every erasure begins with this
                voided = vouchers.void_of(session, follower_id, now=past)
                session.execute(delete(Entry).where(Entry.follower_id == follower_id))
                return voided

        return work

    works: list[Callable[[], object]] = []
    for place, (follower_id, code) in enumerate(zip(people, codes, strict=True)):
        works.append(lambda code=code: hands_over(database, code, clerk, after(50)))  # type: ignore[misc]
        works.append(
            lambda follower_id=follower_id: claims(database, follower_id, season_id, now=past)  # type: ignore[misc]
        )
        works.append(erases(follower_id) if place % 3 == 0 else expires)
    crowd = Crowd(12)
    found = crowd.does(works)
    assert not [one for one in crowd.again if "Deadlock" in one]
    assert found.total() == 72
    assert set(found) <= {"Receipt", "NotRedeemedError", "Closed", "Issued", "Missing", "int"}
    with database.begin() as session:
        states = Counter(session.scalars(select(Voucher.state)))
    assert VoucherState.ISSUED not in states or expires()
    adds_up(database)
