"""答题 in the chat: a question, its answer, the next one; leaving and coming back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from wx_archive.catalogue.hits import Hit
from wx_archive.chat.turn import Turn
from wx_archive.core.text import fold
from wx_archive.followers import consents
from wx_archive.quiz import answers, entries, play, queries, seasons, texts
from wx_archive.quiz.album_bot import RULES_PAGE
from wx_archive.quiz.bank import bank, effective
from wx_archive.quiz.play import Answered, Asked, Judged, NoAnswer, NothingOpen, Over, Table
from wx_archive.quiz.routing import router
from wx_archive.quiz.rules import LETTERS, Kind
from wx_archive.quiz.seasons import Known
from wx_archive.wechat.inbound import MenuClick, Text
from wx_archive.wechat.replies import Reply, TextReply

PURPOSE: Final = "quiz"
"""Of the consent that playing needs."""
_LETTERS: Final = tuple(
    "".join(letter for place, letter in enumerate(LETTERS) if number >> place & 1)
    for number in range(1, 2 ** len(LETTERS))
)
"""A, B, AB, … ABCD: understood whatever else is going on, days later too."""


_YES: Final = frozenset({"同意", "好", "好的", "可以", "行", "开始", "ok"})
_ON: Final = frozenset(
    {"继续", "好", "好的", "下一道", "下一个", "再来", "再来一题", "再来一道", "下一条"}
)
_GIVEN_UP: Final = frozenset({"不知道", "不会", "看答案", "跳过", "不懂", "猜不出"})
_LEFT: Final = frozenset({texts.LEAVE, "取消", "完成", "不答了", "不玩了"})


@dataclass(frozen=True)
class Invited:
    """The rules and the privacy text have been shown; «好» means yes to this version of it."""

    version_shown: int

    name: ClassVar[str] = "quiz.invited"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(minutes=10)


@dataclass(frozen=True)
class InQuiz:
    """Words are taken for answers; what waits for one is in the ledger, not here."""

    name: ClassVar[str] = "quiz"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(hours=2)


@router.on_click("quiz.start", effect=True)
def tapped(turn: Turn[MenuClick]) -> Reply:
    """答题闯关: the question that is open, else the next one."""
    return _start(turn)


@router.on_command(
    texts.START, "答题闯关", "开始答题", "继续答题", "接着答题", texts.NEXT, effect=True
)
def start(turn: Turn[Text]) -> Reply:
    """答题: the same."""
    return _start(turn)


@router.on_command(texts.AGREE, "同意答题", effect=True)
def agree(turn: Turn[Text]) -> Reply:
    """Agree to the text that counts now."""
    return _agree(turn, consents.current_text(turn.site, PURPOSE).version)


@router.on_command(*_LETTERS, effect=True)
def letters(turn: Turn[Text]) -> Reply | None:
    """A: answer what is open."""
    return _answer(turn, turn.words)


@router.on_state(Invited, effect=True)
def invited(turn: Turn[Any]) -> Reply | None:
    """Take a plain yes for the consent; whoever asks for something else is answered that."""
    if isinstance(turn.state, Invited) and fold(turn.words).rstrip("。.!~ ") in _YES:
        return _agree(turn, turn.state.version_shown)
    turn.leave()
    turn.goes_on = True
    return None


@router.on_state(InQuiz, effect=True)
def words(turn: Turn[Any]) -> Reply | None:
    """Take words for an answer; what is none is never swallowed."""
    said = fold(turn.words).rstrip("。.!?~ ")
    if said in _LEFT:
        return _leave(turn)
    if said in _ON:
        return _start(turn)
    return _answer(turn, "" if said in _GIVEN_UP else turn.words, is_free=True)


@router.on_tap("quiz", effect=True)
def by_link(turn: Turn[Text]) -> Reply | None:
    """Do what a link says: a verb, the draw's token, letters or a reason."""
    verb, _dot, rest = turn.argument.partition(".")
    token, _dot, more = rest.partition(".")
    if verb in _VERBS:
        return _VERBS[verb](turn, token, more)
    return _start(turn)


@router.on_tap("quizout", effect=True)
def leave_for(turn: Turn[Text]) -> None:
    """Leave, and have the words answered by whoever else understands them."""
    turn.leave()
    turn.goes_on = True


def _table(turn: Turn[Any]) -> Table:
    """Return what this process knows, and a way to be sure before anything lapses."""

    def sure() -> Table:
        connection = turn.session.connection()
        held = effective(turn.site.folder, connection)
        return Table(held, seasons.read(connection), turn.now)

    return Table(bank(turn.site), seasons.released(turn.site), turn.now, sure)


def _start(turn: Turn[Any]) -> Reply:
    table = _table(turn)
    if table.season is None and table.sure:
        table = table.sure()
    season = table.season
    if season is None:
        coming = seasons.upcoming(turn.site, turn.today)
        last = seasons.last_begun(turn.site, turn.today)
        return TextReply(texts.no_season(coming, last, today=turn.today))
    if not _has_agreed(turn):
        return _invite(turn, season)
    dealt = play.deal(turn.session, turn.follower_id, season, table)
    if isinstance(dealt, Over):
        turn.leave()
        return TextReply(texts.over(dealt))
    return _ask(turn, dealt)


