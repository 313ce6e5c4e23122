"""What it costs to close one record and to open it again, in the full index."""

import random
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from benchmarks.looking.measure import nearest_rank
from wx_archive.catalogue import index
from wx_archive.catalogue.models import Record, SearchEntry
from wx_archive.catalogue.rules import Kind
from wx_archive.core import clock
from wx_archive.core.database import Database


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of the index's part alone, and of the whole transaction with its commit."""

    p50: float
    p99: float
    whole_p50: float
    whole_p99: float


def take_costs(database: Database, *, seed: int, count: int) -> dict[str, Cost]:
    """Close and open so many records picked by chance, each in a transaction of its own."""
    closing: list[tuple[float, float]] = []
    opening: list[tuple[float, float]] = []
    today = clock.today()
    for record in _records(database, seed=seed, count=count):
        started = time.perf_counter()
        with database.begin() as session:
            connection, began = session.connection(), time.perf_counter()
            removed = index.remove_targets(connection, Kind.RECORD, [record.id])
            ended = time.perf_counter()
        closing.append((ended - began, time.perf_counter() - started))
        started = time.perf_counter()
        with database.begin() as session:
            connection, began = session.connection(), time.perf_counter()
            added = index.add(connection, [record], today=today)
            ended = time.perf_counter()
        opening.append((ended - began, time.perf_counter() - started))
        if (removed, added) != (1, 1):
            message = f"record {record.source_key}: {removed} removed, {added} added"
            raise RuntimeError(message)
    return {"close": _cost(closing), "open": _cost(opening)}


def _records(database: Database, *, seed: int, count: int) -> list[Any]:
    with database.reads() as connection:
        is_listed = select(SearchEntry.target_id).where(SearchEntry.kind == Kind.RECORD.value)
        ids = list(connection.scalars(is_listed))
        chance = random.Random(seed)  # noqa: S311 -- a seeded sample
        chosen = chance.sample(sorted(ids), min(count, len(ids)))
        table = Record.__table__
        return [connection.execute(select(table).where(table.c.id == one)).one() for one in chosen]


def _cost(times_s: list[tuple[float, float]]) -> Cost:
    inner = sorted(index_s * 1000 for index_s, _whole_s in times_s)
    whole = sorted(whole_s * 1000 for _index_s, whole_s in times_s)
    return Cost(*(nearest_rank(one, percent) for one in (inner, whole) for percent in (50, 99)))
