"""Questions that say nearly the same, found by the pairs of characters they share. No I/O.

Dice's coefficient over the sets of neighbouring characters: it asks for no dictionary, and a word
moved or exchanged changes it little (L. R. Dice, Ecology 26 (1945), docs/sources.md#quiz).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wx_archive.core.text import fold

ALIKE_PERCENT: Final = 75
"""From here on somebody should look at the two: measured on the shipped bank, see the tests."""


@dataclass(frozen=True, slots=True)
class Near:
    """What a text is like.

    Attributes:
        key: of the other text.
        percent: 0–100; 100 where both have the same pairs.
    """

    key: str
    percent: int


def pairs_of(text: str) -> frozenset[str]:
    """Return the neighbouring characters of a text, without spaces and punctuation."""
    plain = "".join(char for char in fold(text) if char.isalnum())
    return frozenset(plain[n : n + 2] for n in range(max(1, len(plain) - 1)))


class Neighbours:
    """Texts among which one asks for the most similar."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._pairs: dict[str, frozenset[str]] = {}
        self._holders: defaultdict[str, list[str]] = defaultdict(list)
        for key, text in (texts or {}).items():
            self.add(key, text)

    def add(self, key: str, text: str) -> None:
        """Add a text under a key that is not there yet."""
        self._pairs[key] = pairs_of(text)
        for pair in self._pairs[key]:
            self._holders[pair].append(key)

    def nearest(self, text: str, *, but: str = "") -> Near | None:
        """Return what a text is most like, where it is alike enough.

        Args:
            text: the text.
            but: a key that does not count: its own.
        """
        pairs = pairs_of(text)
        shared = Counter(key for pair in pairs for key in self._holders.get(pair, ()))
        del shared[but]
        if not shared:
            return None
        found = max(
            (Near(key, self._percent(key, pairs, common)) for key, common in shared.items()),
            key=lambda near: near.percent,
        )
        return found if found.percent >= ALIKE_PERCENT else None

    def _percent(self, key: str, pairs: frozenset[str], common: int) -> int:
        return 200 * common // (len(pairs) + len(self._pairs[key]))
