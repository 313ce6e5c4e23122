"""Bringing files to the console, and the worker that takes them."""

import io
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.conftest import PROJECT, closing_office
from tests.console import Browser, Office
from tests.html import Page, read_page
from wx_archive import demo
from wx_archive.cataloguing import upload_jobs
from wx_archive.cataloguing.upload_models import Upload, UploadContent
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.services import Services
from wx_archive.core.settings import Settings
from wx_archive.wechat.client import Platform


@contextmanager
def an_office(demo_data: Path, folder: Path) -> Iterator[Office]:
    """Open an office for many tests that leave it as it is."""
    shutil.copytree(demo_data, folder)
    port = demo.free_port()
    url = f"http://127.0.0.1:{port}"
    settings = Settings.for_demo(data_dir=folder, site_dir=PROJECT, port=port, public_url=url)
    with closing_office(settings) as office:
        yield office


def as_lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return rows as JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(*rows: Iterable[str]) -> bytes:
    """Return rows as CSV; no cell has a comma."""
    return "".join(",".join(row) + "\r\n" for row in rows).encode()


def send(
    browser: Browser, name: str, content: bytes, *, kind: str = "record", openness: str = ""
) -> TestResponse:
    """Send the form of the upload page."""
    file = FileStorage(io.BytesIO(content), name, "file")
    fields = {"csrf": browser.csrf, "kind": kind, "openness": openness, "file": file}
    boundary, body = encode_multipart(fields)
    return browser.client.post(
        "/console/uploads",
        data=body,
        headers={"Origin": browser.origin},
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def bring(
    office: Office,
    browser: Browser,
    name: str,
    content: bytes,
    *,
    kind: str = "record",
    openness: str = "",
) -> str:
    """Send a file, have it checked, and return the address of its page."""
    answer = send(browser, name, content, kind=kind, openness=openness)
    assert answer.status_code == 303, read_page(answer.text).text
    work(office)
    return answer.headers["Location"]


def work(office: Office) -> int:
    """Do every job of an upload that is due, as a worker does; return how many."""
    return work_with(office.application.services)


def work_with(services: Services) -> int:
    platform = Platform(services.settings, services.store, services.database)
    runner = Runner(services.database, upload_jobs.build(services, platform))
    count = 0
    while runner.run_next():
        count += 1
    platform.close()
    return count


def lies_about(office: Office) -> list[Path]:
    """Return the files of uploads that are left on the worker's disk."""
    return list((office.settings.data_dir / "uploads").rglob("*"))


def kept_files(database: Database) -> int:
    """Return how many files the database holds."""
    with database.reads() as connection:
        return connection.execute(select(func.count()).select_from(UploadContent)).scalar_one()


def states(database: Database) -> list[str]:
    """Return the states of all uploads, in their order."""
    with database.reads() as connection:
        return list(connection.scalars(select(Upload.state).order_by(Upload.id)))


def folded(page: Page) -> str:
    """Return what the page says, on one line."""
    return " ".join(page.text.split())
