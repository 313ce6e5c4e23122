"""帮我查, 进度, 撤回: what is typed and tapped, and what then stands."""

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.builders import a_document, import_documents, wide
from tests.enquiries.conftest import PROJECT
from tests.enquiries.filing import a_follower, a_request, moves, numbers, steps
from tests.talk import NOON, Talk, a_talk
from wx_archive.core.database import Database
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.rules import State
from wx_archive.wechat.inbound import Header, Text
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

FIRST = "查2026-000001"


def tap_id(words: str) -> str:
    return "ask." + base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


def press(talk: Talk, label: str) -> str:
    (choice,) = [menu for text, menu in talk.choices if text == label]
    return talk.presses(choice)


def words_of(database: Database) -> list[str]:
    with database.begin() as session:
        return [one.words for one in session.query(Enquiry).order_by(Enquiry.id)]


# -- asking -----------------------------------------------------------------------------------


def test_a_tap_makes_a_request_at_once_and_says_everything_about_it(
    talk: Talk, database: Database
) -> None:
    talk.says("帮我查", menu_id=tap_id("量子纠缠通信"))
    assert talk.visible.startswith(f"替您记下了，编号 {FIRST}。\n要查的：“量子纠缠通信”\n")
    assert "进度" in talk.visible
    assert words_of(database) == ["量子纠缠通信"]
    press(talk, "看办到哪一步")
    assert talk.visible.startswith(f"{FIRST}：已收到")
    assert "2026年11月23日提出" in talk.visible


@pytest.mark.parametrize(
    "typed", ["帮我查 量子纠缠通信", "帮我查　量子纠缠通信", "代查 量子纠缠通信"]
)
def test_words_may_be_typed_behind_it(talk: Talk, database: Database, typed: str) -> None:
    talk.says(typed)
    assert FIRST in talk.visible
    assert words_of(database) == ["量子纠缠通信"]


def test_alone_it_means_what_was_not_found_last(talk: Talk, database: Database) -> None:
    talk.says("量子纠缠通信")
    talk.says("帮我查")
    assert words_of(database) == ["量子纠缠通信"]
    assert FIRST in talk.visible


def test_alone_without_anything_before_it_asks_what(talk: Talk, database: Database) -> None:
    for typed in ("帮我查", "帮我查。", "帮我查 ？？", "代查 房"):
        assert "要我们查什么" in talk.says(typed), typed
    for argument in ("ask.", "ask", "ask.%%%", "ask.//8", "ask." + "A" * 5, tap_id("\ud83d"[:0])):
        assert "要我们查什么" in talk.says("帮我查", menu_id=argument), argument
    assert numbers(database) == []


def test_what_is_asked_of_the_search_box_is_still_looked_up(
    talk: Talk, database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(title="公积金管理办法"))
    for typed in ("帮我查一下公积金", "帮我查 一下公积金", "帮我查查公积金", "帮我查公积金"):
        talk.says(typed)
        assert talk.visible.startswith("〔档案查询〕"), typed
    assert numbers(database) == []


def test_the_same_again_gets_the_same_number(talk: Talk, database: Database) -> None:
    talk.says("帮我查 大坝 图纸")
    talk.says("帮我查 大坝图纸")
    assert f"这件已经替您记着，编号 {FIRST}" in talk.visible
    assert "现在：已收到" in talk.visible
    assert numbers(database) == [FIRST]


def test_a_sixth_request_waits_until_there_is_room(talk: Talk, database: Database) -> None:
    for place in range(5):
        talk.says(f"帮我查 第{place}件图纸")
    assert "已经有五件在办" in talk.says("帮我查 第六件图纸")
    assert len(numbers(database)) == 5
    talk.says("撤回 2026-3")
    talk.says("帮我查 第六件图纸")
    assert "查2026-000006" in talk.visible


@pytest.mark.parametrize("asked", ["我妈的知青档案", "张三 结婚登记", "离婚证 420302199003078888"])
def test_ones_own_records_are_for_the_desk_and_leave_nothing_behind(
    talk: Talk, database: Database, asked: str
) -> None:
    for _each in (talk.says(f"帮我查 {asked}"), talk.says("帮我查", menu_id=tap_id(asked))):
        assert "请带身份证件到" in talk.visible
        assert asked not in talk.visible
    assert numbers(database) == []


def test_a_number_of_a_person_is_neither_kept_nor_said_again(
    talk: Talk, database: Database
) -> None:
    talk.says("帮我查 大坝图纸，我的电话13807281234，证号" + wide("42030219900307888X"))
    assert FIRST in talk.visible
    assert words_of(database) == ["大坝图纸，我的电话［号码已隐去］，证号［号码已隐去］"]
    assert "1380728" not in talk.text


