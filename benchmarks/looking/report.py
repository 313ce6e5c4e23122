"""The tables for people; every figure says what it is."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.looking.measure import Times, ratio, summary
from benchmarks.looking.questions import Question
from benchmarks.looking.truth import Comparison
from benchmarks.looking.updates import Cost

GOALS: Final = {"ours, sqlite": (1.0, 10.0), "ours, postgresql": (2.0, 15.0)}
"""At a million: mean ÷ tantivy's on held-out questions, p99 in ms (issue 4)."""
GOAL_INDEX_BYTES: Final = 100
GOAL_UPDATE_MS: Final = 1.0
_SLOWEST: Final = 12

Groups = Mapping[str, Sequence[int]]


def groups(questions: Sequence[Question]) -> dict[str, list[int]]:
    """Return the places of the questions that are summed up together."""
    return {
        "named, ordinary": [at for at, one in enumerate(questions) if one.is_ordinary],
        "named, all": [at for at, one in enumerate(questions) if one.is_named],
        "held out": [at for at, one in enumerate(questions) if not one.is_named],
    }


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    try:
        rival = version("tantivy")
    except PackageNotFoundError:
        rival = ""
    return {
        "cpu": next(models, platform.machine()),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "tantivy": rival,
    }


def rounded(told: Any) -> Any:
    """Return JSON values with no more digits than mean anything."""
    match told:
        case float():
            return float(f"{told:.4g}") if abs(told) < 1 else round(told, 3)
        case dict():
            return {name: rounded(value) for name, value in told.items()}
        case list():
            return [rounded(value) for value in told]
        case _:
            return told


def imports(told: Mapping[str, Mapping[str, Any]], settings: Mapping[str, str]) -> Iterator[str]:
    """Say what importing cost and what lies there now."""
    if settings:
        listed = ", ".join(f"{name} {value}" for name, value in settings.items())
        yield f"  PostgreSQL: {listed}; VACUUM (ANALYZE) after the import"
    for name, one in told.items():
        took = (
            f"{one['records']:,} records in {one['import_s']:.0f} s, {one['rows_per_s']:,.0f} a "
            f"second, peak {one['peak_rss_mb']:.0f} MB of memory"
            if "import_s" in one
            else "imported by an earlier run"
        )
        per_entry = f"{one['index_bytes_per_entry']:.1f} bytes an entry"
        goal = f" (goal ≤ {GOAL_INDEX_BYTES})" if name == "sqlite" else ""
        yield f"  {name:11} {took}"
        yield (
            f"  {'':11} {one['entries']:,} entries, index {one['index_bytes'] / 1e6:.1f} MB, "
            f"{per_entry}{goal}, whole database {one['database_bytes'] / 1e6:.0f} MB"
        )


def latencies(times: Times, works: Mapping[str, str], chosen: Groups) -> Iterator[str]:
    """Tell milliseconds by group and engine."""
    for group, places in chosen.items():
        yield f"\n{group} (ms; each question counts with its median)"
        yield f"  {'engine':18} {'asked':>5} {'mean':>8} {'p50':>8} {'p99':>8} {'max':>8}  does"
        for name, work in works.items():
            if one := summary(times[name], places):
                yield (
                    f"  {name:18} {one.questions:5} {one.mean:8.2f} {one.p50:8.2f} "
                    f"{one.p99:8.2f} {one.worst:8.2f}  {work}"
                )


def summaries(times: Times, chosen: Groups) -> dict[str, dict[str, Any]]:
    """Return what `latencies` tells, as JSON values."""
    return {
        name: {
            group: asdict(one)
            for group, places in chosen.items()
            if (one := summary(taken, places))
        }
        for name, taken in times.items()
    }