def _has_agreed(turn: Turn[Any]) -> bool:
    return consents.has_given(turn.session, turn.site, turn.follower_id, PURPOSE)


def _invite(turn: Turn[Any], season: Known) -> Reply:
    left = queries.pieces_left(turn.session.connection())
    consent = consents.current_text(turn.site, PURPOSE)
    turn.keep(Invited(consent.version))
    return TextReply(texts.invitation(season, consent, left, turn.site.origin + RULES_PAGE))


def _agree(turn: Turn[Any], version: int) -> Reply:
    """Note the consent to the version that was read; an older one is shown anew."""
    if version == consents.current_text(turn.site, PURPOSE).version:
        consents.give(turn.session, turn.follower_id, PURPOSE, version=version, now=turn.now)
    return _start(turn)


def _ask(turn: Turn[Any], asked: Asked) -> Reply:
    turn.keep(InQuiz())
    return TextReply(texts.ask(asked, turn.site.origin))


def _answer(
    turn: Turn[Any], typed: str, *, token: str | None = None, is_free: bool = False
) -> Reply | None:
    """Judge an answer.

    Args:
        turn: whose.
        typed: words or letters; empty to be shown the answer.
        token: of the link that was tapped.
        is_free: any words came; where nothing waits for an answer they are meant for others.
    """
    if not _has_agreed(turn):
        return _start(turn)
    table = _table(turn)
    done = play.answer(turn.session, turn.follower_id, typed, table, token=token)
    if isinstance(done, NothingOpen) and is_free:
        turn.leave()
        turn.goes_on = True
        return None
    if done == Answered(None) and table.season is None:
        return _start(turn)
    return _told(turn, done, typed, is_link=token is not None)


def _told(
    turn: Turn[Any],
    done: Judged | Answered | Asked | NoAnswer | NothingOpen,
    typed: str,
    *,
    is_link: bool,
) -> Reply | None:
    match done:
        case Judged():
            return TextReply(texts.judged(done, _entry_of(turn, done), turn.site.origin))
        case Asked():
            return _ask(turn, done)
        case Answered(is_right):
            return TextReply(texts.answered(is_right))
        case NoAnswer(asked):
            return _no_answer(turn, asked, typed)
        case NothingOpen():
            return TextReply(texts.NEVER_DEALT if is_link else texts.NOTHING_OPEN)


def _no_answer(turn: Turn[Any], asked: Asked, typed: str) -> Reply | None:
    """Return what words that are no answer are taken for.

    One letter of a multiple choice picks; a small number may open the list that was shown last
    (then it is not ours); other words may be meant for something else.
    """
    letters, kind = answers.read_letters(typed, len(asked.order)), asked.question.kind
    if kind is Kind.MULTIPLE and len(letters) == 1:
        return _pick(turn, letters, asked.token)
    if answers.is_place(typed):
        return None
    if kind is Kind.SINGLE and (letters or answers.is_letter(typed)):
        return TextReply(texts.one_of(len(asked.order)))
    return TextReply(texts.no_answer(asked, turn.words))


def _entry_of(turn: Turn[Any], done: Judged) -> Hit | None:
    number = done.asked.question.entry
    return entries.named(turn.session.connection(), number, today=turn.today) if number else None


def _pick(turn: Turn[Any], letter: str, token: str) -> Reply:
    picked = play.pick(turn.session, turn.follower_id, letter, _table(turn), token=token)
    match picked:
        case Asked():
            return _ask(turn, picked)
        case Answered(is_right):
            return TextReply(texts.answered(is_right))
        case NothingOpen():
            return TextReply(texts.NEVER_DEALT)


def _complain(turn: Turn[Any], token: str, word: str) -> Reply:
    """Ask what is wrong with a question, or note what was tapped."""
    reason = texts.reason_of(word)
    if reason is None:
        return TextReply(texts.which_fault(token))
    noted = play.complain(turn.session, turn.follower_id, token, reason, now=turn.now)
    return TextReply(texts.THANKS if noted else texts.NEVER_DEALT)


def _leave(turn: Turn[Any]) -> Reply:
    turn.leave()
    return TextReply(texts.LEFT)


_VERBS: Final[Mapping[str, Callable[[Turn[Any], str, str], Reply | None]]] = {
    "a": lambda turn, token, typed: _answer(turn, typed, token=token),
    "p": lambda turn, token, letter: _pick(turn, letter, token),
    "k": lambda turn, token, _more: _answer(turn, "", token=token),
    "c": _complain,
    "y": lambda turn, version, _more: _agree(turn, int(version) if version.isdecimal() else 0),
}
"""What the links of a question do: answer, pick, be shown the answer, complain, agree."""
