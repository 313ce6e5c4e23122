"""Files as cameras, telephones and bad people make them; every one is made here."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import Final

from PIL import ExifTags, Image, ImageCms, ImageDraw

PLACE: Final = (32.0, 37.0, 48.0)
"""Degrees, minutes and seconds: where somebody stood."""
Colour = tuple[int, int, int]
RED: Final = (200, 30, 30)
BLUE: Final = (30, 30, 200)


def a_picture(
    width: int = 1200,
    height: int = 800,
    kind: str = "JPEG",
    *,
    mode: str = "RGB",
    seed: int = 0,
    **options: object,
) -> bytes:
    """Return a picture, red to the left and blue to the right."""
    picture = Image.new("RGB", (width, height), BLUE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, max(0, width // 2 - 1), height), fill=RED)
    if seed:
        draw.rectangle((0, 0, 19, 19), fill=(seed * 40 % 256, 0, 0))
    out = io.BytesIO()
    (picture.quantize() if mode == "P" else picture.convert(mode)).save(out, kind, **options)
    return out.getvalue()


def a_photo(*, orientation: int = 1, width: int = 1200, height: int = 800) -> bytes:
    """Return a telephone's photo: it says where, when and by what it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.DateTime] = "2024:05:01 12:00:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = PLACE
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SecretOwner</x:xmpmeta>"
    comment = b"SecretComment"
    return a_picture(width, height, exif=exif.tobytes(), xmp=xmp, comment=comment)


def noise(width: int, height: int, *, quality: int = 95) -> bytes:
    """Return a JPEG that can hardly be made smaller."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 120).convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def a_large_png(width: int, height: int) -> bytes:
    """Return a whole PNG that takes little room here, and much to be decoded."""
    packer = zlib.compressobj(1)
    row = b"\x00" + bytes(RED) * width
    rows = b"".join(packer.compress(row) for _each in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def a_bomb(side: int = 60_000) -> bytes:
    """Return a PNG of a few kilobytes that would fill gigabytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def a_text_bomb() -> bytes:
    """Return a small PNG whose words would fill a hundred megabytes."""
    words = b"Comment\x00\x00" + zlib.compress(bytes(100_000_000), 9)
    png = a_picture(10, 10, "PNG")
    return png[:33] + _chunk(b"zTXt", words) + png[33:]


def an_archive_too(picture: bytes) -> bytes:
    """Return a picture that is a ZIP as well."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("evil.class", b"\xca\xfe\xba\xbe")
    return picture + packed.getvalue()


def animated(kind: str = "GIF") -> bytes:
    """Return a moving picture: red first, blue after it."""
    frames = [Image.new("RGB", (300, 200), colour) for colour in (RED, BLUE, BLUE)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def in_strange_colours() -> bytes:
    """Return a picture whose profile says that its red is blue, and its blue red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    table, rest = profile[:512], profile[512:]
    swapped = table.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    assert swapped != table
    return a_picture(icc_profile=swapped + rest)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


# -- films ------------------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of an MP4."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def a_film(
    seconds: float = 12.5,
    *,
    size: tuple[int, int] = (640, 360),
    codec: bytes = b"avc1",
    handler: bytes = b"vide",
    brand: bytes = b"isom",
    is_long: bool = False,
) -> bytes:
    """Return an MP4 as far as anybody looks before playing it."""
    scale = 1000
    length = round(seconds * scale)
    if is_long:
        times = struct.pack(">BxxxQQIQ", 1, 0, 0, scale, length)
    else:
        times = struct.pack(">BxxxIIII", 0, 0, 0, scale, length)
    heading = bytes(76) + struct.pack(">HHHH", size[0], 0, size[1], 0)
    samples = box(b"stsd", bytes(4), struct.pack(">I", 1), box(codec, bytes(78)))
    media = box(
        b"mdia",
        box(b"hdlr", bytes(8), handler, bytes(13)),
        box(b"minf", box(b"stbl", samples)),
    )
    index = box(b"moov", box(b"mvhd", times, bytes(80)), box(b"trak", box(b"tkhd", heading), media))
    return box(b"ftyp", brand, bytes(4), brand) + index + box(b"mdat", bytes(5000))


# -- recordings -------------------------------------------------------------------------------


def an_mp3(seconds: float = 10, *, tags: bool = False, extra: Iterable[bytes] = ()) -> bytes:
    """Return silence as MP3: 128 kbit/s, 44.1 kHz, frames of 417 or 418 bytes."""
    count = round(seconds * 44_100 / 1152)
    frames = [b"\xff\xfb" + (b"\x92" if n % 2 else b"\x90") + b"\x00" for n in range(count)]
    sounds = b"".join(head + bytes(414 if head[2] == 0x92 else 413) for head in frames)
    if tags:
        picture = b"APIC" + bytes(300)
        size = len(picture)
        head = b"ID3\x04\x00\x00" + bytes([0, 0, size >> 7, size & 0x7F])
        sounds = head + picture + sounds + b"TAG" + bytes(125)
    return sounds + b"".join(extra)


def an_amr(seconds: float = 5, *, mode: int = 7) -> bytes:
    """Return silence as AMR: fifty frames a second."""
    size = (12, 13, 15, 17, 19, 20, 26, 31, 5)[mode]
    return b"#!AMR\n" + (bytes([mode << 3 | 4]) + bytes(size)) * round(seconds * 50)
