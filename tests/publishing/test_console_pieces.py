"""Pieces in the console: who sees which, a piece's page, its history, correspondents' desks."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.console import Office
from tests.publishing.desks import Desks, refused
from wx_archive.core import clock
from wx_archive.publishing.models import Piece
from wx_archive.publishing.rules import PieceState
from wx_archive.staff.rules import Role


@pytest.fixture
def desks(office: Office) -> Desks:
    return Desks(office)


def changed(desks: Desks, path: str, **values: object) -> None:
    """Change a piece behind everybody's back."""
    pid = path.removeprefix("/console/pieces/")
    with desks.office.database.begin() as session:
        session.execute(update(Piece).where(Piece.pid == pid).values(**values))


def test_a_correspondent_sees_their_own_pieces_alone(desks: Desks) -> None:
    theirs, mine = (
        desks.written(title="编辑写的"),
        desks.written(desks.correspondent, title="我写的"),
    )
    page = desks.correspondent.page("/console/pieces")
    assert "我写的" in page.text
    assert "编辑写的" not in page.text
    narrowed = desks.correspondent.page("/console/pieces?by=editor")
    assert "编辑写的" not in narrowed.text
    for address in (theirs, f"{theirs}/history", f"{theirs}/edit"):
        assert desks.correspondent.get(address).status_code == 404, address
    assert desks.correspondent.post(f"{theirs}/send").status_code == 404
    assert desks.saves(desks.correspondent, theirs).status_code == 404
    assert desks.correspondent.get(f"{mine}/review").status_code == 403
    for role in (Role.EDITOR, Role.REVIEWER, Role.PUBLISHER):
        assert "我写的" in desks.at(role).page("/console/pieces").text


def test_what_somebody_may_do_stands_on_the_page_and_nothing_else(desks: Desks) -> None:
    path = desks.written()
    assert "送审" in desks.editor.page(path).text
    assert "送审" not in desks.at(Role.PUBLISHER).page(path).text
    assert "审这篇" not in desks.reviewer.page(path).text
    desks.editor.done(f"{path}/submit")
    assert "审这篇" in desks.reviewer.page(path).text
    page = desks.editor.page(path).text
    assert "收回来改" in page
    assert "审这篇" not in page
    assert "现在又是草稿" in desks.editor.done(f"{path}/recall").text


def test_the_list_is_narrowed_by_everything_it_offers(desks: Desks) -> None:
    path = desks.submitted(title="找得到的大坝")
    desks.written(title="另一篇")
    for asked in (
        "state=submitted",
        "column=history",
        "kind=article",
        "by=mine",
        "by=editor",
        "q=找得到",
        "bare=1",
    ):
        assert "找得到的大坝" in desks.editor.page(f"/console/pieces?{asked}").text, asked
    for asked in ("state=approved", "column=city", "kind=text", "by=nobody", "q=没有", "late=1"):
        assert "找得到的大坝" not in desks.editor.page(f"/console/pieces?{asked}").text, asked
    changed(desks, path, changed_at=clock.now() - timedelta(days=20))
    page = desks.editor.page("/console/pieces?late=1")
    assert "找得到的大坝" in page.text
    assert "审得太久了" in page.text
    assert "缺封面" in page.text


@pytest.mark.parametrize("asked", ["below=x", "below=" + "9" * 30, "state=%00", "q=%25_%00"])
def test_an_address_that_means_nothing_is_still_a_page(desks: Desks, asked: str) -> None:
    desks.editor.page(f"/console/pieces?{asked}")


def test_the_history_tells_every_state_with_what_changed_in_it(desks: Desks) -> None:
    path = desks.written(body="大坝1958年动工。")
    desks.saves(desks.editor, path, body="大坝1959年动工。")
    desks.editor.done(f"{path}/submit")
    told = {"shown": desks.piece(path).content_hash, "reason": "年份请核对"}
    desks.reviewer.done(f"{path}/return", **told)
    page = desks.editor.page(f"{path}/history")
    assert page.text.count("编辑小陈") >= 3
    assert "退回：年份请核对" in page.text
    text = desks.editor.get(f"{path}/history?revision=3").text
    assert "<del>1958</del>" in text
    assert "<ins>1959</ins>" in text
    assert desks.editor.get(f"{path}/history?revision=99").status_code == 404
    assert desks.editor.page(f"{path}/history?revision=1").text


def test_to_dos_tell_everybody_what_waits_for_them(desks: Desks) -> None:
    path = desks.submitted()
    assert "等您审的稿子" in desks.reviewer.page("/console").text
    assert "等您审的稿子" not in desks.editor.page("/console").text
    changed(desks, path, changed_at=clock.now() - timedelta(days=20))
    assert "待审超过两个工作日" in desks.reviewer.page("/console").text
    told = {"shown": desks.piece(path).content_hash, "reason": "缺出处"}
    desks.reviewer.done(f"{path}/return", **told)
    assert "退回给您的稿子" in desks.editor.page("/console").text
    assert "审核王科长退回：缺出处" in desks.editor.page(path).text


def test_an_empty_piece_is_not_submitted(desks: Desks) -> None:
    path = desks.begins(desks.editor)
    answer = desks.editor.post(f"{path}/submit")
    assert "还没有正文" in refused(answer, 409).text
    assert desks.piece(path).state == PieceState.DRAFT
