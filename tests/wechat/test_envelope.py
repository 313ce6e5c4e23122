"""Who may speak to the account: freshness, signatures, receivers, modes, key rotation."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.simulator import sealing
from tests.wechat.deliveries import (
    AES_KEY,
    NOW,
    OTHER_KEY,
    RECEIVER,
    SECOND,
    Delivery,
    account_for,
    an_event,
    delivered,
    opened_reply,
    signed,
    signed_plain,
    xml,
)
from wx_archive.wechat.envelope import MAX_BODY_BYTES, Account
from wx_archive.wechat.errors import ForgedError, MalformedError, TooLargeError, WireError
from wx_archive.wechat.inbound import MenuClick, Text

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "wechat_crypto_vectors.json"
MODES = ["safe", "compatible", "plain"]
SEALED_MODES = ["safe", "compatible"]


def refuse(
    delivery: Delivery,
    account: Account,
    error: type[WireError],
    reason: str,
    *,
    now: datetime = NOW,
) -> None:
    with pytest.raises(error) as caught:
        account.open(delivery.query, delivery.body, now=now)
    assert caught.value.reason.startswith(reason)
    assert 400 <= caught.value.status < 500


@pytest.mark.parametrize("mode", MODES)
def test_a_genuine_message_is_opened_in_every_mode(mode: str) -> None:
    delivery = delivered(xml(Content="房改"), mode)
    opened = account_for(mode).open(delivery.query, delivery.body, now=NOW)
    assert isinstance(opened.message, Text)
    assert opened.message.content == "房改"
    assert opened.raw.decode() == xml(Content="房改")


@pytest.mark.parametrize("mode", SEALED_MODES)
def test_the_answer_is_sealed_so_that_wechat_can_open_it(mode: str) -> None:
    account, delivery = account_for(mode), delivered(xml(), mode)
    opened = account.open(delivery.query, delivery.body, now=NOW)
    assert opened_reply(account.seal("<xml>答</xml>".encode(), opened, now=NOW)) == "<xml>答</xml>"


def test_the_answer_of_a_plain_account_is_plain() -> None:
    account, delivery = account_for("plain"), delivered(xml(), "plain")
    opened = account.open(delivery.query, delivery.body, now=NOW)
    assert account.seal(b"<xml/>", opened, now=NOW) == b"<xml/>"


@pytest.mark.parametrize("mode", MODES)
def test_success_is_never_sealed(mode: str) -> None:
    account, delivery = account_for(mode), delivered(xml(), mode)
    opened = account.open(delivery.query, delivery.body, now=NOW)
    assert account.seal(b"success", opened, now=NOW) == b"success"


@pytest.mark.parametrize("used", [AES_KEY, OTHER_KEY])
def test_during_a_key_rotation_the_answer_is_sealed_with_the_key_that_opened(used: str) -> None:
    account = account_for(wechat_previous_aes_key=SecretStr(OTHER_KEY))
    delivery = delivered(xml(), aes_key=used)
    opened = account.open(delivery.query, delivery.body, now=NOW)
    assert opened_reply(account.seal(b"<xml/>", opened, now=NOW), aes_key=used) == "<xml/>"


def test_without_a_rotation_the_previous_key_opens_nothing() -> None:
    refuse(delivered(xml(), aes_key=OTHER_KEY), account_for(), WireError, "")


def test_a_forged_message_is_refused_during_a_rotation_too() -> None:
    account = account_for(wechat_previous_aes_key=SecretStr(OTHER_KEY))
    refuse(delivered(xml(), aes_key="A" * 43), account, WireError, "")
    refuse(delivered(xml(), app_id="wx0000000000000000"), account, ForgedError, "app-id")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_a_stale_timestamp_is_refused(mode: str, seconds: int) -> None:
    delivery = delivered(xml(), mode, at=SECOND + seconds)
    refuse(delivery, account_for(mode), ForgedError, "stale")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_clock_that_is_a_little_off_is_tolerated(mode: str, seconds: int) -> None:
    delivery = delivered(xml(), mode, at=SECOND + seconds)
    account_for(mode).open(delivery.query, delivery.body, now=NOW)


def test_the_tolerance_is_a_setting() -> None:
    delivery = delivered(xml(), at=SECOND - 500)
    account_for(wechat_clock_window_s=600).open(delivery.query, delivery.body, now=NOW)


SHAPES = [
    "",
    "179529120",
    "17952912000",
    " 1795291200",
    "+795291200",
    "179529120a",
    "\uff11" * 10,
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("timestamp", SHAPES)
def test_a_timestamp_of_another_shape_is_refused(mode: str, timestamp: str) -> None:
    sealed = sealing.encrypt(xml(), AES_KEY, "wxdemo000000000001")
    if mode == "plain":
        delivery = signed_plain(xml().encode(), at=timestamp)
    else:
        delivery = signed(sealed, at=timestamp)
    refuse(delivery, account_for(mode), ForgedError, "shape")


@pytest.mark.parametrize("nonce", ["", "a" * 65, "a b", "a\n", "你好", "a.b", "a%00"])
def test_a_nonce_of_another_shape_is_refused(nonce: str) -> None:
    refuse(delivered(xml(), nonce=nonce), account_for(), ForgedError, "shape")


@pytest.mark.parametrize("mode", MODES)
def test_digits_moved_between_timestamp_and_nonce_are_refused(mode: str) -> None:
    """The signature covers the parts joined, so the moved digits sign the same."""
    good = delivered(xml(), mode, at=SECOND + 9, nonce="9372623149")
    joined = good.query["timestamp"] + good.query["nonce"]
    for cut in (9, 11, 12):
        moved = good.with_query(timestamp=joined[:cut], nonce=joined[cut:])
        parts = (moved.query["timestamp"], moved.query["nonce"])
        assert sealing.signature("wx-archive-demo-token", *parts) == good.query["signature"]
        refuse(moved, account_for(mode), ForgedError, "shape")


@pytest.mark.parametrize("mode", MODES)
def test_a_message_to_another_account_is_refused(mode: str) -> None:
    delivery = delivered(xml(ToUserName="gh_somebodyelse0"), mode)
    refuse(delivery, account_for(mode), ForgedError, "receiver")


def test_only_the_inner_receiver_counts() -> None:
    good = delivered(xml())
    shown = good.body.replace(RECEIVER.encode(), b"gh_somebodyelse0")
    account_for().open(good.query, shown, now=NOW)


def test_the_unsigned_outside_of_a_compatible_message_is_never_believed() -> None:
    good = delivered(xml(Content="真"), "compatible")
    forged = good.body.replace("真".encode(), "假".encode(), 1)
    assert forged != good.body
    opened = account_for("compatible").open(good.query, forged, now=NOW)
    assert isinstance(opened.message, Text)
    assert opened.message.content == "真"


@pytest.mark.parametrize("mode", SEALED_MODES)
@pytest.mark.parametrize("encrypt_type", [None, "", "raw", "RAW", "aes "])
def test_a_sealed_account_takes_no_plain_message(mode: str, encrypt_type: str | None) -> None:
    delivery = signed_plain(xml().encode())
    if encrypt_type is not None:
        delivery = delivery.with_query(encrypt_type=encrypt_type)
    refuse(delivery, account_for(mode), ForgedError, "not-sealed")


@pytest.mark.parametrize("mode", SEALED_MODES)
def test_a_plain_body_that_claims_to_be_sealed_is_refused(mode: str) -> None:
    delivery = signed_plain(xml().encode()).with_query(encrypt_type="aes", msg_signature="0" * 40)
    refuse(delivery, account_for(mode), MalformedError, "no-encrypt")


@pytest.mark.parametrize("mode", SEALED_MODES)
@pytest.mark.parametrize("name", ["timestamp", "nonce", "encrypt_type", "msg_signature"])
def test_a_missing_field_is_refused(mode: str, name: str) -> None:
    refuse(delivered(xml(), mode).without(name), account_for(mode), ForgedError, "")


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature"])
def test_a_missing_field_is_refused_in_plain_mode(name: str) -> None:
    refuse(delivered(xml(), "plain").without(name), account_for("plain"), ForgedError, "")


@pytest.mark.parametrize("mode", SEALED_MODES)
@pytest.mark.parametrize("value", ["", "0" * 40, "ä" * 40, "\udcff"])
def test_a_wrong_signature_over_the_seal_is_refused(mode: str, value: str) -> None:
    delivery = delivered(xml(), mode).with_query(msg_signature=value)
    refuse(delivery, account_for(mode), ForgedError, "msg-signature")


def test_the_plain_signature_does_not_open_a_sealed_message() -> None:
    good = delivered(xml())
    delivery = good.with_query(msg_signature=good.query["signature"])
    refuse(delivery, account_for(), ForgedError, "msg-signature")


def test_a_wrong_plain_signature_is_refused() -> None:
    delivery = delivered(xml(), "plain").with_query(signature="0" * 40)
    refuse(delivery, account_for("plain"), ForgedError, "signature")


@pytest.mark.parametrize("mode", MODES)
def test_a_body_larger_than_any_message_is_refused_unread(mode: str) -> None:
    delivery = Delivery(delivered(xml(), mode).query, b"<xml>" + b" " * MAX_BODY_BYTES)
    refuse(delivery, account_for(mode), TooLargeError, "body-size")


def test_two_seals_in_one_body_are_refused() -> None:
    good = delivered(xml())
    again = good.body.replace(b"</xml>", b"<Encrypt>QUJD</Encrypt></xml>")
    refuse(Delivery(good.query, again), account_for(), MalformedError, "xml-repeated-name")


def test_a_sealed_body_to_a_plain_account_is_no_message() -> None:
    refuse(delivered(xml()), account_for("plain"), MalformedError, "missing-MsgType")


@pytest.mark.parametrize("mode", MODES)
def test_the_address_check_gets_its_echo(mode: str) -> None:
    query = delivered(xml(), "plain").query | {"echostr": "5927819104385"}
    assert account_for(mode).verify(query, now=NOW) == "5927819104385"


@pytest.mark.parametrize("mode", MODES)
def test_a_forged_address_check_is_refused(mode: str) -> None:
    query = delivered(xml(), "plain").query | {"echostr": "1"}
    account = account_for(mode)
    for forged in (
        query | {"signature": "0" * 40},
        query | {"timestamp": str(SECOND + 1)},
        query | {"nonce": "1"},
        {name: value for name, value in query.items() if name != "signature"},
    ):
        with pytest.raises(ForgedError):
            account.verify(forged, now=NOW)
    with pytest.raises(ForgedError, match="stale"):
        account.verify(query, now=NOW + timedelta(seconds=301))


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
def test_a_published_compatible_delivery_is_opened_whole() -> None:
    told = next(
        vector
        for vector in json.loads(VECTORS.read_text())["message_vectors"]
        if vector["name"] == "senparc_compat_mode"
    )
    account = account_for(
        "compatible",
        wechat_token=SecretStr(told["token"]),
        wechat_app_id=told["appid"],
        wechat_aes_key=SecretStr(told["encoding_aes_key"]),
        wechat_original_id="gh_a96a4a619366",
    )
    query = {name: told[name] for name in ("timestamp", "nonce", "msg_signature", "signature")}
    body = f"<xml><Encrypt>{told['encrypt']}</Encrypt></xml>".encode()
    now = datetime.fromtimestamp(int(told["timestamp"]), UTC)
    opened = account.open(query | {"encrypt_type": "aes"}, body, now=now)
    assert isinstance(opened.message, Text)
    assert opened.message.content == "你好"
    account.verify(query | {"echostr": "1"}, now=now)


def test_an_event_is_opened_like_a_message() -> None:
    delivery = delivered(an_event("CLICK", EventKey="lookup.start"))
    opened = account_for().open(delivery.query, delivery.body, now=NOW)
    assert isinstance(opened.message, MenuClick)
    assert opened.message.key == "lookup.start"


def test_a_check_of_the_address_without_anything_to_repeat_is_refused() -> None:
    with pytest.raises(MalformedError, match="no-echostr"):
        account_for("plain").verify(delivered(xml(), "plain").query, now=NOW)
