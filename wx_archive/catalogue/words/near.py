"""Near terms: where else there is something, and how much, when nothing was found."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from wx_archive.catalogue import search
from wx_archive.catalogue.query import MAX_LENGTH, understand
from wx_archive.catalogue.search import COUNT_BOUND
from wx_archive.catalogue.tokens import RUN, normalise
from wx_archive.catalogue.words import lookup
from wx_archive.catalogue.words.correct import Correction, corrections, words_of
from wx_archive.catalogue.words.names import could_be_name
from wx_archive.catalogue.words.spelling import SHORTEST
from wx_archive.catalogue.words.synonyms import NO_SYNONYMS, Synonyms

MOST: Final = 4
_COUNTED: Final = 8
"""Live counts for one answer at most."""
_RELATED: Final = 3


@dataclass(frozen=True, slots=True)
class Near:
    """A word that finds something.

    Attributes:
        total: how much, exact up to the search's bound.
        is_capped: there is more than the bound.
    """

    term: str
    total: int
    is_capped: bool = False


def near_terms(
    connection: Connection,
    text: str,
    *,
    today: date,
    never: Collection[str] = (),
    synonyms: Synonyms = NO_SYNONYMS,
) -> tuple[Near, ...]:
    """Return at most four words near ``text`` that find something public right now.

    What was likely meant, the words inside what was typed, then longer words that begin with one
    of those.

    Args:
        connection: to the installation's database.
        text: what found nothing, as typed.
        today: Shanghai calendar.
        never: words that hold one of these are left out.
        synonyms: with which lookups are made, from `synonyms_of`.
    """
    normal = normalise(text.strip())
    if len(normal) > MAX_LENGTH:
        return ()
    near: list[Near] = []
    nearby = _nearby(connection, normal, synonyms)
    words = dict.fromkeys(word for word in nearby if not any(no in word for no in never))
    for word in islice(words, _COUNTED):
        total = search.count(connection, understand(word, synonyms=synonyms), today=today)
        if total:
            near.append(Near(word, min(total, COUNT_BOUND), total > COUNT_BOUND))
    # A word that half the catalogue has leads nowhere: it stands last. The order stays otherwise.
    return tuple(sorted(near, key=lambda each: each.is_capped)[:MOST])


def _nearby(connection: Connection, normal: str, synonyms: Synonyms) -> list[str]:
    query = understand(normal)
    typed = [word.text for word in query.words]
    runs = [han for word in typed for han, _latin in RUN.findall(word) if len(han) > 1]
    found: list[str] = []
    for run in runs:
        meant = (each for each in corrections(connection, run) if _is_telling(each, run))
        found += [each.meant for each in islice(meant, 1)]
        if not could_be_name(run):
            found += sorted(words_of(connection, run, synonyms), key=len, reverse=True)
    # Together, or in those years, they found nothing; each alone may.
    alone = runs if len(typed) > 1 or query.years else []
    longer = [
        word
        for start in found
        for word in lookup.beginning(connection, start, most=_RELATED, from_texts=False)
    ]
    return [*alone, *found, *longer]


def _is_telling(correction: Correction, run: str) -> bool:
    """Tell whether a correction is more than two characters out of the middle of something."""
    return correction.typed == run or len(correction.meant) >= SHORTEST
