"""关注者: what a clerk can do for somebody at the desk who asks what we hold of them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import delete, func, inspect, select, table, text, update

from tests.console import Browser, Office
from tests.html import Page, read_page
from tests.talk import Talk
from wx_archive import features
from wx_archive.chat.answering import Answering
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.core.ids import pseudonym
from wx_archive.core.store import entries
from wx_archive.enquiries.models import Enquiry
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.followers.models import Follower
from wx_archive.staff.models import AuditEntry, StaffSession
from wx_archive.staff.rules import Role

OPENID = "oSomebodyAtTheDesk0000000001"
NOISE = "oSomebodyElse000000000000002"
NOBODY = "按这个编号或代码没有找到人"
WORDS = "<b>只有本人知道</b>"
NUMBER, ELSES = "查2026-000101", "查2026-000102"


def a_request(office: Office, number: str, openid: str | None) -> None:
    now = clock.now()
    with office.database.begin() as session:
        owner = followers.ensure(session, openid, now=now) if openid else None
        session.add(
            Enquiry(
                number=number,
                pid=f"{int(number[-6:]):026d}",
                kind="search",
                state="submitted",
                follower_id=owner,
                words=WORDS if openid else "",
                note="",
                created_at=now,
                changed_at=now,
            )
        )


def prepared(any_office: Office) -> Browser:
    """Return a clerk; two have asked for something, and one request is of nobody any more."""
    a_request(any_office, NUMBER, OPENID)
    a_request(any_office, ELSES, NOISE)
    a_request(any_office, "查2026-000103", None)
    with any_office.database.begin() as session:
        number = followers.ensure(session, OPENID, now=clock.now())
        session.add(
            HeldAnswer(
                key="h",
                follower_id=number,
                text=f"给 {OPENID} 的答复",
                created_at=clock.now(),
                expires_at=clock.now() + timedelta(days=1),
            )
        )
    return any_office.sits(Role.DESK)


@pytest.fixture
def desk(office: Office) -> Browser:
    """A clerk of an office on SQLite."""
    return prepared(office)


@pytest.fixture
def any_desk(any_office: Office) -> Browser:
    """A clerk of an office on SQLite, and of one on PostgreSQL and Redis."""
    return prepared(any_office)


def find(desk: Browser, number: str) -> str:
    """Find somebody; return the address of their page."""
    answer = desk.post("/console/followers", number=number)
    assert answer.status_code == 303, read_page(answer.text).text
    return str(answer.headers["Location"])


def not_found(desk: Browser, number: str) -> Page:
    answer = desk.post("/console/followers", number=number)
    assert answer.status_code == 422
    return read_page(answer.text)


def audit(office: Office) -> list[tuple[str, str]]:
    with office.database.begin() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(row.action, row.subject) for row in rows]


def everything(office: Office) -> str:
    """Return every row of every table and store, the audit log included, as one text."""
    parts = []
    with office.database.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            if not name.startswith("search_fts"):
                parts += [
                    repr(row)
                    for row in connection.execute(select(text("*")).select_from(table(name)))
                ]
    store = office.application.services.store
    with store.steady._lines.engine.connect() as connection:  # noqa: SLF001 -- expired values too
        parts += [repr(row) for row in connection.execute(select(entries))]
    if url := office.settings.redis_url.get_secret_value():
        with Redis.from_url(url) as redis:
            parts += [repr((key, redis.get(key))) for key in redis.scan_iter()]
    return "\n".join(parts)


@contextmanager
def talking(office: Office, openid: str = OPENID) -> Iterator[Talk]:
    """Talk to the account of this office."""
    services = office.application.services
    answering = Answering(
        dispatcher=features.dispatcher(),
        database=services.database,
        store=services.store,
        site=services.site,
        secret=services.settings.secret(),
        door=Door.of(services.settings),
    )
    try:
        yield Talk(answering, openid=openid, now=clock.now())
    finally:
        answering.close()


def a_code(office: Office, openid: str = OPENID) -> str:
    """Ask for a code in the chat."""
    with talking(office, openid) as talk:
        found = re.search(r"您的代码：([0-9]{8})", talk.says("我的代码"))
    assert found
    return found[1]


def test_what_is_held_is_shown_by_the_number_of_a_request(desk: Browser, office: Office) -> None:
    assert "请求编号" in desk.page("/console/followers").text
    page = desk.page(find(desk, " 2026-101 "))
    assert NUMBER in page.text
    for title in ("关注者", "请馆里办的事", "替您留着的答复"):
        assert title in page.text
    assert WORDS in page.text  # as text: the page was parsed
    assert audit(office) == [
        ("follower.find", f"enquiry:{NUMBER}"),
        ("follower.read", f"enquiry:{NUMBER}"),
    ]


def test_wechats_code_of_a_person_is_not_shown_over_the_counter(desk: Browser) -> None:
    text = desk.get(find(desk, NUMBER)).text
    assert OPENID not in text
    assert "（不显示）" in text


def test_nobody_knows_which_numbers_there_are(desk: Browser, office: Office) -> None:
    told = {
        not_found(desk, number).text.replace(number, "")
        for number in ("查2026-000999", "查2026-000103", "12345678", "乱写一气")
    }
    assert len(told) == 1
    assert NOBODY in told.pop()
    assert audit(office) == []


def test_nothing_at_all_is_asked_for_again(desk: Browser) -> None:
    assert "请填编号或代码" in not_found(desk, "").text


def test_a_code_from_the_chat_opens_ones_page_once(any_desk: Browser, any_office: Office) -> None:
    code = a_code(any_office)
    page = any_desk.page(find(any_desk, code))
    assert "本人报的代码" in page.text
    assert NUMBER in page.text
    assert ELSES not in page.text
    assert NOBODY in not_found(any_desk, code).text
    assert audit(any_office)[0] == ("follower.find", "follower:code")
    assert code not in str(audit(any_office))


def test_a_new_code_ends_the_one_before_it_and_ten_minutes_any(
    desk: Browser, office: Office
) -> None:
    first, second = a_code(office), a_code(office)
    assert NOBODY in not_found(desk, first).text
    before = clock.offset()
    clock.move(before + timedelta(minutes=10, seconds=1))
    try:
        assert NOBODY in not_found(desk, second).text
    finally:
        clock.move(before)


def test_a_code_of_somebody_erased_opens_nobody_elses_page(
    any_desk: Browser, any_office: Office
) -> None:
    code = a_code(any_office, "oTheNewest")
    with talking(any_office, "oTheNewest") as talk:
        talk.says("删除我的资料")
        talk.says("确认删除")
    with talking(any_office, "oAnother") as talk:
        talk.says("兴趣 历史钩沉")  # on SQLite under the very number
    assert NOBODY in not_found(any_desk, code).text


def test_a_code_that_outlived_its_owner_opens_nobody_elses_page(
    desk: Browser, office: Office
) -> None:
    code = a_code(office, "oTheNewest")
    with office.database.begin() as session:  # as if the store could not be reached
        session.execute(delete(Follower).where(Follower.openid == "oTheNewest"))
    a_code(office, "oAnother")
    with office.database.reads() as connection:
        newest = connection.scalar(select(func.max(Follower.id)))
        assert followers.find(connection, "oAnother") == newest  # the very number
    assert NOBODY in not_found(desk, code).text


def test_the_export_holds_everything_and_is_noted(any_desk: Browser, any_office: Office) -> None:
    answer = any_desk.get(find(any_desk, NUMBER) + "/export")
    assert answer.mimetype == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    told = json.loads(answer.text)["资料"]
    assert told["关注者"][0]["微信给的代码"] == OPENID
    assert told["请馆里办的事"][0]["内容"] == WORDS
    assert NOISE not in answer.text
    assert audit(any_office)[-1] == ("follower.export", f"enquiry:{NUMBER}")
    assert OPENID not in str(audit(any_office))


def test_before_erasing_one_reads_what_goes_and_what_stays_and_why(desk: Browser) -> None:
    page = desk.page(find(desk, NUMBER) + "/erase")
    assert "替您留着的答复（1 条）" in page.text
    assert "请馆里办的事（1 条）：编号一年一本账" in page.text


def test_erasing_wants_the_word(desk: Browser, office: Office) -> None:
    address = find(desk, NUMBER) + "/erase"
    for sure in ("", "删", "delete", "删除吧"):
        answer = desk.post(address, sure=sure)
        assert answer.status_code == 422
        read_page(answer.text).check_frame()
    assert OPENID in everything(office)


def test_after_erasing_nobody_knows_them(any_desk: Browser, any_office: Office) -> None:
    with talking(any_office) as talk:
        talk.says("公积金")
        talk.says("兴趣 历史钩沉")
        talk.says("我的代码")
    alias = pseudonym(OPENID, any_office.settings.secret())
    before = everything(any_office)
    assert OPENID in before
    assert alias in before
    address = find(any_desk, NUMBER)
    page = any_desk.done(address + "/erase", sure="删除")
    assert "已经删除这位关注者的全部资料" in page.text
    left = everything(any_office)
    assert OPENID not in left
    assert alias not in left
    with any_office.database.begin() as session:
        (request,) = session.scalars(select(Enquiry).where(Enquiry.number == NUMBER))
        assert (request.words, request.follower_id) == ("", None)
        assert followers.find(session.connection(), NOISE)
    assert audit(any_office)[-1] == ("follower.erase", f"enquiry:{NUMBER}")
    assert any_desk.get(address).status_code == 404
    assert NOBODY in not_found(any_desk, NUMBER).text


def test_what_was_found_by_one_is_not_opened_by_another(desk: Browser, office: Office) -> None:
    address = find(desk, NUMBER)
    other = office.sits(Role.DESK)
    assert other.get(address).status_code == 200  # the same person at another browser
    forged = address[:-20] + address[-20:].swapcase()  # the last letter alone may mean the same
    for path in (forged, "/console/followers/1", address + "x"):
        assert desk.get(path).status_code == 404


def test_a_handle_opens_for_a_quarter_of_an_hour(desk: Browser) -> None:
    address = find(desk, NUMBER)
    before = clock.offset()
    clock.move(before + timedelta(minutes=15, seconds=1))
    try:
        assert desk.get(address).status_code == 404
    finally:
        clock.move(before)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN, Role.AUDITOR, Role.PUBLISHER])
def test_only_the_desk_serves_followers(office: Office, role: Role) -> None:
    a_request(office, NUMBER, OPENID)
    browser = office.sits(role)
    assert browser.get("/console/followers").status_code == 403
    assert browser.post("/console/followers", number=NUMBER).status_code == 403


def test_taking_away_and_erasing_want_a_fresh_login(desk: Browser, office: Office) -> None:
    address = find(desk, NUMBER)
    with office.database.begin() as session:
        session.execute(
            update(StaffSession).values(confirmed_at=clock.now() - timedelta(minutes=11))
        )
    assert desk.get(address).status_code == 200
    for path in (address + "/export", address + "/erase"):
        assert desk.get(path).headers["Location"].startswith("/console/confirm")
    answer = desk.post(address + "/erase", sure="删除")
    assert answer.headers["Location"].startswith("/console/confirm")
    assert OPENID in everything(office)


def test_an_erasure_that_fails_halfway_erases_and_notes_nothing(
    desk: Browser, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = find(desk, NUMBER)
    noted = audit(office)

    def fails(*_given: object, **_named: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(followers, "note_erasure", fails)
    assert desk.post(address + "/erase", sure="删除").status_code == 500
    assert OPENID in everything(office)
    assert audit(office) == noted
