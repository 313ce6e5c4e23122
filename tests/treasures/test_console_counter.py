"""Desk mode: an upload entered for a visitor, its receipt, files added later; the desk's view."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.console import Browser, Office
from tests.console_house import opened_house
from tests.html import Page, read_page
from tests.treasures.desk_making import a_jpeg, an_upload, by_staff, noted, read, steps
from wx_archive.core import clock
from wx_archive.staff.rules import Role
from wx_archive.treasures import contacts, desk, files, queries, review, sealed, uploads
from wx_archive.treasures.console import counter
from wx_archive.treasures.models import Treasure, TreasureContact, TreasureFile
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import (
    Channel,
    Credit,
    FileState,
    Ownership,
    Scope,
    State,
    Wish,
)

QUEUE = "/console/treasures"
DESK = f"{QUEUE}/desk"
XSS = "大坝<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
TOLD = {
    "title": "大坝合龙",
    "story": "父亲留下的，身份证420302199003078888",
    "year_text": "大约 1975 年",
    "place": "库区",
    "people": "父亲",
    "ownership": "inherited",
    "wish": "copy",
    "scope": "reading_room",
    "scope_until": "2099-01-01",
    "credit": "pseudonym",
    "credit_name": "老水利",
    "name": "张三丰",
    "phone": "13807281234",
    "address": "兰台市档案路9号",
    "consent": "y",
}


@pytest.fixture(scope="module")
def calm(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One console for all questions that change nothing that others ask for."""
    with opened_house(_demo_data, tmp_path_factory.mktemp("calm") / "data") as opened:
        yield opened.office


def photos(*contents: bytes, name: str = "合龙{}.jpg") -> list[tuple[io.BytesIO, str, str]]:
    return [
        (io.BytesIO(content), name.format(place), "image/jpeg")
        for place, content in enumerate(contents, 1)
    ]


def sends(clerk: Browser, files: object, **changes: str) -> TestResponse:
    """Open the form and send it, filled in."""
    page = clerk.page(f"{DESK}/new")
    carried = {name: page.value_of(name) for name in ("key", "consent_version")}
    return clerk.post(DESK, files=files, **(carried | TOLD | changes))


def entered(
    office: Office, clerk: Browser, *contents: bytes, **changes: str
) -> tuple[Upload, Page]:
    """Enter an upload; return it and its receipt."""
    answer = sends(clerk, photos(*(contents or (a_jpeg(),))), **changes)
    assert answer.status_code == 303, read_page(answer.text).text
    with office.database.reads() as connection:
        found = queries.by_pid(connection, answer.headers["Location"].rsplit("/", 1)[-1])
    assert found
    return found, clerk.page(answer.headers["Location"])


def every(office: Office) -> list[Treasure]:
    with office.database.begin() as session:
        return list(session.scalars(select(Treasure).order_by(Treasure.id)))


def stored(office: Office) -> int:
    """Return how many objects the sealed store has."""
    store = sealed.open_sealed(office.settings)
    return len(list(store.keys(until=clock.now() + timedelta(days=1))))


# -- entering ---------------------------------------------------------------------------------


def test_what_a_visitor_brings_is_entered_numbered_and_has_a_receipt(any_office: Office) -> None:
    clerk = any_office.sits(Role.DESK)
    one, receipt = entered(any_office, clerk, a_jpeg("red"), a_jpeg("blue"))
    assert (one.state, one.channel, one.follower_id) == (State.RECEIVED, Channel.DESK, None)
    assert (one.ownership, one.wish) == (Ownership.INHERITED, Wish.COPY)
    assert (one.scope, one.credit) == (Scope.READING_ROOM, Credit.PSEUDONYM)
    assert (one.credit_name, one.title, one.consent_version) == ("老水利", "大坝合龙", 1)
    assert one.confirmed_at
    assert one.owner_id is None
    assert "420302" not in one.story
    with any_office.database.reads() as connection:
        files = queries.files(connection, one.id)
    assert [file.state for file in files] == [FileState.QUARANTINED] * 2
    assert {file.source for file in files} == {Channel.DESK}
    assert stored(any_office) == 2
    for words in (
        one.number,
        "合龙1.jpg",
        "合龙2.jpg",
        files[0].sha256 or "",
        "复制后返还",
        "接下来",
    ):
        assert str(words)[:12] in receipt.text
    assert "张三丰" not in receipt.text
    (entry,) = noted(any_office.database)
    assert (entry.action, entry.subject) == ("treasure.enter", f"treasure:{one.number}")
    for word in ("张三丰", "大坝", "老水利", "1380728"):
        assert word not in f"{entry.before}{entry.after}"


