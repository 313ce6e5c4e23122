"""What outlives a restart: the platform's state as one JSON snapshot, media as files."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from wx_archive.simulator.bubbles import Bubble, from_json, to_json
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.media import Media
from wx_archive.simulator.menu import Button, read_menu
from wx_archive.simulator.tokens import Token
from wx_archive.simulator.windows import Occasion, Window

log = logging.getLogger(__name__)

_DAMAGE: Final = (ValueError, LookupError, TypeError, AttributeError, ApiError)


@dataclass(slots=True)
class Follower:
    """One phone, following or not, and its transcript."""

    openid: str
    nickname: str
    following: bool = False
    subscribed_at: int = 0
    scene: str | None = None
    last_seq: int = 0
    bubbles: list[Bubble] = field(default_factory=list)
    windows: dict[Occasion, Window] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """Everything the platform remembers; of the tokens only the stable one."""

    followers: dict[str, Follower] = field(default_factory=dict)
    menu: tuple[Button, ...] = ()
    media: dict[str, Media] = field(default_factory=dict)
    last_msg_id: int = 0
    last_exchange: int = 0
    clock_offset_s: float = 0.0
    stable_token: Token | None = None


class Store:
    """A folder with the snapshot and the media files."""

    def __init__(self, folder: Path) -> None:
        self._snapshot = folder / "state.json"
        self._media = folder / "media"
        self._media.mkdir(parents=True, exist_ok=True)

    def load(self) -> State:
        """Return the saved state; a damaged snapshot is set aside and a fresh one begun."""
        try:
            return _state(json.loads(self._snapshot.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return State()
        except _DAMAGE as err:
            aside = self._snapshot.with_suffix(".broken.json")
            self._snapshot.replace(aside)
            log.warning("simulator.snapshot_set_aside file=%s reason=%r", aside, err)
            return State()

    def save(self, state: State) -> None:
        """Write the snapshot; a crash leaves either the old one or the new one."""
        draft = self._snapshot.with_suffix(".new")
        draft.write_text(json.dumps(_state_json(state)), encoding="utf-8")
        draft.replace(self._snapshot)

    def keep_file(self, media_id: str, content: bytes) -> None:
        """Store the bytes of a new media file."""
        (self._media / media_id).write_bytes(content)

    def file(self, media_id: str) -> bytes:
        """Return the bytes of a media file that the state knows."""
        return (self._media / media_id).read_bytes()


def _state_json(state: State) -> dict[str, object]:
    token = state.stable_token
    return {
        "followers": [_follower_json(each) for each in state.followers.values()],
        "menu": [button.as_json() for button in state.menu],
        "media": [
            [each.media_id, each.kind, each.content_type, each.created_at.isoformat()]
            for each in state.media.values()
        ],
        "last_msg_id": state.last_msg_id,
        "last_exchange": state.last_exchange,
        "clock_offset_s": state.clock_offset_s,
        "stable_token": token and [token.value, token.until.isoformat()],
    }


def _state(saved: Mapping[str, Any]) -> State:
    media = [
        Media(media_id, kind, content_type, datetime.fromisoformat(at))
        for media_id, kind, content_type, at in saved["media"]
    ]
    followers = [_follower(each) for each in saved["followers"]]
    return State(
        followers={each.openid: each for each in followers},
        menu=read_menu({"button": saved["menu"]}) if saved["menu"] else (),
        media={each.media_id: each for each in media},
        last_msg_id=int(saved["last_msg_id"]),
        last_exchange=int(saved["last_exchange"]),
        # Snapshots from before the clock could be moved do not have it.
        clock_offset_s=float(saved.get("clock_offset_s", 0.0)),
        stable_token=_token(saved.get("stable_token")),
    )


def _token(saved: list[str] | None) -> Token | None:
    return Token(saved[0], datetime.fromisoformat(saved[1])) if saved else None


def _follower_json(follower: Follower) -> dict[str, object]:
    return {
        "openid": follower.openid,
        "nickname": follower.nickname,
        "following": follower.following,
        "subscribed_at": follower.subscribed_at,
        "scene": follower.scene,
        "last_seq": follower.last_seq,
        "bubbles": [to_json(bubble) for bubble in follower.bubbles],
        "windows": {
            occasion: [window.until.isoformat(), window.left]
            for occasion, window in follower.windows.items()
        },
    }


def _follower(saved: Mapping[str, Any]) -> Follower:
    bubbles = [from_json(each) for each in saved["bubbles"]]
    windows = {
        Occasion(occasion): Window(datetime.fromisoformat(until), int(left))
        for occasion, (until, left) in saved["windows"].items()
    }
    return Follower(**{**saved, "bubbles": bubbles, "windows": windows})
