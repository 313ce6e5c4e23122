"""From a message that nobody could answer to the phone of who minds it, and back."""

import re
import time
from itertools import count

from sqlalchemy import func, select, text

from tests.conftest import SettingsFactory, closing_office
from tests.console import Browser, Office
from wx_archive import demo
from wx_archive.alerts import jobs as alerts_jobs
from wx_archive.alerts.models import RaisedAlert
from wx_archive.chat.models import ServiceWindow
from wx_archive.core import clock
from wx_archive.core.jobs import Job, enqueue
from wx_archive.simulator.phone import Phone
from wx_archive.staff.rules import Role

PATIENCE_S = 15.0
_numbers = count(1)


def look(office: Office) -> None:
    """Have the running worker look for alerts, as the scheduler does every minute."""
    key = f"look-{next(_numbers)}"
    with office.database.begin() as session:
        enqueue(session, alerts_jobs.WATCH, {}, key=key, now=clock.now())
    until(office, select(Job.id).where(Job.key == key, Job.state == "done"))


def until(office: Office, query: object) -> None:
    """Wait until a query finds something."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with office.database.reads() as connection:
            if connection.execute(query).first():  # type: ignore[call-overload] # any SELECT
                return
        time.sleep(0.05)
    raise AssertionError(query)


def until_heard(office: Office, people: int) -> None:
    """Wait until it is written down of so many people that they may be written to."""
    said = ServiceWindow.occasion == "message"
    until(office, select(func.count()).where(said).having(func.count() == people))


def badge(browser: Browser) -> str:
    found = re.search(r'badge-count">(\d+)<', browser.get("/console").text)
    return found[1] if found else ""


def test_a_message_that_failed_is_told_once_replayed_and_over(
    demo_settings: SettingsFactory,
) -> None:
    settings = demo_settings()
    with demo.in_process(settings) as places, closing_office(settings) as office:
        admin, own = office.sits(Role.ADMIN), Phone(places.simulator_url)
        own.follows()
        shown = admin.post("/console/alerts/wechat/code").text
        code = re.search(r"绑定 ([0-9]{8})", shown)
        assert code
        own.says(f"绑定 {code[1]}")
        own.sees("管理员老赵")
        until_heard(office, 1)

        citizen = Phone(places.simulator_url)
        citizen.follows()
        with office.database.begin() as session:
            session.execute(text("ALTER TABLE search_entry RENAME TO search_entry_away"))
        citizen.says("公积金")
        citizen.sees("刚才没办成")
        until_heard(office, 2)
        for _ in range(2):
            look(office)
        own.listens(PATIENCE_S)
        own.sees("【提醒】有 1 条消息没能办成")
        assert len(own.shown) == 1
        assert badge(admin) == "1"
        with office.database.reads() as connection:
            number = connection.scalar(select(RaisedAlert.id))
        admin.done(f"/console/alerts/{number}/seen")
        assert badge(admin) == ""
        assert "有 1 条消息没能办成" in admin.page("/console/alerts").text

        with office.database.begin() as session:
            session.execute(text("ALTER TABLE search_entry_away RENAME TO search_entry"))
        admin.done("/console/system/replay", number="m1")
        citizen.listens(PATIENCE_S)
        citizen.sees("公积金")
        look(office)
        with office.database.reads() as connection:
            still_open = select(func.count()).where(RaisedAlert.over_at.is_(None))
            assert connection.scalar(still_open) == 0
        assert own.listens(1) == []
