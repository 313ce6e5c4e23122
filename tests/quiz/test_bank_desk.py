"""Versions of questions: written by one, released by another; whatever happens, one counts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.quiz.bank_making import NOW, TODAY, a_draw, a_folder, a_row, answers, complains
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live
from wx_archive.core.site import Site
from wx_archive.quiz import bank, bank_desk, bank_view, complaints
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import Reason, VersionState
from wx_archive.staff.rules import Person, Role, SamePersonError

FIRST = "things-001"
OTHER = "第一阅览室不用预约。"
EDITOR = Person(1, "editor", "编辑", frozenset({Role.EDITOR}))
REVIEWER = Person(2, "reviewer", "审核", frozenset({Role.REVIEWER}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site whose bank has two questions."""
    return a_folder(tmp_path, a_row(), a_row(text=OTHER))


def of_file(folder: Path, question_id: str = FIRST) -> Question:
    return bank.of_files(folder).questions[question_id]


def counting(database: Database, folder: Path, question_id: str = FIRST) -> Question | None:
    with database.reads() as connection:
        return bank.effective(folder, connection).questions.get(question_id)


def proposes(database: Database, folder: Path, question: Question, *, seen: str = "") -> int:
    with database.begin() as session:
        known = bank_desk.begin(session, folder)
        before = known.newest(question.id)
        version = bank_desk.save(
            session,
            known,
            question,
            seen=seen or (before.fingerprint if before else ""),
            by="editor",
            now=NOW,
            is_ready=True,
        )
        return version.id


def releases(
    database: Database, folder: Path, number: int, *, person: Person = REVIEWER, seen: str = ""
) -> None:
    with database.begin() as session:
        bank_desk.begin(session, folder)
        version = bank_desk.find(session, number)
        assert version
        told = seen or version.content_hash
        bank_desk.release(session, version, person=person, seen=told, now=NOW)


def states(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(QuestionVersion.state).order_by(QuestionVersion.id)))


def test_a_released_version_counts_and_the_one_before_it_no_more(
    database: Database, folder: Path
) -> None:
    seed = of_file(folder)
    for words in ("第一次改的解析。", "第二次改的解析。"):
        before = counting(database, folder)
        number = proposes(database, folder, replace(seed, explanation=words))
        assert counting(database, folder) == before
        releases(database, folder, number)
        found = counting(database, folder)
        assert found
        assert found.explanation == words
    assert states(database) == [VersionState.REPLACED, VersionState.RELEASED]
    assert counting(database, folder, "things-002") == of_file(folder, "things-002")


def test_every_process_asks_the_new_version_at_once(database: Database, folder: Path) -> None:
    live = Live(database)
    site = Site(folder, "https://a.example.cn", live=live)
    assert bank.bank(site).questions[FIRST] == of_file(folder)
    number = proposes(database, folder, replace(of_file(folder), explanation="改过的解析。"))
    with database.begin() as session:
        bank_desk.begin(session, folder, live)
        version = bank_desk.find(session, number)
        assert version
        bank_desk.release(session, version, person=REVIEWER, seen=version.content_hash, now=NOW)
    assert bank.bank(site).questions[FIRST].explanation == "改过的解析。"


def test_neither_the_writer_nor_somebody_who_read_something_else_releases(
    database: Database, folder: Path
) -> None:
    number = proposes(database, folder, replace(of_file(folder), explanation="改过的解析。"))
    with pytest.raises(SamePersonError):
        releases(database, folder, number, person=EDITOR)
    with pytest.raises(RefusedError, match="又有人改过"):
        releases(database, folder, number, seen="0" * 16)
    assert states(database) == [VersionState.WAITING]
    releases(database, folder, number)
    with pytest.raises(RefusedError, match="已经不在等放行"):
        releases(database, folder, number)


def test_ten_who_write_new_questions_at_once_get_ten_numbers(
    database: Database, folder: Path
) -> None:
    def write(n: int) -> int:
        return proposes(
            database, folder, replace(of_file(folder), id="", text=f"第 {n} 个新问题。")
        )

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(write, range(10)))
    with database.begin() as session:
        ids = sorted(session.scalars(select(QuestionVersion.question_id)))
    assert ids == [f"things-{n:03}" for n in range(3, 13)]


def test_of_many_releases_at_once_one_counts(database: Database, folder: Path) -> None:
    number = proposes(database, folder, replace(of_file(folder), explanation="改过的解析。"))

    def release(n: int) -> bool:
        person = Person(n, f"reviewer{n}", "审核", frozenset({Role.REVIEWER}))
        try:
            releases(database, folder, number, person=person)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(5) as threads:
        assert sorted(threads.map(release, range(10, 20))) == [False] * 9 + [True]
    assert states(database) == [VersionState.RELEASED]


