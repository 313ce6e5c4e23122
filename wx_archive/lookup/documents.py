"""A current document as its page shows it, and the documents it has to do with."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from wx_archive.catalogue import relations, search
from wx_archive.catalogue.models import Document, DocumentRelation
from wx_archive.catalogue.query import MAX_LENGTH, understand
from wx_archive.catalogue.rules import (
    Access,
    Disclosure,
    Kind,
    Period,
    Validity,
    document_access,
    document_number,
    validity,
)
from wx_archive.catalogue.timeline import Event, timeline
from wx_archive.catalogue.visibility import public_documents
from wx_archive.lookup.links import RELATED, Link

_CHAPTER: Final = re.compile(r"第[一二三四五六七八九十百零〇\d]{1,5}[章编]")
_YEAR_BRACKETS: Final = re.compile(r"[〔\[(（【]\s*(\d{4})\s*[〕\])）】]")
_BRACKETS: Final = ("〔〕", "[]", "()", "（）", "【】")
_LOOKED_AT: Final = 200
"""Of the relations that name one document, so many are read, the newest."""
_BLANK: Final = " \u200b\t\u3000\r"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a full text, with the name of its anchor."""

    anchor: str
    text: str
    is_chapter: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A current document as the public may read it.

    Attributes:
        validity: today.
        on: the day that was asked about.
        then: the validity on that day.
        timeline: its life, day by day; what lies after ``on`` is still to come.
        related: what it names and what names it, but for what the timeline tells already.
    """

    pid: str
    title: str
    number: str
    issuer: str
    dated: date | None
    topic: str
    text: tuple[Paragraph, ...]
    access: Access
    validity: Validity
    on: date
    then: Validity
    effective_from: date | None
    effective_to: date | None
    timeline: tuple[Event, ...]
    related: tuple[Link, ...]
    source: str
    source_url: str

    @property
    def is_partial(self) -> bool:
        """Only the catalogue may be seen."""
        return self.access is Access.APPLY

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text alone."""
        return tuple(paragraph.text for paragraph in self.text)

    @property
    def chapters(self) -> tuple[Paragraph, ...]:
        """The headings of the text's chapters."""
        return tuple(paragraph for paragraph in self.text if paragraph.is_chapter)


def document(
    connection: Connection, pid: str, *, today: date, on: date | None = None
) -> DocumentView | None:
    """Return a visible document and its validity; hidden and missing are the same None."""
    row = connection.execute(
        select(Document.__table__).where(Document.pid == pid, public_documents())
    ).one_or_none()
    if row is None:
        return None
    access = document_access(Disclosure(row.disclosure))
    life = timeline(connection, pid, on or today)
    told = {row.pid, *(event.by.pid for event in life if event.by)}
    period = Period(row.effective_from, row.effective_to, row.repealed_on, row.amended_on)
    return DocumentView(
        pid=row.pid,
        title=row.title,
        number=row.number,
        issuer=row.issuer,
        dated=row.dated,
        topic=row.topic,
        text=_paragraphs(row.body) if access is Access.ONLINE else (),
        access=access,
        validity=validity(period, on=today),
        on=on or today,
        then=validity(period, on=on or today),
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        timeline=life,
        related=_related_documents(connection, row, told, today),
        source=row.source,
        source_url=row.source_url if row.source_url.startswith(("http://", "https://")) else "",
    )


def _paragraphs(body: str) -> tuple[Paragraph, ...]:
    lines = (line.strip(_BLANK) for line in body.splitlines())
    return tuple(
        Paragraph(f"p{number}", line, _CHAPTER.match(line) is not None and len(line) <= 40)
        for number, line in enumerate((line for line in lines if line), 1)
    )


_DOES: Final = {
    "amends": "它修改的",
    "repeals": "它废止的",
    "partly_repeals": "它部分废止的",
    "replaces": "它代替的",
    "supersedes": "它代替的",
    "implements": "它落实的",
    "interprets": "它解读的",
    "forwards": "它转发的",
    "corrects": "它更正的",
}
_IS_DONE_TO: Final = {
    "amends": "修改它的",
    "repeals": "废止它的",
    "partly_repeals": "部分废止它的",
    "replaces": "代替它的",
    "supersedes": "代替它的",
    "implements": "落实它的",
    "interprets": "解读它的",
    "forwards": "转发它的",
    "corrects": "更正它的",
}
_DOCUMENT_LINK: Final = (Document.pid, Document.title, Document.number, Document.dated)


