"""The way of an accepted upload through the console: agreed, entered, shown, revoked."""

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import PROJECT, closing_office
from tests.console import Browser, Office
from tests.html import read_page
from tests.treasures.register_making import (
    ALL,
    STORY,
    TITLE,
    TODAY,
    a_plan,
    accepted,
    accession_of,
    agreed,
    assets_of,
    entered,
    planned,
    steps_of,
    upload_of,
)
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.media.objects import ObjectStore
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role
from wx_archive.treasures import accessions, queries, register_queries, sealed, showing
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import Credit, FileState, Right, Scope, State, Wish
from wx_archive.treasures.steps import Doing

BOTH = {"secrecy": "1", "portrait": "1"}


def path(upload: Upload, *below: str) -> str:
    return "/".join(("/console/treasures", upload.pid, *below))


def store_of(office: Office) -> ObjectStore:
    return sealed.open_sealed(office.settings)


def notes(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))


def problem(answer: TestResponse, status: int = 422) -> str:
    assert answer.status_code == status, answer.text
    page = read_page(answer.text)
    page.check_frame()
    found = re.search(r'id="problem">(.*?)</p>', answer.text, re.DOTALL)
    return found[1] if found else ""


def agreement_form(upload: Upload, **changes: object) -> dict[str, object]:
    today = clock.today().isoformat()
    form: dict[str, object] = {
        "version": upload.version,
        "wish": "donate",
        "scope": "public",
        "credit": "pseudonym",
        "credit_name": "老李",
        "has_priority": "1",
        "signed_on": today,
    }
    for use in Right:
        form |= {f"use-{use.value}": "1", f"from-{use.value}": today}
    return {name: value for name, value in (form | changes).items() if value is not None}


def shows(office: Office, upload: Upload, **signed: str) -> TestResponse:
    with office.database.reads() as connection:
        pids = [one.pid for one in showing.showable(connection, upload.id)]
    version = upload_of(office.database, upload.id).version
    reviewer = office.sits(Role.REVIEWER)
    return reviewer.post(path(upload, "show"), version=version, file=pids, **BOTH, **signed)


