"""Which pieces of text are words of their own: counted, not looked up in a dictionary.

A piece of two to six characters is a word here when enough texts contain it, when no longer piece
explains it (房公积金 nearly always stands inside 住房公积金), and when texts also begin and end
with it, between marks and the words that tie sentences together (公积金, not 积金管). Level by
level: only pieces whose parts are frequent are counted at all, so that the memory follows the
frequent pieces, not the text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from wx_archive.catalogue.tokens import RUN

LONGEST: Final = 6
Stretches = Mapping[str, int]
"""Stretches of Chinese characters and how often each occurs."""
_TIES: Final = re.compile(
    "中华人民共和国|关于|若干|有关|以及|或者|并且|应当|按照|根据|依照|通过|印发|转发|批转|可以|不得|必须|下列|的|了|等"
    "|及其|及|和|或|第?[〇零一二三四五六七八九十百千万]+[条款项章节年月日元人个倍次以]?"
)
_NOT_FIRST: Final = frozenset(
    "的了和与及等于或而所者其该此并且也都就之在为对由从把被将是有各本不按经未向给他使"
)
_NOT_LAST: Final = frozenset(
    "的了和与及等于或而其该此并且也都就不之在为对由从把被将是有各本至按经未向给中内时后前"
)
_EXPLAINED: Final = 0.9
"""A piece is part of a longer word when so many of its places are that word's."""
_EDGE: Final = 0.05
_EDGES: Final = 3
"""Texts begin and end with a word in so many of its places; three times will always do."""


def stretches(normal: str) -> Iterator[str]:
    """Cut normalised text into stretches of Chinese characters that may hold words."""
    for han, _latin in RUN.findall(normal):
        for stretch in _TIES.split(han):
            if len(stretch) > 1:
                yield stretch


def words(cut: Stretches, *, at_least: int, longest: int = LONGEST) -> dict[str, int]:
    """Return the words of the stretches and how often they occur.

    Args:
        cut: as `stretches` cuts them, counted.
        at_least: how often a piece occurs to be a word.
        longest: characters.
    """
    found: dict[str, int] = {}
    shorter = _level(cut, 2, None, at_least)
    for length in range(3, longest + 2):  # one more, to know what the longest are parts of
        cut = {stretch: times for stretch, times in cut.items() if len(stretch) >= length}
        longer = _level(cut, length, shorter, at_least)
        explained = _explained(longer)
        for piece, times in shorter.items():
            is_whole = piece[0] not in _NOT_FIRST and piece[-1] not in _NOT_LAST
            if is_whole and explained.get(piece, 0) < _EXPLAINED * times:
                found[piece] = times
        shorter = longer
    return found


def with_edges(found: Mapping[str, int], *texts: Stretches) -> dict[str, int]:
    """Keep the words with which stretches of the texts begin and, elsewhere, end."""
    begins, ends = Counter[str](), Counter[str]()
    for cut in texts:
        for stretch, times in cut.items():
            for length in range(2, min(LONGEST, len(stretch)) + 1):
                if (head := stretch[:length]) in found:
                    begins[head] += times
                if (tail := stretch[-length:]) in found:
                    ends[tail] += times
    return {
        word: times
        for word, times in found.items()
        if min(begins[word], ends[word]) >= min(_EDGES, max(1, _EDGE * times))
    }


def _level(
    cut: Stretches, length: int, before: Mapping[str, int] | None, at_least: int
) -> dict[str, int]:
    counts = Counter[str]()
    for stretch, times in cut.items():
        for at in range(len(stretch) - length + 1):
            piece = stretch[at : at + length]
            if before is None or (piece[:-1] in before and piece[1:] in before):
                counts[piece] += times
    return {piece: count for piece, count in counts.items() if count >= at_least}


def _explained(longer: Mapping[str, int]) -> dict[str, int]:
    """Return for each piece how often at most it is part of one and the same longer piece."""
    most: dict[str, int] = {}
    for piece, count in longer.items():
        for part in (piece[:-1], piece[1:]):
            most[part] = max(most.get(part, 0), count)
    return most
