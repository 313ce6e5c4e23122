"""我的卡 in the chat: what is told, what a tap shows, and what is not earned is never told."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.quiz.album_making import a_picture, earns
from tests.quiz.making import (
    NOW,
    TODAY,
    a_facsimile,
    a_follower,
    a_quiz_talk,
    a_season,
    a_site_folder,
    some_questions,
)
from tests.talk import ORIGIN, Talk
from wx_archive.core import live
from wx_archive.core.database import Database
from wx_archive.core.ids import random_pid
from wx_archive.core.live import Live
from wx_archive.core.settings import Settings
from wx_archive.core.site import Site
from wx_archive.media import arrivals
from wx_archive.media import service as media
from wx_archive.media.models import HostedMedia
from wx_archive.media.objects import open_objects
from wx_archive.media.service import Described
from wx_archive.quiz import album, seasons
from wx_archive.quiz.models import CardKind
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.voucher_models import Voucher
from wx_archive.wechat.inbound import Header, Text
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

LAST_YEAR: dict[str, Any] = {
    "name": "前一季",
    "starts_on": TODAY - timedelta(days=60),
    "ends_on": TODAY - timedelta(days=40),
    "pick_up_until": TODAY - timedelta(days=1),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_site_folder(tmp_path_factory.mktemp("site"), some_questions(9))


@pytest.fixture
def talk(database: Database, folder: Path) -> Iterator[Talk]:
    with a_quiz_talk(database, folder) as talk:
        yield talk


def has_cards(
    database: Database, talk: Talk, cards: int, *, more: int = 0, **season: object
) -> int:
    """Give the follower so many cards of a season made for it; return the entry's id."""
    with database.begin() as session:
        follower_id = a_follower(session, talk.openid)
        return earns(session, follower_id, a_season(session, **season), cards, more=more)


def has_voucher(database: Database, entry_id: int, state: VoucherState, **changes: Any) -> None:
    told = {
        "code": f"TEST{entry_id:05}X"[:10],
        "expires_on": TODAY + timedelta(days=50),
        "receipt": "领2026-000001" if state is VoucherState.REDEEMED else None,
        "settled_at": NOW,
    }
    with database.begin() as session:
        session.add(
            Voucher(
                entry_id=entry_id,
                facsimile_id=a_facsimile(session, on_hand=5),
                state=state,
                issued_at=NOW,
                **told | changes,
            )
        )


def labels(talk: Talk) -> list[str]:
    return [text for text, _choice in talk.choices]


def test_before_any_season_the_way_on_is_told(talk: Talk) -> None:
    assert "还没有开始" in talk.says("我的卡")


@pytest.mark.parametrize("words", ["我的卡", "卡片", "我的卡册", "我的卡片", "看卡"])
def test_who_has_not_begun_is_told_how_to(database: Database, talk: Talk, words: str) -> None:
    with database.begin() as session:
        a_season(session)
    assert "您还没有卡" in talk.says(words)
    assert "答对 10 题得一张卡" in talk.visible
    assert labels(talk) == ["▸开始答题"]
    assert "/h5/quiz/rules" in talk.text


def test_a_stranger_is_told_the_same_and_gets_no_row(database: Database, talk: Talk) -> None:
    with database.begin() as session:
        a_season(session)
    talk.openid = "a-stranger"
    assert "您还没有卡" in talk.says("我的卡")
    assert talk.says("看卡", menu_id="card.1").startswith("这张卡还没有得到")


def test_who_has_begun_sees_how_far_it_is(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 0, more=4)
    talk.says("我的卡")
    assert "○○○○○○○○○○\n已有 0 张，还差 10 张" in talk.visible
    assert "再答对 6 题，得第 1 张卡。" in talk.visible
    assert labels(talk) == ["▸继续答题"]


def test_the_cards_are_listed_and_the_newest_can_be_tapped(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 5, more=7)
    talk.says("我的卡")
    assert "●●●●●○○○○○\n已有 5 张，还差 5 张" in talk.visible
    assert "\n1 《第1件》\n" in talk.visible
    assert "第6件" not in talk.visible
    assert "001-006" not in talk.visible
    assert "再答对 3 题，得第 6 张卡。" in talk.visible
    assert labels(talk) == ["▸看第 5 张", "▸看第 4 张", "▸看第 3 张", "▸继续答题"]
    (address,) = [span.href for span in talk.spans if span.href]
    assert "/h5/enter/me." in address
    assert "30 分钟内点开" in talk.visible


@pytest.mark.parametrize(
    ("state", "changes", "says", "taps"),
    [
        (None, {}, "可以领一份珍贵档案复制件了", ["▸领取"]),
        (VoucherState.ISSUED, {}, "请在2027年1月12日以前（含当天）到馆领取", []),
        (VoucherState.ISSUED, {"expires_on": TODAY - timedelta(1)}, "可以领一份", ["▸领取"]),
        (VoucherState.EXPIRED, {}, "可以领一份珍贵档案复制件了", ["▸领取"]),
        (VoucherState.REDEEMED, {}, "复制件已经领取，领取号 领2026-000001", []),
    ],
)
def test_with_ten_cards_the_next_step_is_the_voucher(
    database: Database,
    talk: Talk,
    state: VoucherState | None,
    changes: dict[str, object],
    says: str,
    taps: list[str],
) -> None:
    entry_id = has_cards(database, talk, 10)
    if state:
        has_voucher(database, entry_id, state, **changes)
    talk.says("我的卡")
    assert says in talk.visible
    assert "十张集齐了" in talk.visible
    assert labels(talk)[3:] == taps


def test_after_the_last_day_of_pick_up_nothing_is_promised(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 10, **LAST_YEAR)
    talk.says("我的卡")
    assert "已经过了" in talk.visible
    assert "▸领取" not in talk.visible


