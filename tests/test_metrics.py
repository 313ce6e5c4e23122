"""`/-/metrics`: who may read it, and that the figures are those of what happened."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from werkzeug.test import Client

from tests.conftest import SettingsFactory
from wx_archive import app, demo
from wx_archive.core import clock
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.simulator.phone import Phone

PATH = "/-/metrics"
HERE = {"REMOTE_ADDR": "127.0.0.1"}


@contextmanager
def reader(settings: Settings) -> Iterator[Client]:
    built = app.build(settings)
    try:
        yield Client(built.wsgi)
    finally:
        built.close()


def figures(text: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(text)
    return {
        (
            sample.name,
            *(sample.labels[key] for key in sorted(sample.labels, reverse=True)),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def test_without_a_token_only_this_machine_reads(demo_settings: SettingsFactory) -> None:
    with reader(demo_settings()) as client:
        assert client.get(PATH, environ_overrides=HERE).status_code == 200
        for address in ("203.0.113.9", "10.0.0.1", "", "::ffff:203.0.113.9"):
            stranger = {"REMOTE_ADDR": address}
            assert client.get(PATH, environ_overrides=stranger).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_who_comes_through_a_proxy_of_this_machine_is_a_stranger(
    demo_settings: SettingsFactory, header: str
) -> None:
    with reader(demo_settings()) as client:
        told = {header: "for=127.0.0.1"}
        assert client.get(PATH, environ_overrides=HERE, headers=told).status_code == 404


def test_with_a_token_only_its_bearer_reads(demo_settings: SettingsFactory) -> None:
    with reader(demo_settings(metrics_token=SecretStr("a-token"))) as client:
        for given in ("", "Bearer", "Bearer a-toke", "Bearer a-token2", "a-token", "Bearer 令牌"):
            told = {"Authorization": given.encode().decode("latin-1")}
            assert client.get(PATH, environ_overrides=HERE, headers=told).status_code == 404
        far = {"REMOTE_ADDR": "203.0.113.9"}
        told = {"Authorization": "Bearer a-token"}
        assert client.get(PATH, environ_overrides=far, headers=told).status_code == 200


def test_the_figures_are_those_of_what_happened(demo_settings: SettingsFactory) -> None:
    settings = demo_settings()
    with demo.in_process(settings) as running:
        phone = Phone(running.simulator_url)
        phone.follows()
        phone.taps("服务大厅/服务指南")
        phone.taps("服务大厅/服务指南")
    with reader(settings) as client:
        found = figures(client.get(PATH, environ_overrides=HERE).text)
    assert found["wx_archive_events_total", "answered", "guide.index"] == 2
    assert found["wx_archive_events_total", "answered", "guide.welcome"] == 1
    assert found["wx_archive_jobs", "dead"] == 0
    assert found["wx_archive_dead_letters",] == 0
    assert found["wx_archive_clock_skew_seconds",] == 0


def test_a_refused_request_is_counted_by_its_reason(demo_settings: SettingsFactory) -> None:
    settings = demo_settings()
    with reader(settings) as client:
        assert client.post("/wechat?signature=no").status_code == 403
    with reader(settings) as client:
        text = client.get(PATH, environ_overrides=HERE).text
    (reason,) = [key for key in figures(text) if key[:2] == ("wx_archive_events_total", "refused")]
    assert reason[2] == "not-sealed"


def test_no_figure_names_a_follower(demo_settings: SettingsFactory) -> None:
    settings = demo_settings()
    built = app.build(settings)
    try:
        with built.services.database.begin() as session:
            followers.ensure(session, "oSomebody", now=clock.now())
        text = Client(built.wsgi).get(PATH, environ_overrides=HERE).text
    finally:
        built.close()
    assert "oSomebody" not in text
