"""Looking things up: one way for the chat, the pages and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection

from wx_archive.catalogue import search, words
from wx_archive.catalogue.query import Query, understand
from wx_archive.catalogue.rules import (
    Kind,
    document_number,
    looks_like_reference_code,
    reference_code,
)
from wx_archive.catalogue.search import COUNT_BOUND, Found, Hit
from wx_archive.catalogue.topics import Topic, find_topic, load_topics
from wx_archive.catalogue.words import Near
from wx_archive.core.site import Site
from wx_archive.lookup import rules
from wx_archive.lookup.documents import document
from wx_archive.lookup.records import record

__all__ = [
    "OtherWords",
    "badge",
    "by_number",
    "decades",
    "document",
    "find",
    "find_instead",
    "other_words",
    "record",
    "topics",
]
_OLDEST_DECADE: Final = 1900


@dataclass(frozen=True, slots=True)
class OtherWords:
    """What else one may type.

    Attributes:
        meant: what was likely meant where it was mistyped; names are never corrected.
        near: words near the typed ones that find something, with how much.
    """

    meant: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()


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
    synonyms = words.synonyms_of(connection, site)
    if narrowed := _narrowed(text, site, kind, synonyms):
        return search.search(connection, narrowed, today=today, offset=offset, limit=limit)
    query = understand(text, kind=kind, synonyms=synonyms)
    if known := _known(connection, query, today, offset, limit):
        return known
    found = search.search(connection, query, today=today, offset=offset, limit=limit)
    rest = rules.without_asking(text)
    if found.total == 0 and rest is not None:
        query = understand(rest, kind=kind, synonyms=synonyms)
        found = search.search(connection, query, today=today, offset=offset, limit=limit)
    return found


def topics(site: Site) -> Mapping[str, tuple[Topic, ...]]:
    """Return the citizens' topics by group."""
    return load_topics(site.content / "topics.yaml")


def _narrowed(
    text: str, site: Site, kind: Kind | None, synonyms: Mapping[str, Sequence[str]]
) -> Query | None:
    """Return the query of «有效 …» and «主题 …»; None where neither was asked."""
    rest = rules.take_word(text, rules.IN_FORCE)
    asked = rules.take_word(rest or text, rules.TOPIC)
    name, _space, others = (asked or "").partition(" ")
    topic = find_topic(site.content / "topics.yaml", name)
    if topic is None and rest is None:
        return None
    query = understand(others if topic else rest or "", kind=kind, synonyms=synonyms)
    if topic:
        meant = topic.query
        query = replace(query, words=(*meant.words, *query.words), kind=meant.kind)
    return replace(query, text=text.strip(), in_force=rest is not None)


def find_instead(
    connection: Connection, site: Site, text: str, *, today: date, kind: Kind | None = None
) -> Found | None:
    """Return the first page of what a sentence that found nothing is likely about.

    Its words that titles know are looked for together; then without the shortest, and so on.
    The query of what is returned names the words that were looked for.
    """
    synonyms = words.synonyms_of(connection, site)
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


def by_number(connection: Connection, text: str, *, today: date, limit: int = 2) -> Sequence[Hit]:
    """Return what bears exactly this document number or 档号; empty when it is none of ours.

    Args:
        connection: for reading.
        text: as typed.
        today: decides what may be seen.
        limit: of records whose 档号 begins so.
    """
    if key := document_number(text):
        return search.by_number(connection, key, today=today)
    if looks_like_reference_code(text):
        key = reference_code(text)
        return search.by_reference_code(connection, key, today=today, limit=limit)
    return ()


def _known(
    connection: Connection, query: Query, today: date, offset: int, limit: int
) -> Found | None:
    """Return a page of what bears the typed number or code; None when nothing does."""
    text = query.text
    if document_number(text):
        hits = [
            hit
            for hit in by_number(connection, text, today=today)
            if query.kind in (None, hit.kind)
        ]
        total, page = len(hits), tuple(hits[:COUNT_BOUND][offset : offset + limit])
    elif looks_like_reference_code(text) and query.kind is not Kind.DOCUMENT:
        key = reference_code(text)
        total = search.count_reference_codes(connection, key)
        limit = max(0, min(limit, COUNT_BOUND - offset))
        page = search.by_reference_code(connection, key, today=today, offset=offset, limit=limit)
    else:
        return None
    if not total:
        return None
    return Found(query, min(total, COUNT_BOUND), total > COUNT_BOUND, page)


def other_words(connection: Connection, site: Site, text: str, *, today: date) -> OtherWords:
    """Return what one may type instead of what found nothing; no count about private life."""
    said = words.synonyms_of(connection, site)
    meant = words.did_you_mean(connection, text, today=today, synonyms=said)
    near = words.near_terms(connection, text, today=today, never=rules.LIVELIHOOD, synonyms=said)
    return OtherWords(meant, tuple(one for one in near if one.term not in meant))


def decades(connection: Connection, query: Query, *, today: date) -> tuple[int, ...]:
    """Return the decades (1960, 1970, …) in which ``query`` finds something, newest first."""
    newest = today.year // 10 * 10
    return tuple(
        first
        for first in range(newest, _OLDEST_DECADE - 1, -10)
        if search.count(connection, replace(query, years=(first, first + 9)), today=today, bound=1)
    )


def badge(hit: Hit) -> str:
    """Return the one word that tells a citizen how to get at this entry."""
    return hit.access.value
