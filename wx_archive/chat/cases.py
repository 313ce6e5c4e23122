"""进度 and 撤回: one command for everything that followers have under way, whichever feature's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wx_archive.chat.replies import standing
from wx_archive.chat.router import Router
from wx_archive.chat.turn import Turn
from wx_archive.core.text import clip_bytes
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, Reply, TextReply

_GAP: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class Cases:
    """What one feature has under way for followers.

    Attributes:
        listed: one's own, the newest first, as a part of an answer; empty if there is none.
        told: where one's own stands, by its number in any spelling; None where it is none of ours.
        withdraw: withdraws one's own, as an effect; None where the number is none of ours.
    """

    listed: Callable[[Turn[Any]], str]
    told: Callable[[Turn[Any], str], str | None]
    withdraw: Callable[[Turn[Any], str], Reply | None]


def router_for(sources: Sequence[Cases]) -> Router:
    """Return the commands about what is under way; features' cases are asked in this order."""
    router = Router("cases")

    @router.on_command("进度", "我的进度", "查进度")
    def progress_of_all(turn: Turn[Text]) -> Reply:
        turn.has_recalled = True  # staff may move one before the next delivery: keep this answer
        parts = [part for source in sources if (part := source.listed(turn))]
        if not parts:
            return TextReply(standing(turn.site, "no_progress"))
        return TextReply(clip_bytes(_GAP.join(parts), TEXT_LIMIT_BYTES))

    @router.on_command("撤回")
    def withdraw_which(turn: Turn[Text]) -> Reply:
        turn.has_recalled = True  # as above
        parts = [part for source in sources if (part := source.listed(turn))]
        text = _GAP.join([*parts, standing(turn.site, "withdraw_how" if parts else "no_progress")])
        return TextReply(clip_bytes(text, TEXT_LIMIT_BYTES))

    @router.on_prefix("进度")
    def progress_of_one(turn: Turn[Text]) -> Reply:
        turn.has_recalled = True  # as above
        told = (source.told(turn, turn.argument) for source in sources)
        found = next((text for text in told if text), None)
        return TextReply(found or standing(turn.site, "enquiry_unknown"))

    @router.on_prefix("撤回", "取消", effect=True)
    def withdraw(turn: Turn[Text]) -> Reply | None:
        done = (source.withdraw(turn, turn.argument) for source in sources)
        return next((reply for reply in done if reply is not None), None)

    return router
