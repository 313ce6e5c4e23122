"""The register: two people, numbers without gaps, a record in the catalogue; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.treasures.register_making import (
    DESCRIBING,
    EDITOR,
    REVIEWER,
    STORY,
    TITLE,
    TODAY,
    a_plan,
    accepted,
    accession_of,
    agreed,
    at,
    entered,
    planned,
    steps_of,
    upload_of,
)
from wx_archive.catalogue import query, search
from wx_archive.catalogue.models import Record, SearchEntry
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.staff.rules import SamePersonError
from wx_archive.treasures import accessions, register_queries
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.accessions import Custody, Plan
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import Accession, Certificate
from wx_archive.treasures.rules import Action, Credit, State
from wx_archive.treasures.steps import Doing, StaleError


def enter(database: Database, treasure_id: int, doing: Doing = REVIEWER) -> str:
    with database.begin() as session:
        return accessions.enter(session, treasure_id, doing, DESCRIBING).number


def record_of(database: Database, treasure_id: int) -> Record:
    pid = accession_of(database, treasure_id).record_pid
    with database.begin() as session:
        return session.scalars(select(Record).where(Record.pid == pid)).one()


def count(database: Database, table: type[Accession | Certificate | Record | SearchEntry]) -> int:
    with database.reads() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


# -- two people --------------------------------------------------------------------------------


def test_one_person_plans_and_another_enters(database: Database) -> None:
    upload = planned(database)
    assert enter(database, upload.id) == "藏2026-000001"
    line = accession_of(database, upload.id)
    assert (line.proposed_by, line.entered_by) == ("editor", "reviewer")
    assert (line.title, line.extent, line.location) == (TITLE, "照片 1 张", "3-2-1")
    assert upload_of(database, upload.id).state is State.ACCESSIONED
    assert steps_of(database, upload.id)[-1].to_state is State.ACCESSIONED


def test_nobody_enters_their_own_plan(database: Database) -> None:
    upload = planned(database)
    with pytest.raises(SamePersonError):
        enter(database, upload.id, EDITOR)
    assert upload_of(database, upload.id).state is State.AGREEMENT
    assert count(database, Accession) == 0
    assert enter(database, upload.id) == "藏2026-000001"


def test_nothing_is_entered_without_a_plan(database: Database) -> None:
    upload = agreed(database)
    with pytest.raises(RefusedError, match=texts.NO_PLAN):
        enter(database, upload.id)


def test_nothing_is_planned_without_an_agreement(database: Database) -> None:
    upload = accepted(database)
    with pytest.raises(RefusedError, match=texts.NOT_PLANNED), database.begin() as session:
        accessions.plan(session, upload.id, a_plan(), EDITOR)


def test_a_plan_is_taken_back_and_made_anew(database: Database) -> None:
    upload = planned(database)
    with pytest.raises(RefusedError, match=texts.PLAN_STANDS), database.begin() as session:
        accessions.plan(session, upload.id, a_plan(), EDITOR)
    with database.begin() as session:
        accessions.withdraw_plan(session, upload.id, EDITOR)
    with pytest.raises(RefusedError, match=texts.NO_PLAN):
        enter(database, upload.id)
    with database.begin() as session:
        accessions.plan(session, upload.id, a_plan("换了题名"), EDITOR)
    enter(database, upload.id)
    assert accession_of(database, upload.id).title == "换了题名"
    notes = [step.note for step in steps_of(database, upload.id) if step.action is Action.PLAN]
    assert notes == [texts.planned(TITLE), texts.PLAN_WITHDRAWN, texts.planned("换了题名")]


def test_an_accession_is_entered_once(database: Database) -> None:
    upload = entered(database)
    with pytest.raises(RefusedError, match=texts.NO_PLAN):
        enter(database, upload.id)
    with database.reads() as connection:
        assert register_queries.plan(connection, upload.id) is None
    assert count(database, Certificate) == 1


def test_whoever_looked_at_an_older_page_enters_nothing(database: Database) -> None:
    upload = planned(database)
    old = upload.version - 1
    with pytest.raises(StaleError), database.begin() as session:
        accessions.enter(session, upload.id, REVIEWER, DESCRIBING, version=old)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (a_plan(""), texts.TITLE_MISSING),
        (a_plan(fonds=""), texts.FONDS_MISSING),
        (a_plan(fonds="全宗"), "全宗号只用字母"),
        (a_plan(fonds="A" * 21), "全宗号只用字母"),
        (a_plan(received_on=TODAY + timedelta(days=1)), texts.RECEIVED_LATER),
        (a_plan("题" * 201), "题名最多 200 个字"),
        (a_plan(condition="好" * 201), "保存状况最多 200 个字"),
        (a_plan(extent="张" * 61), "数量最多 60 个字"),
        (a_plan(location="架" * 61), "存放位置最多 60 个字"),
    ],
)
def test_a_plan_that_is_not_whole_is_refused(plan: Plan, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        plan.checked(today=TODAY)


# -- numbers -----------------------------------------------------------------------------------


def test_twenty_at_once_have_numbers_without_gaps(database: Database) -> None:
    uploads = [planned(database) for _number in range(20)]
    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(lambda upload: enter(database, upload.id), uploads))
    assert sorted(numbers) == [f"藏2026-{number:06d}" for number in range(1, 21)]
    with database.reads() as connection:
        issued = connection.scalars(select(Certificate.number).order_by(Certificate.number))
        assert list(issued) == [f"证2026-{number:06d}" for number in range(1, 21)]
    assert count(database, Record) == 20


def test_an_undone_accession_gives_its_number_back(database: Database) -> None:
    upload = planned(database)

    def undone() -> None:
        with database.begin() as session:
            accessions.enter(session, upload.id, REVIEWER, DESCRIBING)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert count(database, Record) == 0
    assert enter(database, upload.id) == "藏2026-000001"


def test_another_year_begins_its_own_book(database: Database) -> None:
    entered(database)
    upload = planned(database)
    assert enter(database, upload.id, at(REVIEWER, 50)) == "藏2027-000001"


# -- what follows ------------------------------------------------------------------------------


def test_the_piece_is_described_in_the_catalogue_and_closed(database: Database) -> None:
    upload = entered(database)
    record = record_of(database, upload.id)
    assert record.reference_code == "Z01-藏2026-000001"
    assert (record.level, record.fonds_code, record.title) == ("item", "Z01", TITLE)
    assert (record.author, record.carrier, record.date_text) == ("", "", "1975年")
    assert record.year is None
    assert record.dated is not None
    assert record.dated.year == 1975
    assert record.note == "老李捐赠，2026年11月23日收到。入藏号 藏2026-000001。"
    assert STORY not in record.abstract + record.note
    assert record.openness == "controlled"
    assert count(database, SearchEntry) == 0
    with database.reads() as connection:
        asked = query.understand("老百货大楼")
        assert search.search(connection, asked, today=TODAY, limit=5).total == 0


def test_anonymous_is_anonymous_in_the_catalogue(database: Database) -> None:
    upload = entered(database, credit=Credit.ANONYMOUS, name="")
    record = record_of(database, upload.id)
    assert record.author == ""
    assert record.note.startswith("一位不愿具名的市民捐赠")


def test_a_year_that_is_about_known_is_a_decade_in_brackets(database: Database) -> None:
    upload = planned(database)
    with database.begin() as session:
        session.execute(update(Treasure).values(year_text="七十年代，说不清"))
    enter(database, upload.id)
    record = record_of(database, upload.id)
    assert record.date_text == "[1970-1979]"


def test_the_giver_is_told(database: Database) -> None:
    upload = entered(database)
    with database.reads() as connection:
        told = connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)).all()
    assert upload.number is not None
    assert upload.number in told[-1]
    assert "已经入藏" in told[-1]


# -- where the original is ---------------------------------------------------------------------


def hand(database: Database, treasure_id: int, what: Custody, note: str, place: str = "") -> None:
    with database.begin() as session:
        accessions.custody(session, treasure_id, what, note, EDITOR, location=place)


def test_the_way_of_an_original_is_written_down(database: Database) -> None:
    upload = agreed(database)
    hand(database, upload.id, Custody.RECEIVED, "本人送到窗口，四角有折痕")
    with pytest.raises(RefusedError, match=texts.NOT_ENTERED):
        hand(database, upload.id, Custody.LENT, "借给展览科")
    with database.begin() as session:
        accessions.plan(session, upload.id, a_plan(), EDITOR)
    enter(database, upload.id)
    hand(database, upload.id, Custody.MOVED, "移到恒温库", "5-1-2")
    hand(database, upload.id, Custody.HANDED_BACK, "复制完，本人取回")
    assert accession_of(database, upload.id).location == "5-1-2"
    notes = [step.note for step in steps_of(database, upload.id) if step.action is Action.CUSTODY]
    assert notes == [
        "收到原件：本人送到窗口，四角有折痕",
        "移库：移到恒温库（5-1-2）",
        "原件还给送件人：复制完，本人取回",
    ]


def test_a_step_of_an_original_says_who_and_where(database: Database) -> None:
    upload = entered(database)
    with pytest.raises(RefusedError, match=texts.CUSTODY_NOTE):
        hand(database, upload.id, Custody.LENT, " ")
    with pytest.raises(RefusedError, match=texts.LOCATION_MISSING):
        hand(database, upload.id, Custody.MOVED, "移走")


def test_nothing_is_handed_over_before_it_is_accepted(database: Database) -> None:
    upload = accepted(database)
    hand(database, upload.id, Custody.RECEIVED, "窗口")
    with database.begin() as session:
        session.execute(update(Treasure).values(state="screening"))
    with pytest.raises(RefusedError, match=texts.NO_CUSTODY):
        hand(database, upload.id, Custody.RECEIVED, "窗口")
