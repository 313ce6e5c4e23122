"""From pieces to what WeChat takes: media brought there, articles rendered, one message made.

Everything here may be done twice; it calls WeChat and stands in no transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.media import hosting
from wx_archive.media import service as media
from wx_archive.media.hosting import Hosted
from wx_archive.media.models import Asset, HostedMedia
from wx_archive.media.objects import MissingObjectError, open_objects
from wx_archive.media.rules import Form, HostedAs
from wx_archive.media.service import Held
from wx_archive.publishing import wechat_html
from wx_archive.publishing.models import Piece, PieceRevision
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import PushPiece
from wx_archive.publishing.rules import Kind
from wx_archive.publishing.wechat_html import Links
from wx_archive.wechat.client import Platform
from wx_archive.wechat.publishing import (
    DraftArticle,
    Images,
    MassMessage,
    MpVideo,
    TextMessage,
    Voice,
)

OWN_PAGE: Final = "/h5/articles/"


@dataclass(frozen=True, slots=True)
class Ready:
    """A piece of a push, with the words that were approved, whatever it says by now."""

    pid: str
    content: Content

    @classmethod
    def of_push(cls, connection: Connection, push_id: int) -> tuple[Self, ...]:
        """Return the pieces of a scheduled push, in their order."""
        newest = (
            select(PieceRevision.content)
            .where(
                PieceRevision.piece_id == PushPiece.piece_id,
                PieceRevision.content_hash == PushPiece.content_hash,
            )
            .order_by(PieceRevision.number.desc())
            .limit(1)
            .correlate(PushPiece)
            .scalar_subquery()
        )
        rows = connection.execute(
            select(Piece.pid, newest.label("content"))
            .join(PushPiece, PushPiece.piece_id == Piece.id)
            .where(PushPiece.push_id == push_id)
            .order_by(PushPiece.place)
        )
        return tuple(cls(row.pid, Content.from_json(row.content)) for row in rows)


class Preparer:
    """Makes of pieces what WeChat takes."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform
        self._objects = open_objects(services.settings)

    def articles(self, pieces: Sequence[Ready], *, now: datetime) -> tuple[DraftArticle, ...]:
        """Return what goes into the draft box.

        Raises:
            PlatformError: WeChat did not take a picture.
            RefusedError: a piece lacks something, or one of its files is gone.
        """
        return tuple(
            self._picture_set(piece, now)
            if piece.content.kind is Kind.PICTURES
            else self._article(piece, Form.SQUARE if place else Form.COVER, now)
            for place, piece in enumerate(pieces)
        )

    def message(self, piece: Ready, *, now: datetime) -> MassMessage:
        """Return what a mass send of a piece that is no article sends."""
        content = piece.content
        words = wechat_html.text_of(content, links=self._links)
        match content.kind:
            case Kind.TEXT:
                return TextMessage(words)
            case Kind.PICTURES:
                ids = self._materials(content, content.assets, Form.PAGE, now)
                return Images(tuple(ids.values()), content.summary or content.title)
            case Kind.VIDEO:
                media_id = self._platform.publishing.prepare_video(
                    self._only(content, now), title=content.title, introduction=content.summary
                )
                return MpVideo(media_id)
            case Kind.AUDIO:
                return Voice(self._only(content, now))
            case Kind.ARTICLE:
                message = "articles are sent as a draft"
                raise ValueError(message)

    def forget(self, session: Session, pieces: Sequence[Ready]) -> None:
        """Have every file of these pieces uploaded again: WeChat does not know one any more."""
        pids = {pid for piece in pieces for pid in _pids(piece.content)}
        known = session.scalars(
            select(HostedMedia.media_id)
            .join(Asset, Asset.id == HostedMedia.asset_id)
            .where(
                Asset.pid.in_(pids),
                HostedMedia.app_id == self._platform.app_id,
                HostedMedia.hosted_as == HostedAs.MATERIAL,
            )
        ).all()
        for media_id in known:
            hosting.forget(session, media_id)

    @property
    def _links(self) -> Links:
        return Links.of(self._services.site)

    def _article(self, piece: Ready, form: Form, now: datetime) -> DraftArticle:
        content = piece.content
        inside = wechat_html.media_of(content)
        if not (cover := content.cover or next(iter(inside), "")):
            raise RefusedError(f"《{content.title}》还没有封面")
        covers = self._materials(content, (cover,), form, now)
        held = self._find(content, inside)
        hosted = {pid: self._host(one, Form.PAGE, HostedAs.BODY, now).url for pid, one in held}
        pictures = {
            pid: Picture(one.alt, one.credit, one.width_px or 0, one.height_px or 0)
            for pid, one in held
        }
        own_page = f"{self._services.site.origin}{OWN_PAGE}{piece.pid}"
        return DraftArticle(
            title=content.title,
            content=self._rendered(content, hosted, pictures),
            cover=covers[cover],
            author=content.author,
            digest=content.summary,
            source_url=content.source_url or own_page,
        )

    def _rendered(
        self, content: Content, hosted: Mapping[str, str], pictures: Mapping[str, Picture]
    ) -> str:
        try:
            return wechat_html.render(content, hosted, links=self._links, pictures=pictures)
        except wechat_html.TooLongError as err:
            raise RefusedError(
                f"《{content.title}》太长：有 {err.characters} 个字符，微信只收不到两万个"
            ) from err
        except wechat_html.UnhostedPictureError as err:
            raise RefusedError(f"《{content.title}》里有一张图不在素材库：{err.address}") from err

    def _picture_set(self, piece: Ready, now: datetime) -> DraftArticle:
        content = piece.content
        ids = self._materials(content, content.assets, Form.PAGE, now)
        return DraftArticle(
            title=content.title,
            content=wechat_html.text_of(content, links=self._links),
            pictures=tuple(ids.values()),
        )

    def _only(self, content: Content, now: datetime) -> str:
        ids = self._materials(content, content.assets[:1], Form.ORIGINAL, now)
        return next(iter(ids.values()))

    def _materials(
        self, content: Content, pids: Sequence[str], form: Form, now: datetime
    ) -> dict[str, str]:
        found = self._find(content, pids)
        if not found:
            raise RefusedError(f"《{content.title}》还没有选图片、视频或音频")
        return {pid: self._host(held, form, HostedAs.MATERIAL, now).media_id for pid, held in found}

    def _find(self, content: Content, pids: Sequence[str]) -> list[tuple[str, Held]]:
        with self._services.database.reads() as connection:
            held = media.find(connection, pids)
        if any(pid not in held or held[pid].is_withdrawn for pid in pids):
            raise RefusedError(f"《{content.title}》用到的一个文件已经撤下，请换一个")
        return [(pid, held[pid]) for pid in pids]

    def _host(self, held: Held, form: Form, hosted_as: HostedAs, now: datetime) -> Hosted:
        services = self._services
        try:
            return hosting.host(
                services.database, self._objects, self._platform, held, form, hosted_as, now=now
            )
        except MissingObjectError as err:
            raise RefusedError(f"素材“{held.title}”的文件不在了，请重新上传") from err


def _pids(content: Content) -> set[str]:
    cover = {content.cover} if content.cover else set()
    return {*cover, *content.assets, *wechat_html.media_of(content)}
