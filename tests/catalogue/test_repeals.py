"""A document that another repeals is in force up to that day and repealed from it on."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.builders import Row, a_document, import_documents
from wx_archive.catalogue import repeals, search
from wx_archive.catalogue.models import DocumentRelation
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Validity
from wx_archive.core.database import Database
from wx_archive.lookup import service

DAY, BEFORE = date(2023, 7, 1), date(2023, 6, 30)
NUMBER = "兰政发〔2015〕9号"


def the_old(**changes: object) -> Row:
    old = a_document("old", title="旧办法", doc_no=NUMBER, effective_from="2015-06-01")
    return old | changes


def a_repealer(key: str = "new", *, what: Row | None = None, **changes: object) -> Row:
    new = a_document(key, title="新规定", date="2023-05-16", effective_from="2023-07-01")
    relation = {"type": "repeals", "number": NUMBER} | (what or {})
    return new | {"relations": [relation]} | changes


def validity_of_the_old(database: Database, *, on: date) -> Validity | None:
    """Return what lists say, after making sure that the page says the same."""
    with database.reads() as connection:
        hit, *_ = search.search(connection, understand("旧办法"), today=on).hits
        page = service.document(connection, hit.pid, today=on)
    assert page is not None
    assert page.validity is hit.validity
    return hit.validity


@pytest.mark.parametrize(
    "what",
    [
        {"type": "repeals"},
        {"type": "replaces"},
        {"number": "兰政发[2015]9號"},
        {"number": "", "title": "旧办法"},
    ],
)
def test_a_repealed_document_is_so_from_the_day_on(
    database: Database, tmp_path: Path, what: Row
) -> None:
    import_documents(database, tmp_path, the_old(), a_repealer(what=what))
    assert validity_of_the_old(database, on=BEFORE) is Validity.IN_FORCE
    assert validity_of_the_old(database, on=DAY) is Validity.REPEALED


def test_an_amended_document_is_in_force_as_amended(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, the_old(), a_repealer(what={"type": "amends"}))
    assert validity_of_the_old(database, on=BEFORE) is Validity.IN_FORCE
    assert validity_of_the_old(database, on=DAY) is Validity.AMENDED
    import_documents(database, tmp_path, a_repealer(relations=[]), name="corrected.jsonl")
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("supersedes", Validity.REPEALED), ("partly_repeals", Validity.AMENDED)],
)
def test_relations_from_elsewhere_count_as_they_mean(
    database: Database, tmp_path: Path, kind: str, expected: Validity
) -> None:
    import_documents(database, tmp_path, the_old(), a_repealer())
    with database.begin() as session:
        session.execute(update(DocumentRelation).values(type=kind))
        repeals.resolve(session)
    assert validity_of_the_old(database, on=DAY) is expected


def test_a_later_text_of_the_same_title_is_not_meant(database: Database, tmp_path: Path) -> None:
    by_title = {"type": "repeals", "title": "旧办法", "number": ""}
    import_documents(
        database, tmp_path, the_old(date="2024-01-01", doc_no=""), a_repealer(what=by_title)
    )
    assert validity_of_the_old(database, on=date(2025, 1, 1)) is Validity.IN_FORCE


@pytest.mark.parametrize("kind", ["implements", "interprets", "forwards"])
def test_other_relations_repeal_nothing(database: Database, tmp_path: Path, kind: str) -> None:
    import_documents(database, tmp_path, the_old(), a_repealer(what={"type": kind}))
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE


def test_the_day_is_that_of_signing_where_no_other_is_known(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), a_repealer(effective_from=None))
    assert validity_of_the_old(database, on=date(2023, 5, 15)) is Validity.IN_FORCE
    assert validity_of_the_old(database, on=date(2023, 5, 16)) is Validity.REPEALED


def test_it_does_not_matter_which_of_the_two_comes_first(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_repealer(), name="new.jsonl")
    import_documents(database, tmp_path, the_old(), name="old.jsonl")
    assert validity_of_the_old(database, on=DAY) is Validity.REPEALED
    import_documents(database, tmp_path, the_old(body="改过的正文"), name="changed.jsonl")
    assert validity_of_the_old(database, on=DAY) is Validity.REPEALED


def test_a_relation_that_is_corrected_repeals_no_more(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, the_old(), a_repealer())
    import_documents(database, tmp_path, a_repealer(relations=[]), name="corrected.jsonl")
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_repeals_the_first_counts(database: Database, tmp_path: Path, order: int) -> None:
    repealers = [a_repealer("a"), a_repealer("b", title="又一规定", effective_from="2020-01-01")]
    import_documents(database, tmp_path, the_old(), *repealers[::order])
    assert validity_of_the_old(database, on=date(2020, 1, 1)) is Validity.REPEALED


def test_a_document_does_not_repeal_itself(database: Database, tmp_path: Path) -> None:
    own = {"type": "repeals", "number": NUMBER}
    import_documents(database, tmp_path, the_old(relations=[own]))
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE


def test_nothing_is_guessed_from_a_text_that_speaks_of_repeal(
    database: Database, tmp_path: Path
) -> None:
    new = a_document("new", title="新规定", body=f"《旧办法》（{NUMBER}）同时废止。")
    import_documents(database, tmp_path, the_old(effective_from=None), new)
    assert validity_of_the_old(database, on=DAY) is Validity.UNKNOWN


def test_of_two_documents_with_one_number_the_one_in_force_comes_first(
    database: Database, tmp_path: Path
) -> None:
    other = the_old(id="other", title="另一份", date="2014-01-01")
    import_documents(
        database, tmp_path, the_old(), other, a_repealer(what={"number": "", "title": "旧办法"})
    )
    with database.reads() as connection:
        hits = service.by_number(connection, NUMBER, today=DAY)
    assert [(hit.title, hit.validity) for hit in hits] == [
        ("另一份", Validity.IN_FORCE),
        ("旧办法", Validity.REPEALED),
    ]
