"""Everything the catalogue holds, as staff look through it: by key, by words, bit by bit."""

from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.builders import SECRET, a_document, a_record, import_documents, import_records
from wx_archive.catalogue import holdings
from wx_archive.catalogue.holdings import Listing, Wanted
from wx_archive.catalogue.models import Document, ImportBatch
from wx_archive.catalogue.rules import Kind, Period, Validity, validity
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid

TODAY = date(2026, 11, 23)


@pytest.fixture
def filled(database: Database, tmp_path: Path) -> Database:
    """A database with public and hidden entries of both kinds."""
    import_documents(
        database,
        tmp_path,
        a_document("D1", title="兰水大桥管理办法", doc_no="兰政发〔2015〕9号"),
        a_document("D2", title="兰水大桥收费办法", openness="none", doc_no="兰政发〔2015〕9号"),
        a_document("D3", title="养犬办法", effective_from="2010-01-01", openness="partial"),
    )
    import_records(
        database,
        tmp_path,
        a_record("R1", ref_code="0001-1-001"),
        a_record("R2", ref_code="0001-1-002", open=0, title="关于兰水大桥塌方的报告"),
        a_record("R3", ref_code="0001-2-001", livelihood=1, title="结婚登记名册"),
        a_record("R4", ref_code="0002-1-001", open=None, title="关于兰水大桥资金的请示"),
        a_record(
            "R5",
            ref_code="0002-1-002",
            open=None,
            openness="延期开放",
            open_on="2031-01-01",
            title="关于兰水大桥征地的请示",
        ),
    )
    return database


def keys(listing: Listing) -> list[str]:
    """Return what was found by the last part of its code, or by its title's first characters."""
    return [one.code or one.title[:2] for one in listing.holdings]


def look(database: Database, text: str = "", **wanted: Any) -> Listing:
    more = {name: wanted.pop(name) for name in ("after", "limit", "patience_s") if name in wanted}
    with database.reads() as connection:
        return holdings.find(connection, Wanted(text, **wanted), today=TODAY, **more)


def test_what_has_a_key_is_found_by_it_hidden_or_not(filled: Database) -> None:
    pid = stable_pid("record", "R3", SECRET)
    assert keys(look(filled, pid)) == ["0001-2-001"]
    assert keys(look(filled, pid.lower())) == ["0001-2-001"]
    assert keys(look(filled, "兰政发[2015]9号")) == ["兰政发〔2015〕9号"] * 2
    assert keys(look(filled, "0001-1-002")) == ["0001-1-002"]
    assert keys(look(filled, "0001-1")) == ["0001-1-001", "0001-1-002"]
    assert keys(look(filled, stable_pid("record", "nobody", SECRET))) == []


def test_words_find_public_entries_first_and_hidden_titles_after_them(filled: Database) -> None:
    first = look(filled, "大桥", limit=2)
    assert keys(first) == ["兰政发〔2015〕9号", "0001-1-001"]
    second = look(filled, "大桥", limit=2, after=first.following)
    assert keys(second) == ["兰政发〔2015〕9号", "0002-1-002"]
    third = look(filled, "大桥", limit=2, after=second.following)
    assert keys(third) == ["0002-1-001", "0001-1-002"]
    assert (third.following, third.is_cut) == ("", False)
    assert keys(look(filled, "大桥")) == [*keys(first), *keys(second), *keys(third)]


def test_everything_is_listed_once_whatever_the_size_of_the_page(filled: Database) -> None:
    whole = [one.pid for one in look(filled).holdings]
    assert len(whole) == len(set(whole)) == 8
    for limit in (1, 3, 7, 8):
        found: list[str] = []
        after, turns = "", 0
        while turns == 0 or after:
            listing = look(filled, limit=limit, after=after)
            found += [one.pid for one in listing.holdings]
            after, turns = listing.following, turns + 1
        assert found == whole, limit


