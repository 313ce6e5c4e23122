"""Synonyms: the site's file, and over it what staff have changed.

A group has its first word for a name. `content/synonyms.yaml` is the seed; a group that staff add,
change or remove is a row. It wins over the file's group of that name, and over any other group
that claims one of its words. Every process looks for a new version every two seconds.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.orm import Session

from wx_archive.catalogue.words.lookup import DIALECTS
from wx_archive.catalogue.words.models import SynonymEdit, WordsState
from wx_archive.catalogue.words.synonym_file import Group, read
from wx_archive.core.database import insert_into
from wx_archive.core.lines import Prepared
from wx_archive.core.site import Site

STATE: Final = "synonyms"
FRESH_S: Final = 2.0
"""For so long a process goes by what it knows; what staff change counts everywhere within 5 s."""
Synonyms = Mapping[str, Group]
"""For each word the others of its group."""
NO_SYNONYMS: Final[Synonyms] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Known:
    """What this process knows of one database's synonyms."""

    version: int
    looked_at: float
    table: Synonyms


_known: WeakKeyDictionary[Engine, dict[Path, _Known]] = WeakKeyDictionary()


def synonyms_of(connection: Connection, site: Site, *, fresh_s: float = FRESH_S) -> Synonyms:
    """Return, for each normalised word, the other words of its group, as staff left them.

    Args:
        connection: to the installation's database.
        site: has the file; it is read again when the version has changed.
        fresh_s: how old the knowledge may be, in seconds.
    """
    path, now = path_of(site), time.monotonic()
    of_database = _known.setdefault(connection.engine, {})
    known = of_database.get(path)
    if known and now - known.looked_at < fresh_s:
        return known.table
    rows = _version(connection.dialect.name).rows(connection)
    version = rows[0][0] if rows else 0
    if known and known.version == version:
        table = known.table
    else:
        table = _by_word(effective(read(path), edits(connection)))
    of_database[path] = _Known(version, now, table)
    return table


def path_of(site: Site) -> Path:
    """Return the site's file."""
    return site.content / "synonyms.yaml"


def edits(connection: Connection | Session) -> dict[str, SynonymEdit]:
    """Return what staff have changed, by the groups' names."""
    rows = connection.execute(select(SynonymEdit.__table__).order_by(SynonymEdit.edited_at))
    return {row.head: SynonymEdit(**row._mapping) for row in rows}  # noqa: SLF001 -- a public name


def words_of(stored: str) -> Group:
    """Return the words of a stored group."""
    return tuple(stored.split("\n")) if stored else ()


def effective(in_file: Sequence[Group], edited: Mapping[str, SynonymEdit]) -> list[Group]:
    """Return the groups that count: the file's, changed as staff changed them, then staff's own."""
    changed = {head: words_of(edit.words) for head, edit in edited.items()}
    claimed = {word for group in changed.values() for word in group}
    groups: list[Group] = []
    for group in in_file:
        if group[0] in changed:
            groups.append(changed.pop(group[0]))
        else:
            groups.append(tuple(word for word in group if word not in claimed))
    return [group for group in [*groups, *changed.values()] if len(group) > 1]


def bump(session: Session) -> None:
    """Make every process look at the synonyms again."""
    put = insert_into(session, WordsState).values(name=STATE, number=1, text="")
    raised = {"number": WordsState.number + 1}
    session.execute(put.on_conflict_do_update(index_elements=["name"], set_=raised))


def of_file(path: Path) -> Synonyms:
    """Return the same from the file alone, as if staff had changed nothing."""
    return _by_word(read(path))


def _by_word(groups: Sequence[Group]) -> Synonyms:
    return {
        word: tuple(other for other in group if other != word) for group in groups for word in group
    }


@cache
def _version(dialect: str) -> Prepared:
    statement = select(WordsState.number).where(WordsState.name == text(f"'{STATE}'"))
    return Prepared(statement, DIALECTS[dialect])
