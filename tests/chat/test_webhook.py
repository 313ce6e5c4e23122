"""`/wechat` over WSGI: methods, headers, lying lengths, refusals without a detail, replays."""

from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from tests.chat.conftest import Start, a_store
from tests.chat.talks import a_router, do_effect, effects, followers, handled, says, words
from tests.chat.webhooks import Answered, a_webhook, call, post, present
from tests.wechat.deliveries import (
    AES_KEY,
    OTHER_KEY,
    Delivery,
    an_event,
    delivered,
    opened_reply,
    signed,
    signed_plain,
    xml,
)
from wx_archive.chat.router import Stage
from wx_archive.chat.turn import Turn
from wx_archive.core.database import Database
from wx_archive.wechat.envelope import MAX_BODY_BYTES
from wx_archive.wechat.replies import NoReply, Reply, TextReply

MODES = ["safe", "compatible", "plain"]


@pytest.fixture
def webhooks(sqlite: Database, start: Start, held: ExitStack) -> Any:
    """Make the webhook of one account in any mode; every message has an effect."""
    router = a_router()

    @router.on_words(Stage.LOOKUP, effect=True)
    def look(turn: Turn[Any]) -> Reply:
        do_effect(turn)
        return TextReply("found")

    router.on_click("quiet")(lambda _turn: NoReply())
    router.on_click("loud")(says("loud"))
    store = a_store(sqlite, held)
    answering = start(sqlite, router, store=store)
    return lambda mode="safe", **changes: a_webhook(answering, store, mode, **changes)


def genuine(mode: str = "safe", **nodes: str) -> Delivery:
    return delivered(xml(created_at=present(), **nodes), mode, at=present())


def assert_refused(answered: Answered, sqlite: Database, status: int | None = None) -> None:
    """No detail, no effect, nothing stored."""
    assert 400 <= answered.status < 500
    assert status in {None, answered.status}
    assert answered.body == b""
    assert (effects(sqlite), followers(sqlite), handled(sqlite)) == (0, 0, [])


@pytest.mark.parametrize("mode", MODES)
def test_a_genuine_message_is_answered_in_every_mode(webhooks: Any, mode: str) -> None:
    answered = post(webhooks(mode), genuine(mode))
    assert (answered.status, answered.phrase) == (200, "OK")
    assert answered.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    inner = answered.body if mode == "plain" else opened_reply(answered.body).encode()
    assert words(inner) == "found"


@pytest.mark.parametrize("used", [AES_KEY, OTHER_KEY])
def test_during_a_rotation_both_keys_are_served(webhooks: Any, used: str) -> None:
    webhook = webhooks(wechat_previous_aes_key=SecretStr(OTHER_KEY))
    answered = post(webhook, delivered(xml(created_at=present()), at=present(), aes_key=used))
    assert words(opened_reply(answered.body, aes_key=used).encode()) == "found"


def test_a_retry_has_the_same_inside_in_a_new_seal(webhooks: Any) -> None:
    webhook, told = webhooks(), xml(created_at=present())
    one = post(webhook, delivered(told, at=present()))
    two = post(webhook, delivered(told, at=present(), nonce="99"))
    assert one.body != two.body
    assert opened_reply(one.body) == opened_reply(two.body)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_show_is_a_bare_success(webhooks: Any, mode: str) -> None:
    told = an_event("CLICK", EventKey="quiet", created_at=present())
    answered = post(webhooks(mode), delivered(told, mode, at=present()))
    assert (answered.status, answered.body) == (200, b"success")
    assert answered.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("mode", MODES)
def test_the_address_check_is_answered_as_text(webhooks: Any, mode: str, sqlite: Database) -> None:
    query = signed_plain(b"", at=present()).with_query(echostr="<b>1&2</b>")
    answered = call(webhooks(mode), query.query_string, REQUEST_METHOD="GET", CONTENT_LENGTH=None)
    assert (answered.status, answered.body) == (200, b"<b>1&2</b>")
    assert answered.headers["Content-Type"] == "text/plain; charset=utf-8"
    forged = query.with_query(signature="0" * 40).query_string
    assert_refused(call(webhooks(mode), forged, REQUEST_METHOD="GET"), sqlite, 403)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "X"])
def test_another_method_is_not_allowed(webhooks: Any, method: str, sqlite: Database) -> None:
    answered = post(webhooks(), genuine(), REQUEST_METHOD=method)
    assert_refused(answered, sqlite, 405)
    assert answered.headers["Allow"] == "GET, POST"


def test_another_path_is_not_found(webhooks: Any, sqlite: Database) -> None:
    assert_refused(post(webhooks(), genuine(), PATH_INFO="/x"), sqlite, 404)
    assert post(webhooks(), genuine(), PATH_INFO="/").status == 200


LENGTHS = ["-1", "1.5", "abc", "\u00b2", "1e3", " 5", "+5", "9" * 5_000, "5\n"]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_length_that_is_none_is_refused(webhooks: Any, length: str, sqlite: Database) -> None:
    assert_refused(post(webhooks(), genuine(), CONTENT_LENGTH=length), sqlite)


