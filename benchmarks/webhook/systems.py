"""The systems that are compared, and how each is started: always afresh, on empty stores."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg
import yaml
from pydantic import SecretStr
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.webhook.processes import server
from benchmarks.webhook.rivals.wechatpy_flask import Base, Entry
from wx_archive import demo
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.core.settings import DEMO_CREDENTIALS, Settings

PROJECT: Final = Path(__file__).parent.parent.parent
RIVALS: Final = Path(__file__).parent / "rivals"
CACHE: Final = Path(tempfile.gettempdir()) / f"wx-archive-benchmark-{os.getuid()}"
PYTHON_RIVALS: Final = ("WeRoBot==1.13.1", "gunicorn==27.0.1")
NODE_RIVALS: Final = ("co-wechat@2.4.0", "koa@2.16.4")
SAME_AS_OURS: Final = ("cryptography", "xmltodict")
INSTALL_WITHIN_S: Final = 300


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stores are that a system may use.

    Attributes:
        folder: temporary; everything a run writes is below it.
        postgres: address of the server, without a database; empty where there is none.
        redis: address; empty where there is none.
    """

    folder: Path
    postgres: str
    redis: str


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table.

    Attributes:
        start: runs it on a port, on cores, with so many workers; yields its process id.
        answers: it answers messages; bare Flask says `success` to everything.
        warm_up: messages before the first clock; node compiles while it runs and needs more.
        missing: why it cannot be run here; empty when it can.
    """

    name: str
    label: str
    start: Callable[[int, set[int], int], AbstractContextManager[int]]
    answers: bool = True
    warm_up: int = 500
    missing: str = ""


def systems(place: Place, wanted: Sequence[str]) -> list[System]:
    """Return the systems whose names begin with one of ``wanted``; all without any."""
    found = [*_ours(place), *_echoes(), *_wechatpy(place), _bare_flask()]
    kept = [one for one in found if not wanted or one.name.startswith(tuple(wanted))]
    return [_installed(one) for one in kept]


# -- ours -------------------------------------------------------------------------------------


def _ours(place: Place) -> list[System]:
    settings = _ours_settings(place.folder / "ours")
    demo.prepare(settings)
    return [
        System("ours-sqlite", "wx-archive, SQLite", _starts_ours(place, settings, "")),
        System(
            "ours-postgres",
            "wx-archive, PostgreSQL + Redis",
            _starts_ours(place, settings, _ours_template(place, settings)),
            missing="" if place.postgres and place.redis else "no PostgreSQL or no Redis",
        ),
    ]


def _ours_settings(folder: Path, **overrides: object) -> Settings:
    return Settings.for_demo(
        **({"data_dir": folder, "site_dir": PROJECT, "redis_url": SecretStr("")} | overrides)
    )


def _ours_template(place: Place, settings: Settings) -> str:
    if not place.postgres:
        return ""
    name = "ours_template"
    _postgres(place, f'CREATE DATABASE "{name}"')
    database = Database(f"{place.postgres}/{name}")
    schema.upgrade(database)
    schema.mark_demo(database)
    demo.load_sample(database, settings)
    database.dispose()
    return name


def _starts_ours(
    place: Place, prepared: Settings, template: str
) -> Callable[[int, set[int], int], AbstractContextManager[int]]:
    @contextmanager
    def start(port: int, cores: set[int], workers: int) -> Iterator[int]:
        folder = _fresh(place)
        shutil.copytree(prepared.data_dir, folder / "data")
        stores: dict[str, object] = {}
        if template:
            stores["database_url"] = SecretStr(_postgres_copy(place, template))
            stores["redis_url"] = SecretStr(_empty_redis(place))
        settings = _ours_settings(
            folder / "data",
            port=port,
            simulator_port=demo.free_port(),
            public_url=f"http://127.0.0.1:{port}",
            **stores,
        )
        command = [sys.executable, "-m", "wx_archive", "serve", "--workers", str(workers)]
        # Whatever is installed beside it: what is measured is this checkout.
        environment = settings.environment() | {"PYTHONPATH": str(PROJECT)}
        with server(command, environment, port=port, folder=folder, cores=cores) as pid:
            yield pid

    return start


# -- rivals -----------------------------------------------------------------------------------


def _echoes() -> list[System]:
    werobot: list[str | Path] = [
        CACHE / "python" / "bin" / "gunicorn", "--worker-class", "gthread", "--threads", "4",
        "--workers", "{workers}", "--bind", "127.0.0.1:{port}", "--log-level", "warning",
        "--pythonpath", RIVALS, "werobot_echo:application",
    ]  # fmt: skip
    node: list[str | Path] = ["node", CACHE / "node" / "cowechat_echo.js"]
    return [
        System("werobot", "WeRoBot 1.13.1 echo, gunicorn gthread t4", _starts(werobot)),
        System("node", "co-wechat 2.4 + koa 2 echo, node", _starts(node), warm_up=4_000),
    ]


def _wechatpy(place: Place) -> list[System]:
    rows = _catalogue()
    sqlite_url = f"sqlite:///{place.folder / 'catalogue.db'}"
    _fill(sqlite_url, rows)
    postgres_url = ""
    if place.postgres:
        _postgres(place, "CREATE DATABASE catalogue")
        postgres_url = f"{place.postgres}/catalogue"
        _fill(postgres_url, rows)
    command = _granian("wechatpy_flask:create_app", "--factory")
    no_redis = "" if place.redis else "no Redis"
    return [
        System(
            "wechatpy-sqlite",
            "wechatpy + Flask t4, SQLite",
            _starts(command, place, catalogue_url=sqlite_url, redis_url=""),
        ),
        System(
            "wechatpy-redis",
            "wechatpy + Flask t4, SQLite + Redis",
            _starts(command, place, catalogue_url=sqlite_url, redis_url=place.redis),
            missing=no_redis,
        ),
        System(
            "wechatpy-postgres",
            "wechatpy + Flask t4, PostgreSQL + Redis",
            _starts(command, place, catalogue_url=postgres_url, redis_url=place.redis),
            missing=no_redis or ("" if place.postgres else "no PostgreSQL"),
        ),
    ]


def _bare_flask() -> System:
    start = _starts(_granian("bare_flask:app"))
    return System("flask", "Flask saying «success», granian t4", start, answers=False)


def _granian(target: str, *options: str) -> list[str | Path]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", "{port}", "--workers", "{workers}", "--blocking-threads", "4",
        "--log-level", "warning", "--working-dir", RIVALS, *options, target,
    ]  # fmt: skip


def _starts(
    command: Sequence[str | Path], place: Place | None = None, **stores: str
) -> Callable[[int, set[int], int], AbstractContextManager[int]]:
    @contextmanager
    def start(port: int, cores: set[int], workers: int) -> Iterator[int]:
        with tempfile.TemporaryDirectory() as name:
            if place and stores.get("redis_url"):
                _empty_redis(place)
            filled = [str(part).format(port=port, workers=workers) for part in command]
            environment = _rival_environment(
                {**stores, "state_path": f"{name}/state.db", "port": port}
            )
            with server(filled, environment, port=port, folder=Path(name), cores=cores) as pid:
                yield pid

    return start


def _rival_environment(setup: Mapping[str, object]) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 -- PATH and the like, not settings
        if not name.startswith("WX_ARCHIVE_")
    }
    known = {
        "token": DEMO_CREDENTIALS["wechat_token"],
        "app_id": DEMO_CREDENTIALS["wechat_app_id"],
        "aes_key": DEMO_CREDENTIALS["wechat_aes_key"],
    }
    told = json.dumps({**known, **setup})
    return inherited | {"BENCHMARK_SETUP": told, "NODE_ENV": "production"}


def _catalogue() -> list[dict[str, str]]:
    """Return the demo's documents and the menu's entries, as a tutorial's table has them."""
    lines = (PROJECT / "content/demo/documents.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [
        {
            "number": row.get("doc_no") or "",
            "title": row["title"],
            "issuer": row.get("issuer") or "",
            "dated": row.get("date") or "",
            "summary": (row.get("body") or "")[:200],
        }
        for row in map(json.loads, lines)
    ]
    menu = yaml.safe_load((PROJECT / "menus/default.yaml").read_text(encoding="utf-8"))
    entries = [entry for column in menu["button"] for entry in column["sub_button"]]
    blank = {"issuer": "", "dated": "", "summary": "最新文章四篇。" * 20}
    return rows + [
        {"number": entry["key"], "title": entry["name"], **blank}
        for entry in entries
        if "key" in entry
    ]


