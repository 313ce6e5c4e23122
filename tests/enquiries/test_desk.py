"""The desk on both databases: who answers for it, until when, what is attached, how it ends."""

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.builders import a_document, a_record, import_documents, import_records
from tests.enquiries.filing import (
    DAY,
    MONDAY,
    PID,
    a_clerk,
    a_follower,
    a_request,
    by_reader,
    by_staff,
    does,
    held,
    moves,
    read,
    steps,
)
from tests.talk import NOON, ORIGIN
from wx_archive.catalogue.models import Document
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.enquiries import desk, entries, service
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Action, State
from wx_archive.enquiries.service import NotRatableError, Opinion
from wx_archive.enquiries.steps import StaleError
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.rules import Role
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

# -- who --------------------------------------------------------------------------------------


def test_who_accepts_first_is_responsible_for_life(database: Database) -> None:
    one, other = a_clerk(database), a_clerk(database, "other")
    number = a_request(database, a_follower(database)).number
    assert read(database, number).first_name == ""
    does(database, one, number, State.ACCEPTED)
    does(database, other, number, State.SEARCHING, State.NEED_FIX)
    with database.begin() as session:
        service.supply(session, a_follower(database), (number,), "1978年", by_reader(NOON))
    again = does(database, other, number, State.ACCEPTED)
    assert (again.first_name, again.owner_name) == ("窗口desk", "窗口desk")
    with database.begin() as session:
        doing = by_staff(member_id=one.id)
        desk.hand(session, number, other, doing, note="休假", version=None)
    handed = does(database, other, number, State.SEARCHING, State.FOUND, State.CLOSED)
    assert (handed.first_name, handed.owner_name) == ("窗口desk", "窗口other")
    (step,) = [step for step in steps(database, number) if step.action is Action.HAND]
    assert (step.actor_name, step.note) == ("窗口desk", "转给窗口other：休假")


def test_one_takes_what_is_nobodys_without_a_word_and_what_is_somebodys_with_one(
    database: Database,
) -> None:
    one, other = a_clerk(database), a_clerk(database, "other")
    number = a_request(database, a_follower(database)).number

    def takes(clerk: Colleague, note: str) -> Request:
        with database.begin() as session:
            doing = by_staff(member_id=clerk.id)
            return desk.hand(session, number, clerk, doing, note=note, version=None)

    assert takes(one, "").owner_name == "窗口desk"
    with pytest.raises(RefusedError, match="要写一句"):
        takes(other, " ")
    with pytest.raises(RefusedError, match="本来就由"):
        takes(one, "我")
    assert takes(other, "他出差了").owner_name == "窗口other"
    assert read(database, number).first_name == ""
    does(database, one, number, State.REFUSED)
    assert read(database, number).first_name == "窗口desk"


def test_only_who_works_the_desk_can_be_given_a_request(database: Database) -> None:
    a_clerk(database), a_clerk(database, "editor", Role.EDITOR)
    with database.reads() as connection:
        assert [one.name for one in desk.colleagues(connection)] == ["窗口desk"]


def test_a_command_has_no_name_to_answer_for_it(database: Database) -> None:
    number = a_request(database, a_follower(database)).number
    moved = moves(database, number, State.ACCEPTED)
    assert (moved.first_name, moved.owner_id) == ("", None)
    assert moved.clock.due_on == date(2026, 11, 30)


def test_two_at_once_on_one_version_are_one_step(database: Database) -> None:
    clerk = a_clerk(database)
    number = a_request(database, a_follower(database)).number
    version = read(database, number).version
    with database.begin() as session:
        doing = by_staff(member_id=clerk.id)
        desk.move(session, number, State.ACCEPTED, doing, version=version)
    with pytest.raises(StaleError, match="窗口desk已经动过"), database.begin() as session:
        desk.move(session, number, State.REFUSED, doing, note="不能", version=version)
    assert read(database, number).version == version + 1


# -- until when -------------------------------------------------------------------------------


def test_the_clock_stands_while_others_have_the_word(database: Database) -> None:
    clerk = a_clerk(database)
    number = a_request(database, a_follower(database)).number
    assert read(database, number).act_by == date(2026, 11, 25)
    accepted = does(database, clerk, number, State.ACCEPTED)
    assert (accepted.clock.due_on, accepted.act_by) == (date(2026, 11, 30),) * 2
    does(database, clerk, number, State.SEARCHING, now=NOON + DAY)
    consulting = does(database, clerk, number, State.CONSULTING, now=NOON + DAY)
    assert consulting.clock.paused_on == date(2026, 11, 24)
    assert consulting.act_by == date(2026, 12, 15)
    back = does(database, clerk, number, State.SEARCHING, now=NOON + 8 * DAY)
    assert (back.clock.due_on, back.act_by) == (date(2026, 12, 7),) * 2
    found = does(database, clerk, number, State.FOUND, now=NOON + 9 * DAY)
    with database.begin() as session:
        row = session.scalars(select(Enquiry)).one()
        assert (row.answered_on, row.used_days) == (date(2026, 12, 2), 2)
    assert found.act_by == date(2026, 12, 23)