def test_the_command_line_releases_at_once_and_leaves_drafts_alone(
    database: Database, folder: Path
) -> None:
    draft = proposes(database, folder, replace(of_file(folder), explanation="别人的草稿。"))
    with database.begin() as session:
        known = bank_desk.begin(session, folder)
        both = [
            replace(of_file(folder, name), explanation="导入的解析。")
            for name in (FIRST, "things-002")
        ]
        bank_desk.release_at_once(session, known, both, by="cli:me", now=NOW)
    for name in (FIRST, "things-002"):
        found = counting(database, folder, name)
        assert found
        assert found.explanation == "导入的解析。"
    with database.begin() as session:
        version = session.get(QuestionVersion, draft)
        assert version
        assert version.state == VersionState.WAITING


def test_a_question_that_changed_in_its_file_too_is_a_conflict_and_nothing_is_lost(
    database: Database, tmp_path: Path
) -> None:
    folder = a_folder(tmp_path, a_row())
    ours = replace(of_file(folder), explanation="管理台里的解析。")
    releases(database, folder, proposes(database, folder, ours))
    newer = a_folder(tmp_path / "later", a_row(explanation="文件里新的解析。"))
    with database.begin() as session:
        known = bank_desk.begin(session, newer)
        assert known.conflicts() == [FIRST]
        assert known.conflict(FIRST) == of_file(newer)
        assert known.bank.questions[FIRST] == ours, "ours counts until somebody has decided"
        number = bank_desk.follow_file(session, known, FIRST, by="editor", now=NOW).id
    releases(database, newer, number)
    assert counting(database, newer) == of_file(newer)
    with database.reads() as connection:
        assert bank_view.known(newer, connection).conflicts() == []


def test_ours_stays_until_the_file_changes_again(database: Database, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, a_row())
    ours = replace(of_file(folder), explanation="管理台里的解析。")
    releases(database, folder, proposes(database, folder, ours))
    second = a_folder(tmp_path / "second", a_row(explanation="文件里的第二种。"))
    with database.begin() as session:
        bank_desk.keep_ours(session, bank_desk.begin(session, second), FIRST)
    third = a_folder(tmp_path / "third", a_row(explanation="文件里的第三种。"))
    same = a_folder(tmp_path / "same", a_row(explanation="管理台里的解析。"))
    with database.reads() as connection:
        assert bank_view.known(second, connection).conflicts() == []
        assert bank_view.known(third, connection).conflicts() == [FIRST]
        assert bank_view.known(same, connection).conflicts() == [], "both say the same by now"
    with database.begin() as session, pytest.raises(RefusedError, match="没有不一致"):
        bank_desk.keep_ours(session, bank_desk.begin(session, second), FIRST)


def test_a_retired_question_is_not_dealt_and_no_other_is_touched(
    database: Database, folder: Path
) -> None:
    with database.begin() as session:
        known = bank_desk.begin(session, folder)
        bank_desk.retire(
            session, known, of_file(folder), on=TODAY, note="错了", by="editor", now=NOW
        )
    with database.reads() as connection:
        askable = bank.effective(folder, connection).askable((), TODAY)
    assert [one.id for one in askable] == ["things-002"]
    retired = counting(database, folder)
    assert retired
    with database.begin() as session:
        known = bank_desk.begin(session, folder)
    with database.begin() as session, pytest.raises(RefusedError, match="已经停用"):
        bank_desk.retire(session, known, retired, on=TODAY, note="", by="editor", now=NOW)


def test_a_version_that_cannot_be_read_is_passed_over(database: Database, folder: Path) -> None:
    number = proposes(database, folder, replace(of_file(folder), explanation="改过的解析。"))
    releases(database, folder, number)
    with database.begin() as session:
        version = session.get(QuestionVersion, number)
        assert version
        version.content = "{}"
    assert counting(database, folder) == of_file(folder)
    with database.reads() as connection:
        assert bank_view.versions(connection, FIRST) == []


# -- figures and complaints ---------------------------------------------------------------------


def test_the_rate_counts_only_the_questions_own_answers(database: Database) -> None:
    answers(database, FIRST, right=3, wrong=2)
    answers(database, "things-002", right=4, wrong=0)
    a_draw(database, FIRST)  # dealt and not answered
    with database.reads() as connection:
        told = bank_view.figures(connection, [FIRST, "things-002", "things-003"])
    assert (told[FIRST].answered, told[FIRST].right, told[FIRST].percent) == (5, 3, 60)
    assert told["things-002"].percent is None, "four answers say nothing"
    assert "things-003" not in told


def test_complaints_are_settled_up_to_what_was_seen(database: Database) -> None:
    first = complains(database, FIRST)
    second = complains(database, FIRST, Reason.SOURCE)
    other = complains(database, "things-002")
    with database.begin() as session:
        assert complaints.settle(session, FIRST, up_to=first, by="editor", now=NOW) == 1
    with database.reads() as connection:
        assert complaints.open_counts(connection) == {FIRST: 1, "things-002": 1}
        told = complaints.of_question(connection, FIRST)
    assert [(one.id, one.settled_by) for one in told] == [(second, ""), (first, "editor")]
    with database.begin() as session:
        assert complaints.settle(session, FIRST, up_to=other, by="editor", now=NOW) == 1
    with database.begin() as session, pytest.raises(RefusedError):
        complaints.settle(session, FIRST, up_to=other, by="editor", now=NOW)
