"""What a form of the console was made from: its version, and what was read before it is sent."""

import hashlib
import hmac
from collections.abc import Mapping

from flask import request

from wx_archive.staff.pages import Visit


def version_of(form: Mapping[str, str]) -> int:
    """Return the version that a form was made for; one that never was where it says none."""
    text = form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def seal(visit: Visit, *about: str) -> str:
    """Return the mark of what is about to be said: whoever changes it reads it once more."""
    told = "\n".join(about)
    return hmac.new(visit.csrf.encode(), told.encode(), hashlib.sha256).hexdigest()


def is_seen(mark: str) -> bool:
    """Tell whether the form that was sent stood below what the mark was made from."""
    given = request.form.get("seen", "")
    return hmac.compare_digest(given.encode(), mark.encode())
