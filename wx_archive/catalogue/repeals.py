"""Which documents another one has repealed, and since when: as their files say, never guessed."""

from datetime import date
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.catalogue.models import Document, DocumentRelation, SearchEntry
from wx_archive.catalogue.rules import Kind, document_number
from wx_archive.catalogue.visibility import is_current

REPEALING: Final = ("repeals", "replaces")


def resolve(session: Session) -> None:
    """Mark the documents that current ones repeal, and unmark those that none does any more.

    Linear in the number of documents, because it runs under the write lock.
    """
    days = _days_of_repeal(session)
    entries = select(SearchEntry.target_id, SearchEntry.repealed_on).where(
        SearchEntry.kind == Kind.DOCUMENT.value,
        SearchEntry.repealed_on.is_not(None),
        is_current(SearchEntry),
    )
    marked: dict[int, date | None] = dict(session.execute(entries).all())
    changes = {target: days.get(target) for target in marked if target not in days}
    changes |= {target: day for target, day in days.items() if marked.get(target) != day}
    for target, day in changes.items():
        session.execute(update(Document).where(Document.id == target).values(repealed_on=day))
        session.execute(
            update(SearchEntry)
            .where(SearchEntry.kind == Kind.DOCUMENT.value, SearchEntry.target_id == target)
            .values(repealed_on=day)
        )


def _days_of_repeal(session: Session) -> dict[int, date]:
    """Return the first day on which each repealed document was so, by the documents' ids."""
    by_number: dict[str, list[int]] = {}
    by_title: dict[str, list[int]] = {}
    for own_id, key, title in session.execute(
        select(Document.id, Document.number_key, Document.title).where(is_current(Document))
    ):
        by_title.setdefault(title, []).append(own_id)
        if key:
            by_number.setdefault(key, []).append(own_id)
    relations = session.execute(
        select(
            DocumentRelation.target_number,
            DocumentRelation.target_title,
            Document.id,
            Document.effective_from,
            Document.dated,
        )
        .join(Document, Document.id == DocumentRelation.document_id)
        .where(is_current(Document), DocumentRelation.type.in_(REPEALING))
    )
    days: dict[int, date] = {}
    for number, title, own_id, effective_from, dated in relations:
        since = effective_from or dated
        key = document_number(number) if number else None
        targets = by_number.get(key, []) if key else by_title.get(title, [])
        if since is not None:
            days |= {each: min(since, days.get(each, since)) for each in targets if each != own_id}
    return days
