"""Mass sends that end badly, wait, or are taken back; and the switches for that."""

import pytest
import requests

from tests.simulator.conftest import Start
from tests.simulator.fake_account import FakeAccount
from tests.simulator.newsdesk import Newsdesk, event, events, until
from wx_archive.simulator.phone import Bubble, Phone

FINISHED = "MASSSENDJOBFINISH"
HALF_HOUR_S = 1_800


def follower(desk: Newsdesk) -> Phone:
    phone = Phone(desk.base_url)
    phone.follows()
    return phone


def counts(account: FakeAccount) -> tuple[int, ...]:
    """Wait for the end of the one send and return its numbers."""
    nodes = event(account, FINISHED).nodes
    names = ("TotalCount", "FilterCount", "SentCount", "ErrorCount")
    return tuple(int(nodes[name]) for name in names)


def shown(phone: Phone) -> Bubble:
    (bubble,) = phone.listens()
    return bubble


def in_history(desk: Newsdesk, title: str) -> bool:
    return title in requests.get(f"{desk.base_url}/s/history", timeout=5).text


# What may go wrong.


@pytest.mark.parametrize("verdict", ["err(10001)", "err(20001)", "send fail"])
def test_a_send_may_be_refused_after_it_was_taken(
    desk: Newsdesk, phone: Phone, account: FakeAccount, verdict: str
) -> None:
    desk.switch(verdicts=[verdict])
    answer = desk.send_news(desk.draft())
    assert answer["errcode"] == 0
    assert counts(account) == (0, 0, 0, 0)
    assert event(account, FINISHED).nodes["Status"] == verdict
    assert desk.status(answer["msg_id"]) == "SEND_FAIL"
    assert phone.listens(0.1) == []
    url = desk.pushes()["mass"][0]["urls"][0]
    assert requests.get(url, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("goes_on", "status", "state"), [(0, "err(30003)", "3"), (1, "send success", "2")]
)
def test_a_reprint_is_sent_only_if_the_account_wants_so(
    desk: Newsdesk, account: FakeAccount, goes_on: int, status: str, state: str
) -> None:
    desk.switch(verdicts=["reprint"])
    desk.send_news(desk.draft(), send_ignore_reprint=goes_on)
    received = event(account, FINISHED)
    assert received.nodes["Status"] == status
    assert f"<CheckState>{state}</CheckState>" in received.body
    assert "<OriginalArticleType>1</OriginalArticleType>" in received.body


