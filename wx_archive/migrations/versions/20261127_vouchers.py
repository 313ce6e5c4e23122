"""Facsimiles and vouchers, each with its ledger."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_vouchers"
down_revision = "20261127_quiz"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _tables()
    _ledgers()


def _tables() -> None:
    op.create_table(
        "quiz_facsimile",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("about", sa.String(400), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("entry", sa.String(120), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("0 <= reserved AND reserved <= on_hand", name="stock"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_facsimile"),
        sa.UniqueConstraint("pid", name="uq_quiz_facsimile_pid"),
    )
    op.create_table(
        "quiz_voucher",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("entry_id", KEY, nullable=True),
        sa.Column("facsimile_id", KEY, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("redeemed_by", KEY, nullable=True),
        sa.Column("receipt", sa.String(20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('issued', 'redeemed', 'expired', 'void')", name="state"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["quiz_entry.id"], name="fk_quiz_voucher_entry_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["facsimile_id"], ["quiz_facsimile.id"], name="fk_quiz_voucher_facsimile_id"
        ),
        sa.ForeignKeyConstraint(
            ["redeemed_by"], ["staff_member.id"], name="fk_quiz_voucher_redeemed_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_voucher"),
        sa.UniqueConstraint("code", name="uq_quiz_voucher_code"),
        sa.UniqueConstraint("receipt", name="uq_quiz_voucher_receipt"),
    )
    op.create_index("ix_quiz_voucher_facsimile_id", "quiz_voucher", ["facsimile_id"])
    op.create_index("ix_quiz_voucher_entry_id", "quiz_voucher", ["entry_id", "id"])
    op.create_index("ix_quiz_voucher_state", "quiz_voucher", ["state", "expires_on"])
    op.create_index(
        "uq_quiz_voucher_standing",
        "quiz_voucher",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('issued', 'redeemed')"),
        postgresql_where=sa.text("state IN ('issued', 'redeemed')"),
    )


def _ledgers() -> None:
    op.create_table(
        "quiz_voucher_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("voucher_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.String(6), nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.Column("receipt", sa.String(20), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "action IN ('issue', 'redeem', 'undo', 'expire', 'void')", name="action"
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["quiz_voucher.id"], name="fk_quiz_voucher_event_voucher_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_voucher_event"),
    )
    op.create_index("ix_quiz_voucher_event_voucher_id", "quiz_voucher_event", ["voucher_id", "id"])
    op.create_index("ix_quiz_voucher_event_at", "quiz_voucher_event", ["at"])
    op.create_index("ix_quiz_voucher_event_receipt", "quiz_voucher_event", ["receipt"])
    op.create_table(
        "quiz_stock_move",
        sa.Column("id", KEY, nullable=False),
        sa.Column("facsimile_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.String(9), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("voucher_id", KEY, nullable=True),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "action IN ('receive', 'write_off', 'reserve', 'return', 'hand_out', 'take_back')",
            name="action",
        ),
        sa.ForeignKeyConstraint(
            ["facsimile_id"], ["quiz_facsimile.id"], name="fk_quiz_stock_move_facsimile_id"
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["quiz_voucher.id"], name="fk_quiz_stock_move_voucher_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_stock_move"),
    )
    op.create_index("ix_quiz_stock_move_facsimile_id", "quiz_stock_move", ["facsimile_id", "id"])
    op.create_index("ix_quiz_stock_move_voucher_id", "quiz_stock_move", ["voucher_id"])
    op.create_table(
        "quiz_receipt_counter",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_quiz_receipt_counter"),
    )
