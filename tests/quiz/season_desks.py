"""The console with the people of the quiz at it."""

import io
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.console import Browser, Office
from tests.html import Page
from tests.quiz.season_making import a_card, a_draft
from wx_archive.core import clock
from wx_archive.media import arrivals
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.quiz import season_desk, seasons
from wx_archive.quiz.models import Season
from wx_archive.quiz.seasons import Known
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

SEASONS = "/console/quiz/seasons"
OPEN = "0012-2-0345-013"
DAY = timedelta(days=1)


@dataclass
class Desk:
    """The console, with the people of the quiz at it."""

    office: Office
    browsers: dict[Role, Browser] = field(default_factory=dict)

    def at(self, role: Role) -> Browser:
        """Return the browser of a role."""
        return self.browsers.setdefault(role, self.office.sits(role))

    @property
    def editor(self) -> Browser:
        """Who plans."""
        return self.at(Role.EDITOR)

    @property
    def reviewer(self) -> Browser:
        """Who releases."""
        return self.at(Role.REVIEWER)

    def season(self, path: str) -> Season:
        """Return a season as it stands."""
        with self.office.database.begin() as session:
            found = season_desk.find(session, path.rsplit("/", 1)[1])
        assert found
        return found

    def known(self) -> list[Known]:
        """Return the released seasons."""
        with self.office.database.reads() as connection:
            return list(seasons.read(connection))

    def actions(self) -> list[str]:
        """Return what the audit log says was done to seasons and facsimiles, oldest first."""
        with self.office.database.begin() as session:
            rows = session.execute(select(AuditEntry.action).order_by(AuditEntry.number)).scalars()
            kinds = ("season", "facsimile", "stock")
            return [action for action in rows if action.split(".")[0] in kinds]

    def planned(self, *, cards: int = 10, name: str = "兰台记忆") -> str:
        """Plan a season as the editor does, with so many cards; return its address."""
        with self.office.database.begin() as session:
            told = plan(name=name)
            told.pop("rules")
            return f"{SEASONS}/{a_draft(session, cards=cards, now=clock.now(), **told).pid}"

    def writes(self, path: str, ordinal: int, **changes: object) -> TestResponse:
        """Have the editor write a card."""
        told = {key: value or "" for key, value in asdict(a_card(ordinal)).items()}
        told.pop("asset_pid")
        seen = self.season(path).version
        return self.editor.post(f"{path}/cards/{ordinal}", **told | {"seen": seen} | changes)

    def does(self, browser: Browser, path: str, step: str, **fields: object) -> Page:
        """Have somebody take a step that must succeed, from the page as it is."""
        seen = self.season(path).version
        return browser.done(f"{path}/{step}", **{"seen": seen} | fields)

    def released(self, *, name: str = "兰台记忆") -> str:
        """Have a season planned and released."""
        path = self.planned(name=name)
        self.does(self.editor, path, "submit")
        self.does(self.reviewer, path, "release")
        return path


def plan(**changes: Any) -> dict[str, Any]:
    """Return what the form of a season is filled in with."""
    today = clock.today()
    told: dict[str, Any] = {
        "name": "兰台记忆",
        "starts_on": today,
        "ends_on": today + 20 * DAY,
        "pick_up_until": today + 50 * DAY,
        "daily_cap": 30,
        "rules": "**到馆**领取。<script>x</script>",
    }
    return told | changes


def a_picture(office: Office, title: str, *, made_by: str = "editor") -> str:
    """Bring a picture into the library; return its public id."""
    drawn = io.BytesIO()
    Image.new("RGB", (640, 480), (sum(map(ord, title)) % 255, 90, 60)).save(drawn, "JPEG")
    drawn.seek(0)
    arrival = arrivals.receive(open_objects(office.settings), drawn, name="a.jpg")
    with office.database.begin() as session:
        told = media.Described(title, title, "本馆")
        return media.enter(session, arrival, told, made_by=made_by, now=clock.now()).pid
