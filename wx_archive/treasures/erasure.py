"""What becomes of uploads when their sender's data goes, or their own day has come.

What was not taken in loses its files, words and contact; its number, states and dates stay. What
an agreement was signed for stays as agreed, and no longer knows the account it was sent from. As
long as an original lies in the house, whom to hand it back to is not forgotten.

Source: docs/sources.md#treasures (个人信息保护法 art. 13, 47; 档案法 art. 31).
"""

from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from wx_archive.treasures import accessions, files, removal, rules, uploads
from wx_archive.treasures.accessions import Custody
from wx_archive.treasures.models import (
    Treasure,
    TreasureContact,
    TreasureEvent,
    TreasureFile,
)
from wx_archive.treasures.register_models import AccessionPlan, Agreement, RightsGrant
from wx_archive.treasures.rules import Action, State
from wx_archive.treasures.steps import Doing, advance

BY_ERASURE: Final = "erasure"
"""Actor of what happens because the sender's data was erased."""
AGREED: Final = rules.KEPT | {State.AGREEMENT}
"""States that rest on a signed agreement: the contract needs its parties."""
_QUIETLY: Final = {"synchronize_session": False}


def forget_sender(session: Session, follower_id: int, doing: Doing) -> None:
    """Cut every upload of a locked follower loose, and delete what nobody has taken in."""
    mine = select(Treasure).where(Treasure.follower_id == follower_id).order_by(Treasure.id)
    for treasure in session.scalars(mine.with_for_update()).all():
        state = State(treasure.state)
        if state is State.DRAFT:
            removal.later(session, uploads.drop(session, treasure, doing), now=doing.now)
            continue
        if state not in AGREED:
            if State.WITHDRAWN in rules.MOVES[state]:
                advance(session, treasure, State.WITHDRAWN, doing)
            empty(session, treasure, doing)
        treasure.follower_id = None
    session.flush()


def empty(session: Session, treasure: Treasure, doing: Doing) -> None:
    """Delete a locked upload's files, words and contact; its number, states and dates stay."""
    of_it = TreasureFile.treasure_id == treasure.id
    every = session.scalars(select(TreasureFile.id).where(of_it)).all()
    removal.later(session, files.erase(session, list(every), now=doing.now), now=doing.now)
    for name in ("title", "story", "year_text", "place", "people", "credit_name", "note"):
        setattr(treasure, name, "")
    treasure.erase_on, treasure.erased_at, treasure.asked_from = None, doing.now, None
    treasure.version += 1
    _silence_steps(session, treasure)
    _void_agreement(session, treasure, doing)
    session.flush()


def has_original(connection: Connection, treasure_id: int) -> bool:
    """Tell whether the house has the original of an upload, and has not handed it back."""
    return accessions.original(connection, treasure_id) not in (None, Custody.HANDED_BACK)


def _silence_steps(session: Session, treasure: Treasure) -> None:
    steps = update(TreasureEvent).where(
        TreasureEvent.treasure_id == treasure.id, TreasureEvent.action != Action.CUSTODY
    )
    session.execute(steps.values(note=""), execution_options=_QUIETLY)
    is_here = has_original(session.connection(), treasure.id)
    for table in (AccessionPlan,) if is_here else (AccessionPlan, TreasureContact):
        gone = delete(table).where(table.treasure_id == treasure.id)
        session.execute(gone, execution_options=_QUIETLY)


def _void_agreement(session: Session, treasure: Treasure, doing: Doing) -> None:
    agreement = update(Agreement).where(Agreement.treasure_id == treasure.id)
    session.execute(agreement.values(credit_name="", terms=""), execution_options=_QUIETLY)
    rights = update(RightsGrant).where(RightsGrant.treasure_id == treasure.id)
    session.execute(rights.values(revoked_because=""), execution_options=_QUIETLY)
    standing = rights.where(RightsGrant.revoked_at.is_(None))
    over = {"revoked_at": doing.now, "revoked_by": doing.actor[:60]}
    session.execute(standing.values(over), execution_options=_QUIETLY)
