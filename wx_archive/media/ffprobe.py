"""What ffprobe says of a film or recording, where it is installed; lengths in milliseconds."""

import json
import logging
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 15.0
_ASKED: Final = ("-v", "error", "-print_format", "json", "-show_format", "-show_streams")
_ONLY_FILES: Final = ("-protocol_whitelist", "file")
"""A file that names addresses makes it fetch none."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What it found; None where it does not say.

    Attributes:
        codec: of the moving picture, as ffprobe calls it: `h264`.
    """

    duration_ms: int | None
    width_px: int | None
    height_px: int | None
    codec: str | None


@cache
def program() -> str | None:
    """Return where ffprobe is, looked for once."""
    return shutil.which("ffprobe")


def probe(path: Path) -> Probed | None:
    """Ask ffprobe about a file; None where it is not installed or cannot tell."""
    found = program()
    if found is None:
        return None
    command = [found, *_ASKED, *_ONLY_FILES, f"file:{path.resolve()}"]
    try:
        done = subprocess.run(  # noqa: S603 -- found on the path, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=TIMEOUT_S,
            check=True,
        )
        return _read(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, AttributeError) as err:
        log.warning("media.ffprobe_failed reason=%s", type(err).__name__)
        return None


def _read(told: dict[str, Any]) -> Probed:
    streams = [one for one in told.get("streams", []) if one.get("codec_type") == "video"]
    film = streams[0] if streams else {}
    length = told.get("format", {}).get("duration")
    return Probed(
        duration_ms=None if length is None else round(float(length) * 1000),
        width_px=film.get("width"),
        height_px=film.get("height"),
        codec=film.get("codec_name"),
    )
