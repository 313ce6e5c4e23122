"""Answers to words that nothing answered, written by staff; what processes must look at again."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_keywords"
down_revision = "20261125_uploads"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "live_change",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_live_change"),
    )
    op.create_table(
        "keyword_reply",
        sa.Column("id", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("replaces_id", KEY, nullable=True),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("released_by", sa.String(60), nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keyword_reply"),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["keyword_reply.id"], name="fk_keyword_reply_replaces_id"
        ),
    )
    op.create_index("ix_keyword_reply_state", "keyword_reply", ["state"])
    op.create_table(
        "keyword",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("reply_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_keyword"),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["keyword_reply.id"], name="fk_keyword_reply_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_keyword_reply_id", "keyword", ["reply_id"])
    op.create_table(
        "ignored_word",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ignored_word"),
        sa.UniqueConstraint("key", name="uq_ignored_word_key"),
    )
