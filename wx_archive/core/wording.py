"""What people write, as it is taken down: no marks that hide, no numbers of persons.

Nothing that citizens ask or tell needs an ID number or a telephone number in its words, so that
none is ever kept there: who must say who they are is written where it is sealed (`core.sealing`).
"""

import re
import unicodedata
from typing import Final

HIDDEN: Final = "［号码已隐去］"

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_GAP: Final = "[ .·‐‑–—-]"
_LONG: Final = re.compile(r"(?<![0-9])[0-9]{14,18}[0-9Xx](?![0-9Xx])")
"""15 to 19 digits in one: ID numbers, old and new, and bank cards; no 档号 has that many."""
_GROUPED: Final = re.compile(
    rf"(?<![0-9-])[0-9]{{6}}{_GAP}?(?:1[89]|20)[0-9]{{2}}{_GAP}?(?:0[1-9]|1[0-2]){_GAP}?"
    rf"(?:0[1-9]|[12][0-9]|3[01]){_GAP}?[0-9]{{3}}{_GAP}?[0-9Xx](?![0-9Xx-])"
)
"""An ID number in pieces: place, day of birth, running number."""
_MOBILE: Final = re.compile(r"(?<![0-9])(?:[+]?86|0086)?1[3-9][0-9]{9}(?![0-9])")
_MOBILE_GROUPED: Final = re.compile(
    rf"(?<![0-9-])(?:[+]?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}(?![0-9-])"
)
"""Not inside a longer code with dashes: 档号 look like this too."""
_PERSONAL_NUMBERS: Final = (_LONG, _GROUPED, _MOBILE, _MOBILE_GROUPED)


def take_down(text: str, *, lines: bool = False) -> str:
    """Return the words as they are kept: readable characters, single spaces, numbers hidden.

    Args:
        text: as typed or sent.
        lines: keep line ends; else they become spaces.
    """
    kept = tidy(text, lines=lines)
    for pattern in _PERSONAL_NUMBERS:
        kept = pattern.sub(HIDDEN, kept)
    return kept


def tidy(text: str, *, lines: bool = False) -> str:
    """Return readable characters and single spaces, with or without line ends."""
    kept = [" ".join(_readable(line).split()) for line in text.splitlines()]
    return ("\n" if lines else " ").join(line for line in kept if line)


def _readable(line: str) -> str:
    """Return a line without what nobody sees, its digits, letters and signs in one width."""
    return "".join(map(_one_width, line))


def _one_width(char: str) -> str:
    kind = unicodedata.category(char)
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if "\uff0b" <= char <= "\uff5a" and (char.isalpha() or char in "\uff0b\uff0d"):
        return unicodedata.normalize("NFKC", char)
    if char.isspace():
        return " "
    return "" if kind in _UNSEEN else char
