"""What the desk adds to everybody's first page, and to the dashboard."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from wx_archive.catalogue import holdings
from wx_archive.catalogue.rules import Disclosure, Kind, Openness
from wx_archive.cataloguing import releases, reviews, texts
from wx_archive.cataloguing.console import conflicts_console
from wx_archive.staff.plugs import Panel, Table, Todo
from wx_archive.staff.rules import Permission, Person


def todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits for somebody at this desk; only what they may do is counted."""
    found = []
    if person.may(Permission.CATALOGUE_RELEASE):
        count = releases.waiting_count(connection, but_of=person.login)
        found.append(
            Todo("等您放行的开放", count, "/console/releases", Permission.CATALOGUE_RELEASE)
        )
    if person.may(Permission.CATALOGUE_EDIT):
        edit = Permission.CATALOGUE_EDIT
        refused = releases.refused_count(connection, person.login, now=now)
        found.append(Todo("您提出的被退回", refused, "/console/releases?of=mine", edit))
        conflicts = conflicts_console.count(connection)
        found.append(Todo("改过的地方文件也改了", conflicts, "/console/conflicts", edit))
        due = reviews.count(connection)
        more = "以上" if due > reviews.COUNTED else ""
        words = f"条{more}满 25 年，要做开放审核"
        found.append(Todo(words, min(due, reviews.COUNTED), "/console/reviews", edit))
    return found


def panels(connection: Connection, _first: date, _last: date) -> Sequence[Panel]:
    """Return how large the catalogue is today, by state; hidden entries are counted too."""
    told = holdings.sizes(connection)
    sizes = told.counts
    part = "" if told.is_whole else "目录很大，这次只数了一部分档案。"
    documents = [
        (texts.DISCLOSURE[level], sizes.get((Kind.DOCUMENT, level.value), 0))
        for level in Disclosure
    ]
    records = [
        (texts.OPENNESS[state], sizes.get((Kind.RECORD, state.value), 0)) for state in Openness
    ]
    records.append(("民生（都不列出）", sizes.get((Kind.RECORD, "livelihood"), 0)))
    return [
        Panel(
            "目录",
            f"{part}现在目录里的件数，连同公众看不到的；民生档案只算在“民生”里。",
            tables=(
                Table(("现行文件", "件"), _with_total(documents)),
                Table(("档案", "条"), _with_total(records)),
            ),
            needs=Permission.CATALOGUE_READ,
        )
    ]


def _with_total(rows: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [*rows, ("合计", sum(count for _name, count in rows))]
