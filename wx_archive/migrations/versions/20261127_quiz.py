"""The quiz: seasons with their cards, the bank's versions, what followers answer and earn."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_quiz"
down_revision = "20261126_readers"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _bank()
    _bank_uploads()
    _play()


def _bank() -> None:
    op.create_table(
        "quiz_question",
        sa.Column("id", KEY, nullable=False),
        sa.Column("question_id", sa.String(40), nullable=False),
        sa.Column("theme", sa.String(40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(16), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("seed_hash", sa.String(16), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("released_by", sa.String(60), nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("batch", sa.String(26), nullable=False),
        sa.Column("form_key", sa.String(26), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'released', 'refused', 'replaced', 'withdrawn')",
            name="state",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_question"),
        sa.UniqueConstraint("form_key", name="uq_quiz_question_form_key"),
    )
    op.create_index("ix_quiz_question_question_id", "quiz_question", ["question_id", "id"])
    op.create_index("ix_quiz_question_batch", "quiz_question", ["batch"])
    op.create_index("ix_quiz_question_state", "quiz_question", ["state", "id"])
    op.create_index(
        "uq_quiz_question_open",
        "quiz_question",
        ["question_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('draft', 'waiting', 'refused')"),
        postgresql_where=sa.text("state IN ('draft', 'waiting', 'refused')"),
    )
    op.create_index(
        "uq_quiz_question_released",
        "quiz_question",
        ["question_id"],
        unique=True,
        sqlite_where=sa.text("state = 'released'"),
        postgresql_where=sa.text("state = 'released'"),
    )
    op.create_table(
        "quiz_season",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("pick_up_until", sa.Date(), nullable=False),
        sa.Column("themes", sa.Text(), nullable=False),
        sa.Column("daily_cap", sa.SmallInteger(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("released_by", sa.String(60), nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(60), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("daily_cap BETWEEN 1 AND 200", name="daily_cap"),
        sa.CheckConstraint("starts_on <= ends_on AND ends_on <= pick_up_until", name="days"),
        sa.CheckConstraint("state IN ('draft', 'waiting', 'released', 'withdrawn')", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_season"),
        sa.UniqueConstraint("pid", name="uq_quiz_season_pid"),
    )
    op.create_table(
        "quiz_card_kind",
        sa.Column("id", KEY, nullable=False),
        sa.Column("season_id", KEY, nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("story", sa.String(400), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("entry", sa.String(120), nullable=False),
        sa.Column("asset_pid", sa.String(26), nullable=True),
        sa.Column("art_pid", sa.String(26), nullable=True),
        sa.CheckConstraint("ordinal BETWEEN 1 AND 10", name="ordinal"),
        sa.ForeignKeyConstraint(
            ["season_id"],
            ["quiz_season.id"],
            name="fk_quiz_card_kind_season_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_card_kind"),
        sa.UniqueConstraint("season_id", "ordinal", name="uq_quiz_card_kind_season_id_ordinal"),
    )


def _bank_uploads() -> None:
    op.create_table(
        "quiz_bank_upload",
        sa.Column("id", KEY, nullable=False),
        sa.Column("pid", sa.String(26), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(7), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(60), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'dropped')", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_bank_upload"),
        sa.UniqueConstraint("pid", name="uq_quiz_bank_upload_pid"),
    )
    op.create_index("ix_quiz_bank_upload_state", "quiz_bank_upload", ["state", "made_by"])


def _play() -> None:
    op.create_table(
        "quiz_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("follower_id", KEY, nullable=False),
        sa.Column("season_id", KEY, nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.SmallInteger(), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.CheckConstraint("carried BETWEEN 0 AND 9", name="carried"),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name="fk_quiz_entry_follower_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["season_id"], ["quiz_season.id"], name="fk_quiz_entry_season_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_entry"),
        sa.UniqueConstraint("follower_id", "season_id", name="uq_quiz_entry_follower_id_season_id"),
    )
    op.create_index("ix_quiz_entry_season_id", "quiz_entry", ["season_id"])
    op.create_table(
        "quiz_draw",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token", sa.String(12), nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("question_id", sa.String(40), nullable=False),
        sa.Column("question_hash", sa.String(16), nullable=False),
        sa.Column("order", sa.String(4), nullable=False),
        sa.Column("picked", sa.String(4), nullable=False),
        sa.Column("drawn_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.CheckConstraint("place >= 1", name="place"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["quiz_entry.id"], name="fk_quiz_draw_entry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_draw"),
        sa.UniqueConstraint("entry_id", "place", name="uq_quiz_draw_entry_id_place"),
        sa.UniqueConstraint("entry_id", "question_id", name="uq_quiz_draw_entry_id_question_id"),
        sa.UniqueConstraint("token", name="uq_quiz_draw_token"),
    )
    op.create_index("ix_quiz_draw_question_id", "quiz_draw", ["question_id"])
    op.create_index(
        "uq_quiz_draw_open",
        "quiz_draw",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "quiz_answer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("draw_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("given", sa.String(60), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("right_no", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("(right_no IS NOT NULL) = is_right", name="right_no"),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["quiz_draw.id"], name="fk_quiz_answer_draw_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["quiz_entry.id"], name="fk_quiz_answer_entry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_answer"),
        sa.UniqueConstraint("draw_id", name="uq_quiz_answer_draw_id"),
        sa.UniqueConstraint("entry_id", "right_no", name="uq_quiz_answer_entry_id_right_no"),
    )
    op.create_index("ix_quiz_answer_day", "quiz_answer", ["day"])
    op.create_index("ix_quiz_answer_entry_id_day", "quiz_answer", ["entry_id", "day"])
    op.create_table(
        "quiz_card",
        sa.Column("id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("answer_id", KEY, nullable=False),
        sa.Column("earned_at", INSTANT, nullable=False),
        sa.CheckConstraint("ordinal BETWEEN 1 AND 10", name="ordinal"),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["quiz_answer.id"], name="fk_quiz_card_answer_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["quiz_entry.id"], name="fk_quiz_card_entry_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_card"),
        sa.UniqueConstraint("answer_id", name="uq_quiz_card_answer_id"),
        sa.UniqueConstraint("entry_id", "ordinal", name="uq_quiz_card_entry_id_ordinal"),
    )
    op.create_table(
        "quiz_complaint",
        sa.Column("id", KEY, nullable=False),
        sa.Column("draw_id", KEY, nullable=False),
        sa.Column("question_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(8), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("settled_by", sa.String(60), nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint("reason IN ('answer', 'wording', 'source')", name="reason"),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["quiz_draw.id"], name="fk_quiz_complaint_draw_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_complaint"),
        sa.UniqueConstraint("draw_id", name="uq_quiz_complaint_draw_id"),
    )
    op.create_index("ix_quiz_complaint_question_id", "quiz_complaint", ["question_id"])
