"""Processes that all want a token at the same moment: `URL DATABASE REDIS COUNT`."""

import os
import sys

from tests.wechat.deliveries import settings_for
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.wechat.client import Platform


def one(settings: Settings, database_url: str, redis_url: str, gate: int) -> None:
    """Ask for the menu as soon as the gate opens."""
    database = Database(database_url)
    store, close = open_store(database, redis_url)
    platform = Platform(settings, store)
    os.read(gate, 1)
    assert platform.menu()
    platform.close()
    close()
    database.dispose()


def main(url: str, database_url: str, redis_url: str, count: str) -> int:
    """Start the processes, open the gate; return how many failed."""
    settings = settings_for(wechat_api_url=url)
    database = Database(database_url)
    open_store(database, "")[1]()  # so that they need not all make the table
    gate, opener = os.pipe()
    children = []
    for _ in range(int(count)):
        child = os.fork()
        if child == 0:
            os.close(opener)
            one(settings, database_url, redis_url, gate)
            os._exit(0)
        children.append(child)
    os.close(opener)
    return sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
