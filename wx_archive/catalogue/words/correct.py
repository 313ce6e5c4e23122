"""What was likely meant: the nearest words of the vocabulary, each tried before it is shown.

The whole word is tried first, then its pieces (公基金提取 has 公基金, which sounds like 公积金).
Names are never corrected: none is in the vocabulary, and what has the form of a name gives way
only to a word of the same sound.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection

from wx_archive.catalogue.query import MAX_LENGTH, understand
from wx_archive.catalogue.tokens import RUN, normalise
from wx_archive.catalogue.words import lookup, sounds
from wx_archive.catalogue.words.lookup import Found
from wx_archive.catalogue.words.names import could_be_name
from wx_archive.catalogue.words.spelling import (
    SHORTEST,
    Slip,
    slip_of_hand,
    slip_of_sound,
    variants,
    words_inside,
)
from wx_archive.catalogue.words.suggest import is_found
from wx_archive.catalogue.words.synonyms import NO_SYNONYMS, Synonyms

MOST: Final = 3
_TRIED: Final = 10
"""Live counts for one answer at most."""
_LONGEST_PIECE: Final = 6
_LONGEST_WORD: Final = 12
_SURE_PIECE: Final = 4
"""A piece so long may be mistyped in any way; a shorter one must sound right."""
_FEWEST_LETTERS: Final = 3


@dataclass(frozen=True, slots=True)
class Correction:
    """A piece of what was typed, and the word that was likely meant.

    Attributes:
        at: the piece's place in its run.
        rank: the smaller, the likelier.
    """

    at: int
    typed: str
    meant: str
    rank: tuple[int, ...]

    def spellings(self, run: str) -> Iterator[str]:
        """Return the run with the word put right; then set apart; then the word alone."""
        before, after = run[: self.at], run[self.at + len(self.typed) :]
        yield before + self.meant + after
        if all(len(part) != 1 for part in (before, after)):  # nobody looks for one character
            yield f"{before} {self.meant} {after}".strip()
        if len(self.meant) >= SHORTEST:
            yield self.meant


def did_you_mean(
    connection: Connection,
    text: str,
    *,
    today: date,
    synonyms: Synonyms = NO_SYNONYMS,
) -> tuple[str, ...]:
    """Return at most three spellings that find something public right now, the likeliest first.

    Last comes what was typed, cut into its words: 老人优待 is written nowhere, 老人 优待 finds it.

    Args:
        connection: to the installation's database.
        text: what found nothing, as typed.
        today: Shanghai calendar.
        synonyms: with which lookups are made, from `synonyms_of`.
    """
    normal = normalise(text.strip())
    if len(normal) > MAX_LENGTH:
        return ()
    attempt = _Attempt(connection, today, synonyms)
    shown: dict[str, str] = {}
    tried: set[str] = {normal}
    for is_part, spellings in attempt.candidates(normal):
        if is_part and shown:  # a word put right leaves no need to put right a part of it
            continue
        for spelling in spellings:
            if len(tried) > _TRIED or len(shown) == MOST:
                return tuple(shown.values())
            closed_up = spelling.replace(" ", "")
            if spelling in tried or closed_up in shown:  # 劳动 合同法 says nothing new
                continue
            tried.add(spelling)
            if attempt.finds(spelling):
                shown[closed_up] = spelling
                break
    return tuple(shown.values())


Candidate = tuple[bool, Iterator[str]]
"""Whether only a part of a word is put right, and the ways to write the whole question then."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One question that found nothing."""

    connection: Connection
    today: date
    synonyms: Synonyms

    def finds(self, text: str) -> bool:
        return is_found(self.connection, text, today=self.today, synonyms=self.synonyms)

    def candidates(self, normal: str) -> Iterator[Candidate]:
        """Return, for each likely mistake, the ways to put it right."""
        words = [word.text for word in understand(normal).words]
        for word in words:
            if len(words) > 1 and self.finds(word):
                continue
            before, _word, after = normal.partition(word)
            for is_part, spellings in self._of_word(word):
                yield is_part, (before + spelling + after for spelling in spellings)

    def _of_word(self, word: str) -> Iterator[Candidate]:
        if word.isascii() and word.isalpha() and len(word) >= _FEWEST_LETTERS:
            meant = lookup.spoken(self.connection, word)
            yield from ((False, iter((each,))) for each in meant)
        for han, _latin in RUN.findall(word):
            if len(han) > 1:
                before, _run, after = word.partition(han)
                for is_part, spellings in self._of_run(han):
                    yield is_part, (before + told + after for told in spellings)

    def _of_run(self, run: str) -> Iterator[Candidate]:
        for each in corrections(self.connection, run):
            yield each.typed != run, each.spellings(run)
        inside = words_of(self.connection, run, self.synonyms)
        if len("".join(inside)) == len(run) and not could_be_name(run):
            yield True, iter((" ".join(inside),))


