"""An upload that breaks off leaves no file open."""

from io import BytesIO
from typing import IO, Any, ClassVar

import pytest
from flask import Flask, request

from wx_archive.core.tidy import TidyRequest

HEAD = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.jpg"\r\n\r\n'


class Watched(TidyRequest):
    """Remembers what it has opened."""

    streams: ClassVar[list[IO[bytes]]] = []

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        stream = super()._get_file_stream(*args, **kwargs)
        self.streams.append(stream)
        return stream


@pytest.mark.parametrize("end", [b"\r\n--x--\r\n", b""], ids=["whole", "broken off"])
def test_what_was_opened_for_an_upload_is_closed_with_it(end: bytes) -> None:
    flask = Flask("tidy")
    flask.request_class = Watched
    Watched.streams.clear()

    @flask.post("/")
    def take() -> str:
        return f"{len(request.form)}"

    body = HEAD + b"x" * 1_000_000 + end
    flask.test_client().post(
        "/",
        input_stream=BytesIO(body),
        content_length=len(body),
        content_type="multipart/form-data; boundary=x",
    )
    assert Watched.streams
    assert all(stream.closed for stream in Watched.streams)
