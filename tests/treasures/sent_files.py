"""Files as citizens send them, and as bad people do; every one is made here."""

import io
import struct
import zlib
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image, ImageDraw, ImageFilter

from tests.media.files import PLACE, a_film, a_picture, box
from wx_archive.core import clock
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import sealed
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import Channel, FileKind, FileState

HEIC: Final = (Path(__file__).parent / "samples" / "photo.heic").read_bytes()
"""Drawn by us and packed with heif-enc: 320 by 240, taken on 2 October 1998 at a place."""
SECRETS: Final = (b"SecretCamera", b"SecretOwner", b"SecretComment", b"SecretCaption")


def a_file(store: ObjectStore, content: bytes, name: str = "", **changes: object) -> File:
    """Put a file into the store; return the row that it would have."""
    key = sealed.new_key()
    store.put(key, io.BytesIO(content))
    now = clock.now()
    values: dict[str, object] = {
        "id": 1,
        "pid": "p" * 26,
        "treasure_id": 1,
        "place": 1,
        "state": FileState.QUARANTINED,
        "source": Channel.CHAT,
        "kind": FileKind.IMAGE,
        "media_id": None,
        "media_until": None,
        "object_key": key,
        "name": name,
        "sha256": None,
        "size_bytes": len(content),
        "content_type": "",
        "width_px": None,
        "height_px": None,
        "duration_ms": None,
        "likeness": "",
        "taken_text": "",
        "is_dark": False,
        "is_blurred": False,
        "turned": 0,
        "is_cover": False,
        "is_evidence": False,
        "scanner": "",
        "reason": "",
        "received_at": now,
        "stored_at": now,
        "settled_at": None,
    }
    return File(**(values | changes))  # type: ignore[arg-type] # builder


# -- pictures ---------------------------------------------------------------------------------


