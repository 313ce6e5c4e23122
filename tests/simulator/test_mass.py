"""Mass sends: who gets what, how often, and what comes back to the account."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.simulator.conftest import Start
from tests.simulator.fake_account import FakeAccount
from tests.simulator.newsdesk import Newsdesk, event, events, picture, until
from wx_archive.simulator.media import film_nothing, record_silence
from wx_archive.simulator.phone import Bubble, Kind, Phone

FINISHED = "MASSSENDJOBFINISH"
DAY_S = 86_400


@pytest.fixture
def subscription(start: Start) -> Newsdesk:
    """A verified subscription account."""
    return Newsdesk(start(account="subscription"))


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


# What followers see.


def test_articles_come_as_a_card_and_the_draft_is_gone(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    media_id = desk.draft(desk.article("头条", digest="摘要"), desk.article("第二篇"))
    answer = desk.send_news(media_id)
    assert (answer["errcode"], answer["errmsg"]) == (0, "send job submission success")
    assert desk.status(answer["msg_id"]) == "SENDING"
    assert desk.post("draft/get", {"media_id": media_id})["errcode"] == 40007
    bubble = shown(phone)
    assert [each.title for each in bubble.articles] == ["头条", "第二篇"]
    assert bubble.articles[0].description == "摘要"
    assert requests.get(bubble.articles[0].picurl, timeout=5).content == picture(1)
    assert "一纸地契" in phone.opens(bubble.articles[1].url).text
    received = event(account, FINISHED)
    assert received.nodes["MsgID"] == str(answer["msg_id"])
    assert received.nodes["Status"] == "send success"
    assert all(each.url in received.body for each in bubble.articles)
    assert desk.status(answer["msg_id"]) == "SEND_SUCCESS"
    assert isinstance(answer["msg_data_id"], int)
    assert in_history(desk, "头条")


def test_every_kind_of_message_arrives(desk: Newsdesk, phone: Phone) -> None:
    other = follower(desk)
    pictures = [desk.image, desk.material("image", picture(2))["media_id"]]
    video = desk.material("video", film_nothing(), title="郧阳府")["media_id"]
    texts = {"media_id": video, "title": "郧阳府", "description": "影像"}
    ready = desk.post("media/uploadvideo", texts)["media_id"]
    voice = desk.material("voice", record_silence(4))["media_id"]
    messages: list[dict[str, Any]] = [
        {"msgtype": "text", "text": {"content": '<a href="http://x/">看</a>'}},
        {"msgtype": "image", "images": {"media_ids": pictures[:1]}},
        {"msgtype": "image", "images": {"media_ids": pictures, "recommend": "老街旧影"}},
        {"msgtype": "voice", "voice": {"media_id": voice}},
        {"msgtype": "mpvideo", "mpvideo": {"media_id": ready}},
    ]
    desk.switch(limits={"per_month": len(messages)})
    bubbles = []
    for message in messages:
        assert desk.send_to(phone.openid, other.openid, **message)["errcode"] == 0
        bubbles.append(shown(phone))
    text, image, several, spoken, film = bubbles
    assert text.spans[0].href == "http://x/"
    assert image.url == f"/sim/media/{pictures[0]}"
    assert several.articles[0].title == "老街旧影"
    page = phone.opens(several.articles[0].url).text
    assert all(f"/sim/media/{each}" in page for each in pictures)
    assert (spoken.kind, spoken.seconds) == (Kind.VOICE, 4)
    assert (film.kind, film.title) == (Kind.VIDEO, "郧阳府")
    content = requests.get(f"{desk.base_url}{film.url}", timeout=5).content
    assert content == film_nothing()


@pytest.mark.parametrize(
    ("message", "errcode"),
    [
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text"}, 44004),
        ({"msgtype": "text", "text": {"content": "字" * 683}}, 45002),
        ({"msgtype": "mpnews", "mpnews": {"media_id": "x"}}, 40007),
        ({"msgtype": "voice", "voice": {"media_id": "x"}}, 40007),
        ({"msgtype": "mpvideo", "mpvideo": {"media_id": "x"}}, 40007),
        ({"msgtype": "image", "images": {"media_ids": []}}, 40007),
        ({"msgtype": "hologram"}, 40008),
    ],
)
def test_what_cannot_be_sent_is_refused(
    desk: Newsdesk, message: dict[str, object], errcode: int
) -> None:
    asked = {"filter": {"is_to_all": True}} | message
    assert desk.post("message/mass/sendall", asked)["errcode"] == errcode
    assert desk.pushes()["mass"] == []


def test_a_video_must_have_been_made_ready(desk: Newsdesk) -> None:
    video = desk.material("video", film_nothing(), title="郧阳府")["media_id"]
    assert desk.send(msgtype="mpvideo", mpvideo={"media_id": video})["errcode"] == 40007


# Who gets it.


def test_a_tag_reaches_those_who_have_it(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    other = follower(desk)
    tag_id = desk.post("tags/create", {"tag": {"name": "地契"}})["tag"]["id"]
    tagging = {"tagid": tag_id, "openid_list": [phone.openid]}
    desk.post("tags/members/batchtagging", tagging)
    media_id = desk.draft(desk.article("只给少数人"))
    assert desk.send_news(media_id, to={"is_to_all": False, "tag_id": tag_id})["errcode"] == 0
    assert counts(account) == (1, 1, 1, 0)
    assert shown(phone).articles[0].title == "只给少数人"
    assert other.listens(0.1) == []
    assert not in_history(desk, "只给少数人")
    assert desk.send(to={"is_to_all": False, "tag_id": 999})["errcode"] == 45159
    assert desk.send(to={"is_to_all": False})["errcode"] == 45159


def test_a_list_has_two_to_ten_thousand_openids_of_followers(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    gone = follower(desk)
    gone.unfollows()
    assert desk.send_to(phone.openid)["errcode"] == 40130
    assert desk.send_to()["errcode"] == 40130
    assert desk.send_to(phone.openid, "nobody")["errcode"] == 40003
    assert desk.send_to(*[phone.openid] * 10_001)["errcode"] == 40032
    account.received.clear()
    assert desk.send_to(phone.openid, gone.openid)["errcode"] == 0
    assert counts(account) == (2, 2, 1, 1)
    assert shown(phone).text == "请来取件"


def test_only_service_accounts_send_to_lists_and_only_verified_ones_to_many(
    start: Start, subscription: Newsdesk
) -> None:
    phones = [follower(subscription).openid for _ in range(2)]
    assert subscription.send_to(*phones)["errcode"] == 48001
    assert subscription.send()["errcode"] == 0
    unverified = Newsdesk(start(verified=False))
    assert unverified.send()["errcode"] == 48001
    assert unverified.get("menu/get")["errcode"] == 46003


def test_a_crowd_without_phones_counts(desk: Newsdesk, phone: Phone, account: FakeAccount) -> None:
    desk.switch(crowd=16_202, failing=16)
    desk.send()
    assert counts(account) == (16_203, 16_203, 16_187, 16)
    assert shown(phone).text == "今天闭馆"
    listed = desk.get("user/get")
    assert (listed["total"], listed["count"]) == (16_203, 10_000)
    rest = desk.get("user/get", next_openid=listed["next_openid"])
    assert rest["count"] == 6_203
    account.received.clear()
    openids = [listed["data"]["openid"][place] for place in (0, 1, 17, 18)]
    assert desk.send_to(*openids)["errcode"] == 0
    assert counts(account) == (4, 4, 3, 1), "the first of the crowd is never reached"


def test_a_preview_goes_to_one_follower_and_uses_nothing_up(desk: Newsdesk, phone: Phone) -> None:
    other = follower(desk)
    media_id = desk.draft()
    news = {"msgtype": "mpnews", "mpnews": {"media_id": media_id}}
    answer = desk.post("message/mass/preview", {"touser": phone.openid} | news)
    assert answer["errmsg"] == "preview success"
    page = phone.opens(shown(phone).articles[0].url)
    assert (page.status, "一纸地契" in page.text) == (200, True)
    assert other.listens(0.1) == []
    text = {"msgtype": "text", "text": {"content": "看看"}}
    nickname = requests.get(f"{desk.base_url}/sim/state", timeout=5).json()["phones"][1]
    assert desk.post("message/mass/preview", {"towxname": nickname["nickname"]} | text)
    assert desk.post("message/mass/preview", {"towxname": "nobody"} | text)["errcode"] == 40132
    assert desk.post("message/mass/preview", {"touser": "nobody"} | text)["errcode"] == 40003
    other.unfollows()
    assert desk.post("message/mass/preview", {"touser": other.openid} | text)["errcode"] == 43004
    assert desk.post("draft/get", {"media_id": media_id})["news_item"]
    assert desk.pushes()["mass"] == []
    assert desk.send_news(media_id)["errcode"] == 0


# Exactly once.


def test_a_clientmsgid_sends_once_in_twenty_four_hours(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    media_id = desk.draft()
    first = desk.send_news(media_id, clientmsgid="一" * 21)
    for _ in range(2):
        again = desk.send_news(media_id, clientmsgid="一" * 21)
        assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    event(account, FINISHED)
    assert len(phone.listens()) == 1
    assert desk.pushes()["client_msg_ids"] == {"一" * 21: 3}
    assert desk.send(clientmsgid="一" * 22)["errcode"] == 45067
    desk.advance(DAY_S - 10)
    desk = Newsdesk(desk.base_url)
    assert desk.send_news(media_id, clientmsgid="一" * 21)["errcode"] == 45065
    desk.advance(20)
    fresh = desk.send_news(desk.draft(), clientmsgid="一" * 21)
    assert (fresh["errcode"], fresh["msg_id"] != first["msg_id"]) == (0, True)


def test_without_a_clientmsgid_the_content_and_the_audience_stand_for_it(
    desk: Newsdesk, phone: Phone
) -> None:
    other = follower(desk)
    first = desk.send_to(phone.openid, other.openid)
    again = desk.send_to(phone.openid, other.openid)
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert desk.send_to(other.openid, phone.openid)["errcode"] == 0
    assert desk.send_to(phone.openid, other.openid, text={"content": "别的"})["errcode"] == 0


def test_a_replay_may_come_too_fast(desk: Newsdesk) -> None:
    desk.switch(replays_too_fast=True, finish="stall")
    assert desk.send(clientmsgid="a")["errcode"] == 0
    assert desk.send(clientmsgid="a")["errcode"] == 45066
    desk.advance(61)
    assert desk.send(clientmsgid="a")["errcode"] == 45065


def test_a_lost_answer_has_sent_all_the_same(desk: Newsdesk, phone: Phone) -> None:
    desk.control("faults", path="message/mass/sendall", fault="drop_after")
    with pytest.raises(requests.ConnectionError):
        desk.send(clientmsgid="a")
    assert shown(phone).text == "今天闭馆"
    assert desk.send(clientmsgid="a")["errcode"] == 45065
    assert phone.listens(0.1) == []


def test_many_calls_at_once_with_one_clientmsgid_send_once(desk: Newsdesk, phone: Phone) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.send(clientmsgid="a"), range(8)))
    assert sorted(each["errcode"] for each in answers) == [0] + [45065] * 7
    assert len({each["msg_id"] for each in answers}) == 1
    assert len(phone.listens()) == 1


def test_one_draft_cannot_be_sent_twice(desk: Newsdesk) -> None:
    desk.switch(limits={"successful_per_day": 8})
    media_id = desk.draft()
    with ThreadPoolExecutor(8) as pool:
        send = lambda n: desk.send_news(media_id, clientmsgid=str(n))  # noqa: E731 -- one use
        errcodes = sorted(each["errcode"] for each in pool.map(send, range(8)))
    assert errcodes == [0] + [40007] * 7


# Quotas.


def test_a_subscription_account_sends_once_a_day(
    subscription: Newsdesk, account: FakeAccount
) -> None:
    desk = subscription
    tag_id = desk.post("tags/create", {"tag": {"name": "地契"}})["tag"]["id"]
    desk.switch(verdicts=["err(10001)"])
    failed = desk.send(clientmsgid="a")
    desk.ended(failed["msg_id"])
    assert desk.send(clientmsgid="b")["errcode"] == 0, "only what succeeded counts"
    refused = desk.send(clientmsgid="c")
    assert refused["errcode"] == 45028
    assert desk.send(to={"is_to_all": False, "tag_id": tag_id})["errcode"] == 45028
    desk.advance(DAY_S)
    desk = Newsdesk(desk.base_url)
    assert desk.send(clientmsgid="c")["errcode"] == 0, "a refused call uses no clientmsgid up"
    assert account.received


def test_a_service_account_sends_to_everybody_four_times_a_month_and_to_tags_more_often(
    desk: Newsdesk, phone: Phone
) -> None:
    desk.control("clock", now="2027-03-30T09:00:00+08:00")
    desk = Newsdesk(desk.base_url)
    tag_id = desk.post("tags/create", {"tag": {"name": "地契"}})["tag"]["id"]
    tagging = {"tagid": tag_id, "openid_list": [phone.openid]}
    desk.post("tags/members/batchtagging", tagging)
    for number in range(6):
        to = {"is_to_all": False, "tag_id": tag_id}
        assert desk.send(to=to, clientmsgid=str(number))["errcode"] == 0
    for number in range(4):
        assert desk.send(clientmsgid=f"a{number}")["errcode"] == 0
    assert desk.send(clientmsgid="b")["errcode"] == 45028
    desk.advance(2 * DAY_S)  # April
    desk = Newsdesk(desk.base_url)
    assert desk.send(clientmsgid="b")["errcode"] == 0


def test_a_follower_of_a_service_account_gets_four_in_a_month(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    desk.control("clock", now="2027-03-30T09:00:00+08:00")
    desk = Newsdesk(desk.base_url)
    desk.switch(crowd=2)
    crowd = desk.get("user/get")["data"]["openid"][1:]
    for number in range(4):
        desk.send_to(phone.openid, crowd[0], clientmsgid=str(number))
    until(lambda: len(events(account, FINISHED)) == 4)
    assert len(phone.listens()) == 4
    account.received.clear()
    assert desk.send(clientmsgid="all")["errcode"] == 0
    assert counts(account) == (3, 1, 1, 0), "who had four is filtered"
    assert phone.listens(0.1) == []
    account.received.clear()
    desk.send_to(phone.openid, crowd[1], clientmsgid="list")
    assert counts(account) == (2, 1, 1, 0)
    account.received.clear()
    desk.advance(2 * DAY_S)
    desk = Newsdesk(desk.base_url)
    desk.send(clientmsgid="april")
    assert counts(account) == (3, 3, 3, 0)
    assert shown(phone).text == "今天闭馆"


def test_a_minute_takes_sixty_calls_and_a_day_a_hundred(desk: Newsdesk) -> None:
    answers = [desk.send(clientmsgid="a")["errcode"] for _ in range(61)]
    assert answers == [0] + [45065] * 59 + [45011]
    desk.advance(60)
    assert desk.send(clientmsgid="a")["errcode"] == 45065
    desk.switch(limits={"calls_per_minute": 1_000})
    assert [desk.send(clientmsgid="a")["errcode"] for _ in range(39)][-2:] == [45065, 45009]
