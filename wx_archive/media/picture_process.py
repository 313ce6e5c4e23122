"""Decodes one picture in a process of its own that may use only so much memory and time.

Run by path, not imported: it gets no environment and needs only Pillow and the numbers it is told,
and whatever a hostile file makes the decoder do ends with this process. `look` writes one JSON
object: format and size as it is seen; `facts` says more: what it is like, whether it is dark or
blurred, when it was taken. `make` and `fit` write a JPEG with nothing in it but the picture.
"""

import io
import json
import math
import resource
import sys
import warnings
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

WHITE = (255, 255, 255)
QUALITIES = (88, 80, 70, 60)
SMALLER = 0.8
TOO_MANY_FRAMES, TOO_MANY_PIXELS, OUT_OF_MEMORY = 7, 8, 9
MOST_FRAMES = 500
"""Pictures that a moving one may have, or pages that a TIFF may have; the first one is looked at.
"""
ORIENTATION, EXIF_PART, TAKEN_AT = 0x0112, 0x8769, 0x9003
ON_ITS_SIDE = (5, 6, 7, 8)
GREY_PX = 512
"""Longest side of the grey copy by which a picture is judged."""
DARK_MEAN, DARK_LIGHTS = 50, 80
"""Of 255: a dark picture is darker on the whole, and even its lights are."""
LEAST_CONTRAST = 40
"""Of 255: of a picture without contrast nobody can tell whether it is blurred."""
SOFT_EDGES = 1.25
"""A picture is blurred if its hardest edges bend by less than this times its contrast's root.

Tried on drawn pages and photos of 4000 px: those with a blur of 20 px and more are found, faded
ones too, and none below 10 px.
"""
RESIZABLE = ("L", "LA", "RGB", "RGBA", "CMYK")


def _bound(memory_bytes: int, seconds: int) -> None:
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))


def _opened(path: str, most_pixels: int, formats: list[str]) -> "Image":
    """Return the picture, not decoded yet; its header has been read and is not too large."""
    from PIL import Image, ImageFile  # noqa: PLC0415 -- only once bounded

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = most_pixels
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if "HEIF" in formats:
        _learn_heif()
    picture: Image.Image = Image.open(path, formats=formats)
    if picture.width * picture.height > most_pixels:
        sys.exit(TOO_MANY_PIXELS)
    return picture


def _learn_heif() -> None:
    """Let Pillow read HEIF, and of it no more than the picture itself."""
    from pi_heif import (  # type: ignore[import-untyped] # noqa: PLC0415 -- only if asked for
        register_heif_opener,
    )

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)


def _kind(picture: "Image") -> str | None:
    return "JPEG" if picture.format == "MPO" else picture.format


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told))


def _look(picture: "Image", _wanted: dict[str, Any]) -> None:
    picture.seek(0)
    picture.load()  # to its end: what is cut off is found here
    width, height = picture.size
    if picture.getexif().get(ORIENTATION) in ON_ITS_SIDE:
        width, height = height, width
    _say({"format": _kind(picture), "width_px": width, "height_px": height})


def _facts(picture: "Image", _wanted: dict[str, Any]) -> None:
    _require_few_frames(picture)
    kind, (width, height) = _kind(picture), picture.size
    taken_on = _taken_on(picture)
    # A JPEG is read to its end all the same, but decoded no larger than needed.
    picture.draft("L", (GREY_PX, GREY_PX))
    picture.load()
    if kind != "JPEG":  # what a TIFF or HEIF says of its sides is heeded in loading
        width, height = picture.size
    orientation = _orientation(picture)
    if orientation in ON_ITS_SIDE:
        width, height = height, width
    small = _plain(_shrunk(picture, _fitting(picture, GREY_PX)))
    grey = _upright(_flat(small), orientation).convert("L")
    _say(
        {
            "format": kind,
            "width_px": width,
            "height_px": height,
            "likeness": _likeness(grey),
            "is_dark": _is_dark(grey),
            "is_blurred": _is_blurred(grey),
            "taken_on": taken_on,
        }
    )


