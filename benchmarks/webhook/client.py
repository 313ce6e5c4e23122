"""The client: keep-alive connections on raw sockets, as cheap as Python allows."""

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

CONNECTIONS: Final = 16
SILENCE_S: Final = 15.0
"""A server that says nothing for so long is given up; what is open then has no reply."""
_MAX_RECONNECTS: Final = 2_000


@dataclass(slots=True)
class Outcome:
    """What one run brought.

    Attributes:
        replies: status and body in the order of the messages; None where none came.
        latencies_ms: of the replies that came.
        wall_s: from the first request to the last reply.
        client_cpu_s: what the client itself used meanwhile.
        reconnects: connections that the server closed.
    """

    replies: list[tuple[int, bytes] | None]
    latencies_ms: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    client_cpu_s: float = 0.0
    reconnects: int = 0


class _Line:
    """One connection and the message that is under way on it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.index = -1
        self.since = 0.0
        self.request = b""
        self._received = b""
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=SILENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, index: int, request: bytes, since: float) -> None:
        self.index, self.request, self.since = index, request, since
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Return the reply once it is whole.

        Raises:
            ConnectionError: the server closed the connection.
        """
        piece = self.socket.recv(65_536)
        if not piece:
            raise ConnectionResetError
        self._received += piece
        head, gap, body = self._received.partition(b"\r\n\r\n")
        if not gap:
            return None
        length = _content_length(head)
        if len(body) < length:
            return None
        self._received = body[length:]
        return int(head[9:12]), body[:length]


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    message = "a reply without Content-Length: this client does not read chunks"
    raise ValueError(message)


def closed_loop(port: int, requests: Sequence[bytes]) -> Outcome:
    """Send all requests over sixteen connections, each the next as soon as it has its reply."""
    return _Run(port, requests, rate=None).go()


def open_loop(port: int, requests: Sequence[bytes], *, rate: float) -> Outcome:
    """Send ``rate`` requests a second, whatever the replies do.

    Latency counts from the moment a request was due, so that a stall costs all that it delays.
    """
    return _Run(port, requests, rate=rate).go()


class _Run:
    def __init__(self, port: int, requests: Sequence[bytes], *, rate: float | None) -> None:
        self._requests = requests
        self._pause_s = 1 / rate if rate else 0.0
        self._outcome = Outcome([None] * len(requests))
        self._lines = [_Line(port) for _ in range(CONNECTIONS)]
        self._idle = deque(self._lines)
        self._busy: dict[socket.socket, _Line] = {}
        self._next = 0
        self._started = 0.0

    def go(self) -> Outcome:
        gc.collect()
        gc.disable()  # a pause of ours must not count as theirs
        cpu, self._started = time.process_time(), time.perf_counter()
        try:
            while self._next < len(self._requests) or self._busy:
                self._send_due()
                if not self._wait():
                    break
        finally:
            gc.enable()
            for line in self._lines:
                line.socket.close()
        self._outcome.wall_s = time.perf_counter() - self._started
        self._outcome.client_cpu_s = time.process_time() - cpu
        return self._outcome

    def _send_due(self) -> None:
        while self._idle and self._next < len(self._requests):
            now = time.perf_counter()
            due = self._started + self._next * self._pause_s if self._pause_s else now
            if due > now:
                return
            line = self._idle.popleft()
            self._busy[line.socket] = line
            line.send(self._next, self._requests[self._next], due)
            self._next += 1

    def _wait(self) -> bool:
        """Take in what has come, until the next request is due; False when the server is silent."""
        timeout = SILENCE_S
        if self._pause_s and self._idle and self._next < len(self._requests):
            due = self._started + self._next * self._pause_s
            timeout = max(0.0, due - time.perf_counter())
        ready, _, _ = select.select(list(self._busy), [], [], timeout)
        for connection in ready:
            self._take(self._busy[connection])
        return bool(ready) or timeout < SILENCE_S

    def _take(self, line: _Line) -> None:
        try:
            reply = line.receive()
        except ConnectionError:
            self._again(line)
            return
        if reply is None:
            return
        self._outcome.replies[line.index] = reply
        self._outcome.latencies_ms.append((time.perf_counter() - line.since) * 1000)
        del self._busy[line.socket]
        self._idle.append(line)

    def _again(self, line: _Line) -> None:
        """Send once more over a new connection, as WeChat would."""
        self._outcome.reconnects += 1
        if self._outcome.reconnects > _MAX_RECONNECTS:
            message = "the server keeps closing connections"
            raise RuntimeError(message)
        del self._busy[line.socket]
        line.socket.close()
        line.open()
        self._busy[line.socket] = line
        line.send(line.index, line.request, line.since)
