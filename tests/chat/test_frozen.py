"""A database that falls silent: every delivery gets its 503 before WeChat hangs up."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from tests.chat.conftest import Start, a_store
from tests.chat.talks import a_router, do_effect, effects, says
from tests.chat.webhooks import a_webhook, post, present
from tests.core.proxy import Proxy, in_front_of
from tests.wechat.deliveries import Delivery, an_event, delivered, xml
from wx_archive.chat.router import Stage
from wx_archive.chat.turn import Turn
from wx_archive.chat.webhook import Webhook
from wx_archive.core.database import Database
from wx_archive.wechat.replies import Reply, TextReply

HANGS_UP_AFTER_S = 4.9
THREADS = 4


@pytest.fixture
def proxied(postgres_url: str) -> Iterator[tuple[Proxy, Database]]:
    with in_front_of(postgres_url) as (proxy, url):
        database = Database(url)
        yield proxy, database
        proxy.cut()
        database.dispose()


@pytest.fixture
def webhook(proxied: tuple[Proxy, Database], start: Start, held: ExitStack) -> Webhook:
    router = a_router()
    router.on_words(Stage.LOOKUP)(says("found"))

    @router.on_click("work", effect=True)
    def work(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        return TextReply("done")

    store = a_store(proxied[1], held)
    return a_webhook(start(proxied[1], router, store=store), store)


def question(number: int) -> Delivery:
    return delivered(xml(created_at=present(), MsgId=str(number)), at=present(), nonce=str(number))


def work(number: int) -> Delivery:
    event = an_event("CLICK", created_at=present(), EventKey="work", FromUserName=f"o{number}")
    return delivered(event, at=present(), nonce=str(number))


def posted(webhook: Webhook, delivery: Delivery) -> tuple[int, float]:
    started = time.monotonic()
    answered = post(webhook, delivery)
    return answered.status, time.monotonic() - started


@pytest.mark.parametrize("idle_s", [0.0, 0.3])
@pytest.mark.parametrize("warm", [True, False])
def test_a_frozen_database_is_a_try_again_in_time(
    webhook: Webhook,
    proxied: tuple[Proxy, Database],
    monkeypatch: pytest.MonkeyPatch,
    idle_s: float,
    *,
    warm: bool,
) -> None:
    """Whether connections were in use just now, idle for long, or are not there yet."""
    monkeypatch.setattr("wx_archive.core.database.PING_AFTER_S", 0.2)
    proxy, database = proxied
    with ThreadPoolExecutor(THREADS) as pool:
        if warm:
            ready = [*map(question, range(THREADS)), *map(work, range(THREADS))]
            assert {
                status for status, _took_s in pool.map(lambda one: posted(webhook, one), ready)
            } == {200}
        time.sleep(idle_s)
        proxy.freeze()
        deliveries = [question(11), work(11), question(12), work(12)]
        ended = list(pool.map(lambda delivery: posted(webhook, delivery), deliveries))
    assert {status for status, _took_s in ended} == {503}
    assert min(took_s for _status, took_s in ended) > 3.5  # never early: it is repeated at once
    assert max(took_s for _status, took_s in ended) < HANGS_UP_AFTER_S
    proxy.thaw()
    assert post(webhook, work(11)).status == 200
    assert effects(database) == (THREADS + 1 if warm else 1)
