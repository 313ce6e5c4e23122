"""Jobs and schedules, held answers, windows for service messages, counts of what happened."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_jobs"
down_revision = "20261122_first_schema"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything; forget replies that named their receiver, WeChat asks again if it must."""
    _jobs()
    _conversation()
    op.execute("DELETE FROM handled_message")
    with op.batch_alter_table("handled_message") as table:
        table.add_column(sa.Column("follower_id", KEY, nullable=True))
        table.create_foreign_key(
            "fk_handled_message_follower_id",
            "follower",
            ["follower_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.create_index("ix_handled_message_follower_id", "handled_message", ["follower_id"])


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("follower_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("run_after", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_job_follower_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("key", name="uq_job_key"),
    )
    op.create_index("ix_job_state_run_after", "job", ["state", "run_after"])
    op.create_index("ix_job_follower_id", "job", ["follower_id"])
    op.create_table(
        "schedule",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("cron", sa.String(length=60), nullable=False),
        sa.Column("next_fire_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_schedule"),
    )


def _conversation() -> None:
    op.create_table(
        "held_answer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_held_answer_follower_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_held_answer"),
        sa.UniqueConstraint("key", name="uq_held_answer_key"),
    )
    op.create_index("ix_held_answer_state_follower_id", "held_answer", ["state", "follower_id"])
    op.create_table(
        "service_window",
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("occasion", sa.String(length=12), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["follower.id"],
            name="fk_service_window_follower_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follower_id", "occasion", name="pk_service_window"),
    )
    op.create_table(
        "tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", "label", name="pk_tally"),
    )
