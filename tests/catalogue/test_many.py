"""More hits than are counted: one order on every page, cheap questions, right answers."""

from datetime import date
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from tests.builders import Row, a_document, a_record, import_documents, import_records
from wx_archive.catalogue import hints, search, staging, tokens
from wx_archive.catalogue.hints import Hints
from wx_archive.catalogue.models import SearchEntry, SearchFrequency
from wx_archive.catalogue.query import Query, Word, understand
from wx_archive.core.database import Database

TODAY = date(2026, 11, 23)
MANY = search.COUNT_BOUND + 300


def rows(number: int = MANY) -> list[Row]:
    """Return records of fifty years; one in seven has 大桥 in its title, all in their abstract."""
    return [
        a_record(
            f"R{n}",
            title=f"大桥施工日志{n}" if n % 7 == 0 else f"工程施工日志{n}",
            date=f"{1950 + n % 50}-{1 + n % 12:02}-{1 + n % 28:02}",
            abstract="兰水大桥工地",
            keywords="",
        )
        for n in range(number)
    ]


def pages(database: Database, words: str, size: int, last: int) -> list[str]:
    found: list[str] = []
    with database.reads() as connection:
        for offset in range(0, last, size):
            page = search.search(
                connection, understand(words), today=TODAY, offset=offset, limit=size
            )
            assert (page.total, page.is_capped) == (search.COUNT_BOUND, True)
            found += [hit.pid for hit in page.hits]
    return found


@pytest.mark.parametrize("words", ["大桥", "兰水大桥", "施工日志", "施工 大桥"])
def test_pages_of_any_size_are_parts_of_one_list(
    database: Database, tmp_path: Path, words: str
) -> None:
    import_records(database, tmp_path, *rows())
    whole = pages(database, words, search.COUNT_BOUND, search.COUNT_BOUND)
    assert len(set(whole)) == len(whole) == search.COUNT_BOUND
    assert pages(database, words, 5, 200) == whole[:200]
    assert pages(database, words, 100, search.COUNT_BOUND) == whole


def test_titles_come_first_and_the_newest_of_them(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, *rows())
    with database.reads() as connection:
        found = search.search(connection, understand("大桥"), today=TODAY, limit=50)
    assert all(hit.title.startswith("大桥") for hit in found.hits)
    days = [hit.dated for hit in found.hits if hit.dated]
    assert days == sorted(days, reverse=True)
    assert days[0].year == 1999


