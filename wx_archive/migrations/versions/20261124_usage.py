"""What people ask: lookups of the last ninety days, and the sums of those before."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_usage"
down_revision = "20261124_terms"
branch_labels = None
depends_on = None

WORDS = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "lookup_event",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("what", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("label", sa.String(10), nullable=False),
        sa.Column("words", WORDS, nullable=False),
        sa.Column("found", sa.SmallInteger(), nullable=False),
        sa.Column("page", sa.SmallInteger(), nullable=False),
        sa.Column("person_key", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lookup_event"),
    )
    op.create_index("ix_lookup_event_day", "lookup_event", ["day"])
    op.create_index(
        "ix_lookup_event_person_key",
        "lookup_event",
        ["person_key"],
        sqlite_where=sa.text("person_key IS NOT NULL"),
        postgresql_where=sa.text("person_key IS NOT NULL"),
    )
    op.create_table(
        "lookup_sum",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("what", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("label", sa.String(10), nullable=False),
        sa.Column("words", WORDS, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("empties", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "channel", "what", "kind", "label", "words", name="pk_lookup_sum"
        ),
    )
