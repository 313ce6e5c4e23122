"""Facsimiles at the desk: entered, counted in, written off; and the quiz in figures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.quiz.making import a_season
from tests.quiz.season_desks import OPEN, SEASONS, Desk
from tests.quiz.season_making import plays
from wx_archive.core import clock
from wx_archive.quiz import stock
from wx_archive.quiz.rules import StockAction
from wx_archive.quiz.voucher_models import Facsimile
from wx_archive.staff.rules import Role

FACSIMILES = "/console/quiz/facsimiles"


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


# -- facsimiles -------------------------------------------------------------------------------


def on_shelf(desk: Desk, pieces: int = 12) -> str:
    """Have a facsimile entered and counted in; return its address."""
    answer = desk.editor.post(FACSIMILES, name="建市批文（复制件）", about="八开", entry=OPEN)
    path = answer.headers["Location"]
    desk.at(Role.DESK).done(f"{path}/receive", pieces=pieces, note="第一批")
    return path


def shelf(desk: Desk) -> tuple[int, int, bool]:
    """Return what the one facsimile has."""
    with desk.office.database.begin() as session:
        one = session.scalars(select(Facsimile)).one()
        return one.on_hand, one.reserved, one.is_offered


def test_pieces_are_counted_in_and_written_off_with_a_reason(any_office: Office) -> None:
    desk = Desk(any_office)
    path = on_shelf(desk)
    assert shelf(desk) == (12, 0, True)
    with any_office.database.begin() as session:
        number = session.scalars(select(Facsimile.id)).one()
        told = {"actor": "reader", "now": clock.now()}
        assert stock.move(session, number, StockAction.RESERVE, pieces=3, **told)  # type: ignore[arg-type] # each is what it must be
    clerk = desk.at(Role.DESK)
    page = clerk.page(f"{path}/write-off")
    seen = page.value_of("seen")
    assert "最多核减 9 件" in page.text
    for pieces, note, said in (
        (10, "受潮", "最多核减 9 件"),
        (2, "", "请写核减的原因"),
        ("两件", "受潮", ""),
        (-3, "受潮", "件数要在 1 到 10,000 之间"),
    ):
        answer = clerk.post(f"{path}/write-off", pieces=pieces, note=note, seen=seen)
        assert (answer.status_code, said in answer.text) == (422, True)
    clerk.done(f"{path}/write-off", pieces=2, note="受潮", seen=seen)
    assert shelf(desk) == (10, 3, True)
    page = clerk.page(path)
    for said in ("入库", "读者领取", "核减", "受潮", "公众查得到"):
        assert said in page.text
    table = clerk.get(f"{path}/moves.csv")
    assert table.mimetype == "text/csv"
    assert len(table.text.splitlines()) == 4
    assert desk.actions() == [
        "facsimile.add",
        "stock.receive",
        "stock.write_off",
        "stock.export",
    ]


def test_a_double_click_counts_once(any_office: Office) -> None:
    desk = Desk(any_office)
    path, clerk = on_shelf(desk), desk.at(Role.DESK)
    for address, step, then in ((path, "receive", 17), (f"{path}/write-off", "write-off", 12)):
        told = {"pieces": 5, "note": "同一箱", "seen": clerk.page(address).value_of("seen")}
        clerk.done(f"{path}/{step}", **told)
        assert "没有再记第二次" in clerk.done(f"{path}/{step}", **told).text
        assert shelf(desk) == (then, 0, True)
    assert len(clerk.get(f"{path}/moves.csv").text.splitlines()) == 4
    told = {"pieces": 5, "note": "同一箱", "seen": clerk.page(path).value_of("seen")}
    clerk.done(f"{path}/receive", **told)
    assert shelf(desk) == (17, 0, True), "another form counts anew"


def test_two_clicks_at_the_same_moment_count_once(any_office: Office) -> None:
    desk = Desk(any_office)
    path, clerk = on_shelf(desk), desk.at(Role.DESK)
    told = {"pieces": 5, "note": "同一箱", "seen": clerk.page(path).value_of("seen")}
    with ThreadPoolExecutor(2) as pool:
        clicks = [pool.submit(clerk.post, f"{path}/receive", **told) for _ in range(2)]
        assert {one.result().status_code for one in clicks} == {303}
    assert shelf(desk) == (17, 0, True)


def test_whoever_counts_from_a_page_that_is_out_of_date_looks_again(desk: Desk) -> None:
    path, clerk = on_shelf(desk), desk.at(Role.DESK)
    seen = clerk.page(path).value_of("seen")
    clerk.done(f"{path}/receive", pieces=5, seen=seen)
    answer = desk.editor.post(f"{path}/receive", pieces=7, seen=seen)
    assert (answer.status_code, "又清点过" in answer.text) == (422, True)
    assert shelf(desk) == (17, 0, True)


def test_a_number_of_pieces_that_makes_no_sense_is_told_beside_its_field(desk: Desk) -> None:
    path = on_shelf(desk)
    for pieces in (-3, 0, 99999):
        answer = desk.editor.post(f"{path}/receive", pieces=pieces)
        assert (answer.status_code, "件数要在 1 到 10,000 之间" in answer.text) == (422, True)


def test_a_form_that_is_sent_twice_enters_one_facsimile(desk: Desk) -> None:
    key = desk.editor.page(f"{FACSIMILES}/new").value_of("key")
    told = {"name": "建市批文（复制件）", "key": key}
    paths = {desk.editor.post(FACSIMILES, **told).headers["Location"] for _ in range(2)}
    assert len(paths) == 1
    assert shelf(desk) == (0, 0, True)


def test_what_is_not_there_is_not_said_to_be_had(desk: Desk) -> None:
    path = desk.editor.post(FACSIMILES, name="建市批文（复制件）").headers["Location"]
    for address in (path, FACSIMILES):
        text = desk.editor.page(address).text
        assert "没有库存" in text
        assert "可领取" not in text.replace("读者就能领取", "")


def test_the_table_to_take_along_has_the_words_of_the_page(desk: Desk) -> None:
    path = on_shelf(desk)
    head = desk.editor.get(f"{path}/moves.csv").text.splitlines()[0].lstrip("\ufeff")
    page = desk.editor.page(path).text
    assert all(name in page for name in head.split(","))


def test_a_facsimile_is_described_and_taken_from_the_offer(desk: Desk) -> None:
    path = on_shelf(desk)
    empty = desk.editor.post(f"{path}/edit", name="")
    assert (empty.status_code, "请写名称" in empty.text) == (422, True)
    desk.editor.done(f"{path}/edit", name="换个名称", about="", source="虚构", entry="")
    assert "换个名称" in desk.editor.page(FACSIMILES).text
    for told, is_offered in (("no", False), ("yes", True)):
        desk.editor.done(f"{path}/offer", offer=told)
        assert shelf(desk) == (12, 0, is_offered)


def test_whoever_keeps_no_stock_moves_none(desk: Desk) -> None:
    path = on_shelf(desk)
    for step in ("receive", "write-off", "edit", "offer"):
        answer = desk.reviewer.post(f"{path}/{step}", pieces=1, note="x", offer="no", name="x")
        assert answer.status_code == 403
    assert desk.at(Role.DESK).post(f"{path}/edit", name="x").status_code == 403
    assert shelf(desk) == (12, 0, True)


# -- figures ----------------------------------------------------------------------------------


def test_the_figures_stand_on_the_dashboard_and_on_their_own_page(desk: Desk) -> None:
    page = desk.editor.page("/console/figures")
    assert "得卡" in page.text
    page = desk.editor.page("/console/quiz/figures")
    assert "各主题的正确率：这些天还没有人答题。" in page.text
    assert "人答过的不显示" in page.text
    for asked in ("?first=x&last=y", "?first=2030-01-01&last=2020-01-01", "?last=9999-99-99"):
        first = date.fromisoformat(
            desk.editor.page(f"/console/quiz/figures{asked}").value_of("first")
        )
        assert first <= clock.today()


def test_answers_are_drawn_as_bars_with_a_table_beside_them(desk: Desk) -> None:
    with desk.office.database.begin() as session:
        number = a_season(session)
        for name in ("p1", "p2", "p3"):
            plays(session, number, name, "rw", day=clock.today())
    page = desk.at(Role.PUBLISHER).page("/console/quiz/figures")
    assert "每天答题（次）" in page.text
    assert "50%" in page.text
    assert SEASONS not in page.links, "a page that is not theirs"
    assert SEASONS in desk.editor.page("/console/quiz/figures").links
