"""Treasures: uploads with their files, steps and senders."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_treasures"
down_revision = "20261127_vouchers"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _uploads()
    _around()


def _uploads() -> None:
    op.create_table(
        "treasure",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("number", sa.String(20), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("follower_id", KEY, nullable=True),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("year_text", sa.String(40), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("people", sa.String(200), nullable=False),
        sa.Column("ownership", sa.String(10), nullable=True),
        sa.Column("wish", sa.String(8), nullable=True),
        sa.Column("scope", sa.String(12), nullable=True),
        sa.Column("scope_until", sa.Date(), nullable=True),
        sa.Column("credit", sa.String(10), nullable=True),
        sa.Column("credit_name", sa.String(30), nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=True),
        sa.Column("consented_at", INSTANT, nullable=True),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("note", sa.String(400), nullable=False),
        sa.Column("asked_from", sa.String(12), nullable=True),
        sa.Column("batch_from", sa.Integer(), nullable=False),
        sa.Column("last_file_at", INSTANT, nullable=True),
        sa.Column("owner_id", KEY, nullable=True),
        sa.Column("act_by", sa.Date(), nullable=True),
        sa.Column("erase_on", sa.Date(), nullable=True),
        sa.Column("erased_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("channel IN ('chat', 'h5', 'desk')", name="channel"),
        sa.CheckConstraint("credit IN ('name', 'pseudonym', 'anonymous')", name="credit"),
        sa.CheckConstraint(
            "ownership IN ('made', 'inherited', 'given', 'bought', 'unknown')", name="ownership"
        ),
        sa.CheckConstraint("scope IN ('public', 'reading_room', 'closed')", name="scope"),
        sa.CheckConstraint(
            "state IN ('draft', 'received', 'screening', 'need_info', 'appraisal', 'accepted', "
            "'agreement', 'accessioned', 'published', 'declined', 'returned', 'withdrawn')",
            name="state",
        ),
        sa.CheckConstraint("wish IN ('donate', 'copy', 'deposit', 'tip')", name="wish"),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_treasure_follower_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["staff_member.id"], name="fk_treasure_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_treasure"),
        sa.UniqueConstraint("number", name="uq_treasure_number"),
        sa.UniqueConstraint("pid", name="uq_treasure_pid"),
    )
    op.create_index("ix_treasure_act_by", "treasure", ["act_by", "id"])
    op.create_index("ix_treasure_erase_on", "treasure", ["erase_on"])
    op.create_index("ix_treasure_follower_id", "treasure", ["follower_id", "id"])
    op.create_index("ix_treasure_state", "treasure", ["state", "id"])
    op.create_table(
        "treasure_file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("treasure_id", KEY, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("source", sa.String(4), nullable=False),
        sa.Column("kind", sa.String(6), nullable=False),
        sa.Column("media_id", sa.String(200), nullable=True),
        sa.Column("media_until", INSTANT, nullable=True),
        sa.Column("object_key", sa.String(64), nullable=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.String(40), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("likeness", sa.String(16), nullable=False),
        sa.Column("taken_text", sa.String(10), nullable=False),
        sa.Column("is_dark", sa.Boolean(), nullable=False),
        sa.Column("is_blurred", sa.Boolean(), nullable=False),
        sa.Column("turned", sa.SmallInteger(), nullable=False),
        sa.Column("is_cover", sa.Boolean(), nullable=False),
        sa.Column("is_evidence", sa.Boolean(), nullable=False),
        sa.Column("scanner", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("stored_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('image', 'video', 'audio', 'paper')", name="kind"),
        sa.CheckConstraint("source IN ('chat', 'h5', 'desk')", name="source"),
        sa.CheckConstraint(
            "state IN ('awaited', 'quarantined', 'clean', 'refused', 'same', 'lost', 'erased')",
            name="state",
        ),
        sa.CheckConstraint("turned IN (0, 90, 180, 270)", name="turned"),
        sa.ForeignKeyConstraint(
            ["treasure_id"],
            ["treasure.id"],
            name="fk_treasure_file_treasure_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_file"),
        sa.UniqueConstraint("object_key", name="uq_treasure_file_object_key"),
        sa.UniqueConstraint("pid", name="uq_treasure_file_pid"),
        sa.UniqueConstraint(
            "treasure_id", "media_id", name="uq_treasure_file_treasure_id_media_id"
        ),
    )
    op.create_index("ix_treasure_file_sha256", "treasure_file", ["sha256"])
    op.create_index("ix_treasure_file_state", "treasure_file", ["state", "id"])
    op.create_index("ix_treasure_file_treasure_id", "treasure_file", ["treasure_id", "place"])


def _around() -> None:
    op.create_table(
        "treasure_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("treasure_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("from_state", sa.String(12), nullable=True),
        sa.Column("to_state", sa.String(12), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.CheckConstraint(
            "action IN ('move', 'tell', 'answer', 'assign', 'note', 'plan', 'grant', 'revoke', "
            "'custody', 'check')",
            name="action",
        ),
        sa.ForeignKeyConstraint(
            ["treasure_id"],
            ["treasure.id"],
            name="fk_treasure_event_treasure_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_event"),
    )
    op.create_index("ix_treasure_event_treasure_id", "treasure_event", ["treasure_id", "id"])
    op.create_table(
        "treasure_contact",
        sa.Column("treasure_id", KEY, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["treasure_id"],
            ["treasure.id"],
            name="fk_treasure_contact_treasure_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("treasure_id", name="pk_treasure_contact"),
    )
    op.create_table(
        "treasure_counter",
        sa.Column("sign", sa.String(1), nullable=False),
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sign", "year", name="pk_treasure_counter"),
    )
