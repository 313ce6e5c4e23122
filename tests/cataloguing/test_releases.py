"""What shows the public more: one proposes, another one releases just what was proposed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select, update

from tests.builders import SECRET, Row, a_document, a_record, import_documents, import_records
from wx_archive.catalogue import decisions, edits, openings, search
from wx_archive.catalogue.edits import Hand
from wx_archive.catalogue.models import AccessDecision, Record
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.cataloguing import releases
from wx_archive.cataloguing.models import Release
from wx_archive.cataloguing.releases import Decided, StaleError
from wx_archive.cataloguing.rules import ReleaseKind, ReleaseState
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid
from wx_archive.staff.rules import Person, Role, SamePersonError

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
EDITOR = Person(1, "editor", "编辑小陈", frozenset({Role.EDITOR}))
REVIEWER = Person(2, "reviewer", "审核王科长", frozenset({Role.REVIEWER}))
BOTH = Person(3, "both", "又编又审", frozenset({Role.EDITOR, Role.REVIEWER}))


def hand(person: Person, now: datetime = NOW) -> Hand:
    return Hand(person.login, now, TODAY)


def pid_of(kind: ReleaseKind) -> str:
    return stable_pid(kind.subject.value, "X", SECRET)


def propose(
    database: Database,
    kind: ReleaseKind,
    by: Person = EDITOR,
    *,
    reason: str = "满期",
    **payload: str,
) -> int:
    with database.begin() as session:
        return releases.propose(session, kind, pid_of(kind), payload, reason, hand(by))


def release(database: Database, number: int, by: Person = REVIEWER) -> Decided:
    with database.begin() as session:
        return releases.release(session, number, "同意", by, hand(by))


def listed(database: Database, word: str = "大桥", today: date = TODAY) -> int:
    with database.reads() as connection:
        return search.search(connection, understand(word), today=today).total


def states(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(Release.state).order_by(Release.id)))


def a_hidden_record(database: Database, folder: Path, **changes: object) -> None:
    row: Row = a_record("X", open=0)
    import_records(database, folder, row | changes)


def a_hidden_document(database: Database, folder: Path, **changes: object) -> None:
    row: Row = a_document("X", title="兰水大桥管理办法", openness="none")
    import_documents(database, folder, row | changes)


# -- two people ---------------------------------------------------------------------------------


def test_nothing_is_shown_until_another_person_releases_it(
    database: Database, tmp_path: Path
) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN, BOTH)
    assert listed(database) == 0
    with pytest.raises(SamePersonError):
        release(database, number, BOTH)
    assert (listed(database), states(database)) == (0, ["waiting"])
    done = release(database, number)
    assert (done.is_listed, done.title) == (True, "关于修建兰水大桥的批复")
    assert (listed(database), states(database)) == (1, ["released"])
    with database.reads() as connection:
        assert connection.scalar(select(AccessDecision.reason)) == "满期"


def test_ones_own_proposal_is_taken_back_and_not_refused(
    database: Database, tmp_path: Path
) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN, BOTH)
    with database.begin() as session:
        with pytest.raises(SamePersonError):
            releases.refuse(session, number, "不行", BOTH, hand(BOTH))
        with pytest.raises(RefusedError, match="不是您提出的"):
            releases.withdraw(session, number, hand(REVIEWER))
        releases.withdraw(session, number, hand(BOTH))
    assert states(database) == ["withdrawn"]
    propose(database, ReleaseKind.OPEN, BOTH)


def test_a_refusal_needs_its_reason_and_shows_nothing(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    with database.begin() as session:
        with pytest.raises(RefusedError, match="理由"):
            releases.refuse(session, number, "  ", REVIEWER, hand(REVIEWER))
        releases.refuse(session, number, "涉及个人", REVIEWER, hand(REVIEWER))
    assert (listed(database), states(database)) == (0, ["refused"])
    with database.reads() as connection:
        for login, days, count in (("editor", 1, 1), ("reviewer", 1, 0), ("editor", 15, 0)):
            later = NOW + timedelta(days=days)
            assert releases.refused_count(connection, login, now=later) == count
    propose(database, ReleaseKind.OPEN)
    with database.reads() as connection:
        assert releases.refused_count(connection, "editor", now=NOW) == 0
        assert releases.waiting_count(connection, but_of="reviewer") == 1
        assert releases.waiting_count(connection, but_of="editor") == 0


def test_what_was_decided_is_decided(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    release(database, number)
    with database.begin() as session:
        decisions.close_record(session, pid_of(ReleaseKind.OPEN), reason="", now=NOW, today=TODAY)
    with pytest.raises(RefusedError, match="已经有人办过"):
        release(database, number)
    with pytest.raises(RefusedError, match="没有这一条"):
        release(database, number + 1)
    assert listed(database) == 0


def test_two_reviewers_at_once_release_it_once(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    told: list[str] = []

    def try_it(login: str) -> None:
        person = Person(9, login, login, frozenset({Role.REVIEWER}))
        try:
            release(database, number, person)
            told.append("done")
        except RefusedError as err:
            told.append(str(err)[:8])

    threads = [Thread(target=try_it, args=(f"reviewer{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(["done", *["这一条已经有人办"] * 3])
    assert listed(database) == 1


def test_the_same_waits_once(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path, livelihood=1)
    propose(database, ReleaseKind.OPEN)
    with pytest.raises(RefusedError, match="已经有人提出过"):
        propose(database, ReleaseKind.OPEN, BOTH)
    propose(database, ReleaseKind.LIVELIHOOD, BOTH)


@pytest.mark.parametrize("reason", ["", " ", "x"])
def test_a_proposal_needs_its_reason(sqlite_url: str, reason: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(RefusedError, match="理由"):
        propose(database, ReleaseKind.OPEN, reason=reason)
    database.dispose()


# -- just what was proposed -----------------------------------------------------------------------


def test_an_entry_that_was_edited_since_is_not_released(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    pid = pid_of(ReleaseKind.OPEN)
    with database.begin() as session:
        edits.edit(session, Kind.RECORD, pid, {"abstract": "张某某的处分"}, hand(EDITOR))
    with pytest.raises(StaleError):
        release(database, number)
    assert (listed(database), states(database)) == (0, ["waiting"])


def test_nor_is_one_that_an_import_changed(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    a_hidden_record(database, tmp_path)
    a_hidden_record(database, tmp_path, title="关于张某某的处分", note="别的")
    with pytest.raises(StaleError):
        release(database, number)
    assert listed(database, "处分") == 0


def test_an_import_that_changes_nothing_leaves_the_proposal_good(
    database: Database, tmp_path: Path
) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    a_hidden_record(database, tmp_path)
    assert release(database, number).is_listed


# -- each kind -------------------------------------------------------------------------------------


def test_a_deferred_record_opens_on_its_day_and_imports_keep_that(
    database: Database, tmp_path: Path
) -> None:
    a_hidden_record(database, tmp_path, open=None)
    day = TODAY + timedelta(days=2)
    done = release(database, propose(database, ReleaseKind.DEFER, open_on=day.isoformat()))
    assert not done.is_listed
    a_hidden_record(database, tmp_path, open=None, note="改过")
    with database.reads() as connection:
        row = connection.execute(select(Record.openness, Record.open_on)).one()
    assert tuple(row) == ("deferred", day)
    openings.follow_calendar(database, today=day - timedelta(days=1))
    assert listed(database, today=day - timedelta(days=1)) == 0
    openings.follow_calendar(database, today=day)
    assert listed(database, today=day) == 1


def test_closing_ends_a_deferral(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path, open=None)
    release(database, propose(database, ReleaseKind.DEFER, open_on="2030-01-01"))
    pid = pid_of(ReleaseKind.OPEN)
    with database.begin() as session:
        decisions.close_record(session, pid, reason="", now=NOW, today=TODAY)
    a_hidden_record(database, tmp_path, open=None, note="改过")
    openings.follow_calendar(database, today=date(2031, 1, 1))
    assert listed(database, today=date(2031, 1, 1)) == 0


@pytest.mark.parametrize("day", ["", "2026-11-23", "2020-01-01", "明年"])
def test_a_deferral_needs_a_day_to_come(sqlite_url: str, tmp_path: Path, day: str) -> None:
    database = Database(sqlite_url)
    a_hidden_record(database, tmp_path, open=None)
    with pytest.raises(RefusedError, match=r"以后的日子|写明延期"):
        propose(database, ReleaseKind.DEFER, open_on=day)
    database.dispose()


def test_a_livelihood_mark_is_taken_away_and_imports_do_not_put_it_back(
    database: Database, tmp_path: Path
) -> None:
    a_hidden_record(database, tmp_path, open=1, livelihood=1)
    assert listed(database) == 0
    assert release(database, propose(database, ReleaseKind.LIVELIHOOD)).is_listed
    a_hidden_record(database, tmp_path, open=1, livelihood=1, note="改过")
    assert listed(database) == 1


def test_a_withdrawn_document_is_restored(database: Database, tmp_path: Path) -> None:
    a_hidden_document(database, tmp_path, openness="full")
    pid = pid_of(ReleaseKind.RESTORE)
    with database.begin() as session:
        decisions.withdraw(session, pid, reason="待核", now=NOW, today=TODAY)
    with pytest.raises(RefusedError, match="提出恢复公开"):
        propose(database, ReleaseKind.DISCLOSE, openness="full")
    assert release(database, propose(database, ReleaseKind.RESTORE)).is_listed
    assert listed(database) == 1


def test_a_document_is_disclosed_further_and_imports_do_not_hide_it(
    database: Database, tmp_path: Path
) -> None:
    a_hidden_document(database, tmp_path, body="正文里的词")
    done = release(database, propose(database, ReleaseKind.DISCLOSE, openness="partial"))
    assert done.is_listed
    assert (listed(database), listed(database, "正文里的词")) == (1, 0)
    release(database, propose(database, ReleaseKind.DISCLOSE, openness="full"))
    a_hidden_document(database, tmp_path, body="正文里的词，改过")
    assert listed(database, "正文里的词") == 1


def test_what_makes_no_sense_is_not_proposed(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path, open=1)
    a_hidden_document(database, tmp_path, openness="partial")
    for kind, payload, why in (
        (ReleaseKind.OPEN, {}, "已经是开放的"),
        (ReleaseKind.DEFER, {"open_on": "2030-01-01"}, "已经是开放的"),
        (ReleaseKind.LIVELIHOOD, {}, "没有标为民生"),
        (ReleaseKind.RESTORE, {}, "没有撤下过"),
        (ReleaseKind.DISCLOSE, {"openness": "partial"}, "已经公开到这个程度"),
        (ReleaseKind.DISCLOSE, {}, "已经公开到这个程度"),
    ):
        with pytest.raises(RefusedError, match=why):
            propose(database, kind, EDITOR, **payload)
    import_records(database, tmp_path, a_record("X", open=0, secrecy="内部"), name="b.jsonl")
    with pytest.raises(RefusedError, match="内部"):
        propose(database, ReleaseKind.OPEN)
    assert states(database) == []


def test_a_record_in_a_closed_file_is_opened_and_the_releaser_told_it_stays_hidden(
    database: Database, tmp_path: Path
) -> None:
    above = a_record("above", ref_code="0001-1", level="file", open=0, title="案卷")
    item = a_record("X", ref_code="0001-1-1", parent="0001-1", open=0)
    import_records(database, tmp_path, above, item)
    done = release(database, propose(database, ReleaseKind.OPEN))
    assert (done.is_listed, done.hindrance) == (False, decisions.Hindrance.CLOSED_ABOVE)
    assert listed(database) == 0


def test_an_entry_that_is_gone_can_still_be_refused(database: Database, tmp_path: Path) -> None:
    a_hidden_record(database, tmp_path)
    number = propose(database, ReleaseKind.OPEN)
    with database.begin() as session:
        session.execute(update(Record).values(is_superseded=True))
    with pytest.raises(RefusedError, match="没有编号"):
        release(database, number)
    with database.begin() as session:
        releases.refuse(session, number, "已经没有了", REVIEWER, hand(REVIEWER))
    assert states(database) == [ReleaseState.REFUSED]
