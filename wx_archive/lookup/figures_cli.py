"""`wx-archive figures lookups|rebuild`: what people ask, and the proof that folding is harmless."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final

import click

from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import ArchiveError
from wx_archive.core.services import open_services
from wx_archive.lookup import figures as lookup_figures
from wx_archive.lookup import rebuilding
from wx_archive.lookup.figures import Day, LookupFigures
from wx_archive.lookup.figures_texts import CHANNELS, KINDS, LABELS
from wx_archive.lookup.models import Label


class NotTheSameError(ArchiveError):
    """A day's sums would not say what its rows say."""


@click.command("lookups", help="大家在查什么：查得多的词、没查到的词、正在升温的词、每天的次数。")
@click.option("--days", type=click.IntRange(1, 366), default=30, help="最近多少天，含今天")
@as_json
def lookups(days: int, *, json_wanted: bool) -> None:
    """Print the figures about lookups."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            told = lookup_figures.gather(connection, today=clock.today(), days=days)
    if json_wanted:
        print_json(asdict(told))
        return
    for line in _report(told):
        click.echo(line)


@click.command(
    "rebuild",
    help="把还没有归并的每一天，从原始记录算一遍，归并以后再算一遍；有一天不同就报错。什么都不改。",
)
@as_json
def rebuild(*, json_wanted: bool) -> None:
    """Prove for every day that its sums will say what its rows say."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        days = list(rebuilding.rebuild(services.database))
    different = [each.day.isoformat() for each in days if not each.is_same]
    if json_wanted:
        print_json({"days": len(days), "different": different})
    if different:
        raise NotTheSameError(f"{different[0]} 起有 {len(different)} 天，归并前后的数不一样")
    if not json_wanted:
        click.echo(f"{len(days)} 天，从原始记录算和归并以后算，人次、件次、查询次数都一样。")


COMMANDS: Final = (lookups, rebuild)
"""They stand in the group `figures` of the dashboard."""


def _report(told: LookupFigures) -> Iterable[str]:
    total, empties = sum(day.lookups for day in told.days), sum(day.empties for day in told.days)
    yield f"{told.first} 至 {told.last}：查了 {total} 次，其中 {empties} 次没有查到"
    yield "同一个人一天里查同样的词算一次；网页上认不出人，每次都算。"
    yield f"至少有 {lookup_figures.MIN_PEOPLE} 个人查过的词才列出来。"
    yield from _table(
        "查得多的词",
        ("次数", "没查到", "至少几人", "词"),
        [(term.lookups, term.empties, term.people, term.words) for term in told.top],
    )
    yield from _table(
        "没查到的词",
        ("次数", "至少几人", "词"),
        [(term.lookups, term.people, term.words) for term in told.empty],
    )
    yield from _table(
        "正在升温的词（最近 7 天比之前 28 天）",
        ("7 天", "前 28 天", "词"),
        [(term.this_week, term.before, term.words) for term in told.rising],
    )
    yield from _table(
        "不留词的",
        ("次数", "归入"),
        [(count, LABELS[Label(label)]) for label, count in sorted(told.labelled.items())],
    )
    yield from _table("每天", _DAY_HEAD, [_day(day) for day in told.days])


_DAY_HEAD = (
    "日期",
    "次数",
    "没查到",
    "人数",
    *CHANNELS.values(),
    "翻页",
    *(f"打开{kind}" for kind in KINDS.values()),
)


def _day(day: Day) -> tuple[object, ...]:
    return (
        day.day.isoformat(),
        day.lookups,
        day.empties,
        day.people,
        *(day.by_channel.get(channel, 0) for channel in CHANNELS),
        day.turned,
        *(day.opened.get(kind, 0) for kind in KINDS),
    )


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterable[str]:
    yield ""
    yield title if rows else f"{title}：没有"
    if not rows:
        return
    lines = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        padded = [
            " " * (wide - _width(cell)) + cell for cell, wide in zip(line, widths, strict=True)
        ]
        last = line[-1] if not line[-1].isdecimal() else padded[-1]
        yield "  " + "  ".join([*padded[:-1], last])


def _width(text: str) -> int:
    """Return how many columns of a terminal the text takes; a hanzi takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
