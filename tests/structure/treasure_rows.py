"""A row of each of the treasures' tables for a follower: what hangs on what they have sent."""

from datetime import datetime

from sqlalchemy.orm import Session

from wx_archive.core.clock import day_of
from wx_archive.core.sealing import Contact, Sealer
from wx_archive.treasures.models import Treasure, TreasureContact, TreasureEvent, TreasureFile
from wx_archive.treasures.personal_data import CONTACT_USE
from wx_archive.treasures.register_models import (
    Accession,
    AccessionPlan,
    Agreement,
    Certificate,
    FixityFault,
    FixityRun,
    RightsGrant,
    Showing,
)

HANGING = {
    "treasure_file": "treasure",
    "treasure_event": "treasure",
    "treasure_contact": "treasure",
    "treasure_agreement": "treasure",
    "treasure_right": "treasure",
    "treasure_plan": "treasure",
    "treasure_accession": "treasure",
    "treasure_certificate": "treasure_accession",
    "treasure_showing": "treasure_file",
    "treasure_fixity_fault": "treasure_file",
}
"""Tables that name no follower and belong to one all the same, with what they hang on."""


def add_rows(session: Session, number: int, mark: str, secret: str, now: datetime) -> None:
    """Add one row of each, as of a piece that was taken in; words of theirs hold the mark."""
    session.add(
        Treasure(id=number, pid=f"{number:026d}", number=f"珍2026-{number:06d}",
                 state="accessioned", channel="chat", follower_id=number, title=mark, story=mark,
                 created_at=now, changed_at=now)
    )  # fmt: skip
    session.flush()
    session.add(
        TreasureFile(id=number, pid=f"{number:026d}", treasure_id=number, place=1, state="clean",
                     source="chat", kind="image", object_key=f"{number:064x}", name=mark,
                     sha256="0" * 64, size_bytes=1, received_at=now)
    )  # fmt: skip
    session.add(
        TreasureEvent(treasure_id=number, at=now, action="answer", to_state="accessioned",
                      note=mark, actor="sender")
    )  # fmt: skip
    sealed = Sealer(secret, CONTACT_USE).seal(Contact(name=mark))
    session.add(TreasureContact(treasure_id=number, sealed=sealed))
    session.flush()
    _register(session, number, mark, now)
    session.add(
        Showing(file_id=number, asset_pid=f"{number:026d}", shown_by="reviewer", shown_at=now)
    )
    session.add(FixityRun(id=number, began_at=now))
    session.flush()
    session.add(FixityFault(run_id=number, file_id=number, expected="0" * 64, at=now))


def _register(session: Session, number: int, mark: str, now: datetime) -> None:
    day = day_of(now)
    session.add(
        Agreement(number=f"协2026-{number:06d}", treasure_id=number, wish="donate", scope="public",
                  credit="name", credit_name=mark, terms=mark, signed_on=day, made_by="x",
                  made_at=now)
    )  # fmt: skip
    session.add(
        RightsGrant(treasure_id=number, use="web", from_on=day, evidence=mark, granted_by="x",
                    granted_at=now)
    )  # fmt: skip
    session.add(
        AccessionPlan(treasure_id=number, title=mark, received_on=day, proposed_by="x",
                      proposed_at=now)
    )  # fmt: skip
    session.add(
        Accession(id=number, number=f"藏2026-{number:06d}", treasure_id=number, title=mark,
                  received_on=day, proposed_by="x", entered_by="y", entered_at=now)
    )  # fmt: skip
    session.flush()
    session.add(
        Certificate(number=f"证2026-{number:06d}", accession_id=number, token=f"{number:026d}",
                    issued_on=day, kind="donate", title=mark, extent="",
                    credit_name=mark, issued_by="x")
    )  # fmt: skip
