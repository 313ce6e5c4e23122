"""我的卡 in the chat: the cards of the season, and one of them as a picture."""

from typing import Any, Final

from sqlalchemy import Connection

from wx_archive.chat.turn import Turn
from wx_archive.core.ids import is_pid
from wx_archive.followers import service as followers
from wx_archive.quiz import album, album_texts, pictures, seasons, texts
from wx_archive.quiz.routing import router
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import ImageReply, Reply, TextReply

PAGE: Final = "/h5/cards"
PURPOSE: Final = "me"
"""One session opens all pages of one's own."""
RULES_PAGE: Final = "/h5/quiz/rules"


@router.on_command("我的卡", "卡片", "我的卡册", "我的卡片", "卡册", "看卡")
def mine(turn: Turn[Text]) -> Reply:
    """我的卡: what was earned, what is missing, what comes next."""
    turn.has_recalled = True  # a card may be earned before the next delivery: keep this answer
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        found = None
        if follower_id is not None:
            found = album.of(connection, turn.site, follower_id, today=turn.today)
        if follower_id is None or found is None or not (found.taking or found.others):
            return _nothing_yet(turn)
        address = _address(turn, connection, follower_id, PAGE)
    is_signed = not turn.door.has_oauth
    return TextReply(album_texts.mine(found, address, is_signed=is_signed, today=turn.today))


@router.on_prefix("看卡")
@router.on_tap("card")
def one_card(turn: Turn[Text]) -> Reply:
    """看这张卡: its picture where WeChat has it, else where to see it."""
    turn.has_recalled = True  # as above
    ordinal, _dot, season_pid = turn.argument.partition(".")
    asked = season_pid if is_pid(season_pid) else ""
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        found = None
        if follower_id is not None and ordinal.isdecimal():
            found = album.earned_card(
                connection,
                turn.site,
                follower_id,
                int(ordinal),
                today=turn.today,
                season_pid=asked,
            )
        if follower_id is None or found is None:
            return TextReply(album_texts.NOT_EARNED)
        season, card = found
        art = pictures.art_of(connection, card)
        if art and (media_id := pictures.hosted(connection, art.pid)):
            return ImageReply(media_id)
        path = f"{PAGE}/{card.ordinal}?season={season.pid}"
        address = _address(turn, connection, follower_id, path)
    return TextReply(album_texts.one(season, card, address, is_signed=not turn.door.has_oauth))


def _nothing_yet(turn: Turn[Any]) -> Reply:
    season = seasons.current(turn.site, turn.today)
    if season is None:
        coming = seasons.upcoming(turn.site, turn.today)
        last = seasons.last_begun(turn.site, turn.today)
        return TextReply(texts.no_season(coming, last, today=turn.today))
    return TextReply(album_texts.none_yet(season, turn.site.origin + RULES_PAGE))


def _address(turn: Turn[Any], connection: Connection, follower_id: int, path: str) -> str:
    return turn.door.address(connection, follower_id, path, purpose=PURPOSE, now=turn.now)
