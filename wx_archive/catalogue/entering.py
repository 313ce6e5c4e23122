"""One record entered by hand, in the transaction of what leads to it: checked like a file's row.

It belongs to a batch of its own kind that is published for ever, so that every query finds it as
it finds what a file has brought, and an export of the catalogue can be imported again.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import index
from wx_archive.catalogue.files import Livelihood, RecordRow
from wx_archive.catalogue.models import ImportBatch, Record
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.service import columns_of
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.errors import RefusedError

_DIGEST: Final = hashlib.sha256(b"entered by hand").hexdigest()


class BadRecordError(RefusedError):
    """What was told makes no valid record, or one that is there already."""


def enter_record(
    session: Session,
    told: Mapping[str, object],
    *,
    secret: str,
    livelihood: Livelihood | None,
    now: datetime,
    today: date,
) -> str:
    """Enter a record; return its public id.

    Args:
        session: one transaction; the index waits for it.
        told: by the names of a catalogue file (`files.rows.RecordRow`).
        secret: keys the public id, as in every import.
        livelihood: the site's rules; without any, it is taken for one that stays hidden.
        now: the present instant.
        today: the Shanghai day; decides what is public.

    Raises:
        BadRecordError: it is no valid record, or there is one of this key.
    """
    try:
        row = RecordRow.model_validate(told)
    except ValidationError as err:
        raise BadRecordError(str(err.errors()[0]["msg"])) from err
    if row.livelihood is None:
        is_private = livelihood is None or livelihood.covers(row)
        row = row.model_copy(update={"livelihood": int(is_private)})
    index.lock(session.connection())
    same = select(Record.id).where(Record.source_key == row.id, is_current(Record))
    if session.execute(same.limit(1)).first() is not None:
        raise BadRecordError(f"目录里已经有 {row.id} 这一条")
    record = Record(
        **columns_of(row, secret),
        batch_id=_batch(session, now),
        content_hash=hashlib.sha256(row.canonical()).hexdigest(),
    )
    session.add(record)
    session.flush()
    index.add(session.connection(), [record], today=today)
    return record.pid


def is_by_hand(connection: Connection, batch_id: int) -> bool:
    """Tell whether a batch is the one of what was entered by hand: no file says anything of it."""
    mine = select(ImportBatch.id).where(ImportBatch.id == batch_id, ImportBatch.digest == _DIGEST)
    return connection.execute(mine).first() is not None


def _batch(session: Session, now: datetime) -> int:
    """Return the batch of what was entered by hand; whoever holds the index's lock makes it."""
    known = session.scalars(
        select(ImportBatch.id).where(
            ImportBatch.kind == Kind.RECORD.value,
            ImportBatch.digest == _DIGEST,
            ImportBatch.published_at.is_not(None),
        )
    ).one_or_none()
    if known is not None:
        return known
    batch = ImportBatch(
        kind=Kind.RECORD.value, digest=_DIGEST, started_at=now, published_at=now, is_settled=True
    )
    session.add(batch)
    session.flush()
    return batch.id
