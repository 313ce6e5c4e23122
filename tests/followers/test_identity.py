"""Signed links and sessions: one purpose, one follower, for a while, and dead with the row."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tests.followers.conftest import Two
from tests.wechat.deliveries import NOW, OPENID, settings_for
from wx_archive.followers import service as followers
from wx_archive.followers.identity import LINK_LASTS, SESSION_LASTS, Door, Entrance, local_path
from wx_archive.followers.models import Follower

ORIGIN = "https://archive.example.org"
DOOR = Door("a-secret", ORIGIN)
MOMENT = timedelta(seconds=1)


def link(session: Session, number: int, *, purpose: str = "me", path: str = "/h5/me") -> str:
    connection = session.connection()
    address = DOOR.address(connection, number, path, purpose=purpose, now=NOW)
    head, _slash, token = address.rpartition("/")
    assert head == f"{ORIGIN}/h5/enter"
    return token


def cookie(session: Session, number: int, *, purpose: str = "me") -> str:
    return DOOR.new_session(session.connection(), number, purpose=purpose, now=NOW)


# -- links ------------------------------------------------------------------------------------


def test_a_link_opens_its_page_for_its_follower(session: Session, two: Two) -> None:
    found = DOOR.enter(session.connection(), link(session, two.one), now=NOW)
    assert found == Entrance(two.one, "me", "/h5/me")


def test_a_link_closes_after_half_an_hour(session: Session, two: Two) -> None:
    token, connection = link(session, two.one), session.connection()
    assert DOOR.enter(connection, token, now=NOW + LINK_LASTS - MOMENT)
    assert DOOR.enter(connection, token, now=NOW + LINK_LASTS) is None


def test_a_link_for_one_purpose_opens_nothing_else(session: Session, two: Two) -> None:
    token = link(session, two.one, purpose="me").partition(".")[2]
    assert DOOR.enter(session.connection(), f"treasures.{token}", now=NOW) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token.partition(".")[2],
        lambda _token: "",
        lambda _token: "me.",
        lambda _token: "me.e30.x",
        lambda _token: "me.\x00",
        lambda _token: "me." + "A" * 5_000,
    ],
)
def test_a_link_that_was_touched_opens_nothing(
    session: Session, two: Two, spoil: Callable[[str], str]
) -> None:
    assert DOOR.enter(session.connection(), spoil(link(session, two.one)), now=NOW) is None


def test_a_link_of_another_installation_opens_nothing(session: Session, two: Two) -> None:
    token = link(session, two.one)
    assert Door("other", ORIGIN).enter(session.connection(), token, now=NOW) is None


def test_a_session_is_no_link_and_a_link_no_session(session: Session, two: Two) -> None:
    connection = session.connection()
    assert DOOR.enter(connection, f"me.{cookie(session, two.one)}", now=NOW) is None
    token = link(session, two.one).partition(".")[2]
    assert DOOR.visitor(connection, token, purpose="me", now=NOW) is None


def test_neither_link_nor_session_tells_the_openid(session: Session, two: Two) -> None:
    for text in (link(session, two.one), cookie(session, two.one)):
        assert OPENID not in text


def test_where_wechat_tells_who_reads_the_address_is_the_plain_one(
    session: Session, two: Two
) -> None:
    door = Door("a-secret", ORIGIN, has_oauth=True)
    address = door.address(session.connection(), two.one, "/h5/me", purpose="me", now=NOW)
    assert address == f"{ORIGIN}/h5/me"


@pytest.mark.parametrize(
    ("account", "verified", "may"),
    [
        ("service", True, True),
        ("service", False, False),
        ("subscription", True, False),
        ("subscription", False, False),
    ],
)
def test_only_a_verified_service_account_is_told_who_reads(
    account: str, *, verified: bool, may: bool
) -> None:
    door = Door.of(settings_for(wechat_account=account, wechat_verified=verified))
    assert door.has_oauth is may


def test_a_secret_does_not_show_when_it_is_printed() -> None:
    assert "a-secret" not in repr(DOOR)


# -- sessions ---------------------------------------------------------------------------------


def test_a_session_stands_for_its_follower_for_two_hours(session: Session, two: Two) -> None:
    value, connection = cookie(session, two.one), session.connection()
    last = NOW + SESSION_LASTS - MOMENT
    found = DOOR.visitor(connection, value, purpose="me", now=last)
    assert found is not None
    assert found.follower_id == two.one
    assert DOOR.visitor(connection, value, purpose="me", now=last + MOMENT) is None
    assert DOOR.visitor(connection, value, purpose="treasures", now=NOW) is None


def test_a_session_dies_with_the_row_even_if_its_number_is_given_again(
    session: Session, two: Two
) -> None:
    value, token = cookie(session, two.one), link(session, two.one)
    connection = session.connection()
    session.execute(delete(Follower).where(Follower.id == two.one))
    assert DOOR.visitor(connection, value, purpose="me", now=NOW) is None
    for openid in ("oSomebodyElse", OPENID):
        number = followers.ensure(session, openid, now=NOW + MOMENT)
        session.execute(update(Follower).where(Follower.id == number).values(id=two.one))
        assert DOOR.visitor(connection, value, purpose="me", now=NOW) is None
        assert DOOR.enter(connection, token, now=NOW) is None
        session.execute(delete(Follower).where(Follower.id == two.one))


def test_nobody_gets_a_session_without_a_row(session: Session, two: Two) -> None:
    with pytest.raises(LookupError):
        cookie(session, two.one + 1_000)


def test_a_form_belongs_to_its_session(session: Session, two: Two) -> None:
    connection = session.connection()
    own, other = (
        DOOR.visitor(connection, cookie(session, two.one), purpose="me", now=NOW) for _ in "ab"
    )
    assert own is not None
    assert other is not None
    assert DOOR.is_own_form(own, DOOR.form_token(own))
    assert not DOOR.is_own_form(own, DOOR.form_token(other))
    assert not DOOR.is_own_form(own, "")
    assert not DOOR.is_own_form(own, "字")


# -- where one may be led ---------------------------------------------------------------------

GOOD = ("/h5/me", "/h5/lookup?q=%E5%85%AC%E7%A7%AF%E9%87%91&page=2", "/h5/me#interests")
HOSTILE = (
    "",
    "/",
    "/console/",
    "h5/me",
    "//evil.example/h5/",
    "/h5//evil.example",
    "/h5/..//evil.example",
    "/h5/../console/",
    "/h5/%2e%2e/console",
    "/h5/%2E./console",
    "/h5/a/%2e%2e%2fconsole",
    "/h5/\\evil.example",
    "/h5/%5cevil.example",
    "/h5/%2f%2fevil.example",
    "/h5/me\r\nSet-Cookie: a=b",
    "/h5/me%0d%0aSet-Cookie:a=b",
    "/h5/\t/evil.example",
    " /h5/me",
    "/h5/me ",
    "/h5/公积金",
    "https://evil.example/h5/me",
    "https:/h5/me",
    "javascript:alert(1)//h5/",
    "/h5/oauth/start?next=/h5/me",
    "/h5/enter/me.token",
    "/h5/%6fauth/start",
    "/h5/me?u=https://evil.example",
    "/h5/" + "a" * 600,
)


@pytest.mark.parametrize("path", GOOD)
def test_a_page_of_ours_is_a_place_to_go(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize("path", [*HOSTILE, None, 7, ["/h5/me"]])
def test_anything_else_is_not(path: object) -> None:
    assert local_path(path) is None


_SLASHES = ["/", "//", "\\", "／", "%2f", "%5c", "/h5/"]
_DOTS = ["..", ".", "%2e", "%25", "%00", "%0a", "\t", "\r\n", " ", "\u3000"]
_NAMES = ["h5", "me", "https:", "evil.example", "?", "#", "@", ":", ";", "&"]
_PIECES = st.sampled_from([*_SLASHES, *_DOTS, *_NAMES])
_PATHS = st.lists(_PIECES, max_size=12).map(lambda pieces: "/h5/" + "".join(pieces))


def as_a_browser_reads(path: str) -> str:
    """Return where a browser goes: it drops controls and takes a backslash for a slash."""
    read = path.strip().translate(dict.fromkeys(map(ord, "\t\r\n"))).replace("\\", "/")
    head, mark, rest = read.partition("?")
    return urljoin(f"{ORIGIN}/h5/oauth/callback", unquote(head).replace("\\", "/") + mark + rest)


@given(st.text() | _PATHS)
@example("/h5/..%2f..%2f")
def test_no_text_whatever_leads_out_of_our_pages(text: str) -> None:
    path = local_path(text)
    if path is None:
        return
    assert path == text
    assert path.isascii()
    assert path.isprintable()
    reached = urlsplit(as_a_browser_reads(path))
    assert f"{reached.scheme}://{reached.netloc}" == ORIGIN
    assert reached.path.startswith("/h5/")
    assert not reached.path.startswith(("/h5/enter", "/h5/oauth"))
