"""Relations and repeals that staff state: they hold as a file's do, and imports keep them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.builders import SECRET, a_document, import_documents
from wx_archive.catalogue import decisions, relations, repeals
from wx_archive.catalogue.edits import Hand
from wx_archive.catalogue.models import Document, RepealProposal, SearchEntry, StatedRelation
from wx_archive.catalogue.rules import Validity
from wx_archive.catalogue.timeline import timeline, timeline_for_staff
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid
from wx_archive.lookup import service

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HAND = Hand("editor", NOW, TODAY)
OLD = a_document("old", title="兰台市养犬办法", date="2004-01-01", doc_no="兰政发〔2004〕3号")
NEW = a_document("new", title="兰台市养犬条例", date="2016-05-01", doc_no="兰政发〔2016〕8号")


def pid_of(key: str) -> str:
    return stable_pid("document", key, SECRET)


@pytest.fixture
def two(database: Database, tmp_path: Path) -> Database:
    """A database with an old document and a newer one."""
    import_documents(database, tmp_path, OLD, NEW)
    return database


def state(database: Database, kind: str, since: date | None = None, key: str = "new") -> None:
    target = "old" if key == "new" else "new"
    with database.begin() as session:
        relations.add(session, pid_of(key), kind, pid_of(target), HAND, since=since)


def validity(database: Database, key: str = "old") -> Validity:
    with database.reads() as connection:
        view = service.document(connection, pid_of(key), today=TODAY)
    assert view is not None
    return view.validity


def life(database: Database, key: str = "old") -> list[str]:
    with database.reads() as connection:
        return [event.words for event in timeline(connection, pid_of(key), TODAY)]


@pytest.mark.parametrize(
    ("kind", "reads", "does"),
    [
        ("repeals", Validity.REPEALED, "废止"),
        ("replaces", Validity.REPEALED, "废止"),
        ("amends", Validity.AMENDED, "修改"),
        ("partly_repeals", Validity.AMENDED, "修改"),
    ],
)
def test_a_stated_relation_acts_from_the_day_of_the_newer_document(
    two: Database, kind: str, reads: Validity, does: str
) -> None:
    state(two, kind)
    assert validity(two) is reads
    assert life(two) == ["成文", f"被《兰台市养犬条例》{does}"]


def test_others_are_named_on_the_public_page_and_change_nothing(two: Database) -> None:
    state(two, "interprets")
    assert validity(two) is Validity.UNKNOWN
    with two.reads() as connection:
        old = service.document(connection, pid_of("old"), today=TODAY)
        new = service.document(connection, pid_of("new"), today=TODAY)
    assert old is not None
    assert new is not None
    assert [(link.title, link.says) for link in old.related] == [("兰台市养犬条例", "解读它的")]
    assert [(link.title, link.says) for link in new.related] == [("兰台市养犬办法", "它解读的")]


def test_its_own_day_comes_before_the_documents(two: Database) -> None:
    state(two, "repeals", date(2027, 1, 1))
    assert validity(two) is Validity.UNKNOWN
    assert life(two)[-1] == "将被《兰台市养犬条例》废止"


def test_imports_keep_it_and_taking_it_back_undoes_it(two: Database, tmp_path: Path) -> None:
    state(two, "repeals")
    changed = [row | {"body": "改过"} for row in (OLD, NEW)]
    import_documents(two, tmp_path, *changed, name="again.jsonl")
    assert validity(two) is Validity.REPEALED
    with two.begin() as session:
        number = session.scalars(select(StatedRelation.id)).one()
        with pytest.raises(RefusedError, match="不在了"):
            relations.remove(session, number + 1, pid=pid_of("new"))
        relations.remove(session, number, pid=pid_of("old"))
    assert validity(two) is Validity.UNKNOWN
    with two.reads() as connection:
        shown = connection.scalars(select(SearchEntry.repealed_on)).all()
    assert shown == [None, None]


def test_a_hidden_document_repeals_and_is_not_named_to_the_public(two: Database) -> None:
    state(two, "repeals")
    with two.begin() as session:
        decisions.withdraw(session, pid_of("new"), reason="待核", now=NOW, today=TODAY)
    assert validity(two) is Validity.REPEALED
    assert life(two) == ["成文", "被其他文件废止"]
    with two.reads() as connection:
        view = service.document(connection, pid_of("old"), today=TODAY)
        staff = timeline_for_staff(connection, pid_of("old"), TODAY)
    assert view is not None
    assert view.related == ()
    assert staff[-1].words == "被《兰台市养犬条例》废止"
    assert life(two, "new") == []


def test_what_makes_no_sense_is_refused(two: Database, tmp_path: Path) -> None:
    undated = a_document("undated", title="没有日期的文件", date="")
    import_documents(two, tmp_path, undated, name="undated.jsonl")
    with two.begin() as session:
        for source, kind, target, why in (
            ("new", "repeals", "new", "它自己"),
            ("new", "repeals", "nobody", "没有编号"),
            ("new", "supports", "old", "只能是"),
            ("undated", "repeals", "old", "从哪天起"),
        ):
            with pytest.raises(RefusedError, match=why):
                relations.add(session, pid_of(source), kind, pid_of(target), HAND, since=None)
        relations.add(session, pid_of("undated"), "implements", pid_of("old"), HAND, since=None)


def test_it_is_stated_once_and_not_in_a_circle(two: Database) -> None:
    state(two, "repeals")
    with pytest.raises(RefusedError, match="已经有了"):
        state(two, "repeals")
    with pytest.raises(RefusedError, match="互相废止"):
        state(two, "replaces", key="old")


def test_a_document_is_found_by_number_title_or_public_id(two: Database) -> None:
    with two.reads() as connection:
        for text in ("兰政发[2004]3号", "《兰台市养犬办法》", pid_of("old"), "犬办"):
            meant = relations.candidates(connection, text)
            assert [one.title for one in meant] == ["兰台市养犬办法"], text
        assert len(relations.candidates(connection, "养犬")) == 2
        assert len(relations.candidates(connection, "养犬", but=pid_of("new"))) == 1
        assert relations.candidates(connection, "100%") == relations.candidates(connection, " ")


def test_staff_see_what_files_say_and_what_was_stated_in_both_directions(
    database: Database, tmp_path: Path
) -> None:
    told = [{"type": "amends", "number": "兰政发〔2004〕3号"}, {"type": "repeals", "title": "无"}]
    import_documents(database, tmp_path, OLD, NEW | {"relations": told})
    state(database, "interprets")
    seen = {}
    with database.reads() as connection:
        for key in ("old", "new"):
            row = connection.execute(
                select(Document.__table__).where(Document.source_key == key)
            ).one()
            bearings = relations.of(connection, row)
            seen[key] = [(one.word, one.is_ours, one.name, bool(one.stated)) for one in bearings]
    assert seen["old"] == [
        ("解释", False, "兰台市养犬条例", True),
        ("修改", False, "兰台市养犬条例", False),
    ]
    assert seen["new"] == [
        ("解释", True, "兰台市养犬办法", True),
        ("修改", True, "兰台市养犬办法", False),
        ("废止", True, "《无》", False),
    ]


def test_a_repeal_stated_by_hand_can_be_taken_back(two: Database) -> None:
    with two.begin() as session:
        repeals.repeal(session, pid_of("old"), by=None, on=TODAY, now=NOW)
    assert validity(two) is Validity.REPEALED
    with two.begin() as session:
        assert repeals.unrepeal(session, pid_of("old"), by=None) == ("兰台市养犬办法", TODAY)
        with pytest.raises(RefusedError, match="撤不回来"):
            repeals.unrepeal(session, pid_of("old"), by=None)
    assert validity(two) is Validity.UNKNOWN


def test_an_accepted_announcement_becomes_a_proposal_again(
    database: Database, tmp_path: Path
) -> None:
    body = "本条例自2016年6月1日起施行。《兰台市养犬办法》同时废止。"
    import_documents(database, tmp_path, OLD, NEW | {"body": body})
    with database.begin() as session:
        number = session.scalars(select(RepealProposal.id)).one()
        repeals.accept(session, number, on=None, now=NOW)
    assert validity(database) is Validity.REPEALED
    with database.begin() as session:
        repeals.unrepeal(session, pid_of("old"), by=pid_of("new"))
    assert validity(database) is Validity.UNKNOWN
    with database.reads() as connection:
        assert [one.id for one in repeals.pending(connection)] == [number]
