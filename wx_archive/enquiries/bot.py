"""帮我查, 补充, 评价 in the chat, and what 进度 and 撤回 say of requests."""

import base64
import binascii
import re
from typing import Any, Final

from wx_archive.chat.cases import Cases
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.enquiries import entries, queries, rules, service, texts, wording
from wx_archive.enquiries.rules import Kind
from wx_archive.enquiries.service import Draft, NotRatableError, Opinion, TooManyOpenError
from wx_archive.enquiries.steps import READER, Doing, ImpossibleMoveError, Terms
from wx_archive.followers import service as followers
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import Reply, TextReply

router = Router("enquiries")

PAGE: Final = "/h5/enquiries"
PURPOSE: Final = "me"
"""One session opens all pages of one's own."""
NOTHING: Final = "nothing"
"""Where a lookup keeps the words that found nothing last."""
_A_LOOKUP: Final = re.compile("(?:一下|一查|查)")
"""«帮我查 一下公积金» asks for a lookup, as without the space."""


@router.on_tap("ask", effect=True)
def ask_tapped(turn: Turn[Text]) -> Reply:
    """Make a request of the words that a link holds, however old it is."""
    return _ask(turn, _unpack(turn.argument))


@router.on_command("帮我查", "代查", effect=True)
def ask_last(turn: Turn[Text]) -> Reply:
    """帮我查: make a request of what was looked up last and not found."""
    return _ask(turn, (turn.recall(NOTHING) or b"").decode(errors="replace"))


@router.on_prefix("帮我查", "代查", effect=True)
def ask_for(turn: Turn[Text]) -> Reply | None:
    """帮我查 WORDS: make a request of these words."""
    return None if _A_LOOKUP.match(turn.argument) else _ask(turn, turn.argument)


def _listed(turn: Turn[Any]) -> str:
    """Return one's own requests, the newest first."""
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        if follower_id is None or not (total := queries.count_of(connection, follower_id)):
            return ""
        requests = queries.of_follower(connection, follower_id, limit=rules.SHOWN)
        address = turn.door.address(connection, follower_id, PAGE, purpose=PURPOSE, now=turn.now)
    return texts.mine(requests, total, address, is_signed=not turn.door.has_oauth)


def _told(turn: Turn[Any], typed: str) -> str | None:
    """Return where one's own request stands."""
    return _status(turn, rules.read_number(typed))


@router.on_words(Stage.NUMBER)
def by_bare_number(turn: Turn[Text]) -> Reply | None:
    """NUMBER: where one's own request stands; anything else is looked up."""
    numbers = rules.read_bare_number(turn.words)
    told = _status(turn, numbers) if numbers else None
    return None if told is None else TextReply(told)


def _withdraw(turn: Turn[Any], typed: str) -> Reply | None:
    """Withdraw one's own request while it is under way."""
    numbers = rules.read_number(typed)
    if not numbers:
        return None
    try:
        done = service.withdraw(turn.session, turn.follower_id, numbers, _doing(turn))
    except ImpossibleMoveError as err:
        return TextReply(texts.not_withdrawn(err.request))
    if done is None:
        return TextReply(standing(turn.site, "enquiry_unknown"))
    return TextReply(texts.withdrawn(done))


@router.on_prefix("补充", effect=True)
def supply(turn: Turn[Text]) -> Reply | None:
    """补充 NUMBER WORDS: add what staff asked for."""
    number, _space, rest = turn.argument.replace("\u3000", " ").partition(" ")
    if not (numbers := rules.read_number(number)):
        return None
    words = wording.take_down(rest)
    if not wording.says_something(words) or len(words) > wording.SEARCH_LENGTH:
        return TextReply(texts.how_to_supply(numbers[0]))
    if wording.is_private(words):
        return TextReply(standing(turn.site, "ask_private"))
    try:
        done = service.supply(turn.session, turn.follower_id, numbers, words, _doing(turn))
    except ImpossibleMoveError as err:
        return TextReply(texts.not_supplied(err.request))
    if done is None:
        return TextReply(standing(turn.site, "enquiry_unknown"))
    return TextReply(texts.supplied(done))


@router.on_command("评价", "我要评价")
def rate_something(turn: Turn[Text]) -> Reply:
    """评价: which answers wait to be rated."""
    turn.has_recalled = True  # staff may answer one before the next delivery: keep this answer
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        waits = queries.ratable(connection, follower_id) if follower_id is not None else []
    return TextReply(texts.rate_which(waits))


@router.on_prefix("评价", effect=True)
def rate(turn: Turn[Text]) -> Reply | None:
    """评价 NUMBER 5 WORDS: say how one's own request was answered; without a number the only one.

    What names neither a number nor a score is looked up.
    """
    said = rules.read_rating(wording.tidy(turn.argument))
    if not said.numbers and said.score is None:
        return None
    connection = turn.session.connection()
    numbers = said.numbers
    if not numbers:
        waits = queries.ratable(connection, turn.follower_id)
        if len(waits) != 1:
            return TextReply(texts.rate_which(waits))
        numbers = (waits[0].number,)
    if said.score is None:
        mine = queries.own(connection, turn.follower_id, numbers)
        if mine is None:
            return TextReply(standing(turn.site, "enquiry_unknown"))
        says = texts.how_to_rate if mine.may_be_rated else texts.not_rated
        return TextReply(says(mine))
    return TextReply(_rated(turn, numbers, Opinion(said.score, said.words)))


def _rated(turn: Turn[Any], numbers: tuple[str, ...], opinion: Opinion) -> str:
    try:
        done = service.rate(turn.session, turn.follower_id, numbers, opinion, _doing(turn))
    except NotRatableError as err:
        return texts.not_rated(err.request)
    return standing(turn.site, "enquiry_unknown") if done is None else texts.rated(done)


def _ask(turn: Turn[Any], asked: str) -> Reply:
    words = wording.take_down(asked)
    if not wording.says_something(words):
        return TextReply(standing(turn.site, "ask_what"))
    if len(words) > wording.SEARCH_LENGTH:
        return TextReply(standing(turn.site, "ask_too_long"))
    if wording.is_private(words):
        return TextReply(standing(turn.site, "ask_private"))
    draft = Draft(Kind.SEARCH, words, turn.follower_id)
    try:
        filed = service.file(turn.session, draft, _doing(turn))
    except TooManyOpenError:
        return TextReply(standing(turn.site, "ask_too_many"))
    if not filed.is_new:
        return TextReply(texts.filed_before(filed.request))
    return TextReply(texts.filed(filed.request, standing(turn.site, "ask_filed")))


def _status(turn: Turn[Any], numbers: tuple[str, ...]) -> str | None:
    """Return where one's own request stands; None where there is none of these numbers."""
    turn.has_recalled = True  # as in `rate_something`
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        mine = None if follower_id is None else queries.own(connection, follower_id, numbers)
        if mine is None:
            return None
        items = entries.items(connection, [mine.number], today=turn.today)[mine.number]
    return texts.status(mine, items if mine.answered_on else (), turn.site.origin)


def _doing(turn: Turn[Any]) -> Doing:
    return Doing(READER, turn.now, Terms.of(turn.site))


def _unpack(argument: str) -> str:
    """Return the words in a link's id (URL-safe base64); none where it is not ours."""
    try:
        return base64.urlsafe_b64decode(argument + "=" * (-len(argument) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


CASES: Final = Cases(_listed, _told, _withdraw)
"""What 进度 and 撤回 ask requests for."""
