"""Taking the catalogue into a database, in a process of its own so that its memory can be told.

    python -m benchmarks.looking.importing DATABASE_URL FILE

Prints one line of JSON.
"""

import hashlib
import json
import resource
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from benchmarks.looking.catalogue import PROJECT
from wx_archive.catalogue.service import Importer
from wx_archive.core import schema
from wx_archive.core.database import Database

SECRET: Final = "benchmark"  # noqa: S105 -- keys public ids that nobody sees
_SIZES: Final = {
    "sqlite": "SELECT sum(length(block)) FROM search_fts_data",
    "postgresql": "SELECT pg_relation_size('ix_search_entry_tokens')",
}
_WHOLE: Final = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def fingerprint() -> str:
    """Return a name for what decides how an index looks, so that an older one is not taken."""
    catalogue = PROJECT / "wx_archive" / "catalogue"
    files = [catalogue / f"{name}.py" for name in ("index", "models", "rules", "tokens")]
    files += sorted((PROJECT / "wx_archive" / "migrations" / "versions").glob("*.py"))
    told = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    return told.hexdigest()[:12]


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database, so that what is done to it harms nobody."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def import_apart(url: str, path: Path) -> dict[str, Any]:
    """Import in another process and return its figures."""
    command = [sys.executable, "-m", "benchmarks.looking.importing", url, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=PROJECT)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def sizes(connection: Connection) -> dict[str, Any]:
    """Return how much there is: entries, bytes of the index, bytes of the whole database."""
    dialect = connection.dialect.name
    entries = connection.execute(text("SELECT count(*) FROM search_entry")).scalar_one()
    taken = connection.execute(text(_SIZES[dialect])).scalar_one()
    return {
        "entries": entries,
        "index_bytes": taken,
        "index_bytes_per_entry": taken / max(entries, 1),
        "database_bytes": connection.execute(text(_WHOLE[dialect])).scalar_one(),
    }


def main(url: str, path: Path) -> int:
    """Import and print the figures."""
    database = Database(url)
    schema.upgrade(database)
    started = time.perf_counter()
    report = Importer(database, SECRET).records(path)
    took_s = time.perf_counter() - started
    database.dispose()
    if report.bad or report.added != report.read:
        print(report.bad[:3], file=sys.stderr)
        return 1
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"records": report.read, "import_s": took_s, "peak_rss_mb": peak_mb}
    print(json.dumps(told | {"rows_per_s": report.read / took_s}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
