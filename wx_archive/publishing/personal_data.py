"""What publishing keeps of a follower: opinions, what was sent to them, the tags they are under."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select

from wx_archive.followers import interests
from wx_archive.followers.personal_data import Case, PersonalData, Row, shown
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushRecipient, TagMember
from wx_archive.publishing.reader_models import PieceOpinion


def _export_opinions(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Piece.title, PieceOpinion.is_useful, PieceOpinion.words, PieceOpinion.made_at)
        .join(Piece, Piece.id == PieceOpinion.piece_id)
        .where(PieceOpinion.follower_id == case.follower_id)
        .order_by(PieceOpinion.made_at)
    )
    return [
        {
            "文章": row.title,
            "您说": "有用" if row.is_useful else "没用",
            "您的话": row.words,
            "时间": shown(row.made_at),
        }
        for row in rows
    ]


def _erase_opinions(case: Case) -> None:
    case.session.execute(delete(PieceOpinion).where(PieceOpinion.follower_id == case.follower_id))


def _export_sent(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Push.topic, Push.due_at, Push.sent_at)
        .join(PushRecipient, PushRecipient.push_id == Push.id)
        .where(PushRecipient.follower_id == case.follower_id)
        .order_by(Push.id)
    )
    topics = interests.topics(case.site)
    return [
        {
            "主题": topics[row.topic].name if row.topic in topics else row.topic or "",
            "定在": shown(row.due_at),
            "发出": shown(row.sent_at),
        }
        for row in rows
    ]


def _erase_sent(case: Case) -> None:
    case.session.execute(delete(PushRecipient).where(PushRecipient.follower_id == case.follower_id))


def _export_tags(case: Case) -> Sequence[Row]:
    topics = interests.topics(case.site)
    mine = select(TagMember.topic).where(TagMember.follower_id == case.follower_id)
    return [
        {"主题": topics[topic].name if topic in topics else topic}
        for topic in case.session.scalars(mine.order_by(TagMember.topic))
    ]


def _erase_tags(case: Case) -> None:
    case.session.execute(delete(TagMember).where(TagMember.follower_id == case.follower_id))


RULES: Final = (
    PersonalData("piece_opinion", "对文章说的", _export_opinions, _erase_opinions),
    PersonalData("push_recipient", "发给您的推送", _export_sent, _erase_sent),
    PersonalData("tag_member", "微信里的主题标签", _export_tags, _erase_tags),
)
