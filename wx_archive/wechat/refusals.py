"""What WeChat's error codes mean: the class says what to do, the sentence tells staff.

Source: docs/sources.md#platform-errors.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from wx_archive.core import clock
from wx_archive.wechat import errors
from wx_archive.wechat.errors import PlatformError, QuotaError

BAD_TOKEN: Final = frozenset({40001, 40014, 42001})
BUSY: Final = frozenset({-1, -1000})
"""WeChat says so before it does anything."""
SENT_BEFORE: Final = 45065
"""The very clientmsgid was sent before; the answer carries the msg_id of then."""
DONE: Final = frozenset({0, SENT_BEFORE})
NO_MENU: Final = 46003
MEDIA_GONE: Final = 40007
"""Also of a draft: sending or publishing it has consumed it."""
TAG_GONE: Final = 45159
"""Seen of tags that do exist, too, while another call was tagging: ask for the list of tags."""

_RID: Final = re.compile(r"rid:\s*([0-9A-Za-z-]{1,64})")
_ADDRESS: Final = re.compile(r"invalid ip ([0-9a-fA-F.:]{3,45})")

_SENTENCES: Final[Mapping[type[PlatformError], Mapping[int, str]]] = {
    errors.TokenRefusedError: {
        40001: "微信不认 access_token，已换过一次仍不行，请核对 AppID 和 AppSecret 是否被重置",
        40014: "微信说 access_token 不合法，已换过一次仍不行",
        42001: "微信说 access_token 过期，已换过一次仍不行，请核对本机时间",
        41001: "调用微信接口时缺 access_token",
    },
    errors.MisconfiguredError: {
        40013: "AppID 不对，请核对 WX_ARCHIVE_WECHAT_APP_ID",
        40125: "AppSecret 不对（可能在公众平台被重置过），请核对 WX_ARCHIVE_WECHAT_APP_SECRET",
        40164: "本机的出口 IP 不在公众平台的 IP 白名单里，请在“基本配置”里加上",
        40243: "AppSecret 已被冻结，请在公众平台解冻",
        41002: "没有填 AppID，请设 WX_ARCHIVE_WECHAT_APP_ID",
        41004: "没有填 AppSecret，请设 WX_ARCHIVE_WECHAT_APP_SECRET",
        61024: "这个账号由第三方平台代管，不能这样取 access_token",
    },
    errors.BusyError: {
        -1: "微信系统繁忙，请稍后再试",
        -1000: "微信系统繁忙，请稍后再试",
        45066: "同一个群发编号重试得太快，请一分钟后再试",
    },
    errors.QuotaError: {
        45009: "这个接口今天的调用次数用完了，零点后恢复",
        45011: "这个接口调用得太频繁，请一分钟后再试",
        45028: "群发次数用完了（订阅号一天一次，服务号每位粉丝一月四次）",
        48006: "本月的清零次数用完了，下月恢复",
    },
    errors.FollowerError: {
        40003: "openid 不对，或者不是本账号的关注者",
        43004: "对方没有关注本账号",
        43005: "对方不是好友关系，收不到消息",
        43019: "对方在本账号的黑名单里",
        43101: "对方拒收这类消息",
        45059: "对方身上的标签已满 20 个",
        45015: "对方超过时限没有说话，客服消息发不出去了",
        45047: "对方这一次可收的客服消息条数用完了",
        48002: "对方拒收本账号的消息",
        49003: "openid 不是本账号的关注者",
    },
    errors.ForbiddenError: {
        48001: "本账号没有这个接口的权限，请在公众平台“接口权限”里核对",
        48003: "还没有在公众平台同意群发协议",
        48004: "这个接口被微信封禁，请登录公众平台查看原因",
        50002: "账号的接口权限被限制，请登录公众平台查看",
    },
    errors.OAuthCodeError: {
        40029: "网页授权的 code 不对，请重新打开页面",
        40163: "网页授权的 code 已用过，请重新打开页面",
        41008: "网页授权缺 code，请重新打开页面",
        42003: "网页授权的 code 已过期，请重新打开页面",
    },
    errors.ContentError: {
        **dict.fromkeys(
            [*range(40004, 40013), *range(40015, 40028)], "微信不接受发送的内容（类型、大小或菜单）"
        ),
        40007: "素材编号不对，或者素材、草稿已经不在了（临时素材只留三天，草稿一经发布就没有了）",
        40032: "一次给的 openid 太多",
        40033: "内容里有微信不接受的字符",
        40035: "参数不对",
        40037: "模板编号不对，请核对是模板消息还是订阅通知",
        40066: "微信没有这个接口地址",
        40130: "按名单群发至少要有两个 openid",
        **dict.fromkeys([41005, 44001, 44002, 44003, 44004], "发送的内容是空的"),
        **dict.fromkeys(range(45001, 45009), "发送的内容太大或太长"),
        45056: "标签已满 100 个，请在公众平台删去不用的",
        45058: "系统自带的标签不能改",
        45067: "群发编号太长",
        45110: "作者太长",
        45157: "标签名不合规定，或者和已有的标签重名",
        45158: "标签名太长，最多 30 个字节",
        TAG_GONE: "微信上没有这个标签",
        NO_MENU: "微信上还没有菜单",
        47001: "发送的数据微信读不懂",
        47003: "模板里有一项的内容不合规定（多半是太长）",
        53503: "这篇草稿没有通过发布检查",
        53504: "这篇草稿需要在公众平台上发布",
        53505: "请在公众平台保存后再发布这篇草稿",
        65320: "个性化菜单不能再按性别、地区、语言匹配",
    },
}
_MEANINGS: Final[Mapping[int, tuple[type[PlatformError], str]]] = {
    code: (kind, sentence)
    for kind, sentences in _SENTENCES.items()
    for code, sentence in sentences.items()
}


def refusal(code: int, errmsg: str, *, path: str, now: datetime) -> PlatformError:
    """Return the error that WeChat's answer stands for.

    Args:
        code: WeChat's errcode, not 0.
        errmsg: WeChat's words; only their ``rid`` and a refused address are kept.
        path: the call.
        now: the present instant, from which a quota's end is counted.
    """
    found = _RID.search(errmsg)
    rid = found.group(1) if found else ""
    kind, sentence = _MEANINGS.get(code, (PlatformError, "微信拒绝了这次调用"))
    if code == 40001 and path.endswith("/stable_token"):
        # Where a token is asked for, the bad credential is the app secret.
        kind, sentence = errors.MisconfiguredError, _SENTENCES[errors.MisconfiguredError][40125]
    if kind is QuotaError:
        return QuotaError(sentence, until=_until(code, now), code=code, rid=rid, path=path)
    if code == 40164 and (address := _ADDRESS.search(errmsg)):
        sentence += f"：{address.group(1)}"
    return kind(sentence, code=code, rid=rid, path=path)


def next_midnight(now: datetime) -> datetime:
    """Return when the Shanghai calendar day of ``now`` ends: daily quotas begin anew."""
    local = now.astimezone(clock.SHANGHAI)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _until(code: int, now: datetime) -> datetime:
    match code:
        case 45011:
            return now + timedelta(minutes=1)
        case 48006:
            first = next_midnight(now).replace(day=1)
            return first if first > now else (first + timedelta(days=32)).replace(day=1)
        case _:
            return next_midnight(now)
