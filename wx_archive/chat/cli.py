"""`wx-archive deadletter list|replay`: messages and jobs that failed, for a person to look at."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Protocol

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.chat.jobs import ask_again, is_replayable
from wx_archive.chat.models import DeadLetter
from wx_archive.chat.router import Dispatcher
from wx_archive.core import clock
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import queue
from wx_archive.core.services import open_services


class HasDispatcher(Protocol):
    """What the root command hands over."""

    @property
    def dispatcher(self) -> Dispatcher:
        """All handlers of the conversation."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: str
    what: str
    state: str
    failed_at: str
    cause: str


_NUMBER: Final = re.compile(r"[0-9]{1,18}\Z")
_KIND: Final = re.compile(r"[A-Za-z_][\w.]*(?=:|\Z)", re.ASCII)
deadletter = click.Group("deadletter", help="没能处理的消息和任务。")


@deadletter.command("list", help="列出没能处理的消息（m 开头）和任务（j 开头）。")
@click.option("--all", "all_wanted", is_flag=True, help="已经重放过的也列出")
@as_json
def list_(*, all_wanted: bool, json_wanted: bool) -> None:
    """List what failed, newest first, without a word of what was sent."""
    with (
        open_services(settings_of_installation()) as services,
        services.database.begin() as session,
    ):
        lines = _messages(session, all_wanted=all_wanted) + _jobs(session)
    if json_wanted:
        print_json([asdict(line) for line in lines])
        return
    for line in lines:
        click.echo(f"{line.number:>6}  {line.failed_at}  {line.state:<8}  {line.what}")
        click.echo(f"        {line.cause}")
    click.echo(
        f"共 {len(lines)} 条。重放：wx-archive deadletter replay 编号" if lines else "没有。"
    )


@deadletter.command(help="重放一条；回答会留给关注者，能发就发，不能发等他回复“取结果”。")
@click.argument("number")
@as_json
@click.pass_obj
def replay(product: HasDispatcher, number: str, *, json_wanted: bool) -> None:
    """Have the worker try a message or a job once more."""
    kind, digits = number[:1], number[1:]
    if kind not in ("m", "j") or not _NUMBER.match(digits):
        raise RefusedError(
            f"“{number}”不是编号，编号像 m12 或 j5，用 wx-archive deadletter list 查"
        )
    with (
        open_services(settings_of_installation()) as services,
        services.database.begin() as session,
    ):
        if kind == "j":
            if not queue.revive(session, int(digits), now=clock.now()):
                raise RefusedError(f"没有编号为 {number} 的失败任务")
        else:
            _replay_message(session, int(digits), product.dispatcher)
    if json_wanted:
        print_json({"number": number, "queued": True})
    else:
        click.echo(f"{number} 已排队，后台进程（wx-archive worker）会处理。")


def _replay_message(session: Session, letter_id: int, dispatcher: Dispatcher) -> None:
    letter = session.get(DeadLetter, letter_id, with_for_update=True)
    if letter is None or letter.state == "replayed":
        raise RefusedError(f"没有编号为 m{letter_id} 的失败消息")
    if not is_replayable(dispatcher.named(letter.handler)):
        raise RefusedError(
            f"m{letter_id} 由 {letter.handler} 处理，它会改动数据，不能重放；请关注者再发一次"
        )
    letter.state = "queued"
    ask_again(session, letter, now=clock.now())


def _messages(session: Session, *, all_wanted: bool) -> list[_Line]:
    query = select(DeadLetter).order_by(DeadLetter.id.desc())
    if not all_wanted:
        query = query.where(DeadLetter.state != "replayed")
    return [
        _Line(f"m{one.id}", one.handler, one.state, _moment(one.failed_at), _kind_of(one.cause))
        for one in session.scalars(query)
    ]


def _jobs(session: Session) -> list[_Line]:
    return [
        _Line(f"j{one.id}", one.kind, one.state, _moment(one.finished_at), _kind_of(one.cause))
        for one in queue.dead(session)
    ]


def _moment(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _kind_of(cause: str) -> str:
    """Return the error's kind, what stands after the last frame; the rest may quote a follower."""
    lines = cause.rpartition("Traceback (most recent call last):")[2].splitlines()
    kinds = (_KIND.match(line) for line in lines)
    return next((found.group() for found in kinds if found), "")
