"""PDFs: nothing that acts, nothing packed inside, no password, whole to their end.

Nobody decodes them here: they are kept as they came, for reviewers only. What is refused is what
a reader's program would do by itself.

Source: ISO 32000-1, 7.3.5 (names), 7.5.5 (trailer), 7.5.7 (object streams), 12.6.4 (actions).
"""

import re
import zlib
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.treasures import file_texts

_END: Final = b"%%EOF"
_END_WITHIN: Final = 1024
"""So near to its end a PDF says that it ends; readers look no further."""
_ACTS: Final = (
    b"/JavaScript",
    b"/Launch",
    b"/RichMedia",
    b"/SubmitForm",
    b"/ImportData",
)
_PACKS: Final = (b"/EmbeddedFile",)
_SEALS: Final = b"/Encrypt"
_OBJECTS: Final = re.compile(rb"/ObjStm|/First\b")
"""What an object stream says of itself; outlines have a first entry too, but are no streams."""
_HEAD_END: Final = re.compile(rb"endobj|stream")
_ESCAPED: Final = re.compile(
    rb"/[A-Za-z]*+#(?:4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])[A-Za-z#0-9]*+"
)
"""A name with a letter that needed no escape; Chinese names of typefaces have other ones."""
_ESCAPED_BY_NOBODY: Final = (
    *(*_ACTS, *_PACKS, _SEALS),
    *(b"/ObjStm", b"/First", b"/Filter", b"/FlateDecode", b"/Predictor"),
)
_MOST_ESCAPED: Final = 10_000
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_FILTER: Final = re.compile(rb"/Filter\s*+(\[[^\]]{0,200}\]|/\w+)")
_MOST_OBJECT_BYTES: Final = 16 * 1024 * 1024
_MOST_BYTES: Final = 64 * 1024 * 1024
"""So much is unpacked and looked through of one PDF, however often it names the same bytes."""
_MOST_ENTRIES: Final = 100_000
"""Entries with a first one below them: outlines of books have thousands."""
_LEAST_BYTES: Final = 8 * 1024
"""As so much every object stream counts."""


def require_harmless(content: bytes) -> None:
    """Refuse a PDF that could do harm, or that nobody can open.

    Raises:
        RefusedError: says what is in it, and what to do.
    """
    end = content.rfind(_END)
    if end < 0 or len(content) - end > _END_WITHIN:
        raise RefusedError(file_texts.BROKEN_PAPER)
    if _SEALS in content:
        raise RefusedError(file_texts.SEALED_PAPER)
    _require_passive(content)
    _require_plain_names(content)
    _require_passive_streams(content)


def _require_passive(part: bytes) -> None:
    if any(name in part for name in _ACTS):
        raise RefusedError(file_texts.ACTIVE_PAPER)
    if any(name in part for name in _PACKS):
        raise RefusedError(file_texts.PACKED_PAPER)


def _require_plain_names(part: bytes) -> None:
    """Refuse names that are written so that nobody finds them: `/J#61vaScript`."""
    for count, found in enumerate(_ESCAPED.finditer(part)):
        name = _ESCAPE.sub(lambda one: bytes([int(one[1], 16)]), found[0])
        if count > _MOST_ESCAPED or name.startswith(_ESCAPED_BY_NOBODY):
            raise RefusedError(file_texts.ACTIVE_PAPER)


def _require_passive_streams(content: bytes) -> None:
    """Look into the streams that hold objects, packed."""
    at, count, left_bytes = 0, 0, _MOST_BYTES
    while found := _OBJECTS.search(content, at):
        head_end = _HEAD_END.search(content, found.end())
        if head_end is None:
            return
        at, count = head_end.end(), count + 1
        if count > _MOST_ENTRIES:
            raise RefusedError(file_texts.ACTIVE_PAPER)
        if head_end[0] == b"endobj":
            continue
        begin = max(content.rfind(b"obj", 0, found.start()), 0)
        head, body = content[begin : head_end.start()], _body(content, at)
        part = _unpacked(head, body)
        left_bytes -= _LEAST_BYTES + len(head) + len(body) + len(part)
        if left_bytes < 0:
            raise RefusedError(file_texts.ACTIVE_PAPER)
        _require_passive(part)
        _require_plain_names(part)


def _body(content: bytes, at: int) -> bytes:
    stop = content.find(b"endstream", at)
    if stop < 0:
        raise RefusedError(file_texts.BROKEN_PAPER)
    return content[at:stop].lstrip(b"\r\n")


def _unpacked(head: bytes, body: bytes) -> bytes:
    """Return what a stream holds; nothing if it is not packed: then it was looked through before.

    Raises:
        RefusedError: it is packed in a way that only some readers undo, or too much.
    """
    if b"/Filter" not in head:
        return b""
    packed = _FILTER.search(head)
    if packed is None or b"/Predictor" in head:
        raise RefusedError(file_texts.ACTIVE_PAPER)
    if packed[1].strip(b"[] \r\n\t") != b"/FlateDecode":
        raise RefusedError(file_texts.ACTIVE_PAPER)
    unpacker = zlib.decompressobj()
    try:
        part = unpacker.decompress(body, _MOST_OBJECT_BYTES)
    except zlib.error as err:
        raise RefusedError(file_texts.BROKEN_PAPER) from err
    if unpacker.unconsumed_tail:
        raise RefusedError(file_texts.ACTIVE_PAPER)
    return part
