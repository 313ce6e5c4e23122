"""Arrivals by scene, interests, consents; what an unsubscribe has stopped stays stopped."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "20261123_followers"
down_revision = "20261123_quota"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything; the first scene of a follower becomes their first arrival."""
    op.add_column(
        "follower", sa.Column("left_at", sa.BigInteger(), nullable=False, server_default="0")
    )
    _arrivals()
    op.drop_column("follower", "scene")
    _choices()


def _arrivals() -> None:
    arrival = op.create_table(
        "arrival",
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("scene", sa.String(length=128), nullable=False),
        _of_follower("arrival"),
        sa.PrimaryKeyConstraint("follower_id", "at", "scene", name="pk_arrival"),
    )
    op.create_index("ix_arrival_scene", "arrival", ["scene"])
    follower = sa.table(
        "follower", sa.column("id"), sa.column("scene"), sa.column("first_seen_at", INSTANT)
    )
    known = op.get_bind().execute(sa.select(follower).where(follower.c.scene.is_not(None)))
    rows = [
        {"follower_id": row.id, "at": _second(row.first_seen_at), "scene": row.scene}
        for row in known
    ]
    if rows:
        op.bulk_insert(arrival, rows)


def _second(moment: datetime) -> int:
    """Return the second of a moment; SQLite holds it in UTC without saying so."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp())


def _choices() -> None:
    op.create_table(
        "interest",
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        _of_follower("interest"),
        sa.PrimaryKeyConstraint("follower_id", "topic", name="pk_interest"),
    )
    op.create_index("ix_interest_topic", "interest", ["topic"])
    op.create_table(
        "consent",
        sa.Column("id", KEY, nullable=False),
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        _of_follower("consent"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index(
        "uq_consent_standing",
        "consent",
        ["follower_id", "purpose", "version"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _of_follower(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["follower_id"], ["follower.id"], name=f"fk_{table}_follower_id", ondelete="CASCADE"
    )
