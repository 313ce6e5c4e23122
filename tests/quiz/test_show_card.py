"""A card's picture drawn, kept, held at WeChat, and sent to whoever has earned it: at most once."""

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
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Request, Response

from tests.quiz.album_making import a_picture, earns
from tests.quiz.making import PROJECT, a_follower, a_season
from tests.wechat.fake_platform import OK, a_token, refused, serving
from wx_archive.chat import windows
from wx_archive.chat.models import ServiceWindow
from wx_archive.core import clock, jobs
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.jobs.models import Job, JobState
from wx_archive.core.live import Live
from wx_archive.core.services import Services, site_of
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.media import arrivals
from wx_archive.media import service as media
from wx_archive.media.models import Asset, HostedMedia
from wx_archive.media.objects import open_objects
from wx_archive.media.service import Described
from wx_archive.quiz import art_jobs, pictures, play, season_desk, seasons
from wx_archive.quiz.models import Card, CardKind
from wx_archive.wechat.client import Platform
from wx_archive.wechat.limits import Occasion

SEND = "/cgi-bin/message/custom/send"
UPLOAD = "/cgi-bin/material/add_material"
OPENID = "oCard00000000000000000000000"


@dataclass
class WeChat:
    """Takes pictures and messages; says of them what it is told, one after the other."""

    verdicts: list[tuple[int, str]] = field(default_factory=list)
    uploads: int = 0
    sent: list[dict[str, object]] = field(default_factory=list)
    hangs: threading.Event | None = None
    upload_verdict: tuple[int, str] | None = None

    def __call__(self, request: Request) -> Response:
        if request.path == UPLOAD:
            request.get_data()
            if self.upload_verdict:
                return _answer(self.upload_verdict)
            self.uploads += 1
            told = {"media_id": f"MEDIA-{self.uploads}", "url": "http://mmbiz.qpic.cn/x"}
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
    """The worker's place, with a season whose third card somebody is about to earn."""

    def __init__(self, services: Services, platform: Platform, wechat: WeChat) -> None:
        self.services, self.platform, self.wechat = services, platform, wechat
        self.database = services.database
        with self.database.begin() as session:
            self.season_id = a_season(session)
            self.follower_id = a_follower(session, OPENID, now=clock.now())

    def runner(self) -> Runner:
        return Runner(self.database, art_jobs.build(self.services, self.platform))

    def works(self) -> None:
        runner = self.runner()
        while runner.run_next():
            pass

    def asks(self, session: Session, kind: str, key: str, **payload: int) -> None:
        owner = self.follower_id if kind == play.SHOW_CARD else None
        now = clock.now()
        assert jobs.enqueue(session, kind, payload, key=key, now=now, follower_id=owner)

    def draws(self, mark: str = "1") -> None:
        with self.database.begin() as session:
            self.asks(session, season_desk.DRAW, f"draw:{mark}", season=self.season_id)
        self.works()

    def has_art(self) -> None:
        """Have pictures for all cards, as if they were drawn."""
        store = open_objects(self.services.settings)
        arrival = arrivals.receive(store, io.BytesIO(a_picture(50, 70)), name="card.jpg")
        with self.database.begin() as session:
            described = Described("卡片")
            asset = media.enter(session, arrival, described, made_by="clock", now=clock.now())
            session.execute(update(CardKind).values(art_pid=asset.pid))

    def writes(self) -> None:
        """Let the follower have written to the account just now."""
        with self.database.begin() as session:
            opening = {(OPENID, Occasion.MESSAGE): clock.now()}
            windows.note_opened(session.connection(), opening)

    def earns(self, *, ago: timedelta = timedelta(seconds=1)) -> int:
        """Give the follower three cards; the picture of the third is to be shown."""
        with self.database.begin() as session:
            now = clock.now() - ago
            entry_id = earns(session, self.follower_id, self.season_id, 3, now=now)
            card_id = session.scalars(
                select(Card.id).where(Card.entry_id == entry_id, Card.ordinal == 3)
            ).one()
            self.asks(session, play.SHOW_CARD, "show", card=card_id)
        return card_id

    def job(self) -> Job:
        with self.database.begin() as session:
            found = session.scalars(select(Job).where(Job.kind == play.SHOW_CARD)).one()
            session.expunge(found)
            return found

    def retries(self) -> None:
        """Let the time pass until the job is due again."""
        with self.database.begin() as session:
            session.execute(
                update(Job).where(Job.state == JobState.WAITING).values(run_after=clock.now())
            )
        self.works()

    def used(self) -> int:
        with self.database.reads() as connection:
            return connection.execute(select(func.sum(ServiceWindow.used))).scalar_one() or 0

    def art(self) -> list[str | None]:
        with self.database.reads() as connection:
            return list(
                connection.scalars(select(CardKind.art_pid).order_by(CardKind.ordinal)).all()
            )

    def count(self, table: type[Asset | HostedMedia]) -> int:
        with self.database.reads() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()


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
        settings = Settings.for_demo(
            data_dir=self.folder, site_dir=PROJECT, wechat_api_url=url, **changes
        )
        store, close = open_store(self.database, "")
        self.stack.callback(close)
        services = Services(settings, self.database, store, site_of(settings, Live(self.database)))
        platform = Platform(settings, store, self.database, sleep=lambda _s: None)
        self.stack.callback(platform.close)
        return Studio(services, platform, wechat)


