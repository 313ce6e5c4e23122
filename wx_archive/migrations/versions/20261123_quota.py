"""How often the platform's API was called, by call and day."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_quota"
down_revision = "20261123_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the ledger."""
    op.create_table(
        "api_usage",
        sa.Column("path", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("stopped_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("path", "day", name="pk_api_usage"),
    )
