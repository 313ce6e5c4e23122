"""What is done beside the catalogue: opening days at midnight in Shanghai, reviews, words.

The vocabulary follows each import at once (`staging.publish` asks for it) and what staff open and
close once a night: whatever it suggests is looked up once more before it is shown.
"""

import logging
from typing import Final

from wx_archive.catalogue import openings, words
from wx_archive.catalogue.staging import VOCABULARY
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.site import Site

log = logging.getLogger(__name__)

OPENING_DAY: Final = "catalogue.opening_day"
REVIEWS: Final = "catalogue.opening_reviews"
SCHEDULES: Final = (
    Schedule(OPENING_DAY, "0 0 * * *", OPENING_DAY),
    Schedule(REVIEWS, "30 2 * * *", REVIEWS),
    Schedule(VOCABULARY, "10 3 * * *", VOCABULARY),
)


def build(database: Database, site: Site) -> Jobs:
    """Return the catalogue's kinds of job; each goes by the day on which it runs, also late."""
    own = Jobs()

    @own.handles(OPENING_DAY)
    def open_the_day(_work: Work) -> None:
        opened, closed = openings.follow_calendar(database, today=clock.today())
        log.info("catalogue.opening_day opened=%d closed=%d", opened, closed)

    @own.handles(REVIEWS)
    def make_reviews(_work: Work) -> None:
        added = openings.make_reviews(database, today=clock.today(), now=clock.now())
        log.info("catalogue.opening_reviews added=%d", added)

    @own.handles(VOCABULARY)
    def learn_words(_work: Work) -> None:
        with database.reads() as connection:
            said = words.synonyms_of(connection, site)
        words.rebuild(database, today=clock.today(), also=said)

    return own
