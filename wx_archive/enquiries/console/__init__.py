"""代查 in the console: the queue, a request with all its steps, walk-ins, receipts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.enquiries import figures, queue
from wx_archive.enquiries.console import counter, listing, one, steps
from wx_archive.enquiries.rules import State
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry, Todo
from wx_archive.staff.rules import Permission, Person


def pages(services: Services) -> Pages:
    """Return the pages."""
    # Named by the package above: the feature's templates lie there.
    found = Pages("enquiries", "wx_archive.enquiries", services)
    listing.add(found)
    counter.add(found)
    one.add(found)
    steps.add(found)
    return found


def todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits at the desk: new requests, one's own, whatever is late."""
    needs, path = Permission.ENQUIRIES_WORK, figures.QUEUE
    if not person.may(needs):
        return ()
    told = queue.counts(connection, member_id=person.id, today=clock.day_of(now))
    new = told.of(State.SUBMITTED)
    return (
        Todo("等受理的代查、报错", new, f"{path}?state=submitted", needs, told.new_late > 0),
        Todo("在您手里的代查、报错", told.mine, f"{path}?owner=mine", needs, told.mine_late > 0),
        Todo("过了期限的代查、报错", told.late, f"{path}?late=1", needs, is_late=True),
    )


CONSOLE = Console(
    pages,
    entries=(Entry("代查", "/enquiries", Permission.ENQUIRIES_WORK),),
    todos=todos,
    alerts=figures.alerts,
    panels=figures.panels,
    uses=figures.uses,
)
