"""Publishing in the console: pieces, their editor and review, media, pushes, figures."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from wx_archive.core.services import Services
from wx_archive.publishing import figures, troubles
from wx_archive.publishing.console import (
    calendar_console,
    conflicts,
    editor,
    figures_console,
    held,
    inbox,
    media,
    opinions_console,
    pieces,
    preflight_console,
    push_page,
    pushes,
    review,
)
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry, Todo, Todos
from wx_archive.staff.rules import Permission, Person

_PARTS: Final[tuple[Callable[[Pages], None], ...]] = (
    pieces.add,
    editor.add,
    review.add,
    conflicts.add,
    inbox.add,
    media.add,
    opinions_console.add,
    pushes.add,
    figures_console.add,
    push_page.add,
    preflight_console.add,
    held.add,
    calendar_console.add,
)
"""Each adds its pages; templates are in `wx_archive/publishing/templates/publishing/console/`."""

_TODOS: Final[tuple[Todos, ...]] = (
    inbox.todos,
    opinions_console.todos,
    troubles.todos,
    calendar_console.todos,
)

_ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("稿件", "/pieces", Permission.PIECES_READ),
    Entry("来稿", "/inbox", Permission.PIECES_EDIT),
    Entry("读者的话", "/opinions", Permission.PIECES_EDIT),
    Entry("媒体库", "/media", Permission.PIECES_READ),
    Entry("推送", "/pushes", Permission.PUBLISHING_READ),
    Entry("排期", "/calendar", Permission.PUBLISHING_READ),
)


def _pages(services: Services) -> Pages:
    """Return the pages."""
    # Named by the package above: the feature's templates lie there.
    made = Pages("publishing", "wx_archive.publishing", services)
    for add in _PARTS:
        add(made)
    return made


def _todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits for somebody anywhere in publishing."""
    return [todo for part in _TODOS for todo in part(connection, person, now)]


CONSOLE: Final = Console(
    _pages, entries=_ENTRIES, todos=_todos, panels=figures.panels, alerts=troubles.alerts
)
