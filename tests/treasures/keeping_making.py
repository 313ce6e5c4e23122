"""Builders for what is kept: pieces whose bytes lie in the sealed store, and the worker's jobs."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import PROJECT
from tests.talk import NOON
from tests.treasures.register_making import (
    DESCRIBING,
    EDITOR,
    MINE,
    REVIEWER,
    STORY,
    TITLE,
    a_plan,
    terms_of,
)
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, Jobs, JobState, Runner
from wx_archive.core.services import Services, open_services
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import (
    accessions,
    agreements,
    files,
    fixity_jobs,
    queries,
    removal,
    sealed,
    uploads,
)
from wx_archive.treasures.files import Incoming, Looked
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import Channel, Credit, FileKind, Ownership, Scope, State, Wish
from wx_archive.treasures.steps import advance, locked
from wx_archive.treasures.uploads import Told, Wishes
from wx_archive.wechat.client import Platform

WAY = (State.SCREENING, State.APPRAISAL, State.ACCEPTED)


@dataclass(frozen=True)
class Vault:
    """An installation of its own with an empty sealed store."""

    services: Services
    jobs: Jobs

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def store(self) -> ObjectStore:
        return sealed.open_sealed(self.services.settings)

    def handed_in(
        self,
        *contents: bytes,
        name: str = "a.jpg",
        openid: str = "a-giver",
        credit: Credit = Credit.PSEUDONYM,
        is_finished: bool = True,
    ) -> Upload:
        """Have an upload handed in, its files clean and in the store."""
        with self.database.begin() as session:
            follower_id = followers.ensure(session, openid, now=NOON)
            treasure = uploads.begin(session, Channel.H5, MINE, follower_id=follower_id)
            for content in contents:
                self.bring(session, treasure.id, content, name=name)
            uploads.describe(session, treasure, Told(TITLE, STORY, "1975年"), MINE)
            wishes = Wishes(Ownership.INHERITED, Wish.DONATE, Scope.PUBLIC, credit, "老李")
            uploads.state_wishes(session, treasure, wishes, MINE)
            if is_finished:
                uploads.finish(session, treasure, MINE, consent_version=1)
            return queries.by_id(session.connection(), treasure.id)

    def bring(
        self,
        session: Session,
        treasure_id: int,
        content: bytes,
        *,
        name: str = "a.jpg",
        is_evidence: bool = False,
        is_clean: bool = True,
    ) -> int:
        """Store a file of an upload."""
        incoming = Incoming(FileKind.IMAGE, Channel.H5, name, is_evidence=is_evidence)
        file = files.reserve(session, locked(session, treasure_id), incoming, now=NOON)
        assert file is not None
        assert file.object_key is not None
        self.store.put(file.object_key, io.BytesIO(content))
        sha256 = hashlib.sha256(content).hexdigest()
        files.stored(session, file.id, sha256=sha256, size_bytes=len(content), now=NOON)
        if is_clean:
            looked = Looked(FileKind.IMAGE, "image/jpeg", 640, 480)
            files.cleaned(session, file.id, looked, now=NOON)
        return file.id

    def agreed(self, *contents: bytes, scan: bytes = b"", **said: object) -> Upload:
        """Have an upload agreed on, perhaps with the scan of what was signed."""
        upload = self.handed_in(*contents, **said)  # type: ignore[arg-type]
        with self.database.begin() as session:
            treasure = locked(session, upload.id)
            for state in WAY:
                advance(session, treasure, state, EDITOR)
            if scan:
                self.bring(session, upload.id, scan, name="协议.jpg", is_evidence=True)
            agreements.write(session, upload.id, terms_of(upload), EDITOR)
        return self.upload(upload.id)

    def entered(self, *contents: bytes, scan: bytes = b"", **said: object) -> Upload:
        """Have an upload entered in the register."""
        upload = self.agreed(*contents, scan=scan, **said)
        with self.database.begin() as session:
            accessions.plan(session, upload.id, a_plan(), EDITOR)
            accessions.enter(session, upload.id, REVIEWER, DESCRIBING)
        return self.upload(upload.id)

    def upload(self, treasure_id: int) -> Upload:
        with self.database.reads() as connection:
            return queries.by_id(connection, treasure_id)

    def files(self, upload: Upload, *, evidence: bool = False) -> list[File]:
        with self.database.reads() as connection:
            return queries.files(connection, upload.id, evidence=evidence)

    def path(self, file: File) -> Path:
        """Return where an original lies."""
        assert file.object_key is not None
        return self.store.path(file.object_key)

    def flip(self, file: File) -> None:
        """Flip one bit in the middle of an original."""
        path = self.path(file)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))

    def works(self) -> None:
        """Do what the worker has to do of fixity and removal, and what comes of it."""
        runner = Runner(self.database, self.jobs, lanes=0)
        while self._hurry() and runner.run_next():
            pass

    def causes(self) -> list[str]:
        """Return why jobs failed."""
        with self.database.reads() as connection:
            return [cause for cause in connection.scalars(select(Job.cause)) if cause]

    def _hurry(self) -> int:
        with self.database.begin() as session:
            waiting = update(Job).where(
                Job.state == JobState.WAITING, Job.kind.in_(sorted(self.jobs.kinds))
            )
            done = session.execute(waiting.values(run_after=clock.now()).returning(Job.id))
            return len(done.all())


@contextmanager
def a_vault(folder: Path, database_url: str) -> Iterator[Vault]:
    """Open an installation on this database."""
    settings = Settings.for_demo(
        data_dir=folder, site_dir=PROJECT, database_url=SecretStr(database_url)
    )
    with open_services(settings) as services:
        platform = Platform(settings, services.store, services.database)
        jobs = fixity_jobs.build(services, platform)
        jobs.take_in(removal.build(services, platform))
        try:
            yield Vault(services, jobs)
        finally:
            platform.close()


def drop_all(database: Database) -> None:
    """Forget every upload, as a database does that is not the store's."""
    with database.begin() as session:
        for treasure in session.scalars(select(Treasure)):
            session.delete(treasure)