@pytest.fixture
def one_studio(sqlite_url: str, tmp_path: Path) -> Iterator[Studio]:
    """On SQLite alone: for what is about pictures, which take their time to be drawn."""
    opened = Database(sqlite_url)
    with ExitStack() as stack:
        yield OpenStudio(opened, tmp_path, stack)()
    opened.dispose()


@pytest.fixture
def studio(open_studio: OpenStudio) -> Studio:
    return open_studio()


def test_the_ten_cards_are_drawn_kept_and_held_at_wechat(studio: Studio) -> None:
    known = studio.services.site
    assert seasons.released(known)[0].card(3).art_pid is None
    studio.draws()
    drawn = studio.art()
    assert len({pid for pid in drawn if pid}) == 10
    assert studio.wechat.uploads == studio.count(HostedMedia) == studio.count(Asset) == 10
    assert seasons.released(known)[0].card(3).art_pid == drawn[2], "every process knows at once"
    store = open_objects(studio.services.settings)
    with studio.database.reads() as connection:
        held = media.find(connection, [drawn[2] or ""])[drawn[2] or ""]
        assert pictures.hosted(connection, held.pid)
    assert Image.open(io.BytesIO(pictures.whole(store, held))).size == (1080, 1512)
    assert (held.alt, held.credit) == ("试一季第三张卡：第3件", "本馆绘制")


def test_a_card_that_cannot_be_drawn_keeps_none_of_the_others_back(one_studio: Studio) -> None:
    with one_studio.database.begin() as session:
        third = update(CardKind).where(CardKind.ordinal == 3)
        session.execute(third.values(story="大家都笑了\U0001f600"))
    one_studio.draws()
    assert [pid is None for pid in one_studio.art()] == [place == 2 for place in range(10)]


def test_drawing_again_changes_only_what_says_something_else(one_studio: Studio) -> None:
    one_studio.draws()
    before = one_studio.art()
    one_studio.draws("2")
    assert (one_studio.art(), one_studio.wechat.uploads, one_studio.count(Asset)) == (
        before,
        10,
        10,
    )
    with one_studio.database.begin() as session:
        card = session.scalars(select(CardKind).where(CardKind.ordinal == 4)).one()
        card.title, card.art_pid = "改过的题名", None
    one_studio.draws("3")
    changed = [one != other for one, other in zip(before, one_studio.art(), strict=True)]
    assert changed == [place == 3 for place in range(10)]
    assert one_studio.wechat.uploads == 11


def test_a_cards_picture_is_on_it_and_a_missing_one_is_no_obstacle(one_studio: Studio) -> None:
    store = open_objects(one_studio.services.settings)
    arrival = arrivals.receive(store, io.BytesIO(a_picture()), name="photo.jpg")
    with one_studio.database.begin() as session:
        described = Described("大桥")
        photo = media.enter(session, arrival, described, made_by="chen", now=clock.now())
        cards = session.scalars(select(CardKind).order_by(CardKind.ordinal)).all()
        cards[0].asset_pid, cards[1].asset_pid = photo.pid, "0" * 26
    one_studio.draws()
    with one_studio.database.reads() as connection:
        held = media.find(connection, [pid for pid in one_studio.art() if pid])
    sizes = [held[pid or ""].size_bytes for pid in one_studio.art()]
    looks = [
        Image.open(io.BytesIO(pictures.whole(store, held[pid or ""]))).resize((10, 14))
        for pid in one_studio.art()[:3]
    ]
    assert len(sizes) == 10
    assert looks[0].getpixel((5, 3)) != looks[2].getpixel((5, 3))
    assert max(abs(a - b) for a, b in zip(looks[1].tobytes(), looks[2].tobytes(), strict=True)) < 60


def test_words_changed_while_a_card_is_drawn_are_not_shown_as_before(studio: Studio) -> None:
    args = studio.database, open_objects(studio.services.settings), studio.season_id
    drawn = pictures.draw(*args, font=None)
    with studio.database.begin() as session:
        card = session.scalars(select(CardKind).where(CardKind.ordinal == 1)).one()
        card.story = "改过的故事。"
    with studio.database.begin() as session:
        kept = pictures.keep(session, studio.season_id, drawn, None, now=clock.now())
    assert kept == 9
    assert studio.art()[0] is None


def test_without_a_typeface_staff_are_told_and_nothing_is_drawn(
    open_studio: OpenStudio, tmp_path: Path
) -> None:
    studio = open_studio(font=tmp_path / "none.ttf")
    studio.draws()
    assert studio.art() == [None] * 10
    with studio.database.reads() as connection:
        state, cause = connection.execute(select(Job.state, Job.cause)).one()
    assert state == JobState.DEAD
    assert "没有能画汉字的字体" in cause


