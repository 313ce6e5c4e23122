"""A piece that file and console both changed: both are shown, one of them is chosen, once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT, SettingsFactory, closing_office
from tests.console import Office
from tests.publishing.desks import Desks
from tests.publishing.test_files import with_head
from tests.sites import a_piece, write
from wx_archive.core import clock
from wx_archive.core.site import Site
from wx_archive.media.objects import open_objects
from wx_archive.publishing import sync
from wx_archive.publishing.rules import PieceState
from wx_archive.staff.rules import Role

PIECE = "/console/pieces/dam"
SIGNED = "reviewed: {by: 王科长, on: 2026-11-20}"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site of its own: the sample's files, and one piece more."""
    for folder in ("menus", "content"):
        shutil.copytree(PROJECT / folder, tmp_path / "site" / folder)
    return Site(tmp_path / "site", "http://127.0.0.1")


@pytest.fixture
def desks(site: Site, demo_settings: SettingsFactory) -> Iterator[Desks]:
    settings = demo_settings().model_copy(update={"site_dir": site.folder})
    with closing_office(settings) as office:
        yield Desks(office)


def comes(office: Office, site: Site, text: str) -> sync.Synced:
    write(site.content / "history" / "dam.md", text)
    objects = open_objects(office.settings)
    return sync.sync(office.database, objects, site, now=clock.now())


@pytest.fixture
def conflict(desks: Desks, site: Site) -> Desks:
    comes(desks.office, site, with_head(a_piece("dam", title="旧题"), SIGNED))
    told = {"title": "管理台的题", "body": "管理台的话。", "void": "1"}
    assert desks.saves(desks.editor, PIECE, **told).status_code == 303
    new = with_head(a_piece("dam", title="文件的题"), SIGNED).replace("正文", "文件的话。")
    assert comes(desks.office, site, new).conflicts == ["dam"]
    return desks


def test_both_sides_are_shown_from_the_piece(conflict: Desks) -> None:
    page = conflict.editor.page(PIECE)
    assert f"{PIECE}/conflict" in page.links
    page = conflict.editor.page(f"{PIECE}/conflict")
    for words in ("文件的题", "管理台的题", "文件的话", "管理台的话", "王科长"):
        assert words in page.text


def test_the_file_may_win_and_brings_its_signature(conflict: Desks, site: Site) -> None:
    conflict.editor.done(f"{PIECE}/conflict", use="file")
    piece = conflict.piece(PIECE)
    assert (piece.title, piece.state) == ("文件的题", PieceState.APPROVED)
    assert not piece.is_in_conflict
    done = sync.sync(
        conflict.office.database, open_objects(conflict.office.settings), site, now=clock.now()
    )
    assert "dam" in done.unchanged
    assert conflict.notes("piece.conflict", PIECE)


def test_the_console_may_win_until_the_file_changes_again(conflict: Desks, site: Site) -> None:
    conflict.editor.done(f"{PIECE}/conflict", use="console")
    piece = conflict.piece(PIECE)
    assert (piece.title, piece.is_in_conflict) == ("管理台的题", False)
    assert piece.state == PieceState.SUBMITTED
    again = with_head(a_piece("dam", title="又改的题"), SIGNED)
    assert comes(conflict.office, site, again).conflicts == ["dam"]


def test_a_bent_or_second_answer_changes_nothing(conflict: Desks) -> None:
    assert conflict.editor.post(f"{PIECE}/conflict", use="both").status_code == 409
    assert conflict.piece(PIECE).is_in_conflict
    conflict.editor.done(f"{PIECE}/conflict", use="console")
    assert conflict.editor.post(f"{PIECE}/conflict", use="file").status_code == 409
    assert conflict.editor.get(f"{PIECE}/conflict").status_code == 404
    assert conflict.piece(PIECE).title == "管理台的题"


def test_only_editors_decide(conflict: Desks) -> None:
    assert conflict.at(Role.CORRESPONDENT).get(f"{PIECE}/conflict").status_code == 403
    assert conflict.at(Role.REVIEWER).post(f"{PIECE}/conflict", use="file").status_code == 403
