"""珍档 in the console: the queue, one upload, agreements, the register, certificates."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from wx_archive.core.services import Services
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Alert, Console, Entry
from wx_archive.staff.rules import Permission
from wx_archive.treasures import figures, fixity, quarantine, watch
from wx_archive.treasures.console import (
    agreement,
    certificates,
    counter,
    dossier,
    keeping,
    listing,
    one,
    originals,
    register,
    revoking,
    showing,
    steps,
    waiting,
)
from wx_archive.treasures.elsewhere import UsedWhere, nowhere


def pages(services: Services, *, used_where: UsedWhere = nowhere) -> Pages:
    """Return the pages.

    Args:
        services: the installation's.
        used_where: what other features make of pictures.
    """
    # Named by the package above: the feature's templates lie there.
    found = Pages("treasures", "wx_archive.treasures", services)
    listing.add(found)
    counter.add(found)
    one.add(found)
    steps.add(found)
    originals.add(found)
    certificates.add(found)
    keeping.add(found)
    register.add(found)
    agreement.add(found)
    dossier.add(found)
    revoking.add(found, used_where)
    showing.add(found, used_where)
    return found


def alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    """Return what is wrong with uploads, certificates, and what is kept."""
    return [
        *watch.alerts(connection, now),
        *quarantine.alerts(connection, now),
        *certificates.alerts(connection),
        *fixity.alerts(connection, now),
    ]


CONSOLE = Console(
    pages,
    entries=(
        Entry("珍档", "/treasures", Permission.TREASURES_READ),
        Entry("珍档登记", "/treasures/desk", Permission.TREASURES_ENTER),
        *register.ENTRIES,
    ),
    todos=waiting.todos,
    alerts=alerts,
    panels=figures.panels,
)


def console_for(used_where: UsedWhere) -> Console:
    """Return the feature's part, with what other features make of its pictures."""
    return replace(CONSOLE, pages=partial(pages, used_where=used_where))
