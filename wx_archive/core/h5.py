"""What every citizen page shares: badges with word and shape, the big-type switch."""

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from flask import Request, Response, url_for
from markupsafe import Markup

BIG = "big"
_YEAR_S = 365 * 24 * 3600

_SHAPES = {
    "在线看": "open",
    "可预约": "book",
    "需申请": "apply",
    "现行有效": "good",
    "已修改": "changed",
    "效力待核": "warn",
    "尚未施行": "soon",
    "已失效": "over",
    "已废止": "over",
}


def badge_mark(word: str) -> Markup:
    """Return a badge: never told by colour alone."""
    return Markup('<span class="badge {}">{}</span>').format(_SHAPES.get(word, "warn"), word)


def state_mark(word: str) -> Markup:
    """Return a word for how things stand, with its shape but no frame: it stands beside a badge."""
    return Markup('<span class="state {}">{}</span>').format(_SHAPES.get(word, "warn"), word)


def dial(telephone: str) -> str:
    """Return the digits of a telephone number as a phone dials them."""
    return "".join(char for char in telephone if char in "+0123456789")


def wants_big(request: Request) -> bool:
    """Tell whether the page is shown in big type (适老化): asked for now, or chosen before."""
    return request.args.get(BIG, request.cookies.get(BIG)) == "1"


def remember_big(request: Request, response: Response) -> None:
    """Keep the reader's choice of type on this phone; it holds nothing else."""
    choice = request.args.get(BIG)
    if choice in ("0", "1"):
        response.set_cookie(BIG, choice, max_age=_YEAR_S, samesite="Lax", httponly=True)


def with_big(arguments: dict[str, str]) -> str:
    """Return the page's query that chooses big type."""
    return urlencode(arguments | {BIG: "1"})


def without_big(arguments: dict[str, str]) -> str:
    """Return the page's query that chooses standard type."""
    return urlencode(arguments | {BIG: "0"})


_STATIC = Path(__file__).parent.parent / "static"


def has_asset(name: str) -> bool:
    """Tell whether a static file is installed; third-party ones may not be."""
    return (_STATIC / name).is_file()


@cache
def asset(name: str) -> str:
    """Return the address of a static file; a new version has a new address."""
    path = _STATIC / name
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    return url_for("static", filename=name, v=version)
