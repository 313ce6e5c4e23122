"""Pushes: what goes to whom, each call that sends, the quotas' ledger."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_pushes"
down_revision = "20261126_pieces"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _pushes()
    _calls()
    _people()
    _notes()


def _pushes() -> None:
    op.create_table(
        "push",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("sentence", sa.String(500), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("delivery", sa.String(8), nullable=False),
        sa.Column("audience", sa.String(8), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("latest_at", INSTANT, nullable=True),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("cooling_until", INSTANT, nullable=True),
        sa.Column("stops_at_reprint", sa.Boolean(), nullable=False),
        sa.Column("media_id", sa.String(128), nullable=False),
        sa.Column("article_id", sa.String(128), nullable=False),
        sa.Column("signed_by", sa.String(60), nullable=False),
        sa.Column("override", sa.String(200), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("filtered", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("polls", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("audience IN ('all', 'tag', 'list')", name="audience"),
        sa.CheckConstraint("delivery IN ('mass', 'publish', 'draft', 'site')", name="delivery"),
        sa.CheckConstraint(
            "state IN ('preparing', 'scheduled', 'sending', 'sent', 'partly', 'failed', "
            "'cancelled', 'held')",
            name="state",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_push"),
        sa.UniqueConstraint("pid", name="uq_push_pid"),
    )
    op.create_index("ix_push_due_at", "push", ["due_at"])
    op.create_index("ix_push_sent_at", "push", ["sent_at"])
    op.create_index("ix_push_state_due_at", "push", ["state", "due_at"])
    op.create_table(
        "push_piece",
        sa.Column("push_id", KEY, autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("piece_id", KEY, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("article_url", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["piece_id"], ["piece.id"], name="fk_push_piece_piece_id"),
        sa.ForeignKeyConstraint(
            ["push_id"], ["push.id"], name="fk_push_piece_push_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("push_id", "place", name="pk_push_piece"),
    )
    op.create_index("ix_push_piece_piece_id", "push_piece", ["piece_id"])


def _calls() -> None:
    op.create_table(
        "push_call",
        sa.Column("id", KEY, nullable=False),
        sa.Column("push_id", KEY, nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("client_msg_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("first_called_at", INSTANT, nullable=True),
        sa.Column("called_at", INSTANT, nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("msg_id", sa.String(40), nullable=True),
        sa.Column("accepted_at", INSTANT, nullable=True),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("sentence", sa.String(500), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("filtered", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('ready', 'calling', 'accepted', 'finished', 'refused')", name="state"
        ),
        sa.ForeignKeyConstraint(
            ["push_id"], ["push.id"], name="fk_push_call_push_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_push_call"),
        sa.UniqueConstraint("client_msg_id", name="uq_push_call_client_msg_id"),
        sa.UniqueConstraint("msg_id", name="uq_push_call_msg_id"),
        sa.UniqueConstraint(
            "push_id", "generation", "place", name="uq_push_call_push_id_generation_place"
        ),
    )
    op.create_table(
        "send_report",
        sa.Column("msg_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("filtered", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.String(128), nullable=False),
        sa.Column("urls", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("msg_id", name="pk_send_report"),
    )


def _people() -> None:
    op.create_table(
        "push_recipient",
        sa.Column("push_id", KEY, autoincrement=False, nullable=False),
        sa.Column("follower_id", KEY, autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["follower.id"],
            name="fk_push_recipient_follower_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["push_id"], ["push.id"], name="fk_push_recipient_push_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("push_id", "follower_id", name="pk_push_recipient"),
    )
    op.create_index("ix_push_recipient_follower_id", "push_recipient", ["follower_id"])
    op.create_table(
        "tag_member",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("follower_id", KEY, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_tag_member_follower_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("topic", "follower_id", name="pk_tag_member"),
    )
    op.create_index("ix_tag_member_follower_id", "tag_member", ["follower_id"])
    op.create_table(
        "wechat_tag",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("synced_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("topic", "app_id", name="pk_wechat_tag"),
    )


def _notes() -> None:
    op.create_table(
        "push_step",
        sa.Column("id", KEY, nullable=False),
        sa.Column("push_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["push_id"], ["push.id"], name="fk_push_step_push_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_push_step"),
    )
    op.create_index("ix_push_step_push_id", "push_step", ["push_id"])
    op.create_table(
        "send_period",
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_send_period"),
    )
