"""Alembic's entry: always run by `wx_archive.core.schema` with a connection at hand."""

from alembic import context

from wx_archive.core.database import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
