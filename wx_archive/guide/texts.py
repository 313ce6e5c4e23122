"""What staff read of words, keyword replies and the bureau's profile."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from wx_archive.guide.models import State
from wx_archive.guide.rules import BLANK

STATES: Final[Mapping[State, tuple[str, str]]] = {
    State.DRAFT: ("草稿", ""),
    State.WAITING: ("等放行", "wait"),
    State.RELEASED: ("正在答复", "good"),
    State.REFUSED: ("退回", "warn"),
    State.WITHDRAWN: ("已撤下", "over"),
    State.REPLACED: ("已换新稿", "over"),
}
"""The word for a reply's state and the mark beside it."""

PROFILE_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("公众号名称", "和微信后台登记的一致"),
    "name": ("单位全称", "用在页脚、协议、证书上"),
    "short_name": ("单位简称", "用在手机页面的窄处"),
    "address": ("地址", "读者来馆用"),
    "telephone": ("服务电话", "写成能直接拨打的样子"),
    "opening_hours": ("接待时间", "一句话写完"),
    "desk": ("窗口", "查档登记和凭证领取的地方"),
    "portal.title": ("门户网站的名称", ""),
    "portal.url": ("门户网站的网址", "菜单里的“门户网站”打开它；改了以后要请管理员重新推送菜单"),
    "weibo.title": ("官方微博的名称", ""),
    "weibo.url": ("官方微博的网址", "菜单里的“官方微博”打开它；改了以后要请管理员重新推送菜单"),
    "demo_notice": ("演示提示", "每页顶上都会显示；正式运行时留空"),
    "links.domains": ("允许出现的外部域名", "一行一个，如 www.gov.cn；不在里面的网址不能写进答复"),
    "search_days": (
        "代查几个工作日答复",
        "1 到 60，从受理的次日算起；改了以后，新的请求才按新的算",
    ),
    "correction_days": ("差错报告几个工作日答复", "1 到 60"),
    "import_needs_second_person": (
        "上传的文件会让公众看到更多时，由另一个人来导入",
        "开放目录、放开文件都算",
    ),
    "review_steps": (
        "一篇稿子要几个人审",
        "1 到 3，都不能是写稿的人；改了以后，没审完的稿子按新的算",
    ),
    "api_confirmation": (
        "公众平台开了“群发保护”",
        "开了以后，每次群发给全部人，管理员要在三十分钟内到手机上确认",
    ),
    "alert_template": ("提醒工作人员的微信模板号", "在微信后台选用模板后得到；不用就留空"),
    "alert_template_fields": ("模板里的两个字段", "写事由的和写时间的，中间空一格"),
}
"""Label and help of each field; a field that is not here goes by its own title."""

_LIMITS: Final = {
    "greater_than_equal": ("ge", "不能小于"),
    "greater_than": ("gt", "要大于"),
    "less_than_equal": ("le", "不能大于"),
    "less_than": ("lt", "要小于"),
}


def reason(problem: Any) -> str:
    """Return what is wrong with a field, from pydantic's account of it."""
    match problem["type"]:
        case "missing" | "string_too_short" | "string_type":
            return "请填写"
        case "string_too_long":
            return f"太长，最多 {problem['ctx']['max_length']} 个字"
        case "value_error":
            return str(problem["ctx"]["error"])
        case kind if kind.startswith(("int_", "float_", "decimal_")):
            return "请填一个数，不带单位"
        case kind if kind in _LIMITS:
            bound, words = _LIMITS[kind]
            return f"{words} {problem['ctx'][bound]}"
    return "这样写不行，请对照说明改一改"


def too_long(beginnings: Iterable[str]) -> str:
    """Say which standing texts would no longer fit into a message."""
    shown = "、".join(f"“{one}…”" for one in beginnings)
    return f"这样写，固定答复 {shown} 填进去以后一条消息放不下，请缩短地址、时间或窗口"


def skeleton(words: Iterable[str]) -> str:
    """Return a text to begin a reply to these words with."""
    word = next(iter(words), "")
    asked = f"您问的是“{word}”。" if word else ""
    return f"{asked}{BLANK}\n还想问清楚，请打 {{telephone}}。下一步：[[怎么查档案]]、[[开放时间]]"
