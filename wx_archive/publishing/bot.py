"""The columns in the chat: the newest pieces as cards."""

from wx_archive.chat.router import Router
from wx_archive.chat.turn import Turn
from wx_archive.publishing import service
from wx_archive.publishing.rules import TITLES, Column
from wx_archive.wechat.inbound import MenuClick
from wx_archive.wechat.replies import Article, NewsReply, Reply, TextReply

router = Router("publishing")

CARDS = 4
EMPTY = "《{column}》还没有文章。想查档案和文件，直接打字就行。"


@router.on_click(*(f"publishing.{column.value}" for column in Column))
def column_tapped(turn: Turn[MenuClick]) -> Reply:
    """Show a column's newest pieces."""
    column = Column(turn.message.key.removeprefix("publishing."))
    pieces = service.latest(turn.site, column, today=turn.today, limit=CARDS)
    if not pieces:
        return TextReply(EMPTY.format(column=TITLES[column]))
    origin = turn.site.origin
    return NewsReply(
        tuple(
            Article(piece.title, piece.summary, f"{origin}/h5/articles/{piece.id}")
            for piece in pieces
        )
    )