def test_the_contact_is_sealed_and_the_log_does_not_know_it(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    one, _receipt = entered(office, office.sits(Role.DESK))
    with office.database.begin() as session:
        kept = session.scalars(select(TreasureContact.sealed)).one()
        told = contacts.read(session, one.id, contacts.sealer(office.settings))
    assert "张三丰".encode() not in kept
    assert told
    assert (told.name, told.phone, told.address) == ("张三丰", "13807281234", "兰台市档案路9号")
    for word in ("张三丰", "1380728", "老水利", "合龙"):
        assert word not in caplog.text
    other, _receipt = entered(office, office.sits(Role.DESK), name="", phone="", address=" ")
    with office.database.reads() as connection:
        assert not contacts.is_kept(connection, other.id)


def test_a_clue_needs_words_and_no_file(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    assert sends(clerk, [], wish="tip", story=" ").status_code == 422
    answer = sends(clerk, [], wish="tip")
    assert answer.status_code == 303
    assert "只记下了线索" in clerk.page(answer.headers["Location"]).text


def test_the_same_file_twice_is_kept_once(office: Office) -> None:
    clerk, photo = office.sits(Role.DESK), a_jpeg()
    _one, receipt = entered(office, clerk, photo, photo)
    assert "只留一份" in receipt.text
    assert "收到的文件，1 件" in receipt.text
    assert stored(office) == 1


def test_a_form_that_is_sent_twice_enters_once(any_office: Office) -> None:
    clerk = any_office.sits(Role.DESK)
    page = clerk.page(f"{DESK}/new")
    carried = {name: page.value_of(name) for name in ("key", "consent_version")} | TOLD
    answers = [clerk.post(DESK, files=photos(a_jpeg()), **carried) for _each in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert "刚才已经登记过" in clerk.page(answers[1].headers["Location"]).text
    assert len(every(any_office)) == 1
    assert stored(any_office) == 1


def test_a_key_of_somebody_elses_upload_leads_nowhere(office: Office) -> None:
    other = an_upload(office.database, None, now=clock.now())
    clerk = office.sits(Role.DESK)
    answer = sends(clerk, photos(a_jpeg()), key=other.pid)
    assert answer.status_code == 409
    assert other.pid not in answer.text
    assert other.title not in answer.text
    assert len(every(office)) == 1
    assert read(office.database, other) == other


def test_where_no_file_is_fit_nothing_is_left_and_the_form_says_why(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    page = clerk.page(f"{DESK}/new")
    carried = {name: page.value_of(name) for name in ("key", "consent_version")} | TOLD
    answer = clerk.post(DESK, files=photos(b""), **carried)
    assert answer.status_code == 422
    shown = read_page(answer.text)
    shown.check_frame()
    assert "是空的" in shown.text
    assert shown.value_of("phone") == "13807281234"
    assert every(office) == []
    assert noted(office.database) == []
    again = clerk.post(DESK, files=photos(a_jpeg()), **carried)
    assert again.status_code == 303


def test_one_bad_file_does_not_keep_the_good_ones_out(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    answer = sends(clerk, [*photos(a_jpeg()), (io.BytesIO(b""), "空.jpg", "image/jpeg")])
    assert answer.status_code == 303
    page = clerk.page(answer.headers["Location"])
    assert "有 1 件没有收。空.jpg：" in page.text
    assert "另外 1 件正在检查" in page.text
    assert "收到的文件，1 件" in page.text


def test_the_receipt_counts_what_stands_and_lists_the_rest_with_reasons(office: Office) -> None:
    clerk, photo = office.sits(Role.DESK), a_jpeg()
    bad = [
        (io.BytesIO(b"<svg/>"), "图.svg", "image/svg+xml"),
        (io.BytesIO(b"MZ"), "程序.exe", "application/x-msdownload"),
        (io.BytesIO(b""), "空.jpg", "image/jpeg"),
    ]
    answer = sends(clerk, [*photos(photo, a_jpeg("blue")), *bad, *photos(photo, name="又{}.jpg")])
    path = answer.headers["Location"]
    first = clerk.page(path).text
    assert "有 2 件没有收" in first
    assert "另外 4 件正在检查" in first
    assert first.count("正在检查") > 4
    with office.database.begin() as session:
        for file in session.scalars(select(TreasureFile)).all():
            if file.name in ("图.svg", "程序.exe"):
                files.refused(session, file.id, "不是照片", now=clock.now())
    last = clerk.page(path).text
    assert "收到的文件，2 件" in last
    for name in ("图.svg", "程序.exe", "空.jpg", "又1.jpg"):
        assert last.index("没有收下的") < last.index(name), name


def test_what_is_not_decided_yet_stays_open_and_is_said_later(any_office: Office) -> None:
    clerk = any_office.sits(Role.DESK)
    form = clerk.page(f"{DESK}/new").text
    assert form.count("还没想好") == 3
    assert form.index("告知书（第") < form.index("送件人看过上面的告知书")
    empty = dict.fromkeys(
        ("ownership", "wish", "scope", "credit", "credit_name", "scope_until"), ""
    )
    one, receipt = entered(any_office, clerk, **empty)
    assert (one.ownership, one.wish, one.scope, one.credit) == (None, None, None, None)
    assert one.confirmed_at is None
    assert "怎么来的、原件怎么处理、公开到哪一步、怎么署名" in receipt.text
    path = f"{DESK}/{one.pid}/rights"
    wrong = clerk.post(path, credit="name", credit_name="")
    assert wrong.status_code == 422
    assert "请填要署的名字" in read_page(wrong.text).text
    rights = {"ownership": "made", "wish": "donate", "scope": "public", "credit": "anonymous"}
    done = clerk.done(path, **rights)
    assert "还没有说" not in done.text
    assert "补上" not in done.text
    now = read(any_office.database, one)
    assert (now.wish, now.credit, bool(now.confirmed_at)) == (Wish.DONATE, Credit.ANONYMOUS, True)
    with any_office.database.begin() as session:
        for state in (State.SCREENING, State.ACCEPTED):
            review.move(session, one.id, state, by_staff())
    assert clerk.post(path, **rights).status_code == 409
    sent = an_upload(any_office.database, None, now=clock.now())
    assert clerk.post(f"{DESK}/{sent.pid}/rights", **rights).status_code == 404


def test_a_receipt_names_who_took_it_in_and_has_room_to_sign(office: Office) -> None:
    _one, receipt = entered(office, office.sits(Role.DESK))
    text = "".join(receipt.text.split())
    assert "经手人窗口小周" in text
    assert "签字、盖章" in text


def test_a_disk_that_takes_nothing_leaves_nothing_and_says_so(office: Office) -> None:
    clerk, folder = office.sits(Role.DESK), office.settings.objects / "sealed"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    page = clerk.page(f"{DESK}/new")
    carried = {name: page.value_of(name) for name in ("key", "consent_version")} | TOLD
    answer = clerk.post(DESK, files=photos(a_jpeg()), **carried)
    assert answer.status_code == 409
    assert "什么都没有登记" in answer.text
    assert every(office) == []
    folder.unlink()
    assert clerk.post(DESK, files=photos(a_jpeg()), **carried).status_code == 303


def test_what_was_begun_and_broken_off_is_begun_anew(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    with office.database.begin() as session:
        draft = uploads.begin(session, Channel.DESK, by_staff(now=clock.now())).pid
    answer = sends(clerk, photos(a_jpeg()), key=draft)
    assert answer.status_code == 409
    assert "没有登记完" in answer.text
    assert clerk.get(f"{DESK}/{draft}").status_code == 404


# -- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": "长" * 61}, "最多 60 个字"),
        ({"story": "长" * 2001}, "最多 2000 个字"),
        ({"year_text": "长" * 41}, "最多 40 个字"),
        ({"place": "长" * 81}, "最多 80 个字"),
        ({"people": "长" * 201}, "最多 200 个字"),
        ({"credit_name": "长" * 31}, "最多 30 个字"),
        ({"credit_name": ""}, "请填要署的名字"),
        ({"name": "长" * 41}, "最多 40 个字"),
        ({"phone": "1" * 41}, "最多 40 个字"),
        ({"address": "长" * 121}, "最多 120 个字"),
        ({"ownership": "stolen"}, ""),
        ({"scope": "x"}, ""),
        ({"scope_until": "2001-01-01"}, "今天以后"),
        ({"scope_until": "2001-13-01"}, ""),
        ({"consent": ""}, "在纸上签了字，再勾上"),
        ({"consent_version": "0"}, "新版"),
        ({"consent_version": "x"}, "新版"),
        ({"key": ""}, "放得太久了"),
        ({"key": "../../etc"}, "放得太久了"),
    ],
)
def test_a_form_with_a_mistake_comes_back_filled_in(
    calm: Office, changes: dict[str, str], says: str
) -> None:
    clerk = calm.sits(Role.DESK)
    answer = sends(clerk, photos(a_jpeg()), **changes)
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert says in page.text
    if "phone" not in changes:
        assert page.value_of("phone") == "13807281234"
    assert every(calm) == []
    assert stored(calm) == 0


def test_anonymous_is_anonymous_even_with_a_name(office: Office) -> None:
    one, receipt = entered(office, office.sits(Role.DESK), credit="anonymous")
    assert one.credit_name == ""
    assert "老水利" not in receipt.text
    assert "一位不愿具名的市民" in receipt.text
    shown = office.sits(Role.REVIEWER).page(f"{QUEUE}/{one.pid}").text
    assert "老水利" not in shown
    assert "张三丰" not in shown


def test_no_file_and_too_many_files_are_said(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    none = sends(clerk, [])
    assert none.status_code == 422
    assert "请至少选一个文件" in none.text
    many = sends(clerk, photos(*(str(place).encode() for place in range(21))))
    assert many.status_code == 422
    assert "最多放 20 件" in many.text
    assert every(office) == []
    assert stored(office) == 0


def test_too_many_bytes_are_said_and_nothing_is_kept(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    for path in (DESK, f"{DESK}/{'0' * 26}/files"):
        answer = clerk.client.post(
            path,
            input_stream=io.BytesIO(b"--x"),
            content_type="multipart/form-data; boundary=x",
            headers={"Origin": clerk.origin},
            environ_overrides={"CONTENT_LENGTH": str(counter.REQUEST_BYTES + 1)},
        )
        assert answer.status_code == 413
        assert "最多 300 MB" in answer.text
    assert every(office) == []


def test_hostile_names_and_words_are_inert(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    brought = [
        (io.BytesIO(b"one"), "../../../etc/passwd", "image/jpeg"),
        (io.BytesIO(b"two"), XSS + ".jpg", "image/svg+xml"),
        (io.BytesIO(b"three"), "a\u202egpj.exe", "application/x-msdownload"),
    ]
    answer = sends(
        clerk, brought, title=XSS[:60], story=XSS, people=XSS, name=XSS[:40], address=XSS
    )
    assert answer.status_code == 303, read_page(answer.text).text
    page = clerk.page(answer.headers["Location"])  # the strict parser finds no script in it
    assert "passwd" in page.text
    assert "etc/" not in page.text
    assert "\u202e" not in page.text
    clerk.page(DESK)
    office.sits(Role.REVIEWER).page(f"{QUEUE}/{every(office)[0].pid}")


# -- what the desk sees -----------------------------------------------------------------------


def test_the_desk_sees_its_own_entries_of_today_and_finds_older_ones(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    one, _receipt = entered(office, clerk)
    two, _receipt = entered(office, clerk, a_jpeg("blue"))
    sent = an_upload(office.database, None, now=clock.now())
    with office.database.begin() as session:
        session.get_one(Treasure, one.id).created_at = clock.now() - timedelta(days=3)
    listed = clerk.page(DESK).text
    assert str(two.number) in listed
    assert str(one.number) not in listed
    found = clerk.page(f"{DESK}?number={one.number}").text
    assert f"{one.number}\n" in found or str(one.number) in found
    assert str(two.number) not in found
    for number in (sent.number, "x", XSS):
        page = clerk.page(f"{DESK}?number={number}")
        assert "您没有登记过" in page.text
        assert f"{DESK}/{sent.pid}" not in page.links


def test_the_desk_sees_no_other_upload_and_no_original(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    own, _receipt = entered(office, clerk)
    sent = an_upload(office.database, None, now=clock.now())
    with office.database.reads() as connection:
        (file,) = queries.files(connection, own.id)
        assert desk.own(connection, "reviewer", own.pid) is None
        assert desk.own_by_number(connection, "reviewer", own.number or "") is None
        assert desk.of_day(connection, "reviewer", clock.today()) == []
    for path in (
        f"{DESK}/{sent.pid}",
        f"{DESK}/{'0' * 26}",
        f"{DESK}/x",
    ):
        assert clerk.get(path).status_code == 404, path
    assert clerk.post(f"{DESK}/{sent.pid}/files", files=photos(a_jpeg())).status_code == 404
    for path in (
        QUEUE,
        f"{QUEUE}/{own.pid}",
        f"{QUEUE}/{own.pid}/contact",
        f"{QUEUE}/{own.pid}/files/{file.pid}/thumb",
        f"{QUEUE}/{own.pid}/files/{file.pid}/view",
        f"{QUEUE}/{own.pid}/files/{file.pid}/original",
        f"{QUEUE}/{own.pid}/to/declined",
    ):
        assert clerk.get(path).status_code == 403, path
    links = clerk.page(f"{DESK}/{own.pid}").links
    assert not [link for link in links if re.search("/files/|contact|/to/", link)]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.DESK}))
def test_only_the_desk_enters(calm: Office, role: Role) -> None:
    stranger = calm.sits(role)
    for path in (DESK, f"{DESK}/new", f"{DESK}/{'0' * 26}"):
        assert stranger.get(path).status_code == 403
    assert stranger.post(DESK, files=photos(a_jpeg()), **TOLD).status_code == 403
    assert every(calm) == []
    assert stored(calm) == 0


# -- adding later -----------------------------------------------------------------------------


def test_a_file_is_added_while_the_upload_may_be_changed(any_office: Office) -> None:
    clerk = any_office.sits(Role.DESK)
    one, _receipt = entered(any_office, clerk)
    path = f"{DESK}/{one.pid}/files"
    page = clerk.done(path, files=photos(a_jpeg("blue"), name="又一张{}.jpg"))
    assert "又一张1.jpg" in page.text
    assert "收到的文件，2 件" in page.text
    actions = [entry.action for entry in noted(any_office.database)]
    assert actions == ["treasure.enter", "treasure.enter_file"]
    for brought, says in (([], "请选要加的文件"), (photos(a_jpeg("blue")), "只留一份")):
        answer = clerk.post(path, files=brought)
        assert answer.status_code == 422
        assert says in answer.text
    with any_office.database.begin() as session:
        for state in (State.SCREENING, State.APPRAISAL):
            review.move(session, one.id, state, by_staff())
    assert "再加文件" not in clerk.page(f"{DESK}/{one.pid}").text
    late = clerk.post(path, files=photos(a_jpeg("green")))
    assert late.status_code == 409
    assert "不能再改" in late.text
    assert stored(any_office) == 2


def test_no_more_than_twenty_files_are_taken_over_time(office: Office) -> None:
    clerk = office.sits(Role.DESK)
    one, _receipt = entered(office, clerk, *(str(place).encode() for place in range(19)))
    path = f"{DESK}/{one.pid}/files"
    page = clerk.done(path, files=photos(b"x", b"y"))
    assert "有 1 件没有收" in page.text
    assert "再加文件" not in page.text
    with office.database.reads() as connection:
        assert connection.scalar(select(func.count()).select_from(TreasureFile)) == 20
    assert clerk.post(path, files=photos(b"z")).status_code == 422
    assert stored(office) == 20


def test_an_entry_is_in_nobodys_hands_and_the_editors_queue(office: Office) -> None:
    one, _receipt = entered(office, office.sits(Role.DESK))
    assert [step.actor for step in steps(office.database, one)] == ["desk", "desk"]
    listed = office.sits(Role.EDITOR).page(f"{QUEUE}?channel=desk&owner=0").text
    assert str(one.number) in listed
