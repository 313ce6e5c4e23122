"""The one predicate of what the public may see; it fails closed and is part of every query."""

from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select

from wx_archive.catalogue.models import Document, ImportBatch, Record, SearchEntry
from wx_archive.catalogue.rules import (
    Disclosure,
    Openness,
    document_is_public,
    record_is_public,
)


def is_current(table: type[Document | Record | SearchEntry]) -> ColumnElement[bool]:
    """Rows of a published import that no later import has replaced."""
    unpublished = select(ImportBatch.id).where(ImportBatch.published_at.is_(None))
    return and_(table.is_superseded.is_(False), table.batch_id.not_in(unpublished))


def public_documents() -> ColumnElement[bool]:
    """Documents whose existence the public may know."""
    shown = [disclosure.value for disclosure in Disclosure if document_is_public(disclosure)]
    return and_(is_current(Document), Document.disclosure.in_(shown))


def public_records(today: date) -> ColumnElement[bool]:
    """Records the public may see on ``today`` (Shanghai calendar)."""
    return and_(
        is_current(Record),
        Record.openness == Openness.OPEN.value,
        Record.is_livelihood.is_(False),
        or_(Record.open_on.is_(None), Record.open_on <= today),
    )


def may_be_indexed(target: Document | Record, *, today: date) -> bool:
    """Tell whether an entry for ``target`` may stand in the public index."""
    if isinstance(target, Document):
        return document_is_public(Disclosure(target.disclosure))
    return record_is_public(
        openness=Openness(target.openness),
        open_on=target.open_on,
        livelihood=target.is_livelihood,
        today=today,
    )


def public_text(document: Document) -> str:
    """Return what the public may read of a document's body: nothing where it is partly open."""
    return document.body if document.disclosure == Disclosure.FULL else ""
