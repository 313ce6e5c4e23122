"""The object store: whole or not at all, whoever is killed and whatever is full."""

import hashlib
import io
import multiprocessing
import os
import resource
import signal
import stat
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from wx_archive.core import clock
from wx_archive.core.errors import SettingsError, TransientError
from wx_archive.core.settings import Settings
from wx_archive.media.objects import (
    MissingObjectError,
    ObjectStore,
    TooManyBytesError,
    open_objects,
)

CONTENT = b"a photograph " * 1000
KEY = hashlib.sha256(CONTENT).hexdigest()
LATER = timedelta(days=2)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def files(store: ObjectStore) -> list[Path]:
    return [
        path for path in store.folder.rglob("*") if path.is_file() and path.name != ".waiting.lock"
    ]


def age(store: ObjectStore, key: str, by: timedelta = LATER) -> None:
    then = (datetime.now(UTC) - by).timestamp()  # noqa: TID251 -- the files' own clock
    os.utime(store.path(key), (then, then))


def test_what_is_put_can_be_read_again(store: ObjectStore) -> None:
    assert not store.exists(KEY)
    store.put(KEY, io.BytesIO(CONTENT))
    assert store.exists(KEY)
    with store.open(KEY) as file:
        assert file.read() == CONTENT
    assert store.path(KEY) == store.folder / KEY[:2] / KEY[2:4] / KEY


def test_nobody_else_on_the_machine_reads_it(store: ObjectStore) -> None:
    store.put(KEY, io.BytesIO(CONTENT))
    assert stat.S_IMODE(store.path(KEY).stat().st_mode) == 0o600
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in (store.path(KEY).parent,))


def test_putting_it_again_mends_what_was_damaged(store: ObjectStore) -> None:
    store.put(KEY, io.BytesIO(CONTENT))
    store.path(KEY).write_bytes(CONTENT[:10])
    store.put(KEY, io.BytesIO(CONTENT))
    assert store.path(KEY).read_bytes() == CONTENT


def test_a_form_lies_beside_its_original(store: ObjectStore) -> None:
    store.put(KEY, io.BytesIO(CONTENT))
    store.put(f"{KEY}.page1", io.BytesIO(b"small"))
    assert store.path(f"{KEY}.page1").parent == store.path(KEY).parent
    store.delete(KEY)
    store.delete(KEY)
    assert not store.exists(KEY)
    assert store.exists(f"{KEY}.page1")


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", KEY[:-1], f"{KEY}/x", f"{KEY}.", f"{KEY}.\n", KEY.upper()]
)
def test_a_key_leads_nowhere_else(store: ObjectStore, key: str) -> None:
    for ask in (store.open, store.exists, store.delete, store.path):
        with pytest.raises(ValueError, match="not a key"):
            ask(key)
    with pytest.raises(ValueError, match="not a key"):
        store.put(key, io.BytesIO(CONTENT))


def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    with pytest.raises(MissingObjectError):
        store.open(KEY)
    with pytest.raises(MissingObjectError):
        store.path(KEY)


def test_a_stream_without_an_end_is_stopped(store: ObjectStore) -> None:
    with (
        Path("/dev/zero").open("rb") as endless,
        pytest.raises(TooManyBytesError) as stopped,
    ):
        store.put(KEY, endless, most_bytes=3_000_000)
    assert stopped.value.most_bytes == 3_000_000
    assert files(store) == []


def test_a_stream_that_breaks_leaves_nothing(store: ObjectStore) -> None:
    class Breaking(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(100)

    with pytest.raises(ConnectionResetError):
        store.put(KEY, Breaking(CONTENT))
    assert files(store) == []


def _fill(folder: Path, answers: Callable[[str], None]) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        ObjectStore(folder).put(KEY, io.BytesIO(CONTENT))
    except (TransientError, OSError) as err:
        answers(type(err).__name__)


def test_a_full_disk_is_no_end_and_leaves_nothing_torn(store: ObjectStore) -> None:
    # No disk of its own here: a file that may not grow fails in the same place.
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_fill, args=(store.folder, answers.put))
    child.start()
    child.join()
    assert answers.get() == "TransientError"
    assert files(store) == []
    store.put(KEY, io.BytesIO(CONTENT))
    assert store.path(KEY).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file stands in the way")
    with pytest.raises(TransientError):
        ObjectStore(tmp_path / "objects").put(KEY, io.BytesIO(CONTENT))


class _Slow(io.BytesIO):
    def read(self, _size: int | None = -1) -> bytes:
        time.sleep(0.01)
        return super().read(100)


def _put_slowly(folder: Path) -> None:
    ObjectStore(folder).put(KEY, _Slow(CONTENT))


