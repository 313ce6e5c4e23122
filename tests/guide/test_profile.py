"""The profile's fields, its history, and what happens when its file changes as well."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.sites import a_guide, write
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live
from wx_archive.core.revisions import StaleError
from wx_archive.core.site import Profile, Site
from wx_archive.core.yamlfile import load, parse
from wx_archive.guide import profile
from wx_archive.guide.profile import Standing

PROJECT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
CONTENT = PROJECT / "content"
OURS = Site(PROJECT, "https://archive.example.org").profile
OWN = "0719-0000000（演示号码）"
WORDY = "请到{desk}，" * 6
"""An answer that has room for the desk's name as it is, and not for one of a hundred characters."""


@dataclass
class Bureau:
    """A site folder of its own, and what staff edit of it."""

    database: Database
    site: Site

    def stands(self) -> Standing:
        with self.database.reads() as connection:
            return profile.standing(connection, self.site)

    def keeps(self, wanted: Profile | None, *, seen: Standing | None = None) -> None:
        stands = seen or self.stands()
        with self.database.begin() as session:
            profile.keep(session, self.site, stands, wanted, by="admin", now=NOON)

    def dials(self, telephone: str) -> None:
        self.keeps(self.stands().profile.model_copy(update={"telephone": telephone}))

    def files(self, telephone: str) -> None:
        text = (CONTENT / "site.yaml").read_text(encoding="utf-8").replace(OWN, telephone)
        write(self.site.profile_path, text)


@pytest.fixture
def bureau(database: Database, tmp_path: Path) -> Bureau:
    site = Site(tmp_path, "https://archive.example.org", live=Live(database))
    made = Bureau(database, site)
    made.files(OWN)
    replies = (CONTENT / "replies.yaml").read_text(encoding="utf-8")
    write(tmp_path / "content" / "replies.yaml", replies)
    guide = a_guide("hours", title="开放时间").replace("answer: 答", f"answer: {WORDY}")
    write(tmp_path / "content" / "guides" / "hours.md", guide)
    return made


def filled(base: Profile, **changes: str) -> dict[str, str]:
    return profile.flat(base) | {name.replace("__", "."): value for name, value in changes.items()}


# -- fields -------------------------------------------------------------------------------------


def test_every_field_of_the_profile_is_in_the_form_with_a_chinese_label() -> None:
    paths = {item.path for item in profile.items()}
    assert {name.partition(".")[0] for name in paths} == set(Profile.model_fields)
    assert [item.path for item in profile.items() if item.label.isascii()] == []


def test_a_form_that_nobody_touched_changes_nothing() -> None:
    edited, problems = profile.parsed(filled(OURS), OURS)
    assert (edited, problems) == (OURS, {})


def test_what_is_filled_in_is_the_profile() -> None:
    given = filled(
        OURS,
        telephone=" 12345678 ",
        portal__url="https://new.example.org/",
        links__domains="www.gov.cn\r\n\r\n www.saac.gov.cn ",
        demo_notice="",
        search_days="7",
        import_needs_second_person="是",
    )
    edited, problems = profile.parsed(given, OURS)
    assert problems == {}
    assert edited is not None
    assert edited.telephone == "12345678"
    assert edited.portal.url == "https://new.example.org/"
    assert edited.links.domains == ["www.gov.cn", "www.saac.gov.cn"]
    assert (edited.demo_notice, edited.search_days) == ("", 7)
    assert edited.import_needs_second_person
    told = [label for _path, label, _old, _new in profile.changes(OURS, edited)]
    assert len(told) == 6
    assert not any(label.isascii() for label in told)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("name", "", "请填写"),
        ("telephone", "一\n二", "要写在一行里"),
        ("address", "长" * 101, "太长，最多 100 个字"),
        ("portal.url", "javascript:alert(1)", "网址要以 http:// 或 https:// 开头"),
        ("weibo.title", "", "请填写"),
        ("links.domains", "https://x/y", "不是域名"),
        ("search_days", "五天", "请填一个数"),
        ("search_days", "0", "不能小于 1"),
        ("correction_days", "61", "不能大于 60"),
    ],
)
def test_a_mistake_is_told_in_chinese_beside_its_field(path: str, value: str, why: str) -> None:
    edited, problems = profile.parsed(filled(OURS) | {path: value}, OURS)
    assert edited is None
    assert list(problems) == [path]
    assert why in problems[path][0]