def test_after_the_season_the_cards_stay(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 2, **LAST_YEAR)
    talk.says("我的卡")
    assert "这一季已经结束" in talk.visible
    assert labels(talk) == ["▸看第 2 张", "▸看第 1 张"]


def test_the_longest_titles_fit_into_one_message(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 10, name="长" * 40)
    with database.begin() as session:
        session.execute(update(CardKind).values(title="题" * 40, number="0" * 24))
        live.changed(session, seasons.LIVE)
    text = talk.says("我的卡")
    assert len(text.encode()) < TEXT_LIMIT_BYTES
    assert "▸打开我的卡册" in talk.visible


def test_a_title_in_marks_gets_no_second_ones(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 1)
    with database.begin() as session:
        session.execute(update(CardKind).values(title="《大桥<b>日志》"))
        live.changed(session, seasons.LIVE)
    talk.says("我的卡")
    assert "1 《大桥〈b〉日志》" in talk.visible


# -- one card ----------------------------------------------------------------------------------


def host(database: Database, folder: Path, ordinal: int) -> None:
    """Have WeChat hold the picture of a card."""
    store = open_objects(Settings.for_demo(data_dir=folder))
    picture = a_picture(50 + ordinal, 70)
    arrival = arrivals.receive(store, io.BytesIO(picture), name="card.jpg")
    with database.begin() as session:
        asset = media.enter(session, arrival, Described("卡"), made_by="clock", now=NOW)
        kinds = update(CardKind).where(CardKind.ordinal == ordinal)
        session.execute(kinds.values(art_pid=asset.pid))
        told = {"form": "original", "hosted_as": "material", "app_id": "wx", "hosted_at": NOW}
        session.add(HostedMedia(asset_id=asset.id, media_id=f"MEDIA-{ordinal}", **told))
        live.changed(session, seasons.LIVE)


def test_a_tap_shows_the_picture_where_wechat_has_it(
    database: Database, talk: Talk, tmp_path: Path
) -> None:
    has_cards(database, talk, 2)
    host(database, tmp_path, 2)
    host(database, tmp_path, 3)
    talk.says("看卡", menu_id="card.2")
    assert talk.image == "MEDIA-2"
    talk.says("我的卡")
    talk.presses(talk.choices[0][1])
    assert talk.image == "MEDIA-2"


def test_where_wechat_has_none_the_tap_leads_to_the_album(database: Database, talk: Talk) -> None:
    has_cards(database, talk, 2)
    talk.says("看卡", menu_id="card.2")
    assert talk.visible.startswith("试一季 第 2 张卡：《第2件》\n编号 001-002")
    assert "▸看卡面和故事（30 分钟内点开）" in talk.visible


@pytest.mark.parametrize(
    "argument",
    ["3", "10", "0", "11", "-1", "", "x", "3.", "1.0123456789ABCDEFGHJKMNPQRS", "٣", "9" * 40],
)
def test_what_is_not_earned_is_not_told(
    database: Database, talk: Talk, tmp_path: Path, argument: str
) -> None:
    has_cards(database, talk, 2)
    host(database, tmp_path, 3)
    assert talk.says("看卡", menu_id=f"card.{argument}").startswith("这张卡还没有得到")
    assert talk.image == ""


def test_the_cards_of_somebody_else_are_not_shown(
    database: Database, talk: Talk, tmp_path: Path
) -> None:
    has_cards(database, talk, 2)
    host(database, tmp_path, 2)
    talk.openid = "somebody-else"
    assert talk.says("看卡", menu_id="card.2").startswith("这张卡还没有得到")


def test_an_old_message_shows_the_card_of_its_season(database: Database, talk: Talk) -> None:
    before = random_pid()
    has_cards(database, talk, 4, **LAST_YEAR, pid=before)
    has_cards(database, talk, 1, name="这一季")
    for menu_id, shown in (
        (f"card.1.{before}", "前一季 第 1 张卡"),
        ("card.4", "前一季 第 4 张卡"),  # the only fourth card there is
        ("card.1", "这一季 第 1 张卡"),  # of two the newer
    ):
        talk.says("看卡", menu_id=menu_id)
        assert talk.visible.startswith(shown)


@pytest.mark.parametrize("words", [("我的卡", None), ("看卡", "card.1")])
def test_every_delivery_of_a_message_gets_the_same_answer(
    database: Database, talk: Talk, words: tuple[str, str | None]
) -> None:
    has_cards(database, talk, 1)
    header = Header("gh_test", talk.openid, int(NOW.timestamp()), "m-again", is_event=False)
    message = Text(header, *words)
    first, again = (
        talk.answering.reply_to(message, b"<xml/>", now=NOW + timedelta(seconds=late))
        for late in (0, 5)
    )
    assert first == again  # the link in it is signed with the moment


def test_a_voucher_of_the_season_before_is_still_shown(
    database: Database, talk: Talk, folder: Path
) -> None:
    before = has_cards(database, talk, 10, **LAST_YEAR | {"pick_up_until": TODAY})
    has_cards(database, talk, 1, name="这一季")
    with database.begin() as session:
        follower_id = a_follower(session, talk.openid)
    site = Site(folder, ORIGIN, live=Live(database))

    def elsewhere() -> str | None:
        with database.reads() as connection:
            found = album.of(connection, site, follower_id, today=TODAY)
        assert found
        assert found.season.name == "这一季"
        assert [one.name for one in found.others] == ["前一季"]
        return found.elsewhere.code if found.elsewhere else None

    assert elsewhere() is None
    has_voucher(database, before, VoucherState.ISSUED, code="ELSEWHERE2", expires_on=TODAY)
    assert elsewhere() == "ELSEWHERE2"
