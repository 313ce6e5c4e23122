"""Files that staff upload, with what the check found."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_uploads"
down_revision = "20261125_editing"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "upload",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("openness", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("remark", sa.String(500), nullable=False),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("started_by", sa.String(60), nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'checking', 'checked', 'proposed', 'importing', 'done', "
            "'refused', 'failed', 'dropped')",
            name="ck_upload_state",
        ),
        sa.CheckConstraint("kind IN ('document', 'record')", name="ck_upload_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("pid", name="uq_upload_pid"),
    )
    op.create_index("ix_upload_state", "upload", ["state", "made_by"])
    op.create_table(
        "upload_content",
        sa.Column("upload_id", KEY, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name="fk_upload_content_upload_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", name="pk_upload_content"),
    )
