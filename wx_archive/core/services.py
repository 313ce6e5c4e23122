"""What an edge needs of the installation: opened once at start and handed over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.live import Live
from wx_archive.core.settings import Profile, Settings
from wx_archive.core.site import Site
from wx_archive.core.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that pages and commands share."""

    settings: Settings
    database: Database
    store: Store
    site: Site


def site_of(settings: Settings, live: Live | None = None) -> Site:
    """Return the site that the settings name; without ``live`` as its files say."""
    is_demo = settings.profile is Profile.DEMO
    return Site(settings.site(), settings.origin, is_demo=is_demo, live=live)


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open the database and the store of an installation, and close them."""
    database = Database(settings.database)
    store, close_store = open_store(database, settings.redis_url.get_secret_value())
    stop_clock = clock.follow(settings.clock_url) if settings.clock_url else None
    try:
        yield Services(settings, database, store, site_of(settings, Live(database)))
    finally:
        if stop_clock:
            stop_clock()
        close_store()
        database.dispose()
