"""废止线索: decided by one click, many at once, taken back; what is stale changes nothing."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, select, update

from tests.builders import a_document, a_file
from tests.cataloguing.uploading import an_office, folded
from tests.console import Browser, Office
from tests.html import read_page
from wx_archive.catalogue import decisions
from wx_archive.catalogue.models import Document, RepealProposal
from wx_archive.catalogue.service import Importer
from wx_archive.catalogue.visibility import is_current
from wx_archive.cataloguing import proposals
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

LIST = "/console/proposals"


@pytest.fixture(scope="module")
def still(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office for the tests that leave it as it is."""
    with an_office(_demo_data, tmp_path_factory.mktemp("still") / "data") as opened:
        yield opened


def announce(office: Office, count: int, *, is_dated: bool = True) -> None:
    """Import texts that announce repeals, each of one older text."""
    rows = []
    for n in range(count):
        old = f"兰政发〔2001〕{700 + n}号"
        rows.append(a_document(f"O{n}", title=f"渡口旧办法{n}", doc_no=old, date="2001-02-03"))
        since = "本规定自2019年6月1日起施行，" if is_dated else ""
        rows.append(
            a_document(
                f"N{n}",
                title=f"渡口新规定{n}",
                doc_no=f"兰政发〔2019〕{700 + n}号",
                date="2019-05-06" if is_dated else "",
                body=f"{since}《渡口旧办法{n}》（{old}）同时废止。",
            )
        )
    take_in(office, rows)


def take_in(office: Office, rows: list[dict[str, object]]) -> None:
    importer = Importer(office.database, office.settings.secret())
    importer.documents(a_file(office.settings.data_dir / "announced.jsonl", rows))


def numbers(database: Database) -> dict[str, int]:
    """Return the numbers of the proposals by the title of what they repeal."""
    statement = select(Document.title, RepealProposal.id).join(
        Document, (Document.pid == RepealProposal.target_pid) & is_current(Document)
    )
    with database.reads() as connection:
        return {str(title): number for title, number in connection.execute(statement)}


def repealed(database: Database, title: str) -> date | None:
    """Return since when a document is repealed."""
    with database.reads() as connection:
        return connection.execute(
            select(Document.repealed_on).where(Document.title == title, is_current(Document))
        ).scalar_one()


