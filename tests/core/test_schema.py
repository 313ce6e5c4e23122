"""The schema: upgrades change nothing twice, models equal migrations, foreign ones are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import MetaData, text

import wx_archive.migrations
from wx_archive import app, features
from wx_archive.core import schema
from wx_archive.core.database import Base, Database
from wx_archive.core.schema import SchemaError
from wx_archive.core.settings import Profile, Settings

assert features.FEATURES, "importing the features brings in every model"
NOT_MODELLED = ("search_fts", "state_entry", "tokens", "ix_search_entry_tokens")


def migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(wx_archive.migrations.__path__[0])))
    return ScriptDirectory.from_config(config)


def picture(database: Database) -> list[tuple[Any, ...]]:
    """Return everything the catalogue of the database tells about its schema."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        else:
            query = (
                "SELECT table_name, column_name, data_type, is_nullable, column_default "
                "FROM information_schema.columns WHERE table_schema = 'public' "
                "UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes "
                "WHERE schemaname = 'public' ORDER BY 1, 2"
            )
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    before = picture(database)
    assert before
    schema.upgrade(database)
    assert picture(database) == before
    schema.require_current(database, demo=False)


def test_the_models_equal_the_migrations(database: Database) -> None:
    def told(obj: Any, name: str | None, kind: str, *_: object) -> bool:
        del obj
        return not (kind in {"table", "column", "index"} and (name or "").startswith(NOT_MODELLED))

    with database.engine.connect() as connection:
        options = {"include_object": told, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        metadata: MetaData = Base.metadata
        assert compare_metadata(context, metadata) == []


def test_there_is_exactly_one_newest_migration() -> None:
    assert len(migrations().get_heads()) == 1
    assert migrations().get_current_head() == schema.HEAD


def test_an_empty_database_is_refused_with_the_remedy(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'archive.db'}")
    with pytest.raises(SchemaError, match="wx-archive db upgrade"):
        schema.require_current(database, demo=True)
    database.dispose()


def test_an_older_and_a_newer_schema_are_refused(database: Database) -> None:
    for revision in ("20200101_older", "20990101_newer"):
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        with pytest.raises(SchemaError, match="wx-archive db upgrade"):
            schema.require_current(database, demo=True)


def test_invented_data_is_refused_in_a_real_account(database: Database) -> None:
    assert not schema.is_demo(database)
    schema.mark_demo(database)
    schema.mark_demo(database)
    assert schema.is_demo(database)
    schema.require_current(database, demo=True)
    with pytest.raises(SchemaError, match="演示用的数据库"):
        schema.require_current(database, demo=False)


def test_an_empty_database_is_no_demo(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'archive.db'}")
    assert not schema.is_demo(database)
    database.dispose()


def real(settings: Settings) -> Settings:
    """Turn a demo's settings into a real account's on the same data."""
    return settings.model_copy(
        update={
            "profile": Profile.PRODUCTION,
            "public_url": "https://archive.example.org",
            "wechat_token": SecretStr("a-real-token"),
            "wechat_app_id": "wx1234567890abcdef",
            "wechat_app_secret": SecretStr("a-real-secret"),
            "wechat_aes_key": SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
            "wechat_original_id": "gh_1234567890ab",
        }
    )


def test_an_account_does_not_start_on_the_demos_data(
    demo_settings: Callable[..., Settings],
) -> None:
    with pytest.raises(SchemaError, match="演示用的数据库"):
        app.build(real(demo_settings()))


def test_an_account_does_not_start_on_an_old_schema(
    demo_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    empty = SecretStr(f"sqlite:///{tmp_path / 'empty.db'}")
    for settings in (demo_settings(database_url=empty), real(demo_settings(database_url=empty))):
        with pytest.raises(SchemaError, match="wx-archive db upgrade"):
            app.build(settings)


def test_a_real_account_starts_on_its_own_data(
    demo_settings: Callable[..., Settings], sqlite_url: str
) -> None:
    app.build(real(demo_settings(database_url=SecretStr(sqlite_url)))).close()