def _require_few_frames(picture: "Image") -> None:
    """End if there are more frames or pages than anybody needs, without decoding them."""
    if picture.format == "TIFF":
        try:
            picture.seek(MOST_FRAMES)  # goes from one header to the next
        except EOFError:
            picture.seek(0)
            return
        sys.exit(TOO_MANY_FRAMES)
    frames = _gif_frames(picture) if picture.format == "GIF" else getattr(picture, "n_frames", 1)
    if frames > MOST_FRAMES:
        sys.exit(TOO_MANY_FRAMES)


def _gif_frames(picture: "Image") -> int:
    """Return how many frames a GIF has, counted no further than to what is too many."""
    with open(picture.filename, "rb") as file:  # type: ignore[attr-defined] # noqa: PTH123 -- small
        raw = file.read()
    at, frames = 13 + _table_bytes(raw[10]), 0
    while at + 10 < len(raw) and frames <= MOST_FRAMES and raw[at] in (0x21, 0x2C):
        is_frame = raw[at] == 0x2C
        frames += is_frame
        at += 11 + _table_bytes(raw[at + 9]) if is_frame else 2
        while at < len(raw) and raw[at]:
            at += 1 + raw[at]
        at += 1
    return frames


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _orientation(picture: "Image") -> int:
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- whatever its notes do: the picture is what counts
        return 1


def _taken_on(picture: "Image") -> str:
    """Return the day that a photo names, as 1985-06-01; nothing if it makes no sense."""
    try:
        told = str(picture.getexif().get_ifd(EXIF_PART)[TAKEN_AT])
        day = date.fromisoformat(told[:10].replace(":", "-"))
    except Exception:  # noqa: BLE001 -- whatever its notes do: the picture is what counts
        return ""
    return day.isoformat() if day.year > 1900 else ""


def _likeness(grey: "Image") -> str:
    """Return a difference hash: of each of 8 x 8 places, whether its right neighbour is lighter."""
    from PIL import Image  # noqa: PLC0415 -- only once bounded

    row = grey.resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for y in range(8):
        for x in range(8):
            bits = bits << 1 | (row[9 * y + x] < row[9 * y + x + 1])
    return f"{bits:016x}"


def _is_dark(grey: "Image") -> bool:
    counts = grey.histogram()
    mean = sum(value * count for value, count in enumerate(counts)) / sum(counts)
    return mean < DARK_MEAN and _level(counts, 0.98) < DARK_LIGHTS


def _is_blurred(grey: "Image") -> bool:
    """Tell whether a picture has contrast, and nowhere an edge that deserves the name."""
    from PIL import ImageFilter  # noqa: PLC0415 -- only once bounded

    counts = grey.histogram()
    contrast = _level(counts, 0.99) - _level(counts, 0.01)
    if contrast < LEAST_CONTRAST or min(grey.size) < GREY_PX // 4:
        return False
    # Both ways an edge is left: over the middle as black, under it as white.
    curves = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=2, offset=128)
    bent = grey.filter(curves).crop((1, 1, grey.width - 1, grey.height - 1)).histogram()
    hardest = max(_level(bent, 0.999) - 128, 128 - _level(bent, 0.001)) * 2
    return hardest < SOFT_EDGES * math.sqrt(contrast)


def _level(counts: list[int], share: float) -> int:
    """Return the value below which this share of the pixels lies."""
    wanted, seen = share * sum(counts), 0
    for value, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return value
    return len(counts) - 1


def _make(picture: "Image", wanted: dict[str, Any]) -> None:
    from PIL import ImageOps  # noqa: PLC0415 -- only once bounded

    width, height, crops = wanted["width_px"], wanted["height_px"], bool(wanted["height_px"])
    # A JPEG is decoded no larger than needed: whichever way it is turned.
    side = max(width, height or 0)
    picture.draft("RGB", (2 * side, 2 * side)) if picture.mode == "RGB" else None
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    plain = _plain(_as_srgb(picture))
    small = _cut(plain, width, height) if crops else _narrowed(plain, width)
    sys.stdout.buffer.write(_jpeg(_flat(small), wanted["most_bytes"]))


def _fit(picture: "Image", wanted: dict[str, Any]) -> None:
    """Write the whole picture, made smaller first: what comes after needs little memory."""
    side, least = wanted["side_px"], wanted["least_px"]
    size = _fitting(picture, side, least)
    if picture.mode == "RGB":
        picture.draft("RGB", (2 * size[0], 2 * size[1]))
    picture.load()
    orientation = _orientation(picture)
    if _kind(picture) != "JPEG":  # what a TIFF or HEIF says of its sides is heeded in loading
        size = _fitting(picture, side, least)
    small = _shrunk(picture, size)
    seen = _upright(_flat(_plain(_as_srgb(small))), orientation)
    sys.stdout.buffer.write(_jpeg(_turned(seen, wanted["turned"]), wanted["most_bytes"]))


