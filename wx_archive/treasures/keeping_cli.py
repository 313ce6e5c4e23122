"""`wx-archive treasures list`, `show`, `check`, `bag`: never a sender's name or words."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.services import Services, open_services
from wx_archive.staff import audit
from wx_archive.staff.audit import Note
from wx_archive.treasures import bags, keeping, queries, register_queries, rules
from wx_archive.treasures import keeping_texts as texts
from wx_archive.treasures.keeping import Checked, Listed
from wx_archive.treasures.queries import File, Step, Upload
from wx_archive.treasures.rules import State
from wx_archive.treasures.sealed import open_sealed

YOUNG: Final = timedelta(minutes=5)
"""For so long an object may be there before or after its row."""


@click.command("list", help="列出送来的珍档，早的在前；还没有交的也列出。不显示人名和内容。")
@click.option("--state", type=click.Choice([one.value for one in State]), help="只看这一种状态的")
@as_json
def list_(*, state: str | None, json_wanted: bool) -> None:
    """List uploads with their files."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            found = keeping.listed(connection, state=State(state) if state else None)
    if json_wanted:
        print_json([_as_json(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))
    click.echo(f"共 {len(found)} 份。" if found else "没有。")


@click.command(help="看一份的文件、协议、登记和经过。编号怎么写都行，如 2026-1。")
@click.argument("number")
@as_json
def show(number: str, *, json_wanted: bool) -> None:
    """Show one upload; what was told stays in the console."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        told = _told(services, number)
    if told is None:
        click.echo(texts.NO_UPLOAD, err=True)
        sys.exit(1)
    if json_wanted:
        print_json(told)
        return
    state = rules.STAFF_STATES[State(told["state"])]
    click.echo(f"{told['number'] or told['pid']}  {state}（{told['state']}）")
    for name, label in (("agreement", "协议"), ("accession", "入藏号"), ("record", "目录编号")):
        if told[name]:
            click.echo(f"{label}：{told[name]}")
    for file in told["files"]:
        click.echo(f"  第 {file['place']} 件  {file['state']}  {file['bytes']}  {file['sha256']}")
    for step in told["steps"]:
        click.echo(f"  {step['at']}  {step['what']}  {step['actor']}")


@click.command(help="核对存着的每个原件：改了的、不见了的、没有登记的都列出；有一个就退出 1。")
@as_json
def check(*, json_wanted: bool) -> None:
    """Read everything that is stored against its checksum."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        until = clock.now() - clock.offset() - YOUNG
        found = keeping.check(services.database, open_sealed(services.settings), until=until)
    if json_wanted:
        print_json(_checked_json(found))
    else:
        click.echo(texts.checked(found.files, bad=len(found.bad) + len(found.unknown)))
    for one in found.bad:
        problem = texts.FLIPPED if one.found else texts.MISSING
        click.echo(f"{one.original.called}：{problem}（{one.original.key}）", err=True)
    for key in found.unknown:
        click.echo(f"{key}：{texts.UNKNOWN}", err=True)
    if found.failure:
        click.echo(found.failure, err=True)
    if not found.is_whole:
        sys.exit(1)


@click.command(
    help="把入藏的一件导出成一套（BagIt）：原件、说明、协议扫描件和校验码。NUMBER 是入藏号，"
    "TARGET 是新文件夹的名字，加 --zip 就是压缩文件的名字；已经有的不动。"
)
@click.argument("number")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--zip", "zipped", is_flag=True, help="打成一个 ZIP 文件")
@click.option("--with-contact", is_flag=True, help="连同封存的姓名、电话、地址")
@as_json
def bag(number: str, target: Path, *, zipped: bool, with_contact: bool, json_wanted: bool) -> None:
    """Export an accession; noted in the audit before it is in its place."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        making = bags.prepared(services, number, target, zipped=zipped, with_contact=with_contact)
        with making as made:
            after = {"originals": made.originals, "with_contact": with_contact}
            note = Note("treasure.bag", f"accession:{made.number}", after=after)
            with services.database.begin() as session:
                audit.from_terminal(session, note, now=clock.now())
            place = made.place()
    if json_wanted:
        print_json({"number": made.number, "path": str(place), "files": made.originals})
    else:
        click.echo(texts.bagged(made.number, str(place), made.originals))


def _as_json(one: Listed) -> dict[str, Any]:
    return {
        "number": one.number,
        "pid": one.pid,
        "state": one.state.value,
        "created_at": one.created_at.isoformat(),
        "files": [
            {"sha256": file.sha256, "bytes": file.size_bytes, "state": file.state.value}
            for file in one.files
        ],
    }


def _line(one: Listed) -> str:
    standing = [file for file in one.files if file.state in rules.STANDING]
    size = sum(file.size_bytes or 0 for file in standing)
    called = one.number or one.pid
    day = one.created_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    label = rules.STAFF_STATES[one.state]
    return f"{called}  {day}  {label}  {len(standing)} 个文件，{size:,} 字节"


def _told(services: Services, number: str) -> dict[str, Any] | None:
    with services.database.reads() as connection:
        read = rules.read_number(number)
        upload = queries.by_number(connection, read) if read else queries.by_pid(connection, number)
        if upload is None:
            return None
        agreed = register_queries.agreement(connection, upload.id)
        entered = register_queries.accession(connection, upload.id)
        return {
            **_upload_json(upload),
            "agreement": agreed.number if agreed else None,
            "accession": entered.number if entered else None,
            "record": entered.record_pid if entered else None,
            "files": [_file_json(one) for one in queries.files(connection, upload.id)],
            "steps": [_step_json(one) for one in queries.steps(connection, upload.id)],
        }


def _upload_json(upload: Upload) -> dict[str, Any]:
    return {
        "number": upload.number,
        "pid": upload.pid,
        "state": upload.state.value,
        "channel": upload.channel.value,
        "wish": upload.wish,
        "scope": upload.scope,
        "created_at": upload.created_at.isoformat(),
        "act_by": upload.act_by,
        "erase_on": upload.erase_on,
    }


def _file_json(file: File) -> dict[str, Any]:
    return {
        "place": file.place,
        "kind": file.kind.value,
        "sha256": file.sha256,
        "bytes": file.size_bytes,
        "state": file.state.value,
    }


def _step_json(step: Step) -> dict[str, str]:
    done = rules.ACTIONS[step.action] or rules.STAFF_STATES[step.to_state]
    at = step.at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    return {"at": at, "what": done, "actor": step.actor}


def _checked_json(found: Checked) -> dict[str, Any]:
    return {
        "ok": found.is_whole,
        "files": found.files,
        "bytes": found.size_bytes,
        "bad": [
            {
                "file": one.original.called,
                "object": one.original.key,
                "expected": one.original.sha256,
                "found": one.found or None,
            }
            for one in found.bad
        ],
        "unknown": list(found.unknown),
        "failure": found.failure or None,
    }


COMMANDS: Final[tuple[click.Command, ...]] = (list_, show, check, bag)
