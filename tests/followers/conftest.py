"""A transaction on a fresh database of either kind, and two followers in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from tests.wechat.deliveries import NOW, OPENID
from wx_archive.core.database import Database
from wx_archive.followers import service as followers


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


@dataclass(frozen=True)
class Two:
    """The follower a test is about, and one who must not change with them."""

    one: int
    noise: int


@pytest.fixture
def two(session: Session) -> Two:
    noise = followers.ensure(session, "oNoise", now=NOW)
    return Two(followers.ensure(session, OPENID, now=NOW), noise)
