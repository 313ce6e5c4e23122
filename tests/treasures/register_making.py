"""Builders: uploads that were accepted, agreed on, entered and shown, as the services do it."""

import io
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from tests.builders import SECRET
from tests.talk import NOON
from wx_archive.catalogue.files.livelihood import livelihood_of
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.followers import service as followers
from wx_archive.media import arrivals
from wx_archive.media.arrivals import Arrival
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import (
    accessions,
    agreements,
    files,
    queries,
    register_queries,
    showing,
    uploads,
)
from wx_archive.treasures.accessions import Plan
from wx_archive.treasures.agreements import Terms
from wx_archive.treasures.files import Incoming, Looked
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.queries import Step, Upload
from wx_archive.treasures.record import Describing
from wx_archive.treasures.register_queries import Entered, Grant
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import (
    Channel,
    Credit,
    FileKind,
    Ownership,
    Right,
    Scope,
    State,
    Wish,
)
from wx_archive.treasures.showing import Check, Prepared
from wx_archive.treasures.steps import SENDER, Doing, advance, locked
from wx_archive.treasures.uploads import Told, Wishes

SITE = Site(Path(__file__).parents[2], "https://archive.example.org")
MINE = Doing.of(SITE, SENDER, now=NOON)
EDITOR = Doing.of(SITE, "editor", now=NOON)
REVIEWER = Doing.of(SITE, "reviewer", now=NOON)
TODAY = date(2026, 11, 23)
TITLE = "老百货大楼前的合影"
STORY = "一九七五年父亲从部队回来，在老百货大楼前照的。"
ALL = tuple(Allowed(use, TODAY) for use in Right)
SIGNED = Check(secrecy=True, portrait=True, story=True)
_GIVERS = count(1)
DESCRIBING = Describing(SECRET, livelihood_of(SITE.content))


def at(doing: Doing, days: int) -> Doing:
    """Return the same person, so many days later."""
    return Doing(
        doing.actor, doing.now + timedelta(days=days), doing.calendar, doing.origin, doing.member_id
    )


def jpeg(shade: int = 90) -> bytes:
    """Return a picture of its own for every shade, with a place in its data."""
    picture = Image.new("RGB", (640, 480), (shade % 256, 90, 60))
    picture.paste((250, 240, 220), (40, 40, 300, 300))
    data = Image.Exif()
    data[0x010E] = "GPS-SECRET"
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=data)
    return file.getvalue()


def accepted(
    database: Database,
    *,
    title: str = TITLE,
    scope: Scope = Scope.PUBLIC,
    scope_until: date | None = None,
    credit: Credit = Credit.PSEUDONYM,
    name: str = "老李",
    wish: Wish = Wish.DONATE,
    openid: str = "",
    pictures: int = 1,
    store: ObjectStore | None = None,
    year: str = "1975年",
    people: str = "",
) -> Upload:
    """Have an upload with clean pictures accepted; with a store their originals lie there."""
    with database.begin() as session:
        giver = openid or f"giver-{next(_GIVERS)}"
        follower_id = followers.ensure(session, giver, now=NOON)
        treasure = uploads.begin(session, Channel.H5, MINE, follower_id=follower_id)
        for number in range(pictures):
            a_picture(session, treasure.id, number, store)
        uploads.describe(session, treasure, Told(title, STORY, year, people=people), MINE)
        wishes = Wishes(Ownership.INHERITED, wish, scope, credit, name, scope_until)
        uploads.state_wishes(session, treasure, wishes, MINE)
        uploads.finish(session, treasure, MINE, consent_version=1)
        for state in (State.SCREENING, State.APPRAISAL, State.ACCEPTED):
            advance(session, treasure, state, EDITOR)
        return queries.by_id(session.connection(), treasure.id)


