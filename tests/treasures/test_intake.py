"""A file from a stream: stored whole under its row, or not at all; what was killed is seen to."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from wx_archive.core import clock, jobs
from wx_archive.core.errors import TransientError
from wx_archive.core.jobs import Runner
from wx_archive.core.jobs.models import Job
from wx_archive.core.services import Services, open_services
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import files, intake, intake_jobs, rules, sealed, steps, uploads
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import Channel, FileKind, FileState, State
from wx_archive.treasures.steps import SENDER, Doing
from wx_archive.treasures.uploads import NotEditableError
from wx_archive.wechat.client import Platform

PROJECT = Path(__file__).parents[2]
PHOTO = Incoming(FileKind.IMAGE, Channel.H5, "外婆.jpg")


class KilledError(BaseException):
    """What is raised where a process would be killed: nobody catches it, nothing is tidied up."""


@dataclass
class House:
    """An installation with one upload that was begun."""

    services: Services
    treasure_id: int

    @property
    def store(self) -> ObjectStore:
        return sealed.open_sealed(self.services.settings)

    def doing(self) -> Doing:
        return Doing.of(self.services.site, SENDER, now=clock.now())

    def takes(self, stream: BinaryIO, incoming: Incoming = PHOTO) -> intake.Outcome:
        return intake.take(self.services, self.treasure_id, incoming, stream, self.doing())

    def rows(self) -> list[TreasureFile]:
        with self.services.database.begin() as session:
            rows = list(session.scalars(select(TreasureFile).order_by(TreasureFile.id)))
            session.expunge_all()
        return rows

    def objects(self) -> list[str]:
        found = [path for path in self.store.folder.rglob("*") if path.is_file()]
        return [path.name for path in found if path.suffix != ".lock"]

    def settles(self) -> None:
        """Do the job that sees to what was left."""
        with self.services.database.begin() as session:
            key = f"test:{clock.now().timestamp()}"
            jobs.enqueue(session, intake_jobs.SETTLE, {}, key=key, now=clock.now())
        platform = Platform(self.services.settings, self.services.store, self.services.database)
        runner = Runner(self.services.database, intake_jobs.build(self.services, platform))
        while runner.run_next():
            pass
        platform.close()


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings.for_demo(
        data_dir=tmp_path / "data", site_dir=PROJECT, database_url=SecretStr(database_url)
    )
    with open_services(settings) as services:
        doing = Doing.of(services.site, SENDER, now=clock.now())
        with services.database.begin() as session:
            number = followers.ensure(session, "oIntake", now=clock.now())
            begun = uploads.begin(session, Channel.H5, doing, follower_id=number)
            treasure_id = begun.id
        yield House(services, treasure_id)


def move(house: House, *states: State) -> None:
    for state in states:
        with house.services.database.begin() as session:
            treasure = steps.locked(session, house.treasure_id)
            steps.advance(session, treasure, state, house.doing(), note="有话")


def test_a_file_is_stored_whole_and_handed_on_to_be_looked_at(house: House) -> None:
    content = b"\xff\xd8\xff" + bytes(3_000_000)
    outcome = house.takes(io.BytesIO(content))
    (row,) = house.rows()
    assert outcome.is_kept
    assert outcome.file_pid == row.pid
    assert (row.state, row.sha256) == (FileState.QUARANTINED, sha256(content).hexdigest())
    assert row.size_bytes == len(content)
    assert house.objects() == [row.object_key]
    with house.services.database.begin() as session:
        kinds = session.scalars(select(Job.kind)).all()
    assert list(kinds) == [files.LOOK]


def test_no_more_is_read_than_a_file_may_have(house: House) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return bytes(size)

    endless = Endless()
    outcome = house.takes(endless)  # type: ignore[arg-type] # a stream, if an odd one
    assert "最大 25 MB" in outcome.reason
    assert endless.given <= rules.MOST_BYTES[FileKind.IMAGE] + 2 * 2**20
    assert (house.rows(), house.objects()) == ([], [])


def test_a_stream_that_breaks_off_leaves_nothing(house: House) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, _size: int = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        house.takes(Broken())  # type: ignore[arg-type] # a stream, if an odd one
    assert (house.rows(), house.objects()) == ([], [])


def test_staff_may_add_what_the_sender_may_not_any_more(house: House) -> None:
    house.takes(io.BytesIO(b"one"))
    with house.services.database.begin() as session:
        uploads.finish(
            session,
            steps.locked(session, house.treasure_id),
            house.doing(),
            consent_version=1,
        )
    move(house, State.SCREENING, State.ACCEPTED)
    with pytest.raises(NotEditableError):
        house.takes(io.BytesIO(b"two"))
    assert len(house.objects()) == 1
    signed = Incoming(FileKind.PAPER, Channel.DESK, "协议.pdf", is_evidence=True)
    assert house.takes(io.BytesIO(b"%PDF-1.7"), signed).is_kept
    assert len(house.objects()) == 2


def test_when_the_disk_fails_at_the_last_step_the_row_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise TransientError("full")

    monkeypatch.setattr(ObjectStore, "place", full)
    with pytest.raises(TransientError):
        house.takes(io.BytesIO(b"photo"))
    (row,) = house.rows()
    assert row.state == FileState.REFUSED
    assert row.reason
    assert house.objects() == []


@pytest.mark.parametrize("has_object", [True, False], ids=["after", "before"])
def test_what_was_killed_around_the_last_step_is_taken_up_or_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch, *, has_object: bool
) -> None:
    killed_in = files if has_object else ObjectStore
    name = "stored" if has_object else "place"

    def killed(*_given: object, **_named: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(killed_in, name, killed)
        patch.setattr(intake, "_give_up", killed)  # a process that is killed does not tidy up
        with pytest.raises(KilledError):
            house.takes(io.BytesIO(b"photo"))
    house.settles()
    assert [row.state for row in house.rows()] == [FileState.AWAITED]  # it may be under way
    clock.move(timedelta(minutes=11))
    try:
        house.settles()
    finally:
        clock.move(timedelta(0))
    (row,) = house.rows()
    if has_object:
        assert (row.state, row.sha256) == (FileState.QUARANTINED, sha256(b"photo").hexdigest())
        assert house.objects() == [row.object_key]
    else:
        assert row.state == FileState.REFUSED
        assert house.objects() == []


def test_who_comes_late_does_not_delete_what_was_taken_up_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = files.stored

    def first_by_another(session: object, *given: object, **named: object) -> bool:
        assert stored(session, *given, **named)  # type: ignore[arg-type] # handed on as it came
        return stored(session, *given, **named)  # type: ignore[arg-type] # likewise

    monkeypatch.setattr(files, "stored", first_by_another)
    house.takes(io.BytesIO(b"photo"))
    (row,) = house.rows()
    assert row.state == FileState.QUARANTINED
    assert house.objects() == [row.object_key]


@pytest.mark.parametrize("kind", list(FileKind))
def test_every_kind_has_its_own_bound_and_its_own_sentence(house: House, kind: FileKind) -> None:
    large = io.BytesIO(bytes(rules.MOST_BYTES[kind] + 1))
    outcome = house.takes(large, Incoming(kind, Channel.H5, "a"))
    assert outcome.reason.startswith(rules.FILE_KINDS[kind])
    assert house.rows() == []