def test_a_story_is_too_long_and_every_answer_within_the_limit(
    talk: Talk, database: Database
) -> None:
    assert "长了些" in talk.says("帮我查 " + "长" * 201)
    assert numbers(database) == []
    for place in range(5):
        talk.says(f"帮我查 {place}" + "<长>" * 66)
        assert len(talk.text.encode()) <= TEXT_LIMIT_BYTES
        assert "<长>" not in talk.text
    moves(database, FIRST, State.REFUSED, note="<" * 400)
    for asked in ("进度", f"进度 {FIRST}", "进度 2026-2"):
        talk.says(asked)
        assert len(talk.text.encode()) <= TEXT_LIMIT_BYTES, asked


# -- once -------------------------------------------------------------------------------------


def a_message(words: str = "帮我查 大坝图纸", openid: str = "oOne") -> Text:
    return Text(Header("gh_test", openid, int(NOON.timestamp()), "m-1", is_event=False), words)


def test_every_delivery_of_a_message_gets_the_same_number(talk: Talk, database: Database) -> None:
    told = {
        talk.answering.reply_to(a_message(), b"<xml/>", now=NOON + timedelta(seconds=late))
        for late in (0, 5, 10, 15)
    }
    assert len(told) == 1
    assert numbers(database) == [FIRST]
    assert len(steps(database, FIRST)) == 1


def at_once(works: list[Callable[[], bytes]]) -> list[bytes]:
    together = threading.Barrier(len(works))

    def one(work: Callable[[], bytes]) -> bytes:
        together.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_deliveries_to_two_processes_at_once_make_one_request(
    talk: Talk, database: Database
) -> None:
    with ExitStack() as held:
        other = Database(database.url.render_as_string(hide_password=False))
        held.callback(other.dispose)
        second = held.enter_context(a_talk(other, PROJECT))
        answerings = [talk.answering, second.answering] * 3

        def deliver(place: int) -> Callable[[], bytes]:
            now = NOON + timedelta(seconds=place)
            return lambda: answerings[place].reply_to(a_message(), b"<xml/>", now=now)

        told = at_once([deliver(place) for place in range(6)])
    assert len(set(told)) == 1
    assert numbers(database) == [FIRST]


def test_two_taps_on_one_link_at_once_make_one_request(talk: Talk, database: Database) -> None:
    taps = [
        Text(
            Header("gh_test", "oOne", int(NOON.timestamp()), f"m-{place}", is_event=False),
            "帮我查",
            tap_id("大坝图纸"),
        )
        for place in range(4)
    ]
    told = at_once([partial(talk.answering.reply_to, tap, b"<xml/>", now=NOON) for tap in taps])
    assert all(FIRST.encode() in answer for answer in told)
    assert numbers(database) == [FIRST]


def test_a_late_delivery_of_a_question_gets_the_answer_that_stands(
    talk: Talk, database: Database
) -> None:
    talk.says("帮我查 大坝图纸")
    asked = a_message("进度 2026-1", openid=talk.openid)
    first = talk.answering.reply_to(asked, b"<xml/>", now=NOON)
    moves(database, FIRST, State.ACCEPTED)
    with a_talk(database, PROJECT) as another_process:
        later = NOON + timedelta(seconds=5)
        assert another_process.answering.reply_to(asked, b"<xml/>", now=later) == first


# -- how it stands ----------------------------------------------------------------------------


def test_without_requests_one_is_told_how_to_make_one(talk: Talk) -> None:
    assert "还没有请我们办的事" in talk.says("进度")


def test_ones_own_are_listed_newest_first_five_at_most(talk: Talk, database: Database) -> None:
    a_request(database, a_follower(database, "oNoise"), "别人的图纸")
    for place in range(2, 8):
        talk.says(f"帮我查 第{place}件图纸")
        if place < 5:
            moves(database, f"查2026-{place:06d}", State.REFUSED)
    talk.says("进度")
    lines = talk.visible.splitlines()
    assert lines[0] == "您的请求，共 6 件，先看最近 5 件："
    assert lines[1] == "查2026-000007 已收到 · 第7件图纸"
    assert lines[5] == "查2026-000003 不能提供 · 第3件图纸"
    assert "别人的" not in talk.visible
    assert "30分钟内有效" in lines[6]
    press(talk, "查2026-000007")
    assert talk.visible.startswith("查2026-000007：已收到")


@pytest.mark.parametrize(
    "asked",
    [
        "进度 查2026-000001",
        "进度 查2026-1",
        "进度 2026-1",
        f"进度 {wide('2026-000001')}",
        "进度　查 2026 — 1",
        "进度 「查2026-000001」",
        "查2026-000001",
        "进度查2026-000001",
        "撤回查2026-1",
    ],
)
def test_a_number_is_understood_however_it_is_spelled(talk: Talk, asked: str) -> None:
    talk.says("帮我查 大坝图纸")
    assert talk.says(asked).startswith(f"{FIRST}：已收到"), asked