def a_telling_photo(
    *, orientation: int = 1, taken: str = "1985:06:01 09:30:00", size: tuple[int, int] = (1200, 800)
) -> bytes:
    """Return a JPEG that says in every way there is who took it, where and when."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = PLACE
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SecretOwner</x:xmpmeta>"
    content = a_picture(*size, exif=exif.tobytes(), xmp=xmp, comment=b"SecretComment")
    caption = (
        b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x12\x1c\x02\x78\x00\x0dSecretCaption"
    )
    segment = b"\xff\xed" + struct.pack(">H", 2 + len(caption)) + caption
    return content[:2] + segment + content[2:]


def with_comment(words: bytes) -> bytes:
    """Return a JPEG with these words inside."""
    return a_picture(comment=words)


def a_page(*, blur_px: float = 0, light: float = 1.0) -> bytes:
    """Return a photo of a written page: as sharp and as well lit as told."""
    page = Image.new("RGB", (3000, 2200), (236, 228, 205))
    draw = ImageDraw.Draw(page)
    for line in range(18):
        for sign in range(30):
            x, y = 150 + sign * 90, 150 + line * 110
            draw.line((x, y, x + 60, y + 55), fill=(60, 50, 45), width=8)
            draw.line((x, y + 30, x + 55, y + (sign * 13 + line * 7) % 60), (60, 50, 45), 8)
    blurred = page.filter(ImageFilter.GaussianBlur(blur_px)) if blur_px else page
    out = io.BytesIO()
    blurred.point(lambda value: int(value * light)).save(out, "JPEG", quality=85)
    return out.getvalue()


def a_tiff_bomb(side: int = 60_000) -> bytes:
    """Return a TIFF of a few bytes that would fill gigabytes."""
    tags = (
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, side),
        (279, 4, 1, 1000),
    )
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4 + 1000)


def a_tiff_of_pages(count: int) -> bytes:
    """Return a TIFF whose small pages follow one another."""
    first = Image.new("L", (8, 8), 200)
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=[first] * (count - 1))
    return out.getvalue()


def a_gif_bomb(frames: int = 20_000) -> bytes:
    """Return a GIF of many frames, each of a few bytes and millions of pixels."""
    head = b"GIF89a" + struct.pack("<HHBBB", 5000, 5000, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 5000, 5000, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def a_large_gif() -> bytes:
    """Return a GIF whose one frame is larger than it says of itself."""
    head = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0)
    return head + frame + b"\x02\x02\x44\x01\x00;"


def a_gif_script() -> bytes:
    """Return a picture that a browser would run as a script."""
    gif = bytearray(a_picture(40, 40, "GIF", mode="P"))
    gif[6:8] = b"/*"
    return bytes(gif) + b"*/=1;alert(document.cookie)//"


def a_webp_bomb() -> bytes:
    """Return a WebP that says it is larger than it is."""
    webp = a_picture(40, 40, "WEBP")
    at = webp.index(b"\x9d\x01\x2a") + 3
    return webp[:at] + struct.pack("<HH", 16_000, 16_000) + webp[at + 4 :]


def a_turned_heic() -> bytes:
    """Return the photo as telephones hold it that were held upright: to be turned clockwise."""
    turn = box(b"irot", b"\x03")
    content = HEIC
    for kind, more in ((b"meta", 10), (b"iprp", 10), (b"ipco", 9), (b"ipma", 1)):
        at = content.index(kind) - 4
        size = int.from_bytes(content[at : at + 4], "big") + more
        content = content[:at] + struct.pack(">I", size) + content[at + 4 :]
    at = content.index(b"iloc") + 12
    for place in (at + 4, at + 22):  # where the picture and its notes begin
        moved = int.from_bytes(content[place : place + 4], "big") + 10
        content = content[:place] + struct.pack(">I", moved) + content[place + 4 :]
    at = content.index(b"ipma") - 4
    parts = content[at:].replace(b"\x03\x81\x02\x83", b"\x04\x81\x02\x83\x84", 1)
    return content[:at] + turn + parts


def a_heic_bomb() -> bytes:
    """Return a HEIC that says it is larger than any photo."""
    at = HEIC.index(b"ispe") + 8
    return HEIC[:at] + struct.pack(">II", 60_000, 60_000) + HEIC[at + 8 :]


# -- sounds and films -------------------------------------------------------------------------


def an_m4a(seconds: float = 3, brand: bytes = b"M4A ") -> bytes:
    """Return sounds in a film's boxes."""
    return a_film(seconds, brand=brand, handler=b"soun", codec=b"mp4a")


def a_phones_film() -> bytes:
    """Return a film as an iPhone makes it: QuickTime, HEVC, with its sizes."""
    return a_film(7, brand=b"qt  ", codec=b"hvc1", size=(1920, 1080))


def an_old_film() -> bytes:
    """Return a film of the nineties, which does not begin with its brand."""
    whole = a_film(4, codec=b"SVQ1")
    return whole[whole.index(b"moov") - 4 :]


def a_film_of_nothing() -> bytes:
    return box(b"ftyp", b"isom", bytes(8)) + box(b"moov", bytes(0)) + box(b"mdat", bytes(40))


# -- papers -----------------------------------------------------------------------------------


def a_pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF of one empty page and these objects."""
    parts = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        *objects,
    )
    body = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    for number, part in enumerate(parts, 1):
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    return body + b"trailer\n<< /Root 1 0 R %s >>\n%%%%EOF\n" % trailer


def an_object_stream(
    content: bytes, *, more: bytes = b"/Filter /FlateDecode", kind: bytes = b"/Type /ObjStm "
) -> bytes:
    """Return objects packed into one stream, as PDFs since 1.5 have them."""
    packed = zlib.compress(content) if b"FlateDecode" in more else content
    head = b"<< %s/N 1 /First 5 %s /Length %d >>" % (kind, more, len(packed))
    return head + b"\nstream\n" + packed + b"\nendstream"


ACTS: Final = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
