"""Questions that say nearly the same, found by the pairs of characters they share. No I/O.

Dice's coefficient over the sets of neighbouring characters: it asks for no dictionary, and a word
moved or exchanged changes it little (L. R. Dice, Ecology 26 (1945), docs/sources.md#quiz).
"""

import math
from collections import defaultdict
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
        size, best, found = len(pairs), ALIKE_PERCENT - 1, ""
        for key in self._candidates(pairs):
            other = self._pairs[key]
            percent = 200 * len(pairs & other) // (size + len(other))
            if key != but and (percent, key) > (best, found):
                best, found = percent, key
        return Near(found, best) if best >= ALIKE_PERCENT else None

    def _candidates(self, pairs: frozenset[str]) -> set[str]:
        """Return the keys of every text that can be alike enough, and of few others.

        Alike enough means so many pairs in common that one of them is among any few left over:
        the rarest are looked up, which five thousand rows of one make do not all have.
        """
        least = math.ceil(len(pairs) * ALIKE_PERCENT / (200 - ALIKE_PERCENT))
        by_rarity = sorted(pairs, key=lambda pair: len(self._holders.get(pair, ())))
        rare = by_rarity[: len(pairs) - least + 1]
        return {key for pair in rare for key in self._holders.get(pair, ())}
