"""The commands that go on until they are told to stop, and the trees they form.

Each imports what it runs when it is called: the parent of a tree needs none of it.
"""

import logging
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from wx_archive.core import log
from wx_archive.core.errors import RefusedError
from wx_archive.core.processes import Supervisor, die_with_parent, unswept
from wx_archive.core.settings import Profile, Settings

logger = logging.getLogger(__name__)

THREADS: Final = 12
"""Of a web worker: a writer that waits for a lock holds one, and may not keep readers waiting."""
DRAIN_WITHIN_S: Final = 10
BACKGROUND: Final = {"后台任务": ("worker",), "定时任务": ("scheduler",)}
"""What works beside the web server: names for people and commands."""

_with_parent = click.option("--with-parent", type=int, metavar="PID", hidden=True)


@click.command("demo", help="演示：公众号和微信模拟器一起启动，什么都不用配置。")
def run_demo() -> None:
    """Run account and simulator together."""
    from wx_archive import demo  # noqa: PLC0415 -- see the module's first lines

    log.configure(json=False)
    sys.exit(demo.run(Settings.for_demo(), BACKGROUND))


@click.command(help="启动公众号服务。")
@click.option("--workers", type=click.IntRange(1, 64), help="网页进程数")
@click.option("--all-in-one", is_flag=True, help="后台任务和定时任务的进程也一起启动")
@_with_parent
def serve(workers: int | None, *, all_in_one: bool, with_parent: int | None) -> None:
    """Run the account: a tree of processes, each started again should it end."""
    settings = Settings.load(servable=True)
    is_production = settings.profile is Profile.PRODUCTION
    log.configure(json=is_production)
    count = workers or (2 if is_production else 1)
    if with_parent:
        die_with_parent(with_parent)
        _serve_web(settings, count)
        return
    _require_schema(settings)
    if is_production and not settings.public_url:
        logger.warning("serve.no_public_url remedy=WX_ARCHIVE_PUBLIC_URL")
    commands = {"公众号": ("serve", "--workers", str(count))}
    later = BACKGROUND if all_in_one else {}
    with Supervisor(commands, settings.environment(), later) as tree:
        while tree.tend(pause_s=0.2):
            pass


def _require_schema(settings: Settings) -> None:
    """Refuse at once, with one sentence, what every child would refuse."""
    from wx_archive.core import schema  # noqa: PLC0415 -- see the module's first lines
    from wx_archive.core.database import Database  # noqa: PLC0415 -- likewise

    database = Database(settings.database)
    schema.require_current(database, demo=settings.profile is Profile.DEMO)
    database.dispose()


def _serve_web(settings: Settings, workers: int) -> None:
    from granian import Granian  # noqa: PLC0415 -- see the module's first lines
    from granian.constants import Interfaces  # noqa: PLC0415 -- likewise
    from granian.log import LogLevels  # noqa: PLC0415 -- likewise

    Granian(
        "wx_archive.serving:web_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_WITHIN_S,
        log_level=LogLevels.error,
    ).serve()


def web_app() -> Callable[..., Any]:
    """Return what a process of the web server serves."""
    with unswept():
        from wx_archive.app import create_app  # noqa: PLC0415 -- see the module's first lines

        return create_app()


@click.command("worker", help="后台任务：发客服消息、晚到的答复、整理数据。")
@_with_parent
def run_worker(*, with_parent: int | None) -> None:
    """Do the jobs that are due."""
    settings = _background_settings(with_parent=with_parent)
    with unswept():
        from wx_archive import worker  # noqa: PLC0415 -- see the module's first lines

    worker.run(settings)


@click.command("scheduler", help="定时任务：按北京时间到点排进队列，多开几个也只排一次。")
@_with_parent
def run_scheduler(*, with_parent: int | None) -> None:
    """Insert the jobs that schedules ask for."""
    settings = _background_settings(with_parent=with_parent)
    with unswept():
        from wx_archive import scheduler  # noqa: PLC0415 -- see the module's first lines

    scheduler.run(settings)


def _background_settings(*, with_parent: int | None) -> Settings:
    settings = Settings.load()
    log.configure(json=settings.profile is Profile.PRODUCTION)
    if with_parent:
        die_with_parent(with_parent)
    return settings


@click.command("simulator", hidden=True, help="微信模拟器；正式运行时不能启动。")
@_with_parent
def run_simulator(*, with_parent: int | None) -> None:
    """Run the simulated WeChat."""
    settings = Settings.load()
    if settings.profile is Profile.PRODUCTION:
        raise RefusedError("模拟器只在演示和开发时使用，正式运行不能启动")
    if with_parent:
        die_with_parent(with_parent)
    log.configure(json=False)
    from wx_archive import demo  # noqa: PLC0415 -- see the module's first lines
    from wx_archive.simulator import app as simulator  # noqa: PLC0415 -- likewise

    simulator.serve(demo.simulator_config(settings), "127.0.0.1", settings.simulator_port)


COMMANDS: dict[str, click.Command] = {
    str(command.name): command
    for command in (run_demo, serve, run_worker, run_scheduler, run_simulator)
}
"""Every one of them by name."""
