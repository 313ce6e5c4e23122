"""Suggestions while somebody types: by characters, by pinyin, by its initials."""

import re
from datetime import date
from typing import Final

from sqlalchemy import Connection

from wx_archive.catalogue import search
from wx_archive.catalogue.query import MAX_LENGTH, understand
from wx_archive.catalogue.tokens import RUN, normalise
from wx_archive.catalogue.words import lookup
from wx_archive.catalogue.words.synonyms import NO_SYNONYMS, Synonyms

_SPARE: Final = 3
"""So many more are fetched than shown: what was closed meanwhile is left out."""
_LAST_WORD: Final = re.compile("[^ ]+$")


def suggest(
    connection: Connection,
    prefix: str,
    *,
    today: date,
    limit: int = 8,
) -> tuple[str, ...]:
    """Return what ``prefix`` may become, each with something to find behind it right now.

    Of several words the last is completed; the others stay and must be found with it.
    """
    normal = normalise(prefix.strip())
    last = _LAST_WORD.search(normal)
    if last is None or len(normal) > MAX_LENGTH:
        return ()
    start = last.group().replace("'", "")
    if not any(start in run for run in RUN.findall(start)):  # no one run of characters or letters
        return ()
    before = normal[: last.start()]
    found: list[str] = []
    for word in lookup.beginning(connection, start, most=_SPARE * limit):
        if before + word != normal and is_found(connection, before + word, today=today):
            found.append(before + word)
        if len(found) == limit:
            break
    return tuple(found)


def is_found(
    connection: Connection, text: str, *, today: date, synonyms: Synonyms = NO_SYNONYMS
) -> bool:
    """Tell whether the public index has something for ``text``."""
    query = understand(text, synonyms=synonyms)
    return search.count(connection, query, today=today, bound=1) > 0