def test_whoever_is_killed_leaves_nothing_that_counts(store: ObjectStore) -> None:
    child = multiprocessing.get_context("fork").Process(target=_put_slowly, args=(store.folder,))
    child.start()
    while not files(store):
        time.sleep(0.005)
    child.kill()
    child.join()
    assert not store.exists(KEY)
    (left,) = files(store)
    now = datetime.now(UTC)  # noqa: TID251 -- the files' own clock
    assert list(store.keys(until=now + LATER)) == []
    assert store.sweep_waiting(until=now - timedelta(hours=1)) == 0
    assert store.sweep_waiting(until=now + timedelta(hours=1)) == 1
    assert not left.exists()


def test_what_somebody_still_writes_is_never_swept(store: ObjectStore) -> None:
    far = datetime.now(UTC) + LATER  # noqa: TID251 -- the files' own clock
    with store.waiting(io.BytesIO(CONTENT), most_bytes=99_999) as waiting:
        assert store.sweep_waiting(until=far) == 0
        store.place(waiting, KEY)
    assert store.path(KEY).read_bytes() == CONTENT
    assert store.sweep_waiting(until=far) == 0


def test_a_file_is_fetched_under_a_name_of_its_own_and_whole(store: ObjectStore) -> None:
    def fetch(into: BinaryIO) -> None:
        into.write(b"a first try that broke off")
        into.seek(0)
        into.truncate()
        into.write(CONTENT)

    with store.fetched(fetch, name=f"{KEY}.1") as waiting:
        assert waiting.path.name == f"{KEY}.1"
        assert stat.S_IMODE(waiting.path.stat().st_mode) == 0o600
        assert (waiting.sha256, waiting.size_bytes) == (KEY, len(CONTENT))
        store.place(waiting, KEY)
    assert files(store) == [store.path(KEY)]


def test_a_fetch_that_fails_leaves_nothing(store: ObjectStore) -> None:
    def fetch(into: BinaryIO) -> None:
        into.write(CONTENT)
        raise ConnectionError

    with (
        pytest.raises(TransientError),
        store.fetched(fetch, name="half"),
    ):
        pytest.fail("there is no file")
    assert files(store) == []


def test_what_an_earlier_fetch_left_is_discarded_by_its_name(store: ObjectStore) -> None:
    waiting = store.folder / ".waiting"
    waiting.mkdir(parents=True)
    for name in (f"{KEY}.1", f"{KEY}.12", "another.1"):
        (waiting / name).touch()
    assert store.discard_waiting(f"{KEY}.") == 2
    assert [path.name for path in files(store)] == ["another.1"]


@pytest.mark.parametrize("name", ["", "../out", ".hidden", "a/b", "A", "x" * 101])
def test_a_fetched_file_has_a_plain_name(store: ObjectStore, name: str) -> None:
    with pytest.raises(ValueError, match="not the name"), store.fetched(print, name=name):
        pytest.fail("there is no file")


def test_what_is_old_is_swept_and_what_is_young_is_not(store: ObjectStore) -> None:
    until = clock.now() - timedelta(days=1)
    store.put(KEY, io.BytesIO(CONTENT))
    assert list(store.keys(until=until)) == []
    assert not store.sweep(KEY, until=until)
    age(store, KEY)
    assert list(store.keys(until=until)) == [KEY]
    store.put(KEY, io.BytesIO(CONTENT))  # somebody brings it in again, just then
    assert not store.sweep(KEY, until=until)
    age(store, KEY)
    assert store.sweep(KEY, until=until)
    assert not store.exists(KEY)


def test_many_who_put_the_same_at_once_all_succeed(store: ObjectStore) -> None:
    threads = [
        threading.Thread(target=store.put, args=(KEY, io.BytesIO(CONTENT))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert files(store) == [store.path(KEY)]
    assert store.path(KEY).read_bytes() == CONTENT


def test_the_settings_say_where(tmp_path: Path) -> None:
    told = Settings.for_demo(data_dir=tmp_path)
    assert open_objects(told).folder == tmp_path / "objects"
    for written in (f"file:{tmp_path}/else", f"file://{tmp_path}/else"):
        elsewhere = Settings.for_demo(data_dir=tmp_path, storage_url=written)
        assert open_objects(elsewhere).folder == tmp_path / "else"


@pytest.mark.parametrize("url", ["s3://bucket", "ftp://host", "file:here", "", "/objects"])
def test_another_kind_of_store_is_refused_at_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"WX_ARCHIVE_STORAGE_URL.*file:"):
        Settings.for_demo(data_dir=tmp_path, storage_url=url)
