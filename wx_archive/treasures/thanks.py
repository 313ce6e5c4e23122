"""捐献者名录: who gave something and wished to be named, year by year; nobody else is counted."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.followers.pages import private
from wx_archive.treasures import rules
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import Accession, Agreement, Certificate
from wx_archive.treasures.rules import Credit, Scope, Wish
from wx_archive.treasures.verify_pages import NO_ROBOTS

PAGE: Final = "/h5/treasures/thanks"
_NAMED: Final = (Credit.NAME, Credit.PSEUDONYM)
_GAVE: Final = (Wish.DONATE, Wish.COPY)
"""Who deposits something has not given it."""


@dataclass(frozen=True, slots=True)
class Year:
    """Those of a year, in the order in which they gave, each once."""

    year: int
    names: tuple[str, ...]


def years(connection: Connection) -> list[Year]:
    """Return all who are thanked by name, the newest year first.

    Named is who agreed to it, whose certificate stands, and whose gift is the house's; not who
    wants it kept closed: that they gave at all would be told with it.
    """
    rows = connection.execute(
        select(Accession.entered_at, Agreement.credit, Agreement.credit_name)
        .join(Certificate, Certificate.accession_id == Accession.id)
        .join(Agreement, Agreement.treasure_id == Accession.treasure_id)
        .join(Treasure, Treasure.id == Accession.treasure_id)
        .where(
            Certificate.revoked_at.is_(None),
            Certificate.credit_name == Agreement.credit_name,
            Agreement.credit.in_(_NAMED),
            Agreement.scope != Scope.CLOSED,
            Agreement.wish.in_(_GAVE),
            Treasure.credit.in_(_NAMED),
            Treasure.state.in_(sorted(rules.KEPT)),
        )
        .order_by(Accession.id)
    )
    found: dict[int, dict[str, None]] = {}
    for row in rows:
        name = rules.credited(Credit(row.credit), row.credit_name)
        if name != rules.NOBODY:
            found.setdefault(clock.day_of(row.entered_at).year, {})[name] = None
    return [Year(year, tuple(found[year])) for year in sorted(found, reverse=True)]


def add(pages: Blueprint, services: Services) -> None:
    """Add the page."""

    @pages.get(PAGE)
    def thanks() -> ResponseReturnValue:
        with services.database.reads() as connection:
            found = years(connection)
        asked = request.args.get("year", "")
        shown = next((one for one in found if str(one.year) == asked), found[0] if found else None)
        page = render_template("treasures/h5/thanks.html", years=found, shown=shown, path=PAGE)
        response = private(page)
        # Names are here for who comes to read them, not for whoever collects names.
        response.headers["X-Robots-Tag"] = NO_ROBOTS
        return response
