"""Every kind of message has the nodes of a real one, in WeChat's order."""

from pathlib import Path

import pytest
import requests

from tests.simulator.conftest import Start
from tests.simulator.fake_account import FakeAccount
from tests.simulator.sealing import node_names
from wx_archive.core import clock
from wx_archive.simulator.media import film_nothing
from wx_archive.simulator.phone import Phone, PhoneRefusedError

HEAD = ["ToUserName", "FromUserName", "CreateTime", "MsgType"]
SAMPLES = Path("/work/shared/data/wechat_samples")
MENU = {
    "button": [
        {"type": "click", "name": "点一下", "key": "k.click"},
        {
            "name": "更多",
            "sub_button": [
                {"type": "scancode_push", "name": "扫码推", "key": "k.push"},
                {"type": "scancode_waitmsg", "name": "扫码等", "key": "k.wait"},
                {"type": "pic_sysphoto", "name": "拍照", "key": "k.pic"},
                {"type": "location_select", "name": "选位置", "key": "k.place"},
                {"type": "media_id", "name": "素材", "media_id": "m"},
            ],
        },
        {
            "name": "网页",
            "sub_button": [
                {"type": "view", "name": "官网", "url": "http://archive.test/"},
                {
                    "type": "miniprogram",
                    "name": "小程序",
                    "url": "http://archive.test/",
                    "appid": "wx1",
                    "pagepath": "pages/index",
                },
            ],
        },
    ]
}


@pytest.fixture
def tapper(phone: Phone, simulator: str) -> Phone:
    """A phone of an account with every kind of button."""
    asked = {"grant_type": "client_credential", "appid": "wx0123456789abcdef"}
    url = f"{simulator}/cgi-bin/token"
    token = requests.get(url, params=asked | {"secret": "a-secret"}, timeout=5).json()
    pushed = requests.post(f"{simulator}/cgi-bin/menu/create", params=token, json=MENU, timeout=5)
    assert pushed.json()["errcode"] == 0
    return phone


def names_of(account: FakeAccount) -> list[str]:
    (received,) = account.received
    return node_names(received.body)


def sample_names(number: str) -> list[str]:
    if not SAMPLES.exists():
        pytest.skip("the shared samples are not on this machine")
    (path,) = SAMPLES.glob(f"{number}_*.xml")
    return node_names(path.read_text(encoding="utf-8"))


def test_text(account: FakeAccount, phone: Phone) -> None:
    phone.says("你好")
    assert names_of(account) == [*HEAD, "Content", "MsgId"]
    assert account.received[0].body.startswith("<xml><ToUserName><![CDATA[gh_")


def test_a_pressed_choice_carries_its_menu_id(account: FakeAccount, phone: Phone) -> None:
    account.says(
        '请选：<a href="weixin://bizmsgmenu?msgmenucontent=%E6%BB%A1%E6%84%8F&msgmenuid=101">很好</a>'
    )
    phone.says("评价")
    account.received.clear()
    phone.presses("很好")
    assert names_of(account) == [*HEAD, "Content", "bizmsgmenuid", "MsgId"]
    assert account.received[0].nodes["bizmsgmenuid"] == "101"
    assert account.received[0].nodes["Content"] == "满意"


def test_image(account: FakeAccount, phone: Phone) -> None:
    phone.sends_photo()
    assert names_of(account) == [*HEAD, "PicUrl", "MediaId", "MsgId"]
    nodes = account.received[0].nodes
    picture = requests.get(nodes["PicUrl"], timeout=5)
    assert nodes["PicUrl"].endswith(f"/sim/media/{nodes['MediaId']}")
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["Content-Type"] == "image/png"


def test_two_drawn_pictures_differ(account: FakeAccount, phone: Phone) -> None:
    phone.sends_photo()
    phone.sends_photo()
    first, second = (requests.get(r.nodes["PicUrl"], timeout=5) for r in account.received)
    assert first.content != second.content


@pytest.mark.parametrize(("words", "extra"), [(None, []), ("喵", ["Recognition"])])
def test_voice(account: FakeAccount, phone: Phone, words: str | None, extra: list[str]) -> None:
    phone.speaks(words, seconds=2)
    assert names_of(account) == [*HEAD, "MediaId", "Format", *extra, "MsgId"]
    assert account.received[0].nodes["Format"] == "amr"


@pytest.mark.parametrize(("short", "kind"), [(False, "video"), (True, "shortvideo")])
def test_video(*, account: FakeAccount, phone: Phone, short: bool, kind: str) -> None:
    phone.sends_video(short=short)
    assert names_of(account) == [*HEAD, "MediaId", "ThumbMediaId", "MsgId"]
    assert account.received[0].nodes["MsgType"] == kind


def test_a_film_of_ones_own(account: FakeAccount, phone: Phone, simulator: str) -> None:
    film = film_nothing() + bytes(8)
    phone.sends_video(film)
    media_id = account.received[0].nodes["MediaId"]
    assert requests.get(f"{simulator}/sim/media/{media_id}", timeout=5).content == film
    with pytest.raises(PhoneRefusedError, match="MP4"):
        phone.sends_video(b"RIFF....AVI ")


def test_location(account: FakeAccount, phone: Phone) -> None:
    phone.sends_location(32.629057, 110.79799, "茅箭区")
    assert names_of(account) == [*HEAD, "Location_X", "Location_Y", "Scale", "Label", "MsgId"]
    assert "<Location_Y>110.797990</Location_Y>" in account.received[0].body


def test_link(account: FakeAccount, phone: Phone) -> None:
    phone.sends_link("标题", "简介", "http://archive.test/1")
    assert names_of(account) == [*HEAD, "Title", "Description", "Url", "MsgId"]


