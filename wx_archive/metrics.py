"""`/-/metrics`: what happened and what waits, read from the database, so that every process agrees.

With `WX_ARCHIVE_METRICS_TOKEN` only its bearer may read them, else only this machine.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from flask import Blueprint, Request, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy import Connection, func, select

from wx_archive import __version__
from wx_archive.chat.models import DeadLetter, HeldAnswer, HeldState, Tally
from wx_archive.core.jobs import Job, JobState
from wx_archive.core.services import Services

FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def blueprint(services: Services, skew_s: Callable[[], float]) -> Blueprint:
    """Return the page; ``skew_s`` tells how far this process's clock is ahead of WeChat's."""
    pages = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(_Figures(services, skew_s))
    token = services.settings.metrics_token.get_secret_value()

    @pages.get("/-/metrics")
    def metrics() -> Response:
        if not _may_read(request, token):
            abort(HTTPStatus.NOT_FOUND)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return pages


def _may_read(asked: Request, token: str) -> bool:
    if token:
        given = asked.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    # A proxy on this machine forwards strangers: their requests come from here as well.
    if any(name in asked.headers for name in FORWARDED):
        return False
    try:
        return ip_address(asked.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Figures(Collector):
    """Reads every figure at the moment it is asked for."""

    def __init__(self, services: Services, skew_s: Callable[[], float]) -> None:
        self._services = services
        self._skew_s = skew_s

    def collect(self) -> Iterable[Metric]:
        """Yield the figures."""
        info = GaugeMetricFamily("wx_archive_info", "Version in force", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        skew = GaugeMetricFamily(
            "wx_archive_clock_skew_seconds", "Median of our clock less WeChat's, this process"
        )
        skew.add_metric([], self._skew_s())
        yield skew
        with self._services.database.reads() as connection:
            yield from _counted(connection)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are known when they are collected."""
        return []


def _counted(connection: Connection) -> Iterator[Metric]:
    events = CounterMetricFamily(
        "wx_archive_events", "What happened, counted", labels=["name", "label"]
    )
    rows = connection.execute(
        select(Tally.name, Tally.label, func.sum(Tally.count)).group_by(Tally.name, Tally.label)
    )
    for name, label, count in rows:
        events.add_metric([name, label], int(count))
    yield events
    jobs = GaugeMetricFamily("wx_archive_jobs", "Jobs by state", labels=["state"])
    known = {state.value: 0 for state in JobState if state is not JobState.DONE}
    counted = connection.execute(
        select(Job.state, func.count()).where(Job.state.in_(known)).group_by(Job.state)
    )
    for state, count in (known | {state: count for state, count in counted}).items():  # noqa: C416
        jobs.add_metric([state], count)
    yield jobs
    yield _one(
        "wx_archive_dead_letters",
        "Messages that a handler failed on and nobody looked after",
        connection.scalar(select(func.count()).where(DeadLetter.state == "open")),
    )
    yield _one(
        "wx_archive_held_answers",
        "Answers that wait to be fetched",
        connection.scalar(select(func.count()).where(HeldAnswer.state == HeldState.WAITING)),
    )


def _one(name: str, documentation: str, value: int | None) -> Metric:
    gauge = GaugeMetricFamily(name, documentation)
    gauge.add_metric([], value or 0)
    return gauge
