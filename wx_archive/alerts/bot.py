"""绑定 and 解绑 in the chat: how a member of staff has alerts sent to their own WeChat."""

import re
from typing import Any, Final

from sqlalchemy import event

from wx_archive.alerts import binding, rules, texts
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.text import fold
from wx_archive.staff import audit
from wx_archive.staff.audit import Note
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import Reply, TextReply

TRIES: Final = "staff-tries"
_CODE: Final = re.compile(r"[0-9]{8}")
_JOINED: Final = re.compile(r"绑定[0-9]{8}")

router = Router("alerts")


@router.on_command("绑定")
def explain(turn: Turn[Text]) -> Reply:
    """绑定 alone: say in one sentence whom it is for."""
    return TextReply(standing(turn.site, "staff_bind"))


@router.on_words(Stage.CONTEXT)
def spaced(turn: Turn[Text]) -> Reply | None:
    """绑定12345678 without a space: ask for the space, which makes it a command."""
    if not _JOINED.fullmatch(fold(turn.words)):
        return None
    return TextReply(standing(turn.site, "staff_bind_space"))


@router.on_prefix("绑定", effect=True)
def bind(turn: Turn[Text]) -> Reply | None:
    """绑定 CODE: bind the follower; whatever is no code is a citizen's question."""
    code = fold(turn.argument)
    if not _CODE.fullmatch(code):
        return None
    tries = int(turn.recall(TRIES) or 0)
    turn.remember(TRIES, str(tries + 1).encode(), ttl=rules.TRIES_LAST)
    if tries >= rules.MOST_TRIES:
        return TextReply(standing(turn.site, "staff_bind_wait"))
    secret = turn.door.secret
    bound = binding.bind(
        turn.session, turn.store, code, turn.follower_id, secret=secret, now=turn.now
    )
    if bound is None:
        return TextReply(standing(turn.site, "staff_bind_wrong"))
    _after_commit(turn, binding.code_key(code, secret))
    _note(turn, "wechat.bind", bound.login)
    return TextReply(texts.bound(standing(turn.site, "staff_bound"), bound.name, bound.login))


@router.on_command("解绑", effect=True)
def unbind(turn: Turn[Text]) -> Reply | None:
    """解绑: end the binding; from anybody else these are words like others."""
    login = binding.unbind(turn.session, follower_id=turn.follower_id)
    if login is None:
        return None
    _note(turn, "wechat.unbind", login)
    return TextReply(standing(turn.site, "staff_unbound"))


def _after_commit(turn: Turn[Any], key: str) -> None:
    """Forget the code once it was used: not before, or a turn that is taken again finds none."""
    store = turn.store
    event.listen(turn.session, "after_commit", lambda _session: store.drop(key), once=True)


def _note(turn: Turn[Any], action: str, login: str) -> None:
    note = Note(action, f"member:{login}")
    audit.append(turn.session, note, actor=login, address="wechat", now=turn.now)
