"""核对证书: what everybody may learn of a certificate, and how little of everything else."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import pytest
from werkzeug.test import Client, TestResponse

from tests.builders import wide
from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from tests.treasures.certificates_making import (
    NAME,
    TITLE,
    Gift,
    a_certificate,
    a_doing,
)
from tests.treasures.own_making import Place, a_place
from wx_archive.core import clock
from wx_archive.treasures import certificates, rules, verification
from wx_archive.treasures.certificates import Named
from wx_archive.treasures.rules import Credit, Wish

VERIFY = "/h5/treasures/verify"
WRONG = "0" * 26


@pytest.fixture(autouse=True)
def _own_time() -> Iterator[None]:
    yield
    clock.move(timedelta(0))


@pytest.fixture
def place(demo_settings: SettingsFactory) -> Iterator[Place]:
    with a_place(demo_settings()) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgres+redis"])
def any_place(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Iterator[Place]:
    if request.param == "sqlite":
        settings = demo_settings()
    else:
        settings = request.getfixturevalue("postgres_redis_settings")
    with a_place(settings) as found:
        yield found


def scans(place: Place, token: str, *, address: str = "203.0.113.7") -> TestResponse:
    return Client(place.application.wsgi).get(
        f"{VERIFY}/{token}", environ_overrides={"REMOTE_ADDR": address}
    )


def types(place: Place, number: str, code: str, *, address: str = "203.0.113.7") -> TestResponse:
    return Client(place.application.wsgi).post(
        VERIFY,
        data={"number": number, "code": code},
        environ_overrides={"REMOTE_ADDR": address},
    )


def page_of(answer: TestResponse, status: int = HTTPStatus.OK) -> Page:
    assert answer.status_code == status
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer.headers["Cache-Control"] == "no-store"
    page = read_page(answer.text)
    page.check_frame()
    assert page.scripts == []
    return page


def test_a_scanned_code_shows_what_is_printed_and_nothing_else(any_place: Place) -> None:
    a_certificate(any_place.database, Gift(name="李秀英", openid="oOther"))
    known = a_certificate(any_place.database)
    page = page_of(scans(any_place, known.token))
    assert page.headings == [f"捐赠证书 {known.number}"]
    for shown in ("有效", TITLE, NAME, "十堰市档案馆"):
        assert shown in page.text
    for hidden in (known.accession_number, known.treasure_number, "李秀英", "照片 3 张"):
        assert hidden not in page.text
    for hidden in (known.treasure_pid, known.issued_by):
        assert hidden not in scans(any_place, known.token).text


def test_an_anonymous_giver_is_nobody_there(place: Place) -> None:
    known = a_certificate(place.database, Gift(Wish.COPY, Credit.ANONYMOUS))
    answer = scans(place, known.token)
    assert rules.NOBODY in page_of(answer).text
    assert NAME not in answer.text


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_void_one_names_nothing_and_nobody_and_does_not_lead_to_the_new_one(
    place: Place,
    *,
    is_replaced: bool,
) -> None:
    old = a_certificate(place.database)
    with place.database.begin() as session:
        named, why = Named(Credit.NAME, "王建囯"), "错字：秘密"
        if is_replaced:
            certificates.issue_anew(session, old.id, named, a_doing(), because=why)
        else:
            certificates.revoke(session, old.id, a_doing(), because=why)
    answer = scans(place, old.token)
    page = page_of(answer)
    assert "已作废" in page.text
    assert ("换发为新证" in page.text) is is_replaced
    for hidden in (NAME, TITLE, "王建囯", "秘密"):
        assert hidden not in answer.text
    with place.database.reads() as connection:
        new = certificates.of_treasure(connection, old.treasure_id)
    if new is not None:
        assert new.token not in answer.text
        assert new.number not in answer.text
        assert "有效" in page_of(scans(place, new.token)).text


def test_a_printed_number_and_code_show_the_same(place: Place) -> None:
    known = a_certificate(place.database)
    form = page_of(Client(place.application.wsgi).get(VERIFY))
    assert set(form.inputs) == {"number", "code"}
    shown = page_of(types(place, known.number, known.tail))
    assert shown.text == page_of(scans(place, known.token)).text


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("证2026-000001", "证2026-000001"),
        (" 证 2026 — 000001 ", "证2026-000001"),
        (wide("2026-1"), "证2026-000001"),
        ("证号2026_12", "证2026-000012"),
        ("珍2026-000001", None),
        ("证20260000000000001", None),
        ("", None),
    ],
)
def test_a_number_may_be_typed_as_people_type(typed: str, number: str | None) -> None:
    assert verification.read_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [("cdef01", "CDEF01"), (f" {wide('cd')} ef-OI ", "CDEF01"), ("lU2345", "1V2345")],
)
def test_a_code_may_be_typed_as_people_type(typed: str, code: str) -> None:
    assert verification.read_code(typed) == code


def test_whatever_is_wrong_the_answer_is_the_same(place: Place) -> None:
    known = a_certificate(place.database)
    other = a_certificate(place.database, Gift(openid="oOther"))
    scanned = [scans(place, token) for token in (WRONG, "no-pid", known.token.lower())]
    typed = [
        (known.number, other.tail),
        ("证2026-000999", known.tail),
        ("x", ""),
        (known.number, ""),
        (known.number, "长" * 500),
        ("\x00", "\x00"),
    ]
    texts = {answer.text for answer in scanned}
    for number, code in typed:
        text = types(place, number, code).text
        texts.add(text.replace(f'value="{number}"', 'value=""'))  # what they typed, and no more
    assert len(texts) == 1
    page = page_of(scanned[0], HTTPStatus.NOT_FOUND)
    assert "没有查到" in page.text
    assert set(page.inputs) == {"number", "code"}


def test_after_a_miss_the_number_is_still_there_and_the_code_is_not(place: Place) -> None:
    known = a_certificate(place.database)
    page = page_of(types(place, known.number, "ZZZZZZ"), HTTPStatus.NOT_FOUND)
    assert page.inputs == {"number": known.number, "code": ""}
    mistyped = page_of(types(place, '"><b>证2026', "ZZZZZZ"), HTTPStatus.NOT_FOUND)
    assert mistyped.inputs["number"] == '"><b>证2026'
    long = page_of(types(place, "9" * 5000 + "\x00", ""), HTTPStatus.NOT_FOUND)
    assert long.inputs["number"] == "9" * 40


def test_whoever_guesses_is_stopped_and_those_who_scan_are_not(any_place: Place) -> None:
    known = a_certificate(any_place.database)
    for _ in range(verification.TRIES):
        assert types(any_place, known.number, "ZZZZZZ").status_code == HTTPStatus.NOT_FOUND
    for answer in (
        types(any_place, known.number, known.tail),
        types(any_place, known.number, "ZZZZZZ"),
        scans(any_place, WRONG),
    ):
        page = page_of(answer, HTTPStatus.TOO_MANY_REQUESTS)
        assert "过一小时" in page.text
    assert scans(any_place, known.token).status_code == HTTPStatus.OK
    elsewhere = types(any_place, known.number, known.tail, address="198.51.100.9")
    assert elsewhere.status_code == HTTPStatus.OK


def test_right_ones_are_not_counted_and_wrong_ones_are_forgotten(place: Place) -> None:
    known = a_certificate(place.database)
    for _ in range(verification.TRIES + 3):
        assert types(place, known.number, known.tail).status_code == HTTPStatus.OK
    for _ in range(verification.TRIES):
        types(place, known.number, "ZZZZZZ")
    assert types(place, known.number, known.tail).status_code == HTTPStatus.TOO_MANY_REQUESTS
    clock.move(verification.WITHIN + timedelta(seconds=1))
    assert types(place, known.number, known.tail).status_code == HTTPStatus.OK
