"""Quarantine: scanned by a real ClamAV, then decoded; what happens to files; on both databases."""

import hashlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.media.files import a_bomb, a_film, a_photo, a_picture, an_amr
from tests.treasures.fetching import Depot, a_depot, passes
from tests.treasures.scanning import EICAR, MARKER, STREAM_MB, Clamd, clamd
from tests.treasures.sent_files import HEIC, a_pdf, a_telling_photo
from wx_archive.core import clock, jobs
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState, Runner
from wx_archive.demo import free_port
from wx_archive.staff.plugs import Alert
from wx_archive.treasures import (
    fetch_jobs,
    file_texts,
    files,
    look_jobs,
    removal,
    uploads,
    views,
)
from wx_archive.treasures.console import CONSOLE
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import Channel, FileKind, FileState

MB = 1024 * 1024


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    with clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


class House:
    """A worker that takes over, looks at and removes files."""

    def __init__(self, depot: Depot) -> None:
        self.depot, self.database, self.store = depot, depot.database, depot.store

    def runner(self) -> Runner:
        every = jobs.Jobs()
        for part in (fetch_jobs, look_jobs, removal):
            every.take_in(part.build(self.depot.services, self.depot.platform))
        return Runner(self.database, every)

    def works(self) -> None:
        runner = self.runner()
        while runner.run_next():
            pass

    def brings(self, content: bytes, name: str = "", kind: FileKind = FileKind.IMAGE) -> int:
        """Store a file as a page does; returns its number."""
        now = clock.now()
        with self.database.begin() as session:
            draft = uploads.draft(session, self.depot.follower_id, Channel.H5, self.depot.doing)
            file = files.reserve(session, draft, Incoming(kind, Channel.H5, name=name), now=now)
            assert file is not None
            assert file.object_key is not None
            self.store.put(file.object_key, io.BytesIO(content))
            checksum = hashlib.sha256(content).hexdigest()
            assert files.stored(session, file.id, sha256=checksum, size_bytes=len(content), now=now)
            return file.id

    def file(self, file_id: int) -> File:
        with self.database.begin() as session:
            return File.of(session.get_one(TreasureFile, file_id))

    def looks_at(self, content: bytes, name: str = "") -> File:
        """Store a file and do whatever is due."""
        file_id = self.brings(content, name)
        self.works()
        return self.file(file_id)

    def job(self) -> Job:
        return self.depot.job(files.LOOK)

    def again(self) -> None:
        """Have the last look done once more, as after a worker's death."""
        with self.database.begin() as session:
            session.execute(
                update(Job)
                .where(Job.kind == files.LOOK)
                .values(state=JobState.WAITING, run_after=clock.now(), finished_at=None)
            )
        self.works()

    @property
    def objects(self) -> list[str]:
        return sorted(path.name for path in self.store.folder.glob("??/??/*"))


@contextmanager
def a_house(database: Database, folder: Path, **settings: object) -> Iterator[House]:
    with a_depot(database, folder, **settings) as depot:
        yield House(depot)


@pytest.fixture
def house(database: Database, tmp_path: Path, daemon: Clamd) -> Iterator[House]:
    """A house with a scanner."""
    with a_house(database, tmp_path, clamd_url=daemon.tcp_url) as opened:
        yield opened


@pytest.fixture
def plain(database: Database, tmp_path: Path) -> Iterator[House]:
    """A house without a scanner."""
    with a_house(database, tmp_path) as opened:
        yield opened


# -- what comes out ---------------------------------------------------------------------------


def test_a_photo_comes_out_of_quarantine_with_all_that_is_known(house: House) -> None:
    photo = a_telling_photo(orientation=6)
    file = house.looks_at(photo, "全家福.jpg")
    assert file.state is FileState.CLEAN
    assert (file.kind, file.content_type) == (FileKind.IMAGE, "image/jpeg")
    assert (file.width_px, file.height_px, file.taken_text) == (800, 1200, "1985-06-01")
    assert (len(file.likeness), file.is_dark, file.is_blurred) == (16, False, False)
    assert file.scanner.startswith("ClamAV ")
    assert (file.reason, file.settled_at is not None) == ("", True)
    assert file.object_key is not None
    assert house.store.path(file.object_key).read_bytes() == photo  # as it came
    assert house.objects == [file.object_key, f"{file.object_key}.thumb1t0"]
    assert house.job().state == JobState.DONE


