"""What is known about a follower, table by table: one rule each for handing it out and erasing it.

Every package that keeps such rows has a `personal_data.py` with its rules; `features.py` collects
them. A structural test fails for a table without one.

Source: docs/sources.md#personal-data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import Base
from wx_archive.core.ids import pseudonym
from wx_archive.core.services import Services
from wx_archive.core.site import Site
from wx_archive.core.store import SqlStore
from wx_archive.followers import consents, interests
from wx_archive.followers import service as followers
from wx_archive.followers.models import Consent, Follower, Interest, SceneEntry

Row = Mapping[str, Any]
"""JSON-able values by Chinese names."""
FOLLOWER = "follower"


@dataclass(frozen=True, slots=True)
class Case:
    """One follower, and where to look.

    Attributes:
        pseudonym: the keyed hash under which short-lived values are kept.
        secret: the installation's, for keyed hashes of other kinds.
    """

    session: Session
    store: SqlStore
    site: Site
    follower_id: int
    openid: str
    pseudonym: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The rule for one table, or one kind of value in the short-lived store.

    Attributes:
        holds: the table's name, or `store:` and the key's name.
        title: what it is, in the citizen's words.
        export: returns what is there about the follower, oldest first.
        erase: removes it, or cuts it loose from the follower.
        kept_because: why rows stay without the follower; empty where they are deleted.
    """

    holds: str
    title: str
    export: Callable[[Case], Sequence[Row]]
    erase: Callable[[Case], None]
    kept_because: str = ""


Rules = Sequence[PersonalData]


def open_case(
    session: Session, services: Services, *, openid: str = "", follower_id: int = 0
) -> Case | None:
    """Return the follower of this openid, or of this id, locked; None if there is none."""
    wanted = Follower.openid == openid if openid else Follower.id == follower_id
    row = session.execute(
        select(Follower.id, Follower.openid).where(wanted).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    secret = services.settings.secret()
    alias = pseudonym(row.openid, secret)
    return Case(session, services.store.steady, services.site, row.id, row.openid, alias, secret)


def export(case: Case, rules: Rules, *, now: datetime) -> dict[str, Any]:
    """Return everything known about the follower as one JSON-able document."""
    held = {rule.title: [dict(row) for row in rule.export(case)] for rule in rules}
    return {"导出时间": shown(now), "资料": held}


def erase(case: Case, rules: Rules, *, now: datetime) -> None:
    """Remove everything known about the follower in the case's transaction, their row last."""
    followers.note_erasure(case.session, now=now)
    for rule in sorted(rules, key=lambda rule: rule.holds == FOLLOWER):
        rule.erase(case)


def rows_of(
    model: type[Base], title: str, names: Mapping[str, str], *, order_by: str = "id"
) -> PersonalData:
    """Return the rule of a table whose rows belong to one follower and go with them.

    Args:
        model: a table with a `follower_id`.
        title: what its rows are, in the citizen's words.
        names: the Chinese name of each column that is handed out.
        order_by: the column that tells which row is older.
    """
    table = cast("Table", model.__table__)

    def export_rows(case: Case) -> Sequence[Row]:
        return read(case, table, table.c.follower_id == case.follower_id, names, order_by)

    def erase_rows(case: Case) -> None:
        case.session.execute(delete(table).where(table.c.follower_id == case.follower_id))

    return PersonalData(table.name, title, export_rows, erase_rows)


def read(
    case: Case,
    table: Table,
    condition: ColumnElement[bool],
    names: Mapping[str, str],
    order_by: str,
) -> Sequence[Row]:
    """Return the rows that meet a condition, with Chinese names and values JSON knows."""
    query = select(*(table.c[column] for column in names)).where(condition)
    rows = case.session.execute(query.order_by(table.c[order_by]))
    return [{name: shown(row[column]) for column, name in names.items()} for row in rows.mappings()]


def shown(value: object) -> object:
    """Return a value as it is handed out: moments in Shanghai's time, bytes as text."""
    match value:
        case datetime():
            return value.astimezone(clock.SHANGHAI).isoformat(timespec="seconds")
        case bytes():
            return value.decode(errors="replace")
        case _:
            return value


def _second(value: int) -> object:
    return shown(datetime.fromtimestamp(value, tz=UTC)) if value else None


def _export_follower(case: Case) -> Sequence[Row]:
    # By columns: the identity map may hold the row as it was before.
    row = case.session.execute(
        select(Follower.__table__).where(Follower.id == case.follower_id)
    ).one()
    return [
        {
            "微信给的代码": row.openid,
            "正在关注": row.is_following,
            "最近一次关注或取关": _second(row.changed_at),
            "最近一次取关": _second(row.left_at),
            "第一次来": shown(row.first_seen_at),
            "最近一次来": shown(row.last_seen_at),
        }
    ]


def _erase_follower(case: Case) -> None:
    case.session.execute(delete(Follower).where(Follower.id == case.follower_id))


def _export_arrivals(case: Case) -> Sequence[Row]:
    names = {"at": "时间", "scene": "扫的码"}
    table = cast("Table", SceneEntry.__table__)
    rows = read(case, table, table.c.follower_id == case.follower_id, names, "at")
    return [{**row, "时间": _second(row["时间"])} for row in rows]


def _erase_arrivals(case: Case) -> None:
    case.session.execute(delete(SceneEntry).where(SceneEntry.follower_id == case.follower_id))


def _export_interests(case: Case) -> Sequence[Row]:
    topics = interests.topics(case.site)
    return [
        {"主题": topics[slug].name if slug in topics else slug, "选上的时间": shown(since)}
        for slug, since in interests.chosen(case.session.connection(), case.follower_id).items()
    ]


def _erase_interests(case: Case) -> None:
    case.session.execute(delete(Interest).where(Interest.follower_id == case.follower_id))


def _export_consents(case: Case) -> Sequence[Row]:
    purposes = consents.purposes(case.site)
    table = cast("Table", Consent.__table__)
    names = {
        "purpose": "用途",
        "version": "版本",
        "given_at": "同意时间",
        "withdrawn_at": "撤回时间",
    }
    rows = read(case, table, table.c.follower_id == case.follower_id, names, "id")
    return [
        {**row, "用途": purposes[row["用途"]].name if row["用途"] in purposes else row["用途"]}
        for row in rows
    ]


def _erase_consents(case: Case) -> None:
    case.session.execute(delete(Consent).where(Consent.follower_id == case.follower_id))


RULES = (
    PersonalData(FOLLOWER, "关注者", _export_follower, _erase_follower),
    PersonalData("arrival", "从哪里来", _export_arrivals, _erase_arrivals),
    PersonalData("interest", "想收的消息", _export_interests, _erase_interests),
    PersonalData("consent", "同意记录", _export_consents, _erase_consents),
)
