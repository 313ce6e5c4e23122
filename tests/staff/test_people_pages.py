"""人员: accounts are given, changed and closed by an admin, freshly logged in, and noted."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.html import read_page
from tests.staff.bureau import OWN, Bureau, Clerk, code_of, give_account, path_of
from tests.staff.conftest import MovableClock
from wx_archive.staff import throttle
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Role
from wx_archive.staff.throttle import Kind

PASSWORD = re.compile(r'<dd class="mono">([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</dd>')
PEOPLE = "/console/people"


@pytest.fixture
def admin(bureau: Bureau) -> Clerk:
    """An admin at the desk, logged in a moment ago."""
    give_account(bureau.database, "admin", roles=(Role.ADMIN,))
    clerk = bureau.clerk(address="198.51.100.1")
    clerk.logs_in("admin")
    clerk.enrols()
    return clerk


def roles_of(bureau: Bureau, login: str) -> set[str]:
    with bureau.database.reads() as connection:
        wanted = select(MemberRole.role).join(Member, Member.id == MemberRole.member_id)
        return set(connection.execute(wanted.where(Member.login == login)).scalars())


def on(clerk: Clerk, login: str, what: str = "") -> str:
    """Stand on somebody's page; return the address that a form there is sent to."""
    clerk.at = f"{PEOPLE}/member/{login}"
    return f"{clerk.at}/{what}"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_finds_the_people(office: Office, role: Role) -> None:
    browser = office.sits(role)
    assert "人员" not in browser.page("/console").text
    for path in ("", "/add", "/member/editor", "/member/editor/disable", "/member/editor/reset"):
        assert browser.get(f"{PEOPLE}{path}").status_code == 403
    for path in ("roles", "disable", "enable", "reset"):
        assert browser.post(f"{PEOPLE}/member/editor/{path}", roles="admin").status_code == 403
    assert (
        browser.post(f"{PEOPLE}/add", login="new", name="新人", roles="editor").status_code == 403
    )


def test_somebody_new_gets_a_first_password_that_is_shown_once(
    bureau: Bureau, admin: Clerk
) -> None:
    admin.page(f"{PEOPLE}/add")
    answer = admin.sends(f"{PEOPLE}/add", login="LiNa", name="李娜", roles=["editor", "desk"])
    assert answer.status_code == 200
    page = read_page(answer.text)
    page.check_frame()
    found = PASSWORD.search(answer.text)
    assert found
    assert found[1] not in admin.page(f"{PEOPLE}/member/lina").text
    assert "还没换初始密码" in admin.page(PEOPLE).text
    assert roles_of(bureau, "lina") == {"editor", "desk"}
    ((actor, subject, before, after),) = bureau.audited("member.add")
    assert (actor, subject, before) == ("admin", "member:lina", "{}")
    assert json.loads(after) == {"name": "李娜", "roles": ["desk", "editor"]}
    assert path_of(bureau.clerk().logs_in("lina", found[1])) == "/console/password"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"login": "", "name": "李娜", "roles": "editor"}, "账号用 2 到 40 个"),
        ({"login": "1x", "name": "李娜", "roles": "editor"}, "账号用 2 到 40 个"),
        ({"login": "a" * 41, "name": "李娜", "roles": "editor"}, "账号用 2 到 40 个"),
        ({"login": "lina/..", "name": "李娜", "roles": "editor"}, "账号用 2 到 40 个"),
        ({"login": "lina", "name": " ", "roles": "editor"}, "要写姓名"),
        ({"login": "lina", "name": "李" * 41, "roles": "editor"}, "要写姓名"),
        ({"login": "lina", "name": "李娜"}, "至少要给一个角色"),
        ({"login": "lina", "name": "李娜", "roles": ["auditor", "editor"]}, "审计要独立"),
        ({"login": "lina", "name": "李娜", "roles": "king"}, "king"),
        ({"login": "Admin", "name": "李娜", "roles": "editor"}, "已经有“admin”这个账号了"),
    ],
)
def test_a_form_that_will_not_do_comes_back_as_it_was(
    bureau: Bureau, admin: Clerk, fields: dict[str, object], why: str
) -> None:
    admin.at = f"{PEOPLE}/add"
    answer = admin.sends(f"{PEOPLE}/add", **fields)
    page = read_page(answer.text)
    page.check_frame()
    assert answer.status_code == 422
    assert why in page.text
    assert page.value_of("login") == fields["login"]
    assert bureau.audited("member.add") == []
    with bureau.database.reads() as connection:
        assert connection.execute(select(Member.login)).scalars().all() == ["admin"]


