"""Files at WeChat: each form uploaded once for an account, and used again.

The upload stands between two transactions. Whoever is killed after it uploads once more: that
costs WeChat a copy nobody uses, and nothing else.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, select
from sqlalchemy.orm import Session

from wx_archive.core.database import Database, insert_into
from wx_archive.media import forms
from wx_archive.media.models import HostedMedia
from wx_archive.media.objects import ObjectStore
from wx_archive.media.rules import Form, HostedAs, MediaKind
from wx_archive.media.service import Held
from wx_archive.wechat.client import Platform
from wx_archive.wechat.limits import Upload

log = logging.getLogger(__name__)

_UPLOADS: Final = {
    MediaKind.IMAGE: Upload.IMAGE,
    MediaKind.VIDEO: Upload.VIDEO,
    MediaKind.AUDIO: Upload.VOICE,
}


@dataclass(frozen=True, slots=True)
class Hosted:
    """Where WeChat holds a form of a file.

    Attributes:
        media_id: of permanent material; empty for the body of an article.
        url: its address at WeChat; films and recordings have none.
    """

    media_id: str
    url: str


def host(
    database: Database,
    store: ObjectStore,
    platform: Platform,
    held: Held,
    form: Form,
    hosted_as: HostedAs,
    *,
    now: datetime,
) -> Hosted:
    """Return where WeChat holds a form of a file, having uploaded it if need be.

    It calls WeChat: never inside a transaction.

    Raises:
        PlatformError: WeChat did not take it; its class says what to do.
        RefusedError: the account may not, or the file cannot be read any more.
    """
    key = _Key(held.id, form, hosted_as, platform.app_id)
    with database.reads() as connection:
        known = _find(connection, key)
    if known is not None:
        return known
    uploaded = _upload(store, platform, held, form, hosted_as)
    with database.begin() as session:
        hosted = _keep(session, key, uploaded, now=now)
    log.info("media.hosted asset=%d form=%s as=%s", held.id, form, hosted_as)
    return hosted


def forget(session: Session, media_id: str) -> None:
    """Have a file uploaded again: WeChat does not know this number any more."""
    session.execute(delete(HostedMedia).where(HostedMedia.media_id == media_id))


@dataclass(frozen=True, slots=True)
class _Key:
    asset_id: int
    form: Form
    hosted_as: HostedAs
    app_id: str

    @property
    def is_this(self) -> ColumnElement[bool]:
        return and_(
            HostedMedia.asset_id == self.asset_id,
            HostedMedia.form == self.form,
            HostedMedia.hosted_as == self.hosted_as,
            HostedMedia.app_id == self.app_id,
        )


def _find(connection: Connection, key: _Key) -> Hosted | None:
    asked = select(HostedMedia.media_id, HostedMedia.url).where(key.is_this)
    row = connection.execute(asked).one_or_none()
    return None if row is None else Hosted(row.media_id, row.url)


def _upload(
    store: ObjectStore, platform: Platform, held: Held, form: Form, hosted_as: HostedAs
) -> Hosted:
    name = forms.name_of(held, form)
    with forms.opened(store, held, form) as file:
        if hosted_as is HostedAs.BODY:
            return Hosted("", platform.publishing.upload_body_image(name, file))
        material = platform.publishing.add_material(
            _UPLOADS[held.kind], name, file, title=held.title, introduction=held.alt
        )
        return Hosted(material.media_id, material.url)


def _keep(session: Session, key: _Key, uploaded: Hosted, *, now: datetime) -> Hosted:
    """Write down where it is; of two that uploaded at the same time one is remembered."""
    session.execute(
        insert_into(session, HostedMedia)
        .values(
            asset_id=key.asset_id,
            form=key.form,
            hosted_as=key.hosted_as,
            app_id=key.app_id,
            media_id=uploaded.media_id,
            url=uploaded.url,
            hosted_at=now,
        )
        .on_conflict_do_nothing()
    )
    return _find(session.connection(), key) or uploaded
