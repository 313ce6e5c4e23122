"""Requests of somebody who goes: handed out before, without words and owner after."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.builders import a_document, import_documents
from tests.enquiries.conftest import PROJECT
from tests.enquiries.filing import (
    PID,
    a_follower,
    a_request,
    by_reader,
    by_staff,
    moves,
    steps,
)
from tests.talk import NOON, ORIGIN, Talk
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.store import Store, open_store
from wx_archive.enquiries import desk, queries, service
from wx_archive.enquiries.contacts import Contact, Sealer
from wx_archive.enquiries.models import Enquiry, EnquiryContact, EnquiryEvent, EnquiryItem
from wx_archive.enquiries.personal_data import RULES
from wx_archive.enquiries.rules import Kind, State
from wx_archive.enquiries.service import Opinion
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.followers.personal_data import Case
from wx_archive.staff import accounts
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.rules import Role


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened, close = open_store(database, "")
    yield opened
    close()


def exported(database: Database, store: Store, follower_id: int) -> list[dict[str, str]]:
    (rule,) = RULES
    with database.begin() as session:
        site = Site(PROJECT, ORIGIN)
        case = Case(session, store.steady, site, follower_id, "oOne", "a-hash", "a-secret")
        told: list[dict[str, str]] = json.loads(json.dumps(rule.export(case)))
        return told


def test_the_export_has_every_request_with_what_happened_to_it(
    database: Database, store: Store
) -> None:
    one, noise = a_follower(database), a_follower(database, "oNoise")
    number = a_request(database, one, "大坝图纸").number
    a_request(database, one, "日期错了", kind=Kind.CORRECTION, about_pid=PID)
    a_request(database, noise, "别人的图纸")
    moves(database, number, State.NEED_FIX, note="哪一年的？")
    first, second = exported(database, store, one)
    assert (first["编号"], first["内容"]) == (number, "大坝图纸")
    assert first["经过"] == (
        "2026-11-23T12:00:00+08:00 已收到\n2026-11-23T12:00:00+08:00 等您补充：哪一年的？"
    )
    assert second["关于哪一条"] == PID


def test_after_erasing_only_number_state_and_days_are_left(talk: Talk, database: Database) -> None:
    talk.says("帮我查 大坝图纸")
    moves(database, "2026-1", State.NEED_FIX, note="您说的张三是谁？")
    noise = a_request(database, a_follower(database, "oNoise"), "别人的图纸")
    moves(database, noise.number, State.NEED_FIX, note="哪一年的？")
    talk.says("删除我的资料")
    assert "已经删除" in talk.says("确认删除")
    with database.begin() as session:
        mine = session.scalars(select(Enquiry).where(Enquiry.number == "查2026-000001")).one()
        assert (mine.state, mine.kind, mine.created_at) == ("need_fix", "search", NOON)
        assert (mine.words, mine.note, mine.follower_id, mine.form_key) == ("", "", None, None)
        notes = session.scalars(select(EnquiryEvent.note).order_by(EnquiryEvent.id)).all()
    assert notes == ["", "", "", "哪一年的？"]
    assert [step.to_state for step in steps(database, "查2026-000001")] == ["submitted", "need_fix"]
    with database.reads() as connection:
        kept = queries.by_number(connection, [noise.number])
    assert kept
    assert (kept.words, kept.note) == ("别人的图纸", "哪一年的？")


def test_who_comes_back_finds_nothing_and_numbers_go_on(talk: Talk) -> None:
    talk.says("帮我查 大坝图纸")
    talk.says("删除我的资料")
    talk.says("确认删除")
    assert "还没有请我们办的事" in talk.says("进度")
    assert "没有这个编号" in talk.says("进度 2026-1")
    talk.says("帮我查 大坝图纸")
    assert "编号 查2026-000002" in talk.visible


def test_staff_can_still_close_what_an_erased_follower_left(talk: Talk, database: Database) -> None:
    talk.says("帮我查 大坝图纸")
    talk.says("删除我的资料")
    talk.says("确认删除")
    assert moves(database, "2026-1", State.WITHDRAWN, note="").state is State.WITHDRAWN


def test_a_step_in_the_middle_of_an_erasure_waits_for_it_and_tells_nobody(
    database: Database, store: Store
) -> None:
    number = a_request(database, a_follower(database)).number
    (rule,) = RULES
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as session:
            one = followers.ensure(session, "oOne", now=NOON)  # as every turn begins
            site = Site(PROJECT, ORIGIN)
            rule.erase(Case(session, store.steady, site, one, "oOne", "a-hash", "a-secret"))
            step = pool.submit(moves, database, number, State.REFUSED, note="不能")
            threading.Event().wait(0.4)  # the step waits for a lock by now
            assert not step.done()
            session.execute(delete(Follower).where(Follower.id == one))
        assert step.result().state is State.REFUSED
    with database.reads() as connection:
        assert connection.scalars(select(HeldAnswer.id)).all() == []
        assert connection.scalars(select(Enquiry.words)).all() == [""]


def test_contact_rating_and_entries_are_handed_out_and_go(
    database: Database, store: Store, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(doc_no="兰政发〔2015〕3号"))
    one, noise = a_follower(database), a_follower(database, "oNoise")
    sealer = Sealer("a-secret")
    for who in (one, noise):
        number = a_request(database, who, f"{who}的图纸").number
        with database.begin() as session:
            contact = Contact(f"姓名{who}", "电话", "地址")
            desk.keep_contact(session, number, contact, sealer, by_staff(), version=None)
            desk.attach(session, number, "兰政发〔2015〕3号", by_staff(), version=None)
        moves(database, number, State.REFUSED)
        with database.begin() as session:
            service.rate(session, who, (number,), Opinion(2, f"评语{who}"), by_reader())
    open_ = a_request(database, one, "还在办的").number
    with database.begin() as session:
        contact = Contact(f"姓名{one}", "13800000000", "兰台市")
        desk.keep_contact(session, open_, contact, sealer, by_staff(), version=None)
    first, second = exported(database, store, one)
    assert (first["评价的话"], first["附的条目"]) == (f"评语{one}", "兰台市养犬管理办法")
    assert first["联系方式"] == ""
    assert second["联系方式"] == f"姓名{one} 13800000000 兰台市"
    (rule,) = RULES
    with database.begin() as session:
        site = Site(PROJECT, ORIGIN)
        rule.erase(Case(session, store.steady, site, one, "oOne", "a-hash", "a-secret"))
    with database.reads() as connection:
        assert connection.scalars(select(EnquiryContact.enquiry_id)).all() == []
        assert len(connection.scalars(select(EnquiryItem.id)).all()) == 1
        words = connection.scalars(select(Enquiry.rating_words).order_by(Enquiry.id)).all()
        scores = connection.scalars(select(Enquiry.rating).order_by(Enquiry.id)).all()
    assert words == ["", f"评语{noise}", ""]
    assert scores == [2, 2, None]


def test_a_colleagues_word_to_another_is_not_the_citizens_to_read(
    database: Database, store: Store
) -> None:
    one = a_follower(database)
    number = a_request(database, one, "大坝图纸").number
    with database.begin() as session:
        clerk = accounts.add(
            session,
            login="desk",
            name="窗口小周",
            roles=[Role.DESK],
            password="a-long-password-of-the-test",
            now=NOON,
        )
        to = Colleague(clerk.id, clerk.name)
        desk.hand(session, number, to, by_staff(), note="内部的话", version=None)
    (told,) = exported(database, store, one)
    assert "转交" in told["经过"]
    assert "内部的话" not in str(told)
