"""Permanent material from the account's side."""

import pytest
import requests

from tests.simulator.conftest import Start
from tests.simulator.newsdesk import Newsdesk, picture
from wx_archive.simulator.library import seconds_of
from wx_archive.simulator.media import film_nothing, record_silence
from wx_archive.simulator.phone import Phone

MP3 = b"ID3" + bytes(16_000)
JPEG = b"\xff\xd8\xff" + bytes(9)
DAYS_3 = 3 * 86_400


def test_an_image_stays_for_good_and_has_an_address(desk: Newsdesk) -> None:
    kept = desk.material("image", picture(3))
    assert requests.get(kept["url"], timeout=5).content == picture(3)
    desk.advance(2 * DAYS_3)
    desk = Newsdesk(desk.base_url)
    answer = desk.raw("material/get_material", f'{{"media_id": "{kept["media_id"]}"}}')
    assert answer.content == picture(3)
    assert f'{kept["media_id"]}.png"' in answer.headers["Content-Disposition"]
    assert desk.get("media/get", media_id=kept["media_id"])["errcode"] == 40007, "not temporary"


def test_a_video_brings_its_texts_in_a_form_field(desk: Newsdesk) -> None:
    film = film_nothing()
    kept = desk.material("video", film, title="郧阳府", introduction="一段影像")
    told = desk.post("material/get_material", {"media_id": kept["media_id"]})
    assert (told["title"], told["description"]) == ("郧阳府", "一段影像")
    assert requests.get(told["down_url"], timeout=5).content == film
    assert "url" not in kept
    assert desk.material("video", film)["errcode"] == 47001
    assert desk.material("video", film, introduction="没有题目")["errcode"] == 47003
    assert desk.material("video", film, title="长" * 65)["errcode"] == 47003


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("image", b"\x89PNG\r\n\x1a\n" + bytes(10 << 20), 40009),
        ("image", b"PK\x03\x04", 40005),
        ("voice", b"#!AMR\n" + bytes(2 << 20), 40010),
        ("voice", JPEG, 40005),
        ("thumb", b"\xff\xd8\xff" + bytes(64 << 10), 40012),
        ("thumb", b"\x89PNG\r\n\x1a\n", 40005),
        ("film", JPEG, 40004),
        ("image", b"", 41005),
    ],
)
def test_files_beyond_the_limits_are_refused(
    desk: Newsdesk, kind: str, content: bytes, errcode: int
) -> None:
    assert desk.material(kind, content)["errcode"] == errcode


def test_a_voice_may_be_an_mp3_or_an_amr(desk: Newsdesk) -> None:
    for content in (MP3, record_silence(4)):
        assert desk.material("voice", content)["media_id"]
    assert seconds_of("audio/amr", record_silence(4)) == 4
    assert seconds_of("audio/mpeg", MP3) == 2


def test_material_is_counted_listed_and_deleted(desk: Newsdesk) -> None:
    first = desk.material("image", picture(1))["media_id"]
    second = desk.material("image", picture(2))["media_id"]
    desk.material("voice", MP3)
    assert desk.get("material/get_materialcount") == {
        "voice_count": 1,
        "video_count": 0,
        "image_count": 2,
        "news_count": 0,
    }
    asked = {"type": "image", "offset": 0, "count": 1}
    told = desk.post("material/batchget_material", asked)
    assert (told["total_count"], told["item_count"]) == (2, 1)
    assert (told["item"][0]["media_id"], told["item"][0]["name"]) == (second, "老照片.png")
    rest = desk.post("material/batchget_material", asked | {"offset": 1})
    assert [each["media_id"] for each in rest["item"]] == [first]
    assert desk.post("material/del_material", {"media_id": first})["errcode"] == 0
    assert desk.post("material/del_material", {"media_id": first})["errcode"] == 40007
    assert desk.post("material/get_material", {"media_id": first})["errcode"] == 40007
    assert desk.get("material/get_materialcount")["image_count"] == 1
    for bad in ({"count": 21}, {"count": 0}, {"offset": -1}):
        assert desk.post("material/batchget_material", asked | bad)["errcode"] == 40097
    assert desk.post("material/batchget_material", {"type": "news"})["errcode"] == 40004


def test_a_service_message_may_show_permanent_material(desk: Newsdesk, phone: Phone) -> None:
    media_id = desk.image
    desk.advance(2 * DAYS_3)
    phone.says("在吗")
    sent = {"touser": phone.openid, "msgtype": "image", "image": {"media_id": media_id}}
    assert Newsdesk(desk.base_url).post("message/custom/send", sent)["errcode"] == 0
    assert phone.listens()[0].url == f"/sim/media/{media_id}"


def test_a_video_is_made_ready_for_a_mass_send(desk: Newsdesk) -> None:
    video = desk.upload("media/upload", film_nothing(), type="video")["media_id"]
    texts = {"title": "郧阳府", "description": "影像"}
    ready = desk.post("media/uploadvideo", {"media_id": video} | texts)
    assert ready["type"] == "video"
    assert ready["media_id"] != video
    assert desk.post("media/uploadvideo", {"media_id": desk.image} | texts)["errcode"] == 40007
    assert desk.post("material/del_material", {"media_id": ready["media_id"]})["errcode"] == 40007


def test_material_outlives_the_simulator(start: Start, simulator: str) -> None:
    media_id = Newsdesk(simulator).material("image", picture(5))["media_id"]
    again = Newsdesk(start())
    assert again.raw("material/get_material", f'{{"media_id": "{media_id}"}}').content == picture(5)
    again.control("reset")
    after = Newsdesk(again.base_url)
    assert after.get("material/get_materialcount")["image_count"] == 1, "the account knows of it"


def test_an_unverified_account_has_no_material(start: Start) -> None:
    desk = Newsdesk(start(verified=False))
    for answer in (desk.material("image", picture(1)), desk.get("draft/count")):
        assert answer["errcode"] == 48001
