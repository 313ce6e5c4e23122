"""The run: everybody asks, everybody answers, over and over; the table; the profile."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest

from benchmarks.quiz import profiling
from benchmarks.quiz.players import Players
from benchmarks.quiz.systems import PROJECT, WORKERS, Place, System, systems
from benchmarks.webhook import client, processes, report
from benchmarks.webhook.messages import Message
from tests import services
from wx_archive.demo import free_port

GOAL_RPS: Final = 300
GOAL_P99_MS: Final = 200
STORES: Final = ("postgres", "redis-server")
WARM_UP: Final = 1
"""Rounds before the clock."""
PHASES: Final = ("answer", "next")


@dataclass(slots=True)
class Phase:
    """What all rounds of one kind of turn took together; times as in `webhook.measure.Cell`."""

    turns: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    stores_cpu_s: float = 0.0
    client_cpu_s: float = 0.0
    wrong: int = 0
    reconnects: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    def at(self, percent: int) -> float:
        """Return a percentile of the latencies in milliseconds."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    @property
    def rps(self) -> float:
        """Turns a second."""
        return self.turns / self.wall_s

    @property
    def cpu_ms(self) -> float:
        """CPU a turn of the server's whole tree."""
        return self.cpu_s * 1000 / self.turns

    @property
    def figures(self) -> dict[str, float]:
        """Everything that is told of it."""
        told = {key: value for key, value in asdict(self).items() if key != "latencies_ms"}
        more = {
            "rps": self.rps,
            "cpu_ms": self.cpu_ms,
            "p50_ms": self.at(50),
            "p99_ms": self.at(99),
        }
        return told | more | {"max_ms": self.at(100)}


Result = Mapping[str, Phase]


def main() -> int:
    """Run the benchmark; 1 when a reply was wrong or an answer is not in the ledger."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left behind
    bank = options.rounds + WARM_UP + 20
    with _place(options.followers) as place:
        if options.profile:
            return profiling.run(place, turns=options.profile, top=options.top)
        wanted = tuple(name for name in options.only.split(",") if name)
        chosen = [one for one in systems(place, bank) if not wanted or one.name.startswith(wanted)]
        results = {one.name: _measured(one, options.followers, options.rounds) for one in chosen}
        lost = _lost(chosen, options)
    _print(chosen, results)
    for line in lost:
        print(line)
    if options.json:
        told = {
            name: {key: one.figures for key, one in result.items()}
            for name, result in results.items()
        }
        told_all = {"machine": report.machine(), "systems": told}
        options.json.write_text(
            json.dumps(told_all, ensure_ascii=False, indent=1), encoding="utf-8"
        )
    return int(
        bool(lost) or any(one.wrong for result in results.values() for one in result.values())
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast are answers judged and kept?")
    parser.add_argument("--quick", action="store_true", help="two rounds of a hundred followers")
    parser.add_argument("--only", default="", help="names or their beginnings: ours-postgres,naive")
    parser.add_argument("--followers", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--profile", type=int, default=0, metavar="TURNS", help="where time goes")
    parser.add_argument("--top", type=int, default=40)
    options = parser.parse_args()
    if options.quick:
        options.followers, options.rounds = 100, 2
    return options


@contextmanager
def _place(count: int) -> Iterator[Place]:
    """Yield the stores; PostgreSQL on the disk, where a commit costs what it costs."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="wx-archive-quiz-")))
        held.enter_context(patch.object(services, "MEMORY", folder / "none"))
        found = {}
        for name, context in (
            ("postgres", services.postgres("fsync=on")),
            ("redis", services.redis_server(folder)),
        ):
            try:
                found[name] = held.enter_context(context)
            except (pytest.skip.Exception, pytest.fail.Exception):
                found[name] = ""
        yield Place(folder, found["postgres"], found["redis"], count)


def _measured(system: System, count: int, rounds: int) -> Result:
    port, players = free_port(), Players(PROJECT, count)
    result = {name: Phase() for name in PHASES}
    with system.start(port) as pid:
        for number in range(rounds + WARM_UP):
            print(f"{system.label}: round {number} of {rounds}", file=sys.stderr, flush=True)
            kept = result if number >= WARM_UP else {name: Phase() for name in PHASES}
            asked = _run(kept["next"], players, players.ask(), port, pid)
            _run(kept["answer"], players, players.answer(asked.replies), port, pid)
    return result


def _run(
    phase: Phase, players: Players, messages: Sequence[Message], port: int, pid: int
) -> client.Outcome:
    stores = processes.children_named(STORES)
    before, stores_before = processes.cpu_s([pid]), processes.cpu_s(stores)
    outcome = client.closed_loop(port, [message.request for message in messages])
    phase.cpu_s += processes.cpu_s([pid]) - before
    phase.stores_cpu_s += processes.cpu_s(stores) - stores_before
    phase.turns += len(messages)
    phase.wall_s += outcome.wall_s
    phase.client_cpu_s += outcome.client_cpu_s
    phase.reconnects += outcome.reconnects
    phase.latencies_ms += outcome.latencies_ms
    phase.wrong += players.wrong(messages, outcome.replies)
    return outcome


def _lost(chosen: Sequence[System], options: argparse.Namespace) -> list[str]:
    """Return whose database has not exactly the answers that were acknowledged."""
    sent = options.followers * (options.rounds + WARM_UP)
    return [
        f"{one.label}: {counted} answers counted, {sent} given"
        for one in chosen
        if (counted := one.counted()) != sent
    ]


def _print(chosen: Sequence[System], results: Mapping[str, Result]) -> None:
    head = (
        f"{'system':36} {'turn':7} {'turns':>6} {'turns/s':>8} {'CPU ms':>7} {'stores':>7}"
        f" {'p50 ms':>7} {'p99':>7} {'max':>7} {'client':>7} {'wrong':>6}"
    )
    print(f"{WORKERS} workers, sixteen connections, closed loop\n{head}")
    for system in chosen:
        for name, one in results[system.name].items():
            print(
                f"{system.label:36} {name:7} {one.turns:6d} {one.rps:8.0f} {one.cpu_ms:7.2f}"
                f" {one.stores_cpu_s * 1000 / one.turns:7.2f} {one.at(50):7.1f} {one.at(99):7.1f}"
                f" {one.at(100):7.1f} {one.client_cpu_s / one.wall_s:7.0%} {one.wrong:6d}"
            )
    for kind in ("postgres", "sqlite"):
        our, their = results.get(f"ours-{kind}"), results.get(f"naive-{kind}")
        if our and their:
            told = "   ".join(
                f"{name} {our[name].rps / their[name].rps:.2f}"
                f" ({their[name].cpu_ms / our[name].cpu_ms:.2f})"
                for name in PHASES
            )
            print(f"ours ÷ naive on {kind}, by throughput (by CPU): {told}")
    if our := results.get("ours-postgres"):
        one = our["answer"]
        is_met = one.rps >= GOAL_RPS and one.at(99) <= GOAL_P99_MS
        print(
            f"answers on PostgreSQL: {one.rps:.0f}/s (goal {GOAL_RPS}), p99 {one.at(99):.0f} ms "
            f"(goal {GOAL_P99_MS}): {'met' if is_met else 'MISSED'}"
        )
