"""The site: where its files are and the bureau's profile (`content/site.yaml`).

Staff may edit the profile in the console: their newest revision wins over the file, in every
process within two seconds (`core.live`).
"""

import logging
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError, field_validator
from sqlalchemy import Connection

from wx_archive.core import revisions
from wx_archive.core.errors import FileProblemError
from wx_archive.core.live import Live, Part
from wx_archive.core.text import xml_safe
from wx_archive.core.yamlfile import FileModel, load

log = logging.getLogger(__name__)

PROFILE: Final = "profile"
"""The name of the profile's revisions."""

_PLACEHOLDERS = (
    "account",
    "name",
    "short_name",
    "address",
    "telephone",
    "opening_hours",
    "desk",
)


Line = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""Something to be shown; a form of the console asks for no more than that either."""


class Link(FileModel):
    """A web address with the words shown for it."""

    title: Line
    url: Annotated[str, StringConstraints(min_length=1, max_length=300)]

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            message = "网址要以 http:// 或 https:// 开头"
            raise ValueError(message)
        return value


class Links(FileModel):
    """Where our texts may link to."""

    domains: list[str] = Field(default_factory=list)


class Profile(FileModel):
    """Who the bureau is, as `content/site.yaml` says."""

    account: Line
    name: Line
    short_name: Line
    address: Line
    telephone: Line
    opening_hours: Line
    desk: Line
    portal: Link
    weibo: Link
    demo_notice: str = ""
    search_days: int = Field(default=5, ge=1, le=60)
    """Working days within which a search is promised to be answered (`enquiries`)."""
    correction_days: int = Field(default=5, ge=1, le=60)
    """The same for a reported mistake."""
    import_needs_second_person: bool = False
    """A file that shows the public more is imported by another person than uploaded it."""
    review_steps: int = Field(default=1, ge=1, le=3)
    """How many different reviewers approve a piece before it goes out (`publishing`)."""
    api_confirmation: bool = False
    """WeChat's 群发保护 is on: the administrator confirms each send to all on the phone."""
    alert_template: str = ""
    """The template with which staff are told of alerts outside of the window for messages."""
    alert_template_fields: str = "thing1 time2"
    """Its fields for what happened and since when."""
    links: Links = Links()

    @field_validator("*")
    @classmethod
    def _one_line(cls, value: object) -> object:
        if isinstance(value, str) and (len(value.splitlines()) > 1 or xml_safe(value) != value):
            message = "要写在一行里，不能有换行和控制字符"
            raise ValueError(message)
        return value

    @cached_property
    def fingerprint(self) -> int:
        """The same for equal profiles, hardly ever for others; counted once."""
        return hash(self.model_dump_json())

    def __hash__(self) -> int:
        """Return the fingerprint: filled texts are kept by it, and asked for with every answer."""
        return self.fingerprint

    def fill(self, text: str) -> str:
        """Replace the placeholders ``{name}``, ``{address}``, … of a content text."""
        for key in _PLACEHOLDERS:
            text = text.replace("{" + key + "}", getattr(self, key))
        text = text.replace("{portal}", self.portal.url).replace("{weibo}", self.weibo.url)
        return text.replace("） ", "）")  # the space after a number, not after a bracket


@dataclass(frozen=True, slots=True)
class Site:
    """The files of one bureau and how citizens reach it.

    Attributes:
        folder: has `menus/` and `content/`.
        origin: public address of this service, without a trailing slash.
        is_demo: the catalogue is invented; pages say so.
        live: what staff have edited; without it only the files count.
    """

    folder: Path
    origin: str
    is_demo: bool = False
    live: Live | None = field(default=None, repr=False, compare=False)

    @property
    def profile(self) -> Profile:
        """The bureau's profile: as staff edited it, else as its file was at the start."""
        return self.live.get(_live(self.folder)) if self.live else _of_file(self.folder)

    @property
    def profile_path(self) -> Path:
        """The profile's file."""
        return self.content / "site.yaml"

    @property
    def content(self) -> Path:
        """The folder of texts."""
        return self.folder / "content"


@cache
def _of_file(folder: Path) -> Profile:
    return load(folder / "content" / "site.yaml", Profile)


@cache
def _live(folder: Path) -> Part[Profile]:
    return Part(partial(_effective, folder), partial(_of_file, folder))


def _effective(folder: Path, connection: Connection) -> Profile:
    """Return the profile that counts; whatever cannot be read is left out of account."""
    revision = revisions.newest(connection, PROFILE)
    if revision and revision.body:
        try:
            return Profile.model_validate_json(revision.body)
        except ValidationError as err:  # from a version that knew other fields
            log.error("profile.not_valid number=%d fields=%d", revision.number, err.error_count())  # noqa: TRY400 -- its trace would tell the values
    at_start = _of_file(folder)
    try:  # staff may have gone back to a file that was changed since
        in_file = load(folder / "content" / "site.yaml", Profile)
    except FileProblemError:
        return at_start
    return at_start if in_file == at_start else in_file
