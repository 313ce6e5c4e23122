"""`wx-archive enquiries list|show|move`: the staff's side of requests, where there is a shell."""

import getpass
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.services import Services, open_services
from wx_archive.enquiries import desk, queries, rules, texts, wording
from wx_archive.enquiries.queries import Request, Step
from wx_archive.enquiries.rules import State
from wx_archive.enquiries.steps import Doing, NoteError, Terms, UnknownNumberError
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

_ERASED: Final = "（提出的人已经删除资料）"

enquiries = click.Group("enquiries", help="读者请馆里办的事：代查、报错。")


@enquiries.command("list", help="列出还没办完的，早的在前。")
@click.option("--all", "all_wanted", is_flag=True, help="办完的、撤回的也列出")
@as_json
def list_(*, all_wanted: bool, json_wanted: bool) -> None:
    """List what staff still have to do something about."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            found = queries.listed(connection, all_wanted=all_wanted)
    if json_wanted:
        print_json([_as_json(request) for request in found])
        return
    for request in found:
        words = texts.one_line(request.words) or _ERASED
        click.echo(f"{request.number}  {_moment(request.created_at)}  {request.label}  {words}")
    click.echo(f"共 {len(found)} 件。" if found else "没有。")


@enquiries.command(help="看一件的内容和经过。编号怎么写都行，如 2026-123。")
@click.argument("number")
@as_json
def show(number: str, *, json_wanted: bool) -> None:
    """Show one request and its steps."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        request, steps = _found(services, number)
    if json_wanted:
        print_json(_as_json(request) | {"events": [asdict(step) for step in steps]})
        return
    click.echo(f"{request.number}  {request.label}（{request.state.value}）")
    click.echo(request.words or _ERASED)
    if request.about_pid:
        click.echo(f"关于：{request.about_pid}")
    click.echo(f"办结日：{texts.computation(request.clock)}")
    if request.first_name:
        click.echo(f"首问责任人：{request.first_name}  现在由{request.owner_name}办")
    for step in steps:
        name = rules.ACTIONS[step.action] or rules.label(request.kind, step.to_state)
        note = f"：{step.note}" if step.note else ""
        click.echo(f"  {_moment(step.at)}  {name}{note}  {step.actor}")


@enquiries.command(help="把一件改到下一步。STATE 是 accepted、searching、found 等。")
@click.argument("number")
@click.argument("state", type=click.Choice([state.value for state in State]))
@click.option("--note", default="", help=f"写给读者的话，最多 {wording.NOTE_LENGTH} 个字")
@as_json
def move(number: str, state: str, note: str, *, json_wanted: bool) -> None:
    """Move a request; the follower is told, or finds it with 进度."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        actor = f"cli:{getpass.getuser()}"
        doing = Doing(actor, clock.now(), Terms.of(services.site))
        with services.database.begin() as session:
            moved = _move(session, number, State(state), note, doing)
    if json_wanted:
        print_json(_as_json(moved))
    else:
        click.echo(f"{moved.number} 已改为“{moved.label}”。")


def _move(session: Session, number: str, to: State, note: str, doing: Doing) -> Request:
    before = queries.by_number(session.connection(), rules.read_number(number))
    try:
        moved = desk.move(session, number, to, doing, note=note)
    except NoteError as err:
        raise NoteError(f"{err}：--note 说明") from err
    was = {"state": before.state.value} if before else {}
    noted = Note("enquiry.move", f"enquiry:{moved.number}", was, {"state": moved.state.value})
    audit.append(session, noted, actor=doing.actor, address="", now=doing.now)
    return moved


def _found(services: Services, number: str) -> tuple[Request, list[Step]]:
    with services.database.reads() as connection:
        request = queries.by_number(connection, rules.read_number(number))
        if request is None:
            raise UnknownNumberError(number)
        return request, list(queries.steps(connection, request.number))


def _as_json(request: Request) -> dict[str, Any]:
    return asdict(request)


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"
