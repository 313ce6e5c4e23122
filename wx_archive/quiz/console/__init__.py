"""答题 in the console: the bank, seasons with their cards, facsimiles, the desk."""

from wx_archive.core.services import Services
from wx_archive.quiz.console import desk, paper, undo
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry
from wx_archive.staff.rules import Permission


def pages(services: Services) -> Pages:
    """Return the pages."""
    # Named by the package above: the feature's templates lie there.
    found = Pages("quiz", "wx_archive.quiz", services)
    desk.add(found)
    paper.add(found)
    undo.add(found)
    return found


ENTRIES = (
    Entry("窗口领取", "/quiz/desk", Permission.VOUCHERS_REDEEM),
    Entry("领取记录", "/quiz/receipts", Permission.QUIZ_RELEASE),
)
CONSOLE = Console(pages, entries=ENTRIES)
