"""Tables of the media files that staff have brought in, and of where WeChat holds them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.media.rules import Form, HostedAs, MediaKind

_KINDS = ", ".join(f"'{one}'" for one in MediaKind)
_FORMS = ", ".join(f"'{one}'" for one in Form)
_HOSTED = ", ".join(f"'{one}'" for one in HostedAs)


class Asset(Base):
    """One file, kept under its own hash; the same bytes brought in twice are one asset."""

    __tablename__ = "media_asset"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    content_type: Mapped[str] = mapped_column(String(40))
    size_bytes: Mapped[int] = mapped_column(Integer)
    width_px: Mapped[int | None] = mapped_column(Integer)
    height_px: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    """Of films and recordings; None where nobody could measure it."""
    title: Mapped[str] = mapped_column(String(100))
    alt: Mapped[str] = mapped_column(String(200), default="")
    """What a picture shows, for those who do not see it."""
    credit: Mapped[str] = mapped_column(String(200), default="")
    """Where it comes from and whose it is."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """Since when it is offered no more and shown nowhere."""

    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        Index("ix_media_asset_kind", "kind", "id"),
    )


class HostedMedia(Base):
    """A form of a file as WeChat holds it for one account: uploaded once, used again."""

    __tablename__ = "media_hosted"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("media_asset.id", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(String(8))
    hosted_as: Mapped[str] = mapped_column(String(8))
    app_id: Mapped[str] = mapped_column(String(32))
    """Whose it is at WeChat; another account has to upload again."""
    media_id: Mapped[str] = mapped_column(String(128), default="")
    url: Mapped[str] = mapped_column(String(500), default="")
    hosted_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(f"form IN ({_FORMS})", name="form"),
        CheckConstraint(f"hosted_as IN ({_HOSTED})", name="hosted_as"),
        UniqueConstraint("asset_id", "form", "hosted_as", "app_id"),
    )
