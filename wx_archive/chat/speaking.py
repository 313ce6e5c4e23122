"""A handler's reply on its way out: what was heard before it, what waits to be fetched after it."""

from typing import Any

from wx_archive.chat.replies import standing
from wx_archive.chat.turn import Turn
from wx_archive.wechat.inbound import Voice
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, Reply, TextReply, render


def spoken(turn: Turn[Any], reply: Reply, *, has_held: bool) -> bytes:
    """Return the body of a turn's reply."""
    if isinstance(reply, TextReply):
        reply = TextReply(_with_offer(turn, _with_heard(turn, reply.text), has_held=has_held))
    return render(reply, is_event=turn.message.header.is_event)


def _with_heard(turn: Turn[Any], text: str) -> str:
    if not (isinstance(turn.message, Voice) and turn.words):
        return text
    return standing(turn.site, "voice_heard").replace("{words}", turn.words) + "\n" + text


def _with_offer(turn: Turn[Any], text: str, *, has_held: bool) -> str:
    """Say that a held answer waits, where there is room for it."""
    if not has_held:
        return text
    offered = f"{text}\n\n{standing(turn.site, 'held_waits')}"
    return offered if len(offered.encode()) <= TEXT_LIMIT_BYTES else text
