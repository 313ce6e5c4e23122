"""How many follow: WeChat's number, for as long as it is fresh, and never somebody's openid."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.followers.models import Follower
from wx_archive.publishing import audiences, crowd
from wx_archive.publishing.audiences import Audience, Segment
from wx_archive.publishing.rules import AudienceKind
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import AccountType

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ACCOUNT = Entitlements(AccountType.SERVICE_VERIFIED)


def noted(database: Database, total: int, *, at: datetime) -> None:
    with database.begin() as session:
        crowd.note(session, total, now=at)


def counted(database: Database, kind: AudienceKind) -> int:
    audience = Audience(kind, topic="history", segment=Segment())
    with database.reads() as connection:
        return audiences.count(connection, audience, now=clock.now(), account=ACCOUNT).total


def test_the_newest_number_counts_for_a_day_and_a_little(database: Database) -> None:
    with database.reads() as connection:
        assert crowd.told(connection, now=NOW) is None
    noted(database, 16_000, at=NOW - timedelta(hours=30))
    noted(database, 16_203, at=NOW - timedelta(hours=25))
    with database.reads() as connection:
        told = crowd.told(connection, now=NOW)
        assert told is not None
        assert told.total == 16_203
        assert crowd.told(connection, now=NOW + timedelta(hours=2)) is None


def test_all_are_as_many_as_wechat_says_and_a_topic_as_many_as_we_know(
    database: Database,
) -> None:
    noted(database, 16_203, at=clock.now())
    assert counted(database, AudienceKind.ALL) == 16_203
    assert counted(database, AudienceKind.TAG) == 0
    with database.reads() as connection:
        assert connection.scalar(select(func.count()).select_from(Follower)) == 0


def test_without_wechats_number_those_whom_we_know_are_counted(database: Database) -> None:
    with database.begin() as session:
        for number in range(3):
            moment = {"first_seen_at": NOW, "last_seen_at": NOW}
            session.add(Follower(openid=f"o{number}", is_following=True, **moment))
    assert counted(database, AudienceKind.ALL) == 3
