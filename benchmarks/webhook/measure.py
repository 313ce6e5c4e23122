"""One measurement: a system, a workload, so many messages; and the medians of several."""

import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from benchmarks.webhook import client, processes
from benchmarks.webhook.messages import Message, Postbox
from benchmarks.webhook.processes import OTHER_CORE, SERVER_CORE
from benchmarks.webhook.systems import System
from wx_archive.demo import free_port

STORES: Final = ("postgres", "redis-server")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one system did with one workload.

    Attributes:
        rps: messages a second.
        cpu_ms: CPU a message of the server's whole tree.
        stores_cpu_ms: CPU a message of PostgreSQL and Redis.
        client_share: how busy the client was, of one core; near 1 it is what was measured.
        wrong: messages without their true answer; must be 0.
        reconnects: connections that the server closed.
    """

    rps: float
    cpu_ms: float
    stores_cpu_ms: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    client_share: float
    wrong: int
    reconnects: int


@dataclass(frozen=True, slots=True)
class Result:
    """A system's cells by workload, and what it held in memory at the end."""

    cells: dict[str, Cell]
    memory: processes.Memory


def run_round(system: System, postbox: Postbox, workloads: Sequence[str], count: int) -> Result:
    """Start the system on its core, run every workload once, stop it."""
    port, cells = free_port(), {}
    processes.move(processes.children_named(STORES), OTHER_CORE)
    with system.start(port, SERVER_CORE, 1) as pid, processes.on_cores(OTHER_CORE):
        _warm_up(system, postbox, port)
        for workload in workloads:
            messages = postbox.prepare(workload, count)
            cells[workload] = _cell(
                system, postbox, messages, pid, lambda requests: client.closed_loop(port, requests)
            )
        return Result(cells, processes.memory(processes.tree(pid)))


def run_open(
    system: System, postbox: Postbox, *, rate: float, seconds: float, workers: int
) -> Result:
    """Start several workers and send a steady stream; nothing is pinned."""
    port, cores = free_port(), set(processes.CORES)
    processes.move(processes.children_named(STORES), cores)
    with system.start(port, cores, workers) as pid:
        _warm_up(system, postbox, port)
        messages = postbox.prepare("mixed", int(rate * seconds))
        cell = _cell(
            system,
            postbox,
            messages,
            pid,
            lambda requests: client.open_loop(port, requests, rate=rate),
        )
        return Result({"mixed": cell}, processes.memory(processes.tree(pid)))


def medians(results: Sequence[Result]) -> Result:
    """Return the median of every figure; wrong replies are summed: one is one too many."""
    cells = {
        workload: _median_cell([result.cells[workload] for result in results])
        for workload in results[0].cells
    }
    held = [result.memory for result in results]
    middle = processes.Memory(
        *(
            statistics.median(getattr(one, field.name) for one in held)
            for field in fields(processes.Memory)
        )
    )
    return Result(cells, middle)


def _median_cell(cells: Sequence[Cell]) -> Cell:
    values = {
        field.name: statistics.median(getattr(cell, field.name) for cell in cells)
        for field in fields(Cell)
    }
    values["wrong"] = sum(cell.wrong for cell in cells)
    return Cell(**values)


def _warm_up(system: System, postbox: Postbox, port: int) -> None:
    requests = [message.request for message in postbox.prepare("mixed", system.warm_up)]
    client.closed_loop(port, requests)


def _cell(
    system: System,
    postbox: Postbox,
    messages: Sequence[Message],
    pid: int,
    send: Callable[[Sequence[bytes]], client.Outcome],
) -> Cell:
    stores = processes.children_named(STORES)
    before, stores_before = processes.cpu_s([pid]), processes.cpu_s(stores)
    outcome = send([message.request for message in messages])
    cpu, stores_cpu = processes.cpu_s([pid]) - before, processes.cpu_s(stores) - stores_before
    latencies = sorted(outcome.latencies_ms) or [float("inf")]
    return Cell(
        rps=len(outcome.latencies_ms) / outcome.wall_s,
        cpu_ms=cpu * 1000 / len(messages),
        stores_cpu_ms=stores_cpu * 1000 / len(messages),
        p50_ms=_at(latencies, 50),
        p99_ms=_at(latencies, 99),
        max_ms=latencies[-1],
        client_share=outcome.client_cpu_s / outcome.wall_s,
        wrong=_wrong(system, postbox, messages, outcome),
        reconnects=outcome.reconnects,
    )


def _wrong(
    system: System, postbox: Postbox, messages: Sequence[Message], outcome: client.Outcome
) -> int:
    if not system.answers:
        return sum(reply != (200, b"success") for reply in outcome.replies)
    count = postbox.wrong(messages, outcome.replies)
    if count:
        statuses = Counter(reply and reply[0] for reply in outcome.replies)
        print(f"{system.name}: {count} wrong replies; statuses {dict(statuses)}", file=sys.stderr)
    return count


def _at(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
