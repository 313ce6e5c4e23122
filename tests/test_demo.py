"""The demo as a stranger meets it: one tree of processes, clear words when it cannot start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import SettingsFactory
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

PATIENCE_S = 20


class Tree:
    """A running demo."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings = settings
        self._log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wx_archive", "demo"],
                env=settings.environment(),
                stdout=file,
                stderr=file,
            )

    @property
    def words(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def is_answering(self) -> bool:
        try:
            return requests.get(f"{self.settings.origin}/-/live", timeout=1).ok
        except requests.RequestException:
            return False

    def wait_until(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.words:
            assert time.monotonic() < deadline, self.words
            time.sleep(0.05)

    def ends(self) -> int:
        return self.process.wait(timeout=PATIENCE_S)

    def kill(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)
        self.ends()


@pytest.fixture
def tree(demo_settings: SettingsFactory, tmp_path: Path) -> Iterator[Tree]:
    running = Tree(demo_settings(), tmp_path / "log")
    try:
        running.wait_until("Ctrl+C")
        yield running
    finally:  # one that came up too late would go on for ever
        if running.process.poll() is None:
            running.kill(signal.SIGKILL)


def test_it_says_where_it_is_and_a_second_one_in_its_place_is_refused(
    tree: Tree, demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    assert tree.is_answering()
    assert tree.settings.origin in tree.words
    assert f":{tree.settings.simulator_port}" in tree.words
    assert "虚构" in tree.words
    menu = requests.get(
        f"http://127.0.0.1:{tree.settings.simulator_port}/sim/state", timeout=5
    ).json()["menu"]
    assert len(menu["button"]) == 3

    in_its_folder = Tree(demo_settings(data_dir=tree.settings.data_dir), tmp_path / "second")
    assert in_its_folder.ends() == 1
    assert "已经有一个演示在运行" in in_its_folder.words
    assert "Traceback" not in in_its_folder.words

    at_its_port = Tree(demo_settings(port=tree.settings.port), tmp_path / "third")
    assert at_its_port.ends() == 1
    assert f"端口 {tree.settings.port} 已被占用" in at_its_port.words
    assert "WX_ARCHIVE_PORT=" in at_its_port.words

    ends_in_order(tree, signal.SIGINT)


def ends_in_order(tree: Tree, number: signal.Signals) -> None:
    tree.process.send_signal(number)
    assert tree.ends() == 0
    assert not tree.is_answering()
    assert "Traceback" not in tree.words
    assert "ERROR" not in tree.words


def test_it_ends_in_order_when_asked_to_at_once(tree: Tree) -> None:
    ends_in_order(tree, signal.SIGTERM)


def children_of(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    direct = [int(number) for number in told.split()]
    return direct + [grandchild for child in direct for grandchild in children_of(child)]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_killed_workers_do_not_silence_the_account_and_a_killed_parent_does(tree: Tree) -> None:
    for _ in range(4):
        (web,) = [
            pid
            for pid in children_of(tree.process.pid)
            if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes() and children_of(pid)
        ]
        for worker in children_of(web):
            os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while not tree.is_answering():
            assert time.monotonic() < deadline, tree.words
            time.sleep(0.05)
    assert tree.process.poll() is None

    tree.kill(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while tree.is_answering():  # an orphan
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_child_that_does_not_come_up_is_given_up_with_a_sentence() -> None:
    program = (
        "import os; from wx_archive.core.processes import Supervisor\n"
        "with Supervisor({'公众号': ('serve', '--nonsense')}, os.environ) as tree:\n"
        "    while tree.tend(pause_s=0.05): pass\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=55
    )
    assert ended.returncode != 0
    assert "公众号进程一再启动失败" in ended.stderr


def test_a_real_installations_folder_is_left_alone(
    demo_settings: SettingsFactory, sqlite_url: str, tmp_path: Path
) -> None:
    settings = demo_settings(data_dir=Path(Database(sqlite_url).url.database or "").parent)
    refused = Tree(settings, tmp_path / "log")
    assert refused.ends() == 1
    assert "正式运行的数据" in refused.words
