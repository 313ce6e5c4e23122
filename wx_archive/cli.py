"""`wx-archive …`: 0 done, 1 refused or failed (reason on stderr), 2 wrong usage."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
import requests
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wx_archive import __version__, app, demo, features
from wx_archive.catalogue.files import BadRow
from wx_archive.catalogue.query import load_synonyms
from wx_archive.catalogue.rules import Disclosure
from wx_archive.catalogue.service import Importer, ImportReport
from wx_archive.chat.replies import load_replies
from wx_archive.core import clock, log, schema
from wx_archive.core.database import Database
from wx_archive.core.errors import ArchiveError, RefusedError
from wx_archive.core.processes import die_with_parent
from wx_archive.core.services import Services
from wx_archive.core.settings import Profile, Settings
from wx_archive.core.site import Site
from wx_archive.guide import service as guide
from wx_archive.lookup import rules as lookup_rules
from wx_archive.lookup import service as lookup
from wx_archive.menu import service as menu
from wx_archive.publishing import service as publishing
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Bubble, Phone, PhoneRefusedError
from wx_archive.wechat.client import Platform

as_json = click.option("--json", "json_wanted", is_flag=True, help="以一个 JSON 文档输出")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wx-archive")
def cli() -> None:
    """公共档案馆微信公众号后台。"""  # noqa: D415 -- Chinese help for staff


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
    sys.exit(0)


# -- running ----------------------------------------------------------------------------------


@cli.command("demo")
def run_demo() -> None:
    """演示：公众号和微信模拟器一起启动，什么都不用配置。"""  # noqa: D415
    log.configure(json=False)
    sys.exit(demo.run(Settings.for_demo()))


@cli.command()
@click.option("--workers", type=click.IntRange(1, 64), help="工作进程数")
def serve(workers: int | None) -> None:
    """启动公众号服务。"""  # noqa: D415
    settings = Settings.load()
    settings.require_servable()
    database = Database(settings.database)
    schema.require_current(database, demo=settings.profile is Profile.DEMO)
    database.dispose()
    is_production = settings.profile is Profile.PRODUCTION
    log.configure(json=is_production)
    if not is_production:
        die_with_parent()
    Granian(
        "wx_archive.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=workers or (2 if is_production else 1),
        blocking_threads=4,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    ).serve()


@cli.command("simulator", hidden=True)
def run_simulator() -> None:
    """微信模拟器；正式运行时不能启动。"""  # noqa: D415
    settings = Settings.load()
    if settings.profile is Profile.PRODUCTION:
        raise RefusedError("模拟器只在演示和开发时使用，正式运行不能启动")
    die_with_parent()
    log.configure(json=False)
    simulator.serve(demo.simulator_config(settings), "127.0.0.1", settings.simulator_port)


@cli.command()
def chat() -> None:
    """在终端里和公众号对话。"""  # noqa: D415
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


@cli.group()
def config() -> None:
    """设置。"""  # noqa: D415


@config.command("show")
@as_json
def config_show(*, json_wanted: bool) -> None:
    """列出生效的设置，密码不显示。"""  # noqa: D415
    settings = Settings.load()
    values = {name: _shown(getattr(settings, name)) for name in type(settings).model_fields}
    if json_wanted:
        _print_json(values)
        return
    for name, value in values.items():
        click.echo(f"WX_ARCHIVE_{name.upper()}={value}")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "（已设置）" if value.get_secret_value() else ""
    return "" if value is None else str(value)


@cli.group()
def db() -> None:
    """数据库。"""  # noqa: D415


@db.command("upgrade")
def db_upgrade() -> None:
    """建立数据库，或升级到这个版本。"""  # noqa: D415
    database = Database(Settings.load().database)
    schema.upgrade(database)
    database.dispose()
    click.echo("数据库已是最新结构。")


@cli.command()
@as_json
def check(*, json_wanted: bool) -> None:
    """离线检查菜单、文章、指南、固定答复、近义词。"""  # noqa: D415
    _report_check(_check_site(), json_wanted=json_wanted)


@cli.group()
def content() -> None:
    """文章与指南。"""  # noqa: D415


@content.command("check")
@as_json
def content_check(*, json_wanted: bool) -> None:
    """检查 content/ 里的文件。"""  # noqa: D415
    _report_check(_check_site(), json_wanted=json_wanted)


def _check_site() -> tuple[dict[str, int], list[str]]:
    site = app.site_of(Settings.load())
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
        _print_json({"ok": not problems, "counts": counts, "problems": problems})
    else:
        click.echo("  ".join(f"{name} {number}" for name, number in counts.items()))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)


# -- menu -------------------------------------------------------------------------------------


@cli.group("menu")
def menu_group() -> None:
    """公众号菜单。"""  # noqa: D415


@menu_group.command("check")
@as_json
def menu_check(*, json_wanted: bool) -> None:
    """检查 menus/default.yaml。"""  # noqa: D415
    site = app.site_of(Settings.load())
    buttons = _menu(site)
    if json_wanted:
        _print_json({"button": buttons})
    else:
        click.echo(f"{menu.menu_file(site)} 没有问题。")


@menu_group.command("diff")
@as_json
def menu_diff(*, json_wanted: bool) -> None:
    """比较文件里的菜单和微信上的菜单。"""  # noqa: D415
    with _platform() as (services, platform):
        lines = menu.diff(_menu(services.site), platform.menu())
    if json_wanted:
        _print_json({"same": not lines, "lines": lines})
        return
    click.echo("\n".join(lines) if lines else "两边一样。")


@menu_group.command("push")
@as_json
def menu_push(*, json_wanted: bool) -> None:
    """把文件里的菜单发到微信。"""  # noqa: D415
    with _platform() as (services, platform):
        sent = menu.push(platform, _menu(services.site))
    if json_wanted:
        _print_json({"sent": sent})
        return
    click.echo(
        "菜单已发到微信，关注者最迟五分钟后看到。" if sent else "微信上已是这份菜单，没有重发。"
    )


@menu_group.command("pull")
@as_json
def menu_pull(*, json_wanted: bool) -> None:
    """把微信上的菜单写成文件的样子，显示出来。"""  # noqa: D415
    with _platform() as (_services, platform):
        buttons = platform.menu()
    if buttons is None:
        raise RefusedError("微信上还没有菜单")
    if json_wanted:
        _print_json({"button": buttons})
        return
    click.echo(menu.to_yaml(buttons), nl=False)


def _menu(site: Site) -> menu.Buttons:
    return menu.read(site, features.dispatcher().answers_click)


@contextmanager
def _platform() -> Iterator[tuple[Services, Platform]]:
    settings = _settings_of_installation()
    services, close = app.open_services(settings)
    platform = Platform(settings, services.store)
    try:
        yield services, platform
    finally:
        platform.close()
        close()


# -- catalogue --------------------------------------------------------------------------------


def _import_options(command: Callable[..., None]) -> Callable[..., None]:
    for decorate in (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option("--dry-run", is_flag=True, help="只检查，不写入"),
        click.option("--skip-bad", is_flag=True, help="跳过有问题的行，其余照常导入"),
        as_json,
    ):
        command = decorate(command)
    return command


@cli.group()
def documents() -> None:
    """现行文件。"""  # noqa: D415


@documents.command("import")
@_import_options
@click.option(
    "--openness",
    type=click.Choice([level.value for level in Disclosure]),
    help="没有写公开属性的行按什么算：full 公开全文，partial 只公开目录，none 不公开",
)
def documents_import(
    file: Path, openness: str | None, *, dry_run: bool, skip_bad: bool, json_wanted: bool
) -> None:
    """导入现行文件（JSON Lines，可压缩为 .gz）。"""  # noqa: D415
    level = Disclosure(openness) if openness else None
    with _importer(level, dry_run=dry_run, skip_bad=skip_bad) as importer:
        report = importer.documents(file)
    _report_import(report, file, dry_run=dry_run, skip_bad=skip_bad, json_wanted=json_wanted)


@cli.group()
def catalogue() -> None:
    """档案目录。"""  # noqa: D415


@catalogue.command("import")
@_import_options
def catalogue_import(file: Path, *, dry_run: bool, skip_bad: bool, json_wanted: bool) -> None:
    """导入档案目录（JSON Lines，可压缩为 .gz）。"""  # noqa: D415
    with _importer(None, dry_run=dry_run, skip_bad=skip_bad) as importer:
        report = importer.records(file)
    _report_import(report, file, dry_run=dry_run, skip_bad=skip_bad, json_wanted=json_wanted)


@contextmanager
def _importer(openness: Disclosure | None, *, dry_run: bool, skip_bad: bool) -> Iterator[Importer]:
    settings = _settings_of_installation()
    database = Database(settings.database)
    bar = Progress(
        TextColumn("导入"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    try:
        schema.require_current(database, demo=True)
        with bar:
            task = bar.add_task("导入", total=None)
            yield Importer(
                database,
                settings.secret(),
                openness=openness,
                dry_run=dry_run,
                skip_bad=skip_bad,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        database.dispose()


def _report_import(
    report: ImportReport, file: Path, *, dry_run: bool, skip_bad: bool, json_wanted: bool
) -> None:
    if json_wanted:
        _print_json(report.as_json())
    _print_rows(report.warnings, file, "留意")
    _print_rows(report.bad, file, "有误")
    if report.bad and not skip_bad:
        click.echo(
            f"{len(report.bad)} 处有误，一行也没有导入。"
            "改好再来，或加 --skip-bad 只导入没问题的行。",
            err=True,
        )
        sys.exit(1)
    if not json_wanted:
        done = "会" if dry_run else "已"
        click.echo(
            f"读到 {report.read} 行：{done}新增 {report.added}，{done}更新 {report.changed}，"
            f"没有变化 {report.unchanged}，跳过 {len({row.line for row in report.bad})}。"
        )


def _print_rows(rows: list[BadRow], file: Path, word: str) -> None:
    for row in rows[:200]:
        click.echo(f"{file}:{row.line}:{row.column}: {word}：{row.reason}", err=True)
    if len(rows) > 200:
        click.echo(f"……还有 {len(rows) - 200} 处，用 --json 看全部", err=True)


@cli.command("lookup")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=10, help="最多列几条")
@as_json
def lookup_command(query: tuple[str, ...], limit: int, *, json_wanted: bool) -> None:
    """查开放档案和现行文件，和公众号里查到的一样。"""  # noqa: D415
    settings = _settings_of_installation()
    services, close = app.open_services(settings)
    try:
        schema.require_current(services.database, demo=True)
        text, kind = lookup_rules.split_scope(" ".join(query))
        with services.database.reads() as connection:
            found = lookup.find(
                connection, services.site, text, today=clock.today(), kind=kind, limit=limit
            )
    finally:
        close()
    results = [
        {
            "kind": hit.kind.value,
            "pid": hit.pid,
            "title": hit.title,
            "number": hit.number,
            "date": hit.dated.isoformat() if hit.dated else None,
            "badge": lookup.badge(hit),
        }
        for hit in found.hits
    ]
    if json_wanted:
        _print_json(
            {
                "query": " ".join(query),
                "total": found.total,
                "capped": found.is_capped,
                "results": results,
            }
        )
        return
    click.echo(f"共 {found.total}{'+' if found.is_capped else ''} 条")
    for number, result in enumerate(results, 1):
        facts = [str(result[name]) for name in ("number", "date", "badge") if result[name]]
        click.echo(f"{number:3} {result['title']}  {' · '.join(facts)}")


def _settings_of_installation() -> Settings:
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


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
