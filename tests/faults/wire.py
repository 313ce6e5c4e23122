"""Deliveries over a real line: what a WeChat would post, and what came back."""

import asyncio
from dataclasses import dataclass
from typing import Final

from tests.wechat.deliveries import Delivery, delivered, opened_reply
from wx_archive.core import clock

HANGS_UP_AFTER_S: Final = 5.0
"""How long WeChat waits for an answer."""
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back on one line.

    Attributes:
        status: HTTP status; None for silence or a broken line.
        body: as it came.
        took_s: from the first byte of ours to the last byte of theirs, or to giving up.
    """

    status: int | None
    body: bytes
    took_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One delivery and its answer.

    Attributes:
        status: HTTP status; None for silence or a broken line.
        reply: the answer as the follower would see it, opened; None unless the status was 200.
        took_s: how long it took.
        is_readable: False when WeChat could not have opened the answer.
    """

    status: int | None
    reply: str | None
    took_s: float
    is_readable: bool = True

    @property
    def is_acknowledged(self) -> bool:
        return self.status == 200


def present() -> int:
    return int(clock.now().timestamp())


def request(method: str, target: str, body: bytes = b"", *, length: int | None = None) -> bytes:
    """Return the bytes of a request; ``length`` may lie about the body's."""
    told = len(body) if length is None else length
    head = f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
    if method == "POST":
        head += f"Content-Type: text/xml\r\nContent-Length: {told}\r\n"
    return head.encode("latin-1") + b"\r\n" + body


async def exchange(port: int, asked: bytes, *, within_s: float = HANGS_UP_AFTER_S) -> Answer:
    """Send bytes on a line of their own and read the answer to its end."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    status, body = None, b""
    try:
        async with asyncio.timeout(within_s):
            status, body = await _talk(port, asked)
    except (OSError, TimeoutError, EOFError, ValueError):
        status, body = None, b""
    return Answer(status, body, loop.time() - started)


async def _talk(port: int, asked: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(HOST, port, limit=2**20)
    try:
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        return int(lines[0].split(" ")[1]), body
    finally:
        writer.close()


async def deliver(port: int, delivery: Delivery, mode: str = "safe") -> Outcome:
    """Post one delivery as WeChat does, and open the answer."""
    asked = request("POST", f"/wechat?{delivery.query_string}", delivery.body)
    return opened(await exchange(port, asked), mode)


def opened(answer: Answer, mode: str = "safe") -> Outcome:
    """Open an answer the way WeChat would."""
    if answer.status != 200:
        return Outcome(answer.status, None, answer.took_s)
    if mode == "plain" or answer.body in (b"", b"success"):
        return Outcome(200, answer.body.decode(), answer.took_s)
    try:
        return Outcome(200, opened_reply(answer.body), answer.took_s)
    except (AssertionError, ValueError, KeyError, SyntaxError):
        return Outcome(200, None, answer.took_s, is_readable=False)


def sealed_now(inner: str, nonce: int, mode: str = "safe") -> Delivery:
    """Seal and sign a message at this second."""
    return delivered(inner, mode, at=present(), nonce=str(nonce))


async def is_ready(port: int) -> bool:
    return (await exchange(port, request("GET", "/-/ready"), within_s=2)).status == 200
