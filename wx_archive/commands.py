"""The commands that end by themselves: what `wx-archive` knows beside the processes that serve."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
import requests
from pydantic import SecretStr

from wx_archive import demo, features
from wx_archive.catalogue import staging
from wx_archive.catalogue.decisions_cli import catalogue, documents
from wx_archive.catalogue.files import load_livelihood
from wx_archive.catalogue.topics import load_topics
from wx_archive.catalogue.words import synonym_file
from wx_archive.catalogue.words.cli import synonyms_command
from wx_archive.chat.replies import load_replies
from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.database import Database
from wx_archive.core.errors import ArchiveError
from wx_archive.core.services import open_services, site_of
from wx_archive.core.settings import Settings
from wx_archive.core.workdays import calendar_of
from wx_archive.followers import consents, interests
from wx_archive.guide import service as guide
from wx_archive.guide.profile import as_yaml
from wx_archive.media.objects import open_objects
from wx_archive.menu import service as menu
from wx_archive.publishing import files as publishing
from wx_archive.publishing import piece_templates, sensitive
from wx_archive.publishing.calendar import plan_of
from wx_archive.publishing.sync import sync
from wx_archive.quiz import bank_check
from wx_archive.simulator.phone import Bubble, Phone, PhoneRefusedError


@click.command(help="在终端里和公众号对话。")
def chat() -> None:
    """Talk to the account in the terminal."""
    settings = Settings.for_demo()
    url = f"http://127.0.0.1:{settings.simulator_port}"
    with _a_simulator(url) as address:
        phone = Phone(address, nickname="终端")
        _show(phone.follows())
        click.echo("（打字回车发送；/菜单 路径 点菜单，如 /菜单 服务大厅/档案查询；空行结束）")
        while words := click.prompt("我", default="", show_default=False).strip():
            path = words.removeprefix("/菜单").strip()
            try:
                _show(phone.taps(path) if words.startswith("/菜单") else phone.says(words))
            except PhoneRefusedError as err:
                click.echo(f"（{err}）")
        phone.unfollows()


@contextmanager
def _a_simulator(url: str) -> Iterator[str]:
    try:
        requests.get(f"{url}/sim/state", timeout=1).raise_for_status()
    except requests.RequestException:
        own = Settings.for_demo(
            port=(port := demo.free_port()),
            simulator_port=(other := demo.free_port()),
            public_url=f"http://127.0.0.1:{port}",
            wechat_api_url=f"http://127.0.0.1:{other}",
        )
        demo.prepare(own)
        with demo.in_process(own) as running:
            yield running.simulator_url
        return
    yield url


def _show(bubbles: list[Bubble]) -> None:
    for bubble in bubbles:
        for line in bubble.visible_text.splitlines():
            click.echo(f"  {line}")


# -- settings, database, files ----------------------------------------------------------------


@click.group(help="设置。")
def config() -> None:
    """Collect the commands on settings."""


@config.command("show", help="列出生效的设置，密码不显示。")
@as_json
def config_show(*, json_wanted: bool) -> None:
    """Print the settings in force, secrets hidden."""
    settings = Settings.load()
    values = {name: _shown(getattr(settings, name)) for name in type(settings).model_fields}
    if json_wanted:
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"WX_ARCHIVE_{name.upper()}={value}")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "（已设置）" if value.get_secret_value() else ""
    return "" if value is None else str(value)


@click.group(help="数据库。")
def db() -> None:
    """Collect the commands on the database."""


@db.command("upgrade", help="建立数据库，或升级到这个版本。")
def db_upgrade() -> None:
    """Make or upgrade the database."""
    database = Database(Settings.load().database)
    schema.upgrade(database)
    staging.restore_index(database)
    database.dispose()
    click.echo("数据库已是最新结构。")


@click.command(help="离线检查菜单、文章、指南、题库、固定答复、近义词、兴趣主题、同意书。")
@as_json
def check(*, json_wanted: bool) -> None:
    """Check every file of the site, offline."""
    _report_check(_check_site(), json_wanted=json_wanted)


@click.group(help="文章与指南。")
def content() -> None:
    """Collect the commands on content."""


@content.command("check", help="检查 content/ 里的文件。")
@as_json
def content_check(*, json_wanted: bool) -> None:
    """Check the files of the site."""
    _report_check(_check_site(), json_wanted=json_wanted)


@content.command("export", help="把管理台里改过的本馆资料写回 content/site.yaml。")
def content_export() -> None:
    """Write what staff edited of the profile back to its file."""
    with open_services(Settings.load()) as services:
        schema.require_current(services.database, demo=True)
        path = services.site.profile_path
        before = path.read_text(encoding="utf-8-sig")
        path.write_text(as_yaml(services.site.profile, before), encoding="utf-8")
    click.echo(f"已写回 {path}；每一项上面的说明还在，写在值后面的没有了。")


@content.command(
    "sync", help="把 content/ 里新写的、改过的稿子收进来；管理台里改过的以管理台为准。"
)
@as_json
def content_sync(*, json_wanted: bool) -> None:
    """Take in the pieces that files hold."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        done = sync(
            services.database, open_objects(services.settings), services.site, now=clock.now()
        )
    if json_wanted:
        print_json(asdict(done))
        return
    said = {
        "收进来": done.added,
        "更新": done.changed,
        "没有变": done.unchanged,
        "管理台里改过，没有覆盖": done.conflicts,
        "文件不在了，稿子还在": done.missing,
    }
    for words, pids in said.items():
        click.echo(
            f"{words} {len(pids)} 篇" + (f"：{'、'.join(pids)}" if 0 < len(pids) < 9 else "")
        )


def _check_site() -> tuple[dict[str, int], list[str]]:
    site = site_of(Settings.load())
    counts: dict[str, int] = {}
    problems: list[str] = []
    checks: dict[str, Callable[[], int]] = {
        "profile": lambda: bool(site.profile),
        "replies": lambda: bool(load_replies(site.folder)),
        "synonyms": lambda: len(synonym_file.read(site.content / "synonyms.yaml")),
        "topics": lambda: sum(map(len, load_topics(site.content / "topics.yaml").values())),
        "livelihood": lambda: load_livelihood(site.content / "livelihood.yaml").count,
        "pieces": lambda: publishing.check(site),
        "wording": lambda: sensitive.check(site),
        "guides": lambda: len(guide.guides(site)) if guide.for_words(site, "") is None else 0,
        "calendar": lambda: plan_of(site.content).count,
        "workdays": lambda: len(calendar_of(site.content).years),
        "interests": lambda: interests.check(site),
        "piece_templates": lambda: piece_templates.check(site),
        "consents": lambda: consents.check(site),
        "quiz_bank": lambda: bank_check.check(site),
        "menu": lambda: len(menu.read(site, features.dispatcher().answers_click)),
    }
    for name, run in checks.items():
        try:
            counts[name] = int(run())
        except ArchiveError as err:
            problems += str(err).splitlines()
    return counts, problems


def _report_check(result: tuple[dict[str, int], list[str]], *, json_wanted: bool) -> None:
    counts, problems = result
    if json_wanted:
        print_json({"ok": not problems, "counts": counts, "problems": problems})
    else:
        click.echo("  ".join(f"{name} {number}" for name, number in counts.items()))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)


COMMANDS: dict[str, click.Command] = {
    str(command.name): command
    for command in (
        *(chat, config, db, check, content, documents, catalogue, synonyms_command),
        *features.commands(),
    )
}
"""Every one of them by name."""
