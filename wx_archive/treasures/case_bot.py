"""What staff ask about an upload and how it is answered; 进度, 撤回, 撤回授权."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Connection

from wx_archive.chat.cases import Cases
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.errors import RefusedError
from wx_archive.core.text import fold
from wx_archive.followers import service as followers
from wx_archive.treasures import queries, register_queries, rights, rules, texts, uploads
from wx_archive.treasures.pages import PAGE
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.routing import router
from wx_archive.treasures.rules import Right, State
from wx_archive.treasures.steps import SENDER, ImpossibleMoveError, locked
from wx_archive.treasures.turns import address, doing, signs
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import Reply, TextReply

_DROP: Final = frozenset({"取消", "不发了", "不说了", "算了", "退出", "返回"})
_YES_NO: Final = frozenset({texts.YES, texts.NO, "对", "不对"})
_LISTED: Final = 3
"""Uploads that an answer lists."""
_MOST: Final = 1000


@dataclass(frozen=True)
class Answering:
    """The next words answer what staff have asked about an upload."""

    number: str

    name: ClassVar[str] = "treasures.answering"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(hours=1)


@router.on_tap("treasure", effect=True)
def by_link(turn: Turn[Text]) -> Reply | None:
    """Do what a link says: answer yes or no, or begin to answer in one's own words."""
    verb, _dot, told = turn.argument.partition(".")
    number = rules.read_number(told) or ""
    if verb == "words":
        return _answer(turn, number, turn.words.partition(number)[2].strip())
    said = {"yes": texts.YES, "no": texts.NO}.get(verb)
    return _answer(turn, number, said) if said else _ask_for_words(turn, number)


@router.on_command(texts.YES, texts.NO, "对", "不对", "我来说说", "不撤了", effect=True)
def answered_without_tapping(turn: Turn[Text]) -> Reply | None:
    """是, 不是, 我来说说: typed without the number, meant for the question that is open."""
    asked = queries.asked_of(turn.session.connection(), turn.follower_id)
    if asked is None or turn.state is not None:
        return None
    number, said = asked.number or "", fold(turn.words)
    if said in _YES_NO:
        return _answer(turn, number, said)
    return _ask_for_words(turn, number) if said == "我来说说" else None


@router.on_prefix(texts.YES, texts.NO, texts.SAY, effect=True)
def by_words(turn: Turn[Text]) -> Reply | None:
    """是 NUMBER, 不是 NUMBER, 回答 NUMBER WORDS: the same, typed."""
    typed, _space, more = turn.argument.replace("\u3000", " ").partition(" ")
    number = rules.read_bare_number(typed)
    if number is None:
        return None
    said = fold(turn.words).partition(" ")[0]
    if said == texts.SAY and not more.strip():
        return _ask_for_words(turn, number)
    answer = more if said == texts.SAY else f"{said} {more}"
    return _answer(turn, number, answer.strip())


@router.on_state(Answering, effect=True)
def in_own_words(turn: Turn[Any]) -> Reply | None:
    """Take the words for the answer."""
    if not isinstance(turn.state, Answering):
        return None
    if fold(turn.words) in _DROP:
        turn.leave()
        return TextReply(texts.not_answered(turn.state.number))
    return _answer(turn, turn.state.number, turn.words)


def _ask_for_words(turn: Turn[Any], number: str) -> Reply:
    own = queries.own(turn.session.connection(), turn.follower_id, number)
    if own is None or own.state is not State.NEED_INFO:
        return TextReply(_status(turn, number) or standing(turn.site, "enquiry_unknown"))
    turn.keep(Answering(own.number or number))
    return TextReply(texts.say_it(own))


def _answer(turn: Turn[Any], number: str, words: str) -> Reply:
    own = queries.own(turn.session.connection(), turn.follower_id, number)
    if own is None:
        return TextReply(standing(turn.site, "enquiry_unknown"))
    treasure = locked(turn.session, own.id)
    try:
        uploads.answer(turn.session, treasure, words, doing(turn))
    except ImpossibleMoveError:
        turn.leave()
        return TextReply(_status(turn, number) or standing(turn.site, "enquiry_unknown"))
    except RefusedError as err:
        return TextReply(f"{err}。")
    turn.leave()
    return TextReply(texts.answered(own))


# -- 进度, 撤回 --------------------------------------------------------------------------------


@router.on_words(Stage.SENTENCE)
def maybe_an_answer(turn: Turn[Text]) -> Reply | None:
    """Ask whether words that found nothing answer an open question: elders type, and do not tap."""
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        asked = queries.asked_of(connection, follower_id) if follower_id else None
    if asked is None or len(turn.words) > rules.NOTE_LENGTH:
        return None
    turn.has_recalled = True  # staff may move it before the next delivery: keep this answer
    return TextReply(texts.is_it_the_answer(asked, turn.words))


