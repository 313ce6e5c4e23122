"""A word that found nothing: two colleagues give it an answer, and the phone has it in seconds."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import SettingsFactory, closing_office
from tests.console import Office
from tests.journeys.test_restart import account
from wx_archive import demo
from wx_archive.core.settings import Settings
from wx_archive.guide import profile
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Phone
from wx_archive.staff.rules import Role

WITHIN_S = 3.0
"""Two seconds are promised; the third is for a busy machine."""
WORD = "房票"
"""Nothing in the demo's catalogue has it."""
OWN = "0719-0000000"
NEW = "/console/words/replies"


@pytest.fixture(params=["sqlite", "postgres+redis"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    """A small installation, and the cities' way of running."""
    if request.param == "sqlite":
        return demo_settings()
    chosen: Settings = request.getfixturevalue("postgres_redis_settings")
    return chosen


@dataclass
class Town:
    """A console in this process, and a phone whose account is another process."""

    office: Office
    phone: Phone
    settings: Settings

    def proposes(self, text: str) -> int:
        editor = self.office.sits(Role.EDITOR)
        answer = editor.post(NEW, words=WORD, text=text, then="wait")
        assert answer.status_code == 303
        return int(answer.headers["Location"].rpartition("/")[2])

    def releases(self, number: int, role: Role = Role.REVIEWER) -> int:
        reviewer, path = self.office.sits(role), f"/console/words/releases/{number}"
        page = self.office.sits(Role.REVIEWER).page(path)
        return reviewer.post(path, seen=page.inputs.get("seen", "")).status_code

    def hears(self, words: str, expected: str) -> None:
        """Say something until the answer has come, for as long as was promised."""
        deadline = time.monotonic() + WITHIN_S
        self.phone.says(words)
        while expected not in self.phone.last_text:
            assert time.monotonic() < deadline, self.phone.last_text
            time.sleep(0.1)
            self.phone.says(words)


@pytest.fixture
def town(settings: Settings) -> Iterator[Town]:
    config = demo.simulator_config(settings)
    with (
        closing_office(settings) as office,
        simulator.running(config, port=settings.simulator_port) as address,
    ):
        yield Town(office, Phone(address), settings)


def test_a_word_that_found_nothing_gets_an_answer_from_two_people(town: Town) -> None:
    with account(town.settings):
        town.phone.follows()
        town.hears(WORD, "没有查到")
        number = town.proposes("房票请到房管局办，电话 {telephone}。下一步：[[开放时间]]")
        assert town.releases(number, Role.EDITOR) == 403
        town.hears(WORD, "没有查到")
        assert town.releases(number) == 303
        town.hears(WORD, f"房票请到房管局办，电话 {OWN}")
        town.hears(f"{WORD}怎么办？", "房票请到房管局办")
        town.phone.presses("开放时间")
        town.phone.sees("看《开放时间》全文")
    with account(town.settings):  # a restart keeps it
        town.hears(WORD, "房票请到房管局办")
        town.office.sits(Role.EDITOR).done(f"{NEW}/{number}/withdraw")
        town.hears(WORD, "没有查到")


def test_a_new_telephone_is_in_every_answer_of_another_process(town: Town) -> None:
    with account(town.settings):
        town.phone.follows()
        town.hears("电话", OWN)
        admin = town.office.sits(Role.ADMIN)
        now = profile.flat(town.office.application.services.site.profile)
        admin.done("/console/profile", **(now | {"telephone": "0719-7654321"}), since=0)
        town.hears("电话", "服务电话：0719-7654321。")
        town.hears("开放时间", "0719-7654321")
