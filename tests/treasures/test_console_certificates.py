"""证书 in the console: the list, the picture, the sheet, 换发 and 作废 by whoever may."""

import io
import json
from http import HTTPStatus

import pytest

from tests.console import Browser, Office
from tests.treasures.certificates_making import NAME, TITLE, Gift, a_certificate, is_drawn, look
from wx_archive.core.database import Database
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role
from wx_archive.treasures import certificates, rules
from wx_archive.treasures.certificates import Known
from wx_archive.treasures.console.certificates import alerts
from wx_archive.treasures.rules import Credit
from wx_archive.treasures.sealed import open_sealed

PATH = "/console/treasures/certificates"
PNG, PDF, KEY = b"\x89PNG a picture", b"%PDF-1.4 a sheet", "ab" * 32
REASON = "名字写成了别字"


def drawn(office: Office, gift: Gift | None = None) -> Known:
    known = a_certificate(office.database, gift)
    store = open_sealed(office.settings)
    store.put(KEY, io.BytesIO(PNG))
    store.put(f"{KEY}.pdf", io.BytesIO(PDF))
    return is_drawn(office.database, known, key=KEY)


def entries(database: Database, action: str) -> list[str]:
    with database.begin() as session:
        found = session.query(AuditEntry).filter_by(action=action)
        return [f"{one.subject} {json.loads(one.before)} {json.loads(one.after)}" for one in found]


@pytest.fixture
def editor(office: Office) -> Browser:
    return office.sits(Role.EDITOR)


@pytest.fixture
def reviewer(office: Office) -> Browser:
    return office.sits(Role.REVIEWER)


def test_an_empty_list_says_what_will_be_there(editor: Browser) -> None:
    assert "还没有证书" in editor.page(PATH).text


def test_the_list_leads_to_each_with_its_state(office: Office, editor: Browser) -> None:
    standing = drawn(office)
    waiting = a_certificate(office.database, Gift(credit=Credit.ANONYMOUS, name=NAME + "的妹妹"))
    page = editor.page(PATH)
    for shown in (standing.number, waiting.number, TITLE, NAME, rules.NOBODY, "有效", "正在画"):
        assert shown in page.text
    assert "的妹妹" not in page.text
    one = editor.page(f"{PATH}/{standing.number}")
    for shown in (standing.accession_number, standing.tail, standing.treasure_number):
        assert shown in one.text


