"""导出: the catalogue as a file, what the public may see or, noted as such, all of it."""

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from wx_archive.catalogue.rules import Kind
from wx_archive.cataloguing.console import downloads
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

KINDS: Final = {Kind.DOCUMENT: "现行文件", Kind.RECORD: "档案目录"}


class Scope(StrEnum):
    """How much of the catalogue."""

    PUBLIC = "public"
    ALL = "all"


class Format(StrEnum):
    """What kind of file."""

    XLSX = "xlsx"
    CSV = "csv"
    JSONL = "jsonl"


FORMATS: Final = {
    Format.XLSX: "Excel（.xlsx）",
    Format.CSV: "CSV（Excel、WPS 都能打开）",
    Format.JSONL: "JSON Lines（给程序用，正文再长也放得下）",
}
SCOPES: Final = {Scope.PUBLIC: "公众可见", Scope.ALL: "全部-内部使用"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: Kind
    scope: Scope
    format: Format


def add(pages: Pages) -> None:
    """Add the pages of exports."""

    @pages.get("/exports", needs=Permission.CATALOGUE_EXPORT)
    def exports(visit: Visit) -> ResponseReturnValue:
        return visit.page("cataloguing/console/exports.html", kinds=KINDS, formats=FORMATS)

    @pages.reading(
        "/exports/file", needs=Permission.CATALOGUE_EXPORT, audit="catalogue.export", fresh=True
    )
    def exports_file(act: Act) -> ResponseReturnValue:
        # Only here: the library that writes workbooks starts slowly.
        from wx_archive.catalogue.files.export import Export  # noqa: PLC0415

        wanted = _wanted()
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder) / f"export.{wanted.format}"
            # Nothing has been asked of the act's transaction so far, so that it holds no lock:
            # it begins with the note, when the file is written.
            rows = Export(
                act.services.database,
                wanted.kind,
                act.today,
                everything=wanted.scope is Scope.ALL,
            ).to(path)
            told = {"scope": wanted.scope, "format": wanted.format, "rows": rows}
            act.note(f"catalogue:{wanted.kind}", after=told)
            return downloads.file(path, _name(wanted, act))


def _wanted() -> _Wanted:
    """Return what is asked for.

    Raises:
        RefusedError: there is no such export.
    """
    try:
        return _Wanted(
            Kind(request.args.get("kind", "")),
            Scope(request.args.get("scope", "")),
            Format(request.args.get("format", "")),
        )
    except ValueError as err:
        raise RefusedError("没有这样的导出，请回到“导出”那一页重新选") from err


def _name(wanted: _Wanted, act: Act) -> str:
    return f"{KINDS[wanted.kind]}-{SCOPES[wanted.scope]}-{act.today}.{wanted.format}"
