"""What every call of the platform's API needs: its payload, its file, its answer."""

import json
import re
from collections.abc import Mapping
from typing import Final

from flask import Response, jsonify, request

from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.messages import is_encodable
from wx_archive.simulator.platform import Platform
from wx_archive.simulator.press import Press
from wx_archive.simulator.replies import media_url
from wx_archive.simulator.traffic import current_traffic

Json = Mapping[str, object]

# A backslash takes the character after it along, so `\\u4e2d` is no escape.
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
MOST_LISTED: Final = 20


def platform() -> Platform:
    """Return the running platform."""
    return current_traffic().platform


def press() -> Press:
    """Return the running press."""
    return current_traffic().press


def ok() -> Response:
    """Answer that it is done."""
    return jsonify(errcode=0, errmsg="ok")


def payload() -> Json:
    """Return the call's JSON object.

    Raises:
        ApiError: it is something else.
    """
    return _object(request.get_json(force=True, silent=True))


def literal_payload() -> Json:
    r"""Return the call's JSON object with every `\uXXXX` escape left as it was written.

    Documented for drafts: texts must not be escaped, or readers see the escapes.

    Raises:
        ApiError: it is something else.
    """
    try:
        written = request.get_data().decode()
        return _object(json.loads(_ESCAPE.sub(_kept, written)))
    except ValueError as err:
        raise ApiError(47001, "data format error") from err


def _kept(escape: re.Match[str]) -> str:
    return f"\\\\{escape[1]}" if escape[1].startswith("u") else escape[0]


def _object(value: object) -> Json:
    if not isinstance(value, Mapping) or not is_encodable(value):
        raise ApiError(47001, "data format error")
    return value


def inside(asked: Json, name: str) -> Json:
    """Return an object inside a payload, an empty one when it is missing."""
    value = asked.get(name)
    return value if isinstance(value, Mapping) else {}


def whole(asked: Json, name: str, default: int | None = None) -> int:
    """Return a whole number, which WeChat also takes as a text.

    Raises:
        ApiError: it is none.
    """
    value = asked.get(name, default)
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if not isinstance(value, int):
        raise ApiError(47001, f"data format error: {name}")
    return int(value)


def page(asked: Json) -> tuple[int, int]:
    """Return offset and count of a listing, count from 1 to 20.

    Raises:
        ApiError: 40097, out of range (the code is from memory).
    """
    offset, count = whole(asked, "offset", 0), whole(asked, "count", MOST_LISTED)
    if offset < 0 or not 1 <= count <= MOST_LISTED:
        raise ApiError(40097, "invalid args: count is 1 to 20")
    return offset, count


def uploaded() -> tuple[str, bytes]:
    """Return name and bytes of the call's file.

    Raises:
        ApiError: 41005, there is none.
    """
    upload = request.files.get("media")
    content = b"" if upload is None else upload.read()
    if upload is None or not content:
        raise ApiError(41005, "media data missing")
    return upload.filename or "", content


def base_url() -> str:
    """Return where the account reaches this simulator."""
    return request.host_url.rstrip("/")


def absolute(media_id: str) -> str:
    """Return the address of a media file."""
    return base_url() + media_url(media_id)
