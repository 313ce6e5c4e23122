"""The one predicate of what the public may see; it fails closed and is part of every query."""

from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select

from wx_archive.catalogue.models import Document, ImportBatch, Record, SearchEntry
from wx_archive.catalogue.rules import (
    Disclosure,
    Openness,
    Secrecy,
    document_is_public,
    record_is_public,
)

_SHOWN: Final = tuple(level.value for level in Disclosure if document_is_public(level))


def is_current(table: type[Document | Record | SearchEntry]) -> ColumnElement[bool]:
    """Rows of a published import that no later import has replaced."""
    unpublished = select(ImportBatch.id).where(ImportBatch.published_at.is_(None))
    return and_(table.is_superseded.is_(False), table.batch_id.not_in(unpublished))


def public_documents() -> ColumnElement[bool]:
    """Documents whose existence the public may know."""
    # One by one: a list would be spelled out anew at each execution (`core.lines.Prepared`).
    return and_(is_current(Document), or_(*(Document.disclosure == level for level in _SHOWN)))


def public_records(today: date) -> ColumnElement[bool]:
    """Records the public may see on ``today`` (Shanghai calendar)."""
    return and_(is_current(Record), is_open_on(today))


def is_open_on(today: date) -> ColumnElement[bool]:
    """Records whose description lets the public in: `rules.record_is_public` in SQL.

    What is NULL compares as unknown, and unknown is no.
    """
    has_come = Record.open_on <= today
    return and_(
        Record.secrecy == Secrecy.PUBLIC.value,
        Record.is_livelihood.is_(False),
        Record.is_closed_above.is_(False),
        or_(
            and_(Record.openness == Openness.OPEN.value, or_(Record.open_on.is_(None), has_come)),
            and_(Record.openness == Openness.DEFERRED.value, has_come),
        ),
    )


def may_be_indexed(target: Document | Record, *, today: date) -> bool:
    """Tell whether an entry for ``target``, or a row of its columns, may stand in the index."""
    if hasattr(target, "disclosure"):
        return document_is_public(Disclosure(target.disclosure))
    return record_is_public(
        openness=Openness(target.openness),
        secrecy=Secrecy(target.secrecy),
        open_on=target.open_on,
        livelihood=target.is_livelihood,
        closed_above=target.is_closed_above,
        today=today,
    )


def public_text(document: Document) -> str:
    """Return what the public may read of a document's body: nothing where it is partly open."""
    return document.body if document.disclosure == Disclosure.FULL else ""
