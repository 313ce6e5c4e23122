"""The demo: the account and a simulated WeChat, with an invented catalogue, nothing to set up."""

import logging
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Final

import requests
from sqlalchemy import inspect
from werkzeug.serving import WSGIRequestHandler, make_server

from wx_archive import app, demo_life, demo_news, demo_quiz, demo_treasures, features, worker
from wx_archive.catalogue import staging
from wx_archive.catalogue.files import load_livelihood
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.processes import Supervisor
from wx_archive.core.services import open_services, site_of
from wx_archive.core.settings import Settings
from wx_archive.media.objects import open_objects
from wx_archive.menu import service as menu
from wx_archive.publishing import crowd
from wx_archive.publishing.sync import sync
from wx_archive.simulator import app as simulator
from wx_archive.simulator.config import AccountKind, Encryption, SimulatorConfig
from wx_archive.staff import demo_people
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import PlatformError

log = logging.getLogger(__name__)

READY_WITHIN_S: Final = 20.0
CROWD: Final = 16_203
UNREACHED: Final = 16


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log: WeChat's addresses carry openids."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where the account and its simulated WeChat answer."""

    account_url: str
    simulator_url: str


def simulator_config(settings: Settings) -> SimulatorConfig:
    """Return what the simulated WeChat knows of the account."""
    return SimulatorConfig(
        account_url=settings.origin,
        account_name=site_of(settings).profile.account,
        original_id=settings.wechat_original_id,
        app_id=settings.wechat_app_id,
        app_secret=settings.wechat_app_secret.get_secret_value(),
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value(),
        encryption=Encryption(settings.wechat_encryption.value),
        account=AccountKind(settings.wechat_account.value),
        verified=settings.wechat_verified,
        data_dir=settings.data_dir,
    )


def prepare(settings: Settings) -> None:
    """Make the database and load the invented catalogue, unless that was done before.

    Raises:
        RefusedError: the database belongs to a real installation.
    """
    database = Database(settings.database)
    try:
        with database.engine.connect() as connection:
            is_new = not inspect(connection).has_table("follower")
        if not is_new and not schema.is_demo(database):
            raise RefusedError(
                "这个数据文件夹里是正式运行的数据，演示不会碰它。"
                "请换一个文件夹：WX_ARCHIVE_DATA_DIR=./demo-data"
            )
        schema.upgrade(database)
        schema.mark_demo(database)
        load_sample(database, settings)
        with database.begin() as session:
            demo_people.seed(session, now=clock.now())
    finally:
        database.dispose()


def load_sample(database: Database, settings: Settings) -> None:
    """Import the invented catalogue; what is already there is left alone."""
    site = settings.site()
    importer = Importer(
        database,
        settings.secret(),
        livelihood=load_livelihood(site / "content" / "livelihood.yaml"),
    )
    folder = site / "content" / "demo"
    if (documents := folder / "documents.jsonl").exists():
        importer.documents(documents)
    if (records := folder / "records.jsonl").exists():
        importer.records(records)
    staging.restore_index(database)
    sync(database, open_objects(settings), site_of(settings), now=clock.now())


def liven(settings: Settings) -> None:
    """Give the demo a past, so that its figures show something."""
    with open_services(settings) as services:
        demo_life.invent(services)
        demo_news.invent(services)
        demo_quiz.invent(services)


def bring_treasures(settings: Settings) -> None:
    """Invent uploads, one in each state; the demo is usable before, and does not wait for them."""
    with open_services(settings) as services:
        demo_treasures.invent(services)


def push_menu(settings: Settings) -> bool:
    """Push the site's menu to the platform of the settings; tell whether it had to be sent."""
    with open_services(settings) as services:
        platform = Platform(settings, services.store, services.database)
        try:
            if not platform.account.may(Capability.CUSTOM_MENU):
                return False
            buttons = menu.read(services.site, features.dispatcher().answers_click)
            return menu.push(platform, buttons)
        finally:
            platform.close()


