"""The login form's own token: there is no session yet that could carry one.

Without it somebody could log a colleague's browser into an account of their own, and read what the
colleague then does there.
"""

import hashlib
import hmac
import secrets
from typing import Final

from flask import request
from werkzeug.wrappers import Response

from wx_archive.core.settings import Settings
from wx_archive.staff import pages

_LASTS_S: Final = 12 * 3600
_BYTES: Final = 32


def browser_mark() -> str:
    """Return a random mark for a browser that has none."""
    return secrets.token_urlsafe(_BYTES)


def mark_of(settings: Settings) -> str:
    """Return the mark that the browser brings; empty when it has none."""
    return request.cookies.get(_name(settings), "")


def token(settings: Settings, mark: str) -> str:
    """Return what the login form carries in a browser of this mark."""
    key = hashlib.sha256(f"console-login {settings.secret()}".encode()).digest()
    return hmac.new(key, mark.encode(errors="replace"), hashlib.sha256).hexdigest()


def is_own_form(settings: Settings) -> bool:
    """Tell whether the form sent is one that this very browser was given by us."""
    mark = mark_of(settings)
    return bool(mark) and pages.is_own_form(settings, token(settings, mark))


def keep(response: Response, settings: Settings, mark: str) -> None:
    """Leave the mark with the browser."""
    response.set_cookie(
        _name(settings),
        mark,
        max_age=_LASTS_S,
        path="/",
        secure=pages.is_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def _name(settings: Settings) -> str:
    return f"{pages.cookie_name(settings)}-door"
