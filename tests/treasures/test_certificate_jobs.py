"""A certificate drawn, kept, and shown to its sender: at most once; else told where it is."""

import io
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, update
from werkzeug.wrappers import Request, Response

from tests.conftest import PROJECT
from tests.treasures.certificates_making import (
    NAME,
    OPENID,
    TITLE,
    Gift,
    a_certificate,
    a_doing,
    is_drawn,
    look,
)
from tests.wechat.fake_platform import OK, a_token, refused, serving
from wx_archive.chat import windows
from wx_archive.chat.models import HeldAnswer, ServiceWindow
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState, Runner
from wx_archive.core.live import Live
from wx_archive.core.services import Services, site_of
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.core.text import tap_link
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.treasures import (
    certificate_art,
    certificate_jobs,
    certificates,
    erase_jobs,
    removal,
)
from wx_archive.treasures.certificate_art import Drawn
from wx_archive.treasures.certificates import Known
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.rules import Credit
from wx_archive.treasures.sealed import open_sealed
from wx_archive.wechat.client import Platform
from wx_archive.wechat.limits import Occasion, limits

SEND = "/cgi-bin/message/custom/send"
UPLOAD = "/cgi-bin/media/upload"
RARE = "\U0001f600"


@dataclass
class WeChat:
    """Takes pictures and messages; says of them what it is told, one after the other."""

    verdicts: list[tuple[int, str]] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    sent: list[dict[str, object]] = field(default_factory=list)
    hangs: threading.Event | None = None

    def __call__(self, request: Request) -> Response:
        self.paths.append(request.path)
        if request.path == UPLOAD:
            self.uploads.append(next(iter(request.files.values())).read())
            told = {"type": "image", "media_id": f"MEDIA-{len(self.uploads)}", "created_at": 1}
            return Response(json.dumps(told))
        if request.path == SEND:
            self.sent.append(json.loads(request.get_data()))
            if self.hangs:
                self.hangs.wait(20)
            return _answer(self.verdicts.pop(0) if self.verdicts else OK)
        return Response(a_token()[1])


def _answer(reply: tuple[int, str]) -> Response:
    return Response(reply[1], status=reply[0])


class Studio:
    """The worker's place, without other jobs than those of certificates."""

    def __init__(self, services: Services, platform: Platform, wechat: WeChat) -> None:
        self.services, self.platform, self.wechat = services, platform, wechat
        self.database, self.store = services.database, open_sealed(services.settings)

    def works(self) -> None:
        kinds = certificate_jobs.build(self.services, self.platform)
        kinds.take_in(removal.build(self.services, self.platform))
        runner = Runner(self.database, kinds)
        while runner.run_next():
            pass

    def retries(self) -> None:
        """Let the time pass until the jobs are due again."""
        with self.database.begin() as session:
            session.execute(
                update(Job).where(Job.state == JobState.WAITING).values(run_after=clock.now())
            )
        self.works()

    def writes(self, openid: str = OPENID) -> None:
        """Let somebody have written to the account just now."""
        with self.database.begin() as session:
            followers.ensure(session, openid, now=clock.now())
            windows.note_opened(session.connection(), {(openid, Occasion.MESSAGE): clock.now()})

    def has_drawn(self, gift: Gift | None = None) -> Known:
        """Have a certificate as if it were drawn: its picture is to be sent."""
        known = a_certificate(self.database, gift)
        with self.database.begin() as session:
            session.execute(
                update(Job).where(Job.kind == certificates.DRAW).values(state=JobState.DONE)
            )
        self.store.put("ab" * 32, io.BytesIO(b"a picture"))
        return is_drawn(self.database, known)

    def held(self) -> list[str]:
        with self.database.reads() as connection:
            return list(connection.execute(select(HeldAnswer.text)).scalars())

    def states(self, kind: str) -> list[str]:
        with self.database.reads() as connection:
            found = select(Job.state).where(Job.kind == kind)
            return [str(state) for state in connection.execute(found).scalars()]

    def objects(self) -> list[str]:
        found = self.store.folder.glob("[0-9a-f][0-9a-f]/*/*")
        return sorted(path.name for path in found)


@pytest.fixture
def open_studio(database: Database, tmp_path: Path) -> Iterator["OpenStudio"]:
    with ExitStack() as stack:
        yield OpenStudio(database, tmp_path, stack)


