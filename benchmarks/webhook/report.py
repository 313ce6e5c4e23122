"""The tables at the end, and the same as JSON."""

import importlib.metadata
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.webhook.measure import Result

GOALS = (("werobot", 1.2), ("wechatpy", 4.0), ("node", 1.0))
GOAL_CPU_MS = 0.26


def table(results: Mapping[str, Result], labels: Mapping[str, str]) -> str:
    """Return one line for each system and workload."""
    head = (
        f"{'system':40} {'turns':7} {'msg/s':>6} {'CPU ms':>7} {'stores':>7} {'p50':>6} {'p99':>6}"
        f" {'max':>7} {'RSS MB':>7} {'PSS MB':>7} {'client':>7} {'wrong':>6}"
    )
    lines = [head]
    for name, result in results.items():
        held = result.memory
        lines += [
            f"{labels[name]:40} {workload:7} {cell.rps:6.0f} {cell.cpu_ms:7.3f}"
            f" {cell.stores_cpu_ms:7.3f} {cell.p50_ms:6.1f} {cell.p99_ms:6.1f}"
            f" {cell.max_ms:7.1f} {held.rss_mb:7.0f} {held.pss_mb:7.0f}"
            f" {cell.client_share:7.0%} {cell.wrong:6d}"
            for workload, cell in result.cells.items()
        ]
    return "\n".join(lines)


def ratios(results: Mapping[str, Result]) -> dict[str, dict[str, dict[str, float]]]:
    """Return ours ÷ theirs by throughput and theirs ÷ ours by CPU: above 1 ours is better."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for mine, our in results.items():
        for name, their in results.items():
            if not mine.startswith("ours") or name.startswith("ours"):
                continue
            for workload, cell in our.cells.items():
                other = their.cells[workload]
                found.setdefault(f"{mine} ÷ {name}", {})[workload] = {
                    "rps": cell.rps / other.rps,
                    "cpu": other.cpu_ms / cell.cpu_ms,
                }
    return found


def ratio_table(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return the ratios as lines."""
    lines = ["ours ÷ theirs by throughput (by CPU a message); above 1 ours is faster"]
    for pair, workloads in found.items():
        told = "   ".join(
            f"{workload} {ratio['rps']:.2f} ({ratio['cpu']:.2f})"
            for workload, ratio in workloads.items()
        )
        goal = next((goal for name, goal in GOALS if f"÷ {name}" in pair), None)
        lines.append(f"  {pair:36} {told}" + (f"   goal {goal} on menu" if goal else ""))
    return "\n".join(lines)


def worker_line(results: Mapping[str, Result]) -> str:
    """Return what issue 3 asks of ours besides the ratios."""
    return "\n".join(
        f"{name}: menu turn {result.cells['menu'].cpu_ms:.3f} ms CPU (goal {GOAL_CPU_MS}), "
        f"largest process {result.memory.largest_rss_mb:.0f} MB (goal 150)"
        for name, result in results.items()
        if name.startswith("ours") and "menu" in result.cells
    )


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    packages = ("granian", "flask", "wechatpy", "sqlalchemy", "redis", "psycopg")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }


def plain(results: Mapping[str, Result]) -> dict[str, Any]:
    """Return the results as JSON values."""
    return {name: asdict(result) for name, result in results.items()}