@pytest.mark.parametrize("length", ["0", "10", "200"])
@pytest.mark.parametrize("mode", MODES)
def test_a_length_that_tells_too_little_is_refused(
    webhooks: Any, mode: str, length: str, sqlite: Database
) -> None:
    assert_refused(post(webhooks(mode), genuine(mode), CONTENT_LENGTH=length), sqlite, 400)


def test_a_length_that_tells_too_much_changes_nothing(webhooks: Any) -> None:
    assert post(webhooks(), genuine(), CONTENT_LENGTH="100000").status == 200


def test_a_body_of_unknown_length_is_read_where_it_surely_ends(
    webhooks: Any, sqlite: Database
) -> None:
    bare = {"CONTENT_LENGTH": None}
    assert_refused(post(webhooks(), genuine(), **bare), sqlite, 400)
    ending = bare | {"wsgi.input_terminated": True}
    assert post(webhooks(), genuine(), **ending).status == 200


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_an_oversize_body_is_refused(
    webhooks: Any, mode: str, sqlite: Database, *, told: bool
) -> None:
    big = Delivery(genuine(mode).query, b" " * (MAX_BODY_BYTES + 1))
    length = {} if told else {"CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    assert_refused(post(webhooks(mode), big, **length), sqlite, 413)


@pytest.mark.parametrize("mode", MODES)
def test_a_forged_query_is_refused(webhooks: Any, mode: str, sqlite: Database) -> None:
    good = genuine(mode)
    query = good.query_string
    for forged in (
        "",
        "&" * 30,
        query + "&timestamp=" + good.query["timestamp"],
        query + "&nonce=1",
        query + "&signature=0",
        query + "&x=1" * 30,
        query + "&" + "x" * 3_000,
        query + "&" + "&".join(f"x{n}={n}" for n in range(30)),
        query.replace("timestamp", "Timestamp"),
        query.replace("nonce=", "nonce=%00"),
        query.replace("nonce=", "nonce=%ff%fe"),
    ):
        assert_refused(call(webhooks(mode), forged, good.body), sqlite)


STALE = [-400, 400, -(10**6)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seconds", STALE)
def test_a_stale_delivery_has_no_effect(
    webhooks: Any, mode: str, seconds: int, sqlite: Database
) -> None:
    delivery = delivered(xml(created_at=present()), mode, at=present() + seconds)
    assert_refused(post(webhooks(mode), delivery), sqlite, 403)


HOSTILE_INSIDE = {
    "a doctype": "<!DOCTYPE x>" + xml(),
    "a bomb": '<!DOCTYPE x [<!ENTITY a "b">]>' + xml(Content="&a;"),
    "deep nesting": xml(Content="<a>" * 2_000 + "</a>" * 2_000),
    "a repeated element": xml(Content="1</Content><Content>2"),
    "no kind": xml(MsgType=""),
    "a huge number": xml(CreateTime="9" * 19),
    "a NUL": xml(Content="\0"),
    "another receiver": xml(ToUserName="gh_another"),
    "no XML": "hello",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", HOSTILE_INSIDE)
def test_a_hostile_inside_has_no_effect(
    webhooks: Any, mode: str, what: str, sqlite: Database
) -> None:
    delivery = delivered(HOSTILE_INSIDE[what], mode, at=present())
    assert_refused(post(webhooks(mode), delivery), sqlite)


@pytest.mark.parametrize("mode", ["safe", "compatible"])
def test_a_sealed_account_is_not_talked_down_to_plain(
    webhooks: Any, mode: str, sqlite: Database
) -> None:
    plain = genuine("plain")
    for query in ({}, {"encrypt_type": "raw"}, {"encrypt_type": "aes", "msg_signature": "x"}):
        assert_refused(post(webhooks(mode), plain.with_query(**query)), sqlite)


@pytest.mark.parametrize("sealed", ["QUJD", "!!!!", "", "A" * 4_000])
def test_noise_in_a_signed_seal_has_no_effect(webhooks: Any, sealed: str, sqlite: Database) -> None:
    assert_refused(post(webhooks(), signed(sealed, at=present())), sqlite, 400)


def test_in_plain_mode_one_signature_carries_one_body(webhooks: Any, sqlite: Database) -> None:
    webhook = webhooks("plain")
    good = genuine("plain")
    first = post(webhook, good)
    other = xml(created_at=present(), Content="forged", MsgId="7").encode()
    refused = post(webhook, Delivery(good.query, other))
    assert (refused.status, refused.body) == (403, b"")
    retried = post(webhook, good)
    assert (retried.status, retried.body) == (200, first.body)
    assert effects(sqlite) == 1


def test_a_database_that_stays_away_is_a_try_again(
    sqlite: Database, start: Start, held: ExitStack
) -> None:
    router, store = a_router(), a_store(sqlite, held)
    router.on_words(Stage.LOOKUP, effect=True)(says("found"))
    webhook = a_webhook(start(sqlite, router, store=store, deadline_s=0.3), store)
    with sqlite.begin() as session:
        session.connection()
        answered = post(webhook, genuine())
    assert (answered.status, answered.body) == (503, b"")
    assert handled(sqlite) == []
    assert post(webhook, genuine()).status == 200
