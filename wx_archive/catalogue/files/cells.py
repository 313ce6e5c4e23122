"""Cells that a spreadsheet program would take for a formula, made harmless and back.

Source: OWASP, “CSV Injection”: a cell that begins with = + - @, a tab or a line end is text only
with an apostrophe before it.
"""

from typing import Final

_DANGEROUS: Final = tuple("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
"""The last four are the same signs in full width, which some programs take too."""


def guard(text: str) -> str:
    """Return a text as it may stand in a table."""
    return "'" + text if text.startswith(_DANGEROUS) else text


def unguard(text: str) -> str:
    """Return the text that `guard` was given."""
    return text[1:] if text[0] == "'" and text[1:].startswith(_DANGEROUS) else text
