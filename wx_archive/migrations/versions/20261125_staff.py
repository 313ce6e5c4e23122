"""People who work here, their sessions, the audit log, and what staff edit of the site."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_staff"
down_revision = "20261124_enquiries"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; nobody can change or delete what stands in the audit log."""
    _people()
    _sessions()
    _audit()
    _seal_audit(is_sqlite=op.get_bind().dialect.name == "sqlite")
    op.create_table(
        "revision",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name="pk_revision"),
    )


def _people() -> None:
    op.create_table(
        "staff_member",
        sa.Column("id", KEY, nullable=False),
        sa.Column("login", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("password_set_at", INSTANT, nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_member"),
        sa.UniqueConstraint("login", name="uq_staff_member_login"),
    )
    op.create_table(
        "staff_role",
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.CheckConstraint(
            "role IN ('correspondent', 'editor', 'reviewer', 'publisher', 'desk', 'auditor', "
            "'admin')",
            name="ck_staff_role_role",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["staff_member.id"],
            name="fk_staff_role_member_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", "role", name="pk_staff_role"),
    )


def _sessions() -> None:
    op.create_table(
        "staff_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("stage", sa.String(10), nullable=False),
        sa.Column("pending_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "stage IN ('code', 'password', 'enrol', 'full')", name="ck_staff_session_stage"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["staff_member.id"],
            name="fk_staff_session_member_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_session"),
        sa.UniqueConstraint("token_hash", name="uq_staff_session_token_hash"),
    )
    op.create_index("ix_staff_session_member_id", "staff_session", ["member_id"])
    op.create_table(
        "staff_recovery_code",
        sa.Column("id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["staff_member.id"],
            name="fk_staff_recovery_code_member_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_recovery_code"),
        sa.UniqueConstraint("code_hash", name="uq_staff_recovery_code_code_hash"),
    )
    op.create_index("ix_staff_recovery_code_member_id", "staff_recovery_code", ["member_id"])
    op.create_table(
        "staff_login_attempt",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("blocked_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_staff_login_attempt"),
    )
    op.create_index("ix_staff_login_attempt_last_at", "staff_login_attempt", ["last_at"])


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entry"),
    )
    for column in ("actor", "subject", "action"):
        op.create_index(f"ix_audit_entry_{column}", "audit_entry", [column, "number"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64}])


def _seal_audit(*, is_sqlite: bool) -> None:
    """Let rows of the log only ever be added."""
    if is_sqlite:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entry_no_{what.lower()} BEFORE {what} ON audit_entry "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
            )
        # REPLACE deletes without asking the trigger on DELETE.
        op.execute(
            "CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry "
            "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_entry_sealed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_sealed BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_sealed()"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_kept BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_sealed()"
    )