@dataclass
class OpenStudio:
    database: Database
    folder: Path
    stack: ExitStack

    def __call__(self, **changes: object) -> Studio:
        wechat = WeChat()
        url = self.stack.enter_context(serving(wechat))
        told = {"data_dir": self.folder, "site_dir": PROJECT, "wechat_api_url": url} | changes
        settings = Settings.for_demo(**told)
        store, close = open_store(self.database, "")
        self.stack.callback(close)
        services = Services(settings, self.database, store, site_of(settings, Live(self.database)))
        platform = Platform(settings, store, self.database, sleep=lambda _s: None)
        self.stack.callback(platform.close)
        return Studio(services, platform, wechat)


@pytest.fixture
def studio(open_studio: OpenStudio) -> Studio:
    return open_studio()


def test_it_is_drawn_kept_sealed_and_sent_to_the_phone(studio: Studio) -> None:
    studio.writes()
    known = a_certificate(studio.database)
    studio.works()
    kept = look(studio.database, known.id)
    assert kept.png_key
    assert studio.objects() == [kept.png_key, f"{kept.png_key}.pdf"]
    with studio.store.open(kept.png_key) as file:
        picture = file.read()
    assert Image.open(io.BytesIO(picture)).size == (1080, 1527)
    assert studio.wechat.uploads == [picture]
    words, picture_sent = studio.wechat.sent
    assert "这是您的捐赠证书" in str(words["text"])
    assert picture_sent == {
        "touser": OPENID,
        "msgtype": "image",
        "image": {"media_id": "MEDIA-1"},
    }
    assert studio.held() == [], "who has the picture needs no words"
    assert "/cgi-bin/material/add_material" not in studio.wechat.paths, "lent, never kept there"


def test_the_sweep_of_objects_leaves_a_certificate_alone(studio: Studio) -> None:
    a_certificate(studio.database)
    studio.works()
    studio.store.put("cd" * 32, io.BytesIO(b"nobody's"))
    later = clock.now() - clock.offset() + timedelta(days=2)
    before = studio.objects()
    erase_jobs.sweep(studio.database, studio.store, now=later)
    assert studio.objects() == [name for name in before if not name.startswith("cdcd")]
    assert len(studio.objects()) == 2


def test_a_worker_that_dies_before_the_row_leaves_no_orphan(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = a_certificate(studio.database)

    def dies(*_args: object, **_named: object) -> bool:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "drawn", dies)
        studio.works()
    left = studio.objects()
    assert len(left) == 2
    studio.retries()
    assert studio.objects() == left
    assert look(studio.database, known.id).png_key == left[0]


def test_one_that_is_revoked_while_it_is_drawn_leaves_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.writes()
    known = a_certificate(studio.database)
    draw = certificate_art.draw

    def meanwhile(*args: object, **named: object) -> Drawn:
        with studio.database.begin() as session:
            certificates.revoke(session, known.id, a_doing(), because="名字写错")
        return draw(*args, **named)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(certificate_art, "draw", meanwhile)
    studio.works()
    assert studio.objects() == []
    assert studio.wechat.sent == []


def test_a_revoked_one_is_deleted_and_its_successor_sent(studio: Studio) -> None:
    studio.writes()
    old = a_certificate(studio.database, Gift(name="王建囯"))
    studio.works()
    with studio.database.begin() as session:
        named = certificates.Named(Credit.NAME, NAME)
        new = certificates.issue_anew(session, old.id, named, a_doing(), because="错字").id
    studio.works()
    key = look(studio.database, new).png_key
    assert studio.objects() == [key, f"{key}.pdf"]
    assert [one["msgtype"] for one in studio.wechat.sent] == ["text", "image"] * 2
    assert "这是换发的新证书" in str(studio.wechat.sent[2]["text"])
    assert "原来那张作废" in str(studio.wechat.sent[2]["text"])


def test_where_one_message_is_left_it_is_the_picture(studio: Studio) -> None:
    studio.writes()
    studio.has_drawn()
    left = limits().windows[Occasion.MESSAGE].messages - 1
    with studio.database.begin() as session:
        session.execute(update(ServiceWindow).values(used=left))
    studio.works()
    assert [one["msgtype"] for one in studio.wechat.sent] == ["image"]
    assert studio.held() == []


def test_words_that_were_said_are_not_said_again_with_a_picture_that_waits(
    studio: Studio,
) -> None:
    studio.writes()
    studio.has_drawn()
    studio.wechat.verdicts = [OK, *[refused(-1)] * 20]
    studio.works()
    studio.wechat.verdicts = []
    studio.retries()
    kinds = [one["msgtype"] for one in studio.wechat.sent]
    assert kinds.count("text") == 1
    assert kinds[-1] == "image"
    assert studio.held() == []


