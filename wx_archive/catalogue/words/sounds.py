"""How words sound: pinyin without tones, and what an ear of the south-west takes for the same.

pypinyin's tables take 57 MB: only what builds the vocabulary imports it. It leaves one row with the
syllable of every character, and that is what the account's processes read.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from sqlalchemy import Connection, select

from wx_archive.catalogue.words.models import WordsState

STATE: Final = "sounds"
_FLAT: Final = ((re.compile("^([zcs])h"), r"\1"), (re.compile("ng$"), "n"), (re.compile("^n"), "l"))
Syllables = tuple[str, ...]
"""One for each character."""
_known: dict[str, str] = {}
"""Syllable of each character: the same everywhere, so once for the process."""


def fold(syllable: str) -> str:
    """Return what a syllable is to an ear that hears zh as z, -ng as -n and n- as l-."""
    for pattern, flat in _FLAT:
        syllable = pattern.sub(flat, syllable)
    return syllable


def sound(syllables: Iterable[str]) -> str:
    """Return the key of everything that sounds like this; begins as no text does."""
    return "~" + "".join(map(fold, syllables))


def syllables(text: str, table: Mapping[str, str]) -> Syllables:
    """Return each character's commonest syllable; a character of unknown sound is itself."""
    return tuple(table.get(char, char) for char in text)


def table(connection: Connection) -> Mapping[str, str]:
    """Return the syllable of every character; empty until a vocabulary was built."""
    if not _known:
        stored = connection.execute(select(WordsState.text).where(WordsState.name == STATE))
        _known.update(_read(stored.scalar_one_or_none() or ""))
    return _known


def write(characters: Iterable[str]) -> str:
    """Return the table of these characters and of all common ones, as it is stored."""
    by_syllable: dict[str, list[str]] = {}
    rare = frozenset(characters) - common().keys()
    for char, syllable in (common() | {char: _syllable(char) for char in rare}).items():
        by_syllable.setdefault(syllable, []).append(char)
    return "\n".join(f"{syllable} {''.join(chars)}" for syllable, chars in by_syllable.items())


def spoken(text: str) -> Syllables:
    """Return the syllables of a word as it is read: 银行 is yin hang, not yin xing."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 -- 57 MB; only building needs it

    return tuple(lazy_pinyin(text, v_to_u=False))


def _read(stored: str) -> dict[str, str]:
    lines = (line.split(" ") for line in stored.splitlines())
    return {char: syllable for syllable, chars in lines for char in chars}


@cache
def common() -> dict[str, str]:
    """Return the syllables of the 6,763 characters of GB 2312."""
    codes = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = (code.decode("gb2312", "ignore") for code in codes)
    return {char: _syllable(char) for char in characters if char}


def _syllable(char: str) -> str:
    return spoken(char)[0]