def words_of(connection: Connection, run: str, synonyms: Synonyms) -> list[str]:
    """Return the words of the vocabulary that a run holds, from the left, the longest first."""
    longest = min(_LONGEST_WORD, len(run))
    places = [(at, length) for at in range(len(run)) for length in range(2, longest + 1)]
    pieces = {run[at : at + length] for at, length in places}
    known = lookup.known(connection, pieces).keys() | (pieces & synonyms.keys())
    return [word for _at, word in words_inside(run, known - {run}, longest=_LONGEST_WORD)]


def corrections(connection: Connection, run: str) -> Iterator[Correction]:
    """Return what may have been meant in a run of Chinese characters, the likeliest first.

    First the run as one word; its parts are only looked up when somebody asks on.
    """
    yield from _ranked(connection, run, [(0, run)])
    if not could_be_name(run):
        yield from _ranked(connection, run, _parts(run))


def _parts(run: str) -> list[tuple[int, str]]:
    longest = min(_LONGEST_PIECE, len(run) - 1)
    places = [(at, n) for n in range(2, longest + 1) for at in range(len(run) - n + 1)]
    return [(at, run[at : at + n]) for at, n in places]


def _ranked(
    connection: Connection, run: str, pieces: Sequence[tuple[int, str]]
) -> list[Correction]:
    table = sounds.table(connection)
    leads: dict[str, list[tuple[int, str]]] = {}
    for at, piece in pieces:
        for variant in {*variants(piece), sounds.sound(sounds.syllables(piece, table))}:
            leads.setdefault(variant, []).append((at, piece))
    found = lookup.by_variants(connection, leads)
    right = {one.text for one in found}  # a piece that is a word leads to itself
    strange = _strange_places(run, right)
    best: dict[tuple[int, str], Correction] = {}
    for one in found:
        for at, piece in leads[one.variant]:
            is_strange = piece == run or not strange.isdisjoint(range(at, at + len(piece)))
            if piece in right or one.text in run or not is_strange:
                continue
            if (rank := _rank(piece, one, table, is_whole=piece == run)) is not None:
                best[at, one.text] = Correction(at, piece, one.text, rank)
    return sorted(best.values(), key=lambda each: (each.rank, each.meant))


def _strange_places(run: str, right: Container[str]) -> frozenset[int]:
    """Return where in a run no known word stands: 养老金计算 has no 紧急 in its middle."""
    inside = words_inside(run, right, longest=_LONGEST_PIECE)
    known = {at + step for at, word in inside for step in range(len(word))}
    return frozenset(range(len(run))) - known


def _rank(
    piece: str, found: Found, table: Mapping[str, str], *, is_whole: bool
) -> tuple[int, ...] | None:
    spoken, meant = sounds.syllables(piece, table), found.text
    slip = slip_of_sound(spoken, found.syllables)
    if slip is not Slip.SAME_SOUND:
        slip = slip_of_sound(spoken, sounds.syllables(meant, table)) or slip
    if slip is None and (is_whole or len(piece) >= _SURE_PIECE):
        slip = slip_of_hand(piece, meant)
    if slip is None or (could_be_name(piece) and slip is not Slip.SAME_SOUND):
        return None
    wrong = sum(one != other for one, other in zip(piece, meant, strict=False))
    return (slip, -len(piece), wrong, found.from_text, -found.weight)