@pytest.mark.parametrize(
    ("content", "kind", "content_type"),
    [
        (HEIC, FileKind.IMAGE, "image/heic"),
        (a_film(), FileKind.VIDEO, "video/mp4"),
        (an_amr(), FileKind.AUDIO, "audio/amr"),
        (a_pdf(), FileKind.PAPER, "application/pdf"),
    ],
    ids=["HEIC", "film", "recording", "PDF"],
)
def test_a_file_is_what_its_bytes_say_not_what_it_was_sent_as(
    plain: House, content: bytes, kind: FileKind, content_type: str
) -> None:
    file = plain.looks_at(content)
    assert (file.state, file.kind, file.content_type) == (FileState.CLEAN, kind, content_type)
    assert file.scanner == ""


# -- what does not ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [EICAR, a_picture(comment=MARKER), a_film() + b"\x00\x00\x00\x30free" + MARKER + bytes(10)],
    ids=["EICAR", "inside a JPEG", "inside a film"],
)
def test_a_virus_is_refused_and_deleted(
    house: House, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        file = house.looks_at(content, "王小明的照片.jpg")
    assert (file.state, file.reason) == (FileState.REFUSED, file_texts.INFECTED)
    assert (file.object_key, house.objects) == (None, [])
    (line,) = [one.getMessage() for one in caplog.records if "infected" in one.getMessage()]
    assert line.startswith("treasures.infected kind=image signature=")
    assert "王小明" not in caplog.text + file.reason
    assert house.job().state == JobState.DONE


def test_the_same_virus_passes_where_there_is_no_scanner(plain: House) -> None:
    assert plain.looks_at(a_picture(comment=MARKER)).state is FileState.CLEAN


def test_what_the_scanner_does_not_take_is_not_passed(house: House) -> None:
    box = ((STREAM_MB + 1) * MB).to_bytes(4, "big") + b"free"
    file = house.looks_at(a_film() + box + bytes((STREAM_MB + 1) * MB - 8))
    assert (file.state, file.reason) == (FileState.REFUSED, file_texts.TOO_LARGE_TO_SCAN)
    assert house.objects == []


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (a_bomb(), "a.png", "照片尺寸太大，最多 5000 万像素；请缩小以后再传"),
        (b"<html>", "a.jpg", "这是网页文件，里面可以藏程序，不能收；请截图，或另存为 PDF 再传"),
        (a_film(), "a.jpg", file_texts.lies("照片", FileKind.VIDEO)),
        (a_photo()[:6000], "", file_texts.BROKEN_PICTURE),
    ],
    ids=["bomb", "page", "lie", "half"],
)
def test_a_file_that_is_not_fit_is_refused_with_its_sentence(
    plain: House, content: bytes, name: str, reason: str
) -> None:
    file = plain.looks_at(content, name)
    assert (file.state, file.reason, file.object_key) == (FileState.REFUSED, reason, None)
    assert plain.objects == []


# -- when something is away -------------------------------------------------------------------


def test_nothing_passes_while_the_scanner_is_away_and_all_does_when_it_is_back(
    database: Database, tmp_path: Path, daemon: Clamd, caplog: pytest.LogCaptureFixture
) -> None:
    with a_house(database, tmp_path, clamd_url=f"tcp://127.0.0.1:{free_port()}") as house:
        numbers = [house.brings(a_photo()), house.brings(a_picture(comment=MARKER))]
        with caplog.at_level(logging.WARNING):
            runner = house.runner()
            for _try in range(40):  # twenty minutes: more tries than a job that fails has
                while runner.run_next():
                    pass
                passes(31)
        assert {house.file(number).state for number in numbers} == {FileState.QUARANTINED}
        assert caplog.text.count("treasures.scanner_away") == 1
        assert len(house.objects) == 2
        (alert,) = alerts(house)
        assert alert.title == "2 件送来的文件等安全检查超过 10 分钟：杀毒服务可能停了"
    with a_house(database, tmp_path, clamd_url=daemon.tcp_url) as house:
        passes(1300)
        house.works()
        states = [house.file(number).state for number in numbers]
        assert states == [FileState.CLEAN, FileState.REFUSED]
        assert alerts(house) == []


def alerts(house: House) -> list[Alert]:
    assert CONSOLE.alerts is not None
    with house.database.reads() as connection:
        found = CONSOLE.alerts(connection, clock.now())
    return [alert for alert in found if alert.key == "treasures.quarantine"]


