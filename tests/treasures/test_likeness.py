"""Files that may be here already, on both databases: the same bytes, pictures that look alike."""

import random
from collections.abc import Mapping

import pytest
from sqlalchemy import insert

from tests.talk import NOON
from tests.treasures.desk_making import a_file, an_upload, by_sender
from wx_archive.core.database import Database
from wx_archive.media.models import Asset
from wx_archive.treasures import files, likeness, queries, uploads
from wx_archive.treasures.likeness import Like
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Channel, State
from wx_archive.treasures.steps import locked

HASH = "f0e1d2c3b4a59687"


def turned(digits: str, *bits: int) -> str:
    """Return a hash with some of its bits turned round."""
    value = int(digits, 16)
    for bit in bits:
        value ^= 1 << bit
    return f"{value:016x}"


def likes(database: Database, one: Upload) -> Mapping[int, list[Like]]:
    with database.reads() as connection:
        return likeness.near(connection, queries.files(connection, one.id))


def only(database: Database, one: Upload) -> list[Like]:
    return [like for found in likes(database, one).values() for like in found]


def test_the_same_bytes_in_another_upload_are_found(database: Database) -> None:
    first = an_upload(database, contents=((b"same", ""),))
    second = an_upload(database, contents=((b"other", ""), (b"same", "")))
    (like,) = only(database, second)
    assert (like.number, like.is_same, like.bits) == (first.number, True, 0)
    assert like.treasure_pid == first.pid
    (back,) = only(database, first)
    assert back.number == second.number


@pytest.mark.parametrize("seed", range(4))
def test_six_bits_apart_is_near_and_seven_is_not_wherever_they_are(
    database: Database, seed: int
) -> None:
    bits = random.Random(seed).sample(range(64), 7)  # noqa: S311 -- nothing is secret
    one = an_upload(database, contents=((b"a", HASH),))
    near = an_upload(database, contents=((b"b", turned(HASH, *bits[:6])),))
    an_upload(database, contents=((b"c", turned(HASH, *bits)),))
    (like,) = only(database, one)
    assert (like.number, like.is_same, like.bits) == (near.number, False, 6)


def test_every_part_of_a_hash_is_asked_for(database: Database) -> None:
    begins = (1, 4, 7, 9, 11, 13, 15)
    one = an_upload(database, contents=((b"a", HASH),))
    for kept in begins:
        bits = [(16 - begin) * 4 for begin in begins if begin != kept]
        near = an_upload(database, contents=((str(kept).encode(), turned(HASH, *bits)),))
        assert near.number in {like.number for like in only(database, one)}, kept
        with database.begin() as session:
            locked(session, near.id).state = State.DRAFT.value


def test_the_nearest_come_first_and_not_too_many(database: Database) -> None:
    one = an_upload(database, contents=((b"a", HASH),))
    for bits in range(5, -1, -1):
        content = str(bits).encode()
        an_upload(database, contents=((content, turned(HASH, *range(bits))),))
    same = an_upload(database, contents=((b"a", HASH),))
    found = only(database, one)
    assert [like.bits for like in found] == [0, 0, 1, 2, 3]
    assert found[0].number == same.number
    assert found[0].is_same


@pytest.mark.parametrize("plain", ["", "0" * 16, "f" * 16, "0" * 15 + "7", "x", HASH[:15]])
def test_a_picture_of_one_colour_looks_like_no_other(database: Database, plain: str) -> None:
    one = an_upload(database, contents=((b"a", plain),))
    an_upload(database, contents=((b"b", plain),))
    assert only(database, one) == []


def test_drafts_signed_papers_and_what_is_gone_are_no_likes(database: Database) -> None:
    one = an_upload(database, contents=((b"a", HASH),))
    gone = an_upload(database, contents=((b"a", HASH),))
    with database.begin() as session:
        draft = uploads.begin(session, Channel.H5, by_sender())
        a_file(session, draft, b"a", likeness=HASH)
        ids = [file.id for file in queries.files(session.connection(), gone.id)]
        files.erase(session, ids, now=NOON)
    assert only(database, one) == []
    assert likes(database, gone) == {}


def test_likes_of_the_same_upload_are_not_told(database: Database) -> None:
    one = an_upload(database, contents=((b"a", HASH), (b"b", turned(HASH, 1))))
    assert only(database, one) == []


def test_the_same_bytes_in_the_media_library_are_found(database: Database) -> None:
    one = an_upload(database, contents=((b"a", ""), (b"b", "")))
    with database.reads() as connection:
        every = queries.files(connection, one.id)
    row = {
        "pid": "0123456789ABCDEFGHJKMNPQRS",
        "kind": "image",
        "sha256": every[1].sha256,
        "content_type": "image/jpeg",
        "size_bytes": 1,
        "title": "大坝",
        "made_by": "editor",
        "made_at": NOON,
    }
    with database.begin() as session:
        session.execute(insert(Asset).values(**row))
    with database.reads() as connection:
        found = likeness.in_library(connection, every)
    assert {key: (value.pid, value.title) for key, value in found.items()} == {
        every[1].id: ("0123456789ABCDEFGHJKMNPQRS", "大坝")
    }
