"""How fast are imports and lookups, beside what a user would pick instead: `LIKE '%words%'`.

    python benchmarks/lookup.py [DOCUMENTS.jsonl[.gz]]

Without a file the public documents in `../shared/data` are used where they are, else the sample
site's invented catalogue, sixteen times over. One run, one machine: read the ratios.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from wx_archive.catalogue import tokens
from wx_archive.catalogue.rules import Disclosure
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.lookup import service

PROJECT = Path(__file__).parent.parent
SHARED = PROJECT.parent / "shared" / "data" / "current_documents.jsonl.gz"
QUESTIONS = (
    "公积金", "档案", "养犬", "烟花爆竹", "个人信息保护", "义务教育", "工伤保险", "物业管理",
    "住房公积金管理条例", "人民政府", "残疾人 就业", "食品安全 处罚", "档案法", "消防", "土地 征收",
    "道路交通安全", "野生动物", "城市绿化", "水库 移民", "不存在的词语",
)  # fmt: skip
REPEATS = 7


def main() -> None:
    """Print a table and one line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/archive.db")
        schema.upgrade(database)
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else _documents(Path(folder))
        started = time.perf_counter()
        report = Importer(database, "benchmark", openness=Disclosure.FULL).documents(path)
        import_s = time.perf_counter() - started
        figures = _lookups(database)
        database.dispose()
    ours, like = figures["ours"], figures["like"]
    print(f"documents {report.read}, import {import_s:.1f} s")
    for name, values in figures.items():
        print(f"{name:5} p50 {_at(values, 50):8.2f} ms   p99 {_at(values, 99):8.2f} ms")
    ratio = statistics.mean(like) / statistics.mean(ours)
    print(f"LIKE takes {ratio:.1f} times as long (mean)")
    print(json.dumps({"documents": report.read, "import_s": import_s, "like_over_ours": ratio}))


def _documents(folder: Path) -> Path:
    if SHARED.exists():
        return SHARED
    lines = (PROJECT / "content/demo/documents.jsonl").read_text(encoding="utf-8").splitlines()
    path = folder / "documents.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for copy in range(16):
            for line in lines:
                row = json.loads(line)
                row["id"] += f"-{copy}"
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def _lookups(database: Database) -> dict[str, list[float]]:
    site, today = Site(PROJECT, "http://127.0.0.1"), clock.today()
    found: dict[str, list[float]] = {"ours": [], "like": []}
    with database.reads() as connection:
        for question in QUESTIONS:
            words = tokens.words(tokens.normalise(question))
            clauses = " AND ".join(f"hay LIKE :w{index}" for index in range(len(words)))
            statement = text(
                "SELECT e.id, e.title FROM search_entry e JOIN search_text t ON t.entry_id = e.id "
                f"WHERE {clauses} ORDER BY e.id DESC LIMIT 1001"
            )
            values = {f"w{index}": f"%{word}%" for index, word in enumerate(words)}
            found["ours"] += _timed(
                lambda question=question: service.find(connection, site, question, today=today)
            )
            found["like"] += _timed(
                lambda statement=statement, values=values: connection.execute(
                    statement, values
                ).all()
            )
    return found


def _timed(call: Callable[[], object]) -> list[float]:
    call()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times)]


def _at(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
