"""The work on uploads beside the console: the check, the import, and clearing away.

Both jobs may be done by any worker, and again where one has died: the check changes nothing, the
import goes on where it stopped (`catalogue.staging`). Whatever a file does to its reader ends in
the upload's state: refused where the file is at fault, failed where we are.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from wx_archive.catalogue.files import livelihood_of
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.service import AnotherImportError, Importer, ImportReport
from wx_archive.cataloguing import upload_work, uploads
from wx_archive.cataloguing.upload_files import Report
from wx_archive.cataloguing.upload_models import UploadState
from wx_archive.cataloguing.upload_openings import Openings
from wx_archive.cataloguing.uploads import CHECK, IMPORT, Seen
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Jobs, LaterError, LostLeaseError, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

TIDY: Final = "cataloguing.tidy_uploads"
SCHEDULES: Final = (Schedule(TIDY, "40 3 * * *", TIDY),)
TRIES: Final = 4
"""So often a job is tried before a person is told; it may be its file that ends the worker."""
TURN: Final = timedelta(seconds=5)
"""After so long somebody who waits for another import looks again."""
STEP_S: Final = 1.0
"""How often the page is told how far it is."""
WAITS: Final = "另一个导入或导出正在进行，等它结束就轮到这份。"
MOVED: Final = (
    "检查之后馆里的目录变过，现在有 {count} 行会让公众看到以前看不到的内容，要由另一个人开始导入。"
)


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job that uploads need."""
    own, desk = Jobs(), _Desk(services)
    # One more than we try: the last call finds that every try ended with its process.
    own.handles(CHECK, attempts=TRIES + 1)(lambda work: desk.run(work, desk.check))
    own.handles(IMPORT, attempts=TRIES + 1)(lambda work: desk.run(work, desk.take_in))

    @own.handles(TIDY)
    def tidy(work: Work) -> None:
        with work.finishing() as session:
            count = upload_work.tidy(session, now=clock.now())
        desk.sweep()
        log.info("uploads.tidied dropped=%d", count)

    return own


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where files are laid out to be worked on."""

    services: Services

    @property
    def folder(self) -> Path:
        """Where the files lie meanwhile, on this machine alone."""
        return self.services.settings.data_dir / "uploads"

    def run(self, work: Work, do: Callable[[Work], None]) -> None:
        """Do a job; what cannot be done ends as such, and not in a job that comes back for ever."""
        pid = str(work.payload["upload"])
        if work.job.attempts > TRIES:
            self._fail(work, pid, "every try ended with its process")
            return
        try:
            do(work)
        except (LaterError, LostLeaseError):
            raise
        except RefusedError as err:
            with work.finishing() as session:
                upload_work.refuse(session, pid, self._told(work, err), now=clock.now())
        except Exception as err:
            if work.job.attempts < TRIES:
                raise
            log.exception("uploads.failed upload=%s", pid)
            self._fail(work, pid, type(err).__name__)

    def check(self, work: Work) -> None:
        """Find out what an import would do."""
        with self._laid_out(work, UploadState.CHECKING) as found:
            if found is None:
                return
            upload, path = found
            importer = self._importer(work, upload, dry_run=True)
            report = self._alone(work, upload, lambda: _read(importer, path, upload.kind))
            opens = self._openings(upload).count(path, upload.kind)
        with work.finishing() as session:
            upload_work.checked(session, upload.pid, Report.of(report, opens=opens))
        log.info("uploads.checked upload=%s good=%d", upload.pid, report.read)

    def take_in(self, work: Work) -> None:
        """Import the good rows."""
        with self._laid_out(work, UploadState.IMPORTING) as found:
            if found is None:
                return
            upload, path = found
            if self._must_be_seen_by_another(work, upload, path):
                return
            importer = self._importer(work, upload, dry_run=False)
            report = self._alone(work, upload, lambda: _read(importer, path, upload.kind))
        with work.finishing() as session:
            done = _done(upload, report, is_again=work.job.attempts > 1)
            upload_work.finish(session, upload.pid, done, now=clock.now())
        log.info("uploads.imported upload=%s good=%d", upload.pid, report.read)

    def _alone(self, work: Work, upload: Seen, read: Callable[[], ImportReport]) -> ImportReport:
        """Wait for one's turn before the file is read, and not with the whole of it read.

        Raises:
            LaterError: another import or export is under way.
        """
        with self.services.database.exclusively("import") as alone:
            pass
        try:
            if alone:
                return read()
        except AnotherImportError:
            log.info("uploads.overtaken upload=%s", upload.pid)
        with work.begin() as session:
            upload_work.remark(session, upload.pid, WAITS)
        raise LaterError(TURN)

    def _must_be_seen_by_another(self, work: Work, upload: Seen, path: Path) -> bool:
        """Give back what, since it was checked, has come to show the public more than it did."""
        rule = self.services.site.profile.import_needs_second_person
        if not rule or upload.started_by != upload.made_by or upload.report is None:
            return False
        opens = self._openings(upload).count(path, upload.kind)
        if not opens:
            return False
        with work.finishing() as session:
            report = upload.report.with_opens(opens)
            upload_work.checked(session, upload.pid, report, said=MOVED.format(count=opens))
        return True

    def _importer(self, work: Work, upload: Seen, *, dry_run: bool) -> Importer:
        return Importer(
            self.services.database,
            self.services.settings.secret(),
            openness=upload.openness,
            livelihood=livelihood_of(self.services.site.content),
            skip_bad=True,
            dry_run=dry_run,
            progress=_Progress(work, upload.pid),
        )

    def _openings(self, upload: Seen) -> Openings:
        livelihood = livelihood_of(self.services.site.content)
        return Openings(self.services.database, upload.openness, livelihood, clock.today())

    @contextmanager
    def _laid_out(self, work: Work, state: UploadState) -> Iterator[tuple[Seen, Path] | None]:
        """Lend the upload and its file; None where somebody has deleted it meanwhile."""
        pid = str(work.payload["upload"])
        with work.begin() as session:
            taken = upload_work.take(session, pid, state)
        if taken is None:
            yield None
            return
        upload, content = taken
        for left in self.folder.glob(f"{pid}-*"):
            shutil.rmtree(left, ignore_errors=True)
        own = self._own(work)
        own.mkdir(mode=0o700, parents=True)
        try:
            yield upload, _written(own / upload.name, content)
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def _own(self, work: Work) -> Path:
        """Return the folder of this attempt: another may still be ending in its own."""
        return self.folder / f"{work.payload['upload']}-{work.job.fence}"

    def _told(self, work: Work, err: RefusedError) -> str:
        """Return a refusal without the folders of this machine."""
        return str(err).replace(f"{self._own(work)}/", "")

    def _fail(self, work: Work, pid: str, why: str) -> None:
        log.error("uploads.given_up upload=%s cause=%s", pid, why)
        with work.finishing() as session:
            upload_work.fail(session, pid, now=clock.now())

    def sweep(self) -> None:
        """Delete what workers that were killed have left behind."""
        for left in self.folder.glob("*-*"):
            pid = left.name.partition("-")[0]
            with self.services.database.reads() as connection:
                upload = uploads.find(connection, pid)
            if upload is None or not upload.is_running:
                shutil.rmtree(left, ignore_errors=True)


class _Progress:
    """Tells the page how far it is; ends the work where another worker has taken it."""

    def __init__(self, work: Work, pid: str) -> None:
        self._work, self._pid = work, pid
        self._told_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._told_at < STEP_S:
            return
        with self._work.begin() as session:
            upload_work.progress(session, self._pid, done=done, total=total)
        self._told_at = time.monotonic()


def _read(importer: Importer, path: Path, kind: Kind) -> ImportReport:
    return importer.documents(path) if kind is Kind.DOCUMENT else importer.records(path)


def _written(path: Path, content: bytes) -> Path:
    """Write a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path


def _done(upload: Seen, report: ImportReport, *, is_again: bool) -> Report:
    """Return what was done; after a death between the end and its note that is what was to be."""
    opens = upload.report.opens if upload.report else 0
    if is_again and upload.report and not report.added + report.changed:
        return upload.report
    return Report.of(report, opens=opens)