def test_the_administrator_confirms_or_refuses_where_sending_is_protected(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    desk.switch(protection=True, limits={"successful_per_day": 9}, finish_after_s=0)
    answer = desk.send(clientmsgid="a")
    (waits,) = desk.switches()["waiting"]
    assert (waits["msg_id"], desk.status(answer["msg_id"])) == (answer["msg_id"], "SENDING")
    assert phone.listens(0.5) == []
    desk.control("publishing/confirm")
    assert desk.ended(answer["msg_id"])["ending"] == "send success"
    assert shown(phone).text == "今天闭馆"
    refused = desk.send(clientmsgid="b")
    desk.control("publishing/confirm", msg_id=refused["msg_id"], approve=False)
    assert desk.ended(refused["msg_id"])["ending"] == "err(40001)"
    assert phone.listens(0.1) == []
    assert "error" in desk.control("publishing/confirm")
    to_list = desk.send_to(phone.openid, follower(desk).openid)
    assert desk.ended(to_list["msg_id"])["ending"] == "send success", "only everybody is protected"
    assert len(until(lambda: len(found := events(account, FINISHED)) == 3 and found)) == 3


def test_half_an_hour_without_confirmation_ends_a_send(
    desk: Newsdesk, account: FakeAccount, phone: Phone
) -> None:
    desk.switch(protection=True)
    answer = desk.send()
    desk.advance(HALF_HOUR_S - 30)
    assert desk.status(answer["msg_id"]) == "SENDING"
    desk.advance(40)
    assert event(account, FINISHED).nodes["Status"] == "err(40002)"
    assert desk.status(answer["msg_id"]) == "SEND_FAIL"
    assert phone.listens(0.1) == []


def test_waiting_goes_on_after_the_simulator_was_restarted(
    desk: Newsdesk, start: Start, account: FakeAccount
) -> None:
    desk.switch(protection=True, crowd=3)
    desk.control("clock", reset=True)
    answer = desk.send()
    again = Newsdesk(start())
    assert again.switches()["waiting"][0]["msg_id"] == answer["msg_id"]
    assert again.switches()["crowd"]["followers"] == 3
    assert again.send()["errcode"] == 45065, "what was called before is known"
    again.control("publishing/confirm")
    assert again.ended(answer["msg_id"])["total"] == 3
    assert event(account, FINISHED).nodes["Status"] == "send success"


def test_the_event_comes_early_twice_or_is_held_back(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    def ids() -> list[str]:
        return [each.nodes["MsgID"] for each in events(account, FINISHED)]

    desk.switch(finish="early", limits={"successful_per_day": 9})
    answer = desk.send(clientmsgid="a")
    assert ids() == [str(answer["msg_id"])], "before the answer"
    desk.switch(finish="double", finish_after_s=0)
    twice = desk.send(clientmsgid="b")["msg_id"]
    until(lambda: ids().count(str(twice)) == 2)
    desk.switch(finish="hold")
    held = desk.send(clientmsgid="c")["msg_id"]
    until(lambda: desk.switches()["finish"]["waiting"])
    assert desk.status(held) == "SEND_SUCCESS"
    assert str(held) not in ids()
    desk.control("publishing/release")
    assert ids()[-1] == str(held)
    assert len(phone.listens()) == 3


# Afterwards.


def test_what_was_sent_can_be_deleted(desk: Newsdesk, phone: Phone) -> None:
    desk.switch(limits={"successful_per_day": 9})
    msg_id = desk.send_news(desk.draft(desk.article("头条"), desk.article("第二篇")))["msg_id"]
    first, second = shown(phone).articles
    until(lambda: desk.status(msg_id) == "SEND_SUCCESS")
    delete = {"msg_id": msg_id, "article_idx": 2}
    assert desk.post("message/mass/delete", delete)["errcode"] == 0
    assert "已被发布者删除" in phone.opens(second.url).text
    assert "一纸地契" in phone.opens(first.url).text
    assert desk.status(msg_id) == "SEND_SUCCESS"
    assert desk.post("message/mass/delete", {"msg_id": msg_id})["errcode"] == 0
    assert "已被发布者删除" in phone.opens(first.url).text
    assert desk.status(msg_id) == "DELETE"
    assert not in_history(desk, "头条")
    text = desk.send()["msg_id"]
    desk.ended(text)
    assert desk.post("message/mass/delete", {"msg_id": text})["errcode"] == 40059
    assert desk.post("message/mass/get", {"msg_id": 1})["errcode"] == 40059


def test_the_speed_is_one_of_five(desk: Newsdesk) -> None:
    assert desk.post("message/mass/speed/get", {}) == {"speed": 3, "realspeed": 30}
    assert desk.post("message/mass/speed/set", {"speed": 0})["errcode"] == 0
    assert desk.post("message/mass/speed/get", {}) == {"speed": 0, "realspeed": 80}
    assert desk.post("message/mass/speed/set", {"speed": 5})["errcode"] == 45083


def test_a_reset_forgets_sends_switches_and_who_had_how_much(desk: Newsdesk) -> None:
    before = desk.switches()
    desk.switch(
        protection=True, crowd=5, failing=1, verdicts=["send fail"], stages=[3], finish="drop",
        finish_after_s=1, limits={"per_month": 1}, replays_too_fast=True,
    )  # fmt: skip
    msg_id = desk.send(clientmsgid="a")["msg_id"]
    desk.control("reset")
    assert desk.switches() == before
    assert desk.pushes() == {"mass": [], "published": [], "client_msg_ids": {}}
    desk = Newsdesk(desk.base_url)
    assert desk.send(clientmsgid="a")["msg_id"] > msg_id


@pytest.mark.parametrize(
    "switch",
    [
        {"protection": 1},
        {"crowd": -1},
        {"crowd": 1, "failing": 2},
        {"crowd": 1_000_001},
        {"finish": "sometimes"},
        {"finish_after_s": 61},
        {"limits": {"per_year": 1}},
        {"limits": {"per_month": -1}},
        {"limits": 3},
        {"verdicts": "send fail"},
        {"stages": [7]},
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(desk: Newsdesk, switch: dict[str, object]) -> None:
    before = desk.switches()
    assert "error" in desk.switch(**switch)
    assert desk.switches() == before
