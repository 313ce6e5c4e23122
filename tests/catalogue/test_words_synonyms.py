"""Synonyms: the file is the seed, staff's changes win, every process sees them, sync is honest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Outcome, refused, run_command
from tests.conftest import SettingsFactory
from tests.sites import write
from tests.talk import NOON
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.words import editing, synonym_file, synonyms_of
from wx_archive.core.database import Database
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.site import Site

FILE = "# 住房\n- [公积金, 住房公积金]\n- [房改, 住房制度改革]\n\n# 其他\n- [养狗, 养犬]  # 口语\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with three groups of synonyms."""
    write(tmp_path / "content" / "synonyms.yaml", FILE)
    return Site(tmp_path, "https://archive.example.org")


def change_file(site: Site, old: str, new: str) -> None:
    path = site.content / "synonyms.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def add(database: Database, site: Site, *words: str) -> tuple[str, ...]:
    with database.begin() as session:
        return editing.add(session, site, words, now=NOON)


def remove(database: Database, site: Site, word: str, *, whole: bool = False) -> None:
    with database.begin() as session:
        editing.remove(session, site, word, whole=whole, now=NOON)


def sync(
    database: Database, site: Site, winner: editing.Winner | None = None
) -> editing.SyncReport:
    with database.begin() as session:
        return editing.sync(session, site, winner=winner)


def groups(database: Database, site: Site) -> list[tuple[str, ...]]:
    with database.begin() as session:
        return editing.groups(session, site)


def others(database: Database, site: Site, word: str, *, fresh_s: float = 0) -> tuple[str, ...]:
    with database.reads() as connection:
        return synonyms_of(connection, site, fresh_s=fresh_s).get(word, ())


# -- what counts -------------------------------------------------------------------------------


def test_the_files_groups_count_from_the_start(database: Database, site: Site) -> None:
    assert others(database, site, "养狗") == ("养犬",)
    assert others(database, site, "住房制度改革") == ("房改",)
    assert others(database, site, "公路") == ()


def test_a_site_without_the_file_has_none(database: Database, tmp_path: Path) -> None:
    assert others(database, Site(tmp_path, ""), "养狗") == ()


def test_what_staff_add_counts_in_every_process(database: Database, site: Site) -> None:
    elsewhere = Database(database.url.render_as_string(hide_password=False))
    assert others(elsewhere, site, "低保") == ()
    assert add(database, site, "低保", "最低生活保障") == ("低保", "最低生活保障")
    assert others(elsewhere, site, "低保") == ("最低生活保障",)
    elsewhere.dispose()


def test_between_two_looks_a_process_goes_by_what_it_knows(database: Database, site: Site) -> None:
    assert others(database, site, "低保", fresh_s=0) == ()
    add(database, site, "低保", "最低生活保障")
    assert others(database, site, "低保", fresh_s=600) == ()
    assert others(database, site, "低保", fresh_s=0) == ("最低生活保障",)


def test_a_new_word_joins_the_group_of_its_likeness(database: Database, site: Site) -> None:
    assert add(database, site, "養犬", "养宠物犬") == ("养狗", "养犬", "养宠物犬")
    assert others(database, site, "养宠物犬") == ("养狗", "养犬")
    assert len(groups(database, site)) == 3


def test_a_word_taken_out_is_no_synonym_any_more(database: Database, site: Site) -> None:
    add(database, site, "养犬", "养宠物犬")
    remove(database, site, "养狗")
    assert others(database, site, "养狗") == ()
    assert others(database, site, "养犬") == ("养宠物犬",)
    remove(database, site, "养犬")
    assert others(database, site, "养宠物犬") == ()


def test_a_group_goes_as_a_whole_and_may_come_again(database: Database, site: Site) -> None:
    remove(database, site, "住房公积金", whole=True)
    assert others(database, site, "公积金") == ()
    add(database, site, "公积金", "公积金存款")
    assert others(database, site, "公积金") == ("公积金存款",)


def test_a_word_of_the_files_that_staff_moved_stands_in_one_group(
    database: Database, site: Site
) -> None:
    add(database, site, "犬只登记", "狗证")
    change_file(site, "[养狗, 养犬]", "[养狗, 养犬, 狗证]")
    sync(database, site)
    assert others(database, site, "狗证") == ("犬只登记",)
    assert others(database, site, "养狗") == ("养犬",)


def test_lookups_use_them(database: Database, site: Site) -> None:
    add(database, site, "低保", "最低生活保障")
    with database.reads() as connection:
        query = understand("低保", synonyms=synonyms_of(connection, site, fresh_s=0))
    assert query.words[0].spellings == ("低保", "最低生活保障")


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("房", "住房"), "至少两个字"),
        (("低保",), "一组近义词至少两个"),
        (("低保", "低 保 金"), "空格或标点"),
        (("低保", "保" * 31), "最多 30 个字"),
        (("养狗", "公积金"), "一个词只能放在一组"),
        (("养狗", "養犬"), "已经在同一组"),
    ],
)
def test_a_bad_group_is_refused_with_the_reason(
    database: Database, site: Site, words: tuple[str, ...], reason: str
) -> None:
    before = groups(database, site)
    with pytest.raises(RefusedError, match=reason):
        add(database, site, *words)
    assert groups(database, site) == before


