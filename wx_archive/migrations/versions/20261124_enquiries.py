"""Requests that people make of the archives."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_enquiries"
down_revision = "20261124_usage"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _requests()
    _events()
    op.create_table(
        "enquiry_counter",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name="pk_enquiry_counter"),
    )


def _requests() -> None:
    op.create_table(
        "enquiry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("follower_id", KEY, nullable=True),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("about_pid", sa.String(26), nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("form_key", sa.String(32), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('search', 'correction')", name="ck_enquiry_kind"),
        sa.CheckConstraint(
            "state IN ('submitted', 'need_fix', 'accepted', 'searching', 'found', 'not_found', "
            "'not_held', 'refused', 'referred', 'closed', 'withdrawn')",
            name="ck_enquiry_state",
        ),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_enquiry_follower_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enquiry"),
        sa.UniqueConstraint("number", name="uq_enquiry_number"),
        sa.UniqueConstraint("pid", name="uq_enquiry_pid"),
        sa.UniqueConstraint("form_key", name="uq_enquiry_form_key"),
    )
    op.create_index("ix_enquiry_follower_id", "enquiry", ["follower_id", "id"])
    op.create_index("ix_enquiry_state", "enquiry", ["state", "id"])


def _events() -> None:
    op.create_table(
        "enquiry_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("enquiry_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("from_state", sa.String(10), nullable=True),
        sa.Column("to_state", sa.String(10), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["enquiry_id"], ["enquiry.id"], name="fk_enquiry_event_enquiry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enquiry_event"),
    )
    op.create_index("ix_enquiry_event_enquiry_id", "enquiry_event", ["enquiry_id", "id"])