def test_names_are_shown_as_text_only(admin: Clerk) -> None:
    admin.at = f"{PEOPLE}/add"
    name = '"><script>x()</script>'
    assert admin.sends(f"{PEOPLE}/add", login="lina", name=name, roles="editor").status_code == 200
    for path in ("", "/member/lina", "/member/lina/disable", "/member/lina/reset"):
        assert "<script>x" not in admin.get(f"{PEOPLE}{path}").text
        assert name in admin.page(f"{PEOPLE}{path}").text


def test_roles_are_changed_with_the_next_click_and_noted(bureau: Bureau, admin: Clerk) -> None:
    give_account(bureau.database)
    clerk = bureau.comes_in()
    assert clerk.get("/console/figures").status_code in {200, 404}
    page = admin.does(on(admin, "chenxm", "roles"), roles=["correspondent"])
    assert "角色已经改好" in page.text
    assert roles_of(bureau, "chenxm") == {"correspondent"}
    assert "联络员" in clerk.page("/console").text
    ((_actor, subject, before, after),) = bureau.audited("member.roles")
    assert (subject, json.loads(before), json.loads(after)) == (
        "member:chenxm",
        {"roles": ["editor"]},
        {"roles": ["correspondent"]},
    )
    for roles, why in (
        ([], "至少要给一个角色"),
        (["auditor", "desk"], "审计要独立"),
        (["king"], "角色"),
    ):
        answer = admin.sends(on(admin, "chenxm", "roles"), roles=roles)
        assert (answer.status_code, why in answer.text) == (422, True)
    assert roles_of(bureau, "chenxm") == {"correspondent"}


def test_who_becomes_admin_is_out_until_a_second_factor_is_set_up(
    bureau: Bureau, admin: Clerk
) -> None:
    give_account(bureau.database)
    clerk = bureau.comes_in()
    admin.does(on(admin, "chenxm", "roles"), roles=["editor", "publisher"])
    assert not clerk.is_in()
    assert path_of(clerk.logs_in()) == "/console/enrol"


def test_nobody_changes_their_own_roles_or_shuts_themselves_out(
    bureau: Bureau, admin: Clerk
) -> None:
    give_account(bureau.database, "second", roles=(Role.ADMIN,))
    assert "这是您自己" in admin.page(f"{PEOPLE}/member/admin").text
    for path in ("disable", "reset"):
        assert admin.get(f"{PEOPLE}/member/admin/{path}").status_code == 409
    csrf = read_page(admin.get("/console/account").text).value_of("csrf")
    for path in ("roles", "disable", "reset"):
        answer = admin.client.post(
            f"{PEOPLE}/member/admin/{path}",
            data={"csrf": csrf, "roles": "editor", "password": "y"},
            headers={"Origin": admin.origin},
        )
        assert (answer.status_code, "由另一个管理员" in answer.text) == (409, True)
    assert roles_of(bureau, "admin") == {"admin"}
    assert admin.is_in()


def test_closing_an_account_asks_once_more_and_ends_every_session(
    bureau: Bureau, admin: Clerk
) -> None:
    give_account(bureau.database)
    here, there = bureau.comes_in(), bureau.comes_in()
    page = admin.page(f"{PEOPLE}/member/chenxm/disable")
    assert "2 处登录立刻结束" in page.text
    assert here.is_in()
    admin.does(f"{PEOPLE}/member/chenxm/disable")
    assert not here.is_in()
    assert not there.is_in()
    assert bureau.clerk().logs_in().status_code == 422
    assert "已停用" in admin.page(PEOPLE).text
    admin.does(on(admin, "chenxm", "enable"))
    assert not here.is_in()
    assert bureau.comes_in().is_in()
    assert [entry[2:] for entry in bureau.audited("member.disable")] == [
        ('{"disabled":false}', '{"disabled":true}')
    ]
    assert [entry[2:] for entry in bureau.audited("member.enable")] == [
        ('{"disabled":true}', '{"disabled":false}')
    ]


