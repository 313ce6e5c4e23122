"""Good deliveries, spoilt at random: never our mistake, never an answer to a forgery."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import parse_qsl

import pytest

from tests.chat.conftest import Start, a_store
from tests.chat.talks import a_router
from tests.chat.webhooks import a_webhook, call, present
from tests.wechat.deliveries import Delivery, account_for, an_event, delivered, xml
from wx_archive.core import clock
from wx_archive.core.database import Database

COUNT = 500
SEED = 20_261_123
Spoil = Callable[[random.Random, bytes], bytes]
BITS = [
    b"",
    b"\0",
    b"<",
    b"]]>",
    b"&a;",
    b"<!DOCTYPE x>",
    b"\xff",
    b"<Encrypt>",
    b"%00",
    b"&",
    b"=",
]


def flip(rng: random.Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ (1 << rng.randrange(8))]) + raw[place + 1 :]


def cut(rng: random.Random, raw: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    return raw[:start] + raw[end:]


def double(rng: random.Random, raw: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    return raw[:end] + raw[start:]


def swap(rng: random.Random, raw: bytes) -> bytes:
    one, two, three = sorted(rng.randrange(len(raw) + 1) for _ in range(3))
    return raw[:one] + raw[two:three] + raw[one:two] + raw[three:]


def insert(rng: random.Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw) + 1)
    return raw[:place] + rng.choice(BITS) * rng.randint(1, 3) + raw[place:]


SPOILS: list[Spoil] = [flip, cut, double, swap, insert]


def spoilt(rng: random.Random, good: Delivery) -> tuple[str, bytes]:
    query, body = good.query_string.encode(), good.body
    for _ in range(rng.randint(1, 2)):
        spoil = rng.choice(SPOILS)
        if query and rng.random() < 0.4:
            query = spoil(rng, query)
        elif body:
            body = spoil(rng, body)
    return query.decode("latin-1"), body


def a_good_one(rng: random.Random, mode: str) -> Delivery:
    told = [
        xml(created_at=present(), Content="公积金 2010-2019", MsgId=str(rng.randrange(10**9))),
        xml(created_at=present(), MsgType="image", MediaId="m", PicUrl="http://p"),
        an_event("CLICK", created_at=present(), EventKey="lookup.start"),
        an_event("subscribe", created_at=present(), EventKey="qrscene_a", Ticket="T"),
    ]
    nonce = str(rng.randrange(10**10))
    return delivered(rng.choice(told), mode, at=present(), nonce=nonce)


@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
def test_spoilt_deliveries_are_refused_calmly(
    mode: str, sqlite: Database, start: Start, held: ExitStack
) -> None:
    rng = random.Random(f"{SEED} {mode}")  # noqa: S311 -- repeatable on purpose
    store, account = a_store(sqlite, held), account_for(mode)
    webhook = a_webhook(start(sqlite, a_router(), store=store), store, mode)
    answered = 0
    for _ in range(COUNT):
        good = a_good_one(rng, mode)
        query, body = spoilt(rng, good)
        answer = call(webhook, query, body)
        assert answer.status in {200, 400, 403, 413}, (query, body)
        if answer.status != 200:
            assert answer.body == b""
            continue
        answered += 1
        if mode != "plain":  # only there does the signature cover the message
            now = clock.now()
            genuine = account.open(good.query, good.body, now=now).message
            fields = dict(parse_qsl(query, keep_blank_values=True))
            assert account.open(fields, body, now=now).message == genuine
    assert answered < COUNT / 2
