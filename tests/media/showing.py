"""Pieces that show files, and the desk at which files are brought in."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.conftest import PROJECT, closing_office
from tests.console import Browser, Office
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.media import arrivals, service
from wx_archive.media.models import Asset
from wx_archive.media.objects import open_objects
from wx_archive.media.service import Described, Held
from wx_archive.publishing import pieces
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Column, Kind, PieceState


@contextmanager
def an_office(demo_data: Path, folder: Path) -> Iterator[Office]:
    """Open an office for many tests."""
    shutil.copytree(demo_data, folder)
    port = demo.free_port()
    url = f"http://127.0.0.1:{port}"
    settings = Settings.for_demo(data_dir=folder, site_dir=PROJECT, port=port, public_url=url)
    with closing_office(settings) as office:
        yield office


def bring(
    office: Office, content: bytes, title: str = "大坝合龙", *, alt: str = "", by: str = "editor"
) -> Held:
    """Bring a file into the library."""
    arrival = arrivals.receive(open_objects(office.settings), io.BytesIO(content), name="file")
    with office.database.begin() as session:
        described = Described(title, alt)
        asset = service.enter(session, arrival, described, made_by=by, now=clock.now())
        return Held.of(asset)


def a_piece(
    office: Office,
    *,
    title: str = "一座大坝",
    kind: Kind = Kind.ARTICLE,
    state: PieceState = PieceState.APPROVED,
    out_at: datetime | None = None,
    withdrawn: bool = False,
    by: str = "editor",
    **content: object,
) -> str:
    """Write a piece; return its public id."""
    told = Content(Column.HISTORY, kind, title, **content)  # type: ignore[arg-type] # a test's own
    with office.database.begin() as session:
        piece = pieces.add(session, told, made_by=by, now=clock.now(), state=state)
        piece.out_at = out_at
        piece.withdrawn_at = clock.now() if withdrawn else None
        return piece.pid


def past() -> datetime:
    """Return a moment that is over."""
    return clock.now() - timedelta(minutes=1)


def send(browser: Browser, *files: tuple[str, bytes], **fields: str) -> TestResponse:
    """Send the form of the upload page, with fields such as `f0-title`."""
    told: dict[str, object] = {"csrf": browser.csrf, **fields}
    for row, (name, content) in enumerate(files):
        told[f"f{row}-file"] = FileStorage(io.BytesIO(content), name, f"f{row}-file")
    boundary, body = encode_multipart(told)
    return browser.client.post(
        "/console/media",
        data=body,
        headers={"Origin": browser.origin},
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def assets(database: Database) -> list[Held]:
    """Return the whole library in the order of arrival."""
    with database.begin() as session:
        return [Held.of(asset) for asset in session.scalars(select(Asset).order_by(Asset.id))]
