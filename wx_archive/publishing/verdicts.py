"""What WeChat's words about a send mean, and what they make of the whole push. No tables here.

Source: docs/sources.md#publishing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.publishing import rules
from wx_archive.publishing.rules import PushState

MASS: Final = "mass:"
PUBLISH: Final = "publish:"
"""Before WeChat's number of a mass send, of a publication."""
NOT_CONFIRMED: Final = frozenset({40001, 40002})
"""The administrator said no on the phone, or nothing for thirty minutes: nothing was sent."""
POLLED: Final = frozenset({"SEND_SUCCESS", "SEND_FAIL", "DELETE"})
"""Words of `mass/get`: how it ended and no numbers; the event says more."""
_ERROR: Final = re.compile(r"err\((\d{1,9})\)")
_ERRORS: Final[Mapping[int, str]] = {
    10001: "微信判定涉嫌广告",
    20001: "微信判定涉嫌政治",
    20002: "微信判定涉嫌色情",
    20004: "微信判定涉嫌社会问题",
    20006: "微信判定涉嫌违法犯罪",
    20008: "微信判定涉嫌欺诈",
    20013: "微信判定涉嫌版权",
    21000: "微信判定涉嫌其他违规",
    22000: "微信判定涉嫌互推",
    30001: "微信的原创校验出了错，按设定没有发",
    30002: "微信的原创校验判定不能群发",
    30003: "微信的原创校验判定是转载，按设定没有发",
    40001: "没有确认：管理员在手机上拒绝了这次群发",
    40002: "没有确认：管理员三十分钟内没有在手机上确认",
}
_PUBLISHED: Final[Mapping[str, str]] = {
    "2": "微信的原创校验没有通过",
    "3": "微信没有发布成功",
    "4": "微信平台审核不通过",
    "5": "发布以后又被删除了",
    "6": "发布以后被微信封禁",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How one call ended.

    Attributes:
        is_sent: WeChat carried it out.
        code: in WeChat's word for it, `err(20001)`, or the errcode of a refusal.
        sentence: what went wrong, in Chinese; empty: nothing.
        total: of how many the audience was; 0: WeChat named no numbers.
        filtered: how many were left after WeChat's own filter (muted, four a month).
        sent: how many got it.
        failed: how many did not.
    """

    is_sent: bool
    code: int | None = None
    sentence: str = ""
    total: int = 0
    filtered: int = 0
    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of the whole push."""

    state: PushState
    sentence: str = ""
    code: int | None = None


def meaning(msg_id: str, status: str) -> tuple[bool, int | None, str]:
    """Return whether it was sent, WeChat's code, and what went wrong, of WeChat's word for it."""
    if msg_id.startswith(PUBLISH):
        sentence = "" if status == "0" else _PUBLISHED.get(status, f"微信没有发布（{status}）")
        return not sentence, None, sentence
    if status.lower() in {"send success", "sendsuccess", "send_success"}:
        return True, None, ""
    if status == "DELETE":
        return True, None, "发出以后被删除了"
    if found := _ERROR.search(status):
        code = int(found.group(1))
        return False, code, f"{_ERRORS.get(code, '微信没有发出')}（{status}）"
    return False, None, f"微信没有发出（{status}）"


def verdict(endings: Sequence[Ending]) -> Verdict:
    """Return what the calls of a push come to, once all of them have ended.

    What some of the audience did not get is partly failed; what nobody got has failed.
    """
    sent = [one for one in endings if one.is_sent and not (one.total and not one.sent)]
    worst = next((one for one in endings if not one.is_sent), None)
    code = worst.code if worst else None
    if not sent:
        sentence = worst.sentence if worst else _numbers(endings)
        return Verdict(PushState.FAILED, sentence, code)
    refused = "" if worst is None else f"{len(endings)} 批里有一批没有发出：{worst.sentence}"
    short = any(one.failed or one.filtered < one.total for one in endings)
    numbers = _numbers(endings) if short else ""
    if worst is None and _reached_nearly_all(endings):
        own = (one.sentence for one in sent)
        return Verdict(PushState.SENT, "；".join(part for part in (*own, numbers) if part))
    said = "。".join(part for part in (refused, numbers) if part)
    return Verdict(PushState.PARTLY, said, code)


def _reached_nearly_all(endings: Sequence[Ending]) -> bool:
    """Tell whether no more are missing than always are: full for the month, or taking nothing."""
    total, sent = sum(one.total for one in endings), sum(one.sent for one in endings)
    return (total - sent) * rules.MISSED_PART <= total


def _numbers(endings: Sequence[Ending]) -> str:
    total, filtered = sum(one.total for one in endings), sum(one.filtered for one in endings)
    sent, failed = sum(one.sent for one in endings), sum(one.failed for one in endings)
    left_out = max(0, total - filtered)
    parts = [f"共 {total} 人，送到 {sent} 人"]
    if left_out:
        parts.append(f"{left_out} 人设了拒收或这个月已收满，微信没有发给他们")
    if failed:
        parts.append(f"{failed} 人没有送到")
    return "；".join(parts)
