"""What staff change of documents and records by hand, and what waits for a second person."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_editing"
down_revision = "20261125_requests"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.add_column("access_decision", sa.Column("open_on", sa.Date(), nullable=True))
    op.create_index("ix_opening_review_due_on", "opening_review", ["due_on", "id"])
    _edits()
    _relations()
    _releases()


def _edits() -> None:
    op.create_table(
        "entry_edit",
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("stated", sa.Text(), nullable=False),
        sa.Column("incoming", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.String(60), nullable=False),
        sa.Column("edited_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("pid", name="pk_entry_edit"),
    )
    op.create_index(
        "ix_entry_edit_conflict",
        "entry_edit",
        ["edited_at"],
        sqlite_where=sa.text("incoming <> ''"),
        postgresql_where=sa.text("incoming <> ''"),
    )


def _relations() -> None:
    op.create_table(
        "stated_relation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("document_pid", sa.String(26), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("target_pid", sa.String(26), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("document_pid <> target_pid", name="ck_stated_relation_two_documents"),
        sa.PrimaryKeyConstraint("id", name="pk_stated_relation"),
        sa.UniqueConstraint(
            "document_pid",
            "type",
            "target_pid",
            name="uq_stated_relation_document_pid_type_target_pid",
        ),
    )
    op.create_index("ix_stated_relation_target_pid", "stated_relation", ["target_pid"])


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("subject_pid", sa.String(26), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("seen", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("decided_by", sa.String(60), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_note", sa.String(500), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'released', 'refused', 'withdrawn')", name="ck_release_state"
        ),
        sa.CheckConstraint(
            "made_by <> decided_by OR state = 'withdrawn'", name="ck_release_two_people"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
    )
    op.create_index(
        "uq_release_waiting",
        "release",
        ["subject_pid", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_release_state", "release", ["state", "id"])
    op.create_index("ix_release_subject_pid", "release", ["subject_pid"])
    op.create_index("ix_release_made_by", "release", ["made_by", "id"])
