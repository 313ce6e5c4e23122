"""Seals of forms, and how often one place may send them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.talk import NOON
from wx_archive.core.database import Database
from wx_archive.core.store import Store, open_store
from wx_archive.enquiries.forms import LASTS, OFTEN, Forms, Gate, network_of

FORMS = Forms("a-secret")


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    database = Database(sqlite_url)
    opened, close = open_store(database, "")
    yield opened
    close()
    database.dispose()


def test_a_seal_is_good_for_its_entry_its_session_and_two_hours() -> None:
    token = FORMS.issue("one", "session", now=NOON)
    sealed = FORMS.read(token, "one", now=NOON + LASTS - timedelta(seconds=1))
    assert sealed
    assert sealed.is_of("session")
    assert not sealed.is_of("")
    assert not sealed.is_of("another")
    assert FORMS.read(token, "one", now=NOON + LASTS) is None
    assert FORMS.read(token, "other", now=NOON) is None


def test_every_form_has_a_key_of_its_own() -> None:
    read = (FORMS.read(FORMS.issue("one", "", now=NOON), "one", now=NOON) for _each in range(20))
    assert len({sealed.key for sealed in read if sealed}) == 20


def test_a_seal_of_other_making_is_none() -> None:
    token = FORMS.issue("one", "", now=NOON)
    foreign = Forms("another-secret").issue("one", "", now=NOON)
    # Not its last character: some of that one's bits mean nothing.
    bent = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]
    unlike = FORMS._serializer.dumps(["k", 1])  # noqa: SLF001 -- signed by us, not a form's
    for text in ("", ".", "x.y", foreign, bent, token[1:], unlike, token + "\0", "字" * 99):
        assert FORMS.read(text, "one", now=NOON) is None, text


def test_one_place_may_send_so_many_forms_and_another_as_many(store: Store) -> None:
    gate = Gate(store, "a-secret")
    assert all(gate.admits("203.0.113.7", f"k{number}") for number in range(OFTEN))
    assert not gate.admits("203.0.113.7", "one-more")
    assert gate.admits("203.0.113.7", "k3")  # the same form again
    assert gate.admits("203.0.113.8", "one-more")


def test_an_address_is_kept_only_as_a_keyed_hash(store: Store, sqlite_url: str) -> None:
    Gate(store, "a-secret").admits("203.0.113.7", "k1")
    path = sqlite_url.removeprefix("sqlite:///").replace("archive.db", "state.db")
    for end in ("", "-wal"):
        with open(path + end, "rb") as file:  # noqa: PTH123 -- a name made of two parts
            assert b"203.0.113" not in file.read()


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("198.18.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.3", "8.8.8.8, 203.0.113.7", "203.0.113.7"),
        ("9.9.9.9", "203.0.113.7", "9.9.9.9"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("2408:8444:1:2:3:4:5:6", "", "2408:8444:1:2::/64"),
        ("2408:8444:1:2:ffff::1", "", "2408:8444:1:2::/64"),
        ("::ffff:9.9.9.9", "", "9.9.9.9"),
        ("", "", ""),
        ("", "203.0.113.7", "203.0.113.7"),
        ("unix:", "x", "unix:"),
    ],
)
def test_only_our_own_proxy_is_believed_where_a_form_comes_from(
    peer: str, forwarded: str, network: str
) -> None:
    assert network_of(peer, forwarded) == network
