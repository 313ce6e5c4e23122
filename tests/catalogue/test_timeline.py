"""A document's life as citizens may read it: named is only what they may see."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.builders import SECRET, Row, a_document, import_documents
from wx_archive.catalogue import decisions, repeals
from wx_archive.catalogue.repeals import Event, Happening, Other
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
NUMBER = "兰政发〔2015〕9号"
SIGNED, EFFECTIVE = date(2015, 4, 20), date(2015, 6, 1)
AMENDED, REPEALED = date(2019, 1, 1), date(2023, 7, 1)


def the_old(**changes: object) -> Row:
    old = a_document("old", title="旧办法", doc_no=NUMBER, effective_from=EFFECTIVE.isoformat())
    return old | changes


def another(key: str, kind: str, day: date, **changes: object) -> Row:
    """Return a document that does something to the old one from a day on."""
    relation = {"type": kind, "number": NUMBER}
    new = a_document(key, title=f"文件{key}", date="2018-05-01", relations=[relation])
    return new | {"effective_from": day.isoformat()} | changes


def pid_of(key: str) -> str:
    return stable_pid("document", key, SECRET)


def events(database: Database, today: date = TODAY) -> list[Event]:
    with database.reads() as connection:
        return list(repeals.timeline(connection, pid_of("old"), today))


def told(database: Database, today: date = TODAY) -> list[tuple[date, str]]:
    return [(event.day, event.words) for event in events(database, today)]


OWN = [(SIGNED, "成文"), (EFFECTIVE, "施行")]


def test_a_document_lives_from_its_date_to_its_repeal(database: Database, tmp_path: Path) -> None:
    import_documents(
        database,
        tmp_path,
        the_old(),
        another("b", "repeals", REPEALED),
        another("a", "amends", AMENDED),
    )
    assert told(database) == [*OWN, (AMENDED, "被《文件a》修改"), (REPEALED, "被《文件b》废止")]
    assert events(database)[-1].by == Other(pid_of("b"), "文件b")


def test_what_is_to_come_says_so(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, the_old(), another("b", "repeals", REPEALED))
    assert told(database, date(2023, 6, 30)) == [*OWN, (REPEALED, "将被《文件b》废止")]
    assert [event.is_to_come for event in events(database, SIGNED)] == [False, True, True]


@pytest.mark.parametrize("how", ["none", "withdrawn"])
@pytest.mark.parametrize("kind", ["repeals", "amends"])
def test_what_the_public_may_not_see_is_not_named(
    database: Database, tmp_path: Path, how: str, kind: str
) -> None:
    openness = "none" if how == "none" else "full"
    import_documents(database, tmp_path, the_old(), another("b", kind, REPEALED, openness=openness))
    if how == "withdrawn":
        with database.begin() as session:
            decisions.withdraw(session, pid_of("b"), reason="", now=NOW, today=TODAY)
    last = events(database)[-1]
    assert (last.day, last.by) == (REPEALED, None)
    assert last.words == f"被其他文件{'废止' if kind == 'repeals' else '修改'}"


@pytest.mark.parametrize("openness", ["none", None])
def test_a_hidden_document_has_no_more_of_a_life_than_a_missing_one(
    database: Database, tmp_path: Path, openness: str | None
) -> None:
    if openness:
        import_documents(database, tmp_path, the_old(openness=openness))
    assert events(database) == []


def test_a_limited_document_ends_the_day_after_its_last(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, the_old(effective_to="2020-12-31"))
    assert told(database) == [*OWN, (date(2021, 1, 1), "失效")]


def test_what_was_repealed_before_does_not_expire_as_well(
    database: Database, tmp_path: Path
) -> None:
    old = the_old(effective_to="2025-12-31")
    import_documents(database, tmp_path, old, another("b", "repeals", REPEALED))
    assert [event.what for event in events(database)][-1] is Happening.REPEALED


def test_of_several_repeals_the_first_counts_and_a_later_change_is_none(
    database: Database, tmp_path: Path
) -> None:
    later = date(2024, 1, 1)
    import_documents(
        database,
        tmp_path,
        the_old(),
        another("b", "repeals", REPEALED),
        another("c", "replaces", later),
        another("d", "amends", later),
    )
    assert told(database) == [*OWN, (REPEALED, "被《文件b》废止")]


def test_staffs_own_repeal_stands_with_what_they_named(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, the_old(), a_document("b", title="新规定"))
    for by, words in ((None, "被其他文件废止"), ("b", "被《新规定》废止")):
        with database.begin() as session:
            by_pid = pid_of(by) if by else None
            repeals.repeal(session, pid_of("old"), by=by_pid, on=REPEALED, now=NOW)
        assert told(database)[-1] == (REPEALED, words)


def test_other_relations_and_other_documents_do_not_show(
    database: Database, tmp_path: Path
) -> None:
    by_title = {"type": "repeals", "title": "旧办法"}
    import_documents(
        database,
        tmp_path,
        the_old(),
        another("a", "implements", AMENDED),
        another(
            "b", "repeals", REPEALED, relations=[{"type": "repeals", "number": "X〔2001〕1号"}]
        ),
        another("c", "repeals", date(2014, 1, 1), relations=[by_title], date="2014-01-01"),
    )
    assert told(database) == OWN


def test_nothing_known_makes_no_events(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, the_old(date="", effective_from=None))
    assert events(database) == []
