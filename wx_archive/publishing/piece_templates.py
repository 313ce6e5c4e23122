"""Forms to begin a piece with: `content/piece_templates.yaml`; a site need not have any."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator

from wx_archive.core.site import Site
from wx_archive.core.yamlfile import FileModel, load
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Column, Kind


class Template(FileModel):
    """A piece begun: `{month}` and `{day}` become the day's on which it is taken."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: str = Field(min_length=2, max_length=20)
    line: str = Field(min_length=1, max_length=60)
    column: Column
    kind: Kind = Kind.ARTICLE
    title: str = Field(max_length=32)
    summary: str = Field(default="", max_length=120)
    topics: list[str] = Field(default_factory=list, max_length=12)
    body: str = Field(max_length=4000)

    def content(self, *, today: date) -> Content:
        """Return what a piece begins with."""
        return Content(
            column=self.column,
            kind=self.kind,
            title=_dated(self.title, today),
            summary=_dated(self.summary, today),
            body=_dated(self.body, today),
            topics=tuple(self.topics),
        )


class _Templates(FileModel):
    templates: list[Template] = Field(max_length=20)

    @field_validator("templates")
    @classmethod
    def _distinct(cls, templates: list[Template]) -> list[Template]:
        slugs = [one.slug for one in templates]
        if len(set(slugs)) < len(slugs):
            message = "slug 不能重复"
            raise ValueError(message)
        return templates


def _dated(text: str, today: date) -> str:
    return text.replace("{month}", str(today.month)).replace("{day}", str(today.day))


@cache
def _all(path: Path) -> Mapping[str, Template]:
    found = load(path, _Templates).templates if path.exists() else []
    return {one.slug: one for one in found}


def templates(site: Site) -> Mapping[str, Template]:
    """Return the templates by slug, in the order of the file.

    Raises:
        FileProblemError: the file breaks its schema.
    """
    return _all(site.content / "piece_templates.yaml")


def check(site: Site) -> int:
    """Check the file; return how many templates it has."""
    return len(templates(site))
