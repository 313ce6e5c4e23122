"""What the quiz knows of somebody is handed out in Chinese, and gone when they wish it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.quiz.making import NOW, PROJECT, TODAY, a_season
from tests.quiz.vouchers_making import SPEECH, a_clerk, a_collector, a_stock, claims, has_right
from tests.talk import ORIGIN
from wx_archive.core.database import Base, Database
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers import personal_data
from wx_archive.followers.models import Follower
from wx_archive.followers.personal_data import Case
from wx_archive.quiz import ledgers, redemption, stock, vouchers
from wx_archive.quiz.models import Answer, Card, Complaint, Draw, Entry
from wx_archive.quiz.personal_data import RULES
from wx_archive.quiz.rules import Reason
from wx_archive.quiz.stock import Level
from wx_archive.quiz.voucher_models import StockMove, Voucher, VoucherEvent
from wx_archive.quiz.vouchers import Issued

OWN = (Entry, Draw, Answer, Card, Complaint)


@contextmanager
def a_case(database: Database, follower_id: int) -> Iterator[Case]:
    store, close = open_store(database, "")
    with database.begin() as session:
        site = Site(PROJECT, ORIGIN)
        yield Case(session, store.steady, site, follower_id, "oOne", "a-hash", "a-secret")
    close()


def exported(database: Database, follower_id: int) -> dict[str, list[dict[str, Any]]]:
    with a_case(database, follower_id) as case:
        told = {rule.holds: [dict(row) for row in rule.export(case)] for rule in RULES}
    read: dict[str, list[dict[str, Any]]] = json.loads(json.dumps(told, ensure_ascii=False))
    return read


def erased(database: Database, follower_id: int) -> None:
    with a_case(database, follower_id) as case:
        mine = select(Follower.id).where(Follower.id == follower_id).with_for_update()
        case.session.execute(mine).one()
        personal_data.erase(case, (*RULES, *personal_data.RULES), now=NOW)


def rows(database: Database, *models: type[Base]) -> list[int]:
    with database.reads() as connection:
        return [
            connection.execute(select(func.count()).select_from(model)).scalar_one()
            for model in models
        ]


@pytest.fixture
def two(database: Database) -> tuple[int, int]:
    """Somebody who has picked up once and may again, with a complaint; and somebody else."""
    with database.begin() as session:
        older = a_season(session)
        newer = a_season(
            session,
            name="下一季",
            starts_on=TODAY + timedelta(days=21),
            ends_on=TODAY + timedelta(days=60),
            pick_up_until=TODAY + timedelta(days=90),
        )
        a_stock(session, 9)
        one, other = (a_collector(session, older, openid) for openid in ("oOne", "oNoise"))
        has_right(session, one, newer, 100)
        draw = select(Draw.id).join(Entry, Entry.id == Draw.entry_id)
        for number, follower_id in enumerate((one, other)):
            session.add(
                Complaint(
                    draw_id=session.scalars(draw.where(Entry.follower_id == follower_id)).first(),
                    question_id=f"things-{number:03}",
                    reason=Reason.WORDING,
                    made_at=NOW,
                )
            )
        clerk = a_clerk(session)
    taken = claims(database, one, older)
    assert isinstance(taken, Issued)
    with database.begin() as session:
        redemption.redeem(session, taken.voucher.code, member=clerk, now=NOW)
    assert isinstance(claims(database, one, newer, now=NOW + timedelta(days=30)), Issued)
    assert isinstance(claims(database, other, older), Issued)
    return one, other


def test_everything_is_handed_out_in_chinese(database: Database, two: tuple[int, int]) -> None:
    told = exported(database, two[0])
    assert {name: len(found) for name, found in told.items()} == {
        "quiz_voucher": 2,
        "quiz_voucher_event": 3,
        "quiz_complaint": 1,
        "quiz_card": 20,
        "quiz_answer": 200,
        "quiz_draw": 200,
        "quiz_entry": 2,
    }
    assert [one["状态"] for one in told["quiz_voucher"]] == ["已领取", "可领取"]
    assert told["quiz_voucher"][0]["领什么"] == SPEECH
    assert told["quiz_voucher"][0]["领取号"] == "领2026-000001"
    assert [one["做了什么"] for one in told["quiz_voucher_event"]] == ["发出", "领取", "发出"]
    assert told["quiz_complaint"][0]["说哪里不对"] == "题目看不懂"
    assert (told["quiz_answer"][99]["您的回答"], told["quiz_answer"][99]["第几个答对"]) == (
        "B",
        100,
    )
    assert {one["哪一季"] for one in told["quiz_card"]} == {"试一季", "下一季"}
    for found in told.values():
        for row in found:
            assert not [name for name in row if name.isascii()], row
    # Who of the staff handed over is not the follower's to know, nor anybody else's rows.
    assert "desk" not in json.dumps(told)


def test_somebody_without_anything_has_empty_lists(database: Database) -> None:
    assert not any(exported(database, 999).values())


def test_an_erasure_takes_everything_and_frees_what_was_promised(
    database: Database, two: tuple[int, int]
) -> None:
    one, other = two
    before = exported(database, other)
    erased(database, one)
    assert not any(exported(database, one).values())
    assert exported(database, other) == before
    assert rows(database, *OWN) == [1, 100, 100, 10, 1]
    assert rows(database, Voucher, VoucherEvent, StockMove) == [3, 5, 6]
    with database.begin() as session:
        assert ledgers.first_breach(session) == ""
        left = session.execute(
            select(Voucher.state, Voucher.entry_id.is_(None)).order_by(Voucher.id)
        ).all()
        assert [tuple(row) for row in left] == [
            ("redeemed", True),
            ("void", True),
            ("issued", False),
        ]
        (facsimile_id,) = session.scalars(select(Voucher.facsimile_id).distinct())
        assert stock.level(session.connection(), facsimile_id) == Level(8, 1)


def test_whoever_comes_back_begins_anew(database: Database, two: tuple[int, int]) -> None:
    one, _other = two
    erased(database, one)
    with database.begin() as session:
        again = a_collector(session, session.scalars(select(Entry.season_id)).one(), "oOne")
    with database.begin() as session:
        season_id = session.scalars(select(Entry.season_id).where(Entry.follower_id == again)).one()
    outcome = claims(database, again, season_id)
    assert isinstance(outcome, Issued)
    assert outcome.is_new


def test_nothing_is_voided_twice(database: Database, two: tuple[int, int]) -> None:
    with database.begin() as session:
        assert vouchers.void_of(session, two[1], now=NOW) == 1
        assert vouchers.void_of(session, two[1], now=NOW) == 0
