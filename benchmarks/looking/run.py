"""The run: import, ask, compare, change; once for each size."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.looking import catalogue, measure, questions, ranking, report, truth
from benchmarks.looking import updates as changing
from benchmarks.looking.engines import Engine, Ours, entries
from benchmarks.looking.questions import Question
from benchmarks.looking.rivals import Like, Trigram
from benchmarks.looking.stores import Stores
from benchmarks.looking.tantivy_rival import IS_INSTALLED, Tantivy, TantivyPhrases
from wx_archive.core.database import Database

_SLOW_FROM: Final = 200_000
"""From so many records on the slow rivals are asked once, and every tenth random question."""
_SAMPLE: Final = 2_000


def main() -> int:
    """Run the benchmark; 1 when anything was found that should not be, or was not found."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left behind
    told: dict[str, Any] = {"machine": report.machine(), "runs": []}
    print(json.dumps(told["machine"], ensure_ascii=False))
    is_right = True
    for records in options.records:
        with ExitStack() as held:
            run = _Run(options, held, records)
            told["runs"].append(run.go())
            is_right = is_right and run.is_right
    told = report.rounded(told)
    if options.json:
        options.json.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")
    for one in told["runs"]:
        del one["each"]
    print("\n" + json.dumps(told, ensure_ascii=False))
    return int(not is_right)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast, and how truly, is something found?")
    add = parser.add_argument
    add("--records", type=int, nargs="+", default=[20_000], help="how many; several sizes in turn")
    add("--databases", default="sqlite,postgresql")
    add("--as-generated", action="store_true", help="leave hidden what the generator hides")
    add("--quick", action="store_true", help="fewer rounds and random questions")
    add("--pages", action="store_true", help="also: is a record in mind among the first?")
    add("--no-slow", action="store_true", help="without LIKE and trigram")
    add("--rounds", type=int, default=7, help="timed calls of each question")
    add("--held-out", type=int, default=300, help="random questions")
    add("--seed", type=int, default=20261124, help="of the random questions")
    add("--keep", type=Path, help="make files there and use them again; SQLite only")
    add("--json", type=Path, help="write the line there, with every question's times")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.held_out = 3, 60
    return options


