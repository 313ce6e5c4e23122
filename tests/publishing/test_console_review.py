"""Review in the console: what a reviewer sees, signs, gives back; taking down at once."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.console import Office
from tests.publishing.desks import Desks, opened_desks, refused
from wx_archive.core import clock
from wx_archive.publishing import out
from wx_archive.publishing.models import Piece, PieceRevision
from wx_archive.publishing.rules import PieceState

SECRECY = "我做了保密审查"


@pytest.fixture(scope="module")
def desks(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """One console for all questions: each test begins pieces of its own."""
    with opened_desks(_demo_data, tmp_path_factory.mktemp("desks") / "data") as opened:
        yield opened


def pid_of(path: str) -> str:
    return path.removeprefix("/console/pieces/")


def test_from_draft_to_approved_through_a_giving_back(any_office: Office) -> None:
    desks = Desks(any_office)
    path = desks.submitted(body="大坝1959年动工。\n\n第二段不动。")
    assert "第一次写的" in desks.reviewer.page(f"{path}/review").text
    told = {"shown": desks.piece(path).content_hash, "reason": "第二段年份请核对"}
    desks.reviewer.done(f"{path}/return", **told)
    assert "第二段年份请核对" in desks.editor.page(path).text
    desks.saves(desks.editor, path, body="大坝1958年动工。\n\n第二段不动。", title="改了标题")
    desks.editor.done(f"{path}/submit")
    text = desks.reviewer.get(f"{path}/review").text
    assert "上次退回的" in text
    assert "<del>1959</del>" in text
    assert "<ins>1958</ins>" in text
    assert "（1 段没有改）" in text
    assert "<ins>改了标题</ins>" in text or "改了标题" in text
    answer = desks.approves(path, note="同意")
    assert "审定了" in desks.reviewer.page(answer.headers["Location"]).text
    assert desks.piece(path).state == PieceState.APPROVED
    assert "审核王科长 签了保密审查：同意" in desks.editor.page(path).text
    (note,) = desks.notes("piece.approve", path)
    assert "同意" in note


def test_without_the_tick_nothing_is_signed_and_nothing_lost(desks: Desks) -> None:
    path = desks.submitted()
    assert SECRECY in desks.reviewer.page(f"{path}/review").text
    shown = desks.piece(path).content_hash
    page = refused(desks.reviewer.post(f"{path}/approve", shown=shown, note="写好的话"))
    assert "还没有人签保密审查" in page.text
    assert page.value_of("note") == "写好的话"
    assert desks.piece(path).state == PieceState.SUBMITTED
    assert desks.notes("piece.approve", path) == []


def test_a_piece_that_was_edited_meanwhile_is_not_signed(desks: Desks) -> None:
    path = desks.submitted()
    read = desks.piece(path).content_hash
    desks.saves(desks.editor, path, body="趁人不注意改的。")
    assert "又改过了" in refused(desks.approves(path, shown=read)).text
    assert "又改过了" in refused(desks.reviewer.post(f"{path}/return", shown=read, reason="x")).text
    assert desks.piece(path).state == PieceState.SUBMITTED


def test_giving_back_without_a_reason_says_so(desks: Desks) -> None:
    path = desks.submitted()
    shown = desks.piece(path).content_hash
    assert "理由" in refused(desks.reviewer.post(f"{path}/return", shown=shown, reason=" ")).text


def test_whoever_wrote_at_it_signs_nothing_whatever_else_they_are(desks: Desks) -> None:
    path = desks.submitted()
    assert desks.editor.get(f"{path}/review").status_code == 403
    assert desks.editor.post(f"{path}/approve").status_code == 403
    assert "署名“审核王科长”" in desks.reviewer.page(f"{path}/review").text
    wrote = update(PieceRevision).values(made_by="reviewer")
    mine = select(Piece.id).where(Piece.pid == pid_of(path)).scalar_subquery()
    with desks.office.database.begin() as session:
        session.execute(wrote.where(PieceRevision.piece_id == mine, PieceRevision.number == 1))
    page = desks.reviewer.page(f"{path}/review")
    assert "要由另一个人来审" in page.text
    assert "署名" not in page.text
    assert "要由另一个人来审" in refused(desks.approves(path)).text
    assert desks.piece(path).state == PieceState.SUBMITTED


def test_remarks_are_made_and_settled_where_one_reads(desks: Desks) -> None:
    path = desks.submitted()
    page = desks.reviewer.done(f"{path}/remarks", words="第二段的年份？", back="review")
    assert "第二段的年份？" in page.text
    assert page.headings == ["审稿"]
    assert desks.reviewer.post(f"{path}/remarks", words=" ").status_code == 409
    text = desks.editor.get(path).text
    remark = text.split('name="remark" value="')[1].split('"')[0]
    assert "编辑小陈了结" in desks.editor.done(f"{path}/remarks/settle", remark=remark).text
    assert desks.editor.post(f"{path}/remarks/settle", remark="x").status_code == 409


def test_any_two_states_are_compared(desks: Desks) -> None:
    path = desks.written(body="第二稿的字。")
    desks.saves(desks.editor, path, body="第三稿的字。")
    desks.editor.done(f"{path}/submit")
    text = desks.reviewer.get(f"{path}/review?since=2").text
    assert "<del>二</del>" in text
    assert "<ins>三</ins>" in text
    assert desks.reviewer.get(f"{path}/review?since=99").status_code == 404
    assert desks.reviewer.get(f"{path}/review?since=x").status_code == 404


def test_what_is_out_is_taken_down_at_once_and_brought_back_by_another(desks: Desks) -> None:
    path = desks.approved()
    pid, database = pid_of(path), desks.office.database
    assert "读者本来就看不到" in refused(desks.reviewer.post(f"{path}/withdraw", reason="x")).text
    with database.begin() as session:
        session.execute(update(Piece).where(Piece.pid == pid).values(out_at=clock.now()))
    assert "撤下《一座大坝》" in desks.reviewer.page(f"{path}/withdraw").text
    assert "要写理由" in refused(desks.reviewer.post(f"{path}/withdraw", reason=" ")).text
    with database.reads() as connection:
        assert out.find(connection, pid, now=clock.now())
    began = time.monotonic()
    desks.reviewer.done(f"{path}/withdraw", reason="有人没有同意")
    with database.reads() as connection:
        assert out.find(connection, pid, now=clock.now()) is None
    reader = desks.office.stranger().get(f"/h5/articles/{pid}")
    assert reader.status_code == 404
    assert time.monotonic() - began < 5
    page = refused(desks.reviewer.post(f"{path}/restore"), 409)
    assert "您撤下的" in page.text
    with database.begin() as session:
        session.execute(update(Piece).where(Piece.pid == pid).values(withdrawn_by="somebody"))
    assert "读者又能看到" in desks.reviewer.done(f"{path}/restore").text
    with database.reads() as connection:
        assert out.find(connection, pid, now=clock.now())
