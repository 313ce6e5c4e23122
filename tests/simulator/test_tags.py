"""Tags and who has them, within WeChat's limits."""

from typing import Any

import pytest

from tests.simulator.conftest import Start
from tests.simulator.newsdesk import Newsdesk
from wx_archive.simulator.phone import Phone


def create(desk: Newsdesk, name: str = "地契") -> Any:
    return desk.post("tags/create", {"tag": {"name": name}})


def tagged(desk: Newsdesk, tag_id: int, *openids: str, off: bool = False) -> int:
    act = "batchuntagging" if off else "batchtagging"
    asked = {"tagid": tag_id, "openid_list": list(openids)}
    return int(desk.post(f"tags/members/{act}", asked)["errcode"])


def test_a_tag_is_made_renamed_counted_and_deleted(desk: Newsdesk, phone: Phone) -> None:
    tag = create(desk)["tag"]
    assert tag == {"id": tag["id"], "name": "地契"}
    assert tag["id"] >= 100
    assert tagged(desk, tag["id"], phone.openid) == 0
    assert desk.post("tags/update", {"tag": tag | {"name": "契约"}})["errcode"] == 0
    assert desk.get("tags/get")["tags"] == [{"id": tag["id"], "name": "契约", "count": 1}]
    assert desk.post("tags/delete", {"tag": {"id": tag["id"]}})["errcode"] == 0
    assert desk.get("tags/get")["tags"] == []
    assert desk.post("tags/getidlist", {"openid": phone.openid}) == {"tagid_list": []}
    assert create(desk)["tag"]["id"] > tag["id"]


def test_followers_are_tagged_listed_and_untagged(desk: Newsdesk, phone: Phone) -> None:
    other = Phone(desk.base_url)
    other.follows()
    tag_id = create(desk)["tag"]["id"]
    assert tagged(desk, tag_id, phone.openid, other.openid) == 0
    told = desk.post("user/tag/get", {"tagid": tag_id, "next_openid": ""})
    assert (told["count"], told["data"]["openid"]) == (2, [phone.openid, other.openid])
    rest = desk.post("user/tag/get", {"tagid": tag_id, "next_openid": phone.openid})
    assert rest["data"]["openid"] == [other.openid]
    assert desk.post("user/tag/get", {"tagid": tag_id, "next_openid": "x"})["errcode"] == 40003
    assert desk.post("tags/getidlist", {"openid": phone.openid}) == {"tagid_list": [tag_id]}
    assert desk.get("user/info", openid=phone.openid)["tagid_list"] == [tag_id]
    assert tagged(desk, tag_id, phone.openid, off=True) == 0
    other.unfollows()
    assert desk.post("user/tag/get", {"tagid": tag_id}) == {"count": 0}
    assert desk.post("tags/getidlist", {"openid": other.openid})["errcode"] == 40003


@pytest.mark.parametrize(
    ("name", "errcode"), [("档" * 10, None), ("档" * 11, 45158), ("", 45158), ("旧", 45157)]
)
def test_a_name_is_new_and_short(desk: Newsdesk, name: str, errcode: int | None) -> None:
    create(desk, "旧")
    assert create(desk, name).get("errcode") == errcode


def test_unknown_and_own_tags_cannot_be_changed(desk: Newsdesk, phone: Phone) -> None:
    for tag_id, errcode in ((2, 45058), (999, 45159)):
        assert desk.post("tags/update", {"tag": {"id": tag_id, "name": "新"}})["errcode"] == errcode
        assert desk.post("tags/delete", {"tag": {"id": tag_id}})["errcode"] == errcode
    assert tagged(desk, 999, phone.openid) == 45159
    assert desk.post("user/tag/get", {"tagid": 999})["errcode"] == 45159


def test_a_call_tags_up_to_fifty_followers_all_or_none(desk: Newsdesk, phone: Phone) -> None:
    desk.switch(crowd=60)
    crowd = desk.get("user/get")["data"]["openid"][1:]
    assert len(crowd) == 60
    tag_id = create(desk)["tag"]["id"]
    assert tagged(desk, tag_id, *crowd[:51]) == 40032
    assert tagged(desk, tag_id) == 40032
    assert tagged(desk, tag_id, phone.openid, "nobody") == 49003
    assert desk.post("user/tag/get", {"tagid": tag_id})["count"] == 0
    assert tagged(desk, tag_id, *crowd[:50]) == 0
    assert desk.get("tags/get")["tags"][0]["count"] == 50
    assert desk.get("user/info", openid=crowd[0])["subscribe"] == 1


def test_a_follower_has_up_to_twenty_tags_an_account_a_hundred(
    desk: Newsdesk, phone: Phone
) -> None:
    ids = [create(desk, str(n))["tag"]["id"] for n in range(100)]
    assert create(desk, "第一百零一")["errcode"] == 45056
    assert {tagged(desk, tag_id, phone.openid) for tag_id in ids[:20]} == {0}
    assert tagged(desk, ids[20], phone.openid) == 45059
    assert tagged(desk, ids[0], phone.openid) == 0, "it has that one already"


def test_tags_outlive_the_simulator(start: Start, desk: Newsdesk, phone: Phone) -> None:
    tag_id = create(desk)["tag"]["id"]
    tagged(desk, tag_id, phone.openid)
    again = Newsdesk(start())
    assert again.post("tags/getidlist", {"openid": phone.openid}) == {"tagid_list": [tag_id]}
    again.control("reset")
    assert Newsdesk(again.base_url).get("tags/get") == {"tags": []}


def test_an_unverified_account_has_no_tags(start: Start) -> None:
    desk = Newsdesk(start(verified=False))
    assert create(desk)["errcode"] == 48001
    assert desk.post("user/tag/get", {"tagid": 100})["errcode"] == 48001
