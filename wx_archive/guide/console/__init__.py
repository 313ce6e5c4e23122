"""Words and the bureau's profile in the console."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from wx_archive.core.services import Services
from wx_archive.guide import keywords
from wx_archive.guide.console import profile, releases, replies, words
from wx_archive.guide.keywords import Others
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry, Todo
from wx_archive.staff.rules import Permission, Person

ENTRIES = (
    Entry("没答上的词", "/words", Permission.WORDS_EDIT),
    Entry("关键词答复", "/words/replies", Permission.WORDS_EDIT),
    Entry("答复放行", "/words/releases", Permission.WORDS_RELEASE),
    Entry("本馆资料", "/profile", Permission.PROFILE_EDIT),
)


def console(others: Others) -> Console:
    """Return the feature's part of the console.

    Args:
        others: what other features know.
    """

    def pages(services: Services) -> Pages:
        made = Pages("guide", "wx_archive.guide", services)
        words.add(made, others)
        replies.add(made, others)
        releases.add(made, others)
        profile.add(made)
        return made

    return Console(pages, ENTRIES, todos)


def todos(connection: Connection, person: Person, _now: datetime) -> Sequence[Todo]:
    """Return the replies that wait for somebody's release, and their own that came back."""
    waiting, refused = keywords.counts(connection, login=person.login)
    return (
        Todo("等您放行的关键词答复", waiting, "/console/words/releases", Permission.WORDS_RELEASE),
        Todo(
            "退回给您改的关键词答复",
            refused,
            "/console/words/replies?state=refused",
            Permission.WORDS_EDIT,
        ),
    )
