"""Held answers: sent when WeChat lets us, else fetched; never twice by themselves, never lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.chat.desks import Desk, a_desk, present, says
from tests.chat.talks import SITE, a_router, typed
from tests.chat.talks import says as always
from tests.core.jobs.works import until
from tests.wechat.deliveries import OPENID
from wx_archive.chat import held, windows
from wx_archive.chat.held import DELIVER
from wx_archive.chat.models import HeldAnswer, HeldState, ServiceWindow
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Router, Stage
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job
from wx_archive.core.settings import AccountKind
from wx_archive.followers import service as followers
from wx_archive.guide import bot as guide
from wx_archive.wechat.limits import Occasion
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

OFFER = "另有一条替您留着的答复"
MORE = "还有没放下的"
WAITING, SENDING, SENT, FETCHED = (
    HeldState.WAITING,
    HeldState.SENDING,
    HeldState.SENT,
    HeldState.FETCHED,
)


def a_guide() -> Router:
    router = a_router()
    router.on_command("取结果", effect=True)(guide.fetch)
    router.on_words(Stage.LOOKUP)(always("查到了"))
    return router


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(database, tmp_path, a_guide()) as opened:
        yield opened


def opens(desk: Desk, occasion: Occasion = Occasion.MESSAGE, *, openid: str = OPENID) -> None:
    """Let the follower have done something just now."""
    now = clock.now()
    with desk.database.begin() as session:
        followers.ensure(session, openid, now=now)
        windows.note_opened(session.connection(), {(openid, occasion): now})


def used(desk: Desk) -> dict[str, int]:
    with desk.database.reads() as connection:
        rows = connection.execute(select(ServiceWindow.occasion, ServiceWindow.used))
        return {occasion: number for occasion, number in rows}  # noqa: C416 -- rows, no pairs


def asks(desk: Desk, text: str = "公积金") -> str:
    """Say something as a new message."""
    asks.number += 1  # type: ignore[attr-defined]
    number: int = asks.number  # type: ignore[attr-defined]
    return says(desk.answering(), typed(text, number=number, created_at=present()))


asks.number = 0  # type: ignore[attr-defined]


def make_due(desk: Desk) -> None:
    with desk.database.begin() as session:
        session.execute(update(Job).values(run_after=clock.now()))


def jobs(desk: Desk) -> list[str]:
    with desk.database.reads() as connection:
        return list(connection.scalars(select(Job.state).where(Job.kind == DELIVER)))


def leaves(desk: Desk, *, comes_back: bool) -> None:
    now = present() + 1
    with desk.database.begin() as session:
        follower_id = followers.ensure(session, OPENID, now=clock.now())
        followers.leave(session, follower_id, at=now)
        windows.close(session, follower_id)
        if comes_back:
            followers.arrive(session, follower_id, scene=None, at=now + 1)


def test_telling_twice_is_telling_once(desk: Desk) -> None:
    opens(desk)
    assert desk.tell("甲", key="k")
    assert not desk.tell("乙", key="k")
    desk.work()
    assert not desk.tell("丙", key="k")
    desk.work()
    assert desk.wechat.texts == ["甲"]
    assert desk.states() == {"甲": SENT}


def test_an_open_window_delivers_the_answer_once_to_the_right_follower(desk: Desk) -> None:
    opens(desk)
    desk.tell("答复")
    desk.work()
    assert desk.wechat.sent == [(OPENID, "答复")]
    assert (desk.states(), used(desk)) == ({"答复": SENT}, {"message": 1})
    assert OFFER not in asks(desk)


def test_without_a_window_it_waits_to_be_fetched(desk: Desk) -> None:
    desk.tell("答复")
    desk.work()
    assert (desk.wechat.calls, desk.states()) == (0, {"答复": WAITING})
    assert jobs(desk) == ["done"]
    assert OFFER in asks(desk)
    assert asks(desk, "取结果") == "答复"
    assert desk.states() == {"答复": FETCHED}
    assert OFFER not in asks(desk)
    assert "眼下没有" in asks(desk, "取结果")


def test_after_a_message_five_are_sent_and_not_one_more(desk: Desk) -> None:
    opens(desk)
    for number in range(8):
        desk.tell(f"答复{number}")
    with desk.working():
        until(lambda: jobs(desk) == ["done"] * 8)
    assert len(desk.wechat.sent) == 5
    assert used(desk) == {"message": 5}
    assert sorted(desk.states().values()) == [SENT] * 5 + [WAITING] * 3


def test_after_a_click_three_are_sent_and_not_one_more(desk: Desk) -> None:
    opens(desk, Occasion.CLICK)
    for number in range(5):
        desk.tell(f"答复{number}")
    with desk.working():
        until(lambda: jobs(desk) == ["done"] * 5)
    assert (len(desk.wechat.sent), used(desk)) == (3, {"click": 3})


@pytest.mark.parametrize("code", [45015, 45047])
def test_where_wechat_knows_better_the_windows_close_and_the_answer_can_be_fetched(
    desk: Desk, code: int
) -> None:
    opens(desk)
    opens(desk, Occasion.CLICK)
    desk.wechat.codes = [code]
    desk.tell("答复")
    desk.work()
    desk.tell("又一个")
    desk.work()
    assert (desk.wechat.calls, desk.wechat.sent, used(desk)) == (1, [], {})
    assert asks(desk, "取结果") == "答复\n\n又一个"


def test_an_account_that_may_not_send_never_does(database: Database, tmp_path: Path) -> None:
    unverified: dict[str, Any] = {
        "wechat_account": AccountKind.SUBSCRIPTION,
        "wechat_verified": False,
    }
    with a_desk(database, tmp_path, a_guide(), **unverified) as desk:
        opens(desk)
        desk.tell("答复")
        desk.work()
        assert (desk.wechat.calls, used(desk), jobs(desk)) == (0, {"message": 0}, ["done"])
        assert asks(desk, "取结果") == "答复"


def test_an_unknown_outcome_is_never_sent_again_by_itself_but_can_be_fetched(desk: Desk) -> None:
    opens(desk)
    desk.wechat.codes = [None]
    desk.tell("答复")
    desk.work()
    make_due(desk)
    desk.work()
    assert (desk.wechat.calls, desk.states(), jobs(desk)) == (1, {"答复": WAITING}, ["done"])
    assert asks(desk, "取结果") == "答复"


@pytest.mark.parametrize("code", [-1, 45009])
def test_what_certainly_was_not_sent_is_sent_later(desk: Desk, code: int) -> None:
    opens(desk)
    desk.wechat.codes = [code] * 3
    desk.tell("答复")
    desk.work()
    assert desk.states() == {"答复": WAITING}
    assert desk.wechat.sent == []
    assert jobs(desk) == ["waiting"]
    with desk.database.begin() as session:
        (job,) = session.scalars(select(Job).where(Job.kind == DELIVER))
        assert timedelta(seconds=30) < job.run_after - clock.now() <= timedelta(minutes=1)
        assert job.attempts == 0


def test_busy_wechat_gets_it_with_the_next_try(desk: Desk) -> None:
    opens(desk)
    desk.wechat.codes = [-1, -1, -1]
    desk.tell("答复")
    desk.work()
    make_due(desk)
    desk.work()
    assert (desk.wechat.texts, desk.states()) == (["答复"], {"答复": SENT})


def test_what_was_fetched_meanwhile_is_not_sent_too(desk: Desk) -> None:
    desk.tell("答复")
    assert asks(desk, "取结果") == "答复"
    opens(desk)
    desk.work()
    assert (desk.wechat.calls, desk.states()) == (0, {"答复": FETCHED})


def test_a_worker_that_died_while_sending_leaves_it_to_be_fetched(desk: Desk) -> None:
    """Whether it died before or after the call nobody can tell."""
    opens(desk)
    desk.tell("答复")
    now = clock.now()
    with desk.database.begin() as session:
        session.execute(update(HeldAnswer).values(state=SENDING))
        session.execute(update(Job).values(state="running", attempts=1, fence=1, lease_until=now))
    assert asks(desk, "取结果").startswith("眼下没有")
    desk.work()
    assert (desk.wechat.calls, desk.states(), jobs(desk)) == (0, {"答复": WAITING}, ["done"])
    assert asks(desk, "取结果") == "答复"


@pytest.mark.parametrize("comes_back", [False, True])
def test_who_left_gets_nothing_sent_of_before_even_after_coming_back(
    desk: Desk, *, comes_back: bool
) -> None:
    desk.tell("答复")
    leaves(desk, comes_back=comes_back)
    opens(desk)
    desk.work()
    assert desk.wechat.calls == 0
    assert desk.states() == {"答复": WAITING}


def test_the_offer_stands_exactly_while_something_waits(desk: Desk) -> None:
    assert OFFER not in asks(desk)
    desk.tell("答复", openid="oSomebodyElse")
    assert OFFER not in asks(desk)
    desk.tell("答复2")
    assert asks(desk).startswith("查到了\n\n另有一条替您留着的答复，回")
    desk.work()
    assert OFFER in asks(desk)
    assert asks(desk, "取结果") == "答复2"
    assert OFFER not in asks(desk)


def test_an_expired_one_is_neither_offered_nor_handed_over_and_is_swept(desk: Desk) -> None:
    desk.tell("答复")
    with desk.database.begin() as session:
        session.execute(update(HeldAnswer).values(expires_at=clock.now()))
    assert OFFER not in asks(desk)
    assert "眼下没有" in asks(desk, "取结果")
    with desk.database.begin() as session:
        held.sweep(session, now=clock.now() + timedelta(seconds=1))
    assert desk.states() == {}


def test_an_expired_one_is_not_sent_either(desk: Desk) -> None:
    opens(desk)
    desk.tell("答复")
    with desk.database.begin() as session:
        session.execute(update(HeldAnswer).values(expires_at=clock.now()))
    desk.work()
    assert (desk.wechat.calls, jobs(desk)) == (0, ["done"])
    assert used(desk) == {"message": 0}


def test_sweeping_keeps_what_still_waits(desk: Desk) -> None:
    for text in ("still waits", "fetched", "sent"):
        desk.tell(text)
    with desk.database.begin() as session:
        for state in (FETCHED, SENT):
            session.execute(
                update(HeldAnswer).where(HeldAnswer.text == state.value).values(state=state)
            )
        held.sweep(session, now=clock.now() + held.KEPT - timedelta(minutes=1))
    assert set(desk.states()) == {"still waits", "fetched", "sent"}
    with desk.database.begin() as session:
        session.execute(
            update(HeldAnswer).values(created_at=clock.now() - held.KEPT - timedelta(days=1))
        )
        held.sweep(session, now=clock.now())
    assert set(desk.states()) == {"still waits"}


def test_what_still_waits_is_dropped_by_its_key_and_may_be_told_anew(desk: Desk) -> None:
    desk.tell("提醒", key="k")
    desk.tell("别的", key="other")
    with desk.database.begin() as session:
        assert held.forget(session, "k")
        assert not held.forget(session, "k")
    assert asks(desk, "取结果") == "别的"
    opens(desk)
    desk.work()  # its delivery finds nothing to send
    assert desk.wechat.calls == 0
    assert desk.tell("提醒", key="k")


@pytest.mark.parametrize("state", [SENDING, SENT, FETCHED])
def test_what_was_handed_over_is_not_dropped_and_never_told_again(
    desk: Desk, state: HeldState
) -> None:
    desk.tell("提醒", key="k")
    with desk.database.begin() as session:
        session.execute(update(HeldAnswer).values(state=state))
        assert not held.forget(session, "k")
    assert not desk.tell("提醒", key="k")


def test_what_fits_is_handed_over_oldest_first_and_the_rest_next_time(desk: Desk) -> None:
    texts = [f"{number}{'字' * 300}" for number in range(5)]
    for number, text in enumerate(texts):
        desk.tell(text, key=str(number))
    replies = []
    while any(state == WAITING for state in desk.states().values()):
        replies.append(asks(desk, "取结果"))
        assert len(replies[-1].encode()) <= TEXT_LIMIT_BYTES
    handed = [text for reply in replies for text in reply.split("\n\n") if "字字" in text]
    assert handed == texts
    assert [MORE in reply for reply in replies] == [True, True, False]
    assert "取结果" in replies[0]


@pytest.mark.parametrize("length", [TEXT_LIMIT_BYTES - 30, TEXT_LIMIT_BYTES])
def test_one_that_fills_a_reply_is_handed_over_whole(desk: Desk, length: int) -> None:
    long = "x" * length
    desk.tell(long, key="long")
    desk.tell("and one more")
    assert asks(desk, "取结果") == long
    assert asks(desk, "取结果") == "and one more"


def test_every_delivery_of_one_question_hands_over_the_same(desk: Desk) -> None:
    desk.tell("答复")
    told = typed("取结果", number=99, created_at=present())
    assert [says(desk.answering(), told) for _ in range(3)] == ["答复"] * 3
    assert standing(SITE, "nothing_held") == asks(desk, "取结果")
