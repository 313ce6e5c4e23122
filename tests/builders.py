"""Builders: rows of catalogue files and their import; each test sets only what it is about."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wx_archive.catalogue.service import Importer, ImportReport
from wx_archive.core.database import Database

SECRET = "a-secret-of-forty-characters-for-the-test"
Row = dict[str, Any]
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def wide(text: str) -> str:
    """Return ASCII as a Chinese keyboard types it in full width."""
    return text.translate(_WIDE)


def a_document(key: str = "D1", **changes: object) -> Row:
    """Return a row of a `documents import` file: fully open, nothing known of its validity."""
    row: Row = {
        "id": key,
        "title": "兰台市养犬管理办法",
        "doc_no": "",
        "issuer": "兰台市人民政府",
        "date": "2015-04-20",
        "category": "城市管理",
        "body": "第一条 为了规范养犬行为，制定本办法。",
        "openness": "full",
    }
    return row | changes


def a_record(key: str = "R1", **changes: object) -> Row:
    """Return a row of a `catalogue import` file: open, no livelihood matter."""
    row: Row = {
        "id": key,
        "ref_code": f"0001-1-{key}",
        "fonds": "0001",
        "title": "关于修建兰水大桥的批复",
        "responsible": "兰台县革命委员会",
        "doc_no": "",
        "date": "1970-05-12",
        "keywords": "桥梁;交通",
        "abstract": "同意修建。",
        "open": 1,
        "livelihood": 0,
    }
    return row | changes


def a_file(path: Path, rows: Iterable[Mapping[str, object]], *, encoding: str = "utf-8") -> Path:
    """Write rows as JSON Lines."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(lines.encode(encoding))
    return path


def import_documents(
    database: Database, folder: Path, *rows: Row, name: str = "documents.jsonl"
) -> ImportReport:
    """Take in documents as `documents import` does."""
    return Importer(database, SECRET).documents(a_file(folder / name, rows))


def import_records(
    database: Database, folder: Path, *rows: Row, name: str = "records.jsonl"
) -> ImportReport:
    """Take in records as `catalogue import` does."""
    return Importer(database, SECRET).records(a_file(folder / name, rows))
