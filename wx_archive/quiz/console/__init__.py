"""答题 in the console: the bank, seasons with their cards, facsimiles, the desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from wx_archive.core.services import Services
from wx_archive.quiz import figures
from wx_archive.quiz.console import (
    cards,
    desk,
    facsimiles,
    paper,
    question_form,
    question_releases,
    question_uploads,
    question_versions,
    questions,
    season_figures,
    seasons,
    undo,
)
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry, Todo
from wx_archive.staff.rules import Permission, Person


def pages(services: Services) -> Pages:
    """Return the pages."""
    # Named by the package above: the feature's templates lie there.
    found = Pages("quiz", "wx_archive.quiz", services)
    questions.add(found)
    question_form.add(found)
    question_releases.add(found)
    question_uploads.add(found)
    question_versions.add(found)
    desk.add(found)
    paper.add(found)
    undo.add(found)
    seasons.add(found)
    cards.add(found)
    facsimiles.add(found)
    season_figures.add(found)
    return found


ENTRIES = (
    *question_releases.ENTRIES,
    *seasons.ENTRIES,
    *facsimiles.ENTRIES,
    Entry("窗口领取", "/quiz/desk", Permission.VOUCHERS_REDEEM),
    Entry("交付记录", "/quiz/receipts", Permission.QUIZ_RELEASE),
)


def todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits for a person in all of the quiz."""
    return (
        *question_releases.todos(connection, person),
        *figures.todos(connection, person, now),
    )


CONSOLE = Console(
    pages,
    entries=ENTRIES,
    todos=todos,
    alerts=figures.alerts,
    panels=figures.panels,
)
