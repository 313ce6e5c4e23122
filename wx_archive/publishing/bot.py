"""The columns in the chat: the newest pieces as cards, the whole list, 有用 and 没用."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from wx_archive.chat.replies import small_talk
from wx_archive.chat.router import Router
from wx_archive.chat.turn import Turn
from wx_archive.core.text import fold
from wx_archive.followers import interests
from wx_archive.followers import service as followers
from wx_archive.publishing import events, latest, opinions, out, reader_texts
from wx_archive.publishing.latest import Newest
from wx_archive.publishing.out import Out
from wx_archive.publishing.reading import CHAT, VIA
from wx_archive.publishing.rules import TITLES, Column
from wx_archive.wechat.inbound import MassSendFinished, MenuClick, PublishFinished, Text
from wx_archive.wechat.replies import Article, NewsReply, Reply, TextReply

router = Router("publishing")
router.on_kind(MassSendFinished, effect=True)(events.mass_send_finished)
router.on_kind(PublishFinished, effect=True)(events.publish_finished)

CARDS: Final = 5
"""Pieces of a column in one answer; WeChat shows eight cards after a menu tap, the list is one."""
ASKED_ABOUT: Final = 3
PURPOSE: Final = "me"
"""One session opens all pages of one's own."""
_BY_NAME: Final = {fold(title): column for column, title in TITLES.items()}
_QUIET: Final = frozenset(map(fold, (reader_texts.QUIET, "不说", "取消", "退出", "算了", "没有")))


@dataclass(frozen=True, slots=True)
class SayWhy:
    """The follower has said whether a piece was of use, and may say why.

    Attributes:
        pid: of the piece.
    """

    name: ClassVar[str] = "publishing.why"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(minutes=10)

    pid: str


@router.on_click(*(f"publishing.{column.value}" for column in Column))
def column_tapped(turn: Turn[MenuClick]) -> Reply:
    """Show a column's newest pieces, and the way to all of them."""
    column = Column(turn.message.key.removeprefix("publishing."))
    pieces, chosen = _offered(turn, column)
    if not pieces:
        return TextReply(reader_texts.EMPTY.format(column=TITLES[column]))
    origin = turn.site.origin
    cards = [_card(origin, one) for one in pieces[:CARDS]]
    line = reader_texts.ALL_LINE_MINE if chosen else reader_texts.ALL_LINE
    title = reader_texts.ALL.format(column=TITLES[column])
    return NewsReply((*cards, Article(title, line, f"{origin}/h5/columns/{column.value}")))


@router.on_command(*TITLES.values())
def column_typed(turn: Turn[Text]) -> Reply:
    """信息快递: the same in words; in answer to words WeChat shows no more than one card."""
    column = _BY_NAME[fold(turn.words).rstrip("。.!！?？,，~～ ")]
    pieces, chosen = _offered(turn, column)
    if not pieces:
        return TextReply(reader_texts.EMPTY.format(column=TITLES[column]))
    path = f"/h5/columns/{column.value}"
    return TextReply(
        reader_texts.column_list(
            column,
            pieces[:CARDS],
            f"{turn.site.origin}/h5/articles/{{pid}}?{VIA}={CHAT}",
            list_address=turn.site.origin + path,
            mine=_own_list(turn, path) if chosen else "",
        )
    )


@router.on_command("往期", "往期回顾", "往期文章", "文章")
def all_columns(turn: Turn[Text]) -> Reply:
    """往期: where everything that is out can be found."""
    pieces = latest.of_all(turn.site, now=turn.now, connect=turn.reads, limit=1)
    return TextReply(reader_texts.every_list(pieces, f"{turn.site.origin}/h5/articles"))


@router.on_tap("opinion", effect=True)
def opinion_tapped(turn: Turn[Text]) -> Reply:
    """Keep what a link says of a piece, however old the link is."""
    verdict, pid = turn.argument[:1], turn.argument[1:]
    piece = out.find(turn.session.connection(), pid, now=turn.now)
    if piece is None or verdict not in ("0", "1"):
        return TextReply(reader_texts.GONE)
    return _judged(turn, piece, is_useful=verdict == "1")


