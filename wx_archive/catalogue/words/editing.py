"""Staff's changes to the synonyms: add, remove, bring the file's changes in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from wx_archive.catalogue.tokens import normalise
from wx_archive.catalogue.words.models import SynonymEdit
from wx_archive.catalogue.words.synonym_file import Group, checked, read
from wx_archive.catalogue.words.synonyms import bump, edits, effective, path_of, words_of
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Site


class Winner(StrEnum):
    """Whose group stays where the file and staff have changed the same one."""

    FILE = "file"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A group that staff changed and that the file has changed since; empty means removed."""

    head: str
    in_file: Group
    edited: Group


@dataclass(slots=True)
class SyncReport:
    """What a sync found: groups in the file, edits kept and settled, conflicts."""

    groups: int = 0
    kept: int = 0
    settled: int = 0
    conflicts: list[Conflict] = field(default_factory=list)


def groups(session: Session, site: Site) -> list[Group]:
    """Return the groups that count."""
    return effective(read(path_of(site)), edits(session))


def add(session: Session, site: Site, words: Sequence[str], *, now: datetime) -> Group:
    """Make ``words`` mean the same; a group that has one of them is extended. Return the group.

    Raises:
        RefusedError: a word breaks the rules, or they belong to different groups already.
    """
    new = checked(words)
    touched = [group for group in groups(session, site) if set(group) & set(new)]
    if len(touched) > 1:
        shown = "；".join("、".join(group) for group in touched)
        raise RefusedError(f"这些词已经分在几组里：{shown}。一个词只能放在一组，请先从其中一组移走")
    before = touched[0] if touched else ()
    group = tuple(dict.fromkeys([*before, *new]))
    if group == before:
        raise RefusedError(f"“{'、'.join(new)}”已经在同一组里了，不用再加")
    _put(session, site, head=_head(session, site, before) or group[0], group=group, now=now)
    return group


def remove(session: Session, site: Site, word: str, *, whole: bool, now: datetime) -> Group:
    """Take a word out of its group, or the whole group away; return what is left of the group.

    Raises:
        RefusedError: no group has the word.
    """
    wanted = normalise(word.strip())
    group = next((group for group in groups(session, site) if wanted in group), None)
    if group is None:
        raise RefusedError(f"近义词里没有“{word}”，可以用 synonyms list 看现有的")
    left = () if whole else tuple(other for other in group if other != wanted)
    left = left if len(left) > 1 else ()
    _put(session, site, head=_head(session, site, group) or group[0], group=left, now=now)
    return left


def conflicts(session: Session, site: Site) -> list[Conflict]:
    """Return the groups that both staff and the file have changed; changes nothing."""
    in_file = {group[0]: group for group in read(path_of(site))}
    return [
        Conflict(head, in_file.get(head, ()), words_of(edit.words))
        for head, edit in edits(session).items()
        if in_file.get(head, ()) not in (words_of(edit.words), words_of(edit.seed))
    ]


def sync(
    session: Session, site: Site, *, winner: Winner | None = None, only: str | None = None
) -> SyncReport:
    """Bring the file's changes in: what staff changed stays, and where both did, say so.

    An edit that the file has meanwhile is no edit any more.

    Args:
        session: of the installation's database.
        site: has the file.
        winner: settles the conflicts instead of only reporting them.
        only: name of the one group that is looked at; None for all.
    """
    in_file = {group[0]: group for group in read(path_of(site))}
    report = SyncReport(groups=len(in_file))
    for head, edit in edits(session).items():
        if only not in (None, head):
            continue
        ours, theirs = words_of(edit.words), in_file.get(head, ())
        is_conflict = theirs not in (ours, words_of(edit.seed))
        if is_conflict and winner is None:
            report.conflicts.append(Conflict(head, theirs, ours))
        if theirs == ours or (is_conflict and winner is Winner.FILE):
            session.execute(delete(SynonymEdit).where(SynonymEdit.head == head))
            report.settled += 1
            continue
        report.kept += 1
        if is_conflict and winner is Winner.STAFF:
            _store(session, head, group=ours, seed=theirs, now=edit.edited_at)
    bump(session)
    return report


def _head(session: Session, site: Site, group: Group) -> str | None:
    """Return the name under which a group stands in the file or among the edits."""
    names = [head for head, edit in edits(session).items() if words_of(edit.words) == group]
    in_file = [each[0] for each in read(path_of(site)) if set(group) & set(each)]
    return next(iter([*names, *in_file]), None) if group else None


def _put(session: Session, site: Site, *, head: str, group: Group, now: datetime) -> None:
    """Store an edit, with the file's group as it stands; a staff's own group just goes."""
    seed = next((each for each in read(path_of(site)) if each[0] == head), ())
    _store(session, head, group=group, seed=seed, now=now)
    bump(session)


def _store(session: Session, head: str, *, group: Group, seed: Group, now: datetime) -> None:
    values = {"words": "\n".join(group), "seed": "\n".join(seed), "edited_at": now}
    put = insert_into(session, SynonymEdit).values(head=head, **values)
    session.execute(put.on_conflict_do_update(index_elements=["head"], set_=values))
