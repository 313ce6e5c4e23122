"""The dashboard's pages: everything with its definition, nobody's secrets, to whom it belongs."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select, text

from tests.builders import a_record, import_records
from tests.console import Browser, Office
from tests.dashboard.history import a_day
from tests.html import read_page
from tests.lookup.asking import PEOPLE, TODAY, asked, by_all, write
from wx_archive.catalogue import staging
from wx_archive.core import clock
from wx_archive.core.jobs import Job
from wx_archive.dashboard import texts
from wx_archive.dashboard.rules import Preset, Step
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import PERMISSIONS, Permission, Role

SHIFT = (TODAY - clock.today()).days
"""What the builders call today lies so many days from the office's today."""
READERS = [role for role in Role if Permission.FIGURES_READ in PERMISSIONS[role]]
NO_CATALOGUE = [role for role in READERS if Permission.CATALOGUE_READ not in PERMISSIONS[role]]


@pytest.fixture
def editor(office: Office) -> Browser:
    return office.sits(Role.EDITOR)


def a_busy_day(office: Office) -> None:
    write(
        office.database,
        a_day(SHIFT),
        by_all("暴雨", 6, days_ago=SHIFT),
        by_all("地铁", 4, days_ago=SHIFT, found=0),
        [asked("张三", who, days_ago=SHIFT) for who in PEOPLE[:2]],
    )


# -- who --------------------------------------------------------------------------------------


def test_figures_are_the_first_line_of_the_rail(editor: Browser) -> None:
    links = editor.page("/console").links
    assert links.index("/console/figures") == links.index("/console", 2) + 1


def test_figures_are_for_those_who_may_read_them(office: Office) -> None:
    for role in Role:
        browser = office.sits(role)
        expected = 200 if role in READERS else 403
        for path in ("/console/figures", "/console/figures/use", "/console/figures/use.csv"):
            assert browser.get(path).status_code == expected, (role, path)


def test_boxes_about_the_machine_are_for_those_who_keep_it(office: Office) -> None:
    for role in READERS:
        shown = office.sits(role).page("/console/figures").text
        is_keeper = Permission.SYSTEM_READ in PERMISSIONS[role]
        assert (texts.JOBS_SAY in shown, texts.PLATFORM_SAYS in shown) == (is_keeper, is_keeper)
        assert texts.FOLLOWERS_SAY in shown


def test_a_link_leads_only_where_one_may_go(office: Office) -> None:
    a_busy_day(office)
    for role in READERS:
        page = office.sits(role).page("/console/figures")
        may_edit = Permission.WORDS_EDIT in PERMISSIONS[role]
        assert "至少 3 个人没查到的词1 个" in " ".join(page.text.split())
        assert ("/console/words" in page.links) == may_edit, role


# -- what -------------------------------------------------------------------------------------


def test_every_box_has_its_numbers_and_how_they_are_counted(
    any_office: Office,
) -> None:
    a_busy_day(any_office)
    shown = any_office.sits(Role.ADMIN).page("/console/figures?span=7d").text
    for says in (
        *texts.USE_SAYS,
        texts.FOLLOWERS_SAY,
        texts.MESSAGES_SAY,
        texts.JOBS_SAY,
        texts.PLATFORM_SAYS,
    ):
        assert says in shown
    words = " ".join(shown.split())
    assert "查了17 次 查到了12 次 没有查到5 次（29%）" in words
    assert "人次9 件次8" in words
    assert "暴雨6" in shown


def test_words_of_too_few_people_are_not_shown(office: Office) -> None:
    a_busy_day(office)
    for role in READERS:
        answer = office.sits(role).get("/console/figures?span=year").text
        assert "暴雨" in answer
        assert "张三" not in answer


def test_every_preset_is_a_page(editor: Browser) -> None:
    for preset in Preset:
        editor.page(f"/console/figures?span={preset}")
        for step in Step:
            address = f"/console/figures/use?span={preset}&by={step}"
            editor.page(address)
            shown = editor.get(address).text
            assert f'span={preset}&amp;by={step}" aria-current="true"' in shown
            assert f'<option value="{step}" selected>' in shown


def test_days_may_be_chosen(editor: Browser) -> None:
    page = editor.page("/console/figures?from=2026-02-01&to=2026-02-03")
    assert "2026-02-01 至 2026-02-03，共 3 天" in page.text
    assert (page.value_of("from"), page.value_of("to")) == ("2026-02-01", "2026-02-03")


