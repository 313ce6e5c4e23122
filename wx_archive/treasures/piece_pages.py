"""`/h5/treasures/pieces/<pid>`: what a citizen gave, for everybody to see, while they allow it."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.followers.pages import private
from wx_archive.media import service as media
from wx_archive.treasures import record, showing

_VIEWS: Final = "treasures/h5"


def add(pages: Blueprint, services: Services) -> None:
    """Add the page."""

    @pages.get(f"{showing.PAGE}/<pid>")
    def piece(pid: str) -> ResponseReturnValue:
        today = clock.today()
        with services.database.reads() as connection:
            found = showing.find(connection, pid, today=today)
            if found is None and not showing.was_shown(connection, pid):
                abort(HTTPStatus.NOT_FOUND)
            if found is None:
                # The same bytes for every piece: nothing is said of what it was.
                return private((render_template(f"{_VIEWS}/gone.html"), HTTPStatus.GONE))
            held = [one for p in found.pictures if (one := media.look_up(connection, p))]
            has_record = record.is_open(connection, found.record_pid, today=today)
        page = render_template(
            f"{_VIEWS}/piece.html", piece=found, pictures=held, has_record=has_record
        )
        # What is taken off must be gone at once, from the back button too.
        return private(page)