def a_picture(
    session: Session, treasure_id: int, number: int = 0, store: ObjectStore | None = None
) -> TreasureFile:
    """Have a clean picture in an upload."""
    incoming = Incoming(FileKind.IMAGE, Channel.H5, f"{number}.jpg")
    file = files.reserve(session, locked(session, treasure_id), incoming, now=NOON)
    assert file is not None
    assert file.object_key is not None
    content = jpeg(37 * treasure_id + 101 * number)
    if store is not None:
        store.put(file.object_key, io.BytesIO(content))
    sha256 = f"{treasure_id:032x}{number:032x}"
    files.stored(session, file.id, sha256=sha256, size_bytes=len(content), now=NOON)
    files.cleaned(session, file.id, Looked(FileKind.IMAGE, "image/jpeg", 640, 480), now=NOON)
    return file


def terms_of(upload: Upload, *allowed: Allowed, **changes: object) -> Terms:
    """Return terms as the sender wishes, with all rights or with these."""
    wished = Terms.wished(upload, today=TODAY)
    told = {name: getattr(wished, name) for name in Terms.__slots__}
    return Terms(**{**told, "allowed": allowed or ALL, **changes})


def agreed(database: Database, *allowed: Allowed, **said: Any) -> Upload:
    """Have an upload agreed on."""
    upload = accepted(database, **said)
    with database.begin() as session:
        agreements.write(session, upload.id, terms_of(upload, *allowed), EDITOR)
    return upload_of(database, upload.id)


def planned(database: Database, *allowed: Allowed, **said: Any) -> Upload:
    """Have an accession planned by the editor."""
    upload = agreed(database, *allowed, **said)
    with database.begin() as session:
        accessions.plan(session, upload.id, a_plan(upload.title), EDITOR)
    return upload_of(database, upload.id)


def a_plan(title: str = TITLE, **changes: object) -> Plan:
    """Return a plan for the register."""
    told: dict[str, object] = {"received_on": TODAY, "fonds": "Z01", "extent": "照片 1 张"}
    return Plan(title, **{**told, "location": "3-2-1", **changes})  # type: ignore[arg-type]


def entered(database: Database, *allowed: Allowed, **said: Any) -> Upload:
    """Have an upload entered in the register by the reviewer."""
    upload = planned(database, *allowed, **said)
    with database.begin() as session:
        accessions.enter(session, upload.id, REVIEWER, DESCRIBING)
    return upload_of(database, upload.id)


def shown(database: Database, library: ObjectStore, *allowed: Allowed, **said: Any) -> Upload:
    """Have an upload shown, its pictures made anew in a store."""
    upload = entered(database, *allowed, **said)
    with database.reads() as connection:
        pictures = showing.showable(connection, upload.id)
    prepared = [
        Prepared(one.id, arrival(library, upload.id, number)) for number, one in enumerate(pictures)
    ]
    with database.begin() as session:
        showing.show(session, upload.id, prepared, SIGNED, REVIEWER)
    return upload_of(database, upload.id)


def arrival(library: ObjectStore, treasure_id: int, number: int = 0) -> Arrival:
    """Return a picture that lies in the library's store."""
    return arrivals.receive(
        library, io.BytesIO(jpeg(37 * treasure_id + 101 * number)), name="a.jpg"
    )


def upload_of(database: Database, treasure_id: int) -> Upload:
    """Return an upload as it stands."""
    with database.reads() as connection:
        return queries.by_id(connection, treasure_id)


def steps_of(database: Database, treasure_id: int) -> list[Step]:
    """Return an upload's steps."""
    with database.reads() as connection:
        return queries.steps(connection, treasure_id)


def accession_of(database: Database, treasure_id: int) -> Entered:
    """Return an upload's line in the register."""
    with database.reads() as connection:
        found = register_queries.accession(connection, treasure_id)
    assert found is not None
    return found


def grants_of(database: Database, treasure_id: int) -> list[Grant]:
    """Return an upload's rights, revoked ones too."""
    with database.reads() as connection:
        return register_queries.grants(connection, treasure_id)


def assets_of(database: Database, treasure_id: int) -> list[str]:
    """Return the public ids of an upload's pictures in the library, shown or not."""
    with database.reads() as connection:
        return [one.asset_pid for one in register_queries.showings(connection, treasure_id)]