def test_a_lost_password_is_replaced_and_the_pause_with_it(bureau: Bureau, admin: Clerk) -> None:
    give_account(bureau.database)
    clerk = bureau.comes_in()
    for _try in range(6):
        bureau.clerk(address="192.0.2.9").logs_in(password="wrong")
    admin.page(f"{PEOPLE}/member/chenxm/reset")
    nothing = admin.sends(f"{PEOPLE}/member/chenxm/reset")
    assert (nothing.status_code, "选一样" in nothing.text) == (422, True)
    assert clerk.is_in()
    answer = admin.sends(f"{PEOPLE}/member/chenxm/reset", password="y")
    found = PASSWORD.search(answer.text)
    assert found
    assert not clerk.is_in()
    assert path_of(bureau.clerk().logs_in(password=found[1])) == "/console/password"
    assert bureau.clerk().logs_in(password=OWN).status_code == 422
    ((_actor, subject, before, after),) = bureau.audited("member.reset")
    assert (subject, before) == ("member:chenxm", '{"second_factor":false}')
    assert json.loads(after) == {"password_reset": True, "second_factor": False}
    assert found[1] not in after


def test_a_lost_phone_is_forgotten_and_a_new_one_set_up(bureau: Bureau, admin: Clerk) -> None:
    give_account(bureau.database, roles=(Role.PUBLISHER,))
    clerk = bureau.clerk()
    clerk.logs_in()
    clerk.enrols()
    tries = throttle.tries(bureau.settings.secret(), Kind.CODE, login="chenxm", address="192.0.2.1")
    admin.page(f"{PEOPLE}/member/chenxm/reset")
    page = admin.does(f"{PEOPLE}/member/chenxm/reset", second_factor="y")
    assert "动态码已经取消" in page.text
    assert tries.account
    assert not clerk.is_in()
    assert path_of(clerk.logs_in()) == "/console/enrol"
    assert [entry[2:] for entry in bureau.audited("member.reset")] == [
        ('{"second_factor":true}', '{"second_factor":false}')
    ]


def test_changes_want_a_fresh_login(bureau: Bureau, admin: Clerk, time: MovableClock) -> None:
    give_account(bureau.database)
    time.pass_by(timedelta(minutes=11))
    admin.page(PEOPLE)
    for path in (
        f"{PEOPLE}/add",
        f"{PEOPLE}/member/chenxm/disable",
        f"{PEOPLE}/member/chenxm/reset",
    ):
        assert path_of(admin.get(path)) == "/console/confirm"
    for path in ("roles", "disable", "enable", "reset"):
        answer = admin.sends(on(admin, "chenxm", path), roles="admin", password="y")
        assert path_of(answer) == "/console/confirm"
    assert roles_of(bureau, "chenxm") == {"editor"}
    assert bureau.audited("member.disable") == []


def test_somebody_who_is_not_there_has_no_page(admin: Clerk) -> None:
    for path in ("", "/disable", "/reset"):
        assert admin.get(f"{PEOPLE}/member/nobody{path}").status_code == 404
    assert admin.sends(on(admin, "admin") + "../nobody/enable").status_code == 404


def test_the_code_of_an_admin_still_works_after_all(bureau: Bureau) -> None:
    give_account(bureau.database, "admin", roles=(Role.ADMIN,))
    clerk = bureau.clerk()
    clerk.logs_in("admin")
    secret, _codes = clerk.enrols()
    again = bureau.clerk()
    again.logs_in("admin")
    again.at = "/console/code"
    assert again.sends("/console/code", code=code_of(secret, ahead_s=30)).status_code == 303
