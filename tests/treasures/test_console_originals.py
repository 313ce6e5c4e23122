"""What few may see: originals and contacts, each look noted; pictures made anew, for readers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import update

from tests.console import Office
from tests.console_house import opened_house
from tests.treasures.desk_making import (
    a_jpeg,
    an_upload,
    noted,
    read,
    with_photo,
)
from wx_archive.core import clock
from wx_archive.core.sealing import Contact
from wx_archive.staff.models import StaffSession
from wx_archive.staff.rules import FRESH, Role
from wx_archive.treasures import contacts, files, queries, sealed
from wx_archive.treasures.console import originals
from wx_archive.treasures.models import TreasureContact, TreasureFile
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.steps import locked

QUEUE = "/console/treasures"


@pytest.fixture(scope="module")
def calm(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One console for all questions that change nothing that others ask for."""
    with opened_house(_demo_data, tmp_path_factory.mktemp("calm") / "data") as opened:
        yield opened.office


def an_own(office: Office, name: str = "全家福.jpg") -> tuple[Upload, str, bytes]:
    one = an_upload(office.database, None, now=clock.now())
    pid, photo = with_photo(office.database, office.settings, one, name=name)
    return read(office.database, one), pid, photo


def at(one: Upload, file_pid: str, what: str) -> str:
    return f"{QUEUE}/{one.pid}/files/{file_pid}/{what}"


def test_an_original_leaves_as_it_came_noted_and_harmless(any_office: Office) -> None:
    one, pid, photo = an_own(any_office, '我家的 "老照片"\r\nX-Evil: 1.JPG')
    answer = any_office.sits(Role.REVIEWER).get(at(one, pid, "original"))
    assert answer.status_code == 200
    assert answer.data == photo
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("; sandbox")
    assert "default-src 'none'" in policy
    told = answer.headers["Content-Disposition"]
    assert told.startswith("attachment; filename=\"treasure-2026000001-02.jpg\"; filename*=UTF-8''")
    assert told.isascii()
    assert "X-Evil" not in answer.headers
    assert "老照片" in unquote(told)
    (entry,) = noted(any_office.database)
    assert entry.action == "treasure.original"
    assert entry.subject == f"treasure:{one.number}"
    assert pid in str(entry.after)
    assert sha256(photo).hexdigest() in str(entry.after)
    assert "老照片" not in str(entry.after)
    answer.close()


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("", "treasure-2026000007-03"),
        ("照片", "treasure-2026000007-03"),
        ("a.jpg", "treasure-2026000007-03.jpg"),
        ("../../etc/passwd", "treasure-2026000007-03"),
        ("x.php\\..\\y.JPEG", "treasure-2026000007-03.jpeg"),
        ("x.照片", "treasure-2026000007-03"),
        ('x.j"p', "treasure-2026000007-03.j"),
        ("x.superlongending", "treasure-2026000007-03.super"),
    ],
)
def test_every_name_leaves_as_a_plain_one(calm: Office, name: str, plain: str) -> None:
    one, pid, _photo = an_own(calm)
    with calm.database.reads() as connection:
        file = queries.file_by_pid(connection, pid)
    assert file
    shown = replace(one, number="珍2026-000007")
    found, own = originals.names(shown, replace(file, place=3, name=name))
    assert found == plain
    header = originals.attachment(found, own)
    assert header.isascii()
    assert header.count('"') == 2
    assert "/" not in unquote(header.partition("''")[2])


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.REVIEWER}))
def test_only_reviewers_take_originals_and_read_contacts(calm: Office, role: Role) -> None:
    one, pid, _photo = an_own(calm)
    stranger = calm.sits(role)
    assert stranger.get(at(one, pid, "original")).status_code == 403
    assert stranger.get(f"{QUEUE}/{one.pid}/contact").status_code == 403
    assert noted(calm.database) == []


def test_the_password_is_asked_again(office: Office) -> None:
    one, pid, _photo = an_own(office)
    reviewer = office.sits(Role.REVIEWER)
    with office.database.begin() as session:
        session.execute(update(StaffSession).values(confirmed_at=clock.now() - FRESH))
    for path in (at(one, pid, "original"), f"{QUEUE}/{one.pid}/contact"):
        answer = reviewer.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/console/confirm?next=%2Fconsole")
    assert noted(office.database) == []


def test_what_is_not_clean_or_not_there_is_not_handed_out(office: Office) -> None:
    one, pid, _photo = an_own(office)
    reviewer = office.sits(Role.REVIEWER)
    with office.database.reads() as connection:
        first, second = queries.files(connection, one.id)
    assert first.pid != pid  # it was announced alone, no bytes are behind it
    gone = reviewer.get(at(one, first.pid, "original"))
    assert gone.status_code == 409
    assert "不在库里" in gone.text
    with office.database.begin() as session:
        files.erase(session, [second.id], now=clock.now())
    assert reviewer.get(at(one, pid, "original")).status_code == 409
    assert reviewer.get(at(one, pid, "view")).status_code == 404
    assert noted(office.database) == []


