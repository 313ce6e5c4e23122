"""Whatever contains the words is found, nothing else, on both databases in the same order."""

import gzip
import json
import random
import re
from itertools import islice
from pathlib import Path

import pytest

from tests.builders import SECRET, Row, a_file
from wx_archive.catalogue import search
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Disclosure
from wx_archive.catalogue.service import Importer
from wx_archive.catalogue.tokens import normalise, words
from wx_archive.core import clock
from wx_archive.core.database import Database

PROJECT = Path(__file__).parents[2]
DEMO = PROJECT / "content" / "demo"
REAL = PROJECT.parent / "shared" / "data" / "current_documents.jsonl.gz"
HAN = re.compile("[\u3400-\u9fff]")
UNCLEAR = re.compile(r"\d{4}|[〇零一二三四五六七八九]{4}")
"""Years filter by date and may be spelled in two ways: tested elsewhere."""


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


FIELDS = ("title", "doc_no", "responsible", "keywords", "abstract", "issuer", "category", "body")


def texts(row: Row) -> list[str]:
    """Return every normalised text of a row, hidden or not."""
    return [normalise(str(row[name])) for name in FIELDS if row.get(name)]


def public_texts(row: Row) -> list[str]:
    """Return the normalised texts of a row that the public may search; none if it is hidden."""
    if "ref_code" in row:
        return texts(row) if row["open"] == 1 and row["livelihood"] == 0 else []
    match row.get("openness", "full"):
        case "full":
            return texts(row)
        case "partial":
            return texts(row | {"body": ""})
        case _:
            return []


def fragments(all_texts: list[list[str]], *, seed: int, count: int) -> list[str]:
    """Return seeded pieces of 2 to 6 characters and pairs of them."""
    chance = random.Random(seed)  # noqa: S311 -- a seeded sample
    found: list[str] = []
    pieces: list[str] = []
    while len(found) < count:
        run = chance.choice(words(chance.choice(chance.choice(all_texts))) or ["-"])
        start = chance.randrange(len(run))
        piece = run[start : start + chance.randint(2, 6)]
        ends_in_han = HAN.match(piece[0]) and HAN.match(piece[-1])  # Latin runs are found whole
        if len(piece) < 2 or UNCLEAR.search(piece) or not ends_in_han:
            continue
        pieces.append(piece)
        found.append(f"{piece} {chance.choice(pieces)}" if chance.random() < 0.3 else piece)
    return found


def found_by_scan(query: str, searchable: dict[str, list[str]]) -> set[str]:
    wanted = query.split()
    return {
        key
        for key, fields in searchable.items()
        if all(any(word in field for field in fields) for word in wanted)
    }


def found_by_search(database: Database, query: str) -> list[str]:
    """Return the public ids of all that is found, in order."""
    with database.reads() as connection:
        found = search.search(connection, understand(query), today=clock.today(), limit=1_000)
    assert found.total == len(found.hits)
    return [hit.pid for hit in found.hits]


def pids(database: Database) -> dict[str, str]:
    """Return which row each public id stands for."""
    with database.engine.connect() as connection:
        return {
            pid: f"{table}/{key}"
            for table in ("document", "record")
            for pid, key in connection.exec_driver_sql(f"SELECT pid, source_key FROM {table}")  # noqa: S608
        }


def check(databases: tuple[Database, Database], all_rows: dict[str, Row], *, seed: int) -> None:
    searchable = {key: public_texts(row) for key, row in all_rows.items()}
    known = pids(databases[0])
    assert pids(databases[1]) == known
    queries = fragments([texts(row) for row in all_rows.values()], seed=seed, count=200)
    assert sum(" " in query for query in queries) > 30
    for query in queries:
        expected = found_by_scan(query, searchable)
        results = [found_by_search(database, query) for database in databases]
        assert results[0] == results[1], query
        assert {known[pid] for pid in results[0]} == expected, query
        assert len(results[0]) == len(expected), query


def test_the_demo_catalogue_is_found_whole_and_nothing_hidden(
    both_databases: tuple[Database, Database],
) -> None:
    documents, records = rows(DEMO / "documents.jsonl"), rows(DEMO / "records.jsonl")
    for database in both_databases:
        Importer(database, SECRET).documents(DEMO / "documents.jsonl")
        Importer(database, SECRET).records(DEMO / "records.jsonl")
    everything = {f"document/{row['id']}": row for row in documents}
    everything |= {f"record/{row['id']}": row for row in records}
    assert sum(not public_texts(row) for row in everything.values()) > 20
    check(both_databases, everything, seed=20261123)


@pytest.mark.skipif(not REAL.exists(), reason="the folder of real data is not here")
def test_real_documents_are_found_whole(
    both_databases: tuple[Database, Database], tmp_path: Path
) -> None:
    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        real = [json.loads(line) for line in islice(file, 0, 3_500, 17)]
    real = [row | {"body": row["body"][:6_000]} for row in real]
    path = a_file(tmp_path / "real.jsonl", real)
    for database in both_databases:
        report = Importer(database, SECRET, openness=Disclosure.FULL).documents(path)
        assert report.added == len(real) > 200
    check(both_databases, {f"document/{row['id']}": row for row in real}, seed=7)
