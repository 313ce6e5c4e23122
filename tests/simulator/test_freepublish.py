"""Publishing without telling followers: the job, its event, and what can be read then."""

import pytest
import requests

from tests.simulator.conftest import Start
from tests.simulator.fake_account import FakeAccount
from tests.simulator.newsdesk import Newsdesk, event, events, until
from tests.simulator.sealing import decrypt
from wx_archive.simulator.config import Encryption
from wx_archive.simulator.phone import Phone

FINISHED = "PUBLISHJOBFINISH"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def submit(desk: Newsdesk, media_id: str | None = None) -> str:
    answer = desk.post("freepublish/submit", {"media_id": media_id or desk.draft()})
    assert answer["errcode"] == 0
    return str(answer["publish_id"])


def stage(desk: Newsdesk, publish_id: str) -> int:
    return int(desk.post("freepublish/get", {"publish_id": publish_id})["publish_status"])


def test_a_published_draft_is_gone_and_can_be_read(desk: Newsdesk, account: FakeAccount) -> None:
    media_id = desk.draft(desk.article("头条"), desk.article("第二篇"))
    publish_id = submit(desk, media_id)
    assert stage(desk, publish_id) == 1
    assert desk.post("draft/get", {"media_id": media_id})["errcode"] == 40007
    assert desk.post("freepublish/submit", {"media_id": media_id})["errcode"] == 40007
    nodes = event(account, FINISHED).body
    told = desk.post("freepublish/get", {"publish_id": publish_id})
    assert told["publish_status"] == 0
    urls = [each["article_url"] for each in told["article_detail"]["item"]]
    assert [requests.get(url, timeout=5).status_code for url in urls] == [200, 200]
    assert f"<publish_id>{publish_id}</publish_id>" in nodes.replace("<![CDATA[", "").replace(
        "]]>", ""
    )
    assert all(url in nodes for url in urls)
    assert f"<article_id><![CDATA[{told['article_id']}]]></article_id>" in nodes
    assert "<publish_status>0</publish_status>" in nodes


def test_nobody_is_told_and_nothing_can_be_read_before_the_end(
    desk: Newsdesk, phone: Phone
) -> None:
    desk.switch(finish="stall")
    publish_id = submit(desk)
    url = desk.pushes()["published"][0]["urls"][0]
    assert requests.get(url, timeout=5).status_code == 404
    assert stage(desk, publish_id) == 1
    assert desk.control("publishing/release") == {"released": 1}
    until(lambda: stage(desk, publish_id) == 0)
    assert requests.get(url, timeout=5).status_code == 200
    assert phone.listens(0.1) == []
    assert "还没有群发过消息" in requests.get(f"{desk.base_url}/s/history", timeout=5).text


def test_ids_are_numbers_and_texts_by_turns(desk: Newsdesk) -> None:
    ids = [
        desk.post("freepublish/submit", {"media_id": desk.draft()})["publish_id"] for _ in range(2)
    ]
    assert {type(each) for each in ids} == {int, str}
    for each in ids:
        assert desk.post("freepublish/get", {"publish_id": each})["publish_id"] == each
    assert desk.post("freepublish/get", {"publish_id": "1"})["errcode"] == 40007


@pytest.mark.parametrize("ending", [2, 3, 4])
def test_a_publication_may_fail(desk: Newsdesk, account: FakeAccount, ending: int) -> None:
    desk.switch(stages=[ending])
    publish_id = submit(desk)
    body = event(account, FINISHED).body
    told = desk.post("freepublish/get", {"publish_id": publish_id})
    assert (told["publish_status"], told["fail_idx"]) == (ending, [1])
    assert "article_detail" not in told
    assert f"<publish_status>{ending}</publish_status>" in body
    assert "article_url" not in body
    url = desk.pushes()["published"][0]["urls"][0]
    assert requests.get(url, timeout=5).status_code == 404


