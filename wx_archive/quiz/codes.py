"""The code of a voucher: nine characters nobody can guess, and one that finds a slip of the pen.

The alphabet has 32 characters, without 0, O, 1 and I, which people take for one another. The last
character makes the weighted sum of all ten zero in the field of 32 elements. Every weight is
another power of the field's generator: a single wrong character changes the sum because no weight
is zero, two swapped neighbours (indeed any two) because no two weights are equal.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

from wx_archive.core.text import fold

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH: Final = 10
DESK: Final = "/console/quiz/desk"
"""Where a scanned code leads to."""
_MODULUS: Final = 0b100101
"""x⁵ + x² + 1, primitive over GF(2): the powers of x are all 31 elements but zero."""
_SIZE: Final = 32
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_SEPARATORS: Final = re.compile(r"[\s\-_.\u00b7\u2010-\u2015\u2212]+")
_LONGEST: Final = 300


def _double(value: int) -> int:
    doubled = value << 1
    return doubled ^ _MODULUS if doubled >= _SIZE else doubled


def _multiples() -> Iterator[tuple[int, ...]]:
    """Yield, for each power of x from the first, its product with each of the 32 elements."""
    row = tuple(range(_SIZE))
    while True:
        yield row
        row = tuple(map(_double, row))


_WEIGHED: Final = tuple(row for row, _place in zip(_multiples(), range(LENGTH), strict=False))
"""For each place, from the last one: what a character's value counts there."""


def weighted_sum(values: list[int]) -> int:
    """Return what is zero for a code; ``values`` are its places in the alphabet."""
    total = 0
    for row, value in zip(_WEIGHED, reversed(values), strict=True):
        total ^= row[value]
    return total


def new_code() -> str:
    """Return a new code: 45 random bits and the check character."""
    values = [secrets.randbelow(_SIZE) for _ in range(LENGTH - 1)]
    # The last place counts once, and in this field minus is plus.
    check = weighted_sum([*values, 0])
    return "".join(ALPHABET[value] for value in (*values, check))


def is_sound(code: str) -> bool:
    """Tell whether ten characters of the alphabet go together with their check character."""
    values = [_VALUES[character] for character in code if character in _VALUES]
    return len(code) == len(values) == LENGTH and weighted_sum(values) == 0


def read(typed: str) -> str | None:
    """Return the code that was typed or scanned; None where it is none, or has a slip in it.

    Any case and width; hyphens and spaces anywhere; the whole address of a voucher's QR code.
    """
    code = tidied(typed)
    return code if is_sound(code) else None


def tidied(typed: str) -> str:
    """Return what was typed or scanned as codes are written, whether it is one or not."""
    text = fold(typed[:_LONGEST])
    if "code=" in text:
        text = _of_address(text)
    return _SEPARATORS.sub("", text).upper()


def _of_address(text: str) -> str:
    try:
        query = urlsplit(text).query
    except ValueError:
        return ""
    return next(iter(parse_qs(query).get("code", [])), "")


def printed(code: str) -> str:
    """Return a code as it is shown and read out: 7K3M-9QX2-4D."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def address(origin: str, code: str) -> str:
    """Return where a voucher's QR code leads: the desk's page that checks it."""
    return f"{origin}{DESK}?code={code}"


def desk_check(code: str, secret: str) -> str:
    """Return 窗口核对码: four digits that stand on the voucher's page and on the paper list.

    Nobody can tell them from the code: on a day without network they show that a voucher is ours.
    """
    key = hashlib.sha256(f"voucher-desk-check {secret}".encode()).digest()
    digest = hmac.new(key, code.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10_000:04d}"