def test_what_cannot_be_drawn_is_noted_for_staff_and_drawn_once_it_can(studio: Studio) -> None:
    known = a_certificate(studio.database, Gift(title=f"祝贺{RARE}"))
    studio.works()
    assert RARE in look(studio.database, known.id).fault
    assert studio.states(certificates.DRAW) == [str(JobState.DONE)]
    assert studio.objects() == []
    assert studio.wechat.sent == []


@pytest.mark.parametrize("gift", [Gift(), Gift(credit=Credit.ANONYMOUS)], ids=["named", "nobody"])
def test_where_nothing_may_be_sent_it_is_told_where_the_certificate_is(
    studio: Studio, gift: Gift
) -> None:
    known = studio.has_drawn(gift)
    studio.works()
    assert studio.wechat.uploads == []
    (text,) = studio.held()
    assert known.number in text
    assert "长按图片" in text
    assert f"/h5/treasures/{known.treasure_pid}/certificate" in text
    assert NAME not in text
    assert TITLE not in text
    studio.retries()
    assert len(studio.held()) == 1


def test_where_links_do_not_last_a_tap_asks_for_a_fresh_one(open_studio: OpenStudio) -> None:
    studio = open_studio(wechat_account="subscription")
    known = studio.has_drawn()
    studio.works()
    (text,) = studio.held()
    assert tap_link("看证书", f"进度 {known.treasure_number}") in text
    assert "/h5/" not in text


def test_an_account_that_may_send_no_messages_still_tells(open_studio: OpenStudio) -> None:
    studio = open_studio(wechat_account="subscription", wechat_verified=False)
    studio.writes()
    studio.has_drawn()
    studio.works()
    assert studio.wechat.sent == []
    assert len(studio.held()) == 1


def test_a_sending_that_was_cut_off_is_not_repeated_but_told_of(studio: Studio) -> None:
    studio.writes()
    studio.has_drawn()
    studio.wechat.hangs = threading.Event()
    kinds = certificate_jobs.build(studio.services, studio.platform)
    thread = threading.Thread(target=Runner(studio.database, kinds).run_next)
    thread.start()
    for _ in itertools.count():
        if studio.wechat.sent:
            break
        threading.Event().wait(0.02)
    with studio.database.begin() as session:  # its lease runs out, another takes the job
        session.execute(
            update(Job)
            .where(Job.kind == certificates.SEND)
            .values(lease_until=clock.now() - timedelta(seconds=1))
        )
    studio.works()
    studio.wechat.hangs.set()
    thread.join()
    assert len(studio.wechat.sent) == 1
    assert len(studio.held()) == 1


@pytest.mark.parametrize("code", [45015, 43004, 48001])
def test_a_refusal_ends_with_words(studio: Studio, code: int) -> None:
    studio.writes()
    studio.has_drawn()
    studio.wechat.verdicts = [refused(code)]
    studio.works()
    studio.retries()
    assert (len(studio.wechat.sent), len(studio.held())) == (1, 1)


def test_a_busy_wechat_gets_it_later(studio: Studio) -> None:
    studio.writes()
    studio.has_drawn()
    studio.wechat.verdicts = [refused(-1)] * 20
    studio.works()
    tried = len(studio.wechat.sent)
    assert studio.states(certificates.SEND) == [str(JobState.WAITING)]
    studio.wechat.verdicts = []
    studio.retries()
    assert [one["msgtype"] for one in studio.wechat.sent[tried:]] == ["text", "image"]
    assert studio.states(certificates.SEND) == [str(JobState.DONE)]
    assert studio.held() == []


@pytest.mark.parametrize("gone", ["left", "erased", "desk"])
def test_nobody_is_sent_anything_who_is_not_there(studio: Studio, gone: str) -> None:
    studio.writes()
    studio.has_drawn(Gift(openid=None) if gone == "desk" else None)
    with studio.database.begin() as session:
        follower = session.scalars(select(Follower)).one()
        if gone == "left":
            follower.is_following = False
        elif gone == "erased":
            for known in certificates.every(session.connection(), limit=9):
                treasure = session.get_one(Treasure, known.treasure_id)
                treasure.follower_id = None
            session.flush()
            session.delete(follower)
    studio.works()
    assert studio.wechat.sent == []
    assert len(studio.held()) == (gone == "left")
