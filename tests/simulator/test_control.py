"""The control interface, who may use it, and what survives a restart."""

import json
import logging
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.simulator.conftest import ConfigBuilder, Start
from tests.simulator.fake_account import FakeAccount, Received, text_reply
from wx_archive.core import clock
from wx_archive.simulator.app import create_app
from wx_archive.simulator.bubbles import Kind
from wx_archive.simulator.phone import Phone, PhoneRefusedError


def test_one_phone_is_there_from_the_start(simulator: str) -> None:
    state = requests.get(f"{simulator}/sim/state", timeout=5).json()
    (phone,) = state["phones"]
    assert (phone["nickname"], phone["following"]) == ("张阿姨", False)
    assert len(phone["openid"]) == 28
    assert phone["openid"].startswith("o")
    assert state["account"]["name"] == "十堰档案"
    assert state["account"]["encryption"] == "plain"
    assert state["now"].endswith("+00:00")


def test_the_page_says_that_it_is_a_simulator(simulator: str) -> None:
    page = requests.get(simulator, timeout=5)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "模拟器" in page.text
    assert "十堰档案" in page.text


def test_new_phones_get_a_name(simulator: str) -> None:
    url = f"{simulator}/sim/phones"
    assert requests.post(url, timeout=5).json()["nickname"] == "李师傅"
    assert requests.post(url, json={"nickname": "孙馆长"}, timeout=5).json()["nickname"] == "孙馆长"


