"""What both bots of the uploads need of a turn."""

from typing import Any

from wx_archive.chat.turn import Turn
from wx_archive.followers import service as followers
from wx_archive.treasures.steps import SENDER, Doing
from wx_archive.treasures.uploads import PURPOSE


def address(turn: Turn[Any], path: str) -> str:
    """Return the address of a page of the follower's own."""
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        if follower_id is None:
            return turn.site.origin + path
        turn.has_recalled = True  # another delivery would be given another link
        return turn.door.address(connection, follower_id, path, purpose=PURPOSE, now=turn.now)


def signs(turn: Turn[Any]) -> bool:
    """Tell whether addresses are the follower's alone, and good for half an hour."""
    return not turn.door.has_oauth


def doing(turn: Turn[Any]) -> Doing:
    """Return the sender's doing."""
    return Doing.of(turn.site, SENDER, now=turn.now)
