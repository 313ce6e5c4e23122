"""The bureau's profile: the file's, or as staff edited it, in every text at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.sites import write
from wx_archive.chat.replies import finished, plain
from wx_archive.core import revisions
from wx_archive.core.database import Database
from wx_archive.core.live import Live
from wx_archive.core.revisions import Revision
from wx_archive.core.site import PROFILE, Profile, Site

PROJECT = Path(__file__).parents[2]
ORIGIN = "https://archive.example.org"
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
FILE = (PROJECT / "content" / "site.yaml").read_text(encoding="utf-8")
OWN = "0719-0000000（演示号码）"


def a_site(folder: Path, database: Database | None = None, *, telephone: str = OWN) -> Site:
    write(folder / "content" / "site.yaml", FILE.replace(OWN, telephone))
    return Site(folder, ORIGIN, live=Live(database) if database else None)


def edit(database: Database, site: Site, body: str) -> None:
    with database.begin() as session:
        newest = revisions.newest(session.connection(), PROFILE)
        revision = Revision(name=PROFILE, body=body, seed="", made_by="admin", made_at=NOON)
        since = newest.number if newest else 0
        revisions.add(session, revision, since=since, live=site.live)


def with_telephone(site: Site, telephone: str) -> str:
    return site.profile.model_copy(update={"telephone": telephone}).model_dump_json()


def test_without_a_revision_the_file_counts(database: Database, tmp_path: Path) -> None:
    assert a_site(tmp_path).profile.telephone == OWN
    assert a_site(tmp_path, database).profile.telephone == OWN


def test_what_staff_edit_wins_over_the_file_in_every_text(
    database: Database, tmp_path: Path
) -> None:
    site = a_site(tmp_path, database)
    text = "电话 {telephone}，看[[帮助]]"
    assert OWN in finished(site, text)
    edit(database, site, with_telephone(site, "12345678"))
    assert site.profile.telephone == "12345678"
    assert finished(site, text).startswith("电话 12345678，看<a ")
    assert plain(site, text) == "电话 12345678，看「帮助」"
    edit(database, site, with_telephone(site, "87654321"))
    assert finished(site, text).startswith("电话 87654321，看<a ")


def test_two_sites_of_one_folder_do_not_share_their_texts(
    database: Database, tmp_path: Path
) -> None:
    edited, plain_site = a_site(tmp_path, database), a_site(tmp_path)
    assert edited == plain_site
    edit(database, edited, with_telephone(edited, "12345678"))
    assert finished(edited, "{telephone}") == "12345678"
    assert finished(plain_site, "{telephone}") == OWN


def test_going_back_to_the_file_takes_the_file_as_it_is_now(
    database: Database, tmp_path: Path
) -> None:
    site = a_site(tmp_path, database)
    edit(database, site, with_telephone(site, "12345678"))
    assert site.profile.telephone == "12345678"
    write(tmp_path / "content" / "site.yaml", FILE.replace(OWN, "0719-1111111"))
    edit(database, site, "")
    assert site.profile.telephone == "0719-1111111"


@pytest.mark.parametrize("body", ['{"name": "只有名称"}', "no json"])
def test_a_revision_that_this_version_cannot_read_leaves_the_file(
    database: Database, tmp_path: Path, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    site = a_site(tmp_path, database)
    edit(database, site, body)
    assert site.profile.telephone == OWN
    assert "profile.not_valid number=1" in caplog.text
    assert "只有名称" not in caplog.text


def test_a_file_that_broke_while_the_account_runs_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    site = a_site(tmp_path, database)
    assert site.profile.telephone == OWN
    write(tmp_path / "content" / "site.yaml", "name: [")
    edit(database, site, "")
    assert site.profile.telephone == OWN


@pytest.mark.parametrize("value", ["", "  ", "一\n二", "一\x00二", "长" * 101])
def test_a_line_of_the_profile_is_one_line_and_not_empty(tmp_path: Path, value: str) -> None:
    data = a_site(tmp_path).profile.model_dump()
    with pytest.raises(ValidationError):
        Profile.model_validate(data | {"name": value})
    Profile.model_validate(data | {"name": "一楼　大厅"})
