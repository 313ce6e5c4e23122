"""Template messages: what the account sends, and what the simulated WeChat makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import fake_account
from tests.wechat.deliveries import settings_for
from tests.wechat.fake_platform import platform_of
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.store import open_store
from wx_archive.simulator import app as simulator
from wx_archive.simulator.config import Encryption
from wx_archive.simulator.phone import Phone
from wx_archive.simulator.templates import ALERT
from wx_archive.wechat.client import Platform, TemplateNotice
from wx_archive.wechat.errors import ContentError, FollowerError, ForbiddenError

NOTICE = TemplateNotice(
    ALERT,
    "alert-1-2",
    {"thing1": "有 1 条消息没能办成", "time2": "2026-11-23 12:00"},
    "https://archive.example.org/console/alerts",
)


@contextmanager
def an_account(
    folder: Path, database: Database, *, claims: dict[str, Any] | None = None, **settings: Any
) -> Iterator[tuple[Platform, str]]:
    """Yield an account and the address of its WeChat; `claims` is what only the account says."""
    real = settings_for(data_dir=folder, **settings)
    store, close = open_store(database, "")
    with (
        fake_account.an_account() as account,
        simulator.running(
            replace(
                demo.simulator_config(real),
                account_url=account.url,
                encryption=Encryption.PLAIN,
            )
        ) as url,
    ):
        own = real.model_copy(update={"wechat_api_url": url, **(claims or {})})
        with platform_of(own, store) as platform:
            yield platform, url
    close()


@pytest.fixture
def account(tmp_path: Path, sqlite_url: str) -> Iterator[tuple[Platform, Phone]]:
    """A verified service account, and a phone that follows it."""
    database = Database(sqlite_url)
    with an_account(tmp_path, database) as (platform, url):
        phone = Phone(url)
        phone.follows()
        yield platform, phone
    database.dispose()


def test_it_is_shown_whatever_the_windows_say(account: tuple[Platform, Phone]) -> None:
    platform, phone = account
    clock.move(clock.offset() + timedelta(days=3))
    platform.send_template(phone.openid, NOTICE)
    phone.listens()
    for words in ("运行提醒", "事项：有 1 条消息没能办成", "时间：2026-11-23 12:00"):
        phone.sees(words)
    assert [span.href for span in phone.links] == [NOTICE.url]


def test_the_same_number_is_shown_once(account: tuple[Platform, Phone]) -> None:
    platform, phone = account
    for _ in range(2):
        platform.send_template(phone.openid, NOTICE)
    assert len(phone.listens()) == 1
    platform.send_template(phone.openid, replace(NOTICE, number="alert-1-3"))
    clock.move(clock.offset() + timedelta(minutes=10))
    platform.send_template(phone.openid, NOTICE)
    assert len(phone.listens(1)) + len(phone.listens(1)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"template_id": "another"},
        {"values": {"thing1": "长" * 21, "time2": "12:00"}},
        {"values": {"thing1": "事", "time2": "中午"}},
        {"values": {"thing1": "事"}},
    ],
)
def test_what_breaks_the_templates_rules_is_refused(
    account: tuple[Platform, Phone], changes: dict[str, Any]
) -> None:
    platform, phone = account
    with pytest.raises(ContentError):
        platform.send_template(phone.openid, replace(NOTICE, **changes))


def test_who_does_not_follow_gets_none(account: tuple[Platform, Phone]) -> None:
    platform, phone = account
    phone.unfollows()
    for openid in (phone.openid, "nobody"):
        with pytest.raises(FollowerError):
            platform.send_template(openid, NOTICE)


def test_an_account_that_may_not_is_told_before_and_by_wechat(
    tmp_path: Path, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    kind: dict[str, Any] = {"wechat_account": "subscription"}
    with (
        an_account(tmp_path, database, **kind) as (platform, _url),
        pytest.raises(RefusedError, match="模板消息"),
    ):
        platform.send_template("o", NOTICE)
    claims = {"wechat_account": settings_for().wechat_account}
    with (
        an_account(tmp_path, database, claims=claims, **kind) as (platform, _url),
        pytest.raises(ForbiddenError) as refused,
    ):
        platform.send_template("o", NOTICE)
    assert refused.value.code == 48001
    database.dispose()
