"""What the pages of pieces have in common: finding a piece, names, what may be done with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import abort
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.followers import interests
from wx_archive.media import service as media
from wx_archive.publishing import drafts, entry_names, piece_list, piece_texts, pieces, rules
from wx_archive.publishing.entry_names import EntryName
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Kind, PieceState
from wx_archive.staff.pages import Act, Visit
from wx_archive.staff.rules import Permission, Person

PIECES: Final = "/console/pieces"
FILE: Final = "file"


def path_of(pid: str, *below: str) -> str:
    """Return the address of a piece's page, or of one below it."""
    return "/".join((PIECES, pid, *below))


def find(connection: Connection, visit: Visit, pid: str) -> Piece:
    """Return the piece of a page's address; 404 where there is none that somebody may see."""
    with Session(bind=connection, expire_on_commit=False) as session:
        piece = session.scalars(select(Piece).where(Piece.pid == pid)).one_or_none()
        session.expunge_all()
    if piece is None or not drafts.may_see(visit.person, piece):
        abort(HTTPStatus.NOT_FOUND)
    return piece


def locked(act: Act, pid: str) -> Piece:
    """Return the piece that is to be changed, locked; 404 as `find`."""
    piece = pieces.locked(act.session, pid)
    if piece is None or not drafts.may_see(act.person, piece):
        abort(HTTPStatus.NOT_FOUND)
    return piece


@dataclass(frozen=True, slots=True)
class Words:
    """How pages word what they show.

    Attributes:
        people: names by login.
    """

    people: Mapping[str, str]

    def who(self, login: str | None) -> str:
        """Name somebody; a file's own words came with the file."""
        if login == FILE:
            return "随文件来的"
        return self.people.get(login or "", login or "")

    def state(self, state: str) -> str:
        """Name a state."""
        return rules.PIECE_STATE_NAMES[PieceState(state)]

    def mark(self, state: str) -> str:
        """Return the mark beside a state."""
        return piece_texts.MARKS[PieceState(state)]

    def column(self, column: str) -> str:
        """Name a column."""
        return rules.TITLES[rules.Column(column)]

    def kind(self, kind: str) -> str:
        """Name a kind."""
        return rules.KIND_NAMES[Kind(kind)]

    def field(self, name: str) -> str:
        """Name a field."""
        return piece_texts.FIELDS.get(name, name)


def words(connection: Connection) -> dict[str, Any]:
    """Return what every page of pieces needs to word things."""
    return {
        "words": Words(piece_list.people(connection)),
        "moment": piece_texts.moment,
        "day": piece_texts.day,
        "State": PieceState,
        "Kind": Kind,
    }


def namer(connection: Connection, visit: Visit, *contents: Content) -> Callable[[str, str], str]:
    """Return what names the values of these contents' fields for people."""
    assets = [pid for one in contents for pid in (*one.assets, *([one.cover] if one.cover else []))]
    titles = {pid: one.title for pid, one in media.find(connection, assets).items()}
    pids = [pid for one in contents for pid in one.entries]
    entries = {one.pid: f"{one.number}　{one.title}" for one in entries_of(visit, connection, pids)}
    topics = {slug: one.name for slug, one in interests.topics(visit.services.site).items()}
    by_field: Mapping[str, Mapping[str, str]] = {
        "cover": titles,
        "assets": titles,
        "entries": entries,
        "interests": topics,
        "column": {one.value: name for one, name in rules.TITLES.items()},
        "kind": {one.value: name for one, name in rules.KIND_NAMES.items()},
    }
    return lambda name, value: by_field.get(name, {}).get(value, value)


def entries_of(visit: Visit, connection: Connection, pids: Sequence[str]) -> list[EntryName]:
    """Return entries of the catalogue as somebody may see them."""
    tells = visit.person.may(Permission.CATALOGUE_READ)
    return entry_names.of_pids(connection, pids, today=visit.today, tells_hidden=tells)


def may_edit(person: Person) -> bool:
    """Tell whether somebody is an editor."""
    return person.may(Permission.PIECES_EDIT)
