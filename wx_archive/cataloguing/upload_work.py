"""What the jobs write of an upload; each call belongs to the transaction of its job."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.cataloguing import uploads
from wx_archive.cataloguing.upload_files import Report
from wx_archive.cataloguing.upload_models import Upload, UploadContent, UploadState
from wx_archive.cataloguing.uploads import Seen


def take(session: Session, pid: str, state: UploadState) -> tuple[Seen, bytes] | None:
    """Return an upload with its bytes for a job that puts it into ``state``; None if it is gone.

    Also one that an earlier attempt had taken already.
    """
    expected = {
        UploadState.CHECKING: (UploadState.RECEIVED, UploadState.CHECKING),
        UploadState.IMPORTING: (UploadState.IMPORTING,),
    }[state]
    changed = session.execute(
        update(Upload)
        .where(Upload.pid == pid, Upload.state.in_(expected))
        .values(state=state)
        .returning(Upload.id)
    ).scalar_one_or_none()
    seen = uploads.find(session, pid)
    if changed is None or seen is None:
        return None
    content = session.scalar(
        select(UploadContent.content).where(UploadContent.upload_id == seen.id)
    )
    return None if content is None else (seen, content)


def remark(session: Session, pid: str, said: str) -> None:
    """Say why an upload is where it is."""
    session.execute(update(Upload).where(Upload.pid == pid).values(remark=said[:500]))


def progress(session: Session, pid: str, *, done: int, total: int) -> None:
    """Note how far a job is."""
    session.execute(
        update(Upload).where(Upload.pid == pid).values(done_rows=done, total_rows=total, remark="")
    )


def checked(session: Session, pid: str, report: Report, *, said: str = "") -> None:
    """Put what the check found before people."""
    upload = session.scalars(select(Upload).where(Upload.pid == pid).with_for_update()).one()
    upload.state, upload.report, upload.remark = UploadState.CHECKED, report.as_json(), said
    upload.done_rows = upload.total_rows = 0
    upload.started_by, upload.started_at = "", None


def finish(session: Session, pid: str, report: Report, *, now: datetime) -> None:
    """Note that the good rows are in the catalogue; the file is not needed any more."""
    upload = session.scalars(select(Upload).where(Upload.pid == pid).with_for_update()).one()
    upload.report = report.as_json()
    uploads.end(session, upload, UploadState.DONE, now=now)


def refuse(session: Session, pid: str, why: str, *, now: datetime) -> None:
    """Note that the file as a whole cannot be read."""
    upload = session.scalars(select(Upload).where(Upload.pid == pid).with_for_update()).one()
    uploads.end(session, upload, UploadState.REFUSED, now=now)
    upload.remark = why[:500]


def fail(session: Session, pid: str, *, now: datetime) -> None:
    """Note that we could not do it; the file stays, so that it can be tried again."""
    session.execute(
        update(Upload)
        .where(Upload.pid == pid, Upload.state.in_(uploads.RUNNING))
        .values(state=UploadState.FAILED, remark="", finished_at=now)
    )


def tidy(session: Session, *, now: datetime) -> int:
    """Delete the files that nobody has decided on in a fortnight; return how many."""
    old = session.scalars(
        select(Upload)
        .where(
            Upload.state.in_((UploadState.RECEIVED, UploadState.FAILED, *uploads.WAITING)),
            Upload.made_at < now - uploads.KEPT,
        )
        .with_for_update()
    ).all()
    for upload in old:
        uploads.end(session, upload, UploadState.DROPPED, now=now)
        upload.remark = f"放了 {uploads.KEPT.days} 天没有人处理，文件已经删掉"
    return len(old)
