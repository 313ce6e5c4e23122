"""Requests that are too large: taken in and forgotten, so that the browser reads its answer."""

from typing import Final

from flask import request

READ_AWAY_BYTES: Final = 64 * 1024 * 1024
_BLOCK_BYTES: Final = 64 * 1024


def read_away() -> None:
    """Take in what the browser is still sending: before that it reads no answer."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, READ_AWAY_BYTES)
    while left > 0 and (block := stream.read(min(left, _BLOCK_BYTES))):
        left -= len(block)