def notes(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.reads() as connection:
        rows = connection.execute(
            select(AuditEntry.action, AuditEntry.after)
            .where(AuditEntry.action.like("proposal.%"))
            .order_by(AuditEntry.number)
        )
        return [(str(action), json.loads(after)) for action, after in rows]


def test_one_click_accepts_and_one_takes_it_back(any_office: Office) -> None:
    office, editor = any_office, any_office.sits(Role.EDITOR)
    announce(office, 1)
    number = numbers(office.database)["渡口旧办法0"]
    page = editor.page(LIST)
    assert "《渡口旧办法0》（兰政发〔2001〕700号）同时废止" in folded(page)
    assert "2019-06-01" in folded(page)
    assert "条废止线索等着确认" in folded(editor.page("/console"))
    assert repealed(office.database, "渡口旧办法0") is None

    said = editor.done(LIST, verdict=f"accept:{number}")
    assert "已确认：《渡口旧办法0》从 2019-06-01 起废止。" in folded(said)
    assert repealed(office.database, "渡口旧办法0") == date(2019, 6, 1)

    back = editor.done(f"{LIST}/{number}/undo")
    assert "已撤销，《渡口旧办法0》又回到等您决定的里面。" in folded(back)
    assert repealed(office.database, "渡口旧办法0") is None
    assert number in numbers(office.database).values()
    assert [action for action, _after in notes(office.database)] == [
        "proposal.accept",
        "proposal.undo",
    ]


def test_a_day_that_staff_know_better_counts_and_is_forgotten_with_the_decision(
    office: Office,
) -> None:
    editor = office.sits(Role.EDITOR)
    announce(office, 1)
    number = numbers(office.database)["渡口旧办法0"]
    editor.done(LIST, verdict=f"accept:{number}", on="2018-01-01")
    assert repealed(office.database, "渡口旧办法0") == date(2018, 1, 1)
    editor.done(f"{LIST}/{number}/undo")
    editor.done(LIST, verdict=f"accept:{number}")
    assert repealed(office.database, "渡口旧办法0") == date(2019, 6, 1)


def test_what_is_no_repeal_is_put_aside_for_good_and_can_be_taken_back(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    announce(office, 1)
    number = numbers(office.database)["渡口旧办法0"]
    said = editor.done(LIST, verdict=f"refuse:{number}")
    assert "已驳回：《渡口旧办法0》照旧" in folded(said)
    announce(office, 2)
    assert "《渡口旧办法0》（兰政发〔2001〕700号）同时废止" not in folded(editor.page(LIST))
    editor.done(f"{LIST}/{number}/undo")
    assert "《渡口旧办法0》（兰政发〔2001〕700号）同时废止" in folded(editor.page(LIST))
    assert notes(office.database)[0] == (
        "proposal.reject",
        {"title": "渡口旧办法0", "repealed_on": None},
    )


def test_those_that_are_ticked_are_decided_together_with_the_consequences_worked_out_once(
    any_office: Office,
) -> None:
    office, editor = any_office, any_office.sits(Role.EDITOR)
    announce(office, 30)
    chosen = [number for title, number in numbers(office.database).items() if "渡口" in title]
    reads: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        reads.append(statement)

    event.listen(office.database.engine, "before_cursor_execute", note)
    said = editor.done(LIST, verdict="accept", number=chosen)
    event.remove(office.database.engine, "before_cursor_execute", note)
    assert "已确认 30 条。" in folded(said)
    assert repealed(office.database, "渡口旧办法29") == date(2019, 6, 1)
    whole = [one for one in reads if "number_key" in one and "SELECT document.id" in one]
    assert len(whole) == 1
    assert len(notes(office.database)) == 30


def test_hundreds_are_read_page_by_page(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    announce(office, 130)
    path, seen = LIST, 0
    for _ in range(10):
        page = editor.page(path)
        seen += page.text.count("选第 ")
        older = [link for link in page.links if "after=" in link]
        if not older:
            break
        path = older[-1]
    else:
        pytest.fail("no last page")
    with office.database.reads() as connection:
        count = proposals.waiting(connection)
    assert count == seen >= 130
    assert f"共 {count} 条等着" in folded(editor.page(LIST))
    assert path != LIST
    answer = editor.post(path, verdict=f"refuse:{max(numbers(office.database).values())}")
    assert answer.headers["Location"] == path
    assert "后面没有了" in folded(editor.page(f"{LIST}?after={2**61}"))
    for told in ("x", "-1", "9" * 40):
        editor.page(f"{LIST}?after={told}")


def test_a_text_without_a_day_needs_one(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    announce(office, 2, is_dated=False)
    known = numbers(office.database)
    one, two = known["渡口旧办法0"], known["渡口旧办法1"]
    answer = editor.post(LIST, verdict="accept", number=[one, two])
    assert answer.status_code == 422
    assert "原文没有写明从哪天起废止" in answer.text
    page = read_page(answer.text)
    page.check_frame()
    assert answer.text.count(" checked") == 2  # what was ticked stays ticked
    editor.done(LIST, verdict="accept", number=[one, two], on="2020-01-01")
    assert repealed(office.database, "渡口旧办法1") == date(2020, 1, 1)


def test_what_has_a_day_is_accepted_and_what_has_none_is_left_and_named(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    announce(office, 1, is_dated=False)
    undated = numbers(office.database)["渡口旧办法0"]
    take_in(
        office,
        [
            a_document("O9", title="桥梁旧办法", doc_no="兰政发〔2002〕9号", date="2002-02-03"),
            a_document(
                "N9",
                title="桥梁新规定",
                date="2019-05-06",
                body="本规定自2019年6月1日起施行，《桥梁旧办法》（兰政发〔2002〕9号）同时废止。",
            ),
        ],
    )
    dated = numbers(office.database)["桥梁旧办法"]
    said = editor.done(LIST, verdict="accept", number=[undated, dated])
    assert "1 条原文没有写明日子，还等着" in folded(said)
    assert repealed(office.database, "桥梁旧办法") == date(2019, 6, 1)
    assert repealed(office.database, "渡口旧办法0") is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"verdict": "accept"}, "还没有选"),
        ({}, "还没有选"),
        ({"verdict": "accept:x"}, "还没有选"),
        ({"verdict": "delete:1"}, "还没有选"),
        ({"verdict": "accept", "number": ["1"] * 51}, "还没有选"),
        ({"verdict": "accept:1", "on": "明天"}, "“明天”不是日期"),
        ({"verdict": "accept:1", "on": "0019-06-01"}, "不像废止的日子"),
        ({"verdict": "accept:999999999"}, "刚才已由别人办过"),
        ({"verdict": "refuse:999999999999999"}, "刚才已由别人办过"),
    ],
)
def test_bad_input_is_answered_with_a_sentence_and_changes_nothing(
    still: Office, fields: dict[str, object], sentence: str
) -> None:
    office, editor = still, still.sits(Role.EDITOR)
    with office.database.reads() as connection:
        before = proposals.waiting(connection)
    answer = editor.post(LIST, **fields)
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert sentence in folded(page)
    assert notes(office.database) == []
    with office.database.reads() as connection:
        assert proposals.waiting(connection) == before


def test_somebody_was_quicker_or_the_document_is_gone(office: Office) -> None:
    editor, other = office.sits(Role.EDITOR), office.sits(Role.EDITOR)
    announce(office, 3)
    known = numbers(office.database)
    one, two, three = (known[f"渡口旧办法{n}"] for n in range(3))
    other.done(LIST, verdict=f"refuse:{one}")
    assert editor.post(LIST, verdict=f"accept:{one}").status_code == 422
    assert repealed(office.database, "渡口旧办法0") is None

    with office.database.begin() as session:  # as if a later import had taken it out
        session.execute(
            update(Document).where(Document.title == "渡口旧办法1").values(is_superseded=True)
        )
    page = folded(editor.page(LIST))
    assert "（已不在目录里）" in page
    said = editor.done(LIST, verdict="accept", number=[one, two, three])
    assert "2 条已由别人办过，或者文件已不在目录里，没有动。" in folded(said)
    editor.done(LIST, verdict=f"refuse:{two}")
    assert editor.post(f"{LIST}/{three + 999}/undo").status_code == 409
    assert editor.post(f"{LIST}/{9 * 10**30}/undo").status_code == 404


def test_what_staff_stated_by_hand_is_not_taken_back_here(office: Office) -> None:
    from wx_archive.catalogue import repeals  # noqa: PLC0415 -- beside the page's own way

    editor = office.sits(Role.EDITOR)
    announce(office, 1)
    with office.database.begin() as session:
        pid = session.scalars(select(Document.pid).where(Document.title == "渡口新规定0")).one()
        repeals.repeal(session, pid, by=None, on=date(2020, 1, 1), now=clock.now())
        number = session.scalars(
            select(RepealProposal.id).where(RepealProposal.target_pid == pid)
        ).one()
    assert editor.post(f"{LIST}/{number}/undo").status_code == 409
    assert repealed(office.database, "渡口新规定0") == date(2020, 1, 1)


def test_a_title_that_is_markup_is_only_a_title(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    title = "<script>alert(1)</script>办法"
    take_in(
        office,
        [
            a_document("X1", title=title, doc_no="兰政发〔2003〕9号", date="2003-02-03"),
            a_document(
                "X2",
                title="新规定",
                date="2019-05-06",
                body="自2019年6月1日起施行，兰政发〔2003〕9号文件同时废止。",
            ),
        ],
    )
    assert "<script>alert(1)" in editor.page(LIST).text


def test_an_undone_repeal_of_a_withdrawn_text_still_waits(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    announce(office, 1)
    number = numbers(office.database)["渡口旧办法0"]
    editor.done(LIST, verdict=f"accept:{number}")
    with office.database.begin() as session:
        pid = session.scalars(select(Document.pid).where(Document.title == "渡口新规定0")).one()
        today = clock.today()
        decisions.withdraw(session, pid, reason="", now=clock.now(), today=today)
    assert repealed(office.database, "渡口旧办法0") == date(2019, 6, 1)
    editor.done(f"{LIST}/{number}/undo")
    assert repealed(office.database, "渡口旧办法0") is None


def test_the_browser_of_a_desk_finds_no_door(office: Office) -> None:
    desk: Browser = office.sits(Role.DESK)
    assert desk.get(LIST).status_code == 403
