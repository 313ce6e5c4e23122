"""The demo's people at their desks, writing, sending in and reviewing through the console."""

import io
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import PROJECT, closing_office
from tests.console import Browser, Office
from tests.html import Page, read_page
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.settings import Settings
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing.models import Piece
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

BODY = "丹江口大坝1958年动工。\n\n## 后来\n\n2005年加高。"


@contextmanager
def opened_desks(data: Path, folder: Path) -> Iterator["Desks"]:
    """Open a console on a copy of the demo's data."""
    shutil.copytree(data, folder)
    port = demo.free_port()
    settings = Settings.for_demo(
        data_dir=folder, site_dir=PROJECT, port=port, public_url=f"http://127.0.0.1:{port}"
    )
    with closing_office(settings) as office:
        yield Desks(office)


@dataclass
class Desks:
    """Who sits where."""

    office: Office

    def __post_init__(self) -> None:
        self._browsers: dict[Role, Browser] = {}

    def at(self, role: Role) -> Browser:
        """Return the browser of a role."""
        if role not in self._browsers:
            self._browsers[role] = self.office.sits(role)
        return self._browsers[role]

    @property
    def editor(self) -> Browser:
        return self.at(Role.EDITOR)

    @property
    def reviewer(self) -> Browser:
        return self.at(Role.REVIEWER)

    @property
    def correspondent(self) -> Browser:
        return self.at(Role.CORRESPONDENT)

    def piece(self, path: str) -> Piece:
        """Return a piece by the address of its page."""
        pid = path.removeprefix("/console/pieces/")
        with self.office.database.begin() as session:
            found = session.scalars(select(Piece).where(Piece.pid == pid)).one()
            session.expunge(found)
        return found

    def begins(self, browser: Browser, title: str = "一座大坝", kind: str = "article") -> str:
        """Begin a piece; return the address of its page."""
        answer = browser.post("/console/pieces/new", column="history", kind=kind, title=title)
        assert answer.status_code == 303, read_page(answer.text).text
        return answer.headers["Location"].removesuffix("/edit")

    def saves(self, browser: Browser, path: str, **fields: Any) -> TestResponse:
        """Send the editor's form."""
        told = {
            "since": self.piece(path).revision,
            "title": "一座大坝",
            "column": "history",
            "body": BODY,
            "do": "save",
        }
        return browser.post(f"{path}/edit", **{**told, **fields})

    def written(self, browser: Browser | None = None, **fields: Any) -> str:
        """Begin a piece and write something; return its address."""
        path = self.begins(browser or self.editor)
        answer = self.saves(browser or self.editor, path, **fields)
        assert answer.status_code == 303, read_page(answer.text).text
        return path

    def submitted(self, **fields: Any) -> str:
        """Bring a piece to the reviewers."""
        path = self.written(**fields)
        self.editor.done(f"{path}/submit")
        return path

    def approves(self, path: str, **fields: Any) -> TestResponse:
        """Send the reviewer's form, as it was shown."""
        told = {"shown": self.piece(path).content_hash, "secrecy": "1", **fields}
        return self.reviewer.post(f"{path}/approve", **told)

    def approved(self, **fields: Any) -> str:
        """Bring a piece all the way."""
        path = self.submitted(**fields)
        assert self.approves(path).status_code == 303
        return path

    def brings_in(self, title: str = "大坝远景") -> str:
        """Bring a picture into the library; return its public id."""
        colour = f"#{zlib.crc32(title.encode()) % 0xFFFFFF:06x}"  # the same bytes are one asset
        file = io.BytesIO()
        Image.new("RGB", (1000, 500), colour).save(file, "PNG")
        file.seek(0)
        with self.office.database.begin() as session:
            asset = media.bring_in(
                session,
                open_objects(self.office.settings),
                file,
                name=f"{title}.png",
                title=title,
                alt=title,
                credit="",
                made_by="editor",
                now=clock.now(),
            )
            return asset.pid

    def notes(self, action: str, path: str) -> list[str]:
        """Return what the audit log says was done to a piece, oldest first."""
        subject = path.replace("/console/pieces/", "piece:")
        wanted = select(AuditEntry).where(
            AuditEntry.action == action, AuditEntry.subject == subject
        )
        wanted = wanted.order_by(AuditEntry.number)
        with self.office.database.begin() as session:
            return [one.before + one.after for one in session.scalars(wanted)]


def refused(answer: TestResponse, status: int = 422) -> Page:
    """Return the page of a form that was not taken."""
    page = read_page(answer.text)
    assert answer.status_code == status, page.text
    page.check_frame()
    return page
