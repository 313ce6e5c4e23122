"""`wx-archive …`: 0 done, 1 refused or failed (reason on stderr), 2 wrong usage."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
import requests
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from wx_archive import __version__, demo, features
from wx_archive.catalogue.cli import catalogue, documents
from wx_archive.catalogue.query import load_synonyms
from wx_archive.chat.replies import load_replies
from wx_archive.core import log, schema
from wx_archive.core.cli import as_json, print_json
from wx_archive.core.database import Database
from wx_archive.core.errors import ArchiveError, RefusedError
from wx_archive.core.processes import Supervisor, die_with_parent
from wx_archive.core.services import site_of
from wx_archive.core.settings import Profile, Settings
from wx_archive.guide import service as guide
from wx_archive.menu import service as menu
from wx_archive.publishing import service as publishing
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Bubble, Phone, PhoneRefusedError

logger = logging.getLogger(__name__)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]}, help="公共档案馆微信公众号后台。"
)
@click.version_option(__version__, prog_name="wx-archive")
@click.pass_context
def cli(context: click.Context) -> None:
    """Collect the commands."""
    context.obj = features.dispatcher().answers_click


def main() -> NoReturn:
    """Run the command line; every expected failure is one sentence and exit code 1."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as err:
        err.show()
        sys.exit(err.exit_code)
    except (ArchiveError, PhoneRefusedError) as err:
        click.echo(str(err), err=True)
        sys.exit(1)
    except OSError as err:
        click.echo(f"读写文件或网络时出错：{err}", err=True)
        sys.exit(1)
    except OperationalError as err:
        click.echo(f"数据库打不开或正忙：{err.orig}", err=True)
        sys.exit(1)
    sys.exit(0)


# -- running ----------------------------------------------------------------------------------


@cli.command("demo", help="演示：公众号和微信模拟器一起启动，什么都不用配置。")
def run_demo() -> None:
    """Run account and simulator together."""
    log.configure(json=False)
    sys.exit(demo.run(Settings.for_demo()))


@cli.command(help="启动公众号服务。")
@click.option("--workers", type=click.IntRange(1, 64), help="工作进程数")
@click.option("--with-parent", is_flag=True, hidden=True)
def serve(workers: int | None, *, with_parent: bool) -> None:
    """Run the account: a web server, started again should it end."""
    settings = Settings.load(servable=True)
    database = Database(settings.database)
    schema.require_current(database, demo=settings.profile is Profile.DEMO)
    database.dispose()
    is_production = settings.profile is Profile.PRODUCTION
    log.configure(json=is_production)
    if is_production and not settings.public_url:
        logger.warning("serve.no_public_url remedy=WX_ARCHIVE_PUBLIC_URL")
    count = workers or (2 if is_production else 1)
    if with_parent:
        die_with_parent()
        _serve_web(settings, count)
        return
    command = ("serve", "--workers", str(count))
    with Supervisor({"公众号": command}, settings.environment()) as tree:
        while tree.tend(pause_s=0.2):
            pass


def _serve_web(settings: Settings, workers: int) -> None:
    Granian(
        "wx_archive.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=workers,
        blocking_threads=4,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    ).serve()


@cli.command("simulator", hidden=True, help="微信模拟器；正式运行时不能启动。")
@click.option("--with-parent", is_flag=True, hidden=True)
def run_simulator(*, with_parent: bool) -> None:
    """Run the simulated WeChat."""
    settings = Settings.load()
    if settings.profile is Profile.PRODUCTION:
        raise RefusedError("模拟器只在演示和开发时使用，正式运行不能启动")
    if with_parent:
        die_with_parent()
    log.configure(json=False)
    simulator.serve(demo.simulator_config(settings), "127.0.0.1", settings.simulator_port)


@cli.command(help="在终端里和公众号对话。")
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


@cli.group(help="设置。")
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


@cli.group(help="数据库。")
def db() -> None:
    """Collect the commands on the database."""


@db.command("upgrade", help="建立数据库，或升级到这个版本。")
def db_upgrade() -> None:
    """Make or upgrade the database."""
    database = Database(Settings.load().database)
    schema.upgrade(database)
    database.dispose()
    click.echo("数据库已是最新结构。")


@cli.command(help="离线检查菜单、文章、指南、固定答复、近义词。")
@as_json
def check(*, json_wanted: bool) -> None:
    """Check every file of the site, offline."""
    _report_check(_check_site(), json_wanted=json_wanted)


@cli.group(help="文章与指南。")
def content() -> None:
    """Collect the commands on content."""


@content.command("check", help="检查 content/ 里的文件。")
@as_json
def content_check(*, json_wanted: bool) -> None:
    """Check the files of the site."""
    _report_check(_check_site(), json_wanted=json_wanted)


def _check_site() -> tuple[dict[str, int], list[str]]:
    site = site_of(Settings.load())
    counts: dict[str, int] = {}
    problems: list[str] = []
    checks: dict[str, Callable[[], int]] = {
        "profile": lambda: bool(site.profile),
        "replies": lambda: bool(load_replies(site.folder)),
        "synonyms": lambda: len(load_synonyms(site.content / "synonyms.yaml")),
        "pieces": lambda: publishing.check(site),
        "guides": lambda: len(guide.guides(site)) if guide.for_words(site, "") is None else 0,
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


for feature in features.FEATURES:
    for command in feature.commands:
        cli.add_command(command)
for group in (documents, catalogue):
    cli.add_command(group)