@pytest.mark.parametrize("state", sorted(set(FileState) - {FileState.CLEAN}))
def test_a_file_in_any_other_state_is_only_named(calm: Office, state: FileState) -> None:
    one, pid, _photo = an_own(calm)
    with calm.database.begin() as session:
        locked(session, one.id)
        file = queries.file_by_pid(session.connection(), pid)
        assert file
        session.get_one(TreasureFile, file.id).state = state.value
    reviewer = calm.sits(Role.REVIEWER)
    reviewer.page(f"{QUEUE}/{one.pid}")
    assert reviewer.get(at(one, pid, "original")).status_code == 409
    for form in ("view", "thumb"):
        assert reviewer.get(at(one, pid, form)).status_code == 404


def test_pictures_are_shown_as_they_were_made_anew(any_office: Office) -> None:
    one, pid, photo = an_own(any_office)
    editor = any_office.sits(Role.EDITOR)
    page = editor.get(f"{QUEUE}/{one.pid}").text
    for form in ("view", "thumb"):
        assert at(one, pid, form) in page
        answer = editor.get(at(one, pid, form))
        assert answer.status_code == 200
        assert answer.mimetype == "image/jpeg"
        assert answer.data[:2] == b"\xff\xd8"
        assert answer.data != photo
        assert answer.headers["Cache-Control"] == "no-store"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert noted(any_office.database) == []
    desk = any_office.sits(Role.DESK)
    assert desk.get(at(one, pid, "thumb")).status_code == 403


@pytest.mark.parametrize("form", ["view1", "original.jpg", "x", "..", "%2e%2e%2foriginal"])
def test_there_is_no_other_form(calm: Office, form: str) -> None:
    one, pid, _photo = an_own(calm)
    assert calm.sits(Role.REVIEWER).get(at(one, pid, form)).status_code == 404


def test_a_file_of_another_upload_is_not_there(office: Office) -> None:
    one, pid, _photo = an_own(office)
    other = an_upload(office.database, None, now=clock.now())
    reviewer = office.sits(Role.REVIEWER)
    for what in ("view", "thumb", "original"):
        assert reviewer.get(at(other, pid, what)).status_code == 404
        assert reviewer.get(at(one, "0" * 26, what)).status_code == 404
        assert reviewer.get(at(one, "x", what)).status_code == 404
    assert noted(office.database) == []


def test_a_contact_is_read_by_reviewers_and_each_look_is_noted(
    any_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    one, _pid, _photo = an_own(any_office)
    sealer = contacts.sealer(any_office.settings)
    told = Contact("张三丰", "13807281234", "档案路9号")
    with any_office.database.begin() as session:
        contacts.keep(session, one.id, told, sealer)
        sealed_bytes = session.get_one(TreasureContact, one.id).sealed
    assert "张三丰".encode() not in sealed_bytes
    reviewer = any_office.sits(Role.REVIEWER)
    assert "张三丰" not in reviewer.page(f"{QUEUE}/{one.pid}").text
    page = reviewer.page(f"{QUEUE}/{one.pid}/contact")
    for words in ("张三丰", "13807281234", "档案路9号"):
        assert words in page.text
    (entry,) = noted(any_office.database)
    assert entry.action == "treasure.contact"
    assert "张三丰" not in f"{entry.subject}{entry.before}{entry.after}{caplog.text}"


def test_no_contact_and_one_of_another_key_say_so(office: Office) -> None:
    one, _pid, _photo = an_own(office)
    reviewer = office.sits(Role.REVIEWER)
    assert "没有留联系方式" in reviewer.page(f"{QUEUE}/{one.pid}/contact").text
    with office.database.begin() as session:
        session.add(TreasureContact(treasure_id=one.id, sealed=b"other"))
    assert "打不开了" in reviewer.page(f"{QUEUE}/{one.pid}/contact").text


def test_the_sealed_store_has_no_name_of_anybodys(office: Office) -> None:
    _one, _pid, photo = an_own(office, "全家福.jpg")
    store = sealed.open_sealed(office.settings)
    names = [path.name for path in store.folder.rglob("*") if path.is_file()]
    assert not any("全家福" in name or sha256(photo).hexdigest() in name for name in names)
    assert len(a_jpeg()) == len(photo)
    assert list(store.keys(until=clock.now() + timedelta(days=1)))
