"""Logging in, page by page: one answer for whoever may not, a new token at every step."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Semaphore

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from tests.console import CSRF, Office
from tests.html import read_page
from tests.staff.bureau import FIRST, OTHER, OWN, Bureau, Clerk, code_of, give_account, path_of
from tests.staff.conftest import MovableClock
from wx_archive.core import clock
from wx_archive.staff import accounts, authenticators, demo_people, passwords, signin, throttle
from wx_archive.staff.models import LoginAttempt, Member, RecoveryCode, StaffSession
from wx_archive.staff.rules import Role
from wx_archive.staff.sessions import Stage


def token_of(clerk: Clerk) -> str:
    cookie = clerk.client.get_cookie("console")
    return cookie.value if cookie else ""


# -- which step comes next ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "has_second_factor", "must_change", "is_demo", "steps"),
    [
        (Role.EDITOR, False, False, False, []),
        (Role.EDITOR, False, True, False, [Stage.PASSWORD]),
        (Role.EDITOR, True, True, False, [Stage.CODE, Stage.PASSWORD]),
        (Role.ADMIN, False, True, False, [Stage.PASSWORD, Stage.ENROL]),
        (Role.ADMIN, False, False, False, [Stage.ENROL]),
        (Role.ADMIN, True, False, False, [Stage.CODE]),
        (Role.PUBLISHER, True, True, False, [Stage.CODE, Stage.PASSWORD]),
        (Role.ADMIN, False, False, True, []),
        (Role.ADMIN, True, False, True, [Stage.CODE]),
    ],
)
def test_the_steps_follow_from_roles_and_what_is_set_up(
    role: Role, steps: list[Stage], *, has_second_factor: bool, must_change: bool, is_demo: bool
) -> None:
    gone: list[Stage] = []
    while True:
        stage = signin.next_stage(
            roles=frozenset({role}),
            has_second_factor=has_second_factor,
            must_change=must_change,
            is_demo=is_demo,
            after=gone[-1] if gone else None,
        )
        if stage is Stage.FULL:
            break
        gone.append(stage)
    assert gone == steps


# -- the password ------------------------------------------------------------------------------


def test_the_right_password_opens_the_console_where_one_wanted_to_go(bureau: Bureau) -> None:
    give_account(bureau.database)
    clerk = bureau.clerk()
    page = clerk.does("/console/login", login=" ChenXM ", password=OWN, next="/console/account")
    assert page.headings == ["我的账号"]
    assert bureau.audited("account.login") == [
        ("chenxm", "member:chenxm", "{}", '{"second_factor":false}')
    ]
    assert path_of(clerk.get("/console/login")) == "/console"


def test_the_login_form_is_complete_and_names_nobody(bureau: Bureau) -> None:
    page = bureau.clerk().page("/console/login?next=https://evil.example/")
    assert page.value_of("next") == "/console"
    assert "点一个人" not in page.text
    assert bureau.clerk().client.post("/console/switch", data={"login": "editor"}).status_code in {
        404,
        405,
    }


def test_unknown_closed_and_mistyped_accounts_get_the_same_bytes_after_the_same_work(
    any_bureau: Bureau, hashings: list[str]
) -> None:
    for login in ("known", "closed"):
        give_account(any_bureau.database, login)
    with any_bureau.database.begin() as session:
        accounts.disable(session, "closed")
    answers, work = {}, {}
    for number, login in enumerate(("known", "closed", "nobody", "No Login\0")):
        clerk = any_bureau.clerk(address=f"203.0.113.{number}")
        clerk.client.set_cookie("console-door", "the same mark")
        before = len(hashings)
        password = OWN if login == "closed" else OTHER
        answer = clerk.sends("/console/login", login=login, password=password)
        work[login] = len(hashings) - before
        shown = f'value="{login.rstrip(chr(0))}"'
        assert shown in answer.text
        answers[login] = (answer.status_code, answer.text.replace(shown, "value"))
        assert "Set-Cookie" not in answer.headers
    assert set(work.values()) == {1}
    assert len(set(answers.values())) == 1
    assert answers["known"][0] == 422
    assert "账号或密码不对。" in answers["known"][1]


def test_a_form_that_is_not_ours_changes_nothing(bureau: Bureau, hashings: list[str]) -> None:
    give_account(bureau.database)
    clerk = bureau.clerk()
    form = {"login": "chenxm", "password": OWN}
    csrf = CSRF.search(clerk.get("/console/login").text)
    assert csrf
    foreign = {"Origin": "https://evil.example"}
    own = {"Origin": bureau.settings.origin}
    wrong = [
        clerk.client.post("/console/login", data=form, headers=own),
        clerk.client.post("/console/login", data=form | {"csrf": csrf[1]}, headers=foreign),
        clerk.client.post("/console/login", data=form | {"csrf": csrf[1]}),
        clerk.client.post("/console/login", data=form | {"csrf": "f" * 64}, headers=own),
        # A token that another browser was given.
        bureau.clerk().client.post("/console/login", data=form | {"csrf": csrf[1]}, headers=own),
    ]
    assert [answer.status_code for answer in wrong] == [403] * 5
    assert all("请再填一次" in answer.text for answer in wrong)
    assert hashings == []
    assert not clerk.is_in()
    assert clerk.logs_in().status_code == 303


def test_a_first_password_opens_nothing_but_the_choice_of_ones_own(
    any_bureau: Bureau, time: MovableClock
) -> None:
    give_account(any_bureau.database, password=FIRST, must_change=True)
    clerk = any_bureau.clerk()
    assert path_of(clerk.logs_in(password=FIRST)) == "/console/password"
    assert not clerk.is_in()
    first = token_of(clerk)
    for new, again, why in (
        (OWN, OTHER, "两次填的不一样"),
        ("short", "short", "太短"),
        (FIRST, FIRST, "和现在的密码一样"),
        ("chenxm2026chenxm", "chenxm2026chenxm", "太好猜"),
    ):
        clerk.at = "/console/password"
        answer = clerk.sends("/console/password", new=new, again=again)
        assert (answer.status_code, why in answer.text) == (422, True), why
        read_page(answer.text).check_frame()
    clerk.at = "/console/password"
    assert path_of(clerk.sends("/console/password", new=OWN, again=OWN)) == "/console"
    assert clerk.is_in()
    assert token_of(clerk) != first
    assert any_bureau.comes_in().is_in()
    assert any_bureau.clerk().logs_in(password=FIRST).status_code == 422
    time.pass_by(timedelta(days=30))
    assert any_bureau.comes_in().is_in()


def test_a_first_password_that_lay_about_for_a_week_opens_nothing(
    bureau: Bureau, time: MovableClock
) -> None:
    give_account(bureau.database, password=FIRST, must_change=True)
    time.pass_by(timedelta(days=7))
    answer = bureau.clerk().logs_in(password=FIRST)
    assert answer.status_code == 422
    assert "初始密码" in answer.text
    assert "Set-Cookie" not in answer.headers


# -- the second factor -------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PUBLISHER])
def test_who_manages_or_publishes_sets_up_a_second_factor_first(
    any_bureau: Bureau, role: Role
) -> None:
    give_account(any_bureau.database, roles=(role,))
    clerk = any_bureau.clerk()
    assert path_of(clerk.logs_in()) == "/console/enrol"
    page = clerk.page("/console/enrol")
    assert "扫这个码" in page.text
    assert not clerk.is_in()
    wrong = clerk.sends("/console/enrol", code="000000")
    assert wrong.status_code == 422
    before = token_of(clerk)
    secret, codes = clerk.enrols()
    assert len(codes) == 10
    assert clerk.is_in()
    assert token_of(clerk) != before
    with any_bureau.database.reads() as connection:
        stored = connection.execute(select(Member.totp_secret)).scalar_one()
        kept = connection.execute(select(RecoveryCode.code_hash)).scalars().all()
        pending = connection.execute(select(StaffSession.pending_secret)).scalars().all()
    assert stored
    assert secret.replace(" ", "").encode() not in stored
    assert not set(codes) & set(kept)
    assert pending == [None]
    assert secret not in clerk.page("/console/account").text


def enrolled(bureau: Bureau) -> tuple[str, list[str]]:
    """Give an admin an account and a second factor."""
    give_account(bureau.database, roles=(Role.ADMIN,))
    clerk = bureau.clerk()
    clerk.logs_in()
    return clerk.enrols()


def test_the_code_is_asked_for_at_the_next_login_and_is_good_once(
    any_bureau: Bureau, time: MovableClock
) -> None:
    secret, _codes = enrolled(any_bureau)
    time.pass_by(timedelta(minutes=2))
    code = code_of(secret)
    first, second = any_bureau.clerk(), any_bureau.clerk()
    for clerk in (first, second):
        assert path_of(clerk.logs_in()) == "/console/code"
        assert not clerk.is_in()
    first.page("/console/code")
    before = token_of(first)
    first.at = "/console/code"
    assert path_of(first.sends("/console/code", code=f"{code[:3]} {code[3:]}")) == "/console"
    assert first.is_in()
    assert token_of(first) != before
    second.at = "/console/code"
    answer = second.sends("/console/code", code=code)
    assert answer.status_code == 422
    assert "已经用过" in answer.text
    assert not second.is_in()
    later = second.sends("/console/code", code=code_of(secret, ahead_s=30))
    assert later.status_code == 303


def test_a_recovery_code_stands_in_once_and_says_how_many_are_left(any_bureau: Bureau) -> None:
    _secret, codes = enrolled(any_bureau)
    clerk = any_bureau.clerk()
    clerk.logs_in()
    clerk.at = "/console/code"
    page = clerk.does("/console/code", code=codes[3].upper().replace("-", " "))
    assert "还剩 9 个" in page.text
    assert any_bureau.audited("account.recovery_code") == [
        ("chenxm", "member:chenxm", "{}", '{"recovery_codes_left":9}')
    ]
    again = any_bureau.clerk()
    again.logs_in()
    again.at = "/console/code"
    assert again.sends("/console/code", code=codes[3]).status_code == 422


@pytest.mark.usefixtures("_long_pauses")
def test_codes_are_slowed_as_passwords_are(bureau: Bureau, time: MovableClock) -> None:
    secret, codes = enrolled(bureau)
    for number in range(5):
        clerk = bureau.clerk(address=f"198.51.100.{number}")
        clerk.logs_in()
        clerk.at = "/console/code"
        assert clerk.sends("/console/code", code="000000").status_code == 422
    clerk = bureau.clerk()
    assert clerk.logs_in().status_code == 303
    clerk.at = "/console/code"
    answer = clerk.sends("/console/code", code=codes[0])
    assert (answer.status_code, "后再试" in answer.text) == (429, True)
    time.pass_by(timedelta(minutes=6))
    assert clerk.sends("/console/code", code=code_of(secret)).status_code == 303


def test_a_secret_of_another_installation_is_no_way_in_but_recovery_codes_are(
    bureau: Bureau,
) -> None:
    secret, codes = enrolled(bureau)
    with bureau.database.begin() as session:
        session.execute(update(Member).values(totp_secret=b"0" * 60, totp_step=0))
    clerk = bureau.clerk()
    clerk.logs_in()
    clerk.at = "/console/code"
    assert clerk.sends("/console/code", code=code_of(secret)).status_code == 422
    assert clerk.sends("/console/code", code=codes[0]).status_code == 303


# -- sessions ----------------------------------------------------------------------------------


def test_an_old_token_opens_nothing_after_the_next_step(any_bureau: Bureau) -> None:
    enrolled(any_bureau)
    clerk = any_bureau.clerk()
    clerk.client.set_cookie("console", "a token that somebody planted")
    codes = enrolled_codes(any_bureau)
    clerk.logs_in()
    planted = token_of(clerk)
    assert planted != "a token that somebody planted"
    clerk.at = "/console/code"
    assert clerk.sends("/console/code", code=codes[0]).status_code == 303
    old = any_bureau.clerk()
    old.client.set_cookie("console", planted)
    assert path_of(old.get("/console")) == "/console/login"
    assert path_of(old.get("/console/code")) == "/console/login"


def enrolled_codes(bureau: Bureau) -> list[str]:
    with bureau.database.begin() as session:
        member = accounts.locked(session, "chenxm")
        return authenticators.new_codes(session, member.id)


def test_each_step_leads_to_the_one_that_a_session_is_at(bureau: Bureau) -> None:
    give_account(bureau.database, roles=(Role.ADMIN,), password=FIRST, must_change=True)
    clerk = bureau.clerk()
    for path in ("/console/code", "/console/password", "/console/enrol"):
        assert path_of(clerk.get(path)) == "/console/login"
    clerk.logs_in(password=FIRST)
    for path in ("/console/code", "/console/enrol"):
        assert path_of(clerk.get(path)) == "/console/password"
        clerk.at = "/console/password"
        assert path_of(clerk.sends(path, code="000000")) == "/console/password"
    clerk.at = "/console/password"
    assert path_of(clerk.sends("/console/password", new=OWN, again=OWN)) == "/console/enrol"
    clerk.enrols()
    assert path_of(clerk.get("/console/enrol")) == "/console"


def test_a_step_takes_forms_of_its_own_session_alone(bureau: Bureau) -> None:
    give_account(bureau.database, password=FIRST, must_change=True)
    clerk = bureau.clerk()
    clerk.logs_in(password=FIRST)
    answer = clerk.client.post(
        "/console/password",
        data={"new": OWN, "again": OWN, "csrf": "0" * 64},
        headers={"Origin": clerk.origin},
    )
    assert answer.status_code == 403
    read_page(answer.text).check_frame()
    assert bureau.clerk().logs_in(password=FIRST).status_code == 303


def test_half_an_hour_of_rest_and_twelve_hours_of_work_end_a_session(
    bureau: Bureau, time: MovableClock
) -> None:
    give_account(bureau.database)
    clerk = bureau.comes_in()
    for _quarter in range(47):
        time.pass_by(timedelta(minutes=15))
        assert clerk.is_in()
    time.pass_by(timedelta(minutes=15))
    assert not clerk.is_in()
    clerk = bureau.comes_in()
    time.pass_by(timedelta(minutes=29))
    assert clerk.is_in()
    time.pass_by(timedelta(minutes=30))
    assert not clerk.is_in()


def test_whoever_is_closed_between_two_steps_comes_no_further(bureau: Bureau) -> None:
    give_account(bureau.database, password=FIRST, must_change=True)
    clerk = bureau.clerk()
    clerk.logs_in(password=FIRST)
    token = CSRF.search(clerk.get("/console/password").text)
    assert token
    with bureau.database.begin() as session:
        accounts.disable(session, "chenxm")
    form = {"new": OWN, "again": OWN, "csrf": token[1]}
    answer = clerk.client.post(
        "/console/password", data=form, headers={"Origin": bureau.settings.origin}
    )
    assert path_of(answer) == "/console/login"


def test_leaving_and_a_new_login_end_the_session_before(bureau: Bureau) -> None:
    give_account(bureau.database)
    give_account(bureau.database, "another")
    clerk = bureau.comes_in()
    first = token_of(clerk)
    with bureau.database.begin() as session:
        session.execute(update(StaffSession).values(stage="code"))
    assert clerk.logs_in("another").status_code == 303
    with bureau.database.reads() as connection:
        assert len(connection.execute(select(StaffSession.id)).all()) == 1
    assert token_of(clerk) != first
    clerk.at = "/console/account"
    assert path_of(clerk.sends("/console/logout")) == "/console/login"
    assert [entry[0] for entry in bureau.audited("account.logout")] == ["another"]
    with bureau.database.reads() as connection:
        assert connection.execute(select(StaffSession.id)).all() == []


# -- brute force -------------------------------------------------------------------------------


@pytest.mark.usefixtures("_long_pauses")
def test_of_a_thousand_wrong_passwords_a_handful_is_looked_at(
    any_bureau: Bureau, hashings: list[str], time: MovableClock
) -> None:
    give_account(any_bureau.database)
    for number, login in enumerate(("nobody", "chenxm")):
        del hashings[:]
        clerk = any_bureau.clerk(address=f"203.0.113.{number}")
        clerk.client.set_cookie("console-door", "mark")
        csrf = CSRF.search(clerk.get("/console/login").text)
        assert csrf
        statuses = [
            clerk.client.post(
                "/console/login",
                data={"login": login, "password": f"wrong {number}", "csrf": csrf[1]},
                headers={"Origin": clerk.origin},
                environ_base={"REMOTE_ADDR": clerk.address},
            ).status_code
            for number in range(500)
        ]
        assert len(hashings) == 5
        assert statuses == [422] * 5 + [429] * 495
    clerk = any_bureau.clerk()
    waiting = clerk.logs_in()
    assert waiting.status_code == 429
    time.pass_by(timedelta(minutes=6))
    assert clerk.logs_in().status_code == 303


def test_during_a_pause_known_and_unknown_accounts_get_the_same_bytes(
    bureau: Bureau, hashings: list[str]
) -> None:
    give_account(bureau.database, "known")
    shown = {}
    until = clock.now() + timedelta(seconds=600)
    for number, login in enumerate(("known", "nobody")):
        clerk = bureau.clerk(address=f"203.0.113.{number}")
        clerk.client.set_cookie("console-door", "the same mark")
        tries = throttle.tries(
            bureau.settings.secret(), throttle.Kind.PASSWORD, login=login, address=clerk.address
        )
        throttle.count(bureau.database, tries, now=clock.now())
        with bureau.database.begin() as session:
            session.execute(update(LoginAttempt).values(blocked_until=until))
        answer = clerk.sends("/console/login", login=login, password=OWN)
        shown[login] = (answer.status_code, re.sub(f'value="{login}"', "value", answer.text))
    assert hashings == []
    assert len(set(shown.values())) == 1
    assert shown["known"][0] == 429
    assert "10 分钟后再试" in shown["known"][1]


def test_when_too_many_come_at_once_nobody_waits_long_and_nothing_is_held_against_them(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_account(bureau.database)
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.05)
    busy, done = Semaphore(0), Event()

    def lasting(self: PasswordHasher, stored: str, given: str) -> bool:
        del self, stored, given
        busy.release()
        return done.wait(timeout=20)

    with monkeypatch.context() as slow, ThreadPoolExecutor(2) as pool:
        slow.setattr(PasswordHasher, "verify", lasting)
        for _turn in range(2):
            pool.submit(passwords.is_password, "", "another's")
        assert all(busy.acquire(timeout=20) for _turn in range(2))
        answers = [bureau.clerk().logs_in() for _try in range(8)]
        done.set()
    assert {answer.status_code for answer in answers} == {503}
    assert "请过几秒再试" in answers[0].text
    assert bureau.comes_in().is_in()


# -- the demo ----------------------------------------------------------------------------------


@pytest.mark.parametrize("person", demo_people.PEOPLE, ids=lambda person: person.login)
def test_the_demos_people_come_in_by_the_printed_password_too(
    office: Office, person: demo_people.DemoPerson
) -> None:
    clerk = Clerk(office.stranger().client, office.settings.origin)
    assert demo_people.PASSWORD in clerk.page("/console/login").text
    assert path_of(clerk.logs_in(person.login, demo_people.PASSWORD)) == "/console"
    assert clerk.is_in()


def test_a_click_makes_one_anybody_in_the_demo_but_not_from_elsewhere(office: Office) -> None:
    browser = office.stranger()
    answer = browser.client.post(
        "/console/switch", data={"login": "admin"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 404
    assert browser.post("/console/switch", login="nobody").status_code == 404
    assert browser.post("/console/switch", login="admin").status_code == 303