def test_a_step_of_the_staff_is_seen_at_once_with_what_they_say(
    talk: Talk, database: Database
) -> None:
    talk.says("帮我查 大坝图纸")
    moves(database, FIRST, State.ACCEPTED, State.SEARCHING, note="")
    assert f"{FIRST}：正在查" in talk.says("进度 2026-1")
    moves(database, FIRST, State.FOUND, note="请到三楼阅览室看")
    talk.says("进度 2026-1")
    assert f"{FIRST}：查到了" in talk.visible
    assert "馆里说：请到三楼阅览室看" in talk.visible
    assert "撤回这件" not in talk.visible


def test_the_staffs_answer_waits_to_be_fetched(talk: Talk, database: Database) -> None:
    talk.says("帮我查 大坝图纸")
    moves(database, FIRST, State.ACCEPTED, State.SEARCHING, State.FOUND, note="请到三楼看")
    assert "取结果" in talk.says("你好")
    talk.says("取结果")
    assert talk.visible.startswith(f"{FIRST} 有了新进展：查到了。")
    assert "请到三楼看" in talk.visible


def test_somebody_elses_number_and_one_that_does_not_exist_are_the_same(
    talk: Talk, database: Database
) -> None:
    other = a_request(database, a_follower(database, "oNoise"), "别人的图纸")
    for word in ("进度", "撤回", "取消"):
        told = {talk.says(f"{word} {number}") for number in (other.number, "查2026-000009")}
        assert len(told) == 1
        assert "没有这个编号" in told.pop()
    talk.says("帮我查 大坝图纸")
    told = {talk.says(f"进度 {number}") for number in (other.number, "查2026-000009", "什么")}
    assert len(told) == 1
    assert steps(database, other.number)[-1].to_state is State.SUBMITTED


def test_a_bare_number_of_somebody_else_is_looked_up_like_any_words(
    talk: Talk, database: Database
) -> None:
    other = a_request(database, a_follower(database, "oNoise"), "别人的图纸")
    for number in (other.number, "查2026-000009"):
        assert f"没有查到“{number}”" in talk.says(number)
        assert "别人的" not in talk.visible


# -- adding what is missing -------------------------------------------------------------------


def test_what_staff_ask_for_is_added_and_the_request_goes_on(
    talk: Talk, database: Database
) -> None:
    talk.says("帮我查 大坝图纸")
    moves(database, FIRST, State.NEED_FIX, note="是哪一年的？")
    talk.says("取结果")
    assert "馆里说：是哪一年的？" in talk.visible
    assert f"请回“补充 {FIRST} 要补的话”" in talk.visible
    talk.says("补充 查2026-1 是1978年的，我的电话13807281234")
    assert f"补上了，{FIRST} 接着办" in talk.visible
    assert talk.says("进度 2026-1").startswith(f"{FIRST}：已收到")
    assert "哪一年" not in talk.visible
    last = steps(database, FIRST)[-1]
    assert (last.from_state, last.to_state) == (State.NEED_FIX, State.SUBMITTED)
    assert (last.note, last.actor) == ("是1978年的，我的电话［号码已隐去］", "reader")


def test_nothing_is_added_where_nothing_is_missing(talk: Talk, database: Database) -> None:
    other = a_request(database, a_follower(database, "oNoise"), "别人的图纸")
    moves(database, other.number, State.NEED_FIX)
    talk.says("帮我查 大坝图纸")
    assert "不用补充" in talk.says("补充 2026-2 是1978年的")
    assert "没有这个编号" in talk.says(f"补充 {other.number} 是1978年的")
    for words in ("补充 2026-2", "补充 2026-2 。", "补充 2026-2 " + "长" * 201):
        assert "请回“补充 查2026-000002 要补的话”" in talk.says(words), words
    assert "请带身份证件" in talk.says("补充 2026-2 查我妈的知青档案")
    assert "请回“补充" not in talk.says("补充 公积金")
    assert len(steps(database, "查2026-000002")) == 1
    assert len(steps(database, other.number)) == 2


# -- withdrawing ------------------------------------------------------------------------------


def test_a_request_is_withdrawn_by_tap_or_by_words(talk: Talk, database: Database) -> None:
    talk.says("帮我查 大坝图纸")
    press(talk, "撤回这件")
    assert f"{FIRST} 已经撤回" in talk.visible
    talk.says("帮我查 房改图纸")
    assert "查2026-000002 已经撤回" in talk.says("取消 查2026-2")
    for number in (FIRST, "查2026-000002"):
        assert steps(database, number)[-1].to_state is State.WITHDRAWN