def test_file(account: FakeAccount, phone: Phone) -> None:
    phone.sends_file("族谱.pdf")
    extra = ["Title", "Description", "FileKey", "FileMd5", "FileTotalLen", "MsgId"]
    assert names_of(account) == [*HEAD, *extra]


def test_subscribe_by_search_has_an_empty_key(account: FakeAccount, simulator: str) -> None:
    Phone(simulator).follows()
    assert names_of(account) == [*HEAD, "Event", "EventKey"] == sample_names("091")
    assert account.received[0].nodes["EventKey"] == ""


def test_subscribe_by_poster_names_the_scene(account: FakeAccount, simulator: str) -> None:
    Phone(simulator).follows("hall")
    assert names_of(account) == [*HEAD, "Event", "EventKey", "Ticket"]
    assert account.received[0].nodes["EventKey"] == "qrscene_hall"


def test_scanning_means_following_first_and_scan_afterwards(
    account: FakeAccount, simulator: str
) -> None:
    phone = Phone(simulator)
    phone.scans("7")
    phone.scans("7")
    first, second = (received.nodes for received in account.received)
    assert (first["Event"], first["EventKey"]) == ("subscribe", "qrscene_7")
    assert (second["Event"], second["EventKey"]) == ("SCAN", "7")
    assert first["Ticket"] == second["Ticket"]


def test_unsubscribe_is_told_and_its_answer_is_not_shown(
    account: FakeAccount, phone: Phone
) -> None:
    account.says("别走")
    assert phone.unfollows() == []
    assert names_of(account) == [*HEAD, "Event", "EventKey"]
    assert account.received[0].nodes["Event"] == "unsubscribe"


def test_click(account: FakeAccount, tapper: Phone) -> None:
    tapper.taps("点一下")
    assert names_of(account) == [*HEAD, "Event", "EventKey"] == sample_names("093")
    assert account.received[0].nodes["EventKey"] == "k.click"
    assert tapper.opened is None


def test_view_opens_its_page(account: FakeAccount, tapper: Phone) -> None:
    tapper.taps("网页/官网")
    assert names_of(account) == [*HEAD, "Event", "EventKey"] == sample_names("095")
    assert account.received[0].nodes["Event"] == "VIEW"
    assert tapper.opened == account.received[0].nodes["EventKey"] == "http://archive.test/"


def test_a_mini_program_names_its_page(account: FakeAccount, tapper: Phone) -> None:
    tapper.taps("网页/小程序")
    assert account.received[0].nodes["Event"] == "view_miniprogram"
    assert account.received[0].nodes["EventKey"] == "pages/index"


@pytest.mark.parametrize(("path", "number"), [("更多/扫码推", "053"), ("更多/扫码等", "097")])
def test_scancode(account: FakeAccount, tapper: Phone, path: str, number: str) -> None:
    tapper.taps(path, scan_result="ABC-1")
    inner = ["ScanCodeInfo", "ScanCodeInfo/ScanType", "ScanCodeInfo/ScanResult"]
    assert names_of(account) == [*HEAD, "Event", "EventKey", *inner] == sample_names(number)
    assert "<ScanResult><![CDATA[ABC-1]]></ScanResult>" in account.received[0].body


def test_a_picture_button_sends_its_event_and_the_picture(
    account: FakeAccount, tapper: Phone
) -> None:
    account.answer = lambda received: (200, "" if "pic_sys" in received.body else "success")
    tapper.taps("更多/拍照")
    event, picture = account.received
    assert node_names(event.body) == sample_names("027")
    assert picture.nodes["MsgType"] == "image"


def test_a_place_button_sends_its_event_and_the_place(account: FakeAccount, tapper: Phone) -> None:
    account.says("收到")
    assert len(tapper.taps("更多/选位置")) == 2
    event, place = account.received
    assert node_names(event.body) == sample_names("101")
    assert place.nodes["MsgType"] == "location"


def test_a_material_button_is_no_business_of_the_account(
    account: FakeAccount, tapper: Phone
) -> None:
    assert tapper.taps("更多/素材") == []
    assert account.received == []
    assert "没有素材库" in tapper.transcript()


def test_raw_nodes_go_out_as_they_are(account: FakeAccount, phone: Phone) -> None:
    phone.sends_raw({"MsgType": "hologram", "Box": {"item": [{"No": 1}, {"No": 2}]}, "X": "]]>"})
    box = ["Box", "Box/item", "Box/item/No", "Box/item", "Box/item/No"]
    assert names_of(account) == [*HEAD, *box, "X", "MsgId"]
    assert account.received[0].nodes["X"] == "]]>"


def test_a_raw_event_has_no_message_id(account: FakeAccount, phone: Phone) -> None:
    phone.sends_raw({"MsgType": "event", "Event": "LOCATION", "Latitude": 32.6})
    assert names_of(account) == [*HEAD, "Event", "Latitude"]


def test_message_ids_grow_within_64_bits_and_survive_a_restart(
    account: FakeAccount, start: Start
) -> None:
    phone = Phone(start())
    phone.follows()
    for text in "abc":
        phone.says(text)
    Phone(start(), phone.openid).says("重启以后")
    ids = [int(received.nodes["MsgId"]) for received in account.received[1:]]
    assert ids == sorted(set(ids))
    assert ids[0] >> 32 == pytest.approx(clock.now().timestamp(), abs=60)
    assert ids[-1] < 2**63


def test_two_events_in_one_second_are_both_sent(account: FakeAccount, tapper: Phone) -> None:
    for _ in range(3):
        tapper.taps("点一下")
    assert len(account.received) == 3
