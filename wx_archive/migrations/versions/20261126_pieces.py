"""Pieces of the columns: revisions, reviews, remarks, what they tell of."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_pieces"
down_revision = "20261126_media"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _pieces()
    _around()


def _pieces() -> None:
    op.create_table(
        "piece",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("column", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("title", sa.String(64), nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("summary", sa.String(256), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("cover", sa.String(26), nullable=True),
        sa.Column("assets", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("interests", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("source_url", sa.String(500), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("approved_revision", sa.Integer(), nullable=True),
        sa.Column("wanted_at", INSTANT, nullable=True),
        sa.Column("slot", sa.String(80), nullable=True),
        sa.Column("owner", sa.String(60), nullable=True),
        sa.Column("sent_in_at", INSTANT, nullable=True),
        sa.Column("out_at", INSTANT, nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", sa.String(60), nullable=True),
        sa.Column("file_hash", sa.String(64), nullable=True),
        sa.Column("is_in_conflict", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "\"column\" IN ('bulletin', 'newsreel', 'history', 'city', 'showcase')", name="column"
        ),
        sa.CheckConstraint(
            "kind IN ('article', 'text', 'pictures', 'video', 'audio')", name="kind"
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'inbox', 'submitted', 'returned', 'approved')", name="state"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_piece"),
        sa.UniqueConstraint("pid", name="uq_piece_pid"),
        sa.UniqueConstraint("slot", name="uq_piece_slot"),
    )
    op.create_index("ix_piece_column_out_at", "piece", ["column", "out_at", "id"])
    op.create_index("ix_piece_state", "piece", ["state", "changed_at"])


def _around() -> None:
    op.create_table(
        "piece_revision",
        sa.Column("piece_id", KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_revision_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("piece_id", "number", name="pk_piece_revision"),
    )
    op.create_table(
        "piece_review",
        sa.Column("id", KEY, nullable=False),
        sa.Column("piece_id", KEY, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("is_approval", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('review', 'secrecy')", name="kind"),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_review_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_piece_review"),
    )
    op.create_index("ix_piece_review_piece_id", "piece_review", ["piece_id", "content_hash"])
    op.create_table(
        "piece_comment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("piece_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("settled_by", sa.String(60), nullable=True),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_comment_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_piece_comment"),
    )
    op.create_index("ix_piece_comment_piece_id", "piece_comment", ["piece_id"])
    op.create_table(
        "piece_entry",
        sa.Column("piece_id", KEY, autoincrement=False, nullable=False),
        sa.Column("entry_pid", sa.String(26), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_entry_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("piece_id", "entry_pid", name="pk_piece_entry"),
    )
    op.create_index("ix_piece_entry_entry_pid", "piece_entry", ["entry_pid"])
    op.create_table(
        "piece_asset",
        sa.Column("piece_id", KEY, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asset_pid", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_asset_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("piece_id", "revision", "asset_pid", name="pk_piece_asset"),
    )
    op.create_index("ix_piece_asset_asset_pid", "piece_asset", ["asset_pid"])
