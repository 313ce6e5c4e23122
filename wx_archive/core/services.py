"""What a page needs of the installation: handed over at start, never looked up."""

from dataclasses import dataclass

from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that edges share."""

    database: Database
    store: Store
    site: Site