def _fitting(picture: "Image", side: int, least: int = 0) -> tuple[int, int]:
    """Return the size with this longest side; the short one is not made smaller than ``least``."""
    scale = min(1.0, max(side / max(picture.size), least / min(picture.size)))
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return width, height


def _shrunk(picture: "Image", size: tuple[int, int]) -> "Image":
    """Return a smaller copy; what cannot be made smaller in its colours is made plain before."""
    if size == picture.size:
        return picture
    first = picture if picture.mode in RESIZABLE else _plain(picture)
    small = _resized(first, *size)
    small.info = dict(picture.info)
    return small


def _upright(picture: "Image", orientation: int) -> "Image":
    from PIL.Image import Transpose  # noqa: PLC0415 -- only once bounded

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    way = ways.get(orientation)
    return picture if way is None else picture.transpose(way)


def _turned(picture: "Image", degrees: int) -> "Image":
    """Return the picture turned clockwise by quarters."""
    return _upright(picture, {90: 6, 180: 3, 270: 8}.get(degrees, 1))


def _as_srgb(picture: "Image") -> "Image":
    """Return the picture in the colours of the web; a profile that makes no sense is left out."""
    from PIL import ImageCms  # noqa: PLC0415 -- only once bounded

    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return turned or picture


def _plain(picture: "Image") -> "Image":
    """Return the picture in whole colours, with its transparency if it has any."""
    if picture.mode.startswith("I"):  # 16 bits of grey: the upper eight
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    is_clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    wanted = "RGBA" if is_clear else "RGB"
    return picture if picture.mode == wanted else picture.convert(wanted)


def _flat(picture: "Image") -> "Image":
    """Return a new picture on white ground: nothing that the file said of itself is in it."""
    from PIL import Image  # noqa: PLC0415 -- only once bounded

    ground = Image.new("RGB", picture.size, WHITE)
    if picture.mode == "RGBA":
        ground.paste(picture, (0, 0), picture)
    else:
        ground.paste(picture, (0, 0))
    return ground


def _narrowed(picture: "Image", width: int) -> "Image":
    if picture.width <= width:
        return picture
    return _resized(picture, width, max(1, round(picture.height * width / picture.width)))


def _cut(picture: "Image", width: int, height: int) -> "Image":
    """Return the middle in the wanted proportion; it is made smaller, never larger."""
    scale = min(picture.width / width, picture.height / height)
    cut_width = max(1, min(picture.width, round(width * scale)))
    cut_height = max(1, min(picture.height, round(height * scale)))
    left, top = (picture.width - cut_width) // 2, (picture.height - cut_height) // 2
    part = picture.crop((left, top, left + cut_width, top + cut_height))
    return part if scale <= 1 else _resized(part, width, height)


def _resized(picture: "Image", width: int, height: int) -> "Image":
    from PIL import Image  # noqa: PLC0415 -- only once bounded

    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _jpeg(picture: "Image", most_bytes: int) -> bytes:
    """Return the picture as JPEG below the bound: first with less detail, then smaller."""
    while True:
        for quality in QUALITIES:
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
            if out.tell() < most_bytes:
                return out.getvalue()
        width, height = (max(1, int(side * SMALLER)) for side in picture.size)
        picture = _resized(picture, width, height)


TASKS: dict[str, Callable[["Image", dict[str, Any]], None]] = {
    "look": _look,
    "facts": _facts,
    "make": _make,
    "fit": _fit,
}


def main() -> None:
    """Do what the first argument says, within so many bytes, seconds and pixels."""
    task, path, memory_bytes, seconds, most_pixels, told = sys.argv[1:]
    _bound(int(memory_bytes), int(seconds))
    from PIL import Image  # noqa: PLC0415 -- only once bounded

    wanted = json.loads(told)
    try:
        TASKS[task](_opened(path, int(most_pixels), wanted["formats"]), wanted)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        sys.exit(TOO_MANY_PIXELS)


if __name__ == "__main__":
    main()
