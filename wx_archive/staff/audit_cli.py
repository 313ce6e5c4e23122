"""`wx-archive audit verify|export`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.settings import Settings
from wx_archive.staff import anchors, audit, audit_check, audit_export, audit_queries
from wx_archive.staff.anchors import Anchor
from wx_archive.staff.audit import Note
from wx_archive.staff.audit_check import Verdict
from wx_archive.staff.audit_export import Format
from wx_archive.staff.audit_queries import Wanted
from wx_archive.staff.audit_texts import tell

audit_command = click.Group("audit", help="审计记录：核对、导出。")
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@audit_command.command("verify", help="从头核对审计记录：有没有被改、被删、被截断。")
@click.option(
    "--anchors",
    "anchors_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="用另外保存的锚文件核对，不用数据文件夹里的",
)
@as_json
def verify(anchors_file: Path | None, *, json_wanted: bool) -> None:
    """Check the whole log; exit code 1 where it is not what was written."""
    with _the_database() as (settings, database):
        known = anchors.read(anchors_file or anchors.path_of(settings))
        with database.long_reads() as connection:
            verdict = audit_check.verify(connection, known)
    if json_wanted:
        print_json(_as_json(verdict))
    if verdict.fault:
        click.echo(tell(verdict.fault), err=True)
        sys.exit(1)
    if not json_wanted:
        _say(verdict, known)


@audit_command.command("export", help="导出审计记录：.csv 给人看，.jsonl 可以自己再核对。")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "first", type=_DAY, help="从哪天起，如 2026-01-01；不写就从头")
@click.option("--to", "last", type=_DAY, help="到哪天止，含这一天；不写就到最新")
@as_json
def export(file: Path, first: datetime | None, last: datetime | None, *, json_wanted: bool) -> None:
    """Write rows of the log to a file that only its owner can read."""
    wanted = Wanted(first=first.date() if first else None, last=last.date() if last else None)
    chosen = _format_of(file)
    with _the_database() as (_settings, database):
        with database.long_reads() as connection:
            count = _write(
                file,
                audit_export.lines(
                    audit_queries.every(
                        connection, wanted, up_to=audit_queries.last_number(connection)
                    ),
                    chosen,
                ),
            )
        rows = count - (chosen is Format.CSV)
        told = {"first": wanted.first, "last": wanted.last, "rows": rows, "format": chosen.value}
        with database.begin() as session:
            audit.from_terminal(session, Note("audit.export", "audit", after=told), now=clock.now())
    if json_wanted:
        print_json({"file": str(file), "rows": rows})
    else:
        click.echo(f"已导出 {rows} 行到 {file}，只有您自己能读。")


def _format_of(file: Path) -> Format:
    try:
        return Format(file.suffix.lower().removeprefix("."))
    except ValueError:
        raise RefusedError("文件名要以 .csv 或 .jsonl 结尾") from None


def _write(path: Path, lines: Iterator[str]) -> int:
    """Write a file, whole or not at all, that only its owner can read; return its lines."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    count = 0
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        for count, line in enumerate(lines, 1):  # noqa: B007 -- the last one counts
            file.write(line)
    draft.replace(path)
    return count


def _as_json(verdict: Verdict) -> dict[str, object]:
    broken = None
    if verdict.fault:
        broken = {**asdict(verdict.fault), "tells": tell(verdict.fault)}
    return {
        "ok": verdict.fault is None,
        "rows": verdict.rows,
        "last": {"number": verdict.number, "hash": verdict.hash},
        "anchors": verdict.anchors,
        "broken": broken,
    }


def _say(verdict: Verdict, known: tuple[Anchor, ...]) -> None:
    click.echo(f"审计记录 {verdict.rows} 行，首尾相连，没有改动。末行校验码 {verdict.hash}")
    if known:
        click.echo(f"留过 {len(known)} 个锚，都对得上；最近一个是 {known[-1].day} 留的。")
    else:
        click.echo("还没有锚：后台进程（wx-archive scheduler）每天 0 点 10 分留一个。")


@contextmanager
def _the_database() -> Iterator[tuple[Settings, Database]]:
    settings = settings_of_installation()
    database = Database(settings.database)
    try:
        schema.require_current(database, demo=True)
        yield settings, database
    finally:
        database.dispose()
