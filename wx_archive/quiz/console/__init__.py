"""答题 in the console: the bank, seasons with their cards, facsimiles, the desk."""

from wx_archive.core.services import Services
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console


def pages(services: Services) -> Pages:
    """Return the pages."""
    # Named by the package above: the feature's templates lie there.
    return Pages("quiz", "wx_archive.quiz", services)


CONSOLE = Console(pages)