def test_what_is_answered_or_withdrawn_already_says_so(talk: Talk, database: Database) -> None:
    talk.says("帮我查 大坝图纸")
    talk.says("撤回 2026-1")
    assert "先前已经撤回" in talk.says("撤回 2026-1")
    talk.says("帮我查 房改图纸")
    moves(database, "查2026-000002", State.REFUSED, note="不能")
    assert "已经有了结果（不能提供）" in talk.says("撤回 2026-2")


def test_other_words_behind_withdraw_mean_what_they_always_mean(talk: Talk) -> None:
    plain = talk.says("取消")
    assert "没有正在办的事" in plain
    for words in ("撤回 同意", "取消 公积金", "撤回"):
        assert "没有这个编号" not in talk.says(words), words


# -- rating -----------------------------------------------------------------------------------


def answered(talk: Talk, database: Database, words: str = "大坝图纸") -> str:
    talk.says(f"帮我查 {words}")
    number = numbers(database)[-1]
    moves(database, number, State.ACCEPTED, State.SEARCHING, State.FOUND, note="请到三楼看")
    return number


def test_an_answer_is_rated_by_a_tap_and_the_request_is_closed(
    talk: Talk, database: Database
) -> None:
    number = answered(talk, database)
    talk.says("取结果")
    assert "请您评价（5最好）：5 4 3 2 1" in talk.visible
    press(talk, "4")
    assert f"记下了：{number} 满意（4分），谢谢您" in talk.visible
    talk.says(f"进度 {number}")
    assert "已办结" in talk.visible
    assert "馆里说：请到三楼看" in talk.visible
    assert "请您评价" not in talk.visible
    assert "您先前已经评过了（4分）" in talk.says(f"评价 {number} 1")


@pytest.mark.parametrize(
    "typed",
    ["评价 查2026-000001 5 很快", "评价 2026-1 5", "评价 5", "评价 5分，很快", f"评价 {wide('5')}"],
)
def test_a_rating_may_be_typed(talk: Talk, database: Database, typed: str) -> None:
    answered(talk, database)
    assert "很满意（5分）" in talk.says(typed)
    assert steps(database, FIRST)[-1].to_state is State.CLOSED


def test_a_number_without_a_score_asks_for_one(talk: Talk, database: Database) -> None:
    number = answered(talk, database)
    for typed in (f"评价 {number}", f"评价 {number} 9", "评价"):
        talk.says(typed)
        assert "请您评价（5最好）：5 4 3 2 1" in talk.visible, typed
    assert steps(database, number)[-1].to_state is State.FOUND
    other = answered(talk, database, "房改文件")
    talk.says("评价 5")  # which of the two?
    assert number in talk.visible
    assert other in talk.visible
    assert len(talk.text.encode()) <= TEXT_LIMIT_BYTES
    assert steps(database, number)[-1].to_state is State.FOUND


def test_what_cannot_be_rated_says_why(talk: Talk, database: Database) -> None:
    assert "眼下没有等您评价的" in talk.says("评价")
    talk.says("帮我查 大坝图纸")
    assert "有了答复再请您评价" in talk.says(f"评价 {FIRST} 5")
    assert "有了答复再请您评价" in talk.says(f"评价 {FIRST}")
    other = a_request(database, a_follower(database, "oNoise"), "别人的图纸")
    moves(database, other.number, State.REFUSED)
    for typed in (f"评价 {other.number} 1", f"评价 {other.number}", "评价 查2026-999 5"):
        assert "没有这个编号" in talk.says(typed), typed
    assert steps(database, other.number)[-1].to_state is State.REFUSED


def test_other_words_behind_it_are_looked_up(talk: Talk, database: Database) -> None:
    answered(talk, database)
    assert "没有查到" in talk.says("评价 绩效考核办法")
    assert steps(database, FIRST)[-1].to_state is State.FOUND


def test_every_delivery_of_a_rating_is_one_rating(talk: Talk, database: Database) -> None:
    number = answered(talk, database)
    rating = a_message(f"评价 {number} 5", openid=talk.openid)
    told = {talk.answering.reply_to(rating, b"<xml/>", now=NOON) for _each in range(3)}
    assert len(told) == 1
    assert "很满意".encode() in told.pop()
    assert len(steps(database, number)) == 5


def test_the_progress_says_who_answers_for_it_and_until_when(
    talk: Talk, database: Database
) -> None:
    talk.says("帮我查 大坝图纸")
    moves(database, FIRST, State.ACCEPTED, note="")
    assert "最晚2026年11月30日答复。" in talk.says(f"进度 {FIRST}")
    moves(database, FIRST, State.SEARCHING, State.CONSULTING, note="问一问水利局")
    talk.says(f"进度 {FIRST}")
    assert "从2026年11月23日起停算工作日" in talk.visible
    assert "馆里说：问一问水利局" in talk.visible