def test_staff_are_told_after_ten_minutes_and_not_before(plain: House) -> None:
    plain.brings(a_photo())
    stored_at = clock.now()
    passes(590)
    assert alerts(plain) == []
    passes(20)
    (alert,) = alerts(plain)
    assert abs(alert.since - stored_at - timedelta(minutes=10)) < timedelta(seconds=5)
    plain.works()
    assert alerts(plain) == []


def test_a_look_that_is_done_twice_changes_nothing(house: House) -> None:
    good, bad = house.brings(a_photo()), house.brings(EICAR)
    house.works()
    before = house.file(good), house.file(bad), house.objects
    house.again()
    assert (house.file(good), house.file(bad), house.objects) == before


def test_a_worker_that_died_after_drawing_leaves_nothing_half_done(plain: House) -> None:
    file_id = plain.brings(a_photo())
    file = plain.file(file_id)
    assert file.object_key is not None
    views.made(plain.store, file.object_key, "image/jpeg", views.Form.THUMB).close()
    plain.works()
    assert plain.file(file_id).state is FileState.CLEAN


def test_a_file_that_was_erased_meanwhile_is_left_alone(plain: House) -> None:
    file_id = plain.brings(a_photo())
    with plain.database.begin() as session:
        keys = files.erase(session, [file_id], now=clock.now())
        removal.later(session, keys, now=clock.now())
    plain.works()
    assert plain.file(file_id).state is FileState.ERASED
    assert plain.objects == []
    assert plain.job().state == JobState.DONE


def test_a_file_that_got_lost_is_fetched_again_and_looked_at(plain: House) -> None:
    photo = a_photo()
    plain.depot.wechat.has["m1"] = photo
    treasure_id = plain.depot.sends("m1")
    plain.runner().run_next()
    (file,) = plain.depot.files(treasure_id)
    assert file.state is FileState.QUARANTINED
    assert file.object_key is not None
    plain.store.delete(file.object_key)
    plain.works()
    (file,) = plain.depot.files(treasure_id)
    assert file.state is FileState.QUARANTINED  # there again, and soon looked at
    passes(6)
    plain.works()
    (file,) = plain.depot.files(treasure_id)
    assert (file.state, file.sha256) == (FileState.CLEAN, hashlib.sha256(photo).hexdigest())
    assert file.object_key is not None
    assert plain.store.path(file.object_key).read_bytes() == photo
    assert plain.depot.wechat.asked == ["m1", "m1"]


def test_who_looks_waits_for_as_long_as_a_lost_file_takes_to_be_fetched(plain: House) -> None:
    plain.depot.wechat.has["m1"] = a_photo()
    treasure_id = plain.depot.sends("m1")
    plain.runner().run_next()
    (file,) = plain.depot.files(treasure_id)
    assert file.object_key is not None
    plain.store.delete(file.object_key)
    plain.depot.wechat.is_away = True
    for _minute in range(10):
        plain.works()
        passes(60)
    assert plain.depot.files(treasure_id)[0].state is FileState.AWAITED
    plain.depot.wechat.is_away = False
    for _minute in range(10):
        passes(60)
        plain.works()
    assert plain.depot.files(treasure_id)[0].state is FileState.CLEAN


def test_a_file_that_is_lost_for_good_is_told_to_be(plain: House) -> None:
    file_id = plain.brings(a_photo())
    file = plain.file(file_id)
    assert file.object_key is not None
    plain.store.delete(file.object_key)
    plain.works()
    gone = plain.file(file_id)
    assert (gone.state, gone.reason) == (FileState.LOST, file_texts.NOT_STORED)
    assert gone.object_key is None
    assert plain.job().state == JobState.DONE


def test_who_waits_for_a_file_does_not_wait_for_ever(plain: House) -> None:
    plain.depot.wechat.has["m1"] = a_photo()
    treasure_id = plain.depot.sends("m1")
    plain.runner().run_next()
    (file,) = plain.depot.files(treasure_id)
    with plain.database.begin() as session:
        session.execute(
            update(TreasureFile)
            .where(TreasureFile.id == file.id)
            .values(state=FileState.AWAITED, media_until=clock.now() - timedelta(hours=2))
        )
        waiting = select(Job.id).where(Job.kind == files.LOOK)
        assert session.execute(waiting).scalar_one()
    plain.works()
    assert plain.job().state == JobState.DONE
    assert replace(file, state=FileState.AWAITED).is_picture is False
