"""The databases: filled by the product's own importer, weighed, gone again at the end."""

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Connection, text

from benchmarks.looking import importing
from benchmarks.looking.catalogue import Catalogue
from tests import services
from wx_archive.core.database import Database

PRODUCTION_LIKE: Final = ("shared_buffers=1GB", "random_page_cost=1.1", "fsync=on")
_TOLD: Final = ("server_version", "shared_buffers", "random_page_cost", "fsync", "jit")


class Stores:
    """The databases of one catalogue.

    Attributes:
        folder: where SQLite's file is, and the indexes of rivals; named by what decides how an
            index looks, so that a kept one is taken only as long as that is the same.
        sqlite: SQLite's file.
        figures: by database, what importing cost and what lies there now.
        settings: of PostgreSQL.
    """

    def __init__(self, held: ExitStack, folder: Path, catalogue: Catalogue) -> None:
        self._held = held
        self._catalogue = catalogue
        self.folder = folder / f"{catalogue.path.stem}-{importing.fingerprint()}"
        self.folder.mkdir(exist_ok=True)
        self.sqlite = self.folder / "archive.db"
        self.figures: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, str] = {}

    def open(self, names: Sequence[str]) -> dict[str, Database]:
        """Return the databases that can be had here, filled."""
        found: dict[str, Database] = {}
        for name in names:
            try:
                url, self.figures[name] = self._filled(name)
            except (pytest.skip.Exception, pytest.fail.Exception) as err:
                print(f"skipped: {name}: {err}")
                continue
            found[name] = Database(url)
            self._held.callback(found[name].dispose)
            self._weigh(name, found[name])
        return found

    def spare(self) -> Database:
        """Return a copy of SQLite's database, so that what is done to it harms no later run."""
        folder = self._held.enter_context(tempfile.TemporaryDirectory(dir=self.folder))
        path = Path(folder) / "archive.db"
        importing.copy_sqlite(self.sqlite, path)
        database = Database(f"sqlite:///{path}")
        self._held.callback(database.dispose)
        return database

    def _filled(self, name: str) -> tuple[str, dict[str, Any]]:
        if name != "sqlite":
            server = self._held.enter_context(services.postgres(*PRODUCTION_LIKE))
            url = self._held.enter_context(_postgres_database(server))
            return url, importing.import_apart(url, self._catalogue.path)
        figures = {} if self.sqlite.exists() else self._fill_sqlite()
        return f"sqlite:///{self.sqlite}", figures

    def _fill_sqlite(self) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=self.folder) as unfinished:
            path = Path(unfinished) / "archive.db"
            figures = importing.import_apart(f"sqlite:///{path}", self._catalogue.path)
            path.rename(self.sqlite)
        return figures

    def _weigh(self, name: str, database: Database) -> None:
        engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            if name == "postgresql":
                self._settle(connection)
            self.figures[name] |= importing.sizes(connection)

    def _settle(self, connection: Connection) -> None:
        """Do what autovacuum would do before long, and note the settings."""
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("RESET statement_timeout"))
        for name in _TOLD:
            self.settings[name] = str(connection.execute(text(f"SHOW {name}")).scalar_one())


@contextmanager
def _postgres_database(server: str) -> Iterator[str]:
    """Yield the address of a new database of this server."""
    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield f"{server}/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
