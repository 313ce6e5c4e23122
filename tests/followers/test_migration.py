"""Upgrading an installation that already has followers: how they first came is kept."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, column, insert, table

import wx_archive.migrations
from wx_archive.core import schema
from wx_archive.core.database import Database, Instant
from wx_archive.followers import service as followers

OLD = table(
    "follower",
    column("id"),
    column("openid"),
    column("scene"),
    column("is_following", Boolean()),
    column("changed_at"),
    column("first_seen_at", Instant()),
    column("last_seen_at", Instant()),
)
MOMENT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SINCE = {"is_following": True, "changed_at": 5, "first_seen_at": MOMENT, "last_seen_at": MOMENT}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if request.param == "postgresql":
        server, name = str(request.getfixturevalue("postgres_server")), f"old_{uuid.uuid4().hex}"
        address = server.replace("+psycopg", "") + "/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url = f"{server}/{name}"
    opened = Database(url)
    yield opened
    opened.dispose()


def test_the_scene_of_a_follower_becomes_their_first_arrival(empty: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(wx_archive.migrations.__path__[0])))
    with empty.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "20261123_quota")
        connection.execute(
            insert(OLD),
            [
                {"id": 1, "openid": "o1", "scene": "poster", **SINCE},
                {"id": 2, "openid": "o2", "scene": None, **SINCE},
            ],
        )
    schema.upgrade(empty)
    with empty.begin() as session:
        (told,) = followers.by_scene(session.connection())
        assert (told.scene, told.people, told.came_first) == ("poster", 1, 1)
        assert told.first_at == MOMENT
        assert followers.may_receive(session, 1)
        assert followers.may_receive(session, 2)
