"""From the desk to the phone: what staff decide is what the chat says with its next message."""

from datetime import timedelta
from pathlib import Path

import pytest
import requests

from tests.builders import a_document, a_file, a_record
from tests.conftest import SettingsFactory, closing_office
from tests.console import CSRF
from wx_archive import demo
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.settings import Settings
from wx_archive.simulator.phone import Phone
from wx_archive.staff.rules import Role

TITLE, HIDDEN = "兰台市渡槽养护办法", "关于渡槽重建的请示"


class Seat:
    """Somebody at the console of a running account, over the network."""

    def __init__(self, address: str, role: Role) -> None:
        self.address, self.session = address, requests.Session()
        self.csrf = ""
        self.post("/console/switch", login=role.value)
        found = CSRF.search(self.page("/console"))
        assert found
        self.csrf = found[1]

    def page(self, path: str) -> str:
        with self.session.get(f"{self.address}{path}", timeout=10) as answer:
            assert answer.status_code == 200, (path, answer.status_code)
            return answer.text

    def post(self, path: str, **fields: str) -> str:
        data = {"csrf": self.csrf, **fields}
        origin = {"Origin": self.address}
        where = f"{self.address}{path}"
        with self.session.post(where, data=data, headers=origin, timeout=10) as answer:
            assert answer.status_code == 200, (path, answer.status_code, answer.text)
            return answer.text

    def seen(self, path: str) -> str:
        """Return the fingerprint in a page's form."""
        return self.page(path).partition('name="seen" value="')[2][:64]


def brings_in(settings: Settings, folder: Path) -> dict[str, str]:
    """Import a document that is shown and a record that is not; return their public ids."""
    database = Database(settings.database)
    importer = Importer(database, settings.secret())
    document = a_document("own", title=TITLE, effective_from="2015-05-01", openness="full")
    importer.documents(a_file(folder / "d.jsonl", [document]))
    record = a_record("own", title=HIDDEN, open=0)
    importer.records(a_file(folder / "r.jsonl", [record]))
    database.dispose()
    return {kind: stable_pid(kind, "own", settings.secret()) for kind in ("document", "record")}


@pytest.fixture(params=["sqlite", "postgres+redis"])
def any_settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    """A small installation, and the cities' way of running."""
    if request.param == "sqlite":
        return demo_settings()
    found: Settings = request.getfixturevalue("postgres_redis_settings")
    return found


def test_what_is_repealed_closed_edited_and_opened_is_so_with_the_next_message(
    any_settings: Settings, tmp_path: Path
) -> None:
    pids = brings_in(any_settings, tmp_path)
    document, record = pids["document"], pids["record"]
    with demo.in_process(any_settings) as places:
        phone = Phone(places.simulator_url)
        phone.follows()
        editor = Seat(places.account_url, Role.EDITOR)
        reviewer = Seat(places.account_url, Role.REVIEWER)
        phone.says("渡槽养护")
        assert "已废止" not in told(phone)
        day = clock.today().isoformat()
        editor.post(f"/console/documents/{document}/repeal", on=day, reason="市政府来函")
        phone.says("渡槽养护")
        assert "已废止" in told(phone)
        editor.post(f"/console/documents/{document}/unrepeal", by="")
        phone.says("渡槽养护")
        assert "已废止" not in told(phone)

        path = f"/console/documents/{document}/edit"
        seen = editor.seen(path)
        assert "改动前后" in editor.post(path, seen=seen, title="兰台市水渠养护办法")
        phone.says("水渠养护")
        assert "水渠" not in told(phone).replace("水渠养护”", "")
        editor.post(path, seen=seen, title="兰台市水渠养护办法", confirmed="1")
        phone.says("水渠养护")
        assert "兰台市水渠养护办法" in told(phone)

        phone.says("渡槽重建")
        assert HIDDEN not in told(phone)
        ask = f"/console/records/{record}/propose"
        form = {"what": "record.open", "reason": "会同移交单位审核"}
        editor.post(ask, seen=editor.seen(f"{ask}?what=record.open"), **form)
        phone.says("渡槽重建")
        assert HIDDEN not in told(phone)
        reviewer.post("/console/releases/1/release", note="同意")
        phone.says("渡槽重建")
        assert HIDDEN in told(phone)
        editor.post(f"/console/records/{record}/close", reason="涉及个人")
        phone.says("渡槽重建")
        assert HIDDEN not in told(phone)


def told(phone: Phone) -> str:
    """Return everything that the last answer shows."""
    return (
        phone.last_text
        + str([article.title for article in phone.last_articles])
        + str([article.description for article in phone.last_articles])
    )


def test_a_proposal_survives_a_restart(any_settings: Settings, tmp_path: Path) -> None:
    record = brings_in(any_settings, tmp_path)["record"]
    with closing_office(any_settings) as office:
        editor = office.sits(Role.EDITOR)
        ask = f"/console/records/{record}/propose"
        seen = editor.page(f"{ask}?what=record.defer").value_of("seen")
        day = (clock.today() + timedelta(days=400)).isoformat()
        form = {"what": "record.defer", "reason": "会同移交单位审核", "open_on": day}
        editor.done(ask, seen=seen, **form)
    with closing_office(any_settings) as office:
        reviewer = office.sits(Role.REVIEWER)
        assert "到日子自己开放" in reviewer.done("/console/releases/1/release").text
        assert "延期开放" in reviewer.page(f"/console/records/{record}").text