def gather_crowd(settings: Settings) -> None:
    """Give the simulated account followers without phones, and have WeChat's number noted.

    As many as the account that we learn from tells of; a few whom nothing reaches.
    """
    told = {"crowd": CROWD, "failing": UNREACHED}
    requests.post(
        f"{settings.wechat_api_url}/sim/publishing", json=told, timeout=READY_WITHIN_S
    ).raise_for_status()
    with open_services(settings) as services:
        platform = Platform(settings, services.store, services.database)
        try:
            total = platform.publishing.followers_total()
        except (PlatformError, RefusedError) as err:
            log.info("demo.not_counted cause=%s", type(err).__name__)
            return
        finally:
            platform.close()
        with services.database.begin() as session:
            crowd.note(session, total, now=clock.now())


@contextmanager
def in_process(settings: Settings) -> Iterator[Running]:
    """Run account and simulator in threads of this process, on the settings' ports."""
    application = app.build(settings)
    server = make_server(
        settings.host,
        settings.port,
        application.wsgi,
        threaded=True,
        request_handler=_QuietHandler,
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    config = simulator_config(settings)
    try:
        with simulator.running(config, port=settings.simulator_port) as simulator_url:
            push_menu(settings)
            with worker.working(application.services):
                yield Running(settings.origin, simulator_url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        application.close()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(settings: Settings, background: Mapping[str, tuple[str, ...]]) -> int:
    """Run the demo until it is told to stop; return the exit code.

    Args:
        settings: the demo's.
        background: what runs beside account and simulator.

    Raises:
        RefusedError: a port is taken, the data folder is not the demo's, or a child has died.
    """
    for port, name in (
        (settings.port, "WX_ARCHIVE_PORT"),
        (settings.simulator_port, "WX_ARCHIVE_SIMULATOR_PORT"),
    ):
        _require_free(port, name)
    prepare(settings)
    liven(settings)
    database = Database(settings.database)
    try:
        with database.exclusively("demo") as alone:
            if not alone:
                raise RefusedError(
                    "这个数据文件夹已经有一个演示在运行。"
                    "先结束它，或者换一个文件夹：WX_ARCHIVE_DATA_DIR=./demo-data"
                )
            return _run_tree(settings, background)
    finally:
        database.dispose()


def _run_tree(settings: Settings, background: Mapping[str, tuple[str, ...]]) -> int:
    commands = {"公众号": ("serve",), "模拟器": ("simulator",)}
    # Every process goes by the simulator's clock, so that three days pass at a click.
    ours = settings.model_copy(update={"clock_url": f"http://127.0.0.1:{settings.simulator_port}"})
    with Supervisor(commands, ours.environment(), background) as tree:
        if not _wait_until_up(settings, tree):
            return 0
        push_menu(settings)
        gather_crowd(settings)
        print(banner(settings), flush=True)  # noqa: T201 -- the demo's own words
        bring_treasures(ours)
        while tree.tend(pause_s=0.2):
            pass
    return 0


def banner(settings: Settings) -> str:
    """Return what the demo says when it is up."""
    notice = site_of(settings).profile.demo_notice
    return "\n".join(
        [
            "",
            f"  {notice}；不会连接微信。",
            "",
            f"  手机（微信模拟器）  http://127.0.0.1:{settings.simulator_port}",
            f"  公众号的网页        {settings.origin}",
            f"  管理台              {settings.origin}/console",
            *(
                f"    {person.login:<10} {demo_people.PASSWORD}  {person.name}"
                for person in demo_people.PEOPLE
                if person.is_printed
            ),
            f"  数据文件夹          {settings.data_dir.absolute()}",
            "",
            "  按 Ctrl+C 结束。",
            "",
        ]
    )


def _wait_until_up(settings: Settings, tree: Supervisor) -> bool:
    """Wait until both answer; False when the tree is to end before that."""
    addresses = [
        f"{settings.origin}/-/ready",
        f"http://127.0.0.1:{settings.simulator_port}/sim/state",
    ]
    deadline = time.monotonic() + READY_WITHIN_S
    while tree.tend(pause_s=0.05):
        if time.monotonic() > deadline:
            raise RefusedError("演示没能在 20 秒内启动，原因见上面几行")
        try:
            while addresses and requests.get(addresses[0], timeout=1).ok:
                addresses.pop(0)
        except requests.RequestException:
            continue
        if not addresses:
            return True
    return False


def _require_free(port: int, name: str) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as err:
            raise RefusedError(f"端口 {port} 已被占用，请换一个：{name}={port + 100}") from err
