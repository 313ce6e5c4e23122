"""The figures of pushes: delivered, opened, of use, beside the column's median; the table."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.publishing.crowd import a_follower
from tests.publishing.pushing import a_push, a_text, an_article
from wx_archive.core.database import Database
from wx_archive.publishing import push_figures
from wx_archive.publishing.console import figures_console
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_figures import Line
from wx_archive.publishing.reader_models import PieceOpinion, PieceReading
from wx_archive.publishing.rules import Kind, PushState
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

SENT_AT = datetime(2026, 11, 25, 1, tzinfo=UTC)
DAY = date(2026, 11, 25)


def went(
    database: Database, *contents: Content, at: datetime = SENT_AT, opened: int = 0, sent: int = 10
) -> str:
    """Have a push that went out; its first piece was opened so often, a third from the chat."""
    with database.begin() as session:
        push = a_push(session, *contents, now=at)
        push.state, push.sent_at = PushState.SENT, at
        push.total, push.filtered, push.sent, push.failed = sent + 5, sent + 3, sent, 3
        title = contents[0].title
        piece = session.scalars(select(Piece).where(Piece.title == title)).one()
        piece.out_at = at
        for channel, count in (("chat", opened // 3), ("h5", opened - opened // 3)):
            session.add(PieceReading(piece_id=piece.id, day=DAY, channel=channel, opened=count))
        return push.pid


def lines(database: Database, first: date = DAY, last: date = DAY) -> list[Line]:
    with database.reads() as connection:
        return push_figures.between(connection, first, last, limit=50)


def test_a_push_has_wechats_numbers_and_our_own(database: Database) -> None:
    pid = went(database, an_article("甲"), opened=30)
    went(database, an_article("乙"), opened=10, at=SENT_AT - timedelta(days=5))
    went(database, an_article("丙"), opened=20, at=SENT_AT - timedelta(days=6))
    [line] = lines(database)
    assert line.pid == pid
    assert (line.sent, line.failed, line.filtered_out) == (10, 3, 2)
    assert (line.opened, line.chat, line.elsewhere) == (30, 10, 20)
    assert line.median == 15.0


def test_opinions_are_counted(database: Database) -> None:
    went(database, an_article("甲"))
    with database.begin() as session:
        piece_id = session.scalars(select(Piece.id)).one()
        for number, is_useful in enumerate((True, True, False)):
            session.add(
                PieceOpinion(
                    piece_id=piece_id,
                    follower_id=a_follower(session, f"o{number}"),
                    is_useful=is_useful,
                    words="",
                    made_at=SENT_AT,
                )
            )
    [line] = lines(database)
    assert (line.useful, line.useless) == (2, 1)


@pytest.mark.parametrize(
    ("at", "is_in"),
    [
        (datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 24, 16, tzinfo=UTC), True),
        (datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 25, 16, tzinfo=UTC), False),
    ],
)
def test_a_day_is_a_shanghai_day(database: Database, at: datetime, *, is_in: bool) -> None:
    went(database, an_article("甲"), at=at)
    assert bool(lines(database)) is is_in


def test_kinds_are_summed(database: Database) -> None:
    went(database, an_article("甲"), opened=3)
    went(database, an_article("乙"), opened=6)
    went(database, a_text("丙"))
    sums = {one.kind: one for one in push_figures.by_kind(lines(database))}
    assert set(sums) == {Kind.ARTICLE, Kind.TEXT}
    assert (sums[Kind.ARTICLE].pushes, sums[Kind.ARTICLE].sent) == (2, 20)
    assert sums[Kind.ARTICLE].opened == 9


def test_the_table_is_noted_and_holds_no_formula(office: Office) -> None:
    went(office.database, an_article("=HYPERLINK(1)"), opened=3)
    editor = office.sits(Role.EDITOR)
    query = "first=2026-11-25&last=2026-11-25"
    page = editor.page(f"/console/pushes/figures?{query}")
    assert f"/console/pushes/figures.csv?{query}" in page.links
    answer = editor.get(f"/console/pushes/figures.csv?{query}")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    head, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert len(head) == len(row)
    assert row[1] == "'=HYPERLINK(1)"
    assert row[7:12] == ["10", "3", "2", "1", "2"]
    with office.database.reads() as connection:
        noted = connection.scalars(
            select(AuditEntry.action).where(AuditEntry.action == "push.figures")
        ).all()
    assert len(noted) == 1


def test_without_pushes_the_page_says_what_to_do(office: Office) -> None:
    page = office.sits(Role.REVIEWER).page(
        "/console/pushes/figures?first=2020-01-01&last=2019-01-01"
    )
    assert "没有发出去的推送" in page.text
    assert figures_console.as_csv([]).decode("utf-8-sig").count("\r\n") == 1
