"""`/console/alerts`: what is wrong now, what was, and 知道了."""

from typing import Final

from flask.typing import ResponseReturnValue

from wx_archive.alerts import binding, service, texts
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

MOST_PAST: Final = 100
HOME: Final = "/console/alerts"


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/alerts", needs=Permission.OWN)
    def alerts(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            return visit.page(
                "alerts/console/alerts.html",
                alerts=service.open_alerts(connection, visit.person),
                past=service.past_alerts(connection, visit.person, limit=MOST_PAST),
                unwatched=(
                    texts.UNWATCHED
                    if service.unwatched(connection, visit.person, now=visit.now)
                    else ""
                ),
                looked_at=service.last_look(connection),
                bound_at=binding.of_member(connection, visit.person.id),
                moment=texts.full_moment,
                short=texts.moment,
                lasting=texts.lasting,
            )

    @pages.post("/alerts/<int:number>/seen", needs=Permission.OWN, audit="alert.acknowledge")
    def acknowledge(act: Act, number: int) -> ResponseReturnValue:
        alert = service.acknowledge(act.session, number, act.person, now=act.now)
        act.note(f"alert:{number}", after={"title": alert.title})
        return act.done(HOME, "记下了：您已经知道。它办好以前，还在这里列着。")
