"""Looking things up: one way for the chat, the pages and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from wx_archive.catalogue import search
from wx_archive.catalogue.models import Document, Record
from wx_archive.catalogue.query import load_synonyms, understand
from wx_archive.catalogue.rules import (
    Kind,
    Period,
    Validity,
    document_number,
    looks_like_reference_code,
    reference_code,
    validity,
)
from wx_archive.catalogue.search import COUNT_BOUND, Found, Hit
from wx_archive.catalogue.visibility import public_documents, public_records
from wx_archive.core.site import Site
from wx_archive.lookup import rules


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A current document as the public may read it."""

    pid: str
    title: str
    number: str
    issuer: str
    dated: date | None
    topic: str
    paragraphs: tuple[str, ...]
    is_partial: bool
    validity: Validity
    effective_from: date | None
    effective_to: date | None
    repealed_on: date | None
    source: str
    source_url: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """An open archive record as the public may read it."""

    pid: str
    title: str
    reference_code: str
    fonds_code: str
    author: str
    number: str
    dated: date | None
    keywords: tuple[str, ...]
    abstract: str


def find(
    connection: Connection,
    site: Site,
    text: str,
    *,
    today: date,
    kind: Kind | None = None,
    offset: int = 0,
    limit: int = rules.PAGE,
) -> Found:
    """Return a page of what ``text`` finds; a known number or code finds just what bears it.

    «我想查一下公积金» is tried as it stands and, when that finds nothing, without its politeness.
    """
    synonyms = load_synonyms(site.content / "synonyms.yaml")
    query = understand(text, kind=kind, synonyms=synonyms)
    known = [hit for hit in by_number(connection, text, today=today) if kind in (None, hit.kind)]
    if known:
        total, is_capped = min(len(known), COUNT_BOUND), len(known) > COUNT_BOUND
        return Found(query, total, is_capped, tuple(known[:COUNT_BOUND][offset : offset + limit]))
    found = search.search(connection, query, today=today, offset=offset, limit=limit)
    rest = rules.without_asking(text)
    if found.total == 0 and rest is not None:
        query = understand(rest, kind=kind, synonyms=synonyms)
        found = search.search(connection, query, today=today, offset=offset, limit=limit)
    return found


def find_instead(
    connection: Connection, site: Site, text: str, *, today: date, kind: Kind | None = None
) -> Found | None:
    """Return the first page of what a sentence that found nothing is likely about.

    Its words that titles know are looked for together; then without the shortest, and so on.
    The query of what is returned names the words that were looked for.
    """
    synonyms = load_synonyms(site.content / "synonyms.yaml")
    whole = understand(text, kind=kind)

    def is_known(word: str) -> bool:
        spellings = (word, *synonyms.get(word, ()))
        return any(search.is_in_a_title(connection, spelling) for spelling in spellings)

    known = rules.content_words(" ".join(word.text for word in whole.words), is_known)
    years = rules.spell_years(whole.years)
    while known:
        found = find(connection, site, " ".join([*years, *known]), today=today, kind=kind)
        if found.total:
            return found
        known.remove(min(known, key=len))
    return None


def by_number(connection: Connection, text: str, *, today: date) -> Sequence[Hit]:
    """Return what bears exactly this document number or 档号; empty when it is none of ours."""
    if key := document_number(text):
        return search.by_number(connection, key, today=today)
    if looks_like_reference_code(text):
        return search.by_reference_code(connection, reference_code(text), today=today)
    return ()


def document(connection: Connection, pid: str, *, today: date) -> DocumentView | None:
    """Return a visible document; hidden and missing are the same None."""
    row = connection.execute(
        select(Document.__table__).where(Document.pid == pid, public_documents())
    ).one_or_none()
    if row is None:
        return None
    is_partial = row.disclosure != "full"
    body = "" if is_partial else row.body
    return DocumentView(
        pid=row.pid,
        title=row.title,
        number=row.number,
        issuer=row.issuer,
        dated=row.dated,
        topic=row.topic,
        paragraphs=tuple(line.strip() for line in body.splitlines() if line.strip(" \u200b\t")),
        is_partial=is_partial,
        validity=validity(Period(row.effective_from, row.effective_to, row.repealed_on), on=today),
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        repealed_on=row.repealed_on,
        source=row.source,
        source_url=row.source_url if row.source_url.startswith(("http://", "https://")) else "",
    )


def record(connection: Connection, pid: str, *, today: date) -> RecordView | None:
    """Return a visible record; hidden and missing are the same None."""
    row = connection.execute(
        select(Record.__table__).where(Record.pid == pid, public_records(today))
    ).one_or_none()
    if row is None:
        return None
    return RecordView(
        pid=row.pid,
        title=row.title,
        reference_code=row.reference_code,
        fonds_code=row.fonds_code,
        author=row.author,
        number=row.number,
        dated=row.dated,
        keywords=tuple(word for word in row.keywords.replace("；", ";").split(";") if word),
        abstract=row.abstract,
    )


def badge(hit: Hit) -> str:
    """Return the one word that tells a citizen what this entry is worth to them."""
    return hit.validity.value if hit.validity else "开放档案"
