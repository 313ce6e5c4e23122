"""Walk-ins, letters and calls in the console: written down, sealed, wiped; doors and strings."""

import pytest
from sqlalchemy import select

from tests.console import Browser, Office
from tests.enquiries.clerk import QUEUE, XSS, a_desk, asked, noted, now_of, path_of, post, steps_to
from tests.html import read_page
from wx_archive.enquiries import queries
from wx_archive.enquiries.models import Enquiry, EnquiryContact
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import Channel, State
from wx_archive.staff.rules import Role

# -- walk-ins, letters, calls -----------------------------------------------------------------


WALK_IN = {
    "channel": "letter",
    "kind": "search",
    "words": "1978年大坝图纸，身份证420302199003078888",
    "name": "张三丰",
    "phone": "13807281234",
    "address": "兰台市档案路9号",
}


def written_down(office: Office, desk: Browser, **changes: str) -> Request:
    answer = desk.post(QUEUE, **(WALK_IN | changes))
    assert answer.status_code == 303, read_page(answer.text).text
    pid = answer.headers["Location"].split("/")[-2]
    page = desk.page(answer.headers["Location"])
    assert "回执" in page.headings[0]
    with office.database.reads() as connection:
        found = queries.by_pid(connection, pid)
    assert found
    return found


def test_a_letter_is_written_down_accepted_and_has_a_receipt(any_office: Office) -> None:
    desk = a_desk(any_office)
    desk.page(f"{QUEUE}/new")
    one = written_down(any_office, desk)
    assert (one.channel, one.state, one.first_name) == (Channel.LETTER, State.ACCEPTED, "窗口小周")
    assert "420302" not in one.words
    receipt = desk.page(path_of(one, "receipt")).text
    for words in (one.number, "首问责任人", "窗口小周", "承诺 5 个工作日"):
        assert words in receipt
    assert "张三丰" not in receipt


def test_a_contact_is_sealed_read_with_an_entry_in_the_log_and_wiped_at_the_end(
    any_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    desk = a_desk(any_office)
    one = written_down(any_office, desk)
    with any_office.database.reads() as connection:
        sealed = connection.scalars(select(EnquiryContact.sealed)).one()
    assert "张三丰".encode() not in sealed
    assert b"1380728" not in sealed
    for path in (QUEUE, path_of(one), path_of(one, "receipt"), path_of(one, "to", "need_fix")):
        assert "张三丰" not in desk.page(path).text, path
    before = len(noted(any_office))
    page = desk.page(path_of(one, "contact"))
    assert (page.value_of("name"), page.value_of("phone")) == ("张三丰", "13807281234")
    assert [entry.action for entry in noted(any_office)[before:]] == ["enquiry.contact_read"]
    log = " ".join(f"{entry.subject}{entry.before}{entry.after}" for entry in noted(any_office))
    for word in ("张三丰", "1380728", "档案路9号", "大坝"):
        assert word not in log
        assert word not in caplog.text
    steps_to(any_office, desk, one, State.WITHDRAWN)
    with any_office.database.reads() as connection:
        assert connection.scalars(select(EnquiryContact.sealed)).all() == []
    assert "已经删去" in desk.page(path_of(one, "contact")).text


def test_a_contact_is_changed_and_forgotten(office: Office) -> None:
    desk = a_desk(office)
    one = written_down(office, desk, name="", phone="", address="")
    post(office, desk, one, "contact", name="李四", phone="", address="")
    assert desk.page(path_of(one, "contact")).value_of("name") == "李四"
    version = now_of(office, one).version
    long = desk.post(path_of(one, "contact"), version=version, name="长" * 41)
    assert long.status_code == 422
    assert "太长" in long.text
    post(office, desk, one, "contact", name=" ", phone="", address="")
    with office.database.reads() as connection:
        assert connection.scalars(select(EnquiryContact.sealed)).all() == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"words": "？"}, "至少两个字"),
        ({"words": "长" * 201}, "最多 200 个字"),
        ({"channel": "chat"}, ""),
        ({"channel": "x"}, ""),
        ({"name": "长" * 41}, "太长了"),
        ({"about": "没有这个号"}, "没有公开的条目"),
    ],
)
def test_a_form_with_a_mistake_comes_back_filled_in(
    office: Office, changes: dict[str, str], says: str
) -> None:
    desk = a_desk(office)
    answer = desk.post(QUEUE, **(WALK_IN | changes))
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert says in page.text
    assert page.value_of("phone") == "13807281234"
    with office.database.reads() as connection:
        assert connection.scalars(select(Enquiry.id)).all() == []


# -- doors and strings ------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN, Role.AUDITOR, Role.CORRESPONDENT])
def test_only_the_desk_comes_in(office: Office, role: Role) -> None:
    one = asked(office)
    stranger = office.sits(role)
    for path in (QUEUE, f"{QUEUE}/new", path_of(one), path_of(one, "contact")):
        assert stranger.get(path).status_code == 403
    assert stranger.post(path_of(one, "to", "accepted"), version=1).status_code == 403
    assert now_of(office, one).version == 1


def test_what_people_write_is_inert_on_every_page(office: Office) -> None:
    desk = a_desk(office)
    one = asked(office, XSS)
    steps_to(office, desk, one, State.ACCEPTED, State.SEARCHING)
    first = desk.post(path_of(one, "to", "found"), version=now_of(office, one).version, note=XSS)
    assert "<script>alert" not in first.text
    read_page(first.text).check_frame()
    steps_to(office, desk, one, State.FOUND, note=XSS)
    walked = written_down(office, desk, words=XSS, name=XSS[:40], address=XSS)
    pages = [QUEUE, path_of(one), path_of(one, "receipt"), path_of(one, "to", "closed")]
    pages += [path_of(walked), path_of(walked, "contact"), f"{QUEUE}?number={XSS}"]
    for path in pages:
        page = desk.page(path)  # the strict parser finds no script in it
        assert "onerror" not in str(page.scripts), path
