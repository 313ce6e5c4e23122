"""What a bag says of itself: names of its files, its description, its `bag-info.txt`."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from wx_archive import __version__
from wx_archive.core.clock import SHANGHAI
from wx_archive.core.site import Profile
from wx_archive.core.wording import tidy
from wx_archive.treasures import rules
from wx_archive.treasures.queries import File, Step
from wx_archive.treasures.register_queries import Agreed, Grant
from wx_archive.treasures.rules import Action

if TYPE_CHECKING:
    from wx_archive.treasures.bags import Holding

_ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "audio/mpeg": ".mp3",
    "audio/amr": ".amr",
    "audio/wav": ".wav",
    "audio/mp4": ".m4a",
    "application/pdf": ".pdf",
}
_HOSTILE: Final = re.compile(r'[\\/:*?"<>|%~$`\x00-\x1f\x7f]')
"""Not in a name on some system, or read as something else there or in a manifest."""
_STEM_LENGTH: Final = 50


def file_name(place: int, file: File) -> str:
    """Return an original's name in the bag: 01-外婆在东岳路.jpg."""
    return f"{place:02d}-{_stem(file)}{_ending(file)}"


def scan_name(agreement: str, file: File) -> str:
    """Return the name of a signed agreement's scan."""
    return f"{agreement}{_ending(file)}"


def _stem(file: File) -> str:
    plain = unicodedata.normalize("NFC", tidy(PurePosixPath(file.name).name))
    stem = _HOSTILE.sub("_", plain)
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", stem).strip(". ")
    return (
        unicodedata.normalize("NFC", stem[:_STEM_LENGTH]).strip(". ")
        or (rules.FILE_KINDS[file.kind])
    )


def _ending(file: File) -> str:
    return _ENDINGS.get(file.content_type, ".bin")


def info(profile: Profile, holding: "Holding") -> dict[str, str]:
    """Return the lines of `bag-info.txt`."""
    return {
        "Source-Organization": profile.name,
        "Organization-Address": profile.address,
        "Contact-Phone": profile.telephone,
        "External-Identifier": holding.entered.number,
        "External-Description": tidy(holding.entered.title),
        "Bag-Software-Agent": f"wx-archive {__version__}",
    }


def description(holding: "Holding", files: Mapping[str, File]) -> dict[str, Any]:
    """Return what `description.json` says: the piece, its rights, its way into the archives."""
    upload, entered = holding.upload, holding.entered
    return {
        "accession": {
            "number": entered.number,
            "title": entered.title,
            "received_on": entered.received_on.isoformat(),
            "condition": entered.condition,
            "extent": entered.extent,
            "location": entered.location,
            "record": entered.record_pid,
            "entered_at": _moment(entered.entered_at),
        },
        "upload": upload.number,
        "title": upload.title,
        "story": upload.story,
        "year": upload.year_text,
        "place": upload.place,
        "people": upload.people,
        "credit": holding.agreed.credited if holding.agreed else upload.credited,
        "agreement": None if holding.agreed is None else _agreement(holding.agreed),
        "rights": [_right(one) for one in holding.grants],
        "certificate": holding.certificate or None,
        "files": [_file(name, one) for name, one in files.items()],
        "steps": [_step(one) for one in holding.steps if one.action in _TOLD],
    }


_TOLD: Final = rules.SENDERS_ACTIONS | {Action.GRANT, Action.CUSTODY}


def _agreement(agreed: Agreed) -> dict[str, Any]:
    return {
        "number": agreed.number,
        "signed_on": agreed.signed_on.isoformat(),
        "wish": rules.WISHES[agreed.wish],
        "scope": rules.SCOPES[agreed.scope],
        "scope_until": agreed.scope_until.isoformat() if agreed.scope_until else None,
        "terms": agreed.terms,
        "giver_uses_first": agreed.has_priority,
    }


def _right(grant: Grant) -> dict[str, Any]:
    return {
        "use": rules.RIGHTS[grant.use],
        "from": grant.from_on.isoformat(),
        "until": grant.until_on.isoformat() if grant.until_on else None,
        "evidence": grant.evidence,
        "revoked_at": _moment(grant.revoked_at) if grant.revoked_at else None,
    }


def _file(name: str, file: File) -> dict[str, Any]:
    return {
        "path": f"data/{name}",
        "kind": rules.FILE_KINDS[file.kind],
        "content_type": file.content_type,
        "bytes": file.size_bytes,
        "sha256": file.sha256,
        "received_at": _moment(file.received_at),
        "from": rules.CHANNELS[file.source],
    }


def _step(step: Step) -> dict[str, str]:
    """Return what happened when; who did it and what was said stays in the house."""
    done = rules.ACTIONS[step.action] or rules.STAFF_STATES[step.to_state]
    return {"at": _moment(step.at), "what": done}


def _moment(at: Any) -> str:
    return str(at.astimezone(SHANGHAI).isoformat(timespec="seconds"))
