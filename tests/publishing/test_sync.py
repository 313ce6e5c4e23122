"""Files and console: a file's piece comes in, an edit in the console wins, nothing twice."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests.publishing.test_files import a_site, with_head
from tests.sites import a_piece, write
from wx_archive.core.database import Database
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.media.models import Asset
from wx_archive.media.objects import ObjectStore
from wx_archive.publishing import out, pieces, reviewing
from wx_archive.publishing.models import Piece, PieceRevision
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import PieceState
from wx_archive.publishing.sync import Synced, sync

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
INTERESTS = "topics:\n  - slug: history\n    name: 历史钩沉\n    line: 从前的人和事\n"
SIGNED = "reviewed: {by: 王科长, on: 2026-11-20}"


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    write(tmp_path / "site" / "content" / "interests.yaml", INTERESTS)
    return a_site(tmp_path / "site", history_dam=with_head(a_piece("dam"), SIGNED))


def a_picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1000, 500), "tan").save(out, "PNG")
    return out.getvalue()


def the_piece(database: Database) -> Piece:
    with database.begin() as session:
        piece = session.scalars(select(Piece).where(Piece.pid == "dam")).one()
        session.expunge(piece)
        return piece


def takes_in(database: Database, objects: ObjectStore, site: Site) -> Synced:
    return sync(database, objects, site, now=NOW)


def writes(site: Site, text: str) -> None:
    write(site.content / "history" / "dam.md", text)


def edits(database: Database, title: str) -> None:
    with database.begin() as session:
        piece = pieces.locked(session, "dam")
        assert piece is not None
        content = replace(Content.of(piece), title=title)
        pieces.save(session, piece, content, since=piece.revision, made_by="editor", now=NOW)


def test_a_signed_file_is_approved_and_out_on_its_day(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    assert takes_in(database, objects, site).added == ["dam"]
    piece = the_piece(database)
    assert piece.state == PieceState.APPROVED
    assert piece.out_at == datetime(2025, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    with database.reads() as connection:
        approval = reviewing.standing(connection, piece, steps=1)
    assert approval.is_complete
    assert approval.secrecy_by == "王科长"


def test_an_unsigned_file_is_a_draft_that_nobody_sees(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    writes(site, with_head(a_piece("dam"), "due: 2026-12-01 09:00"))
    takes_in(database, objects, site)
    piece = the_piece(database)
    assert (piece.state, piece.out_at) == (PieceState.DRAFT, None)
    assert piece.wanted_at == datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


def test_a_second_time_changes_nothing(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    takes_in(database, objects, site)
    again = takes_in(database, objects, site)
    assert (again.unchanged, again.added, again.changed) == (["dam"], [], [])
    with database.reads() as connection:
        assert connection.scalar(select(func.count()).select_from(PieceRevision)) == 1


def test_a_changed_file_is_taken_in_and_needs_its_signature_again(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    takes_in(database, objects, site)
    writes(site, a_piece("dam", title="新题目"))
    assert takes_in(database, objects, site).changed == ["dam"]
    piece = the_piece(database)
    assert (piece.title, piece.state) == ("新题目", PieceState.SUBMITTED)
    with database.reads() as connection:
        seen = out.find(connection, "dam", now=NOW)
    assert seen is not None
    assert seen.content.title == "大坝"  # nobody has signed the new words
    writes(site, with_head(a_piece("dam", title="新题目"), SIGNED))
    takes_in(database, objects, site)
    approved = the_piece(database)
    assert approved.state == PieceState.APPROVED
    with database.reads() as connection:
        seen = out.find(connection, "dam", now=NOW)
    assert seen is not None
    assert seen.content.title == "新题目"


def test_an_edit_in_the_console_wins_over_the_file_and_is_reported(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    takes_in(database, objects, site)
    edits(database, "管理台的题目")
    assert takes_in(database, objects, site).unchanged == ["dam"]
    writes(site, with_head(a_piece("dam", title="文件的题目"), SIGNED))
    for _ in range(2):
        done = takes_in(database, objects, site)
        assert (done.conflicts, done.changed) == (["dam"], [])
    piece = the_piece(database)
    assert (piece.title, piece.is_in_conflict) == ("管理台的题目", True)
    assert piece.state == PieceState.SUBMITTED  # the edit wants its own reviewers


def test_a_file_that_is_gone_leaves_its_piece(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    takes_in(database, objects, site)
    (site.content / "history" / "dam.md").unlink()
    assert takes_in(database, objects, site).missing == ["dam"]
    assert the_piece(database).title == "大坝"


def test_pictures_come_with_the_file_once(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    text = with_head(a_piece("dam"), SIGNED, "cover: dam.png")
    writes(site, text.replace("正文", "正文\n\n![坝](dam.png)"))
    (site.content / "history" / "dam.png").write_bytes(a_picture())
    takes_in(database, objects, site)
    piece = the_piece(database)
    with database.reads() as connection:
        pid = connection.scalars(select(Asset.pid)).one()
    assert piece.cover == pid
    assert f"![坝](media:{pid})" in piece.body


def test_nothing_is_taken_in_when_one_file_is_wrong(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    writes(site, with_head(a_piece("dam"), "interests: [fishing]"))
    with pytest.raises(FileProblemError, match="fishing"):
        takes_in(database, objects, site)
    with database.reads() as connection:
        assert connection.scalar(select(func.count()).select_from(Piece)) == 0


def test_a_picture_that_is_none_is_refused_with_its_place(
    database: Database, objects: ObjectStore, site: Site
) -> None:
    writes(site, with_head(a_piece("dam"), SIGNED, "cover: dam.png"))
    (site.content / "history" / "dam.png").write_bytes(b"no picture")
    with pytest.raises(FileProblemError, match=r"dam\.md: dam\.png："):
        takes_in(database, objects, site)
