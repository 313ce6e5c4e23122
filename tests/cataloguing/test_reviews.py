"""开放审核: what is due, decided many at once with one reason; nothing opens by itself."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.builders import SECRET, a_record, import_records
from wx_archive.catalogue import openings, search
from wx_archive.catalogue.edits import Hand
from wx_archive.catalogue.models import AccessDecision
from wx_archive.catalogue.query import understand
from wx_archive.cataloguing import releases, reviews
from wx_archive.cataloguing.models import Release
from wx_archive.cataloguing.reviews import Verdict
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid
from wx_archive.staff.rules import Person, Role

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HAND = Hand("editor", NOW, TODAY)
REVIEWER = Person(2, "reviewer", "审核王科长", frozenset({Role.REVIEWER}))


def pid_of(key: str) -> str:
    return stable_pid("record", key, SECRET)


@pytest.fixture
def due(database: Database, tmp_path: Path) -> Database:
    """A database with five records that are due, R1 longest, and some that are not."""
    rows = [a_record(f"R{n}", open=None, date=f"197{n}-05-12") for n in range(1, 6)]
    young = a_record("young", open=None, date="2020-01-01")
    import_records(database, tmp_path, *rows, young, a_record("open"))
    openings.make_reviews(database, today=TODAY, now=NOW)
    return database


def tasks(database: Database, limit: int = 50) -> list[str]:
    """Return what is due, page by page."""
    found: list[str] = []
    after, begun = "", False
    with database.reads() as connection:
        while after or not begun:
            page, after = reviews.tasks(connection, after=after, limit=limit)
            found += [task.reference_code[-2:] for task in page]
            begun = True
    return found


def decide(database: Database, verdict: Verdict, *keys: str, open_on: str = "") -> None:
    with database.begin() as session:
        pids = [pid_of(key) for key in keys]
        reviews.decide(session, pids, verdict, "会同移交单位审核", HAND, open_on=open_on)


def listed(database: Database) -> int:
    with database.reads() as connection:
        return search.search(connection, understand("大桥"), today=TODAY).total


def test_what_is_due_longest_comes_first_on_pages_of_any_size(due: Database) -> None:
    whole = ["R1", "R2", "R3", "R4", "R5"]
    assert tasks(due) == tasks(due, 2) == tasks(due, 1) == tasks(due, 5) == whole
    with due.reads() as connection:
        assert reviews.count(connection) == 5
        first = reviews.tasks(connection, after="2999-99-99_1", limit=9)[0][0]
    assert first.due_on == date(1996, 5, 12)


def test_control_holds_at_once_and_is_off_the_list(due: Database) -> None:
    decide(due, Verdict.CONTROL, "R1", "R3")
    assert tasks(due) == ["R2", "R4", "R5"]
    with due.reads() as connection:
        kept = connection.execute(select(AccessDecision.is_open, AccessDecision.reason)).all()
    assert [tuple(row) for row in kept] == [(False, "会同移交单位审核")] * 2


def test_opening_waits_for_a_second_person_and_comes_back_when_refused(due: Database) -> None:
    decide(due, Verdict.OPEN, "R1", "R2")
    assert (tasks(due), listed(due)) == (["R3", "R4", "R5"], 1)
    hand = Hand("reviewer", NOW, TODAY)
    with due.begin() as session:
        one, other = session.scalars(select(Release.id).order_by(Release.id))
        releases.release(session, one, "", REVIEWER, hand)
        releases.refuse(session, other, "涉及个人", REVIEWER, hand)
    assert (tasks(due), listed(due)) == (["R2", "R3", "R4", "R5"], 2)


def test_deferral_waits_too_and_opens_nothing_alone(due: Database) -> None:
    decide(due, Verdict.DEFER, "R1", open_on="2030-01-01")
    assert tasks(due) == ["R2", "R3", "R4", "R5"]
    with due.reads() as connection:
        assert connection.scalar(select(func.count()).select_from(AccessDecision)) == 0
        assert connection.scalar(select(Release.payload)) == '{"open_on": "2030-01-01"}'


def test_all_or_none(due: Database) -> None:
    decide(due, Verdict.CONTROL, "R2")
    with pytest.raises(RefusedError, match="已经审核过"):
        decide(due, Verdict.CONTROL, "R1", "R2")
    with pytest.raises(RefusedError, match="以后的日子"):
        decide(due, Verdict.DEFER, "R1", open_on="2020-01-01")
    with pytest.raises(RefusedError, match="勾选"):
        decide(due, Verdict.OPEN)
    with pytest.raises(RefusedError, match="最多审核 50 条"):
        decide(due, Verdict.OPEN, *(f"N{n}" for n in range(51)))
    assert tasks(due) == ["R1", "R3", "R4", "R5"]
