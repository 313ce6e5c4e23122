"""The catalogue's part of the console: one module for each kind of page, hung in here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from wx_archive.cataloguing.console import (
    conflicts_console,
    desk,
    documents,
    editing,
    exports_console,
    opening,
    proposals_console,
    relating,
    releases_console,
    reviews_console,
    synonyms_console,
    uploads_console,
)
from wx_archive.core.services import Services
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry, Todo
from wx_archive.staff.rules import Permission, Person

_PARTS: Final[tuple[Callable[[Pages], None], ...]] = (
    documents.add,
    editing.add,
    opening.add,
    relating.add,
    releases_console.add,
    reviews_console.add,
    conflicts_console.add,
    uploads_console.add,
    proposals_console.add,
    synonyms_console.add,
    exports_console.add,
)
"""Each adds its pages; templates are in `wx_archive/cataloguing/templates/cataloguing/console/`."""


def pages(services: Services) -> Pages:
    """Return the pages of the catalogue's desk."""
    made = Pages("cataloguing", "wx_archive.cataloguing", services)
    for add in _PARTS:
        add(made)
    return made


def _todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits at any of the desks."""
    parts = (desk.todos, uploads_console.todos, proposals_console.todos)
    return [todo for part in parts for todo in part(connection, person, now)]


CONSOLE: Final = Console(
    pages,
    entries=(
        Entry("文件和档案", "/documents", Permission.CATALOGUE_READ),
        Entry("待放行", "/releases", Permission.CATALOGUE_RELEASE),
        Entry("开放审核", "/reviews", Permission.CATALOGUE_EDIT),
        Entry("上传", "/uploads", Permission.CATALOGUE_EDIT),
        Entry("废止线索", "/proposals", Permission.CATALOGUE_EDIT),
        Entry("近义词", "/synonyms", Permission.WORDS_EDIT),
        Entry("导出", "/exports", Permission.CATALOGUE_EXPORT),
    ),
    todos=_todos,
    panels=desk.panels,
    alerts=uploads_console.alerts,
)
