"""How the installation is doing, as far as the database and the settings know."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, String, column, func, select, table

from wx_archive import __version__
from wx_archive.alerts import rules, service, texts
from wx_archive.chat.models import HeldAnswer, HeldState
from wx_archive.core import schema
from wx_archive.core.jobs import Job, JobState
from wx_archive.core.jobs.models import ScheduleState
from wx_archive.core.services import Services
from wx_archive.core.settings import Encryption, Profile, Settings
from wx_archive.core.site import Site
from wx_archive.core.store import RedisStore
from wx_archive.wechat.account import Capability, Entitlements
from wx_archive.wechat.limits import limits
from wx_archive.wechat.quota import ApiQuota, Ledger
from wx_archive.wechat.tokens import since_key


@dataclass(frozen=True, slots=True)
class Ticking:
    """A schedule, and when it fires next.

    Attributes:
        is_late: it should have fired some time ago.
    """

    name: str
    next_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What the processes in the background do.

    Attributes:
        looked_at: when somebody looked for alerts last.
        oldest_due: since when the job that waits longest might have been done.
        counts: by kind of job, how many are in each state.
        held: answers that wait to be fetched.
    """

    looked_at: datetime | None
    is_unwatched: bool
    oldest_due: datetime | None
    is_late: bool
    counts: Mapping[str, Mapping[str, int]]
    schedules: Sequence[Ticking]
    held: int
    held_since: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """What WeChat lets this account do.

    Attributes:
        abilities: each with whether the account has it.
        token_since: when the token in force was fetched; None where none is kept.
        has_token: there is one in the store.
    """

    kind: str
    abilities: Sequence[tuple[str, bool]]
    has_token: bool
    token_since: datetime | None
    quotas: Sequence[ApiQuota]


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything stands on.

    Attributes:
        schema: as the database has it; empty where nobody knows.
        redis: None where the installation has none, else whether it answers.
        warnings: what should be set otherwise, one sentence each.
    """

    version: str
    profile: str
    database: str
    database_bytes: int
    disk_free_bytes: int
    schema: str
    is_schema_current: bool
    redis: bool | None
    warnings: Sequence[str]


def work(connection: Connection, *, now: datetime) -> Work:
    """Return what the processes in the background do."""
    looked_at = service.last_look(connection)
    oldest = connection.scalar(
        select(func.min(Job.run_after)).where(Job.state == JobState.WAITING, Job.run_after <= now)
    )
    held, held_since = connection.execute(
        select(func.count(), func.min(HeldAnswer.created_at)).where(
            HeldAnswer.state == HeldState.WAITING, HeldAnswer.expires_at > now
        )
    ).one()
    return Work(
        looked_at=looked_at,
        is_unwatched=looked_at is not None and now - looked_at > rules.LOOK_LATE,
        oldest_due=oldest,
        is_late=oldest is not None and now - oldest > rules.JOB_LATE,
        counts=_job_counts(connection),
        schedules=_schedules(connection, now),
        held=held,
        held_since=held_since,
    )


def account(services: Services, *, now: datetime) -> Account:
    """Return what WeChat lets this account do, without asking WeChat."""
    settings = services.settings
    entitled = Entitlements.of(settings)
    named = limits().capabilities
    since = services.store.get(since_key(settings.wechat_app_id))
    return Account(
        kind=texts.ACCOUNTS[entitled.type.value],
        abilities=[(named[one].name, entitled.may(one)) for one in Capability],
        has_token=services.store.get(f"token:{settings.wechat_app_id}") is not None,
        token_since=datetime.fromtimestamp(int(since), tz=UTC) if since else None,
        quotas=Ledger(services.database, limits().quotas).today(now=now),
    )


def ground(services: Services, connection: Connection) -> Ground:
    """Return what everything stands on."""
    settings = services.settings
    version = table("alembic_version", column("version_num", String))
    found = list(connection.scalars(select(version.c.version_num)))
    kind = "SQLite" if services.database.is_sqlite else "PostgreSQL"
    return Ground(
        version=__version__,
        profile=settings.profile.value,
        database=kind,
        database_bytes=_database_bytes(services, connection),
        disk_free_bytes=shutil.disk_usage(settings.data_dir).free,
        schema="、".join(found),
        is_schema_current=found == [schema.HEAD],
        redis=_redis_answers(settings.redis_url.get_secret_value()),
        warnings=warnings(settings, services.site),
    )


def warnings(settings: Settings, site: Site) -> list[str]:
    """Return what is allowed and should not stay so, one sentence each."""
    is_real = settings.profile is Profile.PRODUCTION
    profile = site.profile
    words = f"{profile.name}{profile.address}{profile.telephone}{profile.demo_notice}"
    found = {
        "这是演示：微信是模拟的，目录是虚构的": settings.profile is Profile.DEMO,
        "和微信之间用明文，谁都能看见和伪造消息，请在公众平台改用安全模式": (
            settings.wechat_encryption is Encryption.PLAIN
        ),
        "和微信之间用兼容模式，消息里还有一份明文，请改用安全模式": (
            settings.wechat_encryption is Encryption.COMPATIBLE
        ),
        "允许了明文模式（WX_ARCHIVE_ALLOW_PLAIN），用不着就去掉": (
            settings.allow_plain and settings.wechat_encryption is not Encryption.PLAIN
        ),
        "市民访问的网址不是 https://": is_real and not settings.origin.startswith("https://"),
        "账号没有认证，不能主动给读者发消息": not settings.wechat_verified,
        "本馆资料里还有“演示”字样，请到“本馆资料”里改": is_real and "演示" in words,
        "没有填提醒用的模板编号：两天没说过话的工作人员收不到提醒": (
            is_real and not profile.alert_template
        ),
    }
    return [sentence for sentence, applies in found.items() if applies]


def _job_counts(connection: Connection) -> dict[str, dict[str, int]]:
    rows = connection.execute(
        select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state).order_by(Job.kind)
    )
    counts: dict[str, dict[str, int]] = {}
    for kind, state, count in rows:
        counts.setdefault(kind, {})[state] = count
    return counts


def _schedules(connection: Connection, now: datetime) -> list[Ticking]:
    rows = connection.execute(
        select(ScheduleState.name, ScheduleState.next_fire_at).order_by(ScheduleState.next_fire_at)
    )
    return [Ticking(name, at, is_late=now - at > rules.SCHEDULE_LATE) for name, at in rows]


def _database_bytes(services: Services, connection: Connection) -> int:
    if not services.database.is_sqlite:
        size = connection.scalar(select(func.pg_database_size(func.current_database())))
        return size or 0
    path = Path(services.database.url.database or "")
    files = [path, path.with_name("state.db")]
    files += [file.with_name(f"{file.name}-wal") for file in files]
    return sum(file.stat().st_size for file in files if file.exists())


def _redis_answers(url: str) -> bool | None:
    """Ask Redis itself: the store would quietly go on without it."""
    if not url:
        return None
    from redis.exceptions import RedisError  # noqa: PLC0415 -- an optional extra

    store = RedisStore.connect(url)
    try:
        store.get("probe")
    except RedisError:
        return False
    finally:
        store.close()
    return True
