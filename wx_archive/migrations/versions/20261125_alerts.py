"""What staff must look at, and whose WeChat is whose."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_alerts"
down_revision = "20261125_keywords"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _alerts()
    op.create_table(
        "staff_wechat",
        sa.Column("member_id", KEY, autoincrement=False, nullable=False),
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("bound_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["staff_member.id"],
            name="fk_staff_wechat_member_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["follower.id"],
            name="fk_staff_wechat_follower_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", name="pk_staff_wechat"),
        sa.UniqueConstraint("follower_id", name="uq_staff_wechat_follower_id"),
    )
    op.create_table(
        "api_refusal",
        sa.Column("path", sa.String(120), nullable=False),
        sa.Column("code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("over_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("path", "code", name="pk_api_refusal"),
    )


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("needs", sa.String(40), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("over_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    is_open = sa.text("over_at IS NULL")
    op.create_index(
        "uq_alert_open",
        "alert",
        ["key"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_alert_over_at", "alert", ["over_at"])
    for name, moment, nullable in (
        ("alert_seen", "seen_at", False),
        ("alert_telling", "told_at", True),
    ):
        way = [sa.Column("way", sa.String(10), nullable=False)] if nullable else []
        op.create_table(
            name,
            sa.Column("alert_id", KEY, autoincrement=False, nullable=False),
            sa.Column("member_id", KEY, autoincrement=False, nullable=False),
            sa.Column(moment, INSTANT, nullable=nullable),
            *way,
            sa.ForeignKeyConstraint(
                ["alert_id"], ["alert.id"], name=f"fk_{name}_alert_id", ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["member_id"],
                ["staff_member.id"],
                name=f"fk_{name}_member_id",
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("alert_id", "member_id", name=f"pk_{name}"),
        )