def test_days_that_cannot_be_come_back_with_the_reason(editor: Browser) -> None:
    wrong = (("2026-02-03", "2026-02-01"), ("2026-13-01", "2026-02-01"), ("'\"><script>", "x"))
    for page in ("/console/figures", "/console/figures/use"):
        for first, last in wrong:
            answer = editor.get(f"{page}?from={quote(first)}&to={quote(last)}")
            assert answer.status_code == 422
            shown = read_page(answer.text)
            shown.check_frame()
            assert "aria-invalid" in answer.text
            assert shown.value_of("from") == first


def test_what_is_gone_gives_the_calm_page(office: Office, editor: Browser) -> None:
    with office.database.begin() as session:
        session.execute(text("ALTER TABLE lookup_event RENAME TO away"))
    answer = editor.get("/console/figures")
    assert answer.status_code == 500
    shown = read_page(answer.text).text
    assert "lookup_event" not in shown
    assert "Traceback" not in shown


# -- hidden -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", NO_CATALOGUE)
def test_records_that_are_hidden_change_no_byte(office: Office, role: Role, tmp_path: Path) -> None:
    a_busy_day(office)
    browser = office.sits(role)
    addresses = [
        "/console/figures?span=year",
        "/console/figures/use?span=year&by=month",
        "/console/figures/use.csv?span=year",
    ]
    with office.database.begin() as session:
        session.execute(delete(Job).where(Job.kind == staging.VOCABULARY))
    before = [browser.get(address).data for address in addresses]
    hidden = [a_record(f"S{n}", title=f"暴雨地铁公积金{n}", open=0) for n in range(250)]
    hidden += [a_record(f"L{n}", title=f"暴雨张三{n}", livelihood=1) for n in range(250)]
    import_records(office.database, tmp_path, *hidden)
    with office.database.begin() as session:
        # That something was imported is no secret from whoever keeps the machine.
        session.execute(delete(Job).where(Job.kind == staging.VOCABULARY))
    assert [browser.get(address).data for address in addresses] == before


# -- 人次和件次 -----------------------------------------------------------------------------------


def test_use_is_told_by_channel_with_its_definition(any_office: Office) -> None:
    write(any_office.database, a_day(SHIFT))
    page = any_office.sits(Role.DESK).page("/console/figures/use?span=7d")
    words = " ".join(page.text.split())
    for channel in ("微信", "网页", "窗口", "来信", "电话"):
        assert channel in words
    assert f"{clock.today()}45230000006" + "8" in words.replace(" ", "")
    for says in texts.USE_SAYS:
        assert says in page.text


def test_a_month_that_is_not_whole_says_so(editor: Browser) -> None:
    shown = editor.page("/console/figures/use?from=2026-01-15&to=2026-02-28&by=month").text
    assert "2026-01（不全）" in shown
    assert "2026-02（不全）" not in shown


def taken(browser: Browser, suffix: str) -> bytes:
    answer = browser.get(f"/console/figures/use.{suffix}?span=7d&by=day")
    assert answer.status_code == 200
    assert f'.{suffix}"' in answer.headers["Content-Disposition"]
    data: bytes = answer.data
    return data


def test_the_table_is_taken_along_as_csv(office: Office, editor: Browser) -> None:
    write(office.database, a_day(SHIFT))
    raw = taken(editor, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    head, *lines, last = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    assert head[:5] == ["日期", "微信人次", "微信件次", "网页人次", "网页件次"]
    assert head[-2:] == ["合计人次", "合计件次"]
    assert len(lines) == 7
    assert lines[-1] == [str(clock.today()), "4", "5", "2", "3", *"000000", "6", "8"]
    assert last == ["合计", *lines[-1][1:]]


def test_the_table_is_taken_along_as_a_sheet_with_its_definitions(
    office: Office, editor: Browser
) -> None:
    write(office.database, a_day(SHIFT))
    book = CalamineWorkbook.from_filelike(io.BytesIO(taken(editor, "xlsx")))
    rows = book.get_sheet_by_name("人次和件次").to_python()
    assert rows[-1] == ["合计", 4.0, 5.0, 2.0, 3.0, *[0.0] * 6, 6.0, 8.0]
    told = book.get_sheet_by_name("怎么算的").to_python()
    assert [row[0] for row in told] == texts.USE_SAYS


def test_taking_it_along_is_noted(office: Office, editor: Browser) -> None:
    taken(editor, "csv")
    with office.database.begin() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.subject) == (
        "editor",
        "figures.exported",
        "figures:use",
    )
    assert json.loads(entry.after) | {"from": "", "to": ""} == {
        "from": "",
        "to": "",
        "by": "day",
        "format": "csv",
    }


def test_days_that_cannot_be_are_not_taken_along(editor: Browser) -> None:
    answer = editor.get("/console/figures/use.xlsx?from=2026-02-03&to=2026-02-01")
    assert answer.status_code == 422
    read_page(answer.text).check_frame()
