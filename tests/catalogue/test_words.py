"""The vocabulary: built from what is public, whole at every moment, checked before it speaks."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import Session

from tests.builders import Row, a_document, a_record, import_documents, import_records
from wx_archive.catalogue import index, words
from wx_archive.catalogue.models import Record, SearchEntry
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.words import build, lookup
from wx_archive.catalogue.words.models import Term, TermVariant, WordsState
from wx_archive.core.database import Database

TODAY = date(2026, 11, 24)


WORDS = (
    *("住房公积金", "公积金", "提取", "缴存", "养犬", "养犬管理", "养犬登记", "道路", "施工"),
    *("道路交通安全", "汉江大桥", "大桥"),
)


def documents() -> list[Row]:
    """Return five documents on each word, and one whose text begins and ends with all of them."""
    titled = [f"{word}的{kind}" for word in WORDS for kind in ("规定", "通知", "决定")]
    rows = [a_document(f"D{n}", title=title, body="") for n, title in enumerate(titled)]
    return [*rows, a_document("ALL", title="汇编", body="。".join([*WORDS] * 5))]


@contextmanager
def asking(database: Database) -> Iterator[Connection]:
    with database.reads() as connection:
        yield connection


def meant(database: Database, text: str) -> tuple[str, ...]:
    with asking(database) as connection:
        return words.did_you_mean(connection, text, today=TODAY)


def near(database: Database, text: str, **given: object) -> dict[str, int]:
    with asking(database) as connection:
        found = words.near_terms(connection, text, today=TODAY, **given)  # type: ignore[arg-type]
    return {one.term: one.total for one in found}


def first_near(database: Database, text: str) -> tuple[str, int]:
    return next(iter(near(database, text).items()))


def suggested(database: Database, prefix: str) -> tuple[str, ...]:
    with asking(database) as connection:
        return words.suggest(connection, prefix, today=TODAY)


def vocabulary(database: Database) -> set[str]:
    with database.begin() as session:
        current = select(WordsState.number).where(WordsState.name == build.STATE)
        return set(
            session.scalars(select(Term.text).where(Term.generation == current.scalar_subquery()))
        )


@pytest.fixture
def stocked(database: Database, tmp_path: Path) -> Database:
    """A database with a dozen documents and their vocabulary."""
    import_documents(database, tmp_path, *documents())
    assert words.rebuild(database, today=TODAY) > 10
    return database


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("公基金", "公积金"),
        ("住房公鸡金", "住房公积金"),
        ("住房公金", "住房公积金"),
        ("養犬管里", "养犬管理"),
        ("公基金提取", "公积金 提取"),
        ("公基金通知", "公积金 通知"),
        ("公基金 提取", "公积金 提取"),
        ("我要取公基金", "公积金"),
        ("公基金缴存比例", "公积金"),
        ("公基金 2015年", "公积金 2015年"),
        ("gongjijin", "公积金"),
        ("gjj", "公积金"),
        ("施工汉江大桥", "施工 汉江大桥"),
    ],
)
def test_what_was_likely_meant_comes_first(stocked: Database, typed: str, first: str) -> None:
    assert meant(stocked, typed)[:1] == (first,)


@pytest.mark.parametrize("typed", ["", "，", "公", "公积金", "xyzzy", "郑成功", "😀", "长" * 65])
def test_nothing_is_suggested_where_nothing_is_like_it(stocked: Database, typed: str) -> None:
    assert meant(stocked, typed) == ()


def test_at_most_three_are_suggested_each_once(stocked: Database) -> None:
    for typed in ("住房公鸡金提取", "道路交痛安全", "养犬管里", "养犬登计", "公基金"):
        shown = meant(stocked, typed)
        assert 1 <= len(shown) <= 3
        assert len({each.replace(" ", "") for each in shown}) == len(shown)


def test_of_many_only_three_are_suggested(database: Database, tmp_path: Path) -> None:
    bridges = ("东河大桥", "西河大桥", "南河大桥", "北河大桥", "前河大桥")
    rows = [a_document(bridge, title=bridge, body=f"{bridge}。" * 5) for bridge in bridges]
    import_documents(database, tmp_path, *rows)
    words.rebuild(database, today=TODAY)
    shown = meant(database, "中河大桥")
    assert len(shown) == 3
    assert set(shown) < set(bridges)


def test_near_terms_come_with_how_much_there_is(stocked: Database) -> None:
    assert first_near(stocked, "汉江大桥通车") == ("汉江大桥", 4)
    assert first_near(stocked, "汉江大桥 通车") == ("汉江大桥", 4)
    assert first_near(stocked, "公基金贷款") == ("公积金", 7)
    assert near(stocked, "施工现场大桥").items() >= {"施工": 4, "大桥": 7}.items()
    assert len(near(stocked, "汉江大桥公基金养犬管里道路交通提取缴存")) == 4


def test_a_word_that_finds_nothing_in_those_years_is_near_without_them(stocked: Database) -> None:
    assert first_near(stocked, "1901年 汉江大桥") == ("汉江大桥", 4)
    assert first_near(stocked, "上世纪二十年代 养犬")[0] == "养犬"


def test_a_word_that_may_not_be_named_is_not_near(stocked: Database) -> None:
    assert near(stocked, "汉江大桥通车", never=("汉江",)) == {}


def test_synonyms_count_in_what_is_near_and_meant(stocked: Database) -> None:
    known = {"养狗": ("养犬",), "养犬": ("养狗",)}
    assert "养狗" not in near(stocked, "养狗通车")
    assert near(stocked, "养狗通车", synonyms=known) == {"养狗": 10}
    with asking(stocked) as connection:
        shown = words.did_you_mean(connection, "养狗规定", today=TODAY, synonyms=known)
    assert shown == ("养狗 规定",)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("住房", "住房公积金"),
        ("住房公", "住房公积金"),
        ("yangquan", "养犬"),
        ("yq", "养犬"),
        ("YANGQ", "养犬"),
        ("规定 养", "规定 养犬"),
    ],
)
def test_a_word_is_suggested_while_it_is_typed(stocked: Database, typed: str, first: str) -> None:
    assert suggested(stocked, typed)[0].startswith(first)


@pytest.mark.parametrize("typed", ["", " ", "，", "，住", "xyzzy", "住房x", "外星人 养犬", "1"])
def test_no_suggestion_where_none_fits(stocked: Database, typed: str) -> None:
    assert suggested(stocked, typed) == ()


def test_so_many_suggestions_as_were_asked_for(stocked: Database) -> None:
    with asking(stocked) as connection:
        assert len(words.suggest(connection, "d", today=TODAY, limit=2)) == 2


def test_before_the_first_vocabulary_nothing_is_suggested(database: Database) -> None:
    assert meant(database, "公基金") == suggested(database, "公") == ()
    assert near(database, "公基金") == {}


# -- what is not public ------------------------------------------------------------------------


def close(session: Session) -> None:
    ids = list(session.scalars(select(Record.id)))
    index.remove_targets(session.connection(), Kind.RECORD, ids)


def test_a_record_closed_a_second_ago_leads_to_no_suggestion(
    database: Database, tmp_path: Path
) -> None:
    rows = [a_record(f"R{n}", title="大坝移民搬迁安置", keywords="大坝移民") for n in range(5)]
    import_records(database, tmp_path, *rows)
    words.rebuild(database, today=TODAY)
    assert meant(database, "大坝怡民") == ("大坝移民",)
    assert "大坝移民" in suggested(database, "大坝")
    assert near(database, "大坝移民名册")["大坝移民"] == 5
    with database.begin() as session:
        close(session)
    assert meant(database, "大坝怡民") == suggested(database, "大坝") == ()
    assert near(database, "大坝移民名册") == {}


HIDDEN = "秘密事项"


@pytest.mark.parametrize(
    "changes", [{"open": 0}, {"open": ""}, {"livelihood": 1}], ids=["closed", "blank", "livelihood"]
)
def test_hidden_records_leave_no_trace_in_the_vocabulary(
    database: Database, tmp_path: Path, changes: dict[str, object]
) -> None:
    shown = [a_record(f"R{n}", title="大坝移民", keywords="移民") for n in range(5)]
    import_records(database, tmp_path, *shown)
    words.rebuild(database, today=TODAY)
    before = vocabulary(database)
    told = {"title": HIDDEN, "keywords": HIDDEN, "responsible": f"{HIDDEN}局", "abstract": HIDDEN}
    hidden = [a_record(f"H{n}", **(told | changes)) for n in range(50)]
    import_records(database, tmp_path, *hidden, name="hidden.jsonl")
    words.rebuild(database, today=TODAY)
    assert vocabulary(database) == before
    assert "移民" in "".join(before)


def test_an_entry_that_should_not_be_in_the_index_is_not_read_either(
    database: Database, tmp_path: Path
) -> None:
    rows = [a_record(f"R{n}", title=HIDDEN, keywords=HIDDEN) for n in range(5)]
    import_records(database, tmp_path, *rows)
    with database.begin() as session:
        session.execute(update(Record).values(is_livelihood=True))
        assert session.scalar(select(func.count()).select_from(SearchEntry)) == 5
    words.rebuild(database, today=TODAY)
    assert not any("秘密" in word for word in vocabulary(database))


def test_the_text_of_a_partly_open_document_is_not_read(database: Database, tmp_path: Path) -> None:
    rows = [a_document(f"D{n}", body=f"{HIDDEN}。" * 9, openness="partial") for n in range(5)]
    import_documents(database, tmp_path, *rows)
    words.rebuild(database, today=TODAY)
    found = vocabulary(database)
    assert found
    assert not any("秘密" in word for word in found)


def test_a_name_is_in_no_vocabulary_and_never_put_right(database: Database, tmp_path: Path) -> None:
    people = ("张伟", "张威", "王建国", "刘明")
    rows = [
        a_record(
            f"R{person}{number}",
            title=f"关于{person}同志任职的通知",
            keywords=f"{person};干部任免",
            responsible=person,
            abstract=f"{person}，{person}。",
        )
        for person in people
        for number in range(20)
    ]
    import_records(database, tmp_path, *rows)
    words.rebuild(database, today=TODAY)
    found = vocabulary(database)
    assert "干部任免" in found
    for person in people:
        assert not any(person in word or person[:2] in word for word in found), person
    for typed in ("张玮", "张味", "章伟", "王见国", "刘名", "zhangwei", "zw", "张玮同志"):
        assert not any(person in "".join(meant(database, typed)) for person in people), typed
    for prefix in ("张", "zhang", "王建", "wjg"):
        assert suggested(database, prefix) == ()


# -- building ----------------------------------------------------------------------------------


def rows_of(database: Database) -> dict[int, tuple[int, int]]:
    """Return the terms and variants of each generation."""
    with database.begin() as session:
        terms = session.execute(select(Term.generation, func.count()).group_by(Term.generation))
        by_generation = dict(terms.all())
        spelt = select(TermVariant.generation, func.count()).group_by(TermVariant.generation)
        variants = dict(session.execute(spelt).all())
    return {one: (by_generation.get(one, 0), variants[one]) for one in variants}


def test_a_second_build_of_the_same_index_leaves_the_same_vocabulary(stocked: Database) -> None:
    before, (counts,) = vocabulary(stocked), rows_of(stocked).values()
    assert words.rebuild(stocked, today=TODAY) == len(before)
    assert vocabulary(stocked) == before
    assert list(rows_of(stocked).values()) == [counts]


def test_the_old_vocabulary_speaks_until_the_new_one_is_whole(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = vocabulary(stocked)
    seen: list[set[str]] = []
    write = build._Writer.write  # noqa: SLF001 -- looks on while it writes

    def watched(writer: object, *given: object, **also: object) -> None:
        write(writer, *given, **also)  # type: ignore[arg-type]
        seen.append(vocabulary(stocked))

    monkeypatch.setattr(build._Writer, "write", watched)  # noqa: SLF001
    monkeypatch.setattr(build, "_BATCH", 3)
    words.rebuild(stocked, today=TODAY, also=["新词"])
    assert len(seen) > 3
    assert all(each == before for each in seen)
    assert vocabulary(stocked) == before | {"新词"}


def test_a_build_killed_half_way_is_swept_away_by_the_next(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = vocabulary(stocked)
    monkeypatch.setattr(build, "_BATCH", 3)
    monkeypatch.setattr(build, "_SWEPT", 5)
    with monkeypatch.context() as killing:
        killing.setattr(build._Writer, "switch", _killed)  # noqa: SLF001
        with pytest.raises(KeyboardInterrupt):
            words.rebuild(stocked, today=TODAY, also=["遗留词"])
    assert len(rows_of(stocked)) == 2
    assert vocabulary(stocked) == before
    words.rebuild(stocked, today=TODAY)
    assert len(rows_of(stocked)) == 1
    assert vocabulary(stocked) == before


def _killed(*_given: object) -> None:
    raise KeyboardInterrupt


def test_only_one_builds_at_a_time(stocked: Database) -> None:
    with stocked.exclusively("vocabulary") as alone:
        assert alone
        assert words.rebuild(stocked, today=TODAY) == 0
    assert words.rebuild(stocked, today=TODAY) > 0


def test_the_words_of_the_bureau_are_in_the_vocabulary_as_well(stocked: Database) -> None:
    words.rebuild(stocked, today=TODAY, also=["養老金", "x", "3号"])
    assert "养老金" in vocabulary(stocked)
    assert not {"x", "3号"} & vocabulary(stocked)
    assert suggested(stocked, "养老") == ()  # nothing public has it


def test_the_account_never_loads_the_tables_of_pinyin(stocked: Database) -> None:
    code = f"""
import sys
from datetime import date
from wx_archive import app, features
from wx_archive.catalogue import words
from wx_archive.core.database import Database
database = Database({stocked.url.render_as_string(hide_password=False)!r})
with database.reads() as connection:
    print(words.did_you_mean(connection, "公基金", today=date(2026, 11, 24)))
    print(words.suggest(connection, "gong", today=date(2026, 11, 24)))
    print(words.near_terms(connection, "公基金提取处", today=date(2026, 11, 24)))
print("pypinyin" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    ).stdout.splitlines()
    assert told[0] == "('公积金',)"
    assert told[-1] == "False"


def test_every_question_to_the_vocabulary_is_one_statement(stocked: Database) -> None:
    with asking(stocked) as connection:
        found = lookup.by_variants(connection, ["公积金", "没有的词"])
        assert {one.text for one in found} >= {"公积金"}
        assert lookup.known(connection, ["公积金", "没有的词"]).keys() == {"公积金"}
        assert lookup.known(connection, []) == {}
