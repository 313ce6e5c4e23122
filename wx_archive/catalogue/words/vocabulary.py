"""From what was gathered to the vocabulary: which words, how heavy, none of them a name."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wx_archive.catalogue import tokens
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.words import mining
from wx_archive.catalogue.words.gather import Harvest
from wx_archive.catalogue.words.names import may_hold_name

MOST: Final = 40_000
"""Terms; the heaviest stay."""
TERM_LENGTH: Final = range(2, 31)
_LEAST: Final = 2
"""How often a field or a title piece occurs at least, however small the catalogue."""
_LEAST_IN_TEXTS: Final = 4
_TITLES_PER_TIME: Final = 10_000
_CHARACTERS_PER_TIME: Final = 350_000


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the vocabulary.

    Attributes:
        weight: about how many entries have it.
        from_text: only full texts have it.
    """

    text: str
    weight: int
    from_text: bool


def build(harvest: Mapping[Kind, Harvest], *, also: Iterable[str] = ()) -> list[Word]:
    """Return the vocabulary, the heaviest words first.

    Args:
        harvest: of the public index.
        also: words of the bureau's own, such as its synonyms.
    """
    documents, records = harvest[Kind.DOCUMENT], harvest[Kind.RECORD]
    mined, texts = _mined(documents)
    offices = _often(documents.offices) | _often(records.offices)
    known = _pairs([*mined, *texts, *offices, *documents.subjects])
    ours = _often(documents.subjects) | documents.short_titles | Counter(mined)
    weights = _scaled(ours | _often(documents.offices), documents.stride)
    mined, more_texts = _mined(records)
    theirs = Counter(_nameless(_often(records.subjects) | Counter(mined), known))
    weights |= _scaled(theirs | _often(records.offices), records.stride)
    weights |= Counter(dict.fromkeys(map(tokens.normalise, also), 1))
    words = [Word(text, weight, from_text=False) for text, weight in weights.items()]
    in_texts = Counter(texts) + Counter(_nameless(more_texts, known))
    words += [Word(text, n, from_text=True) for text, n in in_texts.items() if text not in weights]
    fit = [word for word in words if len(word.text) in TERM_LENGTH and _is_one_run(word.text)]
    return sorted(fit, key=lambda word: (word.from_text, -word.weight, word.text))[:MOST]


def _mined(harvest: Harvest) -> tuple[dict[str, int], dict[str, int]]:
    """Return the words of the titles and those of the texts."""
    titles, texts = harvest.titles, harvest.texts
    least = max(_LEAST, titles.total() // _TITLES_PER_TIME)
    from_titles = mining.words(titles, at_least=least)
    size = sum(len(stretch) * times for stretch, times in texts.items())
    least = max(_LEAST_IN_TEXTS, size // _CHARACTERS_PER_TIME)
    from_texts = mining.words(texts, at_least=least)
    return mining.with_edges(from_titles, titles, texts), mining.with_edges(from_texts, texts)


def _often(counted: Mapping[str, int]) -> Counter[str]:
    return Counter({text: times for text, times in counted.items() if times >= _LEAST})


def _nameless(counted: Mapping[str, int], known: Collection[str]) -> dict[str, int]:
    return {text: times for text, times in counted.items() if not may_hold_name(text, known)}


def _scaled(counted: Mapping[str, int], stride: int) -> Counter[str]:
    return Counter({text: times * stride for text, times in counted.items()})


def _pairs(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[at : at + 2] for word in words for at in range(len(word) - 1))


def _is_one_run(text: str) -> bool:
    """Tell whether nothing but Chinese characters is in it: what else would be mistyped."""
    runs = tokens.RUN.findall(text)
    return len(runs) == 1 and runs[0][0] == text
