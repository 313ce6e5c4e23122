"""The vocabulary of the public index, and the synonyms that staff edit."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_terms"
down_revision = "20261124_catalogue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the vocabulary is built by the next import or the nightly job."""
    _vocabulary()
    op.create_table(
        "words_state",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_words_state"),
    )
    op.create_table(
        "synonym_edit",
        sa.Column("head", sa.String(60), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("head", name="pk_synonym_edit"),
    )


def _vocabulary() -> None:
    op.create_table(
        "term",
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", _spelling(60), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("from_text", sa.Boolean(), nullable=False),
        sa.Column("pinyin", sa.String(200), nullable=False),
        sa.Column("letters", _spelling(200), nullable=False),
        sa.Column("initials", _spelling(60), nullable=False),
        sa.PrimaryKeyConstraint("generation", "number", name="pk_term"),
    )
    for column in ("text", "letters", "initials"):
        op.create_index(f"ix_term_generation_{column}", "term", ["generation", column])
    op.create_table(
        "term_variant",
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("variant", _spelling(200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "variant", "number", name="pk_term_variant"),
        sqlite_with_rowid=False,
    )


def _spelling(length: int) -> sa.types.TypeEngine[str]:
    """Text that compares byte by byte."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
