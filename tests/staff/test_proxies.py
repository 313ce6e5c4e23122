"""Whose address counts: the caller's, told by as many proxies as are ours, and by nobody else."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.conftest import SettingsFactory, closing_office
from tests.staff.bureau import Clerk
from wx_archive.core.errors import SettingsError
from wx_archive.core.settings import Settings
from wx_archive.staff import demo_people
from wx_archive.staff.models import StaffSession


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 192.0.2.9", "198.51.100.1"),
        (1, None, "192.0.2.1"),
    ],
)
def test_the_address_is_the_one_that_our_own_proxies_tell(
    demo_settings: SettingsFactory, proxies: int, told: str | None, address: str
) -> None:
    with closing_office(demo_settings(trusted_proxies=proxies)) as office:
        clerk = Clerk(office.stranger().client, office.settings.origin)
        csrf = clerk.page("/console/login").value_of("csrf")
        headers = {"Origin": clerk.origin, "X-Forwarded-Host": "evil.example"}
        answer = clerk.client.post(
            "/console/login",
            data={"login": "editor", "password": demo_people.PASSWORD, "csrf": csrf},
            headers=headers | ({"X-Forwarded-For": told} if told else {}),
            environ_base={"REMOTE_ADDR": "192.0.2.1"},
        )
        assert answer.headers["Location"] == "/console"
        with office.database.reads() as connection:
            assert connection.execute(select(StaffSession.address)).scalar_one() == address


@pytest.mark.parametrize("value", ["-1", "10", "viele"])
def test_a_number_that_cannot_be_is_refused_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WX_ARCHIVE_TRUSTED_PROXIES", value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert caught.value.problems == [
        f"WX_ARCHIVE_TRUSTED_PROXIES：'{value}' 不能用，要填0 到 9 之间的整数"
    ]
