"""The platform's API from the account's side."""

import re
from typing import Any

import pytest
import requests

from tests.simulator.caller import CREDENTIALS, Api
from tests.simulator.fake_account import FakeAccount
from wx_archive.simulator.media import draw_picture, record_silence
from wx_archive.simulator.phone import Phone

MENU = {"button": [{"type": "click", "name": "查档案", "key": "lookup.start"}]}
VIDEO = b"\0\0\0\x18ftypisom" + bytes(12)


# Tokens (their ages are tested in test_rules).


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": "wx_another"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
def test_wrong_credentials_get_no_token(api: Api, change: dict[str, str], errcode: int) -> None:
    asked = CREDENTIALS | change
    for answer in (api.get("token", **asked), api.post("stable_token", asked)):
        assert answer["errcode"] == errcode
        assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", answer["errmsg"])


def test_the_stable_token_stays_until_it_is_forced(api: Api) -> None:
    first = api.post("stable_token", CREDENTIALS)
    assert 7190 < first["expires_in"] <= 7200
    assert api.post("stable_token", CREDENTIALS)["access_token"] == first["access_token"]
    forced = api.post("stable_token", CREDENTIALS | {"force_refresh": True})
    assert forced["access_token"] != first["access_token"]
    assert api.post("stable_token", CREDENTIALS | {"force_refresh": True})["errcode"] == 45011
    assert api.get("menu/get", access_token=first["access_token"])["errcode"] == 42001
    assert api.get("menu/get", access_token=forced["access_token"])["errcode"] == 46003


def test_calls_need_a_token(api: Api) -> None:
    assert api.get("menu/get", access_token="")["errcode"] == 41001
    assert api.get("menu/get", access_token="made-up")["errcode"] == 40001


def test_a_reset_ends_all_tokens(api: Api, simulator: str) -> None:
    requests.post(f"{simulator}/sim/reset", json={}, timeout=5).raise_for_status()
    assert api.get("menu/get")["errcode"] == 40001


@pytest.mark.parametrize("path", ["nothing/here", "menu/create", "message/custom/send"])
def test_an_unknown_call_is_an_invalid_url(api: Api, path: str) -> None:
    assert api.get(path)["errcode"] == 40066


@pytest.mark.parametrize("body", [b"", b"[]", b"{", rb'{"button": "\ud800"}'])
def test_what_is_not_a_json_object_is_refused(api: Api, body: bytes) -> None:
    assert api.answer("POST", "menu/create", data=body).json()["errcode"] == 47001


# The menu (its limits are tested in test_rules).


def test_a_menu_is_kept_repeated_and_deleted(api: Api, simulator: str) -> None:
    def seen() -> Any:
        return requests.get(f"{simulator}/sim/state", timeout=5).json()["menu"]

    assert seen() is None
    assert api.get("get_current_selfmenu_info")["is_menu_open"] == 0
    assert api.post("menu/create", MENU)["errcode"] == 0
    assert api.get("menu/get")["menu"]["button"][0]["key"] == "lookup.start"
    assert api.get("get_current_selfmenu_info") == {"is_menu_open": 1, "selfmenu_info": MENU}
    assert seen()["button"][0]["name"] == "查档案"
    assert api.get("menu/delete")["errcode"] == 0
    assert api.get("menu/get")["errcode"] == 46003
    assert seen() is None


def test_a_bad_menu_leaves_the_old_one(api: Api) -> None:
    api.post("menu/create", MENU)
    assert api.post("menu/create", {"button": []})["errcode"] == 40016
    assert api.get("menu/get")["menu"]["button"][0]["name"] == "查档案"


def test_self_menu_info_nests_sub_buttons_its_own_way(api: Api) -> None:
    api.post("menu/create", {"button": [{"name": "上", "sub_button": MENU["button"]}]})
    (button,) = api.get("get_current_selfmenu_info")["selfmenu_info"]["button"]
    assert button == {"name": "上", "sub_button": {"list": MENU["button"]}}


# Followers.


def test_user_info_tells_how_a_follower_came(api: Api, simulator: str) -> None:
    phone = Phone(simulator)
    assert api.get("user/info", openid=phone.openid) == {"subscribe": 0, "openid": phone.openid}
    phone.follows("hall")
    info = api.get("user/info", openid=phone.openid)
    assert (info["subscribe"], info["subscribe_scene"]) == (1, "ADD_SCENE_QR_CODE")
    assert (info["qr_scene"], info["qr_scene_str"]) == (0, "hall")
    assert "nickname" not in info
    assert api.get("user/info", openid="o_nobody")["errcode"] == 40003


def test_user_lists(api: Api, simulator: str, phone: Phone) -> None:
    other = Phone(simulator)
    other.scans("12")
    Phone(simulator)
    both = [phone.openid, other.openid]
    everyone = api.get("user/get")
    assert (everyone["total"], everyone["count"]) == (2, 2)
    assert everyone["data"]["openid"] == both
    rest = api.get("user/get", next_openid=phone.openid)
    assert (rest["count"], rest["data"]) == (1, {"openid": [other.openid]})
    assert api.get("user/get", next_openid=other.openid)["count"] == 0
    assert api.get("user/get", next_openid="o_nobody")["errcode"] == 40003
    batch = api.post("user/info/batchget", {"user_list": [{"openid": each} for each in both]})
    assert [each["qr_scene"] for each in batch["user_info_list"]] == [0, 12]
    assert api.post("user/info/batchget", {"user_list": []})["errcode"] == 40003


