"""The table at the end of `make faults`: one line for each scenario."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.faults import invariants
from tests.faults.caller import Told
from tests.faults.ledger import Books

PROPERTY: Final = "faults"
_HEAD: Final = (
    "scenario",
    "database",
    "msgs",
    "deliv.",
    "answered",
    "again",
    "retried",
    "effects",
    "unequal",
    "lost",
    "doubled",
    "p50/p99/max ms",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario's figures; times in milliseconds, of answers that came.

    Attributes:
        again: messages whose four tries all fell into the fault: sent again by the follower.
        effects: expected and found.
        verdict: «ok», or what was broken; figures that are only told stand here too.
    """

    scenario: str
    database: str
    verdict: str
    messages: int = 0
    deliveries: int = 0
    answered: int = 0
    again: int = 0
    retried: int = 0
    effects: tuple[int, int] = (0, 0)
    unequal: int = 0
    lost: int = 0
    doubled: int = 0
    times_ms: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def fields(self) -> dict[str, Any]:
        return asdict(self)


def summed(
    scenario: str,
    database: str,
    told: Sequence[Told],
    books: Books | None,
    breaches: Sequence[str],
    note: str = "",
) -> Row:
    """Return the line of a scenario in which messages were told."""
    took = [o.took_s for one in told for o in one.outcomes if o.status is not None]
    acknowledged = [one for one in told if one.is_acknowledged]
    asked = sum(one.message.has_effect for one in acknowledged)
    books = books.about({one.message.openid for one in told}) if books else None
    gone = len(invariants.lost(told, books)) if books else 0
    return Row(
        scenario,
        database,
        verdict(breaches, note),
        messages=len(told),
        deliveries=sum(len(one.outcomes) for one in told),
        answered=len(acknowledged),
        again=sum(one.instead is not None for one in told),
        retried=sum(one.retries for one in told),
        effects=(asked, asked - gone if books else asked),
        unequal=len(invariants.unequal(told)),
        lost=gone,
        doubled=len(invariants.doubled(told, books)) if books else 0,
        times_ms=times_ms(took),
    )


def times_ms(took_s: Sequence[float]) -> tuple[float, float, float]:
    """Return median, 99th percentile and maximum in milliseconds."""
    shares = (0.5, 0.99, 1.0)
    p50, p99, most = (invariants.percentile(took_s, share) * 1000 for share in shares)
    return p50, p99, most


def verdict(breaches: Sequence[str], note: str = "") -> str:
    """Return «ok», or how many breaches there were and the first of each kind."""
    if not breaches:
        return f"ok {note}".strip()
    kinds = Counter(breach.partition(":")[0] for breach in breaches)
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(4))
    return f"FAILED {told} {note}".strip()


def table(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Return the lines of the table."""
    lines = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    numbers = [
        str(row[name]) for name in ("messages", "deliveries", "answered", "again", "retried")
    ]
    effects = "/".join(str(number) for number in row["effects"])
    faults = [str(row[name]) for name in ("unequal", "lost", "doubled")]
    times = "/".join(f"{number:.0f}" for number in row["times_ms"])
    return (row["scenario"], row["database"], *numbers, effects, *faults, times, row["verdict"])
