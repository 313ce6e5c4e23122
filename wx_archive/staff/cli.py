"""`wx-archive staff add|list|disable|enable|reset`: accounts from the terminal; the first admin."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import accounts, audit, password_rules
from wx_archive.staff.accounts import Account
from wx_archive.staff.audit import Note
from wx_archive.staff.rules import ROLE_NAMES, Role

ROLES: Final = "、".join(f"{role.value} {ROLE_NAMES[role]}" for role in Role)

staff = click.Group("staff", help="在馆里工作的人：账号、角色、停用、重置。")
_login = click.argument("login")
_from_stdin = click.option(
    "--password-stdin", is_flag=True, help="从标准输入读初始密码；不给就随机生成一个，只显示一次"
)


@staff.command("add", help="加一个账号，显示初始密码；第一个管理员就这样来。")
@_login
@click.option("--name", required=True, help="姓名")
@click.option(
    "--role",
    "roles",
    required=True,
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help=f"角色，可以写几次：{ROLES}",
)
@_from_stdin
@as_json
def add(
    login: str, name: str, roles: tuple[str, ...], *, password_stdin: bool, json_wanted: bool
) -> None:
    """Give somebody an account."""
    password = _initial(login, name, is_given=password_stdin)
    now = clock.now()
    with _act() as (session, _settings):
        made = accounts.add(
            session, login=login, name=name, roles=map(Role, roles), password=password, now=now
        )
        after = {"name": made.name, "roles": sorted(set(roles))}
        _note(session, "member.add", made.login, after=after)
    _hand_over(made.login, "" if password_stdin else password, json_wanted=json_wanted)


@staff.command("list", help="列出账号、角色和状态。")
@as_json
def list_all(*, json_wanted: bool) -> None:
    """Print everybody."""
    with _opened() as (database, _settings), database.reads() as connection:
        people = accounts.everybody(connection)
    if json_wanted:
        print_json([_plain(account) for account in people])
        return
    for account in people:
        second = "有动态码" if account.has_second_factor else "没有动态码"
        state = "已停用" if account.is_disabled else second
        click.echo(f"{account.login}  {account.name}  {account.role_names}  {state}")
    if not people:
        click.echo(
            "还没有账号。先加一个管理员：wx-archive staff add LOGIN --name 姓名 --role admin"
        )


@staff.command("disable", help="停用一个账号，登录立刻结束；账号和它的记录都还在。")
@_login
def disable(login: str) -> None:
    """Close an account."""
    with _act() as (session, _settings):
        changed = accounts.disable(session, login)
        _note(session, "member.disable", login, before=changed.before, after=changed.after)
    click.echo(f"已停用 {login}，登录都已结束。")


@staff.command("enable", help="重新启用一个停用的账号，密码照旧。")
@_login
def enable(login: str) -> None:
    """Open an account again."""
    with _act() as (session, _settings):
        changed = accounts.enable(session, login)
        _note(session, "member.enable", login, before=changed.before, after=changed.after)
    click.echo(f"已启用 {login}。")


@staff.command("reset", help="给一个新的初始密码，试得太多的等候也一并取消；登录都结束。")
@_login
@click.option("--second-factor", is_flag=True, help="动态码和恢复码也取消，下次登录重新设置")
@_from_stdin
@as_json
def reset(login: str, *, second_factor: bool, password_stdin: bool, json_wanted: bool) -> None:
    """Give a first password anew."""
    with _opened() as (database, _settings), database.reads() as connection:
        known = accounts.find(connection, login)
    if known is None:
        raise RefusedError(f"没有“{login}”这个账号")
    password = _initial(known.login, known.name, is_given=password_stdin)
    with _act() as (session, settings):
        changed = accounts.reset(
            session,
            settings.secret(),
            login,
            password=password,
            second_factor=second_factor,
            now=clock.now(),
        )
        _note(session, "member.reset", known.login, before=changed.before, after=changed.after)
    _hand_over(known.login, "" if password_stdin else password, json_wanted=json_wanted)


@contextmanager
def _opened() -> Iterator[tuple[Database, Settings]]:
    settings = settings_of_installation()
    database = Database(settings.database)
    try:
        schema.require_current(database, demo=settings.profile is Profile.DEMO)
        yield database, settings
    finally:
        database.dispose()


@contextmanager
def _act() -> Iterator[tuple[Session, Settings]]:
    with _opened() as (database, settings), database.begin() as session:
        yield session, settings


def _initial(login: str, name: str, *, is_given: bool) -> str:
    """Return the first password: given on the standard input, never among the arguments.

    Raises:
        RefusedError: the given one is not good enough.
    """
    if not is_given:
        return password_rules.random_password()
    given = sys.stdin.readline().rstrip("\r\n")
    if problem := password_rules.problem_of(given, login=accounts.spelled(login), name=name):
        raise RefusedError(f"密码{problem}")
    return given


def _note(
    session: Session,
    action: str,
    login: str,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    note = Note(action, f"member:{accounts.spelled(login)}", before or {}, after or {})
    audit.from_terminal(session, note, now=clock.now())


def _hand_over(login: str, password: str, *, json_wanted: bool) -> None:
    if json_wanted:
        print_json({"login": login, "password": password or None})
        return
    click.echo(f"账号：{login}")
    if password:
        click.echo(f"初始密码：{password}")
        click.echo("初始密码只显示这一次，请当面交给本人；7 天内有效，第一次登录要换掉。")


def _plain(account: Account) -> dict[str, Any]:
    told = asdict(account)
    del told["id"]
    return told | {"roles": sorted(account.roles)}
