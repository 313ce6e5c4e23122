"""Three workers and two hundred pushes due in the same second: two hundred calls, as many ids."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.conftest import Size
from tests.publishing.crowd import a_follower
from tests.publishing.far_side import LIST, FarSide
from tests.publishing.pushing import a_bureau, a_push, a_text, terms
from tests.publishing.sending_faults.workers import until
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.services import Services
from wx_archive.core.store import open_store
from wx_archive.publishing import pushes, send_jobs
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind
from wx_archive.wechat.client import Platform

PUSHES = 200
WORKERS = 3


@pytest.mark.timeout(240)
def test_all_that_are_due_in_one_second_are_called_once_each(
    database_url: str, tmp_path: Path, size: Size
) -> None:
    wechat = FarSide()
    is_sqlite = database_url.startswith("sqlite")
    number = size.count(PUSHES, 60 if is_sqlite else PUSHES)  # one file, one writer at a time
    with a_bureau(database_url, tmp_path / "data", wechat) as bureau, ExitStack() as held:
        now = clock.now()
        with bureau.database.begin() as session:
            for name in ("oOne", "oTwo"):
                a_follower(session, name)
            for each in range(number):
                push = a_push(session, a_text(str(each)), audience=AudienceKind.LIST, now=now)
                pushes.schedule(
                    session,
                    push,
                    terms(now + timedelta(seconds=1), latest_at=now + timedelta(hours=1)),
                    account=bureau.platform.account,
                    profile=bureau.services.site.profile,
                    now=now,
                )
        for _ in range(WORKERS):
            another_worker(bureau.services, held)
        until(lambda: count_of(bureau.database, "sending") == number, "not all sent", 200)
        assert wechat.times(LIST) == number
        assert len(set(wechat.numbers)) == number
        assert len({one.msg_id for one in wechat.sent}) == number


def another_worker(services: Services, held: ExitStack) -> None:
    """Start a worker of its own: what is shared with the others is the database alone."""
    database = Database(services.database.url.render_as_string(hide_password=False))
    held.callback(database.dispose)
    store, close = open_store(database, "")
    held.callback(close)
    # Without a database it does not count calls: a day has a hundred of these.
    platform = Platform(services.settings, store)
    held.callback(platform.close)
    own = Services(services.settings, database, store, services.site)
    runner = Runner(database, send_jobs.build(own, platform))
    runner.start()
    held.callback(runner.close)


def count_of(database: Database, state: str) -> int:
    with database.reads() as connection:
        taken = (Push.state == state) & Push.sent_at.is_not(None)
        return len(connection.scalars(Push.__table__.select().where(taken)).all())
