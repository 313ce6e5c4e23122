"""What which account may do, and the one file that says so."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.wechat.deliveries import settings_for
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.yamlfile import load
from wx_archive.wechat import limits as module
from wx_archive.wechat.account import Capability, Entitlements
from wx_archive.wechat.limits import Limits, Occasion, limits

FILE = Path(module.__file__).with_name("limits.yaml")
EVERYTHING = set(Capability)
SERVICE_ONLY = {
    Capability.OAUTH,
    Capability.MASS_SEND_BY_LIST,
    Capability.TEMPLATE_NOTICES,
    Capability.SUBSCRIBE_NOTICES,
    Capability.SCENE_CODES,
}
MAY = {
    ("service", True): EVERYTHING,
    ("subscription", True): EVERYTHING - SERVICE_ONLY,
    ("service", False): {Capability.CUSTOM_MENU},
    ("subscription", False): set(),
}


def account(kind: str, *, verified: bool) -> Entitlements:
    return Entitlements.of(settings_for(wechat_account=kind, wechat_verified=verified))


@pytest.mark.parametrize(("kind", "verified"), MAY)
def test_an_account_may_what_its_kind_may(kind: str, verified: bool) -> None:  # noqa: FBT001 -- pytest's way
    asked = account(kind, verified=verified)
    assert {one for one in Capability if asked.may(one)} == MAY[kind, verified]
    for one in Capability:
        if asked.may(one):
            asked.require(one)
        else:
            with pytest.raises(RefusedError):
                asked.require(one)


VERIFY = "请在公众平台完成微信认证，再设 WX_ARCHIVE_WECHAT_VERIFIED=true"
MOVE = (
    "请改用或迁移为服务号，再设 WX_ARCHIVE_WECHAT_ACCOUNT=service、WX_ARCHIVE_WECHAT_VERIFIED=true"
)


@pytest.mark.parametrize(
    ("kind", "verified", "capability", "why", "allowed", "remedy"),
    [
        (
            "subscription",
            False,
            Capability.CUSTOM_MENU,
            "本账号是未认证的订阅号，微信不开放“自定义菜单接口”",
            "已认证的服务号、未认证的服务号、已认证的订阅号",
            VERIFY,
        ),
        (
            "subscription",
            True,
            Capability.OAUTH,
            "本账号是已认证的订阅号，微信不开放“网页授权”",
            "已认证的服务号",
            MOVE,
        ),
        (
            "service",
            False,
            Capability.SERVICE_MESSAGES,
            "本账号是未认证的服务号，微信不开放“客服消息”",
            "已认证的服务号、已认证的订阅号",
            VERIFY,
        ),
    ],
)
def test_a_refusal_says_who_may_and_what_to_do(
    kind: str,
    verified: bool,  # noqa: FBT001 -- pytest's way
    capability: Capability,
    why: str,
    allowed: str,
    remedy: str,
) -> None:
    with pytest.raises(RefusedError) as caught:
        account(kind, verified=verified).require(capability)
    assert str(caught.value) == f"{why}，只开放给{allowed}。{remedy}"


def test_the_windows_for_service_messages_are_wechats() -> None:
    windows = {
        one: (limits().windows[one].messages, limits().windows[one].seconds) for one in Occasion
    }
    assert windows == {
        Occasion.MESSAGE: (5, 48 * 3600),
        Occasion.CLICK: (3, 60),
        Occasion.SUBSCRIBE: (3, 60),
        Occasion.SCAN: (3, 60),
    }
    assert limits().windows[Occasion.MESSAGE].lasts.days == 2


def test_every_entry_says_when_and_where_it_was_looked_up() -> None:
    known = limits()
    entries = [
        *known.windows.values(),
        *known.quotas.values(),
        *known.capabilities.values(),
        *known.uploads.values(),
        known.video_hosts,
        known.mass_send,
        known.mass_send.client_msg_id,
        known.mass_text,
        known.article,
        known.picture_set,
        known.library,
        known.user_tags,
    ]
    assert len(entries) > 50
    for entry in entries:
        assert date(2026, 1, 1) <= entry.as_of <= known.as_of
        assert entry.from_memory == ("凭经验" in entry.source), entry


@pytest.mark.parametrize(
    ("pattern", "instead", "reason"),
    [
        (r"    messages: 5\n", "    messages: 0\n", "windows.message.messages"),
        (r"    messages: 5\n", "    messages: many\n", "windows.message.messages"),
        (r"    messages: 5\n", "", "缺这一项"),
        (r"    per_day: 1000\n", "    per_day: 1000\n    per_night: 5\n", "没有这一项"),
        (r"    as_of: 2026-11-23\n    source: 凭经验\n", "    source: 凭经验\n", "缺这一项"),
        (r"  scan:\n(    .*\n)+", "", "缺 scan"),
        (r"  oauth:\n(    .*\n)+", "", "缺 oauth"),
        (r"  voice:\n(    .*\n)+", "", "缺 voice"),
        (r"  list_most: 10000\n", "", "mass_send.list_most"),
        (r"service/unverified", "service/maybe", "capabilities.custom_menu.accounts"),
        (r"\[\.qq\.com\]", "[qq.com]", "video_hosts.names"),
    ],
)
def test_a_mistake_in_the_file_is_named(
    pattern: str, instead: str, reason: str, tmp_path: Path
) -> None:
    good = FILE.read_text(encoding="utf-8")
    bad, count = re.subn(pattern, instead, good, count=1)
    assert count == 1
    copy = tmp_path / "limits.yaml"
    copy.write_text(bad, encoding="utf-8")
    with pytest.raises(FileProblemError, match=rf"limits\.yaml:\d+:\d+: .*{re.escape(reason)}"):
        load(copy, Limits)
