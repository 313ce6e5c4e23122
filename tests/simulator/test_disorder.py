"""What goes wrong on the way to the account: duplicates, lost answers, another order."""

import time
from itertools import count
from typing import Any

import pytest
import requests

from tests.simulator.conftest import ConfigBuilder, Start
from tests.simulator.fake_account import FakeAccount, Received, text_reply
from tests.simulator.sealing import decrypt, sealed_reply
from wx_archive.simulator.app import running
from wx_archive.simulator.config import Encryption
from wx_archive.simulator.phone import Phone, PhoneRefusedError


def upset(simulator: str, **how: object) -> Any:
    answer = requests.post(f"{simulator}/sim/wire", json=how, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def deliveries(simulator: str, *, wait_for: int = 1) -> list[dict[str, Any]]:
    """Return the deliveries of the last exchange, once there are enough."""
    deadline = time.monotonic() + 5
    while True:
        last = requests.get(f"{simulator}/sim/exchanges", timeout=5).json()[-1]["deliveries"]
        if len(last) >= wait_for:
            return list(last)
        assert time.monotonic() < deadline, f"only {len(last)} deliveries"
        time.sleep(0.02)


def requests_of(account: FakeAccount) -> set[tuple[str, str]]:
    return {(each.query_string, each.body) for each in account.received}


def test_a_wire_in_order_delivers_once(account: FakeAccount, phone: Phone, simulator: str) -> None:
    account.says("好")
    phone.says("一次")
    assert len(account.received) == 1
    (delivery,) = deliveries(simulator)
    assert delivery["duplicate"] is False
    assert len(delivery["reply_digest"]) == 64


def test_a_duplicate_at_once_comes_while_the_message_is_being_answered(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    upset(simulator, duplicate="at_once")

    def answer(received: Received) -> tuple[int, str]:
        deadline = time.monotonic() + 3
        while len(account.received) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        return 200, text_reply(received, f"有 {len(account.received)} 个人在等")

    account.answer = answer
    phone.says("同时")
    phone.sees("有 2 个人在等")
    assert len(account.received) == 2
    assert len(requests_of(account)) == 1
    first, second = deliveries(simulator)
    assert [first["attempt"], second["attempt"]] == [1, 2]
    assert [first["duplicate"], second["duplicate"]] == [False, True]
    assert first["reply_digest"] == second["reply_digest"]
    assert len(phone.shown) == 1


def test_a_later_duplicate_comes_although_the_message_was_answered(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    upset(simulator, duplicate="later", later_s=1)
    account.says("好")
    began = time.monotonic()
    phone.says("一会儿")
    phone.sees("好")
    assert len(account.received) == 1
    assert time.monotonic() - began < 1
    first, second = deliveries(simulator, wait_for=2)
    assert time.monotonic() - began >= 1
    assert (second["attempt"], second["duplicate"], second["status"]) == (2, True, 200)
    assert first["reply_digest"] == second["reply_digest"]
    assert len(requests_of(account)) == 1
    assert phone.transcript().count("公众号：好") == 1


def test_answers_that_differ_have_different_digests(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    upset(simulator, duplicate="later", later_s=0)
    numbers = count()
    account.answer = lambda received: (200, text_reply(received, f"第 {next(numbers)} 次"))
    phone.says("几次")
    first, second = deliveries(simulator, wait_for=2)
    assert first["reply_digest"] != second["reply_digest"]
    account.replies("success", "")
    phone.says("没有回答")
    first, second = deliveries(simulator, wait_for=2)
    assert first["reply_digest"] == second["reply_digest"], "both show nothing"
    account.replies("<xml>", "<xm")
    phone.says("坏回答")
    first, second = deliveries(simulator, wait_for=2)
    assert first["reply_digest"] != second["reply_digest"]


def test_digests_compare_what_is_inside_the_seal(
    account: FakeAccount, start: Start, a_config: ConfigBuilder
) -> None:
    config = a_config()
    keys = {"token": config.token, "aes_key": config.aes_key, "app_id": config.app_id}
    padding = count()

    def answer(received: Received) -> tuple[int, str]:
        xml, _ = decrypt(received.nodes["Encrypt"], config.aes_key)
        reply = text_reply(Received("", "", {}, xml), "同样")
        # The same inside in another envelope, as a fresh seal makes it.
        return 200, sealed_reply(reply, **keys) + " " * next(padding)

    account.answer = answer
    simulator = start(encryption=Encryption.SAFE)
    upset(simulator, duplicate="at_once")
    Phone(simulator).follows()
    first, second = deliveries(simulator)
    assert first["reply_digest"] == second["reply_digest"]


@pytest.mark.parametrize("encryption", list(Encryption))
@pytest.mark.parametrize("duplicate", ["at_once", "later"])
def test_a_duplicate_may_be_signed_and_sealed_anew(
    account: FakeAccount,
    start: Start,
    a_config: ConfigBuilder,
    encryption: Encryption,
    duplicate: str,
) -> None:
    simulator = start(encryption=encryption)
    upset(simulator, duplicate=duplicate, later_s=0, same_signature=False)
    Phone(simulator).follows()
    deliveries(simulator, wait_for=2)
    first, second = account.received
    assert first.query["nonce"] != second.query["nonce"]
    assert first.query["signature"] != second.query["signature"]
    if encryption is Encryption.PLAIN:
        assert first.body == second.body
        return
    assert first.query["msg_signature"] != second.query["msg_signature"]
    sealed = [each.nodes["Encrypt"] for each in (first, second)]
    assert sealed[0] != sealed[1]
    assert len({decrypt(each, a_config().aes_key) for each in sealed}) == 1


def test_a_lost_answer_is_followed_by_the_same_request(account: FakeAccount, start: Start) -> None:
    simulator = start(first_timeout_s=0.2)
    phone = Phone(simulator)
    phone.follows()
    account.received.clear()
    upset(simulator, drop_answer=2)
    account.says("听见了吗")
    began = time.monotonic()
    phone.says("喂")
    assert time.monotonic() - began >= 0.4, "a broken line is waited out"
    phone.sees("听见了吗")
    told = deliveries(simulator)
    assert [each["outcome"] for each in told] == ["应答丢失", "应答丢失", "已应答"]
    assert [each["status"] for each in told] == [None, None, 200]
    assert len({each["reply_digest"] for each in told}) == 1
    assert len(requests_of(account)) == 1
    assert len(account.received) == 3
    phone.says("再说一句")
    assert len(account.received) == 4
    assert requests.get(f"{simulator}/sim/wire", timeout=5).json()["drop_answer"] == 0


def test_four_lost_answers_show_the_notice(account: FakeAccount, start: Start) -> None:
    simulator = start(first_timeout_s=0.05)
    upset(simulator, drop_answer=4)
    account.says("谁也没听见")
    phone = Phone(simulator)
    phone.follows()
    assert phone.last_text == "该公众号提供的服务出现故障，请稍后再试"


def test_disorder_changes_by_parts_and_ends(phone: Phone, simulator: str) -> None:
    assert upset(simulator, duplicate="later", later_s=9)["duplicate"] == "later"
    told = upset(simulator, drop_answer=1)
    assert told == {
        "duplicate": "later",
        "later_s": 9,
        "same_signature": True,
        "drop_answer": 1,
    }
    assert requests.get(f"{simulator}/sim/state", timeout=5).json()["wire"] == told
    mended = requests.delete(f"{simulator}/sim/wire", timeout=5).json()
    assert (mended["duplicate"], mended["drop_answer"]) == ("none", 0)
    upset(simulator, duplicate="at_once")
    requests.post(f"{simulator}/sim/reset", timeout=5)
    assert requests.get(f"{simulator}/sim/wire", timeout=5).json() == mended
    assert phone.openid


@pytest.mark.parametrize(
    "body",
    [
        {"duplicate": "often"},
        {"later_s": -1},
        {"later_s": "soon"},
        {"same_signature": "yes"},
        {"drop_answer": -1},
        {"drop_answer": 0.5},
    ],
)
def test_disorder_that_makes_no_sense_is_refused(simulator: str, body: object) -> None:
    answer = requests.post(f"{simulator}/sim/wire", json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_simulator_that_closes_sends_no_duplicate_any_more(
    account: FakeAccount, a_config: ConfigBuilder
) -> None:
    with running(a_config()) as simulator:
        upset(simulator, duplicate="later", later_s=60)
        Phone(simulator).follows()
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert len(account.received) == 1


# Another order.


def contents(account: FakeAccount) -> list[str]:
    return [each.nodes.get("Content", each.nodes.get("Event", "")) for each in account.received]


def test_held_messages_are_delivered_in_the_order_asked(account: FakeAccount, phone: Phone) -> None:
    account.answer = lambda received: (200, text_reply(received, received.nodes["Content"] + "！"))
    phone.holds_back()
    assert [phone.says(word) for word in ("甲", "乙", "丙")] == [[], [], []]
    assert account.received == []
    shown = phone.releases([2, 0, 1])
    assert contents(account) == ["丙", "甲", "乙"]
    assert [bubble.text for bubble in shown] == ["丙！", "甲！", "乙！"]
    phone.says("丁")
    assert contents(account)[-1] == "丁"


def test_held_messages_keep_the_second_and_the_id_of_their_sending(
    account: FakeAccount, phone: Phone
) -> None:
    phone.holds_back()
    phone.says("早")
    time.sleep(1.1)
    phone.says("晚")
    time.sleep(1.1)
    phone.releases([1, 0])
    late, early = account.received
    assert int(late.nodes["CreateTime"]) > int(early.nodes["CreateTime"])
    assert int(late.nodes["MsgId"]) > int(early.nodes["MsgId"])
    assert int(early.query["timestamp"]) > int(late.nodes["CreateTime"]), "signed on its way"


def test_leaving_and_coming_back_may_arrive_the_wrong_way_round(
    account: FakeAccount, phone: Phone
) -> None:
    phone.holds_back()
    phone.unfollows()
    phone.follows()
    phone.says("我回来了")
    phone.releases([1, 0, 2])
    assert contents(account) == ["subscribe", "unsubscribe", "我回来了"]


def test_a_release_without_order_delivers_as_sent(account: FakeAccount, phone: Phone) -> None:
    phone.holds_back()
    phone.holds_back()
    phone.says("甲")
    phone.says("乙")
    phone.releases()
    assert contents(account) == ["甲", "乙"]
    phone.holds_back()
    assert phone.releases() == []


def test_one_phone_holding_back_leaves_the_others_alone(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    phone.holds_back()
    other = Phone(simulator, nickname="别人")
    other.follows()
    assert len(account.received) == 1


@pytest.mark.parametrize("order", [[0], [0, 0], [0, 2], [1, 0, 2], ["0", "1"], [0, True], "01"])
def test_an_order_names_each_message_once(
    account: FakeAccount, phone: Phone, order: list[int]
) -> None:
    phone.holds_back()
    phone.says("甲")
    phone.says("乙")
    with pytest.raises(PhoneRefusedError, match="order"):
        phone.releases(order)
    assert account.received == []
    phone.releases([1, 0])
    assert contents(account) == ["乙", "甲"]


def test_nothing_held_back_cannot_be_released(phone: Phone, simulator: str) -> None:
    with pytest.raises(PhoneRefusedError, match="没有扣住"):
        phone.releases()
    phone.holds_back()
    requests.post(f"{simulator}/sim/reset", timeout=5)
    with pytest.raises(PhoneRefusedError):
        phone.releases()
    answer = requests.post(f"{simulator}/sim/phones/nobody/hold", timeout=5)
    assert answer.status_code == 404
