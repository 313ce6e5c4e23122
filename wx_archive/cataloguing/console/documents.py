"""文件和档案: one list of everything, hidden entries too, and a page for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.catalogue import holdings
from wx_archive.catalogue.holdings import Holding, Listing, Wanted
from wx_archive.catalogue.query import MAX_LENGTH
from wx_archive.catalogue.rules import Disclosure, Kind, Openness, Validity
from wx_archive.cataloguing import entries, releases, texts
from wx_archive.cataloguing.rules import Hidden, ReleaseKind
from wx_archive.core import clock
from wx_archive.core.ids import is_pid
from wx_archive.core.text import xml_safe
from wx_archive.staff.pages import Pages, Visit
from wx_archive.staff.rules import Permission

PER_PAGE = 50
_PATHS = {Kind.DOCUMENT: "/console/documents", Kind.RECORD: "/console/records"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list was asked; whatever makes no sense is taken as not said."""

    text: str = ""
    kind: str = ""
    state: str = ""
    validity: str = ""
    public: str = ""
    only: str = ""
    after: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "Asked":
        """Return what an address asks."""

        def one_of(name: str, *known: str) -> str:
            return arguments.get(name, "") if arguments.get(name, "") in known else ""

        return cls(
            text=xml_safe(arguments.get("q", "")).strip()[: 4 * MAX_LENGTH],
            kind=one_of("kind", *Kind),
            state=one_of("state", *Disclosure, *Openness),
            validity=one_of("validity", *Validity),
            public=one_of("public", "yes", "no"),
            only=one_of("only", "livelihood", "edited", "waiting"),
            after=arguments.get("after", "")[:24],
        )

    @property
    def wanted(self) -> Wanted:
        """The same in the catalogue's terms."""
        kind = Kind(self.kind) if self.kind else None
        if self.state and kind is None:
            kind = Kind.DOCUMENT if self.state in set(Disclosure) else Kind.RECORD
        return Wanted(
            text=self.text,
            kind=kind,
            state=self.state,
            validity=Validity(self.validity) if self.validity else None,
            livelihood=self.only == "livelihood",
            public={"yes": True, "no": False}.get(self.public),
            edited=self.only == "edited",
            among=releases.waiting_pids() if self.only == "waiting" else None,
        )

    def at(self, after: str) -> str:
        """Return the address of another page of the same."""
        told = {
            "q": self.text,
            "kind": self.kind,
            "state": self.state,
            "validity": self.validity,
            "public": self.public,
            "only": self.only,
            "after": after,
        }
        asked = urlencode({name: value for name, value in told.items() if value})
        return f"/console/documents?{asked}" if asked else "/console/documents"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, with why the public does not see it."""

    holding: Holding
    hidden: tuple[Hidden, ...]
    is_edited: bool

    @property
    def path(self) -> str:
        """Address of its page."""
        return path_of(self.holding.kind, self.holding.pid)


def path_of(kind: Kind, pid: str) -> str:
    """Return the address of an entry's page at the desk."""
    return f"{_PATHS[kind]}/{pid}"


def add(pages: Pages) -> None:
    """Add the list and the pages of entries."""
    pages.blueprint.add_app_template_filter(_moment, "desk_moment")
    pages.blueprint.add_app_template_filter(texts.HIDDEN_SHORT.get, "short_reason")

    @pages.get("/documents", needs=Permission.CATALOGUE_READ)
    def documents(visit: Visit) -> ResponseReturnValue:
        asked = Asked.of(request.args)
        with visit.reads() as connection:
            listing = holdings.find(
                connection, asked.wanted, today=visit.today, after=asked.after, limit=PER_PAGE
            )
        return visit.page(
            "cataloguing/console/list.html",
            asked=asked,
            lines=_lines(listing, visit),
            listing=listing,
            words=texts,
            openness=Openness,
            disclosure=Disclosure,
            validity=Validity,
        )

    @pages.get("/documents/<pid>", needs=Permission.CATALOGUE_READ)
    def document(visit: Visit, pid: str) -> ResponseReturnValue:
        return _page(visit, Kind.DOCUMENT, pid)

    @pages.get("/records/<pid>", needs=Permission.CATALOGUE_READ)
    def record(visit: Visit, pid: str) -> ResponseReturnValue:
        return _page(visit, Kind.RECORD, pid)


def _lines(listing: Listing, visit: Visit) -> list[Line]:
    return [
        Line(
            holding,
            entries.why_hidden(holding, visit.today, is_decided=holding.pid in listing.decided),
            holding.pid in listing.edited,
        )
        for holding in listing.holdings
    ]


def _page(visit: Visit, kind: Kind, pid: str) -> ResponseReturnValue:
    with visit.reads() as connection:
        view = found(connection, visit, kind, pid)
        names = entries.names(
            connection,
            [one.made_by for one in view.releases] + [one.decided_by for one in view.releases],
        )
    template = "document" if kind is Kind.DOCUMENT else "record"
    return visit.page(
        f"cataloguing/console/{template}.html",
        entry=view,
        names=names,
        base=path_of(kind, pid),
        words=texts,
        kinds=ReleaseKind,
    )


def found(connection: Connection, visit: Visit, kind: Kind, pid: str) -> entries.EntryView:
    """Return an entry; where the catalogue has none such, end with 404."""
    view = entries.entry(connection, kind, pid, today=visit.today) if is_pid(pid) else None
    if view is None:
        abort(HTTPStatus.NOT_FOUND)
    return view


def _moment(at: datetime) -> str:
    """Write an instant as the clock in Shanghai showed it."""
    return f"{texts.chinese_date(clock.day_of(at))} {at.astimezone(clock.SHANGHAI):%H:%M}"