def test_a_busy_wechat_gets_the_rest_later_and_nothing_twice(one_studio: Studio) -> None:
    one_studio.wechat.upload_verdict = refused(-1)
    one_studio.draws()
    assert (len(set(one_studio.art())), one_studio.wechat.uploads) == (10, 0)
    one_studio.wechat.upload_verdict = None
    one_studio.retries()
    assert one_studio.wechat.uploads == one_studio.count(Asset) == 10


def test_the_picture_reaches_whoever_has_earned_the_card(studio: Studio) -> None:
    studio.has_art()
    studio.writes()
    studio.earns()
    studio.works()
    assert [(one["touser"], one["msgtype"]) for one in studio.wechat.sent] == [(OPENID, "image")]
    with studio.database.reads() as connection:
        media_id = pictures.hosted(connection, studio.art()[2])
    assert studio.wechat.sent[0]["image"] == {"media_id": media_id}
    assert (studio.job().state, studio.used()) == (JobState.DONE, 1)


def test_nothing_is_sent_where_nothing_may_be(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.has_art()
    studio.earns(ago=timedelta(seconds=9))
    studio.works()
    assert studio.wechat.sent == [], "they have not written: no window is open"
    assert studio.job().state == JobState.DONE


def test_the_window_that_the_answer_itself_opens_is_waited_for(studio: Studio) -> None:
    studio.has_art()
    studio.earns()
    studio.works()
    assert (studio.job().state, studio.wechat.sent) == (JobState.WAITING, [])
    studio.writes()
    studio.retries()
    assert (studio.job().state, len(studio.wechat.sent)) == (JobState.DONE, 1)


@pytest.mark.parametrize(
    "why", ["unverified", "not drawn", "late", "left", "left and back", "erased"]
)
def test_a_picture_that_would_come_unasked_stays_in_the_album(
    open_studio: OpenStudio, why: str
) -> None:
    studio = open_studio(wechat_verified=why != "unverified")
    if why != "not drawn":
        studio.has_art()
    studio.writes()
    studio.earns(ago=timedelta(minutes=11 if why == "late" else 0))
    at = int(clock.now().timestamp())
    with studio.database.begin() as session:
        if why.startswith("left"):
            followers.leave(session, studio.follower_id, at=at + 1)
        if why.endswith("back"):
            followers.arrive(session, studio.follower_id, scene=None, at=at + 2)
        if why == "erased":
            session.delete(session.get_one(Follower, studio.follower_id))
    studio.works()
    assert studio.wechat.sent == []
    assert studio.used() == 0


@pytest.mark.parametrize("code", [45015, 45047, 48001, 40003])
def test_a_refusal_of_wechats_ends_it(studio: Studio, code: int) -> None:
    studio.has_art()
    studio.writes()
    studio.earns()
    studio.wechat.verdicts = [refused(code)]
    studio.works()
    studio.retries()
    assert len(studio.wechat.sent) == 1
    assert studio.job().state == JobState.DONE


def test_an_unknown_outcome_is_not_tried_again(studio: Studio) -> None:
    studio.has_art()
    studio.writes()
    studio.earns()
    studio.wechat.verdicts = [(502, "<html>"), OK]
    studio.works()
    studio.retries()
    assert len(studio.wechat.sent) == 1


def test_a_wechat_that_has_certainly_done_nothing_is_asked_again(studio: Studio) -> None:
    studio.has_art()
    studio.writes()
    studio.earns()
    studio.wechat.verdicts = [refused(-1)] * 20
    studio.works()
    tried = len(studio.wechat.sent)
    assert studio.job().state == JobState.WAITING
    studio.wechat.verdicts = []
    studio.retries()
    assert len(studio.wechat.sent) == tried + 1
    assert studio.job().state == JobState.DONE


def test_a_picture_that_was_deleted_at_wechat_is_uploaded_anew_once(studio: Studio) -> None:
    studio.has_art()
    studio.writes()
    studio.earns()
    studio.wechat.verdicts = [refused(40007), OK]
    studio.works()
    numbers = [one["image"] for one in studio.wechat.sent]
    assert len(numbers) == 2
    assert numbers[1] == {"media_id": "MEDIA-2"}
    assert studio.job().state == JobState.DONE


def test_whoever_dies_while_sending_leaves_nothing_to_be_sent_again(studio: Studio) -> None:
    studio.has_art()
    studio.writes()
    studio.earns()
    studio.wechat.hangs = threading.Event()
    first = threading.Thread(target=studio.runner().run_next)
    first.start()
    for _ in itertools.repeat(None, 200):
        if studio.wechat.sent:
            break
        threading.Event().wait(0.05)
    with studio.database.begin() as session:
        session.execute(update(Job).where(Job.state == "running").values(lease_until=clock.now()))
    studio.works()
    assert studio.job().state == JobState.DONE
    studio.wechat.hangs.set()
    first.join()
    assert len(studio.wechat.sent) == 1