@router.on_words(Stage.NUMBER)
def by_bare_number(turn: Turn[Text]) -> Reply | None:
    """NUMBER: where one's own upload stands; anything else is looked up."""
    number = rules.read_bare_number(turn.words)
    told = _status(turn, number) if number else None
    return None if told is None else TextReply(told)


def _listed(turn: Turn[Any]) -> str:
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        own = queries.of_follower(connection, follower_id, limit=_MOST) if follower_id else []
    if not own:
        return ""
    return texts.mine(own[:_LISTED], len(own), address(turn, PAGE), is_signed=signs(turn))


def _status(turn: Turn[Any], typed: str) -> str | None:
    number = rules.read_number(typed)
    if number is None:
        return None
    turn.has_recalled = True  # staff may move it before the next delivery: keep this answer
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        own = queries.own(connection, follower_id, number) if follower_id else None
        if own is None:
            return None
        every = queries.files(connection, own.id)
    page = address(turn, f"{PAGE}/{own.pid}")
    return texts.status(own, every, page, is_signed=signs(turn))


def _withdraw(turn: Turn[Any], typed: str) -> Reply | None:
    """Say what withdrawing means, and wait for a yes."""
    number = rules.read_bare_number(typed)
    if number is None:
        return None
    own = _own(turn, number)
    if own is None:
        return TextReply(standing(turn.site, "enquiry_unknown"))
    if own.state not in rules.WITHDRAWABLE:
        return TextReply(texts.not_withdrawn(own))
    return TextReply(texts.ask_to_withdraw(own))


@router.on_prefix(texts.WITHDRAW, effect=True)
def withdraw(turn: Turn[Text]) -> Reply | None:
    """确定撤回 NUMBER: withdraw one's own upload."""
    number = rules.read_number(turn.argument)
    own = _own(turn, number) if number else None
    if own is None:
        return TextReply(standing(turn.site, "enquiry_unknown")) if number else None
    try:
        done = uploads.withdraw(turn.session, locked(turn.session, own.id), doing(turn))
    except ImpossibleMoveError:
        return TextReply(texts.not_withdrawn(own))
    return TextReply(texts.withdrawn(done))


def ends_with_consent(connection: Connection, follower_id: int) -> str:
    """Name what ends when a follower withdraws the consent; empty if nothing does."""
    states = rules.WITHDRAWABLE | {State.DRAFT}
    own = queries.of_follower(connection, follower_id, limit=_MOST)
    ending = [upload for upload in own if upload.state in states]
    return texts.would_end(ending) if ending else ""


# -- 撤回授权 ----------------------------------------------------------------------------------


@router.on_command("撤回授权", effect=True)
def revoke_which(turn: Turn[Text]) -> Reply:
    """撤回授权: which pieces are public."""
    every = queries.of_follower(turn.session.connection(), turn.follower_id, limit=_MOST)
    return TextReply(texts.revocable([one for one in every if one.state is State.PUBLISHED]))


@router.on_prefix("撤回授权", effect=True)
def ask_to_revoke(turn: Turn[Text]) -> Reply | None:
    """撤回授权 NUMBER: say what that means, and wait for a yes."""
    number = rules.read_number(turn.argument)
    own = _own(turn, number) if number else None
    if own is None:
        return TextReply(standing(turn.site, "enquiry_unknown")) if number else None
    uses = _revocable(turn, own)
    if not uses:
        return TextReply(texts.nothing_to_revoke(own))
    return TextReply(texts.ask_to_revoke(own, uses))


@router.on_prefix(texts.REVOKE, effect=True)
def revoke(turn: Turn[Text]) -> Reply | None:
    """确定撤回授权 NUMBER: nothing is shown any more as soon as this is answered."""
    number = rules.read_number(turn.argument)
    own = _own(turn, number) if number else None
    if own is None:
        return TextReply(standing(turn.site, "enquiry_unknown")) if number else None
    uses = _revocable(turn, own)
    if not uses:
        return TextReply(texts.nothing_to_revoke(own))
    rights.revoke(turn.session, own.id, uses, "", SENDER, doing(turn))
    return TextReply(texts.revoked(own))


def _own(turn: Turn[Any], number: str) -> Upload | None:
    return queries.own(turn.session.connection(), turn.follower_id, number)


def _revocable(turn: Turn[Any], own: Upload) -> frozenset[Right]:
    """Return the rights by which it comes before the public and that stand."""
    allowed = register_queries.standing(turn.session.connection(), own.id, turn.today)
    return frozenset(one for one in allowed if one in rights.PUBLIC_USES)


CASES: Final = Cases(_listed, _status, _withdraw)
"""What 进度 and 撤回 ask uploads for."""
