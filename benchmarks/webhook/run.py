"""The run: rounds in which every system has its turn, then the open loop."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.webhook import measure, report
from benchmarks.webhook.measure import Result
from benchmarks.webhook.messages import WORKLOADS, Postbox
from benchmarks.webhook.systems import PROJECT, Place, System, systems
from tests import services

RATE = 300.0
WORKERS = 2


def main() -> int:
    """Run the benchmark; 1 when any reply was wrong."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left behind
    with _place() as place:
        chosen = systems(place, [name for name in options.only.split(",") if name])
        for system in chosen:
            if system.missing:
                print(f"skipped: {system.label}: {system.missing}")
        chosen = [system for system in chosen if not system.missing]
        postbox = Postbox(PROJECT)
        machine = report.machine()
        results = _rounds(chosen, postbox, options)
        steady = _steady(chosen, postbox, seconds=options.steady)
    labels = {system.name: system.label for system in chosen}
    found = report.ratios(results)
    _print(results, steady, found, labels)
    if options.json:
        told = {
            "machine": machine,
            "rounds": options.rounds,
            "messages": options.messages,
            "systems": report.plain(results),
            "ratios": found,
            "open_loop": report.plain(steady),
        }
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    every = [*results.values(), *steady.values()]
    return int(any(cell.wrong for result in every for cell in result.cells.values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast does the account answer?")
    parser.add_argument("--quick", action="store_true", help="one round of a few hundred messages")
    parser.add_argument("--only", default="", help="names or their beginnings: ours,werobot")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=3_000, help="in each workload and round")
    parser.add_argument("--steady", type=float, default=20.0, help="seconds of the open loop")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.messages, options.steady = 1, 400, 3.0
    return options


@contextmanager
def _place() -> Iterator[Place]:
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="wx-archive-bench-")))
        found = {}
        for name, context in (
            ("postgres", services.postgres()),
            ("redis", services.redis_server(folder)),
        ):
            try:
                found[name] = held.enter_context(context)
            except (pytest.skip.Exception, pytest.fail.Exception):
                found[name] = ""
        yield Place(folder, found["postgres"], found["redis"])


def _rounds(
    chosen: Sequence[System], postbox: Postbox, options: argparse.Namespace
) -> dict[str, Result]:
    """Interleave the systems, so that a noisy minute hurts all alike."""
    workloads = options.workloads.split(",")
    gathered: dict[str, list[Result]] = {system.name: [] for system in chosen}
    for number in range(options.rounds):
        for system in chosen:
            print(f"round {number + 1}: {system.label}", file=sys.stderr, flush=True)
            result = measure.run_round(system, postbox, workloads, options.messages)
            gathered[system.name].append(result)
    return {name: measure.medians(results) for name, results in gathered.items()}


def _steady(chosen: Sequence[System], postbox: Postbox, *, seconds: float) -> dict[str, Result]:
    return {
        system.name: measure.run_open(system, postbox, rate=RATE, seconds=seconds, workers=WORKERS)
        for system in chosen
        if system.name.startswith("ours") and seconds > 0
    }


def _print(
    results: dict[str, Result],
    steady: dict[str, Result],
    found: dict[str, dict[str, dict[str, float]]],
    labels: dict[str, str],
) -> None:
    print(report.table(results, labels))
    if found:
        print("\n" + report.ratio_table(found))
    print(report.worker_line(results))
    if steady:
        print(f"\nopen loop, {WORKERS} workers, {RATE:.0f} messages a second (goal p99 ≤ 20 ms)")
        print(report.table(steady, labels))


if __name__ == "__main__":
    sys.exit(main())
