"""`wx-archive push list|show`: pushes where there is a shell."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import click
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services
from wx_archive.publishing import agenda, preflight_facts, progress
from wx_archive.publishing.agenda import Listed
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import DELIVERY_NAMES, PUSH_STATE_NAMES, Delivery, PushState

MOST: Final = 200
_OVER: Final = (PushState.SENT, PushState.PARTLY, PushState.FAILED, PushState.CANCELLED)

push = click.Group("push", help="推送：图文、图集、视频、音频、文字的群发和发布。")


@push.command("list", help="列出还没有了结的推送。")
@click.option("--all", "all_wanted", is_flag=True, help="发过的、取消的也列出（最近 200 次）")
@as_json
def list_(*, all_wanted: bool, json_wanted: bool) -> None:
    """List pushes, those made last first."""
    wanted = () if all_wanted else (Push.state.not_in(_OVER),)
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            found = agenda.listed(connection, *wanted, limit=MOST, is_newest_first=True)
    if json_wanted:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))
    click.echo(f"共 {len(found)} 次。" if found else "没有。")


@push.command(help="看一次推送的内容、结果和经过。PID 是 push list 列出的编号。")
@click.argument("pid")
@as_json
def show(pid: str, *, json_wanted: bool) -> None:
    """Show one push and its steps."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            told = _told(connection, pid.strip().upper())
    if json_wanted:
        print_json(told)
        return
    click.echo(f"{told['pid']}  {PUSH_STATE_NAMES[told['state']]}  {told['delivery_name']}")
    for piece in told["pieces"]:
        click.echo(f"  《{piece['title']}》")
    if told["sentence"]:
        click.echo(told["sentence"])
    click.echo(f"定在：{_moment(told['due_at'])}  最晚：{_moment(told['latest_at'])}")
    if told["total"]:
        click.echo(f"共 {told['total']} 人，送达 {told['sent']}，失败 {told['failed']}")
    for step in told["steps"]:
        note = f"：{step['note']}" if step["note"] else ""
        click.echo(f"  {_moment(step['at'])}  {step['step']}{note}  {step['actor']}")


def _told(connection: Connection, pid: str) -> dict[str, Any]:
    with Session(bind=connection) as session:
        found = session.scalars(select(Push).where(Push.pid == pid)).one_or_none()
        if found is None:
            raise RefusedError(f"没有编号是 {pid} 的推送，用 push list --all 看看有哪些")
        return {
            "pid": found.pid,
            "state": PushState(found.state),
            "reason": found.reason,
            "sentence": found.sentence,
            "delivery": found.delivery,
            "delivery_name": DELIVERY_NAMES[Delivery(found.delivery)],
            "audience": found.audience,
            "counted": found.counted,
            "due_at": found.due_at,
            "latest_at": found.latest_at,
            "sent_at": found.sent_at,
            "total": found.total,
            "sent": found.sent,
            "failed": found.failed,
            "pieces": [
                {"pid": piece.pid, "title": piece.title, "hash": piece.content_hash}
                for piece in preflight_facts.pieces_of(connection, found.id)
            ],
            "steps": [
                {"at": step.at, "step": step.step, "note": step.note, "actor": step.actor}
                for step in progress.steps(connection, found.id)
            ],
        }


def _line(one: Listed) -> str:
    more = f"等 {one.count} 篇" if one.count > 1 else ""
    state = PUSH_STATE_NAMES[one.state]
    return f"{one.pid}  {_moment(one.at)}  {state}  《{one.title}》{more}"


def _moment(at: datetime | None) -> str:
    return "没有定" if at is None else f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"
