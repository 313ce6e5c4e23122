"""`wx-archive followers export|erase OPENID`."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import click

from wx_archive.core import clock
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services
from wx_archive.followers import personal_data
from wx_archive.followers.personal_data import Case, PersonalData
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

UNKNOWN: Final = "没有这位关注者：代码抄错了，或者资料已经删除"


class Product(Protocol):
    """What the root command hands over."""

    @property
    def personal_data(self) -> tuple[PersonalData, ...]:
        """Every rule there is."""


followers = click.Group("followers", help="关注者的个人资料：导出、删除。")
_openid = click.argument("openid")


@followers.command("export", help="导出一位关注者的全部资料。OPENID 是微信给的代码。")
@_openid
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写进这个文件（JSON，只有自己能读），不显示在屏幕上",
)
@as_json
@click.pass_obj
def export(product: Product, openid: str, output: Path | None, *, json_wanted: bool) -> None:
    """Print or write everything known about a follower."""
    with _case(openid) as case:
        told = personal_data.export(case, product.personal_data, now=clock.now())
        _note(case, "follower.export")
    if output is not None:
        _write_private(output, json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        click.echo(f"已写入 {output}。里面是个人信息，用完请删除。", err=json_wanted)
    if json_wanted:
        print_json(told)
    elif output is None:
        _show(told)


@followers.command("erase", help="删除一位关注者的全部资料，不能恢复。")
@_openid
@click.option("--yes", "is_sure", is_flag=True, help="不再询问")
@click.pass_obj
def erase(product: Product, openid: str, *, is_sure: bool) -> None:
    """Remove everything known about a follower, after asking."""
    with _case(openid):
        pass  # tells at once that there is nobody, before anything is asked
    if not is_sure:
        click.confirm("将删除这位关注者的全部资料，不能恢复。继续吗？", abort=True)
    with _case(openid) as case:
        personal_data.erase(case, product.personal_data, now=clock.now())
        _note(case, "follower.erase")
    click.echo("已删除这位关注者的全部资料。他再发消息时，会当作新来的人。")


def _note(case: Case, action: str) -> None:
    """Note it under our own number of the follower: the openid stands in no log."""
    done = Note(action, f"follower:{case.follower_id}")
    audit.from_terminal(case.session, done, now=clock.now())


@contextmanager
def _case(openid: str) -> Iterator[Case]:
    """Open the follower's case in one transaction.

    Raises:
        RefusedError: there is no such follower.
    """
    settings = settings_of_installation()
    with open_services(settings) as services, services.database.begin(unhurried=True) as session:
        case = personal_data.open_case(session, services, openid=openid)
        if case is None:
            raise RefusedError(UNKNOWN)
        yield case


def _show(told: dict[str, Any]) -> None:
    click.echo(f"导出时间：{told['导出时间']}")
    for title, rows in told["资料"].items():
        click.echo(f"\n{title}（{len(rows)} 条）")
        for row in rows:
            click.echo("  " + "  ".join(f"{name}：{_plain(value)}" for name, value in row.items()))


def _plain(value: object) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "是" if value else "否"
        case str() | int():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; an older one of that name is not followed."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