def test_a_word_that_no_group_has_cannot_be_removed(database: Database, site: Site) -> None:
    with pytest.raises(RefusedError, match="没有“公路”"):
        remove(database, site, "公路")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- [房, 住房]\n", "1:1: “房”太短"),
        ("# 注\n- [房改, 甲乙]\n- [房改, 丙丁]\n", "3:1: “房改”已经在“房改、甲乙”那一组里"),
        ("- [房改]\n", "1:1: “房改”只有一个词"),
        ("- [房改, 甲乙\n", ":"),
    ],
)
def test_a_file_with_mistakes_is_refused_with_the_line(site: Site, text: str, line: str) -> None:
    path = write(site.content / "synonyms.yaml", text)
    with pytest.raises(FileProblemError) as told:
        synonym_file.read(path)
    assert f"synonyms.yaml:{line.lstrip(':')}" in str(told.value)


# -- file and staff ----------------------------------------------------------------------------


def test_a_sync_brings_the_files_changes_in_and_leaves_staffs(
    database: Database, site: Site
) -> None:
    add(database, site, "养狗", "养宠物犬")
    assert others(database, site, "房改") == ("住房制度改革",)
    change_file(site, "[房改, 住房制度改革]", "[房改, 住房制度改革, 公房出售]")
    report = sync(database, site)
    assert (report.groups, report.kept, report.settled, report.conflicts) == (3, 1, 0, [])
    assert others(database, site, "房改") == ("住房制度改革", "公房出售")
    assert others(database, site, "养狗") == ("养犬", "养宠物犬")


def conflicting(database: Database, site: Site) -> None:
    """Staff and the file have both changed a group."""
    add(database, site, "养狗", "养宠物犬")
    change_file(site, "[养狗, 养犬]", "[养狗, 养犬, 遛狗]")


def test_a_group_that_both_changed_is_told_and_stays_as_staff_left_it(
    database: Database, site: Site
) -> None:
    conflicting(database, site)
    for _time in range(2):
        (conflict,) = sync(database, site).conflicts
        assert conflict.in_file == ("养狗", "养犬", "遛狗")
        assert conflict.edited == ("养狗", "养犬", "养宠物犬")
        assert others(database, site, "养狗") == ("养犬", "养宠物犬")


@pytest.mark.parametrize(
    ("winner", "left"),
    [(editing.Winner.FILE, ("养犬", "遛狗")), (editing.Winner.STAFF, ("养犬", "养宠物犬"))],
)
def test_somebody_settles_the_conflict(
    database: Database, site: Site, winner: editing.Winner, left: tuple[str, ...]
) -> None:
    conflicting(database, site)
    assert sync(database, site, winner).conflicts == []
    assert others(database, site, "养狗") == left
    assert sync(database, site).conflicts == []


def test_what_was_exported_and_synced_is_no_edit_any_more(database: Database, site: Site) -> None:
    add(database, site, "养狗", "养宠物犬")
    add(database, site, "低保", "最低生活保障")
    remove(database, site, "房改", whole=True)
    before = groups(database, site)
    path = site.content / "synonyms.yaml"
    path.write_text(synonym_file.write(FILE, before), encoding="utf-8")
    assert synonym_file.read(path) == before
    report = sync(database, site)
    assert (report.kept, report.settled) == (0, 3)
    assert groups(database, site) == before
    assert others(database, site, "低保") == ("最低生活保障",)


def test_the_written_file_keeps_its_comments_and_what_did_not_change() -> None:
    parts = [("公积金", "住房公积金"), ("养狗", "养犬"), ("低保", "最低生活保障")]
    assert synonym_file.write(FILE, parts) == (
        "# 住房\n- [公积金, 住房公积金]\n\n# 其他\n- [养狗, 养犬]  # 口语\n"
        "\n# 馆里后来添加的\n- [低保, 最低生活保障]\n"
    )


# -- the command -------------------------------------------------------------------------------


Run = Callable[..., Outcome]


@pytest.fixture
def run(
    demo_settings: SettingsFactory,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run `wx-archive synonyms …` in this process, on the demo's data and a site of its own."""
    (site.folder / "menus").mkdir()
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(demo_settings().data_dir))
    monkeypatch.setenv("WX_ARCHIVE_SITE_DIR", str(site.folder))

    def run(*arguments: str) -> Outcome:
        return run_command(monkeypatch, capsys, "synonyms", *arguments)

    return run


def test_the_command_adds_lists_removes_and_exports(run: Run, site: Site) -> None:
    assert "低保、最低生活保障" in run("add", "低保", "最低生活保障").out
    listed = run("list", "--json").json["groups"]
    assert listed[-1] == ["低保", "最低生活保障"]
    assert "养狗、养犬" in run("list").out
    assert "低保" in run("export", "--output", "-").out
    assert "低保" not in (site.content / "synonyms.yaml").read_text(encoding="utf-8")
    assert run("export").code == 0
    assert "低保" in (site.content / "synonyms.yaml").read_text(encoding="utf-8")
    assert run("sync", "--json").json["settled"] == 1
    assert "没有了" in run("remove", "低保").out
    assert run("remove", "--group", "养犬").code == 0
    assert "养犬" not in run("list").out
    assert "没有“养犬”" in refused(run("remove", "养犬"))


def test_the_command_names_the_conflicts_and_fails(run: Run, site: Site) -> None:
    run("add", "养狗", "养宠物犬")
    change_file(site, "[养狗, 养犬]", "[养狗, 养犬, 遛狗]")
    told = refused(run("sync"))
    assert "遛狗" in told
    assert "养宠物犬" in told
    assert run("sync", "--prefer", "file").code == 0
    assert "遛狗" in run("list").out
