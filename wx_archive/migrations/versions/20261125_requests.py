"""Requests: whose they are, until when they are promised, what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_requests"
down_revision = "20261125_staff"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

STATES = (
    "state IN ('submitted', 'need_fix', 'accepted', 'searching', 'consulting', 'found', "
    "'not_found', 'not_held', 'refused', 'referred', 'closed', 'withdrawn')"
)
CHANNELS = "channel IN ('chat', 'h5', 'desk', 'letter', 'phone')"
ACTIONS = "action IN ('move', 'take', 'hand', 'extend', 'attach', 'detach', 'contact', 'rate')"
OLD = (
    "id, number, pid, kind, state, follower_id, words, about_pid, note, form_key, "
    "created_at, changed_at"
)
CHANNEL_OF_OLD = "CASE WHEN kind = 'correction' THEN 'h5' ELSE 'chat' END"


def upgrade() -> None:
    """Add the columns and tables; every request and every step of it stays."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        _alter()
    op.create_index("ix_enquiry_act_by", "enquiry", ["act_by", "id"])
    op.create_index("ix_enquiry_answered_on", "enquiry", ["answered_on"])
    op.create_index("ix_enquiry_created_at", "enquiry", ["created_at"])
    _items_and_contacts()


def _alter() -> None:
    op.drop_constraint("ck_enquiry_state", "enquiry", type_="check")
    op.create_check_constraint("ck_enquiry_state", "enquiry", STATES)
    for column in _new_columns():
        op.add_column("enquiry", column)
    op.execute(f"UPDATE enquiry SET channel = {CHANNEL_OF_OLD}")  # noqa: S608 -- our own columns
    op.create_check_constraint("ck_enquiry_channel", "enquiry", CHANNELS)
    op.create_check_constraint("ck_enquiry_rating", "enquiry", "rating BETWEEN 1 AND 5")
    for name in ("first_id", "owner_id"):
        op.create_foreign_key(f"fk_enquiry_{name}", "enquiry", "staff_member", [name], ["id"])
    op.add_column(
        "enquiry_event", sa.Column("action", sa.String(10), nullable=False, server_default="move")
    )
    op.alter_column("enquiry_event", "actor", type_=sa.String(60))
    op.create_check_constraint("ck_enquiry_event_action", "enquiry_event", ACTIONS)
    for table, columns in (("enquiry", _new_columns()), ("enquiry_event", [sa.Column("action")])):
        for column in columns:
            op.alter_column(table, column.name, server_default=None)


def _rebuild() -> None:
    """Make both tables anew: SQLite cannot change a CHECK.

    The steps are taken out first: with foreign keys on, dropping `enquiry` would take them along.
    """
    op.execute("CREATE TABLE enquiry_event_kept AS SELECT * FROM enquiry_event")
    op.execute("CREATE TABLE enquiry_kept AS SELECT * FROM enquiry")
    op.drop_table("enquiry_event")
    op.drop_table("enquiry")
    _requests()
    _events()
    op.execute(
        f"INSERT INTO enquiry ({OLD}, channel) SELECT {OLD}, {CHANNEL_OF_OLD} FROM enquiry_kept"  # noqa: S608 -- our own columns
    )
    steps = "id, enquiry_id, at, from_state, to_state, note, actor"
    op.execute(f"INSERT INTO enquiry_event ({steps}) SELECT {steps} FROM enquiry_event_kept")  # noqa: S608 -- our own columns
    op.drop_table("enquiry_event_kept")
    op.drop_table("enquiry_kept")


def _new_columns() -> list[sa.Column[object]]:
    """Return what is new of a request, with what stands in the rows there are."""
    return [
        sa.Column("channel", sa.String(10), nullable=False, server_default="chat"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("first_id", KEY, nullable=True),
        sa.Column("owner_id", KEY, nullable=True),
        sa.Column("act_by", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("promise_days", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("is_due_known", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("paused_on", sa.Date(), nullable=True),
        sa.Column("paused_days", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("extended_days", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("used_days", sa.SmallInteger(), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("rating_words", sa.String(200), nullable=False, server_default=""),
    ]


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
        *_new_columns(),
        sa.CheckConstraint("kind IN ('search', 'correction')", name="ck_enquiry_kind"),
        sa.CheckConstraint(STATES, name="ck_enquiry_state"),
        sa.CheckConstraint(CHANNELS, name="ck_enquiry_channel"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="ck_enquiry_rating"),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_enquiry_follower_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["first_id"], ["staff_member.id"], name="fk_enquiry_first_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["staff_member.id"], name="fk_enquiry_owner_id"),
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
        sa.Column("action", sa.String(10), nullable=False, server_default="move"),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.CheckConstraint(ACTIONS, name="ck_enquiry_event_action"),
        sa.ForeignKeyConstraint(
            ["enquiry_id"], ["enquiry.id"], name="fk_enquiry_event_enquiry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enquiry_event"),
    )
    op.create_index("ix_enquiry_event_enquiry_id", "enquiry_event", ["enquiry_id", "id"])


def _items_and_contacts() -> None:
    op.create_table(
        "enquiry_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("enquiry_id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(
            ["enquiry_id"], ["enquiry.id"], name="fk_enquiry_item_enquiry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enquiry_item"),
        sa.UniqueConstraint("enquiry_id", "pid", name="uq_enquiry_item_enquiry_id_pid"),
    )
    op.create_table(
        "enquiry_contact",
        sa.Column("enquiry_id", KEY, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enquiry_id"],
            ["enquiry.id"],
            name="fk_enquiry_contact_enquiry_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("enquiry_id", name="pk_enquiry_contact"),
    )
