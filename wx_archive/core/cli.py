"""What every command shares: `--json`, and finding the installation it works on."""

import json
from typing import Any

import click

from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

as_json = click.option("--json", "json_wanted", is_flag=True, help="以一个 JSON 文档输出")


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def settings_of_installation() -> Settings:
    """Return the settings, with the demo's account where the data folder is the demo's."""
    settings = Settings.load()
    if settings.wechat_app_id or settings.database_url.get_secret_value():
        return settings
    database = Database(settings.database)
    try:
        is_demo = schema.is_demo(database)
    finally:
        database.dispose()
    return Settings.for_demo() if is_demo else settings
