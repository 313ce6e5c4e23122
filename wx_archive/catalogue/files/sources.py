"""What a file is, by its content, and its bytes: plain, or gzipped with a bound."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from wx_archive.core.errors import RefusedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
BOMB_BYTES: Final = 64 * 1024 * 1024
BOMB_RATIO: Final = 200
"""Catalogues shrink to a tenth, repetitive ones to a fiftieth."""
_HEAD_BYTES: Final = 4_096
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_AS_CSV: Final = "请用 Excel 或 WPS 另存为 .xlsx 或 CSV（UTF-8）再导入"
_OTHERS: Final = {
    b"%PDF": "这是 PDF，不是表格；请导入原来的目录表",
    b"\x89PNG": "这是图片，不是表格",
    b"\xff\xd8\xff": "这是图片，不是表格",
    b"Rar!": "这是 RAR 压缩包，请解开再导入里面的文件",
    b"7z\xbc\xaf": "这是 7z 压缩包，请解开再导入里面的文件",
    b"SQLite format 3": "这是数据库文件，请先导出成 CSV",
    b"{\\rtf": f"这是 RTF 文档，{_AS_CSV}",
}
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<table", b"mime-version")


class Shape(Enum):
    """How the rows of a file are written."""

    JSON_LINES = auto()
    TEXT_TABLE = auto()
    SHEET = auto()


def digest(path: Path, *options: str) -> str:
    """Return the SHA-256 of a file and of the options under which it is read."""
    value = hashlib.sha256("\0".join(options).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value.update(block)
    return value.hexdigest()


def shape_of(path: Path) -> Shape:
    """Tell how to read a file, by its first bytes; its name only decides where they do not.

    Raises:
        RefusedError: it is none of ours; the text says what it is and what to do.
    """
    with opened(path) as file:
        head = file.read(_HEAD_BYTES)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_json = any(suffix in {".jsonl", ".json", ".ndjson"} for suffix in path.suffixes)
    if not start and is_json:  # a program found nothing to write; that is no mistake
        return Shape.JSON_LINES
    if not start:
        raise RefusedError(f"{path.name} 是空的，没有可导入的行")
    if head.startswith(b"PK\x03\x04"):
        return Shape.SHEET
    _refuse_others(path, head, start)
    return Shape.JSON_LINES if is_json or start[:1] in b"{[" else Shape.TEXT_TABLE


def _refuse_others(path: Path, head: bytes, start: bytes) -> None:
    """Say what a file is that is none of ours."""
    if head.startswith(_OLE):
        raise RefusedError(_about_ole(path))
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise RefusedError(f"{path.name}：{what}")
    if start[:20].lower().startswith(_MARKUP):
        raise RefusedError(f"{path.name} 是网页或 XML，{_AS_CSV}")
    if start.rstrip() == b"[" or start.startswith((b"[\n", b"[\r\n")):
        raise RefusedError(f"{path.name} 整个是一个 JSON 列表；请改成一行一个 JSON 对象")


def _about_ole(path: Path) -> str:
    """Say what an OLE container is: a locked workbook, or a format of before 2007."""
    with path.open("rb") as file:
        is_locked = any("EncryptedPackage".encode("utf-16-le") in part for part in _blocks(file))
    if is_locked:
        return f"{path.name} 有打开密码；请先在 Excel 或 WPS 里去掉密码再导入"
    return f"{path.name} 是旧格式（.xls 或 .doc），{_AS_CSV}"


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    tail = b""
    while block := file.read(1 << 20):
        yield tail + block
        tail = block[-64:]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, through gzip where it is packed.

    Raises:
        RefusedError: there is no such file, it cannot be read, the archive is torn or a bomb.
    """
    try:
        with path.open("rb") as probe:
            is_zipped = probe.read(2) == b"\x1f\x8b"
        if not is_zipped:
            with path.open("rb") as file:
                yield file
            return
        with gzip.open(path, "rb") as packed:
            yield io.BufferedReader(_Bounded(packed, path), 1 << 18)
    except (OSError, EOFError, zlib.error) as err:
        raise RefusedError(f"读不了 {path}：{_why(err)}") from err


class _Bounded(io.RawIOBase):
    """An unpacked stream that ends in a refusal when it grows out of all proportion."""

    def __init__(self, packed: gzip.GzipFile, path: Path) -> None:
        super().__init__()
        self._packed = packed
        self._most = max(BOMB_BYTES, path.stat().st_size * BOMB_RATIO)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = self._packed.readinto(buffer)
        self._read += count
        if self._read > self._most:
            raise RefusedError(f"压缩包展开后超过原来的 {BOMB_RATIO} 倍，不像目录，没有再读")
        return count


def _why(err: OSError | EOFError | zlib.error) -> str:
    match err:
        case FileNotFoundError():
            return "没有这个文件"
        case IsADirectoryError():
            return "这是一个文件夹，请写出里面的文件"
        case PermissionError():
            return "没有读它的权限"
        case EOFError() | gzip.BadGzipFile() | zlib.error():
            return "压缩包不完整"
        case _:
            return str(err)


def check_workbook(path: Path) -> None:
    """Refuse a ZIP file that is no plain workbook, or a bomb, by its directory alone.

    Raises:
        RefusedError: with the reason.
    """
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
            _check_kind({entry.filename for entry in entries}, path)
            _check_sizes(entries, path)
            _check_markup(package, entries, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as err:
        raise RefusedError(f"{path.name} 已损坏或没有传完，打不开；请重新另存一份") from err
    except (RuntimeError, ValueError, OSError) as err:  # locked entries; names that are none
        raise RefusedError(f"{path.name} 打不开；请在 Excel 里重新另存为 .xlsx") from err


def _check_kind(names: set[str], path: Path) -> None:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise RefusedError(f"{path.name} 带宏，不能导入；请另存为不带宏的 .xlsx")
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise RefusedError(f"{path.name} 是 .xlsb，{_AS_CSV}")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise RefusedError(f"{path.name} 是 Word 或 PPT 文档，不是表格")
    if "content.xml" in names:
        raise RefusedError(f"{path.name} 是 ODF 文档，{_AS_CSV}")
    raise RefusedError(f"{path.name} 是压缩包，请解开再导入里面的文件")


MAX_ENTRIES: Final = 5_000
MAX_UNPACKED: Final = 4 * 1024**3


def _check_sizes(entries: list[zipfile.ZipInfo], path: Path) -> None:
    """Check what the directory declares, and that no two entries share their bytes."""
    unpacked = sum(entry.file_size for entry in entries)
    packed = path.stat().st_size
    ends = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < ends:
            raise RefusedError(f"{path.name} 里的内容互相重叠，像是压缩炸弹，没有再读")
        ends = entry.header_offset + entry.compress_size
    if len(entries) > MAX_ENTRIES or unpacked > max(BOMB_BYTES, min(packed * 200, MAX_UNPACKED)):
        raise RefusedError(
            f"{path.name} 展开后太大，像是压缩炸弹，没有再读；真有这么大请另存为 CSV"
        )


def _check_markup(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse XML that declares entities: no spreadsheet program writes any."""
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            with package.open(entry) as part:
                head = part.read(_HEAD_BYTES).replace(b"\0", b"").upper()
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise RefusedError(f"{path.name} 里有 XML 实体定义，不是正常的表格，没有再读")