def _related_documents(
    connection: Connection, row: Any, told: Collection[str], today: date
) -> tuple[Link, ...]:
    """Return the documents that this one names, then those that name it; none that was told of."""
    found: dict[str, Link] = {}
    stated = _stated(connection, row)
    for link in (*stated, *_named_by(connection, row, today), *_naming(connection, row)):
        if link.pid not in told:
            found.setdefault(link.pid, link)
    return tuple(islice(found.values(), 2 * RELATED))


def _stated(connection: Connection, row: Any) -> Iterable[Link]:
    """Yield what staff have stated by hand."""
    for kind, is_ours, other in relations.for_public(connection, row.pid):
        says = _DOES.get(kind, "它提到的") if is_ours else _IS_DONE_TO.get(kind, "提到它的")
        yield _document_link(other, says)


def _named_by(connection: Connection, row: Any, today: date) -> Iterable[Link]:
    named = connection.execute(
        select(
            DocumentRelation.type, DocumentRelation.target_number, DocumentRelation.target_title
        ).where(DocumentRelation.document_id == row.id)
    ).all()
    for relation in named:
        key = document_number(relation.target_number) if relation.target_number else None
        if key:
            statement = select(*_DOCUMENT_LINK).where(Document.number_key == key)
            targets: Iterable[Any] = connection.execute(
                statement.where(public_documents()).order_by(Document.id.desc()).limit(RELATED)
            )
        else:
            targets = _titled(connection, relation.target_title, row, today)
        for target in targets:
            yield _document_link(target, _DOES.get(relation.type, "它提到的"))


def _titled(connection: Connection, title: str, row: Any, today: date) -> Iterable[search.Hit]:
    """Return the documents with just this title, by the index: the table has none for titles.

    What came later than the one that names it bears the same title by chance.
    """
    if not title:
        return ()
    query = understand(title[:MAX_LENGTH], kind=Kind.DOCUMENT)
    found = search.search(connection, query, today=today, limit=RELATED)
    since = row.effective_from or row.dated or date.max
    return (hit for hit in found.hits if hit.title == title and (hit.dated or since) <= since)


def _naming(connection: Connection, row: Any) -> Iterable[Link]:
    """Yield the documents whose files name this one, by its number in any brackets or its title.

    In two steps, so that the bodies of all documents are not read past on the way.
    """
    spelled = _spellings(row.number) if row.number else []
    by_title = and_(
        DocumentRelation.target_number == "", DocumentRelation.target_title == row.title
    )
    naming = connection.execute(
        select(DocumentRelation.document_id, DocumentRelation.type, DocumentRelation.target_number)
        .where(or_(DocumentRelation.target_number.in_(spelled), by_title))
        .order_by(DocumentRelation.id.desc())
        .limit(_LOOKED_AT)
    ).all()
    if not naming:
        return
    statement = select(Document.id, *_DOCUMENT_LINK).where(
        Document.id.in_({relation.document_id for relation in naming}), public_documents()
    )
    known = {one.id: one for one in connection.execute(statement)}
    named = [(known[each.document_id], each) for each in naming if each.document_id in known]
    for one, relation in sorted(named, key=lambda pair: pair[0].dated or date.min, reverse=True):
        is_older = (row.dated or date.min) <= (one.dated or date.max)
        if relation.target_number or is_older:
            yield _document_link(one, _IS_DONE_TO.get(relation.type, "提到它的"))


def _spellings(number: str) -> list[str]:
    """Return a document number with its year in every kind of brackets."""
    pairs = (_YEAR_BRACKETS.sub(rf"{left}\1{right}", number) for left, right in _BRACKETS)
    return list(dict.fromkeys((number, *pairs)))


def _document_link(row: Any, says: str) -> Link:
    return Link(Kind.DOCUMENT, row.pid, row.title, row.number, row.dated, says=says)