def test_the_list_turns_its_pages(
    office: Office, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [a_certificate(office.database, Gift(openid=None)) for _ in range(3)]
    monkeypatch.setattr("wx_archive.treasures.console.certificates.LISTED", 2)
    first = editor.page(PATH)
    assert made[0].number not in first.text
    (older,) = [link for link in first.links if "before=" in link]
    assert made[0].number in editor.page(older).text
    assert editor.get(f"{PATH}?before=x").status_code == HTTPStatus.OK


def test_the_picture_is_looked_at_and_the_sheet_taken_out_with_a_note(
    office: Office, editor: Browser
) -> None:
    known = drawn(office)
    picture = editor.get(f"{PATH}/{known.number}/picture.png")
    sheet = editor.get(f"{PATH}/{known.number}/sheet.pdf")
    assert (picture.data, sheet.data) == (PNG, PDF)
    assert "attachment" in sheet.headers["Content-Disposition"]
    (entry,) = entries(office.database, "treasure.certificate_print")
    assert known.number[1:] in entry
    assert NAME not in entry


def test_what_is_not_drawn_is_not_there(office: Office, editor: Browser) -> None:
    known = a_certificate(office.database)
    for path in ("picture.png", "sheet.pdf"):
        answer = editor.get(f"{PATH}/{known.number}/{path}")
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert entries(office.database, "treasure.certificate_print") == []


def test_a_misspelt_name_is_mended_after_being_asked_once_more(
    office: Office, reviewer: Browser
) -> None:
    old = drawn(office, Gift(name="王建囯"))
    form = reviewer.page(f"{PATH}/{old.number}/anew")
    assert form.value_of("name") == "王建囯"
    page = reviewer.done(f"{PATH}/{old.number}/anew", credit="name", name=NAME, because=REASON)
    with office.database.reads() as connection:
        new = certificates.of_treasure(connection, old.treasure_id)
    assert new
    assert new.credit_name == NAME
    assert new.number in page.text
    assert "已换发" in reviewer.page(f"{PATH}/{old.number}").text
    assert REASON in reviewer.page(f"{PATH}/{old.number}").text
    over = reviewer.get(f"{PATH}/{old.number}/anew").text
    assert "已经作废" in over
    assert "<form" not in over[over.index("<main") : over.index("</main>")]
    assert "打印用 A4 纸" not in reviewer.page(f"{PATH}/{old.number}").text
    (entry,) = entries(office.database, "treasure.certificate_anew")
    assert new.number in entry
    for personal in (NAME, "王建囯", REASON):
        assert personal not in entry


@pytest.mark.parametrize(
    "fields",
    [
        {"credit": "name", "name": NAME, "because": ""},
        {"credit": "name", "name": "", "because": REASON},
        {"credit": "pseudonym", "name": "长" * 31, "because": REASON},
        {"credit": "", "name": NAME, "because": REASON},
        {"credit": "somebody", "name": NAME, "because": REASON},
        {"credit": "anonymous", "because": "长" * 201},
        {},
    ],
)
def test_what_is_wrong_with_the_form_is_said_and_nothing_done(
    office: Office, reviewer: Browser, fields: dict[str, str]
) -> None:
    old = drawn(office, Gift(name="王建囯"))
    answer = reviewer.post(f"{PATH}/{old.number}/anew", **fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'role="alert"' in answer.text
    assert look(office.database, old.id) == old
    assert entries(office.database, "treasure.certificate_anew") == []


def test_one_is_revoked_with_a_reason_on_a_page_of_its_own(
    office: Office, reviewer: Browser
) -> None:
    known = drawn(office)
    assert f"作废证书 {known.number}" in reviewer.page(f"{PATH}/{known.number}/revoke").headings[0]
    refused = reviewer.post(f"{PATH}/{known.number}/revoke", because="")
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = reviewer.done(f"{PATH}/{known.number}/revoke", because=REASON)
    assert "已作废" in page.text
    again = reviewer.post(f"{PATH}/{known.number}/revoke", because=REASON)
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    for over in (again.text, reviewer.get(f"{PATH}/{known.number}/revoke").text):
        assert "已经作废" in over
        assert "<form" not in over[over.index("<main") : over.index("</main>")]
    assert reviewer.get(f"{PATH}/{known.number}/picture.png").status_code == HTTPStatus.NOT_FOUND
    (entry,) = entries(office.database, "treasure.certificate_revoke")
    assert REASON not in entry


def test_who_may_not_release_sees_no_buttons_and_is_refused(
    office: Office, editor: Browser
) -> None:
    known = drawn(office)
    page = editor.page(f"{PATH}/{known.number}")
    assert not [link for link in page.links if link.endswith(("/anew", "/revoke"))]
    for end in ("anew", "revoke"):
        answer = editor.post(f"{PATH}/{known.number}/{end}", because=REASON, credit="anonymous")
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert look(office.database, known.id) == known
    desk = office.sits(Role.DESK)
    assert desk.get(PATH).status_code == HTTPStatus.FORBIDDEN


def test_a_number_that_nobody_has_is_not_found(editor: Browser) -> None:
    for number in ("证2026-999999", "x"):
        assert editor.get(f"{PATH}/{number}").status_code == HTTPStatus.NOT_FOUND


def test_what_cannot_be_drawn_alerts_staff_and_is_drawn_again_by_them(
    office: Office, editor: Browser
) -> None:
    known = a_certificate(office.database)
    with office.database.begin() as session:
        certificates.not_drawn(session, known.id, why="字体里没有这几个字：囧")
        (alert,) = alerts(session.connection())
    assert known.number in alert.title
    assert "囧" not in alert.title
    assert alert.path == f"{PATH}/{known.number}"
    assert "囧" in editor.page(alert.path).text
    assert "重画" in editor.done(f"{alert.path}/draw").text
    with office.database.reads() as connection:
        assert alerts(connection) == []
    assert "不用重画" in editor.done(f"{alert.path}/draw").text
