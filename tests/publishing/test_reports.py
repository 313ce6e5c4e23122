"""WeChat's reports: by event and by asking, early, late, twice; each ends in a named state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count, permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.publishing.far_side import refuses
from tests.publishing.pushing import Bureau, Decision, a_bureau, an_article
from tests.talk import Talk, a_talk
from wx_archive.core import clock
from wx_archive.publishing import ledger, reports, troubles, verdicts
from wx_archive.publishing.reports import Report
from wx_archive.publishing.rules import Delivery, PushState
from wx_archive.publishing.verdicts import Ending
from wx_archive.wechat.inbound import Header, MassSendFinished, PublishFinished

PROJECT = Path(__file__).parents[2]
_TIMES = count(1)


@pytest.fixture
def bureau(database_url: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database_url, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def one(sqlite_url: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(sqlite_url, tmp_path / "data") as opened:
        yield opened


def a_report(bureau: Bureau, pid: str, status: str = "send success", **counts: int) -> Report:
    (call,) = bureau.calls(pid)
    all_of_them = Report(call.msg_id or "", status, 10, 10, 10, 0)
    return replace(all_of_them, **counts)  # type: ignore[arg-type]


def hears(bureau: Bureau, report: Report) -> None:
    with bureau.database.begin() as session:
        reports.take(session, report, now=clock.now(), live=None)


def sent_out(bureau: Bureau) -> str:
    pid = bureau.schedules()
    bureau.after(minutes=1, seconds=1)
    assert bureau.stands(pid) == ("sending", "")
    return pid


@pytest.mark.parametrize(
    ("status", "counts", "ends"),
    [
        ("send success", {}, "sent"),
        ("send success", {"sent": 8, "failed": 2}, "partly"),
        ("send success", {"sent": 9, "failed": 1}, "sent"),
        ("send success", {"filtered": 7, "sent": 7}, "partly"),
        ("send success", {"sent": 0, "failed": 10}, "failed"),
        ("send fail", {"sent": 0}, "failed"),
        ("err(20001)", {}, "failed"),
        ("err(99999)", {}, "failed"),
        ("SEND_SUCCESS", {"total": 0, "filtered": 0, "sent": 0}, "sent"),
    ],
)
def test_wechats_words_have_a_state(
    one: Bureau, status: str, counts: dict[str, int], ends: str
) -> None:
    pid = sent_out(one)
    hears(one, a_report(one, pid, status, **counts))
    assert one.stands(pid) == (ends, "")
    assert (ends == "sent") == (one.push(pid).sentence == "")


def test_every_order_of_the_same_reports_ends_the_same(one: Bureau) -> None:
    event = {"sent": 8, "failed": 2}
    seen = set()
    for order in permutations(("event", "event", "poll")):
        pid = sent_out(one)
        for kind in order:
            none = {"total": 0, "filtered": 0, "sent": 0}
            told = ("send success", event) if kind == "event" else ("SEND_SUCCESS", none)
            hears(one, a_report(one, pid, told[0], **told[1]))
        push = one.push(pid)
        seen.add((push.state, push.sent, push.failed))
        with one.database.begin() as session:  # the month has four places only
            kept = session.merge(push)
            ledger.free(session, kept)
    assert seen == {("partly", 8, 2)}


def test_an_event_before_our_own_answer_is_not_lost(bureau: Bureau) -> None:
    pid = bureau.schedules()
    # The first number that this WeChat gives.
    hears(bureau, Report("mass:1001", "send success", 3, 3, 3, 0))
    bureau.after(minutes=1, seconds=1)
    assert bureau.calls(pid)[0].msg_id == "mass:1001"
    assert bureau.stands(pid) == ("sent", "")


def test_a_report_after_the_hour_still_counts(bureau: Bureau) -> None:
    pid = sent_out(bureau)
    for minutes in (2, 5, 11, 50):
        bureau.after(minutes=minutes)
    assert bureau.stands(pid) == ("held", "no_report")
    hears(bureau, a_report(bureau, pid))
    assert bureau.stands(pid) == ("sent", "")


def test_what_nobody_got_is_not_out_for_readers(bureau: Bureau) -> None:
    pid = sent_out(bureau)
    assert bureau.pieces_of(pid)[0].out_at is not None
    hears(bureau, a_report(bureau, pid, "err(20001)"))
    assert bureau.pieces_of(pid)[0].out_at is None
    assert "涉嫌政治" in bureau.push(pid).sentence
    assert bureau.push(pid).error_code == 20001


def test_a_report_against_a_persons_decision_is_written_down(one: Bureau) -> None:
    pid = sent_out(one)
    for minutes in (2, 5, 11, 50):
        one.after(minutes=minutes)
    one.decides(pid, Decision.TAKE_FOR_FAILED)
    hears(one, a_report(one, pid))
    assert one.stands(pid) == ("failed", "")
    assert one.steps(pid)[-1] == "reported"


@pytest.fixture
def confirming(sqlite_url: str, tmp_path: Path) -> Iterator[Bureau]:
    """An account whose administrator confirms each send to all on the phone."""
    site = tmp_path / "site"
    for part in ("content", "menus"):
        (site / part).mkdir(parents=True)
    for name in ("site.yaml", "interests.yaml"):
        text = (PROJECT / "content" / name).read_text()
        said = text.replace("api_confirmation: false", "api_confirmation: true")
        (site / "content" / name).write_text(said)
    with a_bureau(sqlite_url, tmp_path / "data", site_dir=site) as opened:
        yield opened


def test_until_somebody_confirms_readers_see_nothing_and_staff_see_why(confirming: Bureau) -> None:
    pid = sent_out(confirming)
    assert confirming.push(pid).sentence == "等管理员在手机上确认"
    assert confirming.pieces_of(pid)[0].out_at is None
    confirming.after(minutes=20)
    with confirming.database.reads() as connection:
        (alert,) = troubles.alerts(connection, clock.now())
        assert "还没有在手机上确认" in alert.title
    hears(confirming, a_report(confirming, pid))
    assert confirming.stands(pid) == ("sent", "")
    assert confirming.pieces_of(pid)[0].out_at is not None


@pytest.mark.parametrize("status", ["err(40001)", "err(40002)"])
def test_what_nobody_confirmed_has_failed_and_gives_its_place_back(
    confirming: Bureau, status: str
) -> None:
    pid = sent_out(confirming)
    confirming.after(minutes=31)
    hears(confirming, a_report(confirming, pid, status, sent=0))
    push = confirming.push(pid)
    assert (push.state, push.scope) == ("failed", "")
    assert "没有确认" in push.sentence
    confirming.after(hours=2)
    assert len(confirming.wechat.sent) == 1, "never again by itself"


def test_a_publication_that_was_refused_is_named(one: Bureau) -> None:
    one.wechat.publish_status = 4
    pid = one.schedules(an_article(cover=one.brings_in()), delivery=Delivery.PUBLISH)
    one.after(minutes=1, seconds=1)
    one.after(minutes=1, seconds=1)
    assert one.stands(pid) == ("failed", "")
    assert "审核" in one.push(pid).sentence


def header() -> Header:
    return Header("gh_test", "oMassSender", next(_TIMES), f"e{next(_TIMES)}", is_event=True)


def test_the_events_of_the_chat_settle_pushes(bureau: Bureau) -> None:
    mass = sent_out(bureau)
    article = an_article(cover=bureau.brings_in())
    published = bureau.schedules(article, delivery=Delivery.PUBLISH)
    bureau.after(minutes=1, seconds=1)
    number = (bureau.calls(mass)[0].msg_id or "").removeprefix("mass:")
    other = (bureau.calls(published)[0].msg_id or "").removeprefix("publish:")
    with a_talk(bureau.database, PROJECT) as talk:
        for _ in range(2):
            tell(talk, MassSendFinished(header(), number, "send success", 5, 5, 4, 1))
            tell(talk, PublishFinished(header(), other, 1, None, ()))
            tell(talk, PublishFinished(header(), other, 0, "ART", ("https://mp/s/1",)))
    assert bureau.stands(mass) == ("partly", "")
    assert bureau.stands(published) == ("sent", "")
    assert bureau.push(published).article_id == "ART"
    assert bureau.push(mass).failed == 1


def tell(talk: Talk, event: MassSendFinished | PublishFinished) -> None:
    answered = talk.answering.reply_to(event, b"<xml/>", now=clock.now())
    assert answered == b"success"


def test_whoever_holds_a_push_up_hears_of_it_in_alerts_and_todos(bureau: Bureau) -> None:
    bureau.wechat.for_ever["message/mass/sendall"] = refuses(48001)
    pid = bureau.schedules()
    bureau.after(minutes=1, seconds=1)
    with bureau.database.reads() as connection:
        (alert,) = troubles.alerts(connection, clock.now())
    assert alert.key == f"push:{pid}:held"
    assert "等人决定" in alert.title
    assert alert.path == f"/console/pushes/{pid}"


def test_a_push_whose_worker_is_away_is_an_alert(bureau: Bureau) -> None:
    pid = bureau.schedules()
    with bureau.database.reads() as connection:
        now = clock.now()
        assert not troubles.alerts(connection, now)
        (alert,) = troubles.alerts(connection, now + soon())
    assert alert.key == f"push:{pid}:scheduled"


def soon() -> timedelta:
    return timedelta(minutes=12)


COUNTS = st.integers(0, 50)
ENDINGS = st.lists(
    st.builds(
        Ending,
        is_sent=st.booleans(),
        code=st.none(),
        sentence=st.sampled_from(["", "没有发出"]),
        total=COUNTS,
        filtered=COUNTS,
        sent=COUNTS,
        failed=COUNTS,
    ),
    min_size=1,
    max_size=4,
)


@given(endings=ENDINGS)
def test_a_verdict_is_sent_only_if_nearly_everybody_got_it(endings: list[Ending]) -> None:
    found = verdicts.verdict(endings)
    everything = all(one.is_sent for one in endings)
    nobody = not any(one.is_sent and (one.sent or not one.total) for one in endings)
    assert (found.state is PushState.FAILED) == nobody
    if found.state is PushState.SENT:
        assert everything
        total, sent = sum(one.total for one in endings), sum(one.sent for one in endings)
        assert sent >= 0.9 * total