@pytest.fixture(scope="module")
def office(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One console for all: each test has its own uploads in it."""
    folder = tmp_path_factory.mktemp("office") / "data"
    shutil.copytree(_demo_data, folder)
    settings = Settings.for_demo(data_dir=folder, site_dir=PROJECT, port=1, simulator_port=2)
    with closing_office(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def editor(office: Office) -> Browser:
    return office.sits(Role.EDITOR)


@pytest.fixture(scope="module")
def register(office: Office) -> list[str]:
    """Two lines of the register, the second by somebody who is not to be named; their numbers."""
    first = entered(office.database, title="第一件")
    second = entered(
        office.database, title="=HYPERLINK(1)", credit=Credit.ANONYMOUS, name="", wish=Wish.COPY
    )
    return [accession_of(office.database, one.id).number for one in (first, second)]


# -- the whole way -----------------------------------------------------------------------------


def test_an_accepted_upload_goes_all_the_way_and_back(any_office: Office) -> None:
    office = any_office
    upload = accepted(office.database, store=store_of(office), pictures=2)
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    form = editor.page(path(upload, "agreement"))
    assert form.value_of("credit_name") == "老李"
    page = editor.done(path(upload, "agreement"), **agreement_form(upload))
    assert "协议记好了，编号 协2026-000001" in page.text
    upload = upload_of(office.database, upload.id)
    wanted = {"title": TITLE, "received_on": clock.today(), "fonds": "Z01", "extent": "2 张"}
    assert (
        "请审核的人入藏" in editor.done(path(upload, "plan"), version=upload.version, **wanted).text
    )
    upload = upload_of(office.database, upload.id)
    page = reviewer.done(path(upload, "accession"), version=upload.version)
    assert "号码 藏2026-000001" in page.text
    asked = reviewer.page(path(upload, "show"))
    assert STORY in asked.text
    assert "照原话登出" in asked.text
    answer = shows(office, upload)
    assert answer.status_code == 303, answer.text
    assert upload_of(office.database, upload.id).state is State.PUBLISHED
    stranger = office.stranger()
    public = stranger.page(f"{showing.PAGE}/{upload.pid}")
    assert TITLE in public.text
    assert "展示已获授权" in public.text
    for pid in assets_of(office.database, upload.id):
        picture = stranger.get(f"/h5/media/{pid}")
        assert picture.status_code == 200
        assert b"GPS-SECRET" not in picture.data
    revoked = revokes(office, upload, Right.WEB)
    assert revoked.status_code == 303
    assert_gone(office, upload)
    wanted_notes = [
        *("treasure.agreement", "treasure.plan", "treasure.accession"),
        *("treasure.show", "treasure.revoke"),
    ]
    done = [action for action in notes(office.database) if action.startswith("treasure.")]
    assert done == wanted_notes


def revokes(office: Office, upload: Upload, *uses: Right) -> TestResponse:
    """Revoke as the page has it: looked at once more, then done."""
    editor = office.sits(Role.EDITOR)
    form = {
        "version": upload_of(office.database, upload.id).version,
        "use": [use.value for use in uses],
        "because": "来电要求",
    }
    first = editor.post(path(upload, "revoke"), **form)
    assert first.status_code == 422, first.text
    seen = read_page(first.text).value_of("seen")
    return editor.post(path(upload, "revoke"), seen=seen, **form)


def assert_gone(office: Office, upload: Upload) -> None:
    stranger = office.stranger()
    gone = stranger.get(f"{showing.PAGE}/{upload.pid}")
    assert gone.status_code == 410
    assert gone.headers["Cache-Control"] == "no-store"
    page = read_page(gone.text)
    page.check_frame()
    assert TITLE not in page.text
    for pid in assets_of(office.database, upload.id):
        for form in ("", "?form=square", "?form=cover"):
            assert stranger.get(f"/h5/media/{pid}{form}").status_code == 404


# -- the agreement -----------------------------------------------------------------------------


def test_a_refused_agreement_comes_back_as_it_was_filled_in(
    office: Office, editor: Browser
) -> None:
    upload = accepted(office.database)
    form = agreement_form(
        upload, **{"use-preserve": None, "terms": "先打电话", "credit_name": "李某"}
    )
    answer = editor.post(path(upload, "agreement"), **form)
    assert "馆里就不能收" in problem(answer)
    page = read_page(answer.text)
    assert page.value_of("credit_name") == "李某"
    assert "先打电话" in page.text
    assert 'name="use-web" value="1" checked' in answer.text
    assert 'name="use-preserve" value="1" checked' not in answer.text


@pytest.mark.parametrize(
    "changes",
    [{"wish": "sell"}, {"signed_on": "昨天"}, {"from-web": ""}, {"scope": ""}, {"credit": "x"}],
)
def test_what_is_no_choice_of_the_form_is_refused(
    office: Office, editor: Browser, changes: dict[str, object]
) -> None:
    upload = accepted(office.database)
    answer = editor.post(path(upload, "agreement"), **agreement_form(upload, **changes))
    assert problem(answer)
    assert upload_of(office.database, upload.id).state is State.ACCEPTED


def test_a_page_that_is_out_of_date_says_so(office: Office, editor: Browser) -> None:
    upload = accepted(office.database)
    answer = editor.post(path(upload, "agreement"), **agreement_form(upload, version=1))
    assert "您看到的是旧的" in problem(answer, 409)


def test_the_text_to_be_signed_asks_for_each_use(office: Office, editor: Browser) -> None:
    upload = accepted(office.database, credit=Credit.ANONYMOUS, name="")
    draft = editor.page(path(upload, "agreement", "text"))
    assert "第三十一条" in draft.text
    assert "第二十一条" in draft.text
    assert "请由本馆法务或律师审定" in draft.text
    assert draft.text.count("□ 允许") == len(Right)
    assert "一位不愿具名的市民" in draft.text
    other = agreed(office.database, *ALL[:2])
    signed = editor.page(path(other, "agreement", "text"))
    assert signed.text.count("不允许") == len(Right) - 2
    assert "□" not in signed.text


def test_the_scan_is_kept_as_evidence_and_looked_at_like_any_file(
    office: Office, editor: Browser
) -> None:
    upload = agreed(office.database)
    sent = {"scan": (io.BytesIO(b"%PDF-1.4 paper"), "协议.pdf", "application/pdf")}
    page = editor.done(path(upload, "agreement", "scan"), **sent)
    assert "正在检查" in page.text
    with office.database.reads() as connection:
        (scan,) = queries.files(connection, upload.id, evidence=True)
        known = register_queries.agreement(connection, upload.id)
        assert showing.showable(connection, upload.id)[0].id != scan.id
    assert scan.state is FileState.QUARANTINED
    assert known is not None
    assert known.scan_id == scan.id
    assert notes(office.database)[-1] == "treasure.scan"


def test_what_is_no_paper_is_no_scan(office: Office, editor: Browser) -> None:
    upload = agreed(office.database)
    for name, kind in (("a.mp4", "video/mp4"), ("a.mp3", "audio/mpeg")):
        sent = {"scan": (io.BytesIO(b"x"), name, kind)}
        answer = editor.post(path(upload, "agreement", "scan"), **sent)
        assert "请选扫描件" in problem(answer)
    assert "请选扫描件" in problem(editor.post(path(upload, "agreement", "scan")))


def test_a_letter_allows_one_more_use(office: Office, editor: Browser) -> None:
    upload = agreed(office.database, Allowed(Right.PRESERVE, TODAY))
    form = {"use": "web", "from": clock.today(), "evidence": "2026年11月22日来信"}
    page = editor.done(path(upload, "grants"), version=upload.version, **form)
    assert "“网页公布”记下了" in page.text
    version = upload_of(office.database, upload.id).version
    again = editor.post(path(upload, "grants"), version=version, **form)
    assert "已经有授权了" in problem(again)
    assert "请选一种用法" in problem(editor.post(path(upload, "grants"), use="sell"))


# -- the register ------------------------------------------------------------------------------


def test_nobody_enters_their_own_plan_not_even_with_both_rights(office: Office) -> None:
    upload = agreed(office.database)
    with office.database.begin() as session:
        own = Doing.of(office.application.services.site, "reviewer", now=clock.now())
        accessions.plan(session, upload.id, a_plan(), own)
    version = upload_of(office.database, upload.id).version
    reviewer = office.sits(Role.REVIEWER)
    assert "要由另一个人入藏" in reviewer.page(path(upload, "register")).text
    answer = reviewer.post(path(upload, "accession"), version=version)
    assert "要由另一个人来放行" in problem(answer)
    assert upload_of(office.database, upload.id).state is State.AGREEMENT


def test_an_editor_enters_and_shows_nothing(office: Office, editor: Browser) -> None:
    upload = planned(office.database)
    for below in ("accession", "show", "take-off"):
        answer = editor.post(path(upload, below), version=upload.version)
        assert answer.status_code == 403
    assert "入藏</button>" not in editor.get(path(upload, "register")).text


def test_a_reviewer_writes_no_agreement_and_revokes_nothing(office: Office) -> None:
    upload, reviewer = agreed(office.database), office.sits(Role.REVIEWER)
    for below in ("agreement", "plan", "grants", "revoke", "custody"):
        assert reviewer.post(path(upload, below), version=upload.version).status_code == 403


def test_a_plan_is_taken_back_and_a_bad_one_comes_back(office: Office, editor: Browser) -> None:
    upload = planned(office.database)
    editor.done(path(upload, "plan", "withdraw"), version=upload.version)
    version = upload_of(office.database, upload.id).version
    bad = {"title": "题名", "received_on": clock.today(), "fonds": "全宗", "location": "9-9"}
    answer = editor.post(path(upload, "plan"), version=version, **bad)
    assert "全宗号只用字母" in problem(answer)
    assert read_page(answer.text).value_of("location") == "9-9"


def test_the_register_names_givers_only_as_they_wish(editor: Browser, register: list[str]) -> None:
    page = editor.page("/console/treasures/register?year=2026")
    assert "没有缺号" in page.text
    assert "一位不愿具名的市民" in page.text
    assert all(number in page.text for number in register)
    assert "还没有入藏" in editor.page("/console/treasures/register?year=2031").text


def test_the_register_is_taken_along_without_formulas_and_noted(
    office: Office, editor: Browser, register: list[str]
) -> None:
    table = editor.get("/console/treasures/register/export?year=2026")
    rows = list(csv.reader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert rows[0][0] == "入藏号"
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    (line,) = (row for row in rows if row[0] == register[1])
    assert (line[1], line[4], line[5]) == ("'=HYPERLINK(1)", "复制后返还", "一位不愿具名的市民")
    sheet = editor.get("/console/treasures/register/export?year=2026&format=xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.data)).get_sheet_by_index(0)
    assert book.to_python() == rows
    assert notes(office.database)[-2:] == ["treasure.register_export"] * 2
    assert editor.get("/console/treasures/register/export?format=pdf").status_code == 404


def test_the_original_s_way_is_written_down(office: Office, editor: Browser) -> None:
    upload = entered(office.database)
    form = {"what": "handed_back", "note": "复制完，本人取回"}
    page = editor.done(path(upload, "custody"), version=upload.version, **form)
    assert "原件还给送件人：复制完，本人取回" in page.text
    wrong = editor.post(path(upload, "custody"), what="burned", note="x")
    assert "请选原件怎么了" in problem(wrong)


# -- showing and revoking ----------------------------------------------------------------------


def test_both_signatures_are_asked_for_before_anything_is_made(office: Office) -> None:
    upload = entered(office.database, store=store_of(office))
    reviewer = office.sits(Role.REVIEWER)
    with office.database.reads() as connection:
        (file,) = showing.showable(connection, upload.id)
    form = {"version": upload.version, "file": file.pid, "secrecy": "1"}
    answer = reviewer.post(path(upload, "show"), **form)
    assert "两样都要您本人签上" in problem(answer)
    assert 'name="secrecy" value="1" checked' in answer.text
    assert assets_of(office.database, upload.id) == []


def test_the_story_is_told_only_when_it_is_ticked_and_an_anonymous_wish_is_in_sight(
    office: Office,
) -> None:
    said = {"credit": Credit.ANONYMOUS, "name": "", "people": "张桂芳", "store": store_of(office)}
    upload = entered(office.database, **said)
    asked = office.sits(Role.REVIEWER).get(path(upload, "show"))
    assert 'name="story"' in asked.text
    assert "checked> 来历照原话登出" not in asked.text, "somebody has to read it first"
    words = read_page(asked.text).text
    assert "送件人不愿意署名" in words
    assert "张桂芳" in words, "for whoever looks for names"
    assert shows(office, upload).status_code == 303
    silent = office.stranger().page(f"{showing.PAGE}/{upload.pid}").text
    assert "一位不愿具名的市民" in silent
    assert STORY not in silent
    assert "张桂芳" not in silent
    other = entered(office.database, store=store_of(office))
    asked = office.sits(Role.REVIEWER).get(path(other, "show"))
    assert "送件人署的是化名" in asked.text
    assert shows(office, other, story="1").status_code == 303
    assert STORY in office.stranger().page(f"{showing.PAGE}/{other.pid}").text


def test_whoever_plans_for_an_anonymous_sender_is_warned_of_names_in_the_title(
    office: Office, editor: Browser
) -> None:
    anonymous = agreed(office.database, credit=Credit.ANONYMOUS, name="")
    named = agreed(office.database, credit=Credit.NAME, name="李建军")
    warned = "题名里不要有送件人和家里人的名字"
    assert warned in editor.page(path(anonymous, "register")).text
    assert warned not in editor.page(path(named, "register")).text


def test_without_the_right_there_is_no_button(office: Office) -> None:
    upload = entered(office.database, Allowed(Right.PRESERVE, TODAY), scope=Scope.CLOSED)
    answer = office.sits(Role.REVIEWER).get(path(upload, "show"))
    assert "没有允许今天在网页上公布" in answer.text
    assert "<button>公开展示" not in answer.text


def test_a_lost_original_is_told_of(office: Office) -> None:
    upload = entered(office.database)
    assert "原件不在了" in problem(shows(office, upload))


def test_what_is_revoked_is_read_once_more_and_needs_a_reason(
    office: Office, editor: Browser
) -> None:
    upload = entered(office.database, store=store_of(office))
    shows(office, upload)
    version = upload_of(office.database, upload.id).version
    form = {"version": version, "use": ["web"]}
    assert "为什么" in problem(editor.post(path(upload, "revoke"), **form, because=""))
    first = editor.post(path(upload, "revoke"), **form, because="来电")
    assert "公众立刻看不到" in read_page(first.text).text
    assert upload_of(office.database, upload.id).state is State.PUBLISHED, "only asked"
    seen = read_page(first.text).value_of("seen")
    other = editor.post(
        path(upload, "revoke"), **form | {"use": ["wechat"]}, because="来电", seen=seen
    )
    assert other.status_code == 422, "something else is asked about anew"
    done = editor.post(path(upload, "revoke"), **form, because="来电", seen=seen)
    assert done.status_code == 303
    assert_gone(office, upload)
    again = editor.post(path(upload, "revoke"), **form, because="来电", seen=seen)
    assert problem(again, 409)


def test_a_piece_is_taken_off_by_the_reviewer(office: Office) -> None:
    upload, reviewer = entered(office.database, store=store_of(office)), office.sits(Role.REVIEWER)
    shows(office, upload)
    version = upload_of(office.database, upload.id).version
    assert "没有稿件、推送和卡片用它" in reviewer.page(path(upload, "take-off")).text
    assert "为什么" in problem(reviewer.post(path(upload, "take-off"), version=version))
    reviewer.done(path(upload, "take-off"), version=version, because="画面里有车牌")
    assert_gone(office, upload)
    assert shows(office, upload).status_code == 303
    assert office.stranger().get(f"{showing.PAGE}/{upload.pid}").status_code == 200


def test_before_the_decision_there_is_nothing_to_be_done(office: Office, editor: Browser) -> None:
    upload = accepted(office.database)
    with office.database.begin() as session:
        mine = Treasure.id == upload.id
        session.execute(update(Treasure).where(mine).values(state="screening"))
    page = editor.page(path(upload, "register"))
    assert "还没有决定收" in page.text
    assert "现在不能登记协议" in editor.page(path(upload, "agreement")).text
    assert steps_of(office.database, upload.id)


# -- what strangers stumbled over --------------------------------------------------------------


def test_an_agreement_is_corrected_with_a_reason(office: Office, editor: Browser) -> None:
    upload = agreed(office.database)
    amend = path(upload, "agreement", "amend")
    assert "为什么更正" in editor.page(amend).text
    form = agreement_form(upload, **{"credit_name": "老李头", "use-wechat": None})
    assert "请写一句为什么" in problem(editor.post(amend, **form))
    page = editor.done(amend, because="名字抄错了", **form)
    assert "老李头" in page.text
    assert "名字抄错了" in page.text
    assert notes(office.database)[-1] == "treasure.agreement_amend"


def test_a_day_that_goes_against_the_scope_is_refused_beside_its_field(
    office: Office, editor: Browser
) -> None:
    upload = accepted(office.database)
    form = agreement_form(upload, scope_until="2030-12-31")
    answer = editor.post(path(upload, "agreement"), **form)
    assert problem(answer)
    assert 'id="scope-error">选了“可以公开展示”，这里就要空着' in answer.text
    assert read_page(answer.text).value_of("scope_until") == "2030-12-31"


def test_a_scan_that_is_too_large_is_told_so(office: Office, editor: Browser) -> None:
    upload = agreed(office.database)
    for more, status in ((1, 422), (2 * 1024 * 1024, 413)):
        large = io.BytesIO(b"%PDF-1.4" + bytes(25 * 1024 * 1024 + more))
        sent = {"scan": (large, "协议.pdf", "application/pdf")}
        answer = editor.post(path(upload, "agreement", "scan"), **sent)
        assert answer.status_code == status
        assert "扫描件超过 25 MB，请分开扫或调低清晰度" in answer.text


def test_what_was_handed_back_is_said_to_be_so(office: Office, editor: Browser) -> None:
    upload = entered(office.database, wish=Wish.COPY)
    before = editor.page(path(upload, "register")).text
    assert "原件还回去以后，在这里登记" in before
    assert "编辑" in before or "editor" not in before
    form = {"what": "handed_back", "note": "本人取回", "version": upload.version}
    page = editor.done(path(upload, "custody"), **form)
    assert "原件还回去以后，在这里登记" not in page.text
    assert "原件已还" in page.text
    assert "复制件存放位置" in page.text
    with office.database.reads() as connection:
        colleague = register_queries.names(connection)["editor"]
    book = editor.page("/console/treasures/register?year=2026").text
    assert colleague in book


def test_a_printed_agreement_speaks_of_its_parties(office: Office, editor: Browser) -> None:
    upload = agreed(office.database, wish=Wish.COPY)
    text = editor.page(path(upload, "agreement", "text")).text
    assert "原件还给甲方" in text
    assert "您" not in text.partition("一、物件")[2].partition("二、公开和署名")[0]