def test_a_profile_that_makes_answers_too_long_is_found(bureau: Bureau) -> None:
    long = "长" * 100
    changes = {"address": long, "desk": long}
    overflowing = bureau.site.profile.model_copy(update=changes)
    assert profile.overflows(bureau.site, bureau.site.profile) == []
    assert profile.overflows(bureau.site, overflowing) == ["请到{desk}，请到{"]


# -- revisions and the file ---------------------------------------------------------------------


def test_what_staff_keep_counts_at_once_and_its_history_says_who_changed_what(
    bureau: Bureau,
) -> None:
    assert not bureau.stands().is_edited
    bureau.dials("111")
    bureau.dials("222")
    assert bureau.site.profile.telephone == "222"
    stands = bureau.stands()
    assert (stands.number, stands.is_edited, stands.is_conflict) == (2, True, False)
    with bureau.database.reads() as connection:
        second, first = profile.history(connection)
        then = profile.at(connection, 1)
        assert profile.at(connection, 3) is None
    assert (second.kept.made_by, second.kept.made_at) == ("admin", NOON)
    assert second.changes == [("telephone", "服务电话", "111", "222")]
    assert first.changes == [("telephone", "服务电话", OWN, "111")]
    assert then is not None
    bureau.keeps(then)
    assert bureau.site.profile.telephone == "111"


def test_two_who_edit_at_once_do_not_overwrite_each_other(bureau: Bureau) -> None:
    seen = bureau.stands()
    bureau.dials("111")
    with pytest.raises(StaleError):
        bureau.keeps(seen.profile.model_copy(update={"telephone": "222"}), seen=seen)
    assert bureau.site.profile.telephone == "111"


def test_a_file_that_changed_since_is_a_conflict_until_somebody_decides(bureau: Bureau) -> None:
    bureau.dials("111")
    bureau.files("333")
    stands = bureau.stands()
    assert stands.is_conflict
    assert stands.in_file is not None
    assert (stands.profile.telephone, stands.in_file.telephone) == ("111", "333")
    assert bureau.site.profile.telephone == "111"
    bureau.keeps(stands.profile)
    assert not bureau.stands().is_conflict
    bureau.files("444")
    assert bureau.stands().is_conflict
    bureau.keeps(None)
    stands = bureau.stands()
    assert (stands.is_edited, stands.is_conflict) == (False, False)
    assert bureau.site.profile.telephone == "444"
    bureau.files("555")
    assert not bureau.stands().is_conflict


def test_a_file_that_says_what_staff_said_is_no_conflict(bureau: Bureau) -> None:
    bureau.dials("111")
    bureau.files("111")
    assert not bureau.stands().is_conflict


def test_a_broken_file_is_told_and_cannot_be_gone_back_to(bureau: Bureau) -> None:
    bureau.dials("111")
    write(bureau.site.profile_path, "name: [")
    stands = bureau.stands()
    assert stands.profile.telephone == "111"
    assert stands.in_file is None
    assert stands.problem.startswith("content/site.yaml:")
    with pytest.raises(RefusedError, match="现在读不了"):
        bureau.keeps(None)
    bureau.dials("222")
    assert bureau.site.profile.telephone == "222"


def test_a_revision_of_an_older_version_keeps_what_it_says(bureau: Bureau) -> None:
    bureau.dials("111")
    with bureau.database.reads() as connection:
        (step,) = profile.history(connection)
    older = replace(step.kept, body='{"name": "旧"}')
    assert profile._of_json(older.body) is None  # noqa: SLF001 -- what history goes by


# -- back into the file -------------------------------------------------------------------------


def test_an_exported_file_says_the_same_and_keeps_the_comments_above(bureau: Bureau) -> None:
    given = filled(
        OURS, telephone="12:30 # no", opening_hours="no", name="a: b", links__domains="a.cn\nb.cn"
    )
    edited, _problems = profile.parsed(given, bureau.site.profile)
    assert edited is not None
    text = profile.as_yaml(edited, bureau.site.profile_path.read_text(encoding="utf-8"))
    path = write(bureau.site.profile_path, text)
    assert load(path, Profile) == edited
    assert "# 服务电话" in text
    assert text.startswith("# 本馆资料")
    again = profile.as_yaml(edited, text)
    assert again == text


def test_a_file_without_comments_can_be_written_too(bureau: Bureau) -> None:
    bare = yaml.safe_dump(bureau.site.profile.model_dump(), allow_unicode=True)
    text = profile.as_yaml(bureau.site.profile, bare)
    assert parse(text, Profile, Path("site.yaml")) == bureau.site.profile
