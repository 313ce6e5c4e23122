"""What an act on a phone shows there, and a place that a phone sends."""

from dataclasses import dataclass

from wx_archive.simulator.bubbles import Bubble
from wx_archive.simulator.wire import Delivery


@dataclass(frozen=True, slots=True)
class Shown:
    """What the phone shows after an act; ``fault`` tells developers why it shows the notice.

    ``held`` says that nothing was delivered yet: the phone collects what it sends.
    """

    bubbles: tuple[Bubble, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    exchange: int | None = None
    fault: str | None = None
    open: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the map, in degrees, with its name."""

    latitude: float
    longitude: float
    label: str
    scale: int = 15


def joined(first: Shown, second: Shown) -> Shown:
    """Return two acts as one."""
    return Shown(
        bubbles=first.bubbles + second.bubbles,
        deliveries=first.deliveries + second.deliveries,
        exchange=second.exchange or first.exchange,
        fault=first.fault or second.fault,
        open=second.open or first.open,
        held=first.held or second.held,
    )
