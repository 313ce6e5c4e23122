"""Messages and events as public SDKs' tests hold them: each becomes the right value."""

from pathlib import Path
from typing import Any

import pytest

from wx_archive.wechat import decoder, inbound
from wx_archive.wechat.errors import MalformedError

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "wechat_samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not here")

DECODED: dict[str, tuple[type[inbound.Inbound], dict[str, Any]]] = {
    "001": (inbound.Text, {"content": "this is a test", "menu_id": None}),
    "003": (inbound.Voice, {"media_id": "media_id", "format": "Format", "recognition": None}),
    "005": (
        inbound.Location,
        {"latitude": "23.134521", "longitude": "113.358803", "label": "位置信息"},
    ),
    "007": (inbound.Subscribe, {"scene": None, "ticket": None}),
    "009": (inbound.Subscribe, {"scene": "123123", "ticket": "TICKET"}),
    "011": (inbound.LocationReport, {"latitude": "23.137466", "longitude": "113.352425"}),
    "013": (inbound.MenuView, {"url": "www.qq.com"}),
    "015": (inbound.Subscribe, {"scene": None, "ticket": None}),
    "017": (inbound.UnknownEvent, {"event": "user_authorize_invoice", "key": ""}),
    "019": (inbound.UnknownEvent, {"event": "submit_invoice_title", "key": ""}),
    "021": (inbound.UnknownMessage, {"kind": "device_event"}),
    "023": (inbound.Scan, {"scene": "SCENE_VALUE", "ticket": "TICKET"}),
    "025": (inbound.MenuScanCode, {"key": "6", "result": "1", "waits": False}),
    "027": (inbound.MenuPictures, {"key": "6", "count": 1}),
    "029": (inbound.MenuPictures, {"key": "6", "count": 1}),
    "031": (inbound.UnknownEvent, {"event": "merchant_order", "key": ""}),
    "033": (inbound.UnknownEvent, {"event": "kf_close_session", "key": ""}),
    "035": (inbound.TemplateSent, {"msg_id": "200163836", "status": "success"}),
    "037": (
        inbound.NoticeConsent,
        {"choices": (("VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc", "reject"),)},
    ),
    "039": (inbound.UnknownEvent, {"event": "ShakearoundUserShake", "key": ""}),
    "041": (inbound.UnknownEvent, {"event": "qualification_verify_success", "key": ""}),
    "043": (inbound.UnknownEvent, {"event": "naming_verify_success", "key": ""}),
    "045": (inbound.UnknownEvent, {"event": "annual_renew", "key": ""}),
    "047": (inbound.UnknownMessage, {"kind": "unknown"}),
    "049": (
        inbound.Location,
        {"latitude": "23.134521", "longitude": "113.358803", "label": "Location"},
    ),
    "051": (inbound.Voice, {"media_id": "media_id", "format": "Format", "recognition": "Meow~"}),
    "053": (inbound.MenuScanCode, {"key": "EVENTKEY", "result": "www.qq.com", "waits": False}),
    "055": (inbound.MenuPictures, {"key": "6", "count": 2}),
    "057": (inbound.UnknownEvent, {"event": "card_not_pass_check", "key": ""}),
    "059": (inbound.UnknownEvent, {"event": "user_gifting_card", "key": ""}),
    "061": (inbound.UnknownEvent, {"event": "user_consume_card", "key": ""}),
    "063": (inbound.UnknownEvent, {"event": "user_view_card", "key": ""}),
    "065": (inbound.UnknownEvent, {"event": "update_member_card", "key": ""}),
    "067": (inbound.UnknownEvent, {"event": "card_pay_order", "key": ""}),
    "069": (inbound.MenuClick, {"key": "EVENTKEY"}),
    "071": (inbound.UnknownEvent, {"event": "user_scan_product", "key": ""}),
    "073": (inbound.UnknownEvent, {"event": "user_scan_product_async", "key": ""}),
    "075": (inbound.UnknownEvent, {"event": "unknown", "key": ""}),
    "077": (
        inbound.MenuScanCode,
        {"key": "EVENTKEY", "result": "http://www.qq.com", "waits": False},
    ),
    "079": (
        inbound.Video,
        {"media_id": "media_id", "thumb_media_id": "thumb_media_id", "is_short": True},
    ),
    "081": (inbound.Text, {"content": "dd"}),
    "083": (
        inbound.Location,
        {
            "latitude": "31.285774",
            "longitude": "120.597610",
            "label": "中国江苏省苏州市沧浪区桐泾南路251号-309号",
        },
    ),
    "085": (
        inbound.Voice,
        {
            "media_id": "X1yfgB2XI-faU6R2jmKz0X1JZmPCxIvM-9ktt4K92BB9577SCi41S-qMl60q5DJo",
            "format": "amr",
            "recognition": None,
        },
    ),
    "087": (
        inbound.Video,
        {"media_id": "mediaId", "thumb_media_id": "thumbMediaId", "is_short": False},
    ),
    "089": (inbound.UnknownEvent, {"event": "ENTER", "key": ""}),
    "091": (inbound.Subscribe, {"scene": None, "ticket": None}),
    "093": (inbound.MenuClick, {"key": "SubClickRoot_Agent"}),
    "095": (inbound.MenuView, {"url": "https://sdk.weixin.senparc.com"}),
    "097": (inbound.MenuScanCode, {"key": "6", "result": "2", "waits": True}),
    "099": (inbound.MenuPictures, {"key": "6", "count": 1}),
    "101": (
        inbound.MenuLocation,
        {
            "key": "6",
            "latitude": "23",
            "longitude": "113",
            "label": " 广州市海珠区客村艺苑路 106号",
        },
    ),
    "103": (inbound.UnknownEvent, {"event": "card_pass_check", "key": ""}),
    "105": (inbound.UnknownEvent, {"event": "user_get_card", "key": ""}),
    "107": (inbound.UnknownEvent, {"event": "WifiConnected", "key": ""}),
    "109": (inbound.UnknownEvent, {"event": "user_view_card", "key": ""}),
    "111": (inbound.UnknownEvent, {"event": "modify_store_audit_info", "key": ""}),
    "113": (inbound.UnknownEvent, {"event": "create_map_poi_audit_info", "key": ""}),
    "117": (inbound.UnknownEvent, {"event": "qualification_verify_fail", "key": ""}),
    "119": (inbound.UnknownEvent, {"event": "naming_verify_fail", "key": ""}),
    "121": (inbound.UnknownEvent, {"event": "verify_expired", "key": ""}),
    "123": (inbound.UnknownEvent, {"event": "giftcard_pay_done", "key": ""}),
    "125": (inbound.UnknownEvent, {"event": "giftcard_user_accept", "key": ""}),
    "127": (inbound.Subscribe, {"scene": None, "ticket": None}),
    "131": (
        inbound.MassSendFinished,
        {
            "msg_id": "1988",
            "status": "sendsuccess",
            "total": 100,
            "filtered": 80,
            "sent": 75,
            "failed": 5,
        },
    ),
    "137": (
        inbound.MassSendFinished,
        {"msg_id": "1000001625", "status": "err(30003)", "total": 0, "sent": 0, "failed": 0},
    ),
    "901": (
        inbound.PublishFinished,
        {
            "publish_id": "1234567890",
            "status": 0,
            "article_id": "ArticleID",
            "article_urls": ("ArticleURL",),
        },
    ),
    "903": (
        inbound.TemplateSent,
        {"msg_id": "3557254367693750277", "status": "failed:freq limit"},
    ),
    "905": (inbound.Text, {"content": "123", "menu_id": None}),
}
BARE_SEALS = {"129", "139", "145"}


def sample(number: str) -> bytes:
    (path,) = SAMPLES.glob(f"{number}_*.xml")
    return path.read_bytes()


def test_every_sample_is_told_here() -> None:
    assert {path.name[:3] for path in SAMPLES.glob("*.xml")} == DECODED.keys() | BARE_SEALS
    assert len(DECODED | dict.fromkeys(BARE_SEALS)) == 71


@pytest.mark.parametrize("number", DECODED)
def test_a_sample_becomes_the_right_value(number: str) -> None:
    kind, fields = DECODED[number]
    message = decoder.decode(sample(number))
    assert type(message) is kind
    assert {name: getattr(message, name) for name in fields} == fields


@pytest.mark.parametrize("number", sorted(BARE_SEALS))
def test_a_sealed_body_without_its_envelope_is_no_message(number: str) -> None:
    with pytest.raises(MalformedError):
        decoder.decode(sample(number))


def test_the_common_fields_are_read() -> None:
    header = decoder.decode(sample("083")).header
    assert header.to_user == "gh_a96a4a619366"
    assert header.openid == "olPjZjsXuQPJoV0HlruZkNzKc91E"
    assert header.created_at == 1358061152
    assert not header.is_event
    assert decoder.decode(sample("093")).header.is_event