def test_the_newest_years_alone_are_asked_where_they_are_enough(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_records(database, tmp_path, *rows())
    asked = ("大桥", "兰水大桥", "日志1234", "1950年 大桥")
    whole = [first_of(database, words) for words in asked]
    monkeypatch.setattr(hints, "WINDOW", 100)
    monkeypatch.setattr(hints, "_SPARE", 0.001)  # so that it begins with too few
    hints.measure(database)
    with database.reads() as connection:
        assert hints.known(connection).newest(100, upto=TODAY.year)
    assert [first_of(database, words) for words in asked] == whole


def first_of(database: Database, words: str) -> tuple[int, bool, list[str]]:
    with database.reads() as connection:
        found = search.search(connection, understand(words), today=TODAY, limit=20)
    return found.total, found.is_capped, [hit.pid for hit in found.hits]


def test_frequent_tokens_are_left_to_the_text_and_nothing_changes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_records(database, tmp_path, a_record("R", title="大桥会关于对外施工的通知"), *rows())
    asked = ("关于对外施工", "大桥会 施工", "对外 大桥 日志", "施工日志7", "日志 1300")
    whole = [first_of(database, words) for words in asked]
    monkeypatch.setattr(hints, "TOO_FREQUENT", 1)
    monkeypatch.setattr(hints, "KEPT", 1)
    with database.reads() as connection:
        assert hints.known(connection).frequent["大桥"] >= MANY
        query = understand("对外 大桥 日志")
        wanted = [token for word in query.words for token in (word.text,)]
        assert hints.known(connection).worth_asking(wanted) == ["对外"]
    assert [first_of(database, words) for words in asked] == whole


def test_the_rarest_tokens_are_asked_for_first() -> None:
    known = Hints(entries=1_000_000, least=2_000, frequent={"关于": 500_000, "人民": 260_000})
    assert known.worth_asking(["关于", "于人", "人民", "对外"]) == ["于人", "对外"]
    assert known.worth_asking(["关于", "人民"]) == ["人民", "关于"]
    assert known.worth_asking(["对外"]) == ["对外"]
    assert Hints().worth_asking(["关于", "于人", "人民"]) == ["于人", "人民", "关于"]


def test_years_that_nobody_has_counted_yet_are_among_the_newest() -> None:
    known = Hints(entries=1_000, years=((2014, 100), (2012, 50), (1999, 850)))
    assert known.newest(50, upto=2016) == "(y2016 OR y2015 OR y2014)"
    assert known.newest(120, upto=2010) == "(y2014 OR y2013 OR y2012)"
    assert known.newest(500, upto=2016) == ""
    assert Hints().newest(50, upto=2016) == ""


def test_a_title_that_is_just_so_is_found_behind_a_thousand_newer_ones(
    database: Database, tmp_path: Path
) -> None:
    old = a_record("old", title="大桥", date="1949-10-01", abstract="", keywords="")
    import_records(database, tmp_path, old, *rows())
    assert first_titles(database, "大桥")[0] == "大桥"


def first_titles(database: Database, words: str) -> list[str]:
    with database.reads() as connection:
        found = search.search(connection, understand(words), today=TODAY)
    return [hit.title for hit in found.hits]


def test_only_the_title_itself_is_exact_not_one_that_shares_its_token(
    database: Database, tmp_path: Path
) -> None:
    others = [a_record(f"R{n}", title=f"房屋{n}", abstract="", keywords="") for n in range(MANY)]
    wanted = tokens.title_token(tokens.title_hash("房"))
    shares = next(
        title
        for title in (f"老房{n}" for n in count())
        if tokens.title_token(tokens.title_hash(title)) == wanted
    )
    import_records(database, tmp_path, a_record("X", title=shares, date="2020-01-01"), *others)
    assert all(title.startswith("房") for title in first_titles(database, "房"))


def test_a_count_stops_at_its_bound(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, *rows())
    with database.reads() as connection:
        for words, bound, total in (("大桥", 10, 11), ("日志1299", 10, 1), ("没有的", 10, 0)):
            counted = search.count(connection, understand(words), today=TODAY, bound=bound)
            assert counted == total, words


def test_codes_are_counted_and_paged_in_their_order(database: Database, tmp_path: Path) -> None:
    many = [a_record(f"R{n}", ref_code=f"0005-1-{n:04}") for n in range(MANY)]
    import_records(database, tmp_path, *many, a_record("X", ref_code="0006-1-0001"))
    with database.reads() as connection:
        assert search.count_reference_codes(connection, "0005-1") == search.COUNT_BOUND + 1
        assert search.count_reference_codes(connection, "0006") == 1
        page = search.by_reference_code(connection, "0005-1", today=TODAY, offset=100, limit=3)
    assert [hit.reference_code for hit in page] == ["0005-1-0100", "0005-1-0101", "0005-1-0102"]


def test_only_what_is_in_force_when_that_is_asked(database: Database, tmp_path: Path) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("now", title="养犬甲", effective_from="2015-01-01"),
        a_document("over", title="养犬乙", effective_from="2015-01-01", effective_to="2016-01-01"),
        a_document("soon", title="养犬丙", effective_from="2027-01-01"),
        a_document("unknown", title="养犬丁"),
    )
    import_records(database, tmp_path, a_record("R", title="养犬档案"))
    query = Query("养犬", (Word("养犬"),), in_force=True)
    with database.reads() as connection:
        found = search.search(connection, query, today=TODAY)
        assert [hit.title for hit in found.hits] == ["养犬甲"]
        assert search.count(connection, query, today=TODAY) == found.total == 1


def test_the_index_is_restored_whole_after_an_upgrade_that_emptied_it(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *rows(30), a_record("closed", title="大桥密件", open=0))
    import_documents(database, tmp_path, a_document("D1", title="大桥管理办法"))
    before = first_of_few(database)
    with database.begin() as session:
        if database.is_sqlite:
            session.execute(text("INSERT INTO search_fts(search_fts) VALUES ('delete-all')"))
        session.execute(delete(SearchEntry))
        session.execute(delete(SearchFrequency))
    assert first_of_few(database)[0] == 0
    staging.restore_index(database)
    assert first_of_few(database) == before
    staging.restore_index(database)
    assert first_of_few(database) == before


def first_of_few(database: Database) -> tuple[int, set[str]]:
    with database.reads() as connection:
        found = search.search(connection, understand("大桥"), today=TODAY, limit=100)
    return found.total, {hit.title for hit in found.hits}
