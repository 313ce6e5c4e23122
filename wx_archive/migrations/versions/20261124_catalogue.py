"""Full descriptions of records, staff's decisions, repeals; the search index in one table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "20261124_catalogue"
down_revision = "20261123_followers"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(120).with_variant(sa.String(120, collation="C"), "postgresql")


def upgrade() -> None:
    """Add what is described; the index is built anew afterwards, from the catalogue."""
    _descriptions()
    _documents()
    _decisions()
    _search()


def _descriptions() -> None:
    texts = {
        "catalogue_code": 40,
        "file_code": 40,
        "item_code": 40,
        "page_code": 40,
        "category": 40,
        "retention": 8,
        "restriction_note": 500,
        "date_text": 60,
        "genre": 40,
        "carrier": 40,
        "language": 40,
        "location": 200,
        "note": 1000,
    }
    with op.batch_alter_table("record") as table:
        table.drop_index("ix_record_number_key")
        table.add_column(sa.Column("parent_key", CODE, nullable=True))
        for name, length in texts.items():
            table.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
        table.add_column(sa.Column("year", sa.SmallInteger(), nullable=True))
        table.add_column(sa.Column("extent_pages", sa.Integer(), nullable=True))
        table.add_column(sa.Column("extent_copies", sa.Integer(), nullable=True))
        table.add_column(sa.Column("date_end", sa.Date(), nullable=True))
        table.add_column(
            sa.Column("date_precision", sa.String(8), nullable=False, server_default="day")
        )
        table.add_column(
            sa.Column("secrecy", sa.String(8), nullable=False, server_default="public")
        )
        table.add_column(
            sa.Column("is_closed_above", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.create_check_constraint("ck_record_secrecy", "secrecy IN ('public', 'internal')")
        table.create_check_constraint(
            "ck_record_no_open_secret", "secrecy = 'public' OR openness <> 'open'"
        )
        table.create_check_constraint(
            "ck_record_date_precision", "date_precision IN ('day', 'month', 'year', 'inferred')"
        )
        table.create_check_constraint(
            "ck_record_dates", "date_end IS NULL OR dated IS NULL OR dated <= date_end"
        )
    op.create_index(
        "ix_record_parent_key",
        "record",
        ["parent_key", "is_closed_above"],
        sqlite_where=sa.text("parent_key IS NOT NULL"),
        postgresql_where=sa.text("parent_key IS NOT NULL"),
    )
    op.create_index(
        "ix_record_open_on",
        "record",
        ["open_on"],
        sqlite_where=sa.text("open_on IS NOT NULL"),
        postgresql_where=sa.text("open_on IS NOT NULL"),
    )
    op.create_index(
        "ix_record_above",
        "record",
        ["batch_id"],
        sqlite_where=sa.text("level <> 'item'"),
        postgresql_where=sa.text("level <> 'item'"),
    )


def _documents() -> None:
    op.add_column("document", sa.Column("amended_on", sa.Date(), nullable=True))
    op.add_column(
        "import_batch",
        sa.Column("is_settled", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE import_batch SET is_settled = (published_at IS NOT NULL)")


def _decisions() -> None:
    op.create_table(
        "access_decision",
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("stated", sa.String(12), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("pid", name="pk_access_decision"),
    )
    op.create_table(
        "opening_review",
        sa.Column("id", KEY, nullable=False),
        sa.Column("record_pid", sa.String(26), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_opening_review"),
        sa.UniqueConstraint("record_pid", name="uq_opening_review_record_pid"),
    )
    op.create_table(
        "repeal_proposal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("document_pid", sa.String(26), nullable=False),
        sa.Column("target_pid", sa.String(26), nullable=False),
        sa.Column("sentence", sa.String(500), nullable=False),
        sa.Column("repealed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'rejected')", name="ck_repeal_proposal_state"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_repeal_proposal"),
        sa.UniqueConstraint(
            "document_pid", "target_pid", name="uq_repeal_proposal_document_pid_target_pid"
        ),
    )
    op.create_index("ix_repeal_proposal_target_pid", "repeal_proposal", ["target_pid"])


def _search() -> None:
    """One table; what is not title or number comes last, so that SQLite need not read it."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_table("search_text")
    op.drop_table("search_entry")
    if is_sqlite:
        op.execute("DROP TABLE search_fts")
    op.create_table(
        "search_entry",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("batch_id", KEY, nullable=False),
        sa.Column("is_superseded", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("repealed_on", sa.Date(), nullable=True),
        sa.Column("amended_on", sa.Date(), nullable=True),
        sa.Column("number_key", sa.String(120), nullable=True),
        sa.Column("reference_key", CODE, nullable=True),
        sa.Column("title_hash", sa.BigInteger(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("number_text", sa.Text(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_search_entry_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_search_entry"),
        sa.UniqueConstraint("kind", "target_id", name="uq_search_entry_kind_target_id"),
    )
    for column in ("number_key", "reference_key"):
        op.create_index(
            f"ix_search_entry_{column}",
            "search_entry",
            [column],
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "search_frequency",
        sa.Column("token", sa.String(80), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_search_frequency"),
    )
    if is_sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE search_fts USING fts5(tokens, content='', detail=none, "
            "columnsize=0, tokenize='unicode61 remove_diacritics 0')"
        )
        return
    op.add_column("search_entry", sa.Column("tokens", TSVECTOR()))
    op.execute(
        "CREATE INDEX ix_search_entry_tokens ON search_entry USING gin(tokens) "
        "WITH (fastupdate=off)"
    )
