"""What readers do with a piece."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_readers"
down_revision = "20261126_pushes"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _readers()


def _readers() -> None:
    op.create_table(
        "piece_reading",
        sa.Column("piece_id", KEY, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_reading_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("piece_id", "day", "channel", name="pk_piece_reading"),
    )
    op.create_table(
        "piece_opinion",
        sa.Column("piece_id", KEY, autoincrement=False, nullable=False),
        sa.Column("follower_id", KEY, autoincrement=False, nullable=False),
        sa.Column("is_useful", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["follower.id"],
            name="fk_piece_opinion_follower_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"], ["piece.id"], name="fk_piece_opinion_piece_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("piece_id", "follower_id", name="pk_piece_opinion"),
    )
    op.create_index("ix_piece_opinion_follower_id", "piece_opinion", ["follower_id"])