def test_when_the_time_is_up_it_says_so_and_goes_on_there(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "WINDOW", 2)
    found: list[str] = []
    after, cuts = "", 0
    while True:
        listing = look(filled, "塌方", public=False, after=after, patience_s=-1)
        found += keys(listing)
        cuts += listing.is_cut
        after = listing.following
        if not after:
            break
    assert found == ["0001-1-002"]
    assert cuts >= 3


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kind": Kind.DOCUMENT, "public": True}, 2),
        ({"kind": Kind.RECORD, "public": True}, 1),
        ({"kind": Kind.RECORD, "public": False}, 4),
        ({"kind": Kind.DOCUMENT, "state": "none"}, 1),
        ({"kind": Kind.RECORD, "state": "unreviewed"}, 1),
        ({"kind": Kind.RECORD, "state": "deferred"}, 1),
        ({"livelihood": True}, 1),
        ({"validity": Validity.IN_FORCE}, 1),
        ({"validity": Validity.UNKNOWN}, 2),
        ({"edited": True}, 0),
        ({"among": select(Document.pid).where(Document.source_key == "D2")}, 1),
    ],
)
def test_each_filter_keeps_what_it_names(
    filled: Database, wanted: dict[str, Any], found: int
) -> None:
    assert len(look(filled, **wanted).holdings) == found


def test_filters_narrow_words_too(filled: Database) -> None:
    assert keys(look(filled, "大桥", kind=Kind.RECORD, state="controlled")) == ["0001-1-002"]
    assert keys(look(filled, "大桥 1970", kind=Kind.RECORD, public=False)) == [
        "0002-1-002",
        "0002-1-001",
        "0001-1-002",
    ]
    assert keys(look(filled, "大桥 1980", public=False)) == []


def test_what_is_not_published_or_was_replaced_is_not_there(
    filled: Database, tmp_path: Path
) -> None:
    import_records(filled, tmp_path, a_record("R1", ref_code="0001-1-001", note="改过"), name="b")
    assert keys(look(filled, "0001-1")) == ["0001-1-001", "0001-1-002"]
    with filled.begin() as session:
        session.execute(update(ImportBatch).values(published_at=None))
    assert keys(look(filled)) == keys(look(filled, "0001-1")) == []


def test_a_cursor_that_makes_no_sense_begins_anew(filled: Database) -> None:
    for after in ("x", "d", "r-1", "p٣", "d" + "9" * 30):
        assert len(look(filled, after=after).holdings) == 8


def test_the_sizes_count_every_entry_once(filled: Database) -> None:
    with filled.reads() as connection:
        told = holdings.sizes(connection)
        assert told.is_whole
        assert told.counts == {
            (Kind.DOCUMENT, "full"): 1,
            (Kind.DOCUMENT, "partial"): 1,
            (Kind.DOCUMENT, "none"): 1,
            (Kind.RECORD, "open"): 1,
            (Kind.RECORD, "controlled"): 1,
            (Kind.RECORD, "livelihood"): 1,
            (Kind.RECORD, "unreviewed"): 1,
            (Kind.RECORD, "deferred"): 1,
        }


def test_sizes_that_took_too_long_say_so(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "WINDOW", 2)
    with filled.reads() as connection:
        assert not holdings.sizes(connection, patience_s=-1).is_whole
        assert holdings.sizes(connection).is_whole


def test_validity_in_sql_is_the_rules_validity(database: Database, tmp_path: Path) -> None:
    days = (None, TODAY - timedelta(1), TODAY, TODAY + timedelta(1))
    periods = [Period(*dates) for dates in product(days, repeat=4)]
    rows = [a_document(f"D{n}", title=f"文件{n}") for n in range(len(periods))]
    import_documents(database, tmp_path, *rows)
    names = ("effective_from", "effective_to", "repealed_on", "amended_on")
    with database.begin() as session:
        for n, period in enumerate(periods):
            values = {name: getattr(period, name) for name in names}
            session.execute(update(Document).where(Document.source_key == f"D{n}").values(**values))
        rows_then = session.execute(select(Document.source_key, holdings.validity_on(TODAY)))
        told = {row[0]: row[1] for row in rows_then}
    assert told == {f"D{n}": validity(period, on=TODAY).value for n, period in enumerate(periods)}
