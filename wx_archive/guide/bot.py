"""Welcome, help, guides, small talk, and an answer to everything else that may arrive."""

from typing import Any

from wx_archive.chat import held, windows
from wx_archive.chat.replies import (
    finished,
    has_part,
    small_talk,
    small_talk_words,
    standing,
)
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.text import tap_link
from wx_archive.followers import service as followers
from wx_archive.guide import keywords, service
from wx_archive.guide.service import Guide
from wx_archive.wechat.inbound import (
    Link,
    Location,
    LocationReport,
    MenuClick,
    MenuLocation,
    MenuScanCode,
    MenuView,
    NoticeConsent,
    Scan,
    Subscribe,
    TemplateSent,
    Text,
    UnknownEvent,
    UnknownMessage,
    Unsubscribe,
)
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, NoReply, Reply, TextReply

router = Router("guide")


@router.on_kind(Subscribe, effect=True)
def welcome(turn: Turn[Subscribe]) -> Reply:
    """Greet a new or returning follower, by the scene they came through."""
    message = turn.message
    arrival = followers.arrive(
        turn.session, turn.follower_id, scene=message.scene, at=message.header.created_at
    )
    if arrival.is_stale:
        return NoReply()
    if message.scene and has_part(turn.site, "welcome_scene", message.scene):
        return TextReply(standing(turn.site, "welcome_scene", message.scene))
    return TextReply(standing(turn.site, "welcome_back" if arrival.is_return else "welcome"))


@router.on_kind(Unsubscribe, effect=True)
def farewell(turn: Turn[Unsubscribe]) -> Reply:
    """Note that a follower left; nothing can be said any more."""
    if followers.leave(turn.session, turn.follower_id, at=turn.message.header.created_at):
        turn.leave()
        windows.close(turn.session, turn.follower_id)
    return NoReply()


@router.on_kind(Scan)
def scanned(turn: Turn[Scan]) -> Reply:
    """Answer a follower who scanned one of our codes."""
    return TextReply(standing(turn.site, "scan", turn.message.scene))


@router.on_command("帮助", "?", "help")
def explain(turn: Turn[Text]) -> Reply:
    """帮助: what one can do here."""
    return TextReply(standing(turn.site, "help"))


@router.on_command("取结果", effect=True)
def fetch(turn: Turn[Text]) -> Reply:
    """取结果: hand over the answers that were held, as many as one reply has room for."""
    room = TEXT_LIMIT_BYTES - len(standing(turn.site, "held_more").encode()) - 2
    texts = held.fetch(turn.session, turn.follower_id, room_bytes=room, now=turn.now)
    if not texts:
        return TextReply(standing(turn.site, "nothing_held"))
    text = "\n\n".join(texts)
    # A single answer may fill the reply: then the next one says that more is waiting.
    if len(text.encode()) <= room and held.waiting(turn.session, turn.follower_id, now=turn.now):
        text = f"{text}\n\n{standing(turn.site, 'held_more')}"
    return TextReply(text)


@router.on_command("退出")
def nothing_running(turn: Turn[Text]) -> Reply | None:
    """Say that nothing is under way; what is under way has its own answer."""
    if turn.state is not None:
        return None
    return TextReply(standing(turn.site, "nothing_running"))


@router.on_click("guide.index")
def index(turn: Turn[MenuClick]) -> Reply:
    """服务指南: all guides, each one tap away."""
    lines = [f"{turn.site.profile.name} · 服务指南"]
    lines += [tap_link(guide.title, guide.title) for guide in service.guides(turn.site).values()]
    return TextReply("\n".join([*lines, "点蓝字看内容，也可以直接打字问。"]))


@router.on_click("guide.*")
def tapped(turn: Turn[MenuClick]) -> Reply | None:
    """Answer a menu entry that names one guide."""
    guide = service.guides(turn.site).get(turn.argument)
    return None if guide is None else _answer(turn, guide)


@router.on_words(Stage.KEYWORD)
def keyword(turn: Turn[Text]) -> Reply | None:
    """Answer exact words: a guide's keyword first, then staff's replies, then small talk."""
    return _by_keyword(turn, turn.words)


@router.on_words(Stage.SENTENCE)
def keyword_within(turn: Turn[Text]) -> Reply | None:
    """Answer a sentence by the keyword inside it, when nothing bears its words."""
    more = (*keywords.released(turn.site), *small_talk_words(turn.site))
    inside = service.keyword_within(turn.site, turn.words, more)
    return _by_keyword(turn, inside) if inside else None


def _by_keyword(turn: Turn[Any], words: str) -> Reply | None:
    if guide := service.for_words(turn.site, words):
        return _answer(turn, guide)
    text = keywords.answer(turn.site, words) or small_talk(turn.site, words)
    return None if text is None else TextReply(text)


def _answer(turn: Turn[Any], guide: Guide) -> Reply:
    page = f'<a href="{turn.site.origin}/h5/guides/{guide.id}">看《{guide.title}》全文</a>'
    return TextReply(f"{finished(turn.site, guide.answer)}\n{page}")


_STANDING = {
    Location: "location",
    Link: "link",
    MenuScanCode: "scancode",
    MenuLocation: "location",
    UnknownMessage: "unknown",
}


@router.on_kind(*_STANDING)
def other_kind(turn: Turn[Any]) -> Reply:
    """Answer a kind of message that asks for nothing we could look up."""
    return TextReply(standing(turn.site, _STANDING[type(turn.message)]))


@router.on_kind(
    MenuView,
    LocationReport,
    TemplateSent,
    NoticeConsent,
    UnknownEvent,
)
def noted(_turn: Turn[Any]) -> Reply:
    """Take note of events that nobody waits on."""
    return NoReply()


@router.otherwise
def unanswered(turn: Turn[Any]) -> Reply:
    """Answer what nothing else does."""
    return TextReply(standing(turn.site, "unanswered"))
