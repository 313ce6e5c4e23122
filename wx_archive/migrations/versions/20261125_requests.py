"""Requests: whose they are, until when they are promised, what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_requests"
down_revision = "20261125_staff"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.get_bind()
