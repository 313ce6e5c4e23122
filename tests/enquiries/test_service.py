"""Filing, moving, withdrawing, on both databases; numbers without gaps or doubles."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from tests.enquiries import filing
from tests.enquiries.filing import (
    PID,
    a_follower,
    a_request,
    by_reader,
    by_staff,
    moves,
    numbers,
    steps,
)
from tests.talk import NOON
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import is_pid
from wx_archive.core.jobs.models import Job
from wx_archive.enquiries import desk, queries, service
from wx_archive.enquiries.models import Enquiry, EnquiryEvent
from wx_archive.enquiries.rules import Kind, State
from wx_archive.enquiries.service import (
    Draft,
    FollowerGoneError,
    TooManyOpenError,
)
from wx_archive.enquiries.steps import ImpossibleMoveError, NoteError, UnknownNumberError
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

T = TypeVar("T")
MANY = 12
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai."""


def held(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


# -- filing -----------------------------------------------------------------------------------


def test_a_request_has_a_number_a_secret_id_and_its_first_step(database: Database) -> None:
    request = a_request(database, a_follower(database), "  大坝  图纸 ")
    assert request.number == "查2026-000001"
    assert is_pid(request.pid)
    assert (request.state, request.words, request.note) == (State.SUBMITTED, "大坝 图纸", "")
    (step,) = steps(database, request.number)
    assert (step.at, step.from_state, step.to_state) == (NOON, None, State.SUBMITTED)
    assert step.actor == "reader"


def test_each_kind_and_each_year_in_shanghai_count_for_themselves(database: Database) -> None:
    one = a_follower(database)
    last = NEW_YEAR - timedelta(seconds=1)
    filed = [
        a_request(database, one, "大坝图纸"),
        a_request(database, None, "题名错了", kind=Kind.CORRECTION, about_pid=PID),
        a_request(database, one, "房改文件", now=last),
        a_request(database, one, "公路档案", now=NEW_YEAR),
        a_request(database, None, "日期错了", kind=Kind.CORRECTION, now=NEW_YEAR),
    ]
    assert [request.number for request in filed] == [
        "查2026-000001",
        "纠2026-000001",
        "查2026-000002",
        "查2027-000001",
        "纠2027-000001",
    ]


def test_no_two_secret_ids_have_anything_in_common(database: Database) -> None:
    one = a_follower(database)
    pids = [a_request(database, one, f"第{place}件").pid for place in range(5)]
    assert len({pid[:10] for pid in pids}) == 5


def test_the_same_words_under_way_are_the_same_request(database: Database) -> None:
    one, other = a_follower(database), a_follower(database, "oOther")
    first = a_request(database, one, "大坝 图纸")
    assert a_request(database, one, "大坝图纸").number == first.number
    assert a_request(database, other, "大坝图纸").number != first.number
    assert len(steps(database, first.number)) == 1
    moves(database, first.number, State.REFUSED)
    assert a_request(database, one, "大坝图纸").number == "查2026-000003"


def test_five_may_be_under_way_and_a_sixth_once_one_is_answered(database: Database) -> None:
    one = a_follower(database)
    for place in range(5):
        a_request(database, one, f"第{place}件")
    with pytest.raises(TooManyOpenError):
        a_request(database, one, "第六件")
    a_request(database, a_follower(database, "oOther"), "第六件")
    a_request(database, one, "错了", kind=Kind.CORRECTION, about_pid=PID)
    assert a_request(database, one, "第3件").number == "查2026-000004"
    moves(database, "查2026-000002", State.NOT_HELD)
    assert a_request(database, one, "第六件").number == "查2026-000007"


def test_a_form_that_is_sent_twice_is_filed_once(database: Database) -> None:
    first = a_request(database, None, "错了", kind=Kind.CORRECTION, form_key="k1")
    again = a_request(database, None, "错了，真的", kind=Kind.CORRECTION, form_key="k1")
    assert again == first
    assert a_request(database, None, "错了", kind=Kind.CORRECTION, form_key="k2") != first


def test_nothing_is_filed_for_somebody_who_is_gone(database: Database) -> None:
    with pytest.raises(FollowerGoneError):
        a_request(database, 4_711)
    assert numbers(database) == []


def test_what_was_not_committed_leaves_no_gap(database: Database) -> None:
    one = a_follower(database)
    with database.begin() as session:
        service.file(session, Draft(Kind.SEARCH, "大坝图纸", one), by_reader())
        session.rollback()
    assert a_request(database, one, "房改文件").number == "查2026-000001"
    assert numbers(database) == ["查2026-000001"]


def test_no_number_of_a_person_reaches_the_database(database: Database) -> None:
    one = a_follower(database)
    request = a_request(database, one, "张三 420302199003078888 13807281234 的图纸")
    with database.reads() as connection:
        told = connection.execute(text("SELECT words FROM enquiry")).scalar_one()
    assert told == request.words
    assert not any(char.isdigit() for char in told)


def test_the_database_refuses_a_state_that_does_not_exist(database: Database) -> None:
    a_request(database, a_follower(database))
    with pytest.raises(IntegrityError), database.begin() as session:
        session.execute(text("UPDATE enquiry SET state = 'lost'"))


# -- at the same moment -----------------------------------------------------------------------


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    together = threading.Barrier(count)

    def one(place: int) -> T:
        together.wait()
        return work(place)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_many_requests_at_once_have_numbers_without_gaps_or_doubles(database: Database) -> None:
    people = [a_follower(database, f"o{place}") for place in range(MANY)]

    def ask(place: int) -> str | None:
        if place % 3:
            return a_request(database, people[place]).number
        with database.begin() as session:
            service.file(session, Draft(Kind.SEARCH, "x", people[place]), by_reader())
            session.rollback()  # a number taken and given back
        return None

    given = sorted(str(number) for number in at_once(MANY, ask) if number)
    assert given == [f"查2026-{place:06d}" for place in range(1, 9)]
    assert numbers(database) == given


def test_the_same_request_twice_at_once_is_one(database: Database) -> None:
    one = a_follower(database)
    given = at_once(6, lambda _place: a_request(database, one, "大坝图纸").number)
    assert set(given) == {"查2026-000001"}
    form = at_once(
        6,
        lambda _place: a_request(database, None, "错了", kind=Kind.CORRECTION, form_key="k").number,
    )
    assert set(form) == {"纠2026-000001"}
    assert numbers(database) == ["查2026-000001", "纠2026-000001"]


def test_no_more_than_five_are_under_way_however_fast_they_come(database: Database) -> None:
    one = a_follower(database)

    def ask(place: int) -> bool:
        try:
            a_request(database, one, f"第{place}件")
        except TooManyOpenError:
            return False
        return True

    assert sum(bool(done) for done in at_once(8, ask)) == 5
    assert len(numbers(database)) == 5


def test_two_processes_count_on_from_each_other(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    spawning = multiprocessing.get_context("spawn")
    processes = [
        spawning.Process(target=filing.file_some, args=(url, name, 15)) for name in ("甲", "乙")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(40)
    assert [process.exitcode for process in processes] == [0, 0]
    assert numbers(database) == [f"查2026-{place:06d}" for place in range(1, 31)]


def test_two_steps_at_once_do_not_both_happen(database: Database) -> None:
    number = a_request(database, a_follower(database)).number

    def step(place: int) -> bool:
        to = State.ACCEPTED if place % 2 else State.WITHDRAWN
        try:
            moves(database, number, to)
        except ImpossibleMoveError:
            return False
        return True

    at_once(8, step)
    told = steps(database, number)
    assert all(one.to_state is two.from_state for one, two in pairwise(told))
    assert told[-1].to_state is State.WITHDRAWN


# -- moving -----------------------------------------------------------------------------------


def test_staff_take_a_request_from_step_to_step_and_every_step_stays(database: Database) -> None:
    number = a_request(database, a_follower(database)).number
    way = (State.ACCEPTED, State.SEARCHING, State.NEED_FIX, State.SUBMITTED)
    moves(database, number, *way, note="哪一年的？")
    told = steps(database, number)
    assert [step.to_state for step in told] == [State.SUBMITTED, *way]
    assert all(one.to_state is two.from_state for one, two in pairwise(told))
    assert [step.note for step in told] == ["", *["哪一年的？"] * 4]
    assert {step.actor for step in told[1:]} == {"cli:test"}


def test_a_number_may_be_spelled_any_way(database: Database) -> None:
    a_request(database, a_follower(database))
    assert moves(database, "2026-1", State.ACCEPTED).state is State.ACCEPTED


def test_an_impossible_step_is_refused_and_changes_nothing(database: Database) -> None:
    number = a_request(database, a_follower(database)).number
    with pytest.raises(ImpossibleMoveError) as refused:
        moves(database, number, State.FOUND)
    assert "可以改为：need_fix（等您补充）、accepted（已受理）" in str(refused.value)
    moves(database, number, State.REFUSED, State.CLOSED)
    with pytest.raises(ImpossibleMoveError, match="已经办完"):
        moves(database, number, State.ACCEPTED)
    assert len(steps(database, number)) == 3


def test_an_unknown_number_is_refused(database: Database) -> None:
    a_request(database, a_follower(database))
    for asked in ("查2026-2", "纠2026-1", "公积金", ""):
        with pytest.raises(UnknownNumberError, match="没有编号"):
            moves(database, asked, State.ACCEPTED)


def test_what_says_nothing_without_a_word_needs_one_and_not_too_many(database: Database) -> None:
    number = a_request(database, a_follower(database)).number
    for state in (State.NEED_FIX, State.REFUSED, State.REFERRED):
        with pytest.raises(NoteError, match="要写明"):
            moves(database, number, state, note=" \n")
    with pytest.raises(NoteError, match="400"):
        moves(database, number, State.ACCEPTED, note="长" * 401)
    assert moves(database, number, State.ACCEPTED, note="").note == ""


def test_the_follower_is_told_of_what_matters_once_and_within_the_limit(
    database: Database,
) -> None:
    number = a_request(database, a_follower(database), "长" * 200).number
    moves(database, number, State.ACCEPTED, State.SEARCHING)
    assert held(database) == []
    moves(database, number, State.FOUND, note="<" * 400)
    (told,) = held(database)
    assert number in told
    assert "查到了" in told
    assert len(told.encode()) <= TEXT_LIMIT_BYTES
    moves(database, number, State.CLOSED)
    assert len(held(database)) == 1
    with database.reads() as connection:
        kinds = connection.scalars(select(Job.kind)).all()
    assert kinds == ["chat.deliver"]


def test_nobody_is_told_of_a_correction_without_a_name(database: Database) -> None:
    number = a_request(database, None, "错了", kind=Kind.CORRECTION, about_pid=PID).number
    moves(database, number, State.ACCEPTED, State.SEARCHING, State.FOUND)
    assert held(database) == []


def test_a_step_that_is_rolled_back_tells_nobody(database: Database) -> None:
    number = a_request(database, a_follower(database)).number
    with database.begin() as session:
        desk.move(session, number, State.REFUSED, by_staff(), note="不能")
        session.rollback()
    assert held(database) == []
    assert len(steps(database, number)) == 1


# -- withdrawing and reading ------------------------------------------------------------------


def test_only_ones_own_request_is_withdrawn_and_only_while_it_is_open(database: Database) -> None:
    one, other = a_follower(database), a_follower(database, "oOther")
    number = a_request(database, one).number
    with database.begin() as session:
        assert service.withdraw(session, other, (number,), by_reader()) is None
        assert service.withdraw(session, one, ("查2026-000009",), by_reader()) is None
        assert service.withdraw(session, one, (), by_reader()) is None
    assert len(steps(database, number)) == 1
    with database.begin() as session:
        done = service.withdraw(session, one, (number,), by_reader())
    assert done
    assert done.state is State.WITHDRAWN
    assert steps(database, number)[-1].actor == "reader"
    with pytest.raises(RefusedError), database.begin() as session:
        service.withdraw(session, one, (number,), by_reader())


def test_the_staff_list_has_what_is_not_over_oldest_first(database: Database) -> None:
    one = a_follower(database)
    given = [a_request(database, one, f"第{place}件").number for place in range(4)]
    moves(database, given[0], State.WITHDRAWN)
    moves(database, given[1], State.REFUSED)
    moves(database, given[2], State.REFUSED, State.CLOSED)
    with database.reads() as connection:
        assert [each.number for each in queries.listed(connection)] == [given[1], given[3]]
        assert len(queries.listed(connection, all_wanted=True)) == 4


def test_ones_own_are_listed_newest_first(database: Database) -> None:
    one, other = a_follower(database), a_follower(database, "oOther")
    for place in range(7):
        asker = one if place % 2 else other
        a_request(database, asker, f"第{place}件", now=NOON + timedelta(minutes=place))
    with database.reads() as connection:
        mine = queries.of_follower(connection, one, limit=2)
        assert [request.words for request in mine] == ["第5件", "第3件"]
        assert queries.count_of(connection, one) == 3


def test_without_its_sign_a_number_means_the_search_first(database: Database) -> None:
    one = a_follower(database)
    a_request(database, one, "错了", kind=Kind.CORRECTION, about_pid=PID)
    both = ("查2026-000001", "纠2026-000001")
    with database.reads() as connection:
        found = queries.own(connection, one, both)
    assert found
    assert found.kind is Kind.CORRECTION
    a_request(database, one)
    with database.reads() as connection:
        found = queries.own(connection, one, both)
    assert found
    assert found.kind is Kind.SEARCH


def test_steps_are_only_ever_added(database: Database) -> None:
    number = a_request(database, a_follower(database)).number
    way = (State.ACCEPTED, State.SEARCHING, State.NOT_FOUND, State.CLOSED)
    seen = steps(database, number)
    for state in way:
        moves(database, number, state)
        now = steps(database, number)
        assert now[: len(seen)] == seen
        seen = now
    with database.reads() as connection:
        assert connection.execute(select(func.count(EnquiryEvent.id))).scalar_one() == 5
        assert connection.execute(select(Enquiry.state)).scalar_one() == "closed"
