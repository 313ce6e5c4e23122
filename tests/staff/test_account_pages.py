"""我的账号: one's sessions, password and second factor; the fresh login before what matters."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.console import Office
from tests.html import read_page
from tests.staff.bureau import (
    CODES,
    OTHER,
    OWN,
    SECRET,
    Bureau,
    Clerk,
    code_of,
    give_account,
    path_of,
)
from tests.staff.conftest import MovableClock
from wx_archive.staff import devices
from wx_archive.staff.models import Member, StaffSession
from wx_archive.staff.rules import Role


def session_ids(bureau: Bureau) -> list[int]:
    with bureau.database.reads() as connection:
        return list(connection.execute(select(StaffSession.id).order_by(StaffSession.id)).scalars())


def enrols_at_the_account(clerk: Clerk) -> tuple[str, list[str]]:
    """Set up a second factor, logged in freshly."""
    clerk.at = "/console/account"
    clerk.does("/console/account/second-factor")
    found = SECRET.search(clerk.get("/console/account/second-factor").text)
    assert found
    answer = clerk.sends("/console/account/second-factor/check", code=code_of(found[1]))
    assert answer.status_code == 200, read_page(answer.text).text
    read_page(answer.text).check_frame()
    return found[1], CODES.findall(answer.text)


@pytest.mark.parametrize("role", Role)
def test_everybody_has_an_account_page(office: Office, role: Role) -> None:
    page = office.sits(role).page("/console/account")
    assert page.headings == ["我的账号"]
    assert role.value in page.text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/131.0 Safari/537.36 Edg/131.0"
            ),
            "Edge，Windows 电脑",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0 Safari/604",
            "微信，iPhone",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox，Linux 电脑",
        ),
        ("curl/8", "认不出的浏览器"),
        ("", "认不出的浏览器"),
    ],
)
def test_browsers_are_told_in_words_their_owner_knows(agent: str, words: str) -> None:
    assert devices.described(agent) == words


def test_ones_sessions_are_listed_and_ended_one_by_one(any_bureau: Bureau) -> None:
    give_account(any_bureau.database)
    give_account(any_bureau.database, "another")
    here, there, foreign = (
        any_bureau.comes_in(),
        any_bureau.comes_in(),
        any_bureau.comes_in("another"),
    )
    own, second, others = session_ids(any_bureau)
    page = here.page("/console/account")
    assert page.text.count("203.0.113.7") == 2
    assert "就是这里" in page.text
    here.at = "/console/account"
    assert "已经结束" in here.does(f"/console/account/sessions/{second}/end").text
    assert (here.is_in(), there.is_in(), foreign.is_in()) == (True, False, True)
    here.at = "/console/account"
    here.does(f"/console/account/sessions/{others}/end")
    assert foreign.is_in()
    assert session_ids(any_bureau) == [own, others]
    assert [entry[1] for entry in any_bureau.audited("account.end_session")] == [
        "member:chenxm"
    ] * 2


def test_all_other_sessions_are_ended_at_once(bureau: Bureau) -> None:
    give_account(bureau.database)
    here, *others = (bureau.comes_in() for _browser in range(4))
    here.at = "/console/account"
    assert "其他 3 个登录都已结束" in here.does("/console/account/sessions/end-others").text
    assert here.is_in()
    assert not any(clerk.is_in() for clerk in others)


def test_a_new_password_wants_the_old_one_and_ends_every_other_session(any_bureau: Bureau) -> None:
    give_account(any_bureau.database)
    here, there = any_bureau.comes_in(), any_bureau.comes_in()
    path = "/console/account/password"
    for old, new, again, why in (
        (OTHER, OTHER, OTHER, "密码不对"),
        (OWN, OTHER, OWN, "两次填的不一样"),
        (OWN, OWN, OWN, "和现在的密码一样"),
        (OWN, "short", "short", "太短"),
    ):
        here.at = "/console/account"
        answer = here.sends(path, old=old, new=new, again=again)
        page = read_page(answer.text)
        page.check_frame()
        assert (answer.status_code, why in page.text) == (422, True), why
    assert there.is_in()
    here.at = "/console/account"
    assert "密码已经换好" in here.does(path, old=OWN, new=OTHER, again=OTHER).text
    assert here.is_in()
    assert not there.is_in()
    assert any_bureau.comes_in(password=OTHER).is_in()
    ((actor, subject, before, after),) = any_bureau.audited("account.password")
    assert (actor, subject, before) == ("chenxm", "member:chenxm", "{}")
    assert after == '{"sessions_ended":1}'


@pytest.mark.usefixtures("_long_pauses")
def test_the_old_password_is_no_way_to_try_passwords(
    bureau: Bureau, hashings: list[str], time: MovableClock
) -> None:
    give_account(bureau.database)
    here = bureau.comes_in()
    del hashings[:]
    fields = {"new": OTHER, "again": OTHER}
    statuses = []
    for _try in range(12):
        here.at = "/console/account"
        answer = here.sends("/console/account/password", old="wrong", **fields)
        statuses.append(answer.status_code)
    assert (statuses, len(hashings)) == ([422] * 5 + [429] * 7, 5)
    time.pass_by(timedelta(minutes=6))
    here.at = "/console/account"
    assert here.sends("/console/account/password", old=OWN, **fields).status_code == 303


def test_anybody_may_set_up_a_second_factor_and_is_then_asked_for_it(bureau: Bureau) -> None:
    give_account(bureau.database)
    here, there = bureau.comes_in(), bureau.comes_in()
    assert "没有设置" in here.page("/console/account").text
    here.at = "/console/account"
    here.does("/console/account/second-factor")
    wrong = here.sends("/console/account/second-factor/check", code="000000")
    assert wrong.status_code == 422
    assert bureau.comes_in().is_in()
    _secret, codes = enrols_at_the_account(here)
    assert len(codes) == 10
    assert here.is_in()
    assert not there.is_in()
    assert "恢复码还有 10 个" in here.page("/console/account").text
    assert path_of(bureau.clerk().logs_in()) == "/console/code"
    assert path_of(here.get("/console/account/second-factor")) == "/console/account"


def test_a_new_phone_replaces_the_old_one_only_when_it_has_proved_itself(
    any_bureau: Bureau, time: MovableClock
) -> None:
    give_account(any_bureau.database)
    here = any_bureau.comes_in()
    old, old_codes = enrols_at_the_account(here)
    here.at = "/console/account"
    here.does("/console/account/second-factor")
    time.pass_by(timedelta(minutes=2))
    meanwhile = any_bureau.clerk()
    meanwhile.logs_in()
    meanwhile.at = "/console/code"
    assert meanwhile.sends("/console/code", code=code_of(old)).status_code == 303
    new, new_codes = enrols_at_the_account(here)
    time.pass_by(timedelta(minutes=2))
    late = any_bureau.clerk()
    late.logs_in()
    late.at = "/console/code"
    for wrong in (code_of(old), old_codes[0]):
        assert late.sends("/console/code", code=wrong).status_code == 422
    assert late.sends("/console/code", code=code_of(new)).status_code == 303
    assert not set(old_codes) & set(new_codes)


def test_new_recovery_codes_make_the_old_ones_void(bureau: Bureau) -> None:
    give_account(bureau.database)
    here = bureau.comes_in()
    here.at = "/console/account"
    assert here.sends("/console/account/recovery").status_code == 409
    _secret, old = enrols_at_the_account(here)
    here.at = "/console/account"
    answer = here.sends("/console/account/recovery")
    new = CODES.findall(answer.text)
    assert (len(new), set(new) & set(old)) == (10, set())
    assert new[0] not in here.page("/console/account").text
    late = bureau.clerk()
    late.logs_in()
    late.at = "/console/code"
    assert late.sends("/console/code", code=old[0]).status_code == 422
    assert late.sends("/console/code", code=new[0]).status_code == 303


# -- the fresh login ---------------------------------------------------------------------------


def test_after_ten_minutes_the_second_factor_wants_a_fresh_login(
    bureau: Bureau, time: MovableClock
) -> None:
    give_account(bureau.database)
    here = bureau.comes_in()
    time.pass_by(timedelta(minutes=10))
    here.at = "/console/account"
    answer = here.client.post(
        "/console/account/second-factor",
        data={"csrf": read_page(here.get("/console/account").text).value_of("csrf")},
        headers={"Origin": here.origin, "Referer": f"{here.origin}/console/account"},
    )
    assert answer.headers["Location"] == "/console/confirm?next=%2Fconsole%2Faccount"
    page = here.page(answer.headers["Location"])
    assert "动态码或恢复码" not in page.text
    before = here.client.get_cookie("console")
    wrong = here.sends("/console/confirm", password=OTHER, next="/console/account")
    assert (wrong.status_code, "密码不对" in wrong.text) == (422, True)
    assert here.does("/console/confirm", password=OWN, next="/console/account").headings == [
        "我的账号"
    ]
    assert here.client.get_cookie("console") != before
    here.at = "/console/account"
    assert (
        here.sends("/console/account/second-factor").headers["Location"].endswith("second-factor")
    )
    assert [entry[0] for entry in bureau.audited("account.confirm")] == ["chenxm"]


def test_a_fresh_login_asks_for_the_code_too_and_leads_nowhere_else(
    any_bureau: Bureau, time: MovableClock
) -> None:
    give_account(any_bureau.database)
    here = any_bureau.comes_in()
    secret, codes = enrols_at_the_account(here)
    time.pass_by(timedelta(minutes=2))
    here.at = "/console/confirm?next=//evil.example/"
    assert "动态码或恢复码" in here.page(here.at).text
    code = code_of(secret)
    for fields in (
        {"password": OWN},
        {"password": OWN, "code": "000000"},
        {"password": OTHER, "code": code},
    ):
        answer = here.sends("/console/confirm", **fields)
        assert (answer.status_code, "密码或动态码不对" in answer.text) == (422, True)
    done = here.sends("/console/confirm", password=OWN, code=code, next="//evil.example/")
    assert (done.status_code, done.headers["Location"]) == (303, "/console")
    assert here.is_in()
    again = here.sends("/console/confirm", password=OWN, code=code)
    assert again.status_code == 422
    done = here.sends("/console/confirm", password=OWN, code=codes[0])
    assert done.status_code == 303
    assert any_bureau.audited("account.confirm")[-1][3] == '{"recovery_codes_left":9}'


@pytest.mark.usefixtures("_long_pauses")
def test_a_stolen_session_cannot_try_passwords_or_codes(
    bureau: Bureau, hashings: list[str]
) -> None:
    give_account(bureau.database)
    here = bureau.comes_in()
    enrols_at_the_account(here)
    del hashings[:]
    here.at = "/console/confirm"
    statuses = [
        here.sends("/console/confirm", password=OWN, code=f"{number:06}").status_code
        for number in range(12)
    ]
    assert statuses == [422] * len(hashings) + [429] * (12 - len(hashings))
    assert len(hashings) <= 5


def test_what_is_stored_of_a_person_opens_nothing(bureau: Bureau) -> None:
    give_account(bureau.database)
    here = bureau.comes_in()
    with bureau.database.reads() as connection:
        stored = connection.execute(select(StaffSession.token_hash)).scalar_one()
    thief = bureau.clerk()
    thief.client.set_cookie("console", stored)
    assert not thief.is_in()
    assert here.is_in()
    with bureau.database.begin() as session:
        session.execute(update(Member).values(is_disabled=True))
    assert not here.is_in()
