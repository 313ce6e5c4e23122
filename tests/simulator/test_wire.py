"""What is posted to the account, how often, and what its answers do."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.simulator.conftest import ConfigBuilder, Start
from tests.simulator.fake_account import FakeAccount, Received, text_reply
from tests.simulator.sealing import decrypt, encrypt, node_names, sealed_reply, signature
from wx_archive.simulator.config import Encryption, SimulatorConfig
from wx_archive.simulator.phone import Phone

FAULT = "该公众号提供的服务出现故障，请稍后再试"
VECTORS = Path("/work/shared/data/wechat_crypto_vectors.json")


def unsealed(received: Received, config: SimulatorConfig) -> str:
    """Check msg_signature and app id as a strict account would; return the message."""
    query, sealed = received.query, received.nodes["Encrypt"]
    parts = (config.token, query["timestamp"], query["nonce"])
    assert query["encrypt_type"] == "aes"
    assert query["signature"] == signature(*parts)
    assert query["msg_signature"] == signature(*parts, sealed)
    xml, app_id = decrypt(sealed, config.aes_key)
    assert app_id == config.app_id
    return xml


def outcomes(simulator: str) -> list[list[tuple[int, int | None, str]]]:
    exchanges = requests.get(f"{simulator}/sim/exchanges", timeout=5).json()
    return [
        [(each["attempt"], each["status"], each["outcome"]) for each in exchange["deliveries"]]
        for exchange in exchanges
    ]


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not on this machine")
def test_the_sealing_of_these_tests_agrees_with_published_vectors() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["message_vectors"]
    good = [vector for vector in vectors if vector["use_as"] == "positive"]
    assert good
    for vector in good:
        found = decrypt(vector["encrypt"], vector["encoding_aes_key"])
        assert found == (vector["plaintext"], vector["embedded_id"])


def test_the_plain_signature_is_the_published_one() -> None:
    assert signature("AAAAA", "1714037059", "486452656") == (
        "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    )


def test_a_plain_message_is_signed_and_readable(
    account: FakeAccount, phone: Phone, a_config: ConfigBuilder
) -> None:
    phone.says("查档案")
    (received,) = account.received
    query = received.query
    assert received.path == "/wechat"
    assert received.headers["Content-Type"] == "text/xml"
    assert list(query) == ["signature", "timestamp", "nonce", "openid"]
    assert query["signature"] == signature(a_config().token, query["timestamp"], query["nonce"])
    assert query["openid"] == phone.openid == received.nodes["FromUserName"]
    assert received.nodes["Content"] == "查档案"
    assert received.nodes["ToUserName"] == "gh_0123456789ab"


def test_a_safe_message_shows_only_the_account_and_the_sealed_part(
    account: FakeAccount, start: Start, a_config: ConfigBuilder
) -> None:
    phone = Phone(start(encryption=Encryption.SAFE))
    phone.follows()
    (received,) = account.received
    assert list(received.nodes) == ["ToUserName", "Encrypt"]
    inside = unsealed(received, a_config())
    assert node_names(inside)[:4] == ["ToUserName", "FromUserName", "CreateTime", "MsgType"]
    assert phone.openid in inside


def test_a_compatible_message_is_both_plain_and_sealed(
    account: FakeAccount, start: Start, a_config: ConfigBuilder
) -> None:
    phone = Phone(start(encryption=Encryption.COMPATIBLE))
    phone.follows()
    phone.says("你好")
    received = account.received[1]
    assert received.nodes["Content"] == "你好"
    inside = unsealed(received, a_config())
    assert [*node_names(inside), "Encrypt"] == node_names(received.body)


def test_texts_cannot_break_out_of_their_node(account: FakeAccount, phone: Phone) -> None:
    phone.says("x]]></Content><MsgType>event\x00")
    assert account.received[0].nodes["Content"] == "x]]></Content><MsgType>event"
    assert account.received[0].nodes["MsgType"] == "text"


@pytest.mark.parametrize("encryption", [Encryption.SAFE, Encryption.COMPATIBLE])
def test_a_sealed_reply_is_opened_and_shown(
    encryption: Encryption, account: FakeAccount, start: Start, a_config: ConfigBuilder
) -> None:
    config = a_config()

    def answer(received: Received) -> tuple[int, str]:
        inside = Received("", "", {}, unsealed(received, config))
        xml = text_reply(inside, "欢迎")
        keys = {"token": config.token, "aes_key": config.aes_key, "app_id": config.app_id}
        return 200, sealed_reply(xml, **keys)

    account.answer = answer
    phone = Phone(start(encryption=encryption))
    phone.follows()
    phone.sees("欢迎")


def test_the_compatible_mode_also_takes_a_plain_reply(account: FakeAccount, start: Start) -> None:
    account.says("明文回复")
    phone = Phone(start(encryption=Encryption.COMPATIBLE))
    phone.follows()
    phone.sees("明文回复")


@pytest.mark.parametrize("bent", ["signature", "app id", "garbage", "plain", "no signature"])
def test_a_badly_sealed_reply_shows_the_notice(
    bent: str, account: FakeAccount, start: Start, a_config: ConfigBuilder
) -> None:
    config = a_config()

    def answer(received: Received) -> tuple[int, str]:
        inside = Received("", "", {}, unsealed(received, config))
        xml = text_reply(inside, "不该看到")
        keys = {"token": config.token, "aes_key": config.aes_key, "app_id": config.app_id}
        sealed = encrypt(xml, config.aes_key, config.app_id)
        garbage = sealed[:-8] + "AAAAAAA="
        broken = signature(config.token, "1", "2", garbage)
        return 200, {
            "signature": sealed_reply(xml, **keys | {"token": "another"}),
            "app id": sealed_reply(xml, **keys | {"app_id": "wx_another"}),
            "garbage": f"<xml><Encrypt>{garbage}</Encrypt><MsgSignature>{broken}</MsgSignature>"
            "<TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>",
            "plain": xml,
            "no signature": f"<xml><Encrypt>{sealed}</Encrypt></xml>",
        }[bent]

    account.answer = answer
    phone = Phone(start(encryption=Encryption.SAFE))
    phone.follows()
    assert phone.last_text == FAULT
    assert phone.fault


def test_a_sealed_reply_in_the_plain_mode_shows_the_notice(
    account: FakeAccount, phone: Phone, a_config: ConfigBuilder
) -> None:
    config = a_config()
    keys = {"token": config.token, "aes_key": config.aes_key, "app_id": config.app_id}
    account.answer = lambda received: (200, sealed_reply(text_reply(received, "x"), **keys))
    phone.says("在吗")
    assert phone.last_text == FAULT


def test_a_status_other_than_200_is_repeated_at_once(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    account.replies(500, 201, 302)
    began = time.monotonic()
    assert phone.says("第四次才好") == []
    assert time.monotonic() - began < 3
    assert [attempt[1] for attempt in outcomes(simulator)[-1]] == [500, 201, 302, 200]
    assert len({(each.query_string, each.body) for each in account.received}) == 1


def test_after_four_deliveries_the_phone_shows_the_notice(
    account: FakeAccount, phone: Phone
) -> None:
    account.replies(*[503] * 9)
    (shown,) = phone.says("总是不行")
    assert (shown.sender, shown.kind, shown.text) == ("system", "notice", FAULT)
    assert len(account.received) == 4


def test_silence_is_waited_out_and_repeated(account: FakeAccount, start: Start) -> None:
    account.never_answers()
    simulator = start(first_timeout_s=0.2)
    phone = Phone(simulator)
    began = time.monotonic()
    phone.follows()
    assert 0.7 < time.monotonic() - began < 3
    assert phone.last_text == FAULT
    assert outcomes(simulator) == [[(n, None, "超时未答") for n in (1, 2, 3, 4)]]
    assert len({(each.query_string, each.body) for each in account.received}) == 1


def test_a_dripping_answer_counts_as_silence(account: FakeAccount, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
                for _ in range(20):
                    if done.wait(0.05):
                        return
                    try:
                        connection.sendall(b"x" * 100)
                    except OSError:
                        return

        threads = [threading.Thread(target=drip) for _ in range(4)]
        for thread in threads:
            thread.start()
        simulator = start(account_url=f"http://127.0.0.1:{port}", first_timeout_s=0.2)
        Phone(simulator).follows()
        done.set()
        for thread in threads:
            thread.join()
    assert [attempt[2] for attempt in outcomes(simulator)[0]] == ["超时未答"] * 4
    assert account.received == []


def test_a_refused_connection_is_tried_again_after_the_pause(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    simulator = start(account_url=f"http://127.0.0.1:{port}", first_timeout_s=0.1)
    phone = Phone(simulator)
    began = time.monotonic()
    phone.follows()
    assert 0.28 < time.monotonic() - began < 3
    assert phone.last_text == FAULT
    assert outcomes(simulator) == [[(n, None, "连接失败") for n in (1, 2, 3, 4)]]


def test_the_inspector_sees_both_sides_decrypted_and_as_posted(
    account: FakeAccount, start: Start, a_config: ConfigBuilder
) -> None:
    config = a_config()
    keys = {"token": config.token, "aes_key": config.aes_key, "app_id": config.app_id}

    def answer(received: Received) -> tuple[int, str]:
        inside = Received("", "", {}, unsealed(received, config))
        return 200, sealed_reply(text_reply(inside, "看得见"), **keys)

    account.answer = answer
    simulator = start(encryption=Encryption.SAFE)
    phone = Phone(simulator)
    phone.follows()
    phone.says("有人吗")
    url = f"{simulator}/sim/exchanges"
    first, second = requests.get(url, timeout=5).json()
    assert requests.get(f"{url}?after={first['id']}", timeout=5).json() == [second]
    assert second["id"] == phone.exchange
    assert (first["kind"], second["kind"]) == ("subscribe", "text")
    assert second["openid"] == phone.openid
    assert "有人吗" in second["request_xml"]
    assert second["request_body"] == account.received[1].body
    assert second["query"] == account.received[1].query_string
    assert "看得见" in second["reply_xml"]
    assert "<Encrypt>" in second["reply_body"]
