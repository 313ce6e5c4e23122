"""The site: where its files are and the bureau's profile (`content/site.yaml`)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator

from wx_archive.core.yamlfile import FileModel, load

_PLACEHOLDERS = (
    "account",
    "name",
    "short_name",
    "address",
    "telephone",
    "opening_hours",
    "desk",
)


class Link(FileModel):
    """A web address with the words shown for it."""

    title: str
    url: str

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

    account: str
    name: str
    short_name: str
    address: str
    telephone: str
    opening_hours: str
    desk: str
    portal: Link
    weibo: Link
    demo_notice: str = ""
    links: Links = Links()

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
    """

    folder: Path
    origin: str
    is_demo: bool = False

    @property
    def profile(self) -> Profile:
        """The bureau's profile, read once."""
        return _profile(self.folder)

    @property
    def content(self) -> Path:
        """The folder of texts."""
        return self.folder / "content"


@cache
def _profile(folder: Path) -> Profile:
    return load(folder / "content" / "site.yaml", Profile)
