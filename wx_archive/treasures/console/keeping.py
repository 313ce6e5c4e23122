"""核对原件: the last runs, the files that are not whole, and a run at once."""

from typing import Final

from flask.typing import ResponseReturnValue

from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission
from wx_archive.treasures import fixity, fixity_jobs
from wx_archive.treasures import keeping_texts as texts

PATH: Final = "/treasures/keeping"
_SHOWN: Final = 20


def add(pages: Pages) -> None:
    """Add the page and its one button."""

    @pages.get(PATH, needs=Permission.TREASURES_READ)
    def treasure_keeping(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            return visit.page(
                "treasures/console/keeping.html",
                runs=fixity.runs(connection, limit=_SHOWN),
                faults=fixity.faults(connection),
                texts=texts,
            )

    @pages.post(PATH, needs=Permission.TREASURES_READ, audit="treasure.fixity")
    def check_treasures(act: Act) -> ResponseReturnValue:
        fixity_jobs.enqueue_now(act.session, now=act.now)
        act.note("treasures")
        return act.done(fixity.PAGE, texts.STARTED)
