"""A cover set in type at the press of a button: saved with the piece, drawn from what is typed."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.publishing.desks import Desks, refused
from wx_archive.media import fonts
from wx_archive.media.models import Asset


@pytest.fixture
def desks(office: Office) -> Desks:
    return Desks(office)


def covers(desks: Desks) -> list[Asset]:
    with desks.office.database.begin() as session:
        found = list(session.scalars(select(Asset).order_by(Asset.id)))
        session.expunge_all()
    return found


def test_the_button_saves_the_piece_with_a_cover_of_its_title(desks: Desks) -> None:
    path = desks.written(title="旧题目")
    desks.saves(desks.editor, path, title="一座大坝的三次生日", do="plate")
    piece = desks.piece(path)
    (cover,) = covers(desks)
    assert piece.title == "一座大坝的三次生日"
    assert piece.cover == cover.pid
    assert (cover.title, cover.credit) == ("封面：一座大坝的三次生日", "本馆绘制")
    assert cover.width_px is not None
    assert cover.width_px >= 900
    page = desks.editor.page(f"{path}/edit")
    assert "封面：一座大坝的三次生日" in page.text


def test_the_same_title_is_drawn_once_and_another_one_anew(desks: Desks) -> None:
    path = desks.written(title="一座大坝")
    for title in ("一座大坝", "一座大坝", "两座大坝"):
        desks.saves(desks.editor, path, title=title, do="plate")
    assert len(covers(desks)) == 2


def test_a_plate_on_an_approved_piece_asks_first(desks: Desks) -> None:
    path = desks.approved(title="一座大坝")
    answer = desks.saves(desks.editor, path, title="一座大坝", do="plate")
    assert answer.status_code == 422
    assert desks.piece(path).cover is None


def test_without_a_typeface_the_words_stay_on_the_page(
    desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = desks.written(title="一座大坝")
    monkeypatch.setattr(fonts, "FOLDERS", (str(tmp_path),))
    fonts.find.cache_clear()
    answer = desks.saves(desks.editor, path, title="一座大坝", body="刚写的一段。", do="plate")
    fonts.find.cache_clear()
    page = refused(answer)
    assert "没有能画汉字的字体" in page.text
    assert "刚写的一段。" in page.text
    assert covers(desks) == []
