"""Publishing at WeChat against the simulator, whose answers are its own."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests

from tests.wechat.deliveries import settings_for
from tests.wechat.fake_platform import platform_of
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.store import Store
from wx_archive.simulator import app as simulator
from wx_archive.simulator.media import draw_picture
from wx_archive.simulator.phone import Phone
from wx_archive.simulator.standing import crowd_openid
from wx_archive.wechat.errors import (
    BusyError,
    ContentError,
    ForbiddenError,
    PlatformError,
    QuotaError,
    UnknownOutcomeError,
)
from wx_archive.wechat.limits import Upload
from wx_archive.wechat.publishing import (
    DraftArticle,
    Images,
    MassMessage,
    MassStatus,
    MpNews,
    MpVideo,
    Publishing,
    PublishOutcome,
    TextMessage,
    ToAll,
    ToList,
    Voice,
)

NUMBER = "c" * 32
FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(64)
RECORDING = b"#!AMR\n" + bytes(64)


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_for(data_dir=tmp_path_factory.mktemp("wechat"))
    with simulator.running(demo.simulator_config(settings)) as url:
        yield url


@pytest.fixture
def live(wechat: str, store: Store) -> Iterator[Publishing]:
    """The publishing side of a service account with two hundred followers."""
    requests.post(f"{wechat}/sim/reset", timeout=5)
    switch(wechat, crowd=200, finish_after_s=0)
    with platform_of(settings_for(wechat_api_url=wechat), store) as platform:
        yield platform.publishing


def switch(wechat: str, **changes: object) -> None:
    answer = requests.post(f"{wechat}/sim/publishing", json=changes, timeout=5)
    assert answer.status_code == 200, answer.text


def fault(wechat: str, path: str, kind: str, **more: object) -> None:
    told = {"path": path, "fault": kind, **more}
    assert requests.post(f"{wechat}/sim/faults", json=told, timeout=5).status_code == 200


def sends(wechat: str) -> Any:
    return requests.get(f"{wechat}/sim/pushes", timeout=5).json()


def a_draft(live: Publishing, *titles: str) -> str:
    cover = live.add_material(Upload.IMAGE, "封面.png", io.BytesIO(draw_picture(1)))
    articles = [
        DraftArticle(title=one, content=f"<p>{one}</p>", cover=cover.media_id) for one in titles
    ]
    return live.add_draft(articles)


def until_known(ask: Callable[[], Any], is_open: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 10
    while is_open(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


def test_a_draft_is_published_once_and_found_again(live: Publishing) -> None:
    since = clock.now() - timedelta(minutes=1)
    media_id = a_draft(live, "甲", "乙")
    assert live.draft_exists(media_id)
    assert live.find_published(["甲", "乙"], since=since) is None
    publish_id = live.publish(media_id)
    assert not live.draft_exists(media_id)
    with pytest.raises(ContentError) as caught:
        live.publish(media_id)
    assert caught.value.code == 40007
    status = until_known(
        lambda: live.published(publish_id), lambda one: one.outcome is PublishOutcome.UNDER_WAY
    )
    assert status.outcome is PublishOutcome.DONE
    assert sorted(status.urls) == [1, 2]
    found = live.find_published(["甲", "乙"], since=since)
    assert found is not None
    assert (found.article_id, len(found.urls)) == (status.article_id, 2)
    assert live.find_published(["甲"], since=since) is None


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "wrong_types"])
def test_an_unknown_publication_is_cleared_up_without_a_second_call(
    kind: str, live: Publishing, wechat: str
) -> None:
    since = clock.now() - timedelta(minutes=1)
    media_id = a_draft(live, "甲")
    fault(wechat, "freepublish/submit", kind)
    with pytest.raises(UnknownOutcomeError):
        live.publish(media_id)
    assert not live.draft_exists(media_id)
    found = until_known(lambda: live.find_published(["甲"], since=since), lambda one: one is None)
    assert found.article_id
    assert len(sends(wechat)["published"]) == 1


@pytest.mark.parametrize("kind", ["drop", "html"])
def test_a_publication_that_never_arrived_leaves_its_draft(
    kind: str, live: Publishing, wechat: str
) -> None:
    media_id = a_draft(live, "甲")
    fault(wechat, "freepublish/submit", kind)
    with pytest.raises(UnknownOutcomeError):
        live.publish(media_id)
    assert live.draft_exists(media_id)
    assert sends(wechat)["published"] == []


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "wrong_types"])
def test_an_unknown_send_is_asked_again_by_its_number_and_is_one_send(
    kind: str, live: Publishing, wechat: str
) -> None:
    media_id = a_draft(live, "甲")
    fault(wechat, "message/mass/sendall", kind)
    with pytest.raises(UnknownOutcomeError):
        live.mass_send(MpNews(media_id), ToAll(), client_msg_id=NUMBER)
    again = live.mass_send(MpNews(media_id), ToAll(), client_msg_id=NUMBER)
    assert again.was_sent_before
    told = sends(wechat)
    assert [str(one["msg_id"]) for one in told["mass"]] == [again.msg_id]
    assert told["client_msg_ids"] == {NUMBER: 2}
    status = until_known(
        lambda: live.mass_status(again.msg_id), lambda one: one is MassStatus.UNDER_WAY
    )
    assert status is MassStatus.DONE


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("drop", {}, UnknownOutcomeError),
        ("html", {}, UnknownOutcomeError),
        ("status", {"status": 502}, UnknownOutcomeError),
        ("errcode", {"errcode": -1, "times": 3}, BusyError),
        ("errcode", {"errcode": 45009}, QuotaError),
        ("errcode", {"errcode": 48001}, ForbiddenError),
    ],
)
def test_a_send_that_never_arrived_is_made_once_by_the_next_try(
    kind: str, more: dict[str, Any], error: type[PlatformError], live: Publishing, wechat: str
) -> None:
    fault(wechat, "message/mass/sendall", kind, **more)
    with pytest.raises(error):
        live.mass_send(TextMessage("今天闭馆"), ToAll(), client_msg_id=NUMBER)
    assert sends(wechat)["mass"] == []


def test_a_retry_that_comes_too_soon_is_told_to_wait(live: Publishing, wechat: str) -> None:
    switch(wechat, replays_too_fast=True, finish="stall")
    live.mass_send(TextMessage("今天闭馆"), ToAll(), client_msg_id=NUMBER)
    with pytest.raises(BusyError) as caught:
        live.mass_send(TextMessage("今天闭馆"), ToAll(), client_msg_id=NUMBER)
    assert caught.value.code == 45066
    assert len(sends(wechat)["mass"]) == 1


def test_a_fifth_send_to_all_in_a_month_has_no_quota(live: Publishing) -> None:
    for number in range(4):
        words = TextMessage(f"第 {number} 次")
        sent = live.mass_send(words, ToAll(), client_msg_id=str(number) * 32)
        ask = partial(live.mass_status, sent.msg_id)
        until_known(ask, lambda one: one is MassStatus.UNDER_WAY)
    with pytest.raises(QuotaError) as caught:
        live.mass_send(TextMessage("再一次"), ToAll(), client_msg_id="b" * 32)
    assert caught.value.code == 45028


def test_every_kind_of_message_reaches_a_list(live: Publishing, wechat: str) -> None:
    picture = live.add_material(Upload.IMAGE, "a.png", io.BytesIO(draw_picture(2)))
    film = live.add_material(Upload.VIDEO, "a.mp4", io.BytesIO(FILM), title="开城")
    voice = live.add_material(Upload.VOICE, "a.amr", io.BytesIO(RECORDING))
    messages: list[MassMessage] = [
        MpNews(a_draft(live, "甲")),
        TextMessage("今天闭馆"),
        Images((picture.media_id,), "老照片"),
        Voice(voice.media_id),
        MpVideo(live.prepare_video(film.media_id, title="开城", introduction="一九六九")),
    ]
    people = ToList(tuple(crowd_openid(place) for place in range(3)))
    taken = [
        live.mass_send(one, people, client_msg_id=f"{place:032d}")
        for place, one in enumerate(messages)
    ]
    for one in taken:
        status = until_known(
            partial(live.mass_status, one.msg_id), lambda word: word is MassStatus.UNDER_WAY
        )
        assert status is MassStatus.DONE
    assert len(sends(wechat)["mass"]) == len({one.msg_id for one in taken}) == 5


def test_a_picture_of_a_body_gets_an_address_and_no_place_in_the_library(live: Publishing) -> None:
    address = live.upload_body_image("老照片.png", io.BytesIO(draw_picture(3)))
    assert address.startswith("http")
    with pytest.raises(ContentError):
        live.upload_body_image("字.png", io.BytesIO(b"no picture"))


def test_a_preview_goes_to_one_phone_and_leaves_the_draft(live: Publishing, wechat: str) -> None:
    media_id, staff = a_draft(live, "甲"), Phone(wechat)
    staff.follows()
    live.preview(MpNews(media_id), staff.openid)
    assert live.draft_exists(media_id)
    assert sends(wechat)["mass"] == []


def test_what_was_sent_can_be_deleted(live: Publishing) -> None:
    taken = live.mass_send(MpNews(a_draft(live, "甲")), ToAll(), client_msg_id=NUMBER)
    until_known(lambda: live.mass_status(taken.msg_id), lambda one: one is MassStatus.UNDER_WAY)
    live.mass_delete(taken.msg_id)
    assert live.mass_status(taken.msg_id) is MassStatus.DELETED