def test_the_event_comes_early_twice_late_or_never(desk: Newsdesk, account: FakeAccount) -> None:
    desk.switch(finish="early")
    answer = desk.post("freepublish/submit", {"media_id": desk.draft()})
    assert str(answer["publish_id"]) in events(account, FINISHED)[0].body, "before the answer"
    account.received.clear()

    desk.switch(finish="double", finish_after_s=0)
    submit(desk)
    first, second = until(lambda: len(found := events(account, FINISHED)) == 2 and found)
    assert second.nodes["PublishEventInfo"] == first.nodes["PublishEventInfo"]
    assert second.nodes["CreateTime"] != first.nodes["CreateTime"]
    account.received.clear()

    desk.switch(finish="hold")
    held = submit(desk)
    until(lambda: desk.switches()["finish"]["waiting"])
    assert stage(desk, held) == 0
    assert not events(account, FINISHED)
    assert desk.control("publishing/release") == {"released": 1}
    assert len(events(account, FINISHED)) == 1
    account.received.clear()

    desk.switch(finish="drop")
    dropped = submit(desk)
    until(lambda: stage(desk, dropped) == 0)
    assert desk.control("publishing/release") == {"released": 0}
    assert not events(account, FINISHED)


def test_the_event_is_signed_and_sealed_as_any_other(start: Start, account: FakeAccount) -> None:
    desk = Newsdesk(start(encryption=Encryption.SAFE))
    publish_id = submit(desk)
    (received,) = until(lambda: list(account.received))
    assert received.query["encrypt_type"] == "aes"
    xml, app_id = decrypt(received.nodes["Encrypt"], AES_KEY)
    assert app_id == "wx0123456789abcdef"
    assert FINISHED in xml
    assert publish_id in xml


def test_what_was_published_is_listed_repeated_and_deleted(
    desk: Newsdesk, account: FakeAccount
) -> None:
    publish_id = submit(desk, desk.draft(desk.article("头条"), desk.article("第二篇")))
    event(account, FINISHED)
    told = desk.post("freepublish/batchget", {"offset": 0, "count": 20, "no_content": 1})
    (listed,) = told["item"]
    article_id = listed["article_id"]
    assert [each["title"] for each in listed["content"]["news_item"]] == ["头条", "第二篇"]
    urls = [each["url"] for each in listed["content"]["news_item"]]
    delete = {"article_id": article_id, "index": 1}
    assert desk.post("freepublish/delete", delete)["errcode"] == 0
    assert "该内容已被发布者删除" in requests.get(urls[0], timeout=5).text
    assert "第二篇" in requests.get(urls[1], timeout=5).text
    items = desk.post("freepublish/getarticle", {"article_id": article_id})["news_item"]
    assert [each["is_deleted"] for each in items] == [True, False]
    assert stage(desk, publish_id) == 0
    assert desk.post("freepublish/delete", delete | {"index": 3})["errcode"] == 40114
    assert desk.post("freepublish/delete", {"article_id": article_id})["errcode"] == 0
    assert stage(desk, publish_id) == 5
    assert desk.post("freepublish/batchget", {"offset": 0, "count": 1})["total_count"] == 0
    for path in ("delete", "getarticle"):
        assert desk.post(f"freepublish/{path}", {"article_id": "x"})["errcode"] == 53600


def test_a_job_goes_on_after_the_simulator_was_restarted(
    start: Start, simulator: str, account: FakeAccount
) -> None:
    desk = Newsdesk(simulator)
    desk.switch(finish="stall")
    publish_id = submit(desk)
    again = Newsdesk(start())
    event(account, FINISHED)
    assert stage(again, publish_id) == 0
    next_id = int(submit(again))
    assert next_id > int(publish_id)
    again.control("reset")
    after = Newsdesk(again.base_url)
    assert after.pushes()["published"] == []
    assert int(submit(after)) > next_id, "the account remembers old ids"
