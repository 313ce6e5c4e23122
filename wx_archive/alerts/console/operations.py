"""`/console/system`: how the installation is doing, and what failed."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from wx_archive.alerts import system, texts
from wx_archive.chat import deadletters
from wx_archive.chat.router import Dispatcher
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission
from wx_archive.wechat import standing

HOME: Final = "/console/system"
MOST: Final = 200
"""Failures of a kind that the page lists."""


def add(pages: Pages, dispatcher: Dispatcher) -> None:
    """Add the pages."""

    @pages.get("/system", needs=Permission.SYSTEM_READ)
    def operations(visit: Visit) -> ResponseReturnValue:
        now = visit.now
        with visit.reads() as connection:
            letters = deadletters.messages(connection, most=MOST)
            jobs = deadletters.dead_jobs(connection, most=MOST)
            return visit.page(
                "alerts/console/system.html",
                work=system.work(connection, now=now),
                account=system.account(visit.services, now=now),
                ground=system.ground(visit.services, connection),
                refusals=standing.refused(connection, now=now, over_too=True),
                letters=[(one, deadletters.obstacle(one, dispatcher)) for one in letters],
                dead_jobs=[(one, "") for one in jobs],
                may_work=visit.person.may(Permission.SYSTEM_WORK),
                now=now,
                texts=texts,
            )

    @pages.post("/system/replay", needs=Permission.SYSTEM_WORK, audit="failure.replay")
    def replay(act: Act) -> ResponseReturnValue:
        number = request.form.get("number", "")
        deadletters.replay(act.session, number, dispatcher, now=act.now)
        act.note(f"failure:{number}")
        return act.done(HOME, f"{number} 已排队，后台进程会再办一次。")

    @pages.post("/system/close", needs=Permission.SYSTEM_WORK, audit="failure.close")
    def close(act: Act) -> ResponseReturnValue:
        number = request.form.get("number", "")
        deadletters.close(act.session, number, now=act.now)
        act.note(f"failure:{number}")
        return act.done(HOME, f"{number} 不再处理，也不再提醒。")
