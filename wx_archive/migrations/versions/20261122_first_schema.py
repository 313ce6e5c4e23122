"""The first schema: followers, conversation, catalogue, search index, short-lived state."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "20261122_first_schema"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(120).with_variant(sa.String(120, collation="C"), "postgresql")


def upgrade() -> None:
    """Create everything."""
    _conversation()
    _catalogue()
    _search()
    if op.get_bind().dialect.name == "postgresql":
        _state()


def _state() -> None:
    """Create the store's table; on SQLite it lives in a file of its own."""
    op.execute(
        "CREATE UNLOGGED TABLE state_entry (key varchar(200) PRIMARY KEY, "
        "value bytea NOT NULL, expires_at double precision NOT NULL)"
    )
    op.create_index("ix_state_entry_expires_at", "state_entry", ["expires_at"])


def _index_tables() -> None:
    """Create the index proper: FTS5 without content or positions, or a bare tsvector."""
    if op.get_bind().dialect.name == "sqlite":
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


def _conversation() -> None:
    op.create_table(
        "follower",
        sa.Column("id", KEY, nullable=False),
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("is_following", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("scene", sa.String(length=128), nullable=True),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_follower"),
        sa.UniqueConstraint("openid", name="uq_follower_openid"),
    )
    op.create_table(
        "handled_message",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("handled_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_handled_message"),
    )
    op.create_index("ix_handled_message_handled_at", "handled_message", ["handled_at"])
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
    )
    op.create_table(
        "conversation",
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_conversation_follower_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("follower_id", name="pk_conversation"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("follower_id", KEY, nullable=True),
        sa.Column("handler", sa.String(length=120), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_dead_letter_follower_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
        sa.UniqueConstraint("key", name="uq_dead_letter_key"),
    )


def _catalogue() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_import_batch"),
    )
    op.create_index("ix_import_batch_kind_digest", "import_batch", ["kind", "digest"])
    op.create_table(
        "document",
        sa.Column("id", KEY, nullable=False),
        sa.Column("batch_id", KEY, nullable=False),
        sa.Column("is_superseded", sa.Boolean(), nullable=False),
        sa.Column("pid", sa.String(length=26), nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("number_key", sa.String(length=120), nullable=True),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("disclosure", sa.String(length=10), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("repealed_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("source_url", sa.String(length=1000), nullable=False),
        sa.CheckConstraint(
            "disclosure IN ('full', 'partial', 'none')", name="ck_document_disclosure"
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_document_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("source_key", "batch_id", name="uq_document_source_key_batch_id"),
    )
    op.create_index("ix_document_number_key", "document", ["number_key"])
    op.create_index("ix_document_pid", "document", ["pid"])
    op.create_table(
        "record",
        sa.Column("id", KEY, nullable=False),
        sa.Column("batch_id", KEY, nullable=False),
        sa.Column("is_superseded", sa.Boolean(), nullable=False),
        sa.Column("pid", sa.String(length=26), nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("reference_code", sa.String(length=120), nullable=False),
        sa.Column("reference_key", CODE, nullable=False),
        sa.Column("fonds_code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("author", sa.String(length=500), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("number_key", sa.String(length=120), nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("keywords", sa.String(length=500), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("openness", sa.String(length=12), nullable=False),
        sa.Column("open_on", sa.Date(), nullable=True),
        sa.Column("is_livelihood", sa.Boolean(), nullable=False),
        sa.CheckConstraint("level IN ('fonds', 'series', 'file', 'item')", name="ck_record_level"),
        sa.CheckConstraint(
            "openness IN ('unreviewed', 'open', 'deferred', 'controlled')",
            name="ck_record_openness",
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_record_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
        sa.UniqueConstraint("source_key", "batch_id", name="uq_record_source_key_batch_id"),
    )
    op.create_index("ix_record_number_key", "record", ["number_key"])
    op.create_index("ix_record_pid", "record", ["pid"])
    op.create_index("ix_record_reference_key", "record", ["reference_key"])
    op.create_table(
        "document_relation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("document_id", KEY, nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("target_number", sa.String(length=200), nullable=False),
        sa.Column("target_title", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name="fk_document_relation_document_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_document_relation"),
    )
    op.create_index("ix_document_relation_document_id", "document_relation", ["document_id"])


def _search() -> None:
    op.create_table(
        "search_entry",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("batch_id", KEY, nullable=False),
        sa.Column("is_superseded", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("pid", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("number_key", sa.String(length=120), nullable=True),
        sa.Column("reference_key", CODE, nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("repealed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_search_entry_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_search_entry"),
        sa.UniqueConstraint("kind", "target_id", name="uq_search_entry_kind_target_id"),
    )
    op.create_index("ix_search_entry_number_key", "search_entry", ["number_key"])
    op.create_index("ix_search_entry_pid", "search_entry", ["pid"])
    op.create_index("ix_search_entry_reference_key", "search_entry", ["reference_key"])
    op.create_table(
        "search_text",
        sa.Column("entry_id", KEY, autoincrement=False, nullable=False),
        sa.Column("hay", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["search_entry.id"], name="fk_search_text_entry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name="pk_search_text"),
    )
    _index_tables()
