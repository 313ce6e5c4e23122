"""Builders for the sender's own pages: a place without a network, browsers that came by a link."""

import io
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import select
from werkzeug.test import Client, EnvironBuilder, TestResponse

from tests.conftest import do_what_waits
from tests.html import Page, read_page
from wx_archive import app
from wx_archive.app import Application
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.treasures import files, queries, sealed, steps
from wx_archive.treasures.files import Looked
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import FileKind, FileState, State
from wx_archive.treasures.steps import Doing
from wx_archive.treasures.uploads import PURPOSE

CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
ROOT = "/h5/treasures"
PROJECT = Path(__file__).parents[2]
RIGHTS = {
    "ownership": "inherited",
    "wish": "copy",
    "scope": "public",
    "credit": "pseudonym",
    "name": "老城人",
}
TOLD = {
    "title": "外婆的毕业照",
    "decade": "七十年代",
    "year": "大约 1975 年",
    "place": "老城南门外",
    "people": "前排左三是外婆",
    "story": "外婆从箱底翻出来的。",
}


def a_photo(size: int = 4000) -> bytes:
    """Return bytes that begin as a JPEG does, and are like no others."""
    return b"\xff\xd8\xff\xe0" + secrets.token_bytes(size - 4)


@dataclass
class Sender:
    """A citizen with a browser that opened the link of the chat."""

    place: "Place"
    openid: str
    follower_id: int
    browser: Client = field(repr=False)

    def page(self, path: str = "", *, status: int = 200) -> Page:
        return checked(self.browser.get(f"{ROOT}{path}"), status=status)

    def get(self, path: str) -> TestResponse:
        return self.browser.get(f"{ROOT}{path}")

    def hidden(self, path: str) -> dict[str, str]:
        """Return what the page's forms carry unseen; of several, the first one's."""
        found: dict[str, str] = {}
        for name, value in HIDDEN.findall(self.browser.get(f"{ROOT}{path}").text):
            found.setdefault(name, value)
        return found

    def post(self, path: str, form: str | None = None, **fields: Any) -> TestResponse:
        """Send a form as its page gives it, with these fields."""
        carried = self.hidden(path if form is None else form)
        environ = EnvironBuilder(
            f"{ROOT}{path}", method="POST", data=carried | fields
        ).get_environ()
        # A large body lies in a file, which the builder itself would leave open.
        with closing(environ["wsgi.input"]):
            return self.browser.open(environ)

    def begins(self) -> str:
        answer = self.post("/new")
        assert answer.status_code == 303
        return answer.headers["Location"].split("/")[3]

    def sends(self, pid: str, *photos: bytes, name: str = "IMG_1.jpg") -> TestResponse:
        """Send files as the form's field for many does."""
        given = [
            (io.BytesIO(photo), f"{at}{name}", "image/jpeg") for at, photo in enumerate(photos)
        ]
        return self.post(f"/{pid}/photos", files=given)

    def fills(self, pid: str, *photos: bytes) -> None:
        """Go through the first three steps."""
        assert self.sends(pid, *(photos or (a_photo(),))).status_code == 303
        assert self.post(f"/{pid}/story", **TOLD).status_code == 303
        assert self.post(f"/{pid}/rights", **RIGHTS).status_code == 303

    def hands_in(self) -> str:
        """Go through all four steps; return the upload's public id."""
        pid = self.begins()
        self.fills(pid)
        answer = self.post(f"/{pid}/confirm", agree="1")
        assert answer.headers["Location"] == f"{ROOT}/{pid}/done", answer.text
        return pid


@dataclass
class Place:
    """A running account without a network, and what is behind it."""

    application: Application
    settings: Settings

    @property
    def database(self) -> Database:
        return self.application.services.database

    def sender(self, openid: str = "") -> Sender:
        """Return somebody's browser; without a name, somebody's who was never here."""
        openid = openid or f"o{secrets.token_hex(8)}"
        with self.database.begin() as session:
            number = followers.ensure(session, openid, now=clock.now())
        door, browser = Door.of(self.settings), Client(self.application.wsgi)
        with self.database.reads() as connection:
            address = door.address(connection, number, ROOT, purpose=PURPOSE, now=clock.now())
        assert browser.get(urlsplit(address).path).status_code == 303
        return Sender(self, openid, number, browser)

    def upload(self, pid: str) -> Upload:
        with self.database.reads() as connection:
            found = queries.by_pid(connection, pid)
        assert found
        return found

    def files(self, pid: str, *, standing: bool = True) -> list[File]:
        with self.database.reads() as connection:
            found = queries.files(connection, self.upload(pid).id)
        return [file for file in found if not standing or file.state is not FileState.ERASED]

    def doing(self, actor: str = "editor") -> Doing:
        return Doing.of(self.application.services.site, actor, now=clock.now())

    def moves(self, pid: str, *states: State, note: str = "") -> None:
        """Let staff take an upload on."""
        for state in states:
            with self.database.begin() as session:
                treasure = steps.locked(session, self.upload(pid).id)
                steps.advance(session, treasure, state, self.doing(), note=note)

    def looks(self, pid: str, **facts: Any) -> None:
        """Let every file of an upload be found clean, as the worker would."""
        with self.database.begin() as session:
            waiting = (
                select(TreasureFile.id)
                .join(Treasure, Treasure.id == TreasureFile.treasure_id)
                .where(Treasure.pid == pid, TreasureFile.state == FileState.QUARANTINED)
            )
            looked = Looked(FileKind.IMAGE, "image/jpeg", 300, 200, **facts)
            for number in session.scalars(waiting).all():
                files.cleaned(session, number, looked, now=clock.now())

    def refuses(self, pid: str, reason: str) -> None:
        """Let every file of an upload be refused, as the worker would."""
        for file in self.files(pid):
            with self.database.begin() as session:
                files.refused(session, file.id, reason, now=clock.now())

    def works(self) -> None:
        """Do the jobs that wait."""
        do_what_waits(self.settings)

    def content(self, file: File) -> bytes:
        """Return a file's bytes as they lie in the sealed store."""
        assert file.object_key
        with sealed.open_sealed(self.settings).open(file.object_key) as opened:
            return opened.read()

    def objects(self) -> list[str]:
        """Return the names of everything in the sealed store."""
        folder = sealed.open_sealed(self.settings).folder
        return sorted(
            path.name for path in folder.rglob("*") if path.is_file() and len(path.name) > 40
        )


def checked(answer: TestResponse, *, status: int = 200) -> Page:
    """Return a page of the sender's, which nobody may keep a copy of."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = read_page(answer.text)
    found.check_frame()
    return found


@contextmanager
def a_place(settings: Settings) -> Iterator[Place]:
    application = app.build(settings)
    try:
        yield Place(application, settings)
    finally:
        application.close()


def settings_in(folder: Path, demo_data: Path, **overrides: object) -> Settings:
    """Return settings of a demo to which WeChat does not tell who reads, for a whole module."""
    shutil.copytree(demo_data, folder)
    given = {"data_dir": folder, "site_dir": PROJECT, "wechat_account": "subscription"}
    return Settings.for_demo(**(given | overrides))


def on_postgres(url: str) -> dict[str, object]:
    return {"database_url": SecretStr(url)}
