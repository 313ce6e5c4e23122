"""来稿 in the console: from the correspondent's desk to the editor's and back."""

import pytest

from tests.console import Office
from tests.publishing.desks import Desks, refused
from wx_archive.publishing.rules import PieceState


@pytest.fixture
def desks(office: Office) -> Desks:
    return Desks(office)


def sent_in(desks: Desks) -> str:
    path = desks.written(desks.correspondent, title="联络员写的")
    assert "交给编辑了" in desks.correspondent.done(f"{path}/send").text
    return path


def test_what_is_sent_in_is_taken_over_and_written_on(desks: Desks) -> None:
    path = sent_in(desks)
    assert "联络员写的" in desks.editor.page("/console/inbox").text
    assert "来稿等人接" in desks.editor.page("/console").text
    assert "交上去了" in refused(desks.correspondent.get(f"{path}/edit"), 409).text
    assert "先接过来" in refused(desks.editor.get(f"{path}/edit"), 409).text
    assert "接过来了" in desks.editor.done(f"{path}/take").text
    assert desks.piece(path).owner == "editor"
    assert desks.editor.post(f"{path}/take").status_code == 409
    assert "现在没有来稿" in desks.editor.page("/console/inbox").text


def test_what_is_given_back_comes_with_a_word_and_goes_in_again(desks: Desks) -> None:
    path = sent_in(desks)
    assert "一句话" in refused(desks.editor.post(f"{path}/back", word=" ")).text
    desks.editor.done(f"{path}/back", word="请补出处")
    assert "编辑小陈退回：请补出处" in desks.correspondent.page(path).text
    assert "退回给您的稿子" in desks.correspondent.page("/console").text
    assert desks.saves(desks.correspondent, path, sources="《水力发电》").status_code == 303
    desks.correspondent.done(f"{path}/send")
    assert desks.piece(path).state == PieceState.INBOX


def test_the_month_counts_each_correspondent(desks: Desks) -> None:
    assert "这个月还没有" in desks.editor.page("/console/inbox").text
    sent_in(desks)
    page = desks.editor.page("/console/inbox")
    assert "联络员小何" in page.text
    assert "这个月还没有" not in page.text
    earlier = desks.editor.page("/console/inbox?month=2026-01")
    assert "2026年1月" in earlier.text
    assert "这个月还没有" in earlier.text
    for wrong in ("x", "2999-01", "2026-13"):
        desks.editor.page(f"/console/inbox?month={wrong}")
