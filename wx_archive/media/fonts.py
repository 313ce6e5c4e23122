"""The typefaces that pictures of ours are set in: one that settings name, else the system's."""

from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from wx_archive.core.errors import RefusedError

FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts")
KAI: Final = ("LXGWWenKai-Regular.ttf", "LXGWWenKai-Light.ttf", "LXGWWenKai-Medium.ttf")
"""Debian's fonts-lxgw-wenkai."""
SERIF: Final = ("NotoSerifCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc", "NotoSansCJK-Regular.ttc")
"""Debian's fonts-noto-cjk."""
_NOBODYS: Final = "\U0010fffe"
"""No font has it: Unicode promises that it is no character."""
_LOOK_PX: Final = 24
_SIMPLIFIED: Final = 2
"""Which of a collection's faces is the one for simplified Chinese."""


class NoFontError(RefusedError):
    """There is no typeface with Chinese characters: better no picture than one of empty boxes."""

    def __init__(self) -> None:
        super().__init__(
            "本机没有能画汉字的字体。请安装一种（Debian：apt install fonts-lxgw-wenkai），"
            "或在 WX_ARCHIVE_FONT 里写一个字体文件"
        )


@cache
def find(chosen: Path | None = None, names: tuple[str, ...] = (*KAI, *SERIF)) -> Path:
    """Return the font file: the one that was chosen, else the first of ``names`` on the system.

    Raises:
        NoFontError: there is none.
    """
    if chosen is not None:
        if not chosen.is_file():
            raise NoFontError
        return chosen
    for name in names:
        for folder in FOLDERS:
            if found := next(iter(sorted(Path(folder).expanduser().rglob(name))), None):
                return found
    raise NoFontError


def face(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """Return a typeface at a size."""
    index = _SIMPLIFIED if path.suffix == ".ttc" else 0
    return ImageFont.truetype(str(path), size_px, index=index)


def lacking(path: Path, words: str) -> str:
    """Return the characters that a font has no shape for, each once; white space needs none."""
    return "".join(char for char in dict.fromkeys(words) if not _has(path, char))


@cache
def _has(path: Path, char: str) -> bool:
    """Tell whether a character looks unlike the box that stands for what a font does not have."""
    return char.isspace() or _shape(path, char) != _shape(path, _NOBODYS)


@cache
def _to_look_with(path: Path) -> ImageFont.FreeTypeFont:
    return face(path, _LOOK_PX)


def _shape(path: Path, char: str) -> tuple[tuple[int, int], bytes]:
    mask = _to_look_with(path).getmask(char)
    return mask.size, bytes(mask)
