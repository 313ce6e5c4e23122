"""A worker that is stopped in mid-send for longer than its lease does not send when it wakes."""

import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from tests.faults.conftest import Size
from tests.publishing.far_side import DRAFT, MASS, FarSide
from tests.publishing.pushing import an_article
from tests.publishing.sending_faults.workers import until, workers


@pytest.mark.timeout(200)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_woken_worker_does_not_send(
    kind: str, tmp_path: Path, size: Size, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    reached, let_go = threading.Event(), threading.Event()

    def slow(side: FarSide, request: Request) -> Response:
        reached.set()
        let_go.wait(100)
        return side.do(request)

    wechat = FarSide()
    wechat.spoil(DRAFT, slow)
    with workers(url, tmp_path, wechat) as place:
        bureau = place.bureau
        content = an_article(cover=bureau.brings_in())
        pid = bureau.schedules(content, within=timedelta(milliseconds=200))
        frozen = place.start()
        until(reached.is_set, "never asked for its draft")
        frozen.send_signal(signal.SIGSTOP)
        if size.is_full:
            time.sleep(40)
        place.leases_over(is_full=size.is_full)
        place.start()
        until(lambda: bureau.push(pid).sent_at is not None, "never taken over", 60)
        let_go.set()
        time.sleep(0.2)  # its answer lies ready when it wakes
        frozen.send_signal(signal.SIGCONT)
        until(lambda: place.said("jobs.lost") > 0, "it never noticed", 60)
        assert wechat.times(MASS) == 1
        (sent,) = wechat.sent
        assert sent.body["mpnews"]["media_id"] == bureau.push(pid).media_id, "it wrote afterwards"
        assert bureau.stands(pid) == ("sending", "")
