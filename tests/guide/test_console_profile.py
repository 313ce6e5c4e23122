"""本馆资料 as a page: edited by the admin, in every text at once, never overwritten silently."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.commands import run_command
from tests.conftest import PROJECT, SettingsFactory, closing_office
from tests.console import Browser, Office
from tests.html import read_page
from tests.sites import a_guide, write
from wx_archive.core.site import Profile
from wx_archive.core.yamlfile import load
from wx_archive.guide import profile
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

PATH = "/console/profile"
SINCE = re.compile(r'name="since" value="(\d+)"')
OWN = "0719-0000000（演示号码）"


@pytest.fixture
def office(demo_settings: SettingsFactory, tmp_path: Path) -> Iterator[Office]:
    """The console on a site folder of its own, whose files may be changed."""
    site = tmp_path / "site"
    for folder in ("content", "menus"):
        shutil.copytree(PROJECT / folder, site / folder)
    with closing_office(demo_settings(site_dir=site)) as opened:
        yield opened


def fields(admin: Browser, **changes: str) -> dict[str, str]:
    found = SINCE.search(admin.get(PATH).text)
    assert found
    given = {"since": found[1]}
    return given | changes


def saves(admin: Browser, office: Office, **changes: str) -> None:
    now = profile.flat(office.application.services.site.profile)
    admin.done(PATH, **(now | changes), **fields(admin))


def files(office: Office, old: str, new: str) -> None:
    path = office.application.services.site.profile_path
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def footer(office: Office) -> str:
    return office.stranger().get("/").text


def test_an_edit_is_in_the_pages_at_once_and_in_the_audit(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    page = admin.page(PATH)
    assert page.inputs["telephone"] == OWN
    assert "还没有改过" in page.text
    assert OWN in footer(office)
    saves(admin, office, telephone="0719-7654321")
    assert "0719-7654321" in footer(office)
    assert OWN not in footer(office)
    page = admin.page(PATH)
    assert "管理员老赵" in page.text
    assert "第 1 次" in page.text
    with office.database.begin() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "profile.edit")).one()
        assert (entry.actor, entry.subject) == ("admin", "profile")
        assert json.loads(entry.before) == {"telephone": OWN}
        assert json.loads(entry.after) == {"telephone": "0719-7654321"}


def test_mistakes_stand_beside_their_fields_and_nothing_is_lost(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    now = profile.flat(office.application.services.site.profile)
    wrong = {"name": "", "portal.url": "ftp://x", "desk": "新的窗口<b>"}
    answer = admin.post(PATH, **(now | wrong), **fields(admin))
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert "请填写" in page.text
    assert "网址要以 http:// 或 https:// 开头" in page.text
    assert page.inputs["desk"] == "新的窗口<b>"
    assert OWN in footer(office)


def test_what_would_not_fit_into_a_message_is_refused(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    now = profile.flat(office.application.services.site.profile)
    guide = a_guide("wordy").replace("answer: 答", "answer: " + "请到{desk}，" * 6)
    write(office.application.services.site.content / "guides" / "wordy.md", guide)
    answer = admin.post(PATH, **(now | {"desk": "长" * 100}), **fields(admin))
    assert answer.status_code == 422
    assert "一条消息放不下" in read_page(answer.text).text


def test_nothing_changed_is_said_and_kept_nowhere(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    now = profile.flat(office.application.services.site.profile)
    answer = admin.post(PATH, **now, **fields(admin))
    assert answer.status_code == 422
    assert "没有改动" in answer.text
    assert "还没有改过" in admin.page(PATH).text


def test_an_older_state_comes_back_after_a_look_at_what_changes(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    saves(admin, office, telephone="111")
    saves(admin, office, telephone="222")
    page = admin.page(f"{PATH}/revisions/1")
    assert "222" in page.text
    assert "111" in page.text
    admin.done(f"{PATH}/revisions/1", **fields(admin))
    assert "111" in footer(office)
    admin.page(f"{PATH}/file")
    admin.done(f"{PATH}/file", **fields(admin))
    assert OWN in footer(office)
    assert "文件 content/site.yaml 里的" in admin.page(PATH).text
    assert admin.get(f"{PATH}/revisions/99").status_code == 404
    assert admin.post(f"{PATH}/revisions/99").status_code == 404


def test_a_form_that_somebody_else_was_faster_than_is_refused(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    old = fields(admin)
    saves(admin, office, telephone="111")
    now = profile.flat(office.application.services.site.profile)
    answer = admin.post(PATH, **(now | {"telephone": "222"}), **old)
    assert answer.status_code == 409
    assert "别人已经改过" in answer.text
    assert "111" in footer(office)


def test_a_change_of_the_file_is_shown_as_a_conflict_and_settled_either_way(
    office: Office,
) -> None:
    admin = office.sits(Role.ADMIN)
    saves(admin, office, telephone="111")
    assert admin.post(f"{PATH}/keep", **fields(admin)).status_code == 409
    files(office, OWN, "333")
    page = admin.page(PATH)
    assert "文件后来也改了" in page.text
    assert "333" in page.text
    assert "111" in footer(office)
    assert "文件后来也改了" not in admin.done(f"{PATH}/keep", **fields(admin)).text
    assert "111" in footer(office)
    files(office, "333", "444")
    assert "文件后来也改了" in admin.page(PATH).text
    admin.done(f"{PATH}/file", **fields(admin))
    assert "444" in footer(office)


def test_a_file_that_cannot_be_read_is_told_where(office: Office) -> None:
    admin = office.sits(Role.ADMIN)
    office.application.services.site.profile_path.write_text("name: [", encoding="utf-8")
    page = admin.page(PATH)
    assert "现在读不了" in page.text
    assert "content/site.yaml:" in page.text
    assert str(office.settings.site_dir) not in page.text
    assert admin.get(f"{PATH}/file").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_else_edits_the_profile(office: Office, role: Role) -> None:
    browser = office.sits(role)
    assert browser.get(PATH).status_code == 403
    assert browser.post(PATH, since="0").status_code == 403


def test_the_edited_profile_can_be_written_back_into_its_file(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = office.sits(Role.ADMIN)
    saves(admin, office, telephone="0719-7654321")
    for name, value in office.settings.environment().items():
        monkeypatch.setenv(name, value)
    assert "已写回" in run_command(monkeypatch, capsys, "content", "export").out
    path = office.application.services.site.profile_path
    assert load(path, Profile) == office.application.services.site.profile
    assert "文件后来也改了" not in admin.page(PATH).text
    assert run_command(monkeypatch, capsys, "content", "check").code == 0
