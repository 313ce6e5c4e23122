"""A request whose uploaded files are closed with it, even if its form was never read to its end."""

from typing import IO, Any

from flask import Request


class TidyRequest(Request):
    """Closes what it has opened: a body that is broken off leaves no file open behind it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opened: list[IO[bytes]] = []

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        stream = super()._get_file_stream(*args, **kwargs)
        self._opened.append(stream)
        return stream

    def close(self) -> None:
        """Close every uploaded file."""
        super().close()
        for stream in self._opened:
            stream.close()
