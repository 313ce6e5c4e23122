"""Charts as SVG, drawn by the server: no script, no style attribute, colours by class alone.

Widths are percentages and heights are pixels: the drawing fills 390 or 1,200 pixels while its
letters stay as large as they are, which a `viewBox` would shrink and blow up with it. The classes
are `bar`, `axis`, `grid`, `label` (values) and `tick` (what a bar is called).
"""

import re
from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from wx_archive.staff.plugs import Chart

HEIGHT_PX: Final = 160
TOP_PX: Final = 24
"""Where the highest bar ends; above it stands its value."""
BASE_PX: Final = 136
"""The zero line; below it stand the first and the last bar's values."""
ROW_PX: Final = 36
WIDEST: Final = 12.0
"""Percent: a lonely bar is a bar, not a wall."""
LONGEST_NAME: Final = 18
"""Hanzi of a name that fit beside a number on a phone; the whole name is in the table."""
_TIME: Final = re.compile(
    r"\d{4}|\d{4}-\d\d|(?:\d{4}-)?\d\d-\d\d|\d{4}年|(?:\d{4}年)?\d+月(?:\d+日)?"
)
_BAR: Final = Markup(
    '<rect class="bar" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>'
)
_LINE: Final = Markup('<line class="{}" x1="0" y1="{}" x2="{}" y2="{}"/>')
_TEXT: Final = Markup('<text class="{}" x="{}%" y="{}" text-anchor="{}">{}</text>')
_DRAWING: Final = Markup(
    '<svg class="chart" width="100%" height="{height}" role="img" '
    'aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">'
    '<title id="{name}-title">{title}</title><desc id="{name}-desc">{desc}</desc>{parts}</svg>'
)


def draw(chart: Chart, *, name: str) -> Markup:
    """Return the drawing; nothing where there is no bar at all.

    Bars that are called by days, months or years stand beside each other, others below each other.

    Args:
        chart: what is drawn.
        name: begins the drawing's ids; another one for each chart of a page.
    """
    if not chart.points:
        return Markup()
    over_time = is_over_time(chart)
    return _DRAWING.format(
        name=name,
        height=HEIGHT_PX if over_time else ROW_PX * len(chart.points),
        title=chart.title,
        desc=describe(chart),
        parts=Markup().join(_upright(chart) if over_time else _lying(chart)),
    )


def has_bars(chart: Chart) -> bool:
    """Tell whether there is anything to be seen."""
    return any(value for _name, value in chart.points)


def is_over_time(chart: Chart) -> bool:
    """Tell whether the bars are called by days, months or years."""
    return all(_TIME.fullmatch(name) for name, _value in chart.points)


def describe(chart: Chart) -> str:
    """Return in words what the drawing shows."""
    values = [value for _name, value in chart.points]
    if not has_bars(chart):
        return f"共 {len(values)} 项，都是 0。"
    most, least = _highest(chart), min(values)
    return (
        f"共 {len(values)} 项，从{chart.points[0][0]}到{chart.points[-1][0]}；"
        f"最多的是{chart.points[most][0]}，{_amount(chart, most)}；最少 {least:,} {chart.unit}；"
        f"合计 {sum(values):,} {chart.unit}。"
    )


def _upright(chart: Chart) -> Iterator[Markup]:
    """Yield bars over time: the highest one's value above, the first's and last's below."""
    slot = 100 / len(chart.points)
    width = min(slot * 0.76, WIDEST)
    most = _highest(chart)
    peak = chart.points[most][1]
    yield _LINE.format("grid", TOP_PX, "100%", TOP_PX) if peak else Markup()
    for number, (_name, value) in enumerate(chart.points):
        if value:
            left, tall = slot * number + (slot - width) / 2, _share(value, peak, BASE_PX - TOP_PX)
            yield _bar(left, BASE_PX - tall, width, tall, _told(chart, number))
    yield _LINE.format("axis", BASE_PX, "100%", BASE_PX)
    yield from _said_above(chart, most, slot)
    yield from _said_below(chart)


def _said_above(chart: Chart, most: int, slot: float) -> Iterator[Markup]:
    if not chart.points[most][1]:
        yield _TEXT.format("label", 0, TOP_PX - 8, "start", "都是 0")
        return
    middle = slot * (most + 0.5)
    x, anchor = (
        (0.0, "start") if middle < 33 else (100.0, "end") if middle > 67 else (middle, "middle")
    )
    yield _TEXT.format("label", _plain(x), TOP_PX - 8, anchor, f"最多 {_told(chart, most)}")


def _said_below(chart: Chart) -> Iterator[Markup]:
    last = len(chart.points) - 1
    ends = ((0, 0, "start"), (last, 100, "end")) if last else ((0, 50, "middle"),)
    for number, x, anchor in ends:
        name, value = chart.points[number]
        yield _TEXT.format("tick", x, BASE_PX + 18, anchor, f"{name}：{value:,}")


def _lying(chart: Chart) -> Iterator[Markup]:
    """Yield one row for each bar: its name and value, the bar below them."""
    peak = max(value for _name, value in chart.points)
    for number, (name, value) in enumerate(chart.points):
        y = ROW_PX * number
        short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        yield _TEXT.format("tick", 0, y + 14, "start", short)
        yield _TEXT.format("label", 100, y + 14, "end", f"{value:,}")
        if value:
            yield _bar(0, y + 20, _share(value, peak, 100), 9, _told(chart, number))
    yield _LINE.format("axis", 0, 0, ROW_PX * len(chart.points))


def _bar(x: float, y: float, width: float, height: float, told: str) -> Markup:
    return _BAR.format(_plain(x), _plain(y), _plain(width), _plain(height), told)


def _share(value: int, peak: int, room: int) -> float:
    """Return how long a bar is; what is not nothing can be seen."""
    return max(value * room / peak, 1.0)


def _highest(chart: Chart) -> int:
    """Return the number of the first of the highest bars."""
    return max(range(len(chart.points)), key=lambda number: chart.points[number][1])


def _told(chart: Chart, number: int) -> str:
    return f"{chart.points[number][0]}：{_amount(chart, number)}"


def _amount(chart: Chart, number: int) -> str:
    return f"{chart.points[number][1]:,} {chart.unit}"


def _plain(number: float) -> str:
    """Return a length with no more digits than a screen can show."""
    return f"{number:.3f}".rstrip("0").rstrip(".")