def ratios(times: Times, chosen: Groups) -> dict[str, dict[str, float]]:
    """Return mean of ours ÷ mean of each rival, by group; below 1 ours is faster."""
    mine = [name for name in times if name.startswith("ours")]
    theirs = [name for name in times if name not in mine]
    return {
        f"{one} ÷ {other}": {
            group: found
            for group, places in chosen.items()
            if (found := ratio(times, one, other, places)) is not None
        }
        for one in mine
        for other in theirs
    }


def ratio_lines(
    found: Mapping[str, Mapping[str, float]], undisturbed: Mapping[str, Mapping[str, float]]
) -> Iterator[str]:
    """Say the ratios of medians, of the fastest calls behind them, and what they should be."""
    yield "\nmean ÷ mean over the same questions (of fastest calls); below 1 ours is faster"
    for pair, by_group in found.items():
        told = "   ".join(
            f"{group} {value:.3f} ({undisturbed[pair][group]:.3f})"
            for group, value in by_group.items()
        )
        goal = GOALS.get(pair.partition(" ÷ ")[0]) if "tantivy" in pair else None
        yield f"  {pair:34} {told}" + (f"   goal ≤ {goal[0]} at a million" if goal else "")


def kinds(times: Times, questions: Sequence[Question]) -> Iterator[str]:
    """Tell the worst question of each kind, in ms."""
    names = [name for name in times if name.startswith(("ours", "tantivy"))]
    yield "\nworst question of each kind (ms)"
    yield f"  {'kind':18}" + "".join(f"{name:>18}" for name in names)
    for kind in dict.fromkeys(one.kind for one in questions):
        places = [at for at, one in enumerate(questions) if one.kind == kind]
        worst = "".join(f"{max(times[name][at] for at in places):18.2f}" for name in names)
        yield f"  {kind:18}{worst}"


def slowest(times: Times, questions: Sequence[Question], totals: Sequence[int]) -> Iterator[str]:
    """Name the slowest questions of each of ours, beside how many hits there are."""
    names = [name for name in times if name.startswith(("ours", "tantivy"))]
    for mine in (name for name in names if name.startswith("ours")):
        yield f"\nslowest of {mine} (ms)"
        order = sorted(times[mine], key=times[mine].__getitem__, reverse=True)
        for place in order[:_SLOWEST]:
            told = "  ".join(f"{name} {times[name][place]:.2f}" for name in names)
            one = questions[place]
            yield f"  «{one.text}» ({one.kind}, {totals[place]:,} hits): {told}"


def comparisons(told: Mapping[str, Comparison]) -> Iterator[str]:
    """Say recall and precision, and everything that is not as it should be."""
    yield "\nfound beside a scan of every visible row"
    for name, one in told.items():
        shares = one.as_json()
        yield (
            f"  {name:18} {one.questions} questions: recall {shares['recall']:.6f} "
            f"({one.found:,} of {one.expected:,}), precision {shares['precision']:.6f} "
            f"({one.right:,} of {one.returned:,} returned), capped totals "
            f"{one.capped_right} of {one.capped}, {len(one.deviations)} deviations"
        )
        yield from (f"    {deviation}" for deviation in one.deviations)


def costs(told: Mapping[str, Mapping[str, Cost]]) -> Iterator[str]:
    """Say what one change costs."""
    yield f"\none record closed and opened, in the full index (ms; goal p50 ≤ {GOAL_UPDATE_MS})"
    for name, ways in told.items():
        for way, one in ways.items():
            yield (
                f"  {name:11} {way:6} index p50 {one.p50:.2f}, p99 {one.p99:.2f}; "
                f"with the commit p50 {one.whole_p50:.2f}, p99 {one.whole_p99:.2f}"
            )


def ranks(told: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """Say how often a record in mind was among the first."""
    yield "\na record in mind is among the first one, five, ten (of all asked for)"
    for name, ways in told.items():
        for way, shares in ways.items():
            listed = "  ".join(f"{what} {share:.3f}" for what, share in shares.items())
            yield f"  {name:18} {way:20} {listed}"
