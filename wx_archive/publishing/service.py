"""The pieces of `content/<column>/`, newest first."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator

from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.core.yamlfile import FileModel, load_front_matter
from wx_archive.publishing.rules import Column


class Piece(FileModel):
    """One article as its file says; limits are WeChat's for titles and digests."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = Field(max_length=32)
    summary: str = Field(max_length=120)
    date: date
    topics: list[str]
    sources: list[str] = Field(min_length=1)
    column: Column = Column.BULLETIN
    body: str = ""

    @field_validator("date", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        try:
            return date.fromisoformat(str(value))
        except ValueError as err:
            message = "日期要写成 2026-03-01 的样子"
            raise ValueError(message) from err


@cache
def _all(folder: Path) -> Mapping[str, Piece]:
    pieces: dict[str, Piece] = {}
    for column in Column:
        for path in sorted((folder / "content" / column.value).glob("*.md")):
            head, body = load_front_matter(path, Piece)
            if head.id != path.stem:
                raise FileProblemError(f"{path}:2:1: id 要和文件名一样，写成 {path.stem}")
            if head.id in pieces:
                raise FileProblemError(f"{path}:2:1: 已经有一篇 {head.id}")
            pieces[head.id] = head.model_copy(update={"body": body, "column": column})
    return pieces


def piece(site: Site, pid: str, *, today: date) -> Piece | None:
    """Return a piece that is out on ``today``."""
    found = _all(site.folder).get(pid)
    return found if found and found.date <= today else None


def latest(site: Site, column: Column, *, today: date, limit: int = 5) -> Sequence[Piece]:
    """Return the newest pieces of a column that are out on ``today``."""
    out = [one for one in _all(site.folder).values() if one.column is column and one.date <= today]
    return sorted(out, key=lambda one: (one.date, one.id), reverse=True)[:limit]


def check(site: Site) -> int:
    """Read every piece; return how many there are."""
    return len(_all(site.folder))