def test_an_act_answers_as_agreed(account: FakeAccount, phone: Phone, simulator: str) -> None:
    account.says("你好")
    url = f"{simulator}/sim/phones/{phone.openid}/text"
    answer = requests.post(url, json={"content": "在吗"}, timeout=5).json()
    (delivery,) = answer["deliveries"]
    assert delivery["elapsed_ms"] >= 0
    assert (delivery["attempt"], delivery["status"], delivery["outcome"]) == (1, 200, "已应答")
    assert (answer["open"], answer["fault"]) == (None, None)
    (bubble,) = answer["shown"]
    assert bubble["spans"] == [{"text": "你好"}]
    assert (bubble["from"], bubble["kind"], bubble["text"]) == ("account", "text", "你好")
    assert bubble["seq"] == 3


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("text", {}),
        ("text", {"content": ""}),
        ("text", {"content": 5}),
        ("text", {"content": "x", "menu_id": 5}),
        ("text", {"content": "\ud800"}),
        ("text", []),
        ("voice", {"seconds": 61}),
        ("voice", {"seconds": "3"}),
        ("image", {}),
        ("location", {"latitude": True, "longitude": 1}),
        ("link", {"title": "x"}),
        ("raw", {"nodes": "x"}),
        ("raw", {"nodes": {"1 bad name": "x"}}),
        ("raw", {"nodes": {"Fine": None}}),
        ("scan", {}),
        ("tap", {}),
    ],
)
def test_a_bad_request_is_explained(phone: Phone, simulator: str, act: str, body: object) -> None:
    url = f"{simulator}/sim/phones/{phone.openid}/{act}"
    answer = requests.post(url, json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith("。")


def test_who_does_not_follow_cannot_talk(account: FakeAccount, simulator: str) -> None:
    phone = Phone(simulator)
    for act in (phone.unfollows, lambda: phone.says("你好"), phone.sends_photo):
        with pytest.raises(PhoneRefusedError, match="还没有关注"):
            act()
    phone.follows()
    with pytest.raises(PhoneRefusedError, match="已经关注"):
        phone.follows()
    assert len(account.received) == 1


def test_unknown_things_are_missing(phone: Phone, simulator: str) -> None:
    with pytest.raises(PhoneRefusedError, match="没有这部手机"):
        Phone(simulator, "o_nobody")
    with pytest.raises(PhoneRefusedError, match="菜单里没有"):
        phone.taps("服务大厅")
    assert requests.get(f"{simulator}/sim/media/..%2Fstate.json", timeout=5).status_code == 404
    assert "模拟器" in requests.get(f"{simulator}/nowhere", timeout=5).json()["error"]


def test_an_uploaded_file_must_be_a_picture(phone: Phone) -> None:
    with pytest.raises(PhoneRefusedError, match="JPG"):
        phone.sends_photo(b"%PDF-1.7")


def test_an_upload_has_a_limit(a_config: ConfigBuilder) -> None:
    client = create_app(a_config()).test_client()
    openid = client.get("/sim/state").get_json()["phones"][0]["openid"]
    form = "multipart/form-data; boundary=x"
    url = f"/sim/phones/{openid}/image"
    answer = client.post(url, data=bytes(21 << 20), content_type=form)
    assert answer.status_code == 413
    assert "20 MB" in answer.get_json()["error"]


@pytest.mark.parametrize("host", ["archive.test", "10.0.0.1", "127.0.0.1.evil.test", "[", ""])
def test_other_names_than_this_machine_are_refused(a_config: ConfigBuilder, host: str) -> None:
    client = create_app(a_config()).test_client()
    answer = client.get("/sim/state", headers={"Host": host})
    assert answer.status_code in {400, 403}


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost:8001", "[::1]:8001"])
def test_this_machine_is_welcome(a_config: ConfigBuilder, host: str) -> None:
    client = create_app(a_config()).test_client()
    assert client.get("/sim/state", headers={"Host": host}).status_code == 200
    own = {"Host": host, "Origin": f"http://{host}"}
    assert client.post("/sim/phones", headers=own).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://localhost:9999"])
def test_other_sites_cannot_post(a_config: ConfigBuilder, origin: str) -> None:
    client = create_app(a_config()).test_client()
    headers = {"Host": "localhost:8001", "Origin": origin}
    assert client.post("/sim/reset", headers=headers).status_code == 403


def test_two_phones_talk_at_once(account: FakeAccount, simulator: str) -> None:
    both_here = threading.Barrier(2, timeout=10)

    def answer(received: Received) -> tuple[int, str]:
        if "Content" in received.nodes:
            both_here.wait()
        return 200, text_reply(received, f"回{received.nodes.get('Content', '')}")

    account.answer = answer
    phones = [Phone(simulator), Phone(simulator)]
    for phone in phones:
        phone.follows()
    threads = [
        threading.Thread(target=phone.says, args=(text,))
        for phone, text in zip(phones, "甲乙", strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    phones[0].sees("回甲")
    phones[1].sees("回乙")


def test_the_transcript_is_polled_by_seq(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    account.says("欢迎")
    phone.says("你好")
    url = f"{simulator}/sim/phones/{phone.openid}/messages"
    whole = requests.get(url, timeout=5).json()
    assert [each["seq"] for each in whole["messages"]] == [1, 2, 3]
    assert [each["from"] for each in whole["messages"]] == ["system", "me", "account"]
    rest = requests.get(f"{url}?after=2", timeout=5).json()
    assert (rest["messages"], rest["next"]) == (whole["messages"][2:], 3)
    empty = requests.get(f"{url}?after=3&wait=0.1", timeout=5).json()
    assert empty == {"messages": [], "next": 3}
    assert requests.get(f"{url}?after=inf", timeout=5).status_code == 400


def test_a_long_poll_returns_as_soon_as_something_comes(phone: Phone, simulator: str) -> None:
    url = f"{simulator}/sim/phones/{phone.openid}/messages?after=1&wait=20"
    found: list[object] = []
    poll = threading.Thread(
        target=lambda: found.append(requests.get(url, timeout=30).json()["messages"])
    )
    began = time.monotonic()
    poll.start()
    time.sleep(0.1)
    phone.says("来了")
    poll.join()
    assert time.monotonic() - began < 5
    assert [each["text"] for each in found[0]] == ["来了"]  # type: ignore[attr-defined]  # JSON


def test_a_reset_starts_over_but_keeps_the_menu_unless_asked(
    account: FakeAccount, a_config: ConfigBuilder
) -> None:
    app = create_app(a_config())
    client = app.test_client()
    client.post("/sim/phones")
    token = app.extensions["simulator"].platform.issue_token(now=clock.now()).value
    menu = {"button": [{"type": "click", "name": "查", "key": "k"}]}
    client.post(f"/cgi-bin/menu/create?access_token={token}", json=menu)
    state = client.post("/sim/reset", json={}).get_json()
    assert [phone["nickname"] for phone in state["phones"]] == ["张阿姨"]
    assert state["menu"]
    assert client.post("/sim/reset", json={"menu": True}).get_json()["menu"] is None
    assert account.received == []


def test_a_restart_keeps_the_conversation(account: FakeAccount, start: Start) -> None:
    account.answer = lambda received: (
        200,
        text_reply(
            received,
            '<a href="http://a.test/">看</a><a href="weixin://bizmsgmenu?msgmenucontent=A&msgmenuid=1">甲</a>',
        ),
    )
    phone = Phone(start(), nickname="孙馆长")
    phone.follows("hall")
    before = phone.sends_photo()
    again = Phone(start(), phone.openid)
    assert again.conversation() == phone.conversation()
    picture = next(bubble for bubble in again.conversation() if bubble.kind == Kind.IMAGE)
    assert requests.get(f"{start()}{picture.url}", timeout=5).content.startswith(b"\x89PNG")
    assert before[0].seq < again.says("还在吗")[0].seq


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "{}", '{"followers": [1]}', '{"menu": 3}', "\xff"]
)
def test_a_damaged_snapshot_is_set_aside(
    a_config: ConfigBuilder, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "simulator"
    folder.mkdir()
    (folder / "state.json").write_bytes(damage.encode("latin-1"))
    with caplog.at_level(logging.WARNING):
        client = create_app(a_config()).test_client()
    assert len(client.get("/sim/state").get_json()["phones"]) == 1
    assert (folder / "state.broken.json").read_bytes() == damage.encode("latin-1")
    assert "snapshot_set_aside" in caplog.text
    assert json.loads((folder / "state.json").read_text(encoding="utf-8"))["followers"]
