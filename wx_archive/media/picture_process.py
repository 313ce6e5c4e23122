"""Decodes one picture in a process of its own that may use only so much memory and time.

Run by path, not imported: it gets no environment and needs only Pillow and the numbers it is told,
and whatever a hostile file makes the decoder do ends with this process. `look` writes one JSON
object: format and size as it is seen; `make` writes a JPEG with nothing in it but the picture.
"""

import io
import json
import resource
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
WHITE = (255, 255, 255)
QUALITIES = (88, 80, 70, 60)
SMALLER = 0.8
TOO_MANY_PIXELS, OUT_OF_MEMORY = 8, 9


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


def _opened(path: str, most_pixels: int) -> "Image":
    """Return the picture, not decoded yet; its header has been read and is not too large."""
    from PIL import Image, ImageFile  # noqa: PLC0415 -- only once bounded

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = most_pixels
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    picture: Image.Image = Image.open(path, formats=FORMATS)
    if picture.width * picture.height > most_pixels:
        sys.exit(TOO_MANY_PIXELS)
    return picture


def _look(path: str, most_pixels: int) -> None:
    picture = _opened(path, most_pixels)
    kind = "JPEG" if picture.format == "MPO" else picture.format
    frames = getattr(picture, "n_frames", 1) if kind == "GIF" else 1
    picture.seek(0)
    picture.load()  # to its end: what is cut off is found here
    width, height = picture.size
    if picture.getexif().get(0x0112) in (5, 6, 7, 8):  # lies on its side
        width, height = height, width
    told = {"format": kind, "width_px": width, "height_px": height, "frames": frames}
    sys.stdout.write(json.dumps(told))


def _make(path: str, most_pixels: int, wanted: dict[str, Any]) -> None:
    from PIL import ImageOps  # noqa: PLC0415 -- only once bounded

    picture = _opened(path, most_pixels)
    width, height, crops = wanted["width_px"], wanted["height_px"], bool(wanted["height_px"])
    # A JPEG is decoded no larger than needed: whichever way it is turned.
    side = max(width, height or 0)
    picture.draft("RGB", (2 * side, 2 * side)) if picture.mode == "RGB" else None
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    plain = _plain(_as_srgb(picture))
    small = _cut(plain, width, height) if crops else _narrowed(plain, width)
    sys.stdout.buffer.write(_jpeg(_flat(small), wanted["most_bytes"]))


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


def main() -> None:
    """Do what the first argument says, within so many bytes, seconds and pixels."""
    task, path, memory_bytes, seconds, most_pixels, *wanted = sys.argv[1:]
    _bound(int(memory_bytes), int(seconds))
    from PIL import Image  # noqa: PLC0415 -- only once bounded

    try:
        if task == "look":
            _look(path, int(most_pixels))
        else:
            _make(path, int(most_pixels), json.loads(wanted[0]))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        sys.exit(TOO_MANY_PIXELS)


if __name__ == "__main__":
    main()
