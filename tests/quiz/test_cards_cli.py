"""`cards show|check`: what somebody has earned, and whether the ledgers add up."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from tests.commands import Outcome, refused, run_command
from tests.quiz.making import NOW, PROJECT, TODAY, a_follower, a_season
from tests.quiz.vouchers_making import a_clerk, a_collector, a_voucher, has_right
from wx_archive.core.database import Database
from wx_archive.quiz import codes, redemption
from wx_archive.quiz.models import Answer, Card, Entry
from wx_archive.quiz.voucher_models import (
    Facsimile,
    ReceiptCounter,
    StockMove,
    Voucher,
    VoucherEvent,
)

Run = Callable[..., Outcome]


@pytest.fixture
def run(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run a command in this process on the database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(PROJECT))
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")
    address = database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", address)

    def run(*arguments: str) -> Outcome:
        return run_command(monkeypatch, capsys, "cards", *arguments)

    return run


def test_somebody_unknown_is_refused_with_a_sentence(run: Run) -> None:
    assert "没有这位关注者" in refused(run("show", "oNobody"))
    assert run("show").code == 2


def test_who_never_played_has_nothing(run: Run, database: Database) -> None:
    with database.begin() as session:
        a_follower(session, "oOne")
    assert run("show", "oOne", "--json").json == {
        "right_answers": 0,
        "cards": 0,
        "vouchers": [],
        "seasons": [],
    }
    assert "答对 0 题，0 张卡" in run("show", "oOne").out


def test_answers_cards_and_vouchers_of_all_seasons_are_shown(run: Run, database: Database) -> None:
    shown = a_voucher(database, "oOne")
    with database.begin() as session:
        later = a_season(
            session,
            name="下一季",
            starts_on=TODAY + timedelta(days=30),
            ends_on=TODAY + timedelta(days=60),
            pick_up_until=TODAY + timedelta(days=60),
        )
        has_right(session, a_follower(session, "oOne"), later, 23)
        a_collector(session, later, "oOther", right=7)
    told = run("show", "oOne", "--json").json
    assert (told["right_answers"], told["cards"]) == (123, 12)
    assert [(one["code"], one["state"]) for one in told["vouchers"]] == [(shown.code, "issued")]
    assert [(one["name"], len(one["cards"])) for one in told["seasons"]] == [
        ("试一季", 10),
        ("下一季", 2),
    ]
    with database.begin() as session:
        done = redemption.redeem(session, shown.code, member=a_clerk(session), now=NOW)
    assert run("show", "oOne", "--json").json["vouchers"][0]["state"] == "redeemed"
    out = run("show", "oOne").out
    for words in ("答对 123 题，12 张卡", codes.printed(shown.code), "已领取", done.number):
        assert words in out


def test_ledgers_that_add_up_say_so(run: Run, database: Database) -> None:
    assert "对得上" in run("check").out
    shown = a_voucher(database)
    with database.begin() as session:
        redemption.redeem(session, shown.code, member=a_clerk(session), now=NOW)
    told = run("check", "--json").json
    assert told == {
        "ok": True,
        "breach": "",
        "entries": 1,
        "answers": 100,
        "cards": 10,
        "vouchers": 1,
        "receipts": 1,
    }


def _without(model: type[Any], *conditions: Any) -> Any:
    return delete(model).where(*conditions).execution_options(synchronize_session=False)


FIFTH = select(Card.answer_id).where(Card.ordinal == 5).scalar_subquery()
BREACHES = {
    "a right answer is lost": (_without(Answer, Answer.right_no == 57), "答对 99 次"),
    "a card is lost": (_without(Card, Card.ordinal == 4), "该有 10 张卡，有 9 张"),
    "the last card is lost": (_without(Card, Card.ordinal == 10), "该有 10 张卡，有 9 张"),
    "a card too many": (
        update(Answer).where(Answer.right_no > 99).values(right_no=None, is_right=False),
        "该有 9 张卡，有 10 张",
    ),
    "a card for another answer": (
        update(Answer).where(Answer.id == FIFTH).values(right_no=101),
        "",
    ),
    "a carried answer too many": (update(Entry).values(carried=3), "对不上得到它的那次回答"),
    "a piece from nowhere": (update(Facsimile).values(on_hand=43), "流水加起来是 42 和 1"),
    "a reservation lost": (update(Facsimile).values(reserved=0), "流水加起来"),
    "a move lost": (_without(StockMove, StockMove.action == "reserve"), "流水加起来"),
    "a voucher without its piece": (update(Voucher).values(state="void"), "可领取的凭证却有 0 张"),
    "a receipt without a hand-over": (
        update(Voucher).values(receipt="领2026-000001"),
        "领取号和状态",
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_first_breach_is_named(run: Run, database: Database, name: str) -> None:
    change, says = BREACHES[name]
    a_voucher(database)
    with database.begin() as session:
        session.execute(change, execution_options={"synchronize_session": False})
    assert says in refused(run("check"))
    told = run("check", "--json")
    assert told.code == 1
    assert '"ok": false' in told.out


def test_a_gap_in_the_receipts_is_named(run: Run, database: Database) -> None:
    shown = a_voucher(database)
    with database.begin() as session:
        redemption.redeem(session, shown.code, member=a_clerk(session), now=NOW)
    with database.begin() as session:
        session.execute(update(ReceiptCounter).values(last=2))
    assert "领取号发到 2，交付却有 1 次" in refused(run("check"))
    with database.begin() as session:
        session.execute(update(ReceiptCounter).values(last=1))
        changed = update(VoucherEvent).where(VoucherEvent.action == "redeem")
        session.execute(changed.values(receipt="领2026-000002"))
    assert "缺号" in refused(run("check"))


def test_a_voucher_of_too_few_cards_is_named(run: Run, database: Database) -> None:
    a_voucher(database)
    with database.begin() as session:
        lost = select(Card.answer_id).where(Card.ordinal == 10).scalar_subquery()
        session.execute(
            update(Answer).where(Answer.id == lost).values(right_no=None, is_right=False),
            execution_options={"synchronize_session": False},
        )
        session.execute(_without(Card, Card.ordinal == 10))
    assert "只有 9 张卡" in refused(run("check"))
