"""A public entry that another entry's page leads to."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from wx_archive.catalogue.rules import Kind

RELATED: Final = 5
"""So many related entries stand on a page."""


@dataclass(frozen=True, slots=True)
class Link:
    """Another public entry that a page leads to.

    Attributes:
        says: what it is to this one; empty where the heading says so.
    """

    kind: Kind
    pid: str
    title: str
    number: str
    dated: date | None
    date_precision: str = "day"
    says: str = ""