def _fill(url: str, rows: Sequence[Mapping[str, str]]) -> None:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Entry(**row) for row in rows)
        session.commit()
    engine.dispose()


# -- installing rivals ------------------------------------------------------------------------


def _installed(system: System) -> System:
    """Return the system with what it needs installed, or with the reason why that failed."""
    install = {"werobot": _install_python, "node": _install_node}.get(system.name)
    if install is None or system.missing:
        return system
    try:
        install()
    except (OSError, subprocess.SubprocessError) as err:
        reason = f"cannot be installed here: {type(err).__name__}"
        return replace(system, missing=reason)
    return system


def _install_python() -> None:
    folder = CACHE / "python"
    wanted = [*PYTHON_RIVALS, *(f"{n}=={importlib.metadata.version(n)}" for n in SAME_AS_OURS)]
    if _is_ready(folder, wanted):
        return
    _run([sys.executable, "-m", "venv", "--clear", folder])
    _run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted])
    _mark_ready(folder, wanted)


def _install_node() -> None:
    folder = CACHE / "node"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy(RIVALS / "cowechat_echo.js", folder)  # node looks for modules beside the program
    if _is_ready(folder, NODE_RIVALS):
        return
    _run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *NODE_RIVALS]
    )
    _mark_ready(folder, NODE_RIVALS)


def _is_ready(folder: Path, wanted: Sequence[str]) -> bool:
    note = folder / "installed.json"
    return note.exists() and json.loads(note.read_text(encoding="utf-8")) == list(wanted)


def _mark_ready(folder: Path, wanted: Sequence[str]) -> None:
    (folder / "installed.json").write_text(json.dumps(list(wanted)), encoding="utf-8")


def _run(command: Sequence[str | Path]) -> None:
    CACHE.mkdir(exist_ok=True, mode=0o700)
    subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_WITHIN_S)


# -- stores -----------------------------------------------------------------------------------


def _fresh(place: Place) -> Path:
    return Path(tempfile.mkdtemp(dir=place.folder))


def _postgres_copy(place: Place, template: str) -> str:
    name = f"run_{uuid.uuid4().hex}"
    _postgres(place, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{place.postgres}/{name}"


def _postgres(place: Place, statement: str) -> None:
    address = place.postgres.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


def _empty_redis(place: Place) -> str:
    with Redis.from_url(place.redis) as client:
        client.flushdb()
    return place.redis
