"""Files at WeChat: uploaded once for an account, whatever is tried how often."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from PIL import Image
from sqlalchemy import func, select

from tests.conftest import PROJECT
from tests.media.files import a_film, a_photo, an_mp3, noise
from wx_archive import demo
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.media import arrivals, hosting, service
from wx_archive.media.hosting import Hosted
from wx_archive.media.models import HostedMedia
from wx_archive.media.objects import ObjectStore, open_objects
from wx_archive.media.rules import Form, HostedAs
from wx_archive.media.service import Described, Held
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import ContentError

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


class Desk:
    """Everything that hosting needs, with the simulator for WeChat."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.store = open_objects(settings)
        self.shared, self.close_shared = open_store(database, "")
        self.platform = Platform(settings, self.shared, database)

    def close(self) -> None:
        self.platform.close()
        self.close_shared()

    def bring(self, content: bytes) -> Held:
        arrival = arrivals.receive(self.store, io.BytesIO(content), name="file")
        with self.database.begin() as session:
            return Held.of(
                service.enter(session, arrival, Described("大坝"), made_by="chen", now=NOW)
            )

    def host(
        self, held: Held, form: Form = Form.PAGE, hosted_as: HostedAs = HostedAs.BODY
    ) -> Hosted:
        args = self.database, self.store, self.platform
        return hosting.host(*args, held, form, hosted_as, now=NOW)

    def uploads(self) -> int:
        """Return how many files WeChat was sent so far."""
        asked = requests.get(f"{self.settings.wechat_api_url}/sim/calls", timeout=5)
        paths = [one["path"] for one in asked.json()["calls"]]
        return sum(path.endswith(("uploadimg", "add_material")) for path in paths)

    def rows(self) -> int:
        with self.database.reads() as connection:
            return connection.execute(select(func.count()).select_from(HostedMedia)).scalar_one()


@pytest.fixture(scope="module")
def wechat(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A simulated WeChat for all these tests."""
    folder = tmp_path_factory.mktemp("wechat") / "data"
    shutil.copytree(_demo_data, folder)
    port, other = demo.free_port(), demo.free_port()
    urls = {"public_url": f"http://127.0.0.1:{port}", "wechat_api_url": f"http://127.0.0.1:{other}"}
    settings = Settings.for_demo(
        data_dir=folder, site_dir=PROJECT, port=port, simulator_port=other, **urls
    )
    with demo.in_process(settings):
        yield settings


@contextmanager
def opened(database: Database, wechat: Settings, folder: Path) -> Iterator[Desk]:
    desk = Desk(wechat.model_copy(update={"data_dir": folder}), database)
    yield desk
    desk.close()


@pytest.fixture
def desk(sqlite_url: str, wechat: Settings, tmp_path: Path) -> Iterator[Desk]:
    database = Database(sqlite_url)
    with opened(database, wechat, tmp_path) as made:
        yield made
    database.dispose()


@pytest.fixture
def any_desk(database: Database, wechat: Settings, tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite and on PostgreSQL."""
    with opened(database, wechat, tmp_path) as made:
        yield made


def test_a_picture_is_uploaded_once_for_each_use(any_desk: Desk) -> None:
    held, before = any_desk.bring(a_photo()), any_desk.uploads()
    body = any_desk.host(held)
    assert body.url.startswith("http")
    assert body.media_id == ""
    assert any_desk.host(held) == body
    cover = any_desk.host(held, Form.COVER, HostedAs.MATERIAL)
    assert cover.media_id
    assert any_desk.host(held, Form.COVER, HostedAs.MATERIAL) == cover
    page = any_desk.host(held, Form.PAGE, HostedAs.MATERIAL)
    assert page.media_id not in ("", cover.media_id)
    assert any_desk.rows() == 3
    assert any_desk.uploads() - before == 3


def test_films_and_recordings_become_material(desk: Desk) -> None:
    film = desk.host(desk.bring(a_film()), Form.ORIGINAL, HostedAs.MATERIAL)
    voice = desk.host(desk.bring(an_mp3(3)), Form.ORIGINAL, HostedAs.MATERIAL)
    assert film.media_id
    assert voice.media_id not in ("", film.media_id)


def test_whoever_dies_after_the_upload_uploads_once_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = desk.bring(a_photo())

    def dies(*_args: object, **_options: object) -> None:
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr(hosting, "_keep", dies)
        with pytest.raises(SystemExit):
            desk.host(held)
    assert desk.rows() == 0
    assert desk.host(held).url
    assert desk.rows() == 1


def test_another_account_uploads_for_itself(desk: Desk) -> None:
    held = desk.bring(a_photo())
    first = desk.host(held, Form.COVER, HostedAs.MATERIAL)
    with desk.database.begin() as session:
        session.execute(HostedMedia.__table__.update().values(app_id="wx-another"))  # type: ignore[attr-defined] # a table
    second = desk.host(held, Form.COVER, HostedAs.MATERIAL)
    assert second.media_id != first.media_id
    assert desk.rows() == 2


def test_what_wechat_no_longer_knows_can_be_uploaded_again(desk: Desk) -> None:
    held = desk.bring(a_photo())
    first = desk.host(held, Form.COVER, HostedAs.MATERIAL)
    with desk.database.begin() as session:
        hosting.forget(session, first.media_id)
    assert desk.host(held, Form.COVER, HostedAs.MATERIAL).media_id != first.media_id


def test_two_who_host_at_the_same_time_agree(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = any_desk.bring(a_photo())
    upload, begun = hosting._upload, list[Hosted]()  # noqa: SLF001 -- the moment between

    def upload_late(
        store: ObjectStore, platform: Platform, held: Held, form: Form, hosted_as: HostedAs
    ) -> Hosted:
        if not begun:
            begun.append(Hosted("", ""))
            begun.append(any_desk.host(held))  # the other one is through
        return upload(store, platform, held, form, hosted_as)

    monkeypatch.setattr(hosting, "_upload", upload_late)
    assert any_desk.host(held) == begun[1]
    assert any_desk.rows() == 1


def test_wechat_gets_nothing_that_a_camera_wrote(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[bytes]()
    post = desk.platform.publishing._client.post  # noqa: SLF001 -- what goes over the wire

    def listening(path: str, **told: object) -> object:
        files = told["files"]
        assert isinstance(files, dict)
        name, file = files["media"]
        assert name.endswith(".jpg")
        seen.append(file.read())
        file.seek(0)
        return post(path, **told)

    monkeypatch.setattr(desk.platform.publishing._client, "post", listening)  # noqa: SLF001 -- likewise
    for content in (a_photo(), noise(1300, 1500)):
        held = desk.bring(content)
        desk.host(held)
        desk.host(held, Form.COVER, HostedAs.MATERIAL)
    assert len(seen) == 4
    for sent in seen:
        assert b"Secret" not in sent
        assert len(sent) < 1_000_000
        assert dict(Image.open(io.BytesIO(sent)).getexif()) == {}


def test_a_refusal_leaves_no_row(desk: Desk) -> None:
    held = desk.bring(a_photo())
    told = {"path": "/cgi-bin/media/uploadimg", "fault": "errcode", "errcode": 40009}
    requests.post(f"{desk.settings.wechat_api_url}/sim/faults", json=told, timeout=5)
    with pytest.raises(ContentError):
        desk.host(held)
    assert desk.rows() == 0
    assert desk.host(held).url
