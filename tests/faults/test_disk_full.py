"""The disk is full: reading goes on, writing waits or answers 503, and nothing is torn."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.faults import invariants, ledger
from tests.faults.caller import WeChat
from tests.faults.conftest import Make, Place, Size, Tell
from tests.faults.messages import Kind
from tests.faults.report import summed
from tests.faults.test_database_away import WAITING, busy, recovery_s
from tests.faults.tree import Tree, account
from tests.services import missing

SIZE_MIB = 32
READS_WITHIN_S = 1.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; only root may make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        if os.geteuid() == 0:
            missing("a mountable tmpfs")
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave not one byte of space; return the file that takes it."""
    filler = folder / "filler"
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for piece in (2**20, 4096, 1):
            with suppress(OSError):
                while os.write(handle, b"x" * piece):
                    pass
    finally:
        os.close(handle)
    return filler


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def while_full(tree: Tree, seconds: float) -> tuple[WeChat, WeChat, float]:
    """Fill the disk while followers read and write, then make room again."""
    await tree.all_up()
    writers, readers = WeChat(tree.port), WeChat(tree.port, seed=4)
    # A server that has been up for a while: each of its threads has both files open.
    await busy(writers, 2, kinds=(Kind.TAP, Kind.LOOKUP, Kind.CLICK), rate=40)
    filler = fill(tree.folder)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(busy(writers, seconds, kinds=(Kind.TAP,), rate=WAITING / seconds))
            group.create_task(busy(readers, seconds - 1, kinds=(Kind.LOOKUP, Kind.CLICK), rate=10))
            await asyncio.sleep(seconds)
            filler.unlink()
            recovered_s = await recovery_s(writers, asyncio.get_running_loop().time())
    finally:
        filler.unlink(missing_ok=True)
    await writers.tell_again()
    return writers, readers, recovered_s


@pytest.mark.timeout(120)
def test_a_full_disk_stops_writing_but_not_reading_and_tears_nothing(
    make: Make, small_disk: Path, size: Size, tell: Tell
) -> None:
    made = make("sqlite")
    folder = small_disk / "data"
    shutil.copytree(made.settings.data_dir, folder)
    settings = made.settings.model_copy(update={"data_dir": folder})
    place = Place(made.name, settings)
    with account(settings, log=small_disk.parent / "account.log") as tree:
        writers, readers, recovered_s = asyncio.run(while_full(tree, size.of(8, 6)))
    told, books = writers.told, ledger.read(settings)
    breaches = invariants.after_all(told, books)
    breaches += invariants.late(told) + invariants.silent(told) + invariants.hasty(told)
    breaches += [
        f"torn: {name}" for name in ("archive.db", "state.db") if not is_whole(folder / name)
    ]
    refused = sum(outcome.status == 503 for one in told for outcome in one.outcomes)
    if recovered_s > 10:
        breaches.append(f"slow recovery: {recovered_s:.1f} s")
    breaches += invariants.unanswered(readers.told) + invariants.failed(readers.told)
    breaches += [
        f"slow read: {outcome.took_s:.1f} s"
        for one in readers.told
        for outcome in one.outcomes
        if outcome.took_s > READS_WITHIN_S
    ]
    note = f"({refused} times 503, recovered in {recovered_s:.1f} s)"
    tell(summed("disk full, writes", place.name, told, books, breaches, note))
    tell(summed("disk full, reads", place.name, readers.told, None, breaches))
    assert not breaches
