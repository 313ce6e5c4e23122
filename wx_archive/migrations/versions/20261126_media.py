"""Media files of the staff's, and where WeChat holds them."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_media"
down_revision = "20261125_alerts"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _files()


def _files() -> None:
    op.create_table(
        "media_asset",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content_type", sa.String(40), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("alt", sa.String(200), nullable=False),
        sa.Column("credit", sa.String(200), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('image', 'video', 'audio')", name="kind"),
        sa.PrimaryKeyConstraint("id", name="pk_media_asset"),
        sa.UniqueConstraint("pid", name="uq_media_asset_pid"),
        sa.UniqueConstraint("sha256", name="uq_media_asset_sha256"),
    )
    op.create_index("ix_media_asset_kind", "media_asset", ["kind", "id"])
    op.create_table(
        "media_hosted",
        sa.Column("id", KEY, nullable=False),
        sa.Column("asset_id", KEY, nullable=False),
        sa.Column("form", sa.String(8), nullable=False),
        sa.Column("hosted_as", sa.String(8), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("media_id", sa.String(128), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("hosted_at", INSTANT, nullable=False),
        sa.CheckConstraint("form IN ('original', 'page', 'cover', 'square')", name="form"),
        sa.CheckConstraint("hosted_as IN ('body', 'material')", name="hosted_as"),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["media_asset.id"], name="fk_media_hosted_asset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_media_hosted"),
        sa.UniqueConstraint(
            "asset_id",
            "form",
            "hosted_as",
            "app_id",
            name="uq_media_hosted_asset_id_form_hosted_as_app_id",
        ),
    )
