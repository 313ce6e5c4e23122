"""What the account asks of WeChat, and what it makes of the answers."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.wrappers import Request, Response

from tests.conftest import SettingsFactory
from tests.wechat.deliveries import APP_ID, OPENID, settings_for
from tests.wechat.fake_platform import (
    A_MENU,
    BUTTONS,
    NOON,
    OK,
    TOKEN_KEY,
    Answer,
    Scripted,
    a_token,
    platform_of,
    refused,
    serving,
)
from wx_archive import demo
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services
from wx_archive.core.settings import DEMO_CREDENTIALS, Settings
from wx_archive.core.store import Store
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Phone
from wx_archive.wechat.client import FollowerInfo, Platform
from wx_archive.wechat.errors import (
    ContentError,
    FollowerError,
    OAuthCodeError,
    PlatformError,
    QuotaError,
    UnknownOutcomeError,
)

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Settings]:
    """Settings whose platform is a running simulator."""
    settings = settings_for(data_dir=tmp_path)
    with simulator.running(demo.simulator_config(settings)) as url:
        yield settings.model_copy(update={"wechat_api_url": url})


@contextmanager
def answering(
    store: Store, *answers: Answer, **settings: Any
) -> Iterator[tuple[Platform, Scripted]]:
    """A platform that has a token already and answers as told."""
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    script = Scripted(*answers)
    with (
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url, **settings), store) as platform,
    ):
        yield platform, script


def test_a_menu_is_pushed_and_read_back(simulated: Settings, store: Store) -> None:
    with platform_of(simulated, store) as platform:
        assert platform.menu() is None
        platform.push_menu(BUTTONS)
        assert [button["name"] for button in platform.menu() or []] == ["查档案"]


def test_a_refusal_carries_wechats_code(simulated: Settings, store: Store) -> None:
    with platform_of(simulated, store) as platform, pytest.raises(ContentError) as caught:
        platform.push_menu([{"type": "click", "name": "", "key": "x"}])
    assert caught.value.code is not None
    assert 40_000 < caught.value.code < 50_000
    assert caught.value.path == "/cgi-bin/menu/create"


def test_a_token_that_the_simulator_refuses_is_replaced(simulated: Settings, store: Store) -> None:
    store.put({TOKEN_KEY: (b"forged-or-old", seconds(7_000))})
    with platform_of(simulated, store) as platform:
        platform.push_menu(BUTTONS)
        assert platform.menu()
    assert store.get(TOKEN_KEY) != b"forged-or-old"


def test_a_follower_gets_a_service_message_and_is_counted(demo_settings: SettingsFactory) -> None:
    settings = demo_settings()
    with (
        demo.in_process(settings) as running,
        open_services(settings) as services,
        platform_of(settings, services.store, services.database) as platform,
    ):
        phone = Phone(running.simulator_url)
        phone.follows()
        platform.typing(phone.openid)
        platform.send_text(phone.openid, "您要的档案已找到。")
        assert "您要的档案已找到。" in phone.conversation()[-1].visible_text
        info = platform.user_info(phone.openid)
        assert (info.openid, info.is_following) == (phone.openid, True)
        used = {quota.path: quota.used for quota in platform.quota()}
        assert used["/cgi-bin/message/custom/send"] == 1
        with pytest.raises(FollowerError):
            platform.send_text("oNobodyWhoEverWroteToUs0001", "您好")


def test_what_a_follower_sent_comes_back_whole(simulated: Settings, store: Store) -> None:
    with platform_of(simulated, store) as platform:
        media_id = platform.upload("image", io.BytesIO(PICTURE))
        into = io.BytesIO()
        got = platform.download(media_id, into, max_bytes=1_000_000)
        assert into.getvalue() == PICTURE
        assert (got.content_type, got.size_bytes) == ("image/png", len(PICTURE))
        with pytest.raises(ContentError) as caught:
            platform.download("no-such-media", io.BytesIO(), max_bytes=1_000_000)
        assert caught.value.code == 40007


def test_every_call_goes_to_the_address_of_the_settings(store: Store) -> None:
    script = Scripted(a_token(), A_MENU, OK, OK, (200, '{"openid": "oX"}'))
    with serving(script) as url:
        settings = settings_for(wechat_api_url=f"{url}/proxy/")
        with platform_of(settings, store) as platform:
            platform.menu()
            platform.push_menu(BUTTONS)
            platform.send_text(OPENID, "您好")
            platform.oauth_openid("CODE")
    assert script.paths == [
        "/proxy/cgi-bin/stable_token",
        "/proxy/cgi-bin/menu/get",
        "/proxy/cgi-bin/menu/create",
        "/proxy/cgi-bin/message/custom/send",
        "/proxy/sns/oauth2/access_token",
    ]


def test_chinese_words_travel_as_themselves(store: Store) -> None:
    with answering(store, OK) as (platform, script):
        platform.push_menu(BUTTONS)
    assert script.asked[0].json == {"button": BUTTONS}
    assert "查档案".encode() in script.asked[0].body


def test_a_service_message_is_what_the_reference_says(store: Store) -> None:
    with answering(store, OK, OK) as (platform, script):
        platform.send_text(OPENID, "您好")
        platform.typing(OPENID)
    assert script.asked[0].json == {
        "touser": OPENID,
        "msgtype": "text",
        "text": {"content": "您好"},
    }
    assert script.asked[1].json == {"touser": OPENID, "command": "Typing"}


def test_only_a_zero_in_so_many_words_is_a_message_sent(store: Store) -> None:
    with answering(store, (200, "{}"), (200, '{"msgid": 1}')) as (platform, script):
        for _ in range(2):
            with pytest.raises(UnknownOutcomeError):
                platform.send_text(OPENID, "您好")
    assert len(script.asked) == 2


NONSENSE = {
    "a page of a proxy": "<html>502 Bad Gateway</html>",
    "nothing": "",
    "a list": "[]",
    "a number": "0",
    "half an answer": '{"menu": {"butt',
    "a code that is no number": '{"errcode": "none"}',
    "a code in quotes": '{"errcode": "0"}',
    "a code that is null": '{"errcode": null}',
    "a code that is a claim": '{"errcode": false}',
    "no menu in it": '{"errcode": 0}',
    "a menu that is none": '{"menu": []}',
    "a hole without end": "[" * 200_000,
    "no UTF-8": "\udcff",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_an_answer_that_is_none_is_an_error_of_unknown_outcome(what: str, store: Store) -> None:
    body = NONSENSE[what].encode("utf-8", errors="surrogateescape")
    with (
        answering(store, lambda _request: Response(body)) as (platform, script),
        pytest.raises(UnknownOutcomeError) as caught,
    ):
        platform.menu()
    assert caught.value.code is None
    assert len(script.asked) == 1


def test_the_code_of_an_authorisation_tells_whose_browser_it_is(store: Store) -> None:
    answer = {"access_token": "T", "expires_in": 7200, "openid": OPENID, "scope": "snsapi_base"}
    with answering(store, (200, json.dumps(answer))) as (platform, script):
        assert platform.oauth_openid("CODE-1") == OPENID
    assert script.asked[0].path == "/sns/oauth2/access_token"
    assert script.asked[0].params == {
        "appid": APP_ID,
        "secret": DEMO_CREDENTIALS["wechat_app_secret"],
        "code": "CODE-1",
        "grant_type": "authorization_code",
    }


@pytest.mark.parametrize("code", [40029, 40163, 42003, 41008])
def test_a_bad_code_asks_for_a_new_authorisation_and_is_not_tried_again(
    code: int, store: Store
) -> None:
    with answering(store, refused(code)) as (platform, script), pytest.raises(OAuthCodeError):
        platform.oauth_openid("CODE-1")
    assert len(script.asked) == 1


def test_the_invented_visitor_of_a_preview_is_nobody(store: Store) -> None:
    answer = json.dumps({"openid": "oVirtual", "is_snapshotuser": 1})
    with answering(store, (200, answer)) as (platform, _script), pytest.raises(OAuthCodeError):
        platform.oauth_openid("CODE-1")


@pytest.mark.parametrize("openid", [None, "", 5, ["o"]])
def test_an_authorisation_without_an_openid_is_none(openid: object, store: Store) -> None:
    answer = (200, json.dumps({"openid": openid}))
    with answering(store, answer) as (platform, _script), pytest.raises(UnknownOutcomeError):
        platform.oauth_openid("CODE-1")


def test_a_browser_is_sent_to_wechat_or_to_where_the_api_is(store: Store) -> None:
    real = settings_for(wechat_api_url="https://api.weixin.qq.com")
    with platform_of(real, store) as platform:
        address = platform.authorize_url("https://a.example/h5/in?x=1&y=档", "s" * 32)
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("https", "open.weixin.qq.com")
    assert (parts.path, parts.fragment) == ("/connect/oauth2/authorize", "wechat_redirect")
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "appid": APP_ID,
        "redirect_uri": "https://a.example/h5/in?x=1&y=档",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s" * 32,
    }
    with platform_of(settings_for(wechat_api_url="http://127.0.0.1:8001/"), store) as platform:
        address = platform.authorize_url("https://a.example/", "s")
    assert address.startswith("http://127.0.0.1:8001/connect/oauth2/authorize?appid=")


def test_a_follower_is_told_of_as_far_as_wechat_tells(store: Store) -> None:
    here = {
        "subscribe": 1,
        "openid": OPENID,
        "subscribe_time": 1_700_000_000,
        "qr_scene": 0,
        "qr_scene_str": "hall",
        "unionid": "u1",
    }
    gone = {"subscribe": 0, "openid": OPENID}
    with answering(store, (200, json.dumps(here)), (200, json.dumps(gone))) as (platform, script):
        assert platform.user_info(OPENID) == FollowerInfo(
            OPENID, is_following=True, subscribed_at=1_700_000_000, scene="hall", unionid="u1"
        )
        assert platform.user_info(OPENID) == FollowerInfo(
            OPENID, is_following=False, subscribed_at=None, scene="", unionid=""
        )
    assert script.asked[0].params["openid"] == OPENID


@pytest.mark.parametrize("answer", ["{}", '{"openid": "oOther", "subscribe": 1}'])
def test_what_is_told_of_somebody_else_is_not_taken(answer: str, store: Store) -> None:
    with answering(store, (200, answer)) as (platform, _), pytest.raises(UnknownOutcomeError):
        platform.user_info(OPENID)


def test_the_addresses_of_deliveries_are_listed(store: Store) -> None:
    listed = (200, '{"ip_list": ["10.0.0.1", "10.0.0.2"]}')
    with answering(store, listed, (200, "{}"), (200, '{"ip_list": 1}')) as (platform, _script):
        assert platform.callback_addresses() == ["10.0.0.1", "10.0.0.2"]
        for _ in range(2):
            with pytest.raises(UnknownOutcomeError):
                platform.callback_addresses()


def a_file(content: bytes, content_type: str, **headers: str) -> Callable[[Request], Response]:
    return lambda _request: Response(content, content_type=content_type, headers=headers)


def download(
    store: Store, *answers: Answer, max_bytes: int = 1_000_000
) -> tuple[bytes, str, list[str]]:
    """Return what arrived behind what was there, its type, and the paths asked."""
    into = io.BytesIO(b"HEAD")
    into.seek(4)
    with answering(store, *answers) as (platform, script):
        try:
            content_type = platform.download("MEDIA-1", into, max_bytes=max_bytes).content_type
        except PlatformError:
            assert into.getvalue() == b"HEAD", "what was refused left something behind"
            raise
    assert into.getvalue()[:4] == b"HEAD"
    return into.getvalue()[4:], content_type, script.paths


def test_a_file_is_written_where_the_caller_stands(store: Store) -> None:
    content, content_type, paths = download(store, a_file(PICTURE, "image/jpeg; charset=x"))
    assert (content, content_type) == (PICTURE, "image/jpeg")
    assert paths == ["/cgi-bin/media/get"]


def test_a_file_may_be_as_large_as_it_may_be_and_no_larger(store: Store) -> None:
    exact = len(PICTURE)
    assert download(store, a_file(PICTURE, "image/jpeg"), max_bytes=exact)[0] == PICTURE
    with pytest.raises(ContentError, match="MB，没有收下"):
        download(store, a_file(PICTURE, "image/jpeg"), max_bytes=exact - 1)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"<html>", "text/html"),
        (b"", "image/jpeg"),
        (b'{"errcode": 0}', "application/json"),
        (b"{}", "text/plain"),
        (b'{"video_url": 5}', "text/plain"),
    ],
)
def test_what_is_no_file_is_never_taken_for_one(
    content: bytes, content_type: str, store: Store
) -> None:
    with pytest.raises(UnknownOutcomeError):
        download(store, a_file(content, content_type))


def test_wechats_refusal_of_a_file_is_understood(store: Store) -> None:
    words = b'{"errcode": 40007, "errmsg": "invalid media_id rid: 6-7"}'
    with pytest.raises(ContentError) as caught:
        download(store, a_file(words, "text/plain"))
    assert (caught.value.code, caught.value.rid) == (40007, "6-7")


def test_a_broken_try_leaves_nothing_in_the_file(store: Store) -> None:
    bad_gateway = Response(PICTURE, status=502, content_type="image/jpeg")
    content, _type, paths = download(store, lambda _r: bad_gateway, a_file(b"abc", "image/png"))
    assert content == b"abc"
    assert len(paths) == 2


def test_a_refused_token_is_renewed_for_a_file_too(store: Store) -> None:
    again = a_token("TOKEN-2")
    content, _type, paths = download(store, refused(40001), again, a_file(b"abc", "image/png"))
    assert content == b"abc"
    assert paths == ["/cgi-bin/media/get", "/cgi-bin/stable_token", "/cgi-bin/media/get"]


def test_a_video_is_fetched_from_where_wechat_says_without_the_token(store: Store) -> None:
    script = Scripted()
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    with serving(script) as url:
        script.answers = [
            (200, json.dumps({"video_url": f"{url}/file/1.mp4"})),
            a_file(b"film", "video/mp4"),
        ]
        into = io.BytesIO()
        with platform_of(settings_for(wechat_api_url=url), store) as platform:
            assert platform.download("V", into, max_bytes=100).content_type == "video/mp4"
    assert into.getvalue() == b"film"
    assert script.asked[1].path == "/file/1.mp4"
    assert script.asked[1].token == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/x",
        "https://qq.com.evil.example/x",
        "https://evilqq.com/x",
        "https://user@evil.example/.qq.com",
        "file:///etc/passwd",
        "ftp://a.qq.com/x",
    ],
)
def test_a_video_outside_of_wechats_domains_is_not_fetched(address: str, store: Store) -> None:
    with pytest.raises(ContentError, match="域名"):
        download(store, (200, json.dumps({"video_url": address})))


def test_a_video_that_leads_to_another_video_is_none(store: Store) -> None:
    script = Scripted()
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    with serving(script) as url, platform_of(settings_for(wechat_api_url=url), store) as platform:
        script.answers = [(200, json.dumps({"video_url": f"{url}/again"}))] * 3
        with pytest.raises(UnknownOutcomeError):
            platform.download("V", io.BytesIO(), max_bytes=100)
    assert len(script.asked) == 2


def test_cleared_quotas_are_counted_anew(store: Store, database: Database) -> None:
    script = Scripted(a_token(), refused(45009), OK)
    with (
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url), store, database) as platform,
    ):
        with pytest.raises(QuotaError):
            platform.menu()
        platform.clear_quota()
        script.answers = [A_MENU]
        assert platform.menu() == BUTTONS
        used = {quota.path: quota.used for quota in platform.quota()}
    assert script.asked[2].json == {"appid": APP_ID}
    assert used["/cgi-bin/menu/get"] == 1


def test_the_months_last_clearing_says_when_the_next_may_be(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    with (
        serving(Scripted(refused(48006))) as url,
        platform_of(settings_for(wechat_api_url=url), store, now=lambda: NOON) as platform,
        pytest.raises(QuotaError) as caught,
    ):
        platform.clear_quota()
    assert caught.value.until == datetime.fromisoformat("2026-12-01T00:00:00+08:00")


ASK_FOR: dict[str, Callable[[Platform], object]] = {
    "menu": lambda platform: platform.menu(),
    "push_menu": lambda platform: platform.push_menu(BUTTONS),
    "send_text": lambda platform: platform.send_text(OPENID, "您好"),
    "typing": lambda platform: platform.typing(OPENID),
    "user_info": lambda platform: platform.user_info(OPENID),
    "upload": lambda platform: platform.upload("image", io.BytesIO(PICTURE)),
    "download": lambda platform: platform.download("M", io.BytesIO(), max_bytes=1),
    "oauth_openid": lambda platform: platform.oauth_openid("C"),
    "authorize_url": lambda platform: platform.authorize_url("https://a.example/", "s"),
}


@pytest.mark.parametrize("name", ASK_FOR)
def test_what_the_account_may_not_do_is_refused_before_anything_is_sent(
    name: str, store: Store
) -> None:
    settings = {"wechat_account": "subscription", "wechat_verified": False}
    with (
        answering(store, **settings) as (platform, script),
        pytest.raises(RefusedError, match="本账号是未认证的订阅号，微信不开放"),
    ):
        ASK_FOR[name](platform)
    assert script.asked == []
