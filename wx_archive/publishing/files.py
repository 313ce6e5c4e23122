"""The pieces that the site's files hold: `content/<column>/*.md`, strictly read."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from wx_archive.core import clock
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.core.yamlfile import FileModel, load_front_matter, read_text
from wx_archive.publishing.rules import Column, Kind

MADE_BY_FILE: Final = "file"
"""Who wrote a revision that came out of a file."""

_PICTURE: Final = re.compile(r"!\[(?P<alt>[^\]\n]*)\]\((?!\w+:)(?P<name>[^)\s]+)\)")
"""A picture by its path; `media:PID` and web addresses are none."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Source = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _day(value: object) -> object:
    try:
        return date.fromisoformat(str(value))
    except ValueError as err:
        message = "日期要写成 2026-03-01 的样子"
        raise ValueError(message) from err


class Reviewed(FileModel):
    """Who has put their name to it at the bureau: that it is right, and that it may be public."""

    by: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    on: date

    @field_validator("on", mode="before")
    @classmethod
    def _on(cls, value: object) -> object:
        return _day(value)


class FrontMatter(FileModel):
    """What stands above the body; the limits are WeChat's for titles and digests."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    title: str = Field(min_length=1, max_length=32)
    summary: str = Field(max_length=120)
    date: date
    topics: list[Word] = Field(max_length=12)
    sources: list[Source] = Field(min_length=1)
    column: Column | None = None
    kind: Kind = Kind.ARTICLE
    author: str = Field(default="", max_length=16)
    cover: str = ""
    """Path of a picture, from the folder of the file."""
    media: list[str] = Field(default_factory=list, max_length=20)
    """Paths of a picture set's pictures, or of the film or recording."""
    interests: list[Word] = Field(default_factory=list)
    entries: list[Word] = Field(default_factory=list)
    """档号、文号 of the records and documents it tells of."""
    source_url: str = Field(default="", max_length=500)
    due: datetime | None = None
    reviewed: Reviewed | None = None

    @field_validator("date", mode="before")
    @classmethod
    def _date(cls, value: object) -> object:
        return _day(value)

    @field_validator("due", mode="before")
    @classmethod
    def _due(cls, value: object) -> object:
        try:
            moment = datetime.strptime(str(value), "%Y-%m-%d %H:%M")  # noqa: DTZ007 -- zone below
        except ValueError as err:
            message = "时间要写成 2026-03-01 09:00 的样子（北京时间）"
            raise ValueError(message) from err
        return moment.replace(tzinfo=clock.SHANGHAI)


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A piece as its file says.

    Attributes:
        fingerprint: of the file and of every picture it names.
        pictures: the files that it names, by the name it uses.
    """

    path: Path
    head: FrontMatter
    column: Column
    body: str
    fingerprint: str
    pictures: Mapping[str, Path] = field(default_factory=dict)


def read_all(folder: Path) -> Mapping[str, FilePiece]:
    """Read every piece below a folder that has one for each column, by id.

    Raises:
        FileProblemError: names file, line, column and the remedy.
    """
    pieces: dict[str, FilePiece] = {}
    for column in Column:
        for path in sorted((folder / column.value).glob("*.md")):
            piece = _read(path, column)
            if piece.head.id in pieces:
                raise FileProblemError(f"{path}:2:1: 已经有一篇 {piece.head.id}")
            pieces[piece.head.id] = piece
    return pieces


def check(site: Site) -> int:
    """Read every piece; return how many there are."""
    return len(read_all(site.content))


def _read(path: Path, column: Column) -> FilePiece:
    head, body = load_front_matter(path, FrontMatter)
    if head.id != path.stem:
        raise FileProblemError(f"{path}:2:1: id 要和文件名一样，写成 {path.stem}")
    if head.column not in (None, column):
        raise FileProblemError(
            f"{path}:2:1: column 写的是 {head.column}，可文件放在 {column.value}/ 里，请改成一样"
        )
    pictures = _pictures(path, head, body)
    digest = hashlib.sha256(read_text(path).encode())
    for name, picture in sorted(pictures.items()):
        digest.update(name.encode())
        digest.update(picture.read_bytes())
    return FilePiece(path, head, column, body, digest.hexdigest(), pictures)


def _pictures(path: Path, head: FrontMatter, body: str) -> dict[str, Path]:
    named = [head.cover, *head.media, *pictures_in(body)]
    found: dict[str, Path] = {}
    for name in filter(None, named):
        picture = (path.parent / name).resolve()
        inside = picture.is_relative_to(path.parent.parent.resolve())
        if not inside or not picture.is_file():
            raise FileProblemError(f"{path}: 找不到 {name}，图片要放在 content/ 下面，写相对路径")
        found[name] = picture
    return found


def pictures_in(body: str) -> list[str]:
    """Return the paths of the pictures that a file's body names, in order."""
    return [found.group("name") for found in _PICTURE.finditer(body)]


def with_assets(body: str, pids: Mapping[str, str]) -> str:
    """Return a file's body with the pictures' public ids in place of their paths."""
    return _PICTURE.sub(lambda found: f"![{found['alt']}](media:{pids[found['name']]})", body)
