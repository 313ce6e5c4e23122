"""What lookups plug into the console: their figures, and how much was used.

Counted is what was asked and what was told; nothing here reads the catalogue, so that nothing
hidden can show. Words stand here only when `figures.MIN_PEOPLE` people asked for them.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection

from wx_archive.lookup import console_texts as texts
from wx_archive.lookup import figures
from wx_archive.lookup.figures import Rising, Term
from wx_archive.lookup.figures_texts import CHANNELS
from wx_archive.lookup.uses import Asked, asked, uses
from wx_archive.staff.plugs import Chart, Console, Fact, Panel, Table

WORDS_PAGE: Final = "/console/words"
MOST_BARS: Final = 10


def panels(connection: Connection, first: date, last: date) -> Sequence[Panel]:
    """Return the boxes about lookups: how many, which words, which in vain, which are rising."""
    told = asked(connection, first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    top, rising = figures.top(connection, first, last), figures.rising(connection, last)
    empty = figures.top(connection, first, last, only_empty=True)
    return _lookups(told, days), _words(top, rising), _empties(told, days, empty)


def _lookups(told: Sequence[Asked], days: Sequence[date]) -> Panel:
    every, empty = sum(each.lookups for each in told), sum(each.empties for each in told)
    by_channel = [
        (name, *_sums([each for each in told if each.channel == channel]))
        for channel, name in CHANNELS.items()
    ]
    return Panel(
        texts.LOOKUPS,
        texts.LOOKUPS_SAY,
        facts=(
            Fact("查了", f"{every:,} 次"),
            Fact("查到了", f"{every - empty:,} 次"),
            Fact("没有查到", _part(empty, every)),
        ),
        chart=_daily("每天查了多少次", days, [(each.day, each.lookups) for each in told]),
        tables=(Table(("渠道", "查了", "查到", "没查到"), by_channel, caption="按渠道"),),
    )


def _words(top: Sequence[Term], rising: Sequence[Rising]) -> Panel:
    bars = [(term.words, term.lookups) for term in top[:MOST_BARS]]
    return Panel(
        texts.WORDS,
        texts.WORDS_SAY,
        chart=Chart("查得最多的词", bars, "次") if bars else None,
        tables=(
            Table(
                ("词", "次数", "没查到", "至少几人"),
                [(term.words, term.lookups, term.empties, term.people) for term in top],
                caption="查得多的词",
                empty=texts.NO_WORDS,
            ),
            Table(
                ("词", "最近 7 天", "之前 28 天"),
                [(each.words, each.this_week, each.before) for each in rising],
                caption="正在升温的词",
                empty=texts.NO_RISING,
            ),
        ),
    )


def _empties(told: Sequence[Asked], days: Sequence[date], empty: Sequence[Term]) -> Panel:
    return Panel(
        texts.EMPTY,
        texts.EMPTY_SAY,
        facts=(Fact(texts.EMPTY_WORDS, _number_of(empty), WORDS_PAGE),),
        chart=_daily("每天有多少次没查到", days, [(each.day, each.empties) for each in told]),
        tables=(
            Table(
                ("词", "次数", "至少几人"),
                [(term.words, term.lookups, term.people) for term in empty],
                caption="没查到的词",
                empty=texts.NO_EMPTY,
            ),
        ),
    )


def _number_of(terms: Sequence[Term]) -> str:
    """Return how many words these are; of more than the list takes nobody counted the rest."""
    return f"{len(terms)} 个" if len(terms) < figures.TOP else f"不少于 {figures.TOP} 个"


def _daily(title: str, days: Sequence[date], counts: Iterable[tuple[date, int]]) -> Chart:
    """Return a chart with every day, days without any included."""
    bars = dict.fromkeys(days, 0)
    for day, count in counts:
        bars[day] += count
    return Chart(title, [(day.isoformat(), count) for day, count in bars.items()], "次")


def _sums(told: Sequence[Asked]) -> tuple[int, int, int]:
    """Return how often something was looked up, found and not found."""
    every, empty = sum(each.lookups for each in told), sum(each.empties for each in told)
    return every, every - empty, empty


def _part(count: int, every: int) -> str:
    share = f"（{count * 100 // every}%）" if every else ""
    return f"{count:,} 次{share}"


CONSOLE: Final = Console(panels=panels, uses=uses)
