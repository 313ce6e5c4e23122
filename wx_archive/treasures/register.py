"""The accession register, year by year: every line, and whether its numbers run without a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from wx_archive.treasures import register_queries, rules
from wx_archive.treasures.models import Treasure, TreasureCounter
from wx_archive.treasures.register_models import Accession, Agreement, Certificate
from wx_archive.treasures.rules import Credit, Sign, Wish

HEAD: tuple[str, ...] = (
    *("入藏号", "题名", "数量", "收到日期", "方式", "署名", "保存状况", "存放位置", "协议号"),
    *("证书号", "珍档号", "提出人", "登记人", "登记时间"),
)
"""Of the export; the giver stands there only as they wish to be named."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the register, as the public name of the giver allows."""

    number: str
    title: str
    extent: str
    received_on: date
    wish: Wish
    credited: str
    condition: str
    location: str
    agreement: str
    certificate: str
    treasure_number: str
    treasure_pid: str
    record_pid: str | None
    proposed_by: str
    """What the colleague is called, as is the next."""
    entered_by: str
    entered_at: datetime

    @property
    def running(self) -> int:
        """The running number within its year."""
        return int(self.number.rpartition("-")[2])


@dataclass(frozen=True, slots=True)
class Book:
    """A year of the register."""

    year: int
    lines: Sequence[Line]

    @property
    def gaps(self) -> list[int]:
        """Running numbers that are missing: there are none."""
        have = {line.running for line in self.lines}
        return [n for n in range(1, max(have, default=0) + 1) if n not in have]


def years(connection: Connection) -> list[int]:
    """Return the years that have a book, the newest first."""
    known = select(TreasureCounter.year).where(
        TreasureCounter.sign == Sign.ACCESSION.value, TreasureCounter.last > 0
    )
    return list(connection.scalars(known.order_by(TreasureCounter.year.desc())))


def book(connection: Connection, year: int) -> Book:
    """Return a year's book, in the order of its numbers."""
    beginning = rules.number(Sign.ACCESSION, year, 0).rpartition("-")[0] + "-"
    rows = connection.execute(
        select(
            Accession.__table__,
            Agreement.wish,
            Agreement.credit,
            Agreement.credit_name,
            Agreement.number.label("agreement"),
            Certificate.number.label("certificate"),
            Treasure.number.label("treasure_number"),
            Treasure.pid.label("treasure_pid"),
        )
        .join(Agreement, Agreement.treasure_id == Accession.treasure_id)
        .join(Treasure, Treasure.id == Accession.treasure_id)
        .outerjoin(
            Certificate,
            (Certificate.accession_id == Accession.id) & Certificate.revoked_at.is_(None),
        )
        .where(Accession.number.startswith(beginning, autoescape=True))
        .order_by(Accession.number)
    )
    names = register_queries.names(connection)
    return Book(year, [_line(row, names) for row in rows])


def cells(line: Line, entered: str) -> list[str]:
    """Return a line as the export writes it.

    Args:
        line: of the register.
        entered: when it was entered, as people write it.
    """
    return [
        line.number,
        line.title,
        line.extent,
        line.received_on.isoformat(),
        rules.WISHES[line.wish],
        line.credited,
        line.condition,
        line.location,
        line.agreement,
        line.certificate,
        line.treasure_number,
        line.proposed_by,
        line.entered_by,
        entered,
    ]


def _line(row: object, names: Mapping[str, str]) -> Line:
    told = row._mapping  # type: ignore[attr-defined] # noqa: SLF001 -- SQLAlchemy's own name for it
    plain = {name: told[name] for name in Line.__slots__ if name in told}
    plain["wish"] = Wish(told["wish"])
    plain["certificate"] = told["certificate"] or ""
    for who in ("proposed_by", "entered_by"):
        plain[who] = names.get(told[who], told[who])
    return Line(**plain, credited=rules.credited(Credit(told["credit"]), told["credit_name"]))
