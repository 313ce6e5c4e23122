"""A TCP proxy in front of a server, which can fall silent, cut every line, and come back."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import make_url


class Proxy:
    """Carries bytes to and fro until it is frozen: then lines stay open and nothing comes."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._flowing = threading.Event()
        self._flowing.set()
        self._closed = threading.Event()
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self.port = int(self._server.getsockname()[1])
        self.accepted = 0
        self._begin(self._accept)

    def freeze(self) -> None:
        """Stop forwarding; new lines are still taken, as a stopped process's kernel does."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """Close every line, as a server that is started again."""
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed.set()
        self.thaw()
        self.cut()
        for thread in list(self._threads):
            thread.join(timeout=5)
        self._server.close()

    def _begin(self, work: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            with suppress(TimeoutError):
                self._begin(self._carry, self._server.accept()[0])

    def _carry(self, near: socket.socket) -> None:
        self.accepted += 1
        with near, socket.create_connection(self._target) as far:
            with self._lock:
                self._lines += [near, far]
            with suppress(OSError):
                while not self._closed.is_set() and self._pass_on(near, far):
                    pass

    def _pass_on(self, near: socket.socket, far: socket.socket) -> bool:
        ready, _, _ = select.select([near, far], [], [], 0.05)
        for line in ready:
            self._flowing.wait()
            piece = line.recv(65_536)
            if not piece:
                return False
            (far if line is near else near).sendall(piece)
        return True


@contextmanager
def in_front_of(url: str) -> Iterator[tuple[Proxy, str]]:
    """Yield a proxy before a database server and the database's address through it."""
    address = make_url(url)
    proxy = Proxy(address.port or 5432)
    try:
        yield proxy, address.set(port=proxy.port).render_as_string(hide_password=False)
    finally:
        proxy.close()
