"""`/h5/treasures/verify`: whether a certificate holds; for everybody who has it in their hands."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from wx_archive.core.services import Services
from wx_archive.core.text import written_day
from wx_archive.followers.pages import private
from wx_archive.treasures import verification
from wx_archive.treasures.certificate_texts import VERIFY
from wx_archive.treasures.certificates import TAIL, Known
from wx_archive.treasures.verification import Tries

NO_ROBOTS: Final = "noindex, nofollow, noarchive"
NUMBER_LENGTH: Final = 40
"""Of what may be typed for a number, in characters: any spelling of one."""


def add(pages: Blueprint, services: Services) -> None:
    """Add the pages."""
    desk = _Desk(services)

    @pages.get(VERIFY)
    def verify_form() -> ResponseReturnValue:
        return desk.answer("form", HTTPStatus.OK)

    @pages.post(VERIFY)
    def verify_printed() -> ResponseReturnValue:
        number, code = request.form.get("number", ""), request.form.get("code", "")
        return desk.printed(number, code)

    @pages.get(f"{VERIFY}/<token>")
    def verify(token: str) -> ResponseReturnValue:
        return desk.scanned(token)


class _Desk:
    """Answers who asks, with what that takes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tries = Tries(services.store, services.settings.secret())

    def scanned(self, token: str) -> Response:
        """Answer a QR code; nobody can guess one, so a right one is answered however often."""
        with self._services.database.reads() as connection:
            known = verification.by_token(connection, token)
        if known is not None:
            return self._shown(known)
        return self._unknown(self._tries.take(request.remote_addr or ""))

    def printed(self, number: str, code: str) -> Response:
        """Answer a printed number and code: counted first, looked at afterwards."""
        place = self._tries.take(request.remote_addr or "")
        if place is None:
            return self._unknown(None)
        with self._services.database.reads() as connection:
            known = verification.by_printed(connection, number, code)
        if known is None:
            return self._unknown(place, number)
        self._tries.give_back(place)
        return self._shown(known)

    def _shown(self, known: Known) -> Response:
        return self.answer("certificate", HTTPStatus.OK, one=known)

    def _unknown(self, place: str | None, number: str = "") -> Response:
        """Say what to check: the same to everybody, whatever was wrong.

        The number stays in its field to be corrected; the code has to be read once more.
        """
        if place is None:
            return self.answer("often", HTTPStatus.TOO_MANY_REQUESTS)
        typed = "".join(sign for sign in number if sign.isprintable())[:NUMBER_LENGTH]
        return self.answer("unknown", HTTPStatus.NOT_FOUND, number=typed)

    @staticmethod
    def answer(
        shows: str, status: HTTPStatus, *, one: Known | None = None, number: str = ""
    ) -> Response:
        """Return the page, which no search engine may keep."""
        page = render_template(
            "treasures/h5/verify.html",
            shows=shows,
            one=one,
            number=number,
            number_length=NUMBER_LENGTH,
            day=written_day,
            tail=TAIL,
            path=VERIFY,
        )
        response = private((page, status))
        response.headers["X-Robots-Tag"] = NO_ROBOTS
        return response
