"""The register: agreements, rights, accessions, certificates; and the checks of what is kept."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_treasure_register"
down_revision = "20261128_treasures"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _agreements()
    _register()
    _fixity()


def _agreements() -> None:
    op.create_table(
        "treasure_agreement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("treasure_id", KEY, nullable=False),
        sa.Column("wish", sa.String(8), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("scope_until", sa.Date(), nullable=True),
        sa.Column("credit", sa.String(10), nullable=False),
        sa.Column("credit_name", sa.String(30), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("has_priority", sa.Boolean(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("scan_id", KEY, nullable=True),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("credit IN ('name', 'pseudonym', 'anonymous')", name="credit"),
        sa.CheckConstraint("scope IN ('public', 'reading_room', 'closed')", name="scope"),
        sa.CheckConstraint("wish IN ('donate', 'copy', 'deposit', 'tip')", name="wish"),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["treasure_file.id"], name="fk_treasure_agreement_scan_id"
        ),
        sa.ForeignKeyConstraint(
            ["treasure_id"], ["treasure.id"], name="fk_treasure_agreement_treasure_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_agreement"),
        sa.UniqueConstraint("number", name="uq_treasure_agreement_number"),
        sa.UniqueConstraint("treasure_id", name="uq_treasure_agreement_treasure_id"),
    )
    op.create_table(
        "treasure_right",
        sa.Column("id", KEY, nullable=False),
        sa.Column("treasure_id", KEY, nullable=False),
        sa.Column("use", sa.String(8), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.Column("granted_by", sa.String(60), nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoked_by", sa.String(60), nullable=False),
        sa.Column("revoked_because", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "use IN ('preserve', 'research', 'exhibit', 'web', 'wechat', 'derive')", name="use"
        ),
        sa.ForeignKeyConstraint(
            ["treasure_id"], ["treasure.id"], name="fk_treasure_right_treasure_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_right"),
    )
    op.create_index(
        "uq_treasure_right_standing",
        "treasure_right",
        ["treasure_id", "use"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "treasure_plan",
        sa.Column("treasure_id", KEY, autoincrement=False, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("condition", sa.String(200), nullable=False),
        sa.Column("extent", sa.String(60), nullable=False),
        sa.Column("location", sa.String(60), nullable=False),
        sa.Column("fonds", sa.String(20), nullable=False),
        sa.Column("proposed_by", sa.String(60), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["treasure_id"], ["treasure.id"], name="fk_treasure_plan_treasure_id"
        ),
        sa.PrimaryKeyConstraint("treasure_id", name="pk_treasure_plan"),
    )


def _register() -> None:
    op.create_table(
        "treasure_accession",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("treasure_id", KEY, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("condition", sa.String(200), nullable=False),
        sa.Column("extent", sa.String(60), nullable=False),
        sa.Column("location", sa.String(60), nullable=False),
        sa.Column("record_pid", sa.String(26), nullable=True),
        sa.Column("proposed_by", sa.String(60), nullable=False),
        sa.Column("entered_by", sa.String(60), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.CheckConstraint("proposed_by <> entered_by", name="two_people"),
        sa.ForeignKeyConstraint(
            ["treasure_id"], ["treasure.id"], name="fk_treasure_accession_treasure_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_accession"),
        sa.UniqueConstraint("number", name="uq_treasure_accession_number"),
        sa.UniqueConstraint("treasure_id", name="uq_treasure_accession_treasure_id"),
    )
    op.create_table(
        "treasure_certificate",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("accession_id", KEY, nullable=False),
        sa.Column("token", sa.String(26), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("extent", sa.String(60), nullable=False),
        sa.Column("credit_name", sa.String(30), nullable=False),
        sa.Column("issued_by", sa.String(60), nullable=False),
        sa.Column("png_key", sa.String(64), nullable=True),
        sa.Column("png_sha256", sa.String(64), nullable=True),
        sa.Column("fault", sa.String(200), nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoked_because", sa.String(200), nullable=False),
        sa.CheckConstraint("kind IN ('donate', 'copy', 'deposit', 'tip')", name="kind"),
        sa.ForeignKeyConstraint(
            ["accession_id"], ["treasure_accession.id"], name="fk_treasure_certificate_accession_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_certificate"),
        sa.UniqueConstraint("number", name="uq_treasure_certificate_number"),
        sa.UniqueConstraint("token", name="uq_treasure_certificate_token"),
    )
    op.create_index(
        "uq_treasure_certificate_standing",
        "treasure_certificate",
        ["accession_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "treasure_showing",
        sa.Column("file_id", KEY, autoincrement=False, nullable=False),
        sa.Column("asset_pid", sa.String(26), nullable=False),
        sa.Column("tells_story", sa.Boolean(), nullable=False),
        sa.Column("shown_by", sa.String(60), nullable=False),
        sa.Column("shown_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["treasure_file.id"], name="fk_treasure_showing_file_id"
        ),
        sa.PrimaryKeyConstraint("file_id", name="pk_treasure_showing"),
        sa.UniqueConstraint("asset_pid", name="uq_treasure_showing_asset_pid"),
    )


def _fixity() -> None:
    op.create_table(
        "treasure_fixity_run",
        sa.Column("id", KEY, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_fixity_run"),
    )
    op.create_table(
        "treasure_fixity_fault",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("expected", sa.String(64), nullable=False),
        sa.Column("found", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["treasure_file.id"],
            name="fk_treasure_fixity_fault_file_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["treasure_fixity_run.id"],
            name="fk_treasure_fixity_fault_run_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treasure_fixity_fault"),
    )
    op.create_index("ix_treasure_fixity_fault_file_id", "treasure_fixity_fault", ["file_id"])
    op.create_index("ix_treasure_fixity_fault_run_id", "treasure_fixity_fault", ["run_id"])
