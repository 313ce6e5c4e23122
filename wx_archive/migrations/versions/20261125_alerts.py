"""What staff must look at, and whose WeChat is whose."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_alerts"
down_revision = "20261125_keywords"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.get_bind()