class _Run:
    """One size."""

    def __init__(self, options: argparse.Namespace, held: ExitStack, records: int) -> None:
        self.is_right = True
        self._options = options
        folder = _folder(options, held)
        self._catalogue = catalogue.make(folder, records, as_generated=options.as_generated)
        self._stores = Stores(held, folder, self._catalogue)
        self._told: dict[str, Any] = {"records": records, "visible": self._catalogue.visible}
        self._told["data"] = self._catalogue.made

    def go(self) -> dict[str, Any]:
        """Run everything and return the figures."""
        made, options = self._catalogue, self._options
        print(f"\n== {made.records:,} records ({made.made}), {made.visible:,} visible ==")
        databases = self._stores.open(options.databases.split(","))
        if not databases:
            sys.exit("there is no database to look in")
        self._told["databases"] = self._stores.figures
        self._told["postgresql"] = self._stores.settings
        _print(report.imports(self._stores.figures, self._stores.settings))
        mine = [Ours(database) for database in databases.values()]
        rivals = self._rivals(next(iter(databases.values())))
        self._weigh([one for one in rivals if not isinstance(one, Like)])
        sample = made.sample(_SAMPLE, seed=options.seed)
        asked = questions.named(sample)
        asked += questions.held_out(sample, seed=options.seed, count=options.held_out)
        times = self._times([*mine, *rivals], asked)
        self._compare(mine, rivals, asked, times, sample)
        self._change(databases)
        return self._told

    def _rivals(self, database: Database) -> list[Any]:
        folder = self._stores.folder
        found: list[Any] = []
        if IS_INSTALLED:
            found.append(Tantivy(folder / "tantivy", entries(database)))
            found.append(TantivyPhrases(folder / "tantivy-positions", entries(database)))
        else:
            print("skipped: tantivy: not installed (group `bench` in pyproject.toml)")
        if self._options.no_slow:
            return found
        found.append(Trigram(folder / "trigram.db", entries(database)))
        return [*found, Like(self._stores.sqlite)] if self._stores.sqlite.exists() else found

    def _weigh(self, rivals: Sequence[Trigram | Tantivy]) -> None:
        indexed = next(iter(self._stores.figures.values()))["entries"]
        for one in rivals:
            per_entry = one.index_bytes / max(one.entries, 1)
            print(f"  {one.name:15} index {one.index_bytes / 1e6:.1f} MB, {per_entry:.1f} an entry")
            if one.entries != indexed:
                message = f"{one.name} has {one.entries} of {indexed}: delete {self._stores.folder}"
                raise RuntimeError(message)
        self._told["rivals_index_bytes"] = {one.name: one.index_bytes for one in rivals}

    def _times(self, engines: Sequence[Engine], asked: Sequence[Question]) -> measure.Times:
        every, chosen = range(len(asked)), report.groups(asked)
        slow = [engine for engine in engines if isinstance(engine, Like | Trigram)]
        quick = [engine for engine in engines if engine not in slow]
        rounds = self._options.rounds
        taken = measure.take_times(quick, asked, every, rounds=rounds)
        if slow:
            is_large = self._catalogue.records >= _SLOW_FROM
            some = [*chosen["named, all"], *chosen["held out"][:: 10 if is_large else 4]]
            taken.add(
                measure.take_times(
                    slow, asked, some, rounds=1 if is_large else 3, warm=not is_large
                )
            )
        works = {engine.name: engine.work for engine in engines}
        _print(report.latencies(taken.median, works, chosen))
        ratios = report.ratios(taken.median, chosen)
        undisturbed = report.ratios(taken.fastest, chosen)
        _print(report.ratio_lines(ratios, undisturbed))
        _print(report.kinds(taken.median, asked))
        self._told |= {"rounds": rounds, "ratios": ratios, "ratios_of_fastest": undisturbed}
        self._told["ms"] = report.summaries(taken.median, chosen)
        self._told["ms_fastest"] = report.summaries(taken.fastest, chosen)
        return taken.median

    def _compare(
        self,
        mine: Sequence[Ours],
        rivals: Sequence[Engine],
        asked: Sequence[Question],
        times: measure.Times,
        sample: Sequence[catalogue.Raw],
    ) -> None:
        rows = truth.Rows(self._catalogue.rows())
        expected = truth.expected(rows, asked)
        _print(report.slowest(times, asked, [len(keys) for keys in expected]))
        self._told["each"] = [
            {"kind": one.kind, "text": one.text, "hits": len(keys)}
            | {name: taken[place] for name, taken in times.items() if place in taken}
            for place, (one, keys) in enumerate(zip(asked, expected, strict=True))
        ]
        compared = {one.name: truth.compare(one, asked, expected) for one in mine}
        _print(report.comparisons(compared))
        self.is_right = not any(one.deviations for one in compared.values())
        for rival in (one for one in rivals if type(one) is Tantivy):
            wrong = rival.wrong_totals(asked, [len(keys) for keys in expected])
            print(f"  {rival.name:18} {wrong} of {len(asked)} totals wrong: pairs that stand apart")
            self._told["tantivy_totals_wrong"] = wrong
        self._told["compared"] = {name: one.as_json() for name, one in compared.items()}
        if self._options.pages:
            engines: list[Engine] = [*mine, *(one for one in rivals if isinstance(one, Tantivy))]
            seed = self._options.seed
            ranks = ranking.known_items(engines, sample[:300], rows.title, seed=seed)
            _print(report.ranks(ranks))
            self._told["known_items"] = ranks

    def _change(self, databases: dict[str, Database]) -> None:
        count = 50 if self._options.quick else 300
        seed = self._options.seed
        found = {}
        for name, database in databases.items():
            chosen = self._stores.spare() if self._options.keep and name == "sqlite" else database
            found[name] = changing.take_costs(chosen, seed=seed, count=count)
        _print(report.costs(found))
        self._told["updates_ms"] = {
            name: {way: asdict(cost) for way, cost in ways.items()} for name, ways in found.items()
        }


def _folder(options: argparse.Namespace, held: ExitStack) -> Path:
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return Path(options.keep)
    return Path(held.enter_context(tempfile.TemporaryDirectory(prefix="wx-archive-bench-")))


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
