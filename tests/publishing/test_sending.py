"""A push leaves once, at its minute, or waits for a person; every end has its name."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from werkzeug.wrappers import Response

from tests.publishing.crowd import a_follower
from tests.publishing.far_side import (
    DRAFT,
    LIST,
    MASS,
    SUBMIT,
    TOKEN,
    FarSide,
    drops_after,
    drops_before,
    html,
    refuses,
)
from tests.publishing.pushing import Bureau, Decision, a_bureau, a_text, an_article
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job, enqueue
from wx_archive.publishing import plans, pushes
from wx_archive.publishing.ledger import NoPlaceError
from wx_archive.publishing.rules import AudienceKind, Delivery
from wx_archive.publishing.send_jobs import WATCH
from wx_archive.wechat.limits import limits


@pytest.fixture
def bureau(database_url: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database_url, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def one(sqlite_url: str, tmp_path: Path) -> Iterator[Bureau]:
    """On SQLite alone, where the database plays no part."""
    with a_bureau(sqlite_url, tmp_path / "data") as opened:
        yield opened


def test_a_text_is_sent_at_its_minute_and_not_before(bureau: Bureau) -> None:
    pid = bureau.schedules(within=timedelta(minutes=5))
    bureau.after(minutes=4)
    assert bureau.stands(pid) == ("scheduled", "")
    assert not bureau.wechat.sent
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("sending", "")
    (sent,) = bureau.wechat.sent
    assert sent.body["text"] == {"content": "本馆本周六闭馆一天。"}
    assert sent.body["filter"] == {"is_to_all": True}
    assert bureau.pieces_of(pid)[0].out_at == bureau.push(pid).sent_at


def test_the_report_that_is_asked_for_ends_it(bureau: Bureau) -> None:
    pid = bureau.schedules()
    bureau.after(minutes=2)
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("sending", "")
    bureau.wechat.status = "SEND_SUCCESS"
    bureau.after(minutes=4)
    assert bureau.stands(pid) == ("sent", "")


def test_without_any_report_a_person_is_asked_after_an_hour(bureau: Bureau) -> None:
    pid = bureau.schedules()
    for minutes in (2, 2, 5, 11):
        bureau.after(minutes=minutes)
    assert bureau.stands(pid) == ("sending", "")
    bureau.after(minutes=50)
    assert bureau.stands(pid) == ("held", "no_report")
    assert bureau.wechat.times("message/mass/get") == 4
    with pytest.raises(RefusedError, match="微信已经收下"):
        bureau.decides(pid, Decision.ASK_AGAIN)
    bureau.decides(pid, Decision.TAKE_FOR_SENT)
    assert bureau.stands(pid) == ("sent", "")
    assert len(bureau.wechat.sent) == 1


def test_an_answer_that_is_lost_after_the_effect_is_fetched_by_the_same_number(
    bureau: Bureau,
) -> None:
    bureau.wechat.spoil(MASS, drops_after)
    pid = bureau.schedules()
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("sending", "")
    assert [call.state for call in bureau.calls(pid)] == ["calling"]
    bureau.after(seconds=50)
    assert bureau.wechat.times(MASS) == 1, "not again before a minute has passed"
    bureau.after(seconds=12)
    assert [call.state for call in bureau.calls(pid)] == ["accepted"]
    assert len(set(bureau.wechat.numbers)) == 1
    assert len(bureau.wechat.sent) == 1


@pytest.mark.parametrize("spoil", [html, drops_before])
def test_html_for_ever_ends_with_a_person_at_the_latest_time(one: Bureau, spoil: object) -> None:
    one.wechat.for_ever[MASS] = spoil  # type: ignore[assignment]
    pid = one.schedules(latest=timedelta(minutes=5))
    for _ in range(8):
        one.after(minutes=1, seconds=1)
    assert one.stands(pid) == ("held", "unknown")
    assert len(set(one.wechat.numbers)) == 1
    assert one.wechat.times(MASS) > 2


def test_an_unknown_outcome_is_resolved_by_a_person_with_the_same_number(bureau: Bureau) -> None:
    bureau.wechat.spoil(MASS, drops_after)
    bureau.wechat.for_ever[MASS] = html
    pid = bureau.schedules(latest=timedelta(minutes=3))
    for _ in range(5):
        bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("held", "unknown")
    with pytest.raises(RefusedError, match="算作已发"):
        bureau.decides(pid, Decision.CANCEL)
    with pytest.raises(RefusedError, match="二十四小时"):
        bureau.decides(pid, Decision.RESEND_NEW)
    bureau.wechat.for_ever.clear()
    bureau.decides(pid, Decision.ASK_AGAIN)
    bureau.after(seconds=1)
    assert bureau.stands(pid) == ("sending", "")
    assert len(bureau.wechat.sent) == 1


def test_for_a_day_the_same_number_is_tried_and_then_only_a_person_sends_anew(
    bureau: Bureau,
) -> None:
    bureau.wechat.for_ever[MASS] = html
    pid = bureau.schedules(latest=timedelta(days=3))
    for _ in range(3):
        bureau.after(minutes=2)
    assert bureau.stands(pid) == ("sending", "")
    bureau.after(hours=24)
    assert bureau.stands(pid) == ("held", "unknown")
    with pytest.raises(RefusedError, match="不再认"):
        bureau.decides(pid, Decision.ASK_AGAIN)
    bureau.wechat.for_ever.clear()
    bureau.decides(pid, Decision.RESEND_NEW)
    bureau.after(minutes=2)
    assert bureau.stands(pid) == ("sending", "")
    assert len(set(bureau.wechat.numbers)) == 2
    assert bureau.push(pid).generation == 2


def test_a_new_sending_that_is_called_back_leaves_the_doubt_about_the_first(
    bureau: Bureau,
) -> None:
    """Found by the state machine: it was cancelled, though its readers may have had it."""
    bureau.wechat.for_ever[MASS] = drops_after
    pid = bureau.schedules(latest=timedelta(days=3))
    bureau.after(minutes=2)
    bureau.after(hours=25)
    assert bureau.stands(pid) == ("held", "unknown")
    bureau.decides(pid, Decision.RESEND_NEW)
    with bureau.database.begin() as session:
        push = plans.locked(session, pid)
        assert push is not None
        pushes.cancel(session, push, by="someone", now=clock.now())
    assert bureau.stands(pid) == ("held", "unknown")
    assert "上一次发出去没有" in bureau.push(pid).sentence
    for never in (Decision.CANCEL, Decision.RESCHEDULE, Decision.ASK_AGAIN):
        with pytest.raises(RefusedError):
            bureau.decides(pid, never)
    bureau.decides(pid, Decision.TAKE_FOR_SENT)
    assert bureau.stands(pid) == ("sent", "")


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        (45028, ("held", "no_quota")),
        (45009, ("held", "no_quota")),
        (48001, ("held", "refused")),
        (40007, ("failed", "")),
        (45002, ("failed", "")),
        (61023, ("held", "refused")),
    ],
)
def test_what_wechat_refuses_has_its_named_end(
    one: Bureau, code: int, ends: tuple[str, str]
) -> None:
    one.wechat.for_ever[MASS] = refuses(code)
    pid = one.schedules()
    one.after(minutes=1, seconds=1)
    push = one.push(pid)
    assert (push.state, push.reason) == ends
    assert push.error_code == code
    assert push.sentence
    assert one.wechat.times(MASS) == 1
    assert not push.scope if ends[0] == "failed" else push.scope


def test_a_token_that_is_refused_for_ever_stops_after_a_few_tries(one: Bureau) -> None:
    one.wechat.for_ever[MASS] = refuses(40001)
    pid = one.schedules()
    for _ in range(7):
        one.after(minutes=1, seconds=1)
    assert one.stands(pid) == ("held", "refused")
    assert one.wechat.times(MASS) <= 10
    assert [call.state for call in one.calls(pid)] == ["ready"]


def test_busy_and_too_fast_are_tried_again_and_sent_once(one: Bureau) -> None:
    one.wechat.spoil(MASS, refuses(45066), refuses(45011))
    pid = one.schedules()
    for _ in range(4):
        one.after(minutes=1, seconds=1)
    assert one.stands(pid) == ("sending", "")
    assert len(one.wechat.sent) == 1


def test_a_refusal_after_silence_proves_nothing(bureau: Bureau) -> None:
    """The draft may be gone, the quota used up, because the first try was sent."""
    bureau.wechat.spoil(MASS, drops_after, refuses(45028))
    pid = bureau.schedules()
    bureau.after(minutes=1, seconds=1)
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("held", "unknown")
    assert "可能已经发出" in bureau.push(pid).sentence


def test_a_worker_that_was_away_over_the_latest_time_asks(bureau: Bureau) -> None:
    pid = bureau.schedules(latest=timedelta(minutes=30))
    bureau.after(minutes=40)
    assert bureau.stands(pid) == ("held", "missed")
    assert not bureau.wechat.calls
    with pytest.raises(RefusedError, match="做过体检再发"):
        bureau.decides(pid, Decision.ASK_AGAIN)
    bureau.sends_after_all(pid)
    assert bureau.stands(pid) == ("scheduled", "")
    bureau.after(seconds=61)
    assert bureau.stands(pid) == ("sending", "")


def test_what_was_changed_after_scheduling_does_not_leave(bureau: Bureau) -> None:
    pid = bureau.schedules()
    with bureau.database.begin() as session:
        (piece,) = bureau.pieces_of(pid)
        row = session.merge(piece)
        row.content_hash = "another"
    bureau.after(minutes=2)
    assert bureau.stands(pid) == ("held", "changed")
    assert not bureau.wechat.calls


def test_articles_lie_in_the_draft_box_first_and_leave_with_their_own_pages(
    bureau: Bureau,
) -> None:
    picture = bureau.brings_in()
    body = f"第一段。\n\n![库房](media:{picture})"
    first = an_article("第一篇", cover=picture, body=body)
    pid = bureau.schedules(first, an_article("第二篇", cover=picture))
    bureau.after(minutes=2)
    assert bureau.stands(pid) == ("sending", "")
    (sent,) = bureau.wechat.sent
    assert sent.body["msgtype"] == "mpnews"
    told = next(body for path, body in bureau.wechat.calls if path == DRAFT)["articles"]
    assert [one["title"] for one in told] == ["第一篇", "第二篇"]
    assert "mmbiz.qpic.cn" in told[0]["content"]
    assert told[0]["thumb_media_id"] != told[1]["thumb_media_id"]
    assert f"/h5/articles/{bureau.pieces_of(pid)[0].pid}" in told[0]["content_source_url"]


def test_a_draft_only_push_leaves_nothing_to_readers(bureau: Bureau) -> None:
    pid = bureau.schedules(an_article(cover=bureau.brings_in()), delivery=Delivery.DRAFT)
    bureau.after(minutes=2)
    assert bureau.stands(pid) == ("sent", "")
    assert len(bureau.wechat.drafts) == 1
    assert bureau.pieces_of(pid)[0].out_at is None


def test_a_push_to_our_own_pages_calls_nobody(bureau: Bureau) -> None:
    pid = bureau.schedules(delivery=Delivery.SITE)
    bureau.after(minutes=2)
    assert bureau.stands(pid) == ("sent", "")
    assert not bureau.wechat.calls
    assert bureau.pieces_of(pid)[0].out_at is not None


def test_publishing_is_never_submitted_twice_when_the_answer_is_lost(bureau: Bureau) -> None:
    bureau.wechat.spoil(SUBMIT, drops_after)
    pid = bureau.schedules(an_article(cover=bureau.brings_in()), delivery=Delivery.PUBLISH)
    bureau.after(minutes=1, seconds=1)
    assert [call.state for call in bureau.calls(pid)] == ["calling"]
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("sent", "")
    assert bureau.wechat.times(SUBMIT) == 1
    assert len(bureau.wechat.published) == 1
    assert bureau.push(pid).article_id.startswith("ART-")


def test_publishing_is_submitted_again_when_the_draft_is_still_there(bureau: Bureau) -> None:
    bureau.wechat.spoil(SUBMIT, drops_before)
    bureau.wechat.publish_status = 0
    pid = bureau.schedules(an_article(cover=bureau.brings_in()), delivery=Delivery.PUBLISH)
    bureau.after(minutes=1, seconds=1)
    bureau.after(minutes=2)
    assert bureau.wechat.times(SUBMIT) == 1, "it may still be at work on it"
    bureau.after(minutes=4)
    bureau.after(minutes=2)
    assert bureau.wechat.times(SUBMIT) == 2
    assert len(bureau.wechat.published) == 1
    assert bureau.stands(pid) == ("sent", "")
    assert bureau.push(pid).article_id == "ART"


def test_material_that_was_deleted_at_wechat_is_uploaded_again(one: Bureau) -> None:
    one.wechat.spoil(DRAFT, refuses(40007))
    pid = one.schedules(an_article(cover=one.brings_in()))
    one.after(minutes=1, seconds=1)
    one.after(seconds=3)
    assert one.stands(pid) == ("sending", "")
    assert one.wechat.times("material/add_material") == 2


def test_a_piece_without_a_cover_waits_for_a_person(one: Bureau) -> None:
    pid = one.schedules(an_article())
    one.after(minutes=2)
    assert one.stands(pid) == ("held", "refused")
    assert "封面" in one.push(pid).sentence


def test_an_editor_who_saves_while_it_is_being_sent_changes_nothing_of_it(one: Bureau) -> None:
    one.wechat.spoil(TOKEN, drops_before)
    pid = one.schedules()
    one.after(minutes=1, seconds=1)
    assert one.stands(pid) == ("sending", "")
    with one.database.begin() as session:
        (piece,) = one.pieces_of(pid)
        row = session.merge(piece)
        row.body = "别的话"
    one.after(minutes=1, seconds=1)
    assert one.wechat.sent[0].body["text"] == {"content": "本馆本周六闭馆一天。"}


def test_what_is_forsaken_by_its_job_is_held(bureau: Bureau) -> None:
    pid = bureau.schedules()
    with bureau.database.begin() as session:
        session.execute(delete(Job))
        enqueue(session, WATCH, {}, key="watch", now=clock.now() + timedelta(minutes=2))
    bureau.after(minutes=3)
    assert bureau.stands(pid) == ("held", "missed")


def test_two_texts_have_different_numbers(one: Bureau) -> None:
    one.schedules(a_text("一"))
    one.schedules(a_text("二"))
    one.after(minutes=2)
    assert len(set(one.wechat.numbers)) == len(one.wechat.sent) == 2


def a_crowd(bureau: Bureau, count: int, topic: str = "") -> None:
    with bureau.database.begin() as session:
        for number in range(count):
            a_follower(session, f"o{number}", topics=[topic] if topic else [])


def a_list(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> str:
    """Schedule a push to five people of whom WeChat takes two in a call."""
    known = limits().mass_send.model_copy(update={"list_most": 2})
    monkeypatch.setitem(limits().__dict__, "mass_send", known)
    a_crowd(bureau, 6)
    return bureau.schedules(audience=AudienceKind.LIST)


def test_a_long_list_is_sent_in_calls_of_their_own(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = a_list(bureau, monkeypatch)
    bureau.wechat.spoil(LIST, drops_after)
    bureau.after(minutes=1, seconds=1)
    bureau.after(minutes=1, seconds=1)
    assert [call.state for call in bureau.calls(pid)] == ["accepted"] * 3
    told = [name for one in bureau.wechat.sent for name in one.body["touser"]]
    assert sorted(told) == [f"o{number}" for number in range(6)]
    assert bureau.push(pid).scope == "", "it takes no place of the whole account's"


def test_a_list_of_which_a_part_was_refused_is_partly_failed(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = a_list(bureau, monkeypatch)
    bureau.wechat.spoil(LIST, lambda _side, _request: None, refuses(45002))
    bureau.after(minutes=1, seconds=1)
    assert [call.state for call in bureau.calls(pid)] == ["accepted", "refused", "accepted"]
    bureau.wechat.status = "SEND_SUCCESS"
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("partly", "")
    assert "有一批没有发出" in bureau.push(pid).sentence


def test_a_part_that_nobody_is_sure_of_is_never_sent_anew_with_the_others(
    one: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = a_list(one, monkeypatch)
    one.wechat.spoil(LIST, lambda _side, _request: None)
    one.wechat.for_ever[LIST] = html
    for _ in range(14):
        one.after(minutes=1, seconds=1)
    assert one.stands(pid) == ("held", "unknown")
    one.after(hours=25)
    with pytest.raises(RefusedError, match="收到两遍"):
        one.decides(pid, Decision.RESEND_NEW)
    one.wechat.for_ever.clear()
    one.decides(pid, Decision.TAKE_FOR_SENT)
    one.after(seconds=1)
    states = [call.state for call in one.calls(pid)]
    assert states == ["finished", "finished", "accepted"], "the last part was never made"


def test_a_number_that_wechat_takes_for_another_calls_is_not_this_ones(
    one: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = a_list(one, monkeypatch)
    one.wechat.spoil(LIST, lambda _side, _request: None, known_as_the_first)
    one.after(minutes=1, seconds=1)
    states = [call.state for call in one.calls(pid)]
    assert states == ["accepted", "refused", "accepted"]
    assert one.calls(pid)[1].error_code == 45065


def known_as_the_first(side: FarSide, _request: object) -> Response:
    told = {"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": side.sent[0].msg_id}
    return Response(json.dumps(told), content_type="application/json")


def test_a_list_without_anybody_waits_for_a_person(one: Bureau) -> None:
    pid = one.schedules(audience=AudienceKind.LIST)
    one.after(minutes=2)
    assert one.stands(pid) == ("held", "refused")
    assert "一位也没有" in one.push(pid).sentence


def test_a_held_push_finds_no_place_on_a_day_that_is_full(sqlite_url: str, tmp_path: Path) -> None:
    """It was scheduled for another day, held, and is to be sent now."""
    with a_bureau(sqlite_url, tmp_path / "data", wechat_account="subscription") as bureau:
        first = bureau.schedules(latest=timedelta(minutes=1))
        other = bureau.schedules(within=timedelta(days=1), latest=timedelta(minutes=1))
        bureau.after(days=1, minutes=10)
        assert bureau.stands(first) == bureau.stands(other) == ("held", "missed")
        bureau.sends_after_all(other)
        with pytest.raises(NoPlaceError, match="群发次数已满"):
            bureau.sends_after_all(first)
        bureau.after(minutes=2)
        assert bureau.stands(other) == ("sending", "")
        assert bureau.stands(first) == ("preparing", "")
        assert len(bureau.wechat.sent) == 1