@router.on_command(reader_texts.USEFUL, reader_texts.USELESS)
def opinion_without_piece(turn: Turn[Text]) -> Reply:
    """有用: of which piece; the newest ones are a tap away."""
    pieces = latest.of_all(turn.site, now=turn.now, connect=turn.reads, limit=ASKED_ABOUT)
    return TextReply(reader_texts.which_one(pieces))


@router.on_prefix(reader_texts.USEFUL, reader_texts.USELESS, effect=True)
def opinion_typed(turn: Turn[Text]) -> Reply | None:
    """有用 TITLE: keep it; what is no title of a piece is looked up."""
    title = turn.argument.strip("《》 ")
    piece = out.titled(turn.session.connection(), title, now=turn.now)
    if piece is None:
        return None
    return _judged(turn, piece, is_useful=fold(turn.words).startswith(reader_texts.USEFUL))


@router.on_state(SayWhy, effect=True)
def say_why(turn: Turn[Any]) -> Reply | None:
    """Keep a word about a piece; numbers and small talk mean what they always mean."""
    said = fold(turn.words)
    if said in _QUIET:
        turn.leave()
        return TextReply(reader_texts.NOT_SAID)
    if said.isdigit() or small_talk(turn.site, turn.words) is not None:
        return None
    state = turn.state
    turn.leave()
    connection = turn.session.connection()
    piece = out.find(connection, state.pid, now=turn.now) if isinstance(state, SayWhy) else None
    if piece is None or not opinions.say(
        turn.session, piece.id, turn.follower_id, turn.words, now=turn.now
    ):
        return None
    return TextReply(reader_texts.taken_down(opinions.tidy(turn.words)))


@router.on_command(reader_texts.QUIET, effect=True)
def say_nothing(turn: Turn[Text]) -> Reply:
    """不说了: nothing more about it."""
    if isinstance(turn.state, SayWhy):
        turn.leave()
    return TextReply(reader_texts.NOT_SAID)


def _judged(turn: Turn[Text], piece: Out, *, is_useful: bool) -> Reply:
    opinions.give(turn.session, piece.id, turn.follower_id, is_useful=is_useful, now=turn.now)
    # Who is in the middle of something else goes on with it.
    may_say_why = turn.state is None or isinstance(turn.state, SayWhy)
    if may_say_why:
        turn.keep(SayWhy(piece.pid))
    title = piece.content.title
    return TextReply(reader_texts.thanked(title, is_useful=is_useful, may_say_why=may_say_why))


def _offered(turn: Turn[Any], column: Column) -> tuple[Sequence[Newest], Collection[str]]:
    """Return a column's newest pieces and the follower's topics, their pieces first.

    Topics are asked for only where they could change the order: a menu tap costs no query else.
    """
    pieces = latest.of_column(turn.site, column, now=turn.now, connect=turn.reads)
    if not any(piece.interests for piece in pieces):
        return pieces, ()
    with turn.reads() as connection:
        found = interests.chosen_by(connection, turn.message.header.openid)
    chosen = [slug for slug in found if slug in interests.topics(turn.site)]
    wanted = set(chosen)
    return sorted(pieces, key=lambda one: wanted.isdisjoint(one.interests)), chosen


def _own_list(turn: Turn[Any], path: str) -> str:
    """Return the signed address of the list of the follower's topics."""
    turn.has_recalled = True  # another delivery would be given another link: keep this answer
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        if follower_id is None:
            return ""
        return turn.door.address(
            connection, follower_id, f"{path}?mine=1", purpose=PURPOSE, now=turn.now
        )


def _card(origin: str, piece: Newest) -> Article:
    picture = f"{origin}/h5/media/{piece.cover}?form=cover" if piece.cover else ""
    address = f"{origin}/h5/articles/{piece.pid}?{VIA}={CHAT}"
    return Article(piece.title, reader_texts.described(piece), address, picture)
