"""`wx-archive figures …`: the dashboard and 人次/件次 on the terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import click

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services
from wx_archive.dashboard import export, gathering, texts
from wx_archive.dashboard.rules import EARLIEST, Period, Span, Step, by_period
from wx_archive.staff.plugs import USE_CHANNELS, Console, Panel, Table

_DATE: Final = click.DateTime(formats=["%Y-%m-%d"])


class Product(Protocol):
    """What the root command hands over."""

    @property
    def consoles(self) -> Sequence[Console]:
        """Every feature's part of the console."""


def group(commands: Iterable[click.Command]) -> click.Group:
    """Return the group, with what features add to it."""
    figures = click.Group("figures", help="统计数字。")
    for command in (dashboard, use, *commands):
        figures.add_command(command)
    return figures


@click.command("dashboard", help="“数字”那一页上的全部数字，连同算法。")
@click.option("--days", type=click.IntRange(1, 366), default=30, help="最近多少天，含今天")
@as_json
@click.pass_obj
def dashboard(product: Product, days: int, *, json_wanted: bool) -> None:
    """Print every box of the dashboard."""
    today = clock.today()
    span = Span(today - timedelta(days=days - 1), today)
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        panels = gathering.panels(services.database.long_reads, product.consoles, span)
    if json_wanted:
        print_json(
            {"first": span.first, "last": span.last, "panels": [asdict(each) for each in panels]}
        )
        return
    click.echo(f"{span.first} 至 {span.last}")
    for panel in panels:
        click.echo("\n".join(["", *_lines(panel)]))


@click.command("use", help="人次和件次，每次都从原始记录重新算。")
@click.option("--from", "first", type=_DATE, help="从哪一天，如 2026-01-01；不写是今年第一天")
@click.option("--to", "last", type=_DATE, help="到哪一天；不写是今天")
@click.option(
    "--by",
    "step",
    type=click.Choice([step.value for step in Step]),
    default=Step.MONTH.value,
    help="按日 day、按月 month、按年 year",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写进这个文件，以 .csv 或 .xlsx 结尾",
)
@as_json
@click.pass_obj
def use(
    product: Product,
    first: datetime | None,
    last: datetime | None,
    step: str,
    output: Path | None,
    *,
    json_wanted: bool,
) -> None:
    """Print 人次 and 件次 by channel, or write them to a file."""
    span = _span(first, last, today=clock.today())
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        uses = gathering.uses(services.database.long_reads, product.consoles, span)
    periods = by_period(uses, span, Step(step))
    if output is not None:
        _write(output, periods)
    if json_wanted:
        print_json([_plain(period) for period in periods])
    elif output is None:
        lines: list[list[export.Cell]] = [[*export.head()], *export.rows(periods)]
        for line in lines:
            click.echo("\t".join(map(str, line)))
        click.echo("\n".join(["", *texts.USE_SAYS]))


def _span(first: datetime | None, last: datetime | None, *, today: date) -> Span:
    """Return the days that were asked for.

    Raises:
        RefusedError: they are none.
    """
    span = Span(
        first.date() if first else today.replace(month=1, day=1), last.date() if last else today
    )
    if not EARLIEST <= span.first <= span.last <= today:
        raise RefusedError(f"日期不对：要从 {EARLIEST} 起，先从后到，最晚到今天（{today}）")
    return span


def _write(output: Path, periods: Sequence[Period]) -> None:
    """Write the table.

    Raises:
        RefusedError: the file's name does not say how.
    """
    writers = {".csv": export.as_csv, ".xlsx": export.as_sheet}
    if output.suffix.lower() not in writers:
        raise RefusedError(f"{output.name}：文件名要以 .csv 或 .xlsx 结尾")
    output.write_bytes(writers[output.suffix.lower()](periods))
    click.echo(f"已写入 {output}", err=True)


def _plain(period: Period) -> dict[str, Any]:
    return {
        "period": period.name,
        "is_part": period.is_part,
        "people": period.total.people,
        "items": period.total.items,
        "channels": {channel.value: asdict(period.counts[channel]) for channel in USE_CHANNELS},
    }


def _lines(panel: Panel) -> Iterable[str]:
    yield f"■ {panel.title}"
    yield from (f"  {fact.label}：{fact.value}" for fact in panel.facts)
    for table in panel.tables:
        yield from _table(table)
    yield f"  （{panel.says}）"


def _table(table: Table) -> Iterable[str]:
    yield f"  {table.caption}" if table.rows else f"  {table.caption}：{table.empty}"
    if table.rows:
        for line in (table.head, *table.rows):
            yield "    " + "\t".join(map(str, line))