# Service messages.


def test_a_follower_gets_service_messages_within_the_window(api: Api, phone: Phone) -> None:
    phone.says("请稍后告诉我")
    # Three are left of the subscription's minute, five of the message's two days.
    assert [api.says(phone.openid, f"第{n}条") for n in range(9)] == [0] * 8 + [45047]
    assert len(phone.listens()) == 8
    phone.sees("第7条")
    assert phone.listens(0.1) == []


def test_who_does_not_follow_gets_none(api: Api, simulator: str, phone: Phone) -> None:
    phone.unfollows()
    assert api.says(phone.openid, "回来吧") == 43004
    assert api.says(Phone(simulator).openid, "你好") == 43004
    assert api.says("o_nobody", "你好") == 40003


@pytest.mark.parametrize(
    ("kind", "inside", "errcode"),
    [
        ("text", {"content": ""}, 44004),
        ("text", {"content": "档" * 683}, 45002),
        ("text", None, 44004),
        ("news", {"articles": "text"}, 44003),
        ("wxcard", {}, 40008),
        ("image", {"media_id": "unknown"}, 40007),
        ("news", {"articles": []}, 44003),
        ("news", {"articles": [{"title": "一"}, {"title": "二"}]}, 45008),
        ("msgmenu", {"head_content": "选", "list": []}, 44004),
    ],
)
def test_bad_service_messages_are_refused(
    api: Api, phone: Phone, kind: str, inside: object, errcode: int
) -> None:
    payload = {"touser": phone.openid, "msgtype": kind, kind: inside}
    assert api.post("message/custom/send", payload)["errcode"] == errcode
    assert phone.listens(0.1) == []


def test_news_media_and_choices_arrive_as_service_messages(
    api: Api, phone: Phone, account: FakeAccount
) -> None:
    image = api.upload("media/upload", draw_picture(1), type="image")["media_id"]
    article = {"title": "题", "description": "述", "url": "http://a/1", "picurl": "http://a/1.jpg"}
    choices = [{"id": "101", "content": "满意&好"}, {"id": "102", "content": "不满意"}]
    for kind, inside in (
        ("image", {"media_id": image}),
        ("news", {"articles": [article]}),
        ("msgmenu", {"head_content": "评价", "list": choices, "tail_content": "谢谢"}),
    ):
        payload = {"touser": phone.openid, "msgtype": kind, kind: inside}
        assert api.post("message/custom/send", payload)["errcode"] == 0
    assert [bubble.kind for bubble in phone.listens()] == ["image", "news", "text"]
    assert phone.last_articles[0].url == "http://a/1"
    assert "评价\n满意&好\n不满意\n谢谢" in phone.last_text
    phone.presses("满意&好")
    assert account.received[-1].nodes["Content"] == "满意&好"
    assert account.received[-1].nodes["bizmsgmenuid"] == "101"


# Media.


def test_uploads_come_back_as_they_were(api: Api) -> None:
    picture = draw_picture(2)
    kept = api.upload("media/upload", picture, type="image")
    assert kept["type"] == "image"
    assert isinstance(kept["created_at"], int)
    answer = api.answer("GET", "media/get", params={"media_id": kept["media_id"]})
    assert answer.content == picture
    assert answer.headers["Content-Type"] == "image/png"
    assert f'filename="{kept["media_id"]}.png"' in answer.headers["Content-Disposition"]


def test_a_video_comes_back_as_an_address(api: Api) -> None:
    kept = api.upload("media/upload", VIDEO, type="video")
    url = api.get("media/get", media_id=kept["media_id"])["video_url"]
    assert requests.get(url, timeout=5).content == VIDEO


def test_what_followers_send_can_be_fetched(api: Api, phone: Phone, account: FakeAccount) -> None:
    phone.speaks("喵", seconds=4)
    media_id = account.received[-1].nodes["MediaId"]
    answer = api.answer("GET", "media/get", params={"media_id": media_id})
    assert answer.content == record_silence(4)


def test_a_thumb_has_its_own_id_name(api: Api) -> None:
    kept = api.upload("media/upload", b"\xff\xd8\xff" + bytes(9), type="thumb")
    assert "media_id" not in kept
    assert kept["thumb_media_id"]


def test_article_pictures_stay_and_are_not_temporary_media(api: Api) -> None:
    url = api.upload("media/uploadimg", draw_picture(3))["url"]
    assert requests.get(url, timeout=5).headers["Content-Type"] == "image/png"
    assert api.get("media/get", media_id=url.rpartition("/")[2])["errcode"] == 40007


def test_missing_and_wrong_uploads_are_refused(api: Api) -> None:
    assert api.upload("media/upload", b"", type="image")["errcode"] == 41005
    assert api.upload("media/upload", b"PK\x03\x04", type="image")["errcode"] == 40005
    assert api.upload("media/uploadimg", b"GIF89a")["errcode"] == 40005
    assert api.get("media/get", media_id="unknown")["errcode"] == 40007


def test_the_rest(api: Api) -> None:
    assert api.get("getcallbackip") == {"ip_list": ["127.0.0.1"]}
    assert api.post("clear_quota", {"appid": "wx0123456789abcdef"})["errcode"] == 0
    assert api.post("clear_quota", {"appid": "wx_another"})["errcode"] == 40013