def test_an_extension_is_told_and_moves_the_day(database: Database) -> None:
    clerk = a_clerk(database)
    number = a_request(database, a_follower(database), "长" * 200).number
    does(database, clerk, number, State.ACCEPTED)

    def extend(days: int, note: str, now: datetime = NOON) -> Request:
        with database.begin() as session:
            doing = by_staff(now, member_id=clerk.id)
            return desk.extend(session, number, days, doing, note=note, version=None)

    for days, note, now in ((0, "调卷", NOON), (16, "调卷", NOON), (3, " ", NOON)):
        with pytest.raises(RefusedError):
            extend(days, note, now)
    with pytest.raises(RefusedError, match="已经过了办结日"):
        extend(3, "调卷", NOON + 20 * DAY)
    assert extend(3, "<" * 400).clock.due_on == date(2026, 12, 3)
    with pytest.raises(RefusedError, match="已经延长过一次"):
        extend(3, "再调卷")
    (told,) = held(database)
    assert "最晚2026年12月3日答复" in told
    assert len(told.encode()) <= TEXT_LIMIT_BYTES
    does(database, clerk, number, State.SEARCHING, State.NOT_FOUND)
    with pytest.raises(RefusedError, match="答复以前"):
        extend(1, "再调卷")


# -- what is attached -------------------------------------------------------------------------


def test_the_answer_leads_to_what_was_attached_and_is_still_public(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(doc_no="兰政发〔2015〕3号"))
    import_records(database, tmp_path, a_record(), a_record("R2", open=0, title="控制的卷"))
    number = a_request(database, a_follower(database)).number

    def attach(named: str) -> list[entries.Item]:
        with database.begin() as session:
            return desk.attach(session, number, named, by_staff(), version=None)

    for named in ("0001-1-R2", "兰政发〔2016〕3号", "", PID):
        with pytest.raises(RefusedError, match="没有公开的条目"):
            attach(named)
    assert attach(" 兰政发[2015]3号 ") == []
    assert attach("0001-1-R1") == []
    with pytest.raises(RefusedError, match="已经附上"):
        attach("0001-1-r1".upper())
    moves(database, number, State.ACCEPTED, State.SEARCHING)
    with pytest.raises(RefusedError, match="最多 290 个字"):
        moves(database, number, State.FOUND, note="长" * 291)
    moves(database, number, State.FOUND, note="<" * 290)
    (told,) = held(database)
    assert len(told.encode()) <= TEXT_LIMIT_BYTES
    assert told.count(f'href="{ORIGIN}/h5/') == 2
    with pytest.raises(RefusedError, match="已经答复"):
        attach("0001-1-R1")
    with database.begin() as session:
        document = session.scalars(select(Document)).one()
        document.disclosure = "none"
    with database.reads() as connection:
        left = entries.items(connection, [number], today=MONDAY)[number]
        assert [item.title for item in left] == ["关于修建兰水大桥的批复"]
        assert len(entries.attached(connection, number)) == 2


def test_several_of_one_name_are_offered_and_none_is_taken(
    database: Database, tmp_path: Path
) -> None:
    rows = [a_document(key, doc_no="兰政发〔2015〕3号", title=key) for key in ("D1", "D2")]
    import_documents(database, tmp_path, *rows)
    number = a_request(database, a_follower(database)).number
    with database.begin() as session:
        found = desk.attach(session, number, "兰政发〔2015〕3号", by_staff(), version=None)
    assert {item.title for item in found} == {"D1", "D2"}
    with database.reads() as connection:
        assert entries.attached(connection, number) == []
    assert read(database, number).version == 1


# -- the citizen's word -----------------------------------------------------------------------


def rate(database: Database, follower_id: int, number: str, score: int, words: str = "") -> Request:
    with database.begin() as session:
        opinion = Opinion(score, words)
        done = service.rate(session, follower_id, (number,), opinion, by_reader())
    assert done
    return done


def test_a_rating_closes_the_request_and_is_given_once(database: Database) -> None:
    one, noise = a_follower(database), a_follower(database, "oNoise")
    number = a_request(database, one).number
    with pytest.raises(NotRatableError):
        rate(database, one, number, 5)
    moves(database, number, State.ACCEPTED, State.SEARCHING, State.FOUND)
    with database.begin() as session:
        assert service.rate(session, noise, (number,), Opinion(1), by_reader()) is None
    done = rate(database, one, number, 4, "很快，我的电话13807281234" + "长" * 300)
    assert (done.state, done.rating, done.note) == (State.CLOSED, 4, "三楼阅览室")
    assert "1380728" not in done.rating_words
    assert len(done.rating_words) == 200
    last = steps(database, number)[-1]
    assert (last.action, last.to_state, last.note) == (Action.RATE, State.CLOSED, "")
    with pytest.raises(NotRatableError):
        rate(database, one, number, 1)
    with pytest.raises(ValueError, match="6"):
        Opinion(6)


def test_what_closed_by_itself_can_still_be_rated(database: Database) -> None:
    one = a_follower(database)
    number = a_request(database, one).number
    moves(database, number, State.REFUSED, State.CLOSED)
    done = rate(database, one, number, 2)
    assert (done.state, done.rating) == (State.CLOSED, 2)
