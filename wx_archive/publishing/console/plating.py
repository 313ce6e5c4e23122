"""A cover set in type, for a piece that has no picture: drawn before the transaction begins."""

import io
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import arrivals, fonts, plates
from wx_archive.media import service as media
from wx_archive.media.arrivals import Arrival
from wx_archive.media.objects import open_objects
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import TITLES
from wx_archive.staff.pages import Act, Visit

BUTTON: Final = "plate"
CREDIT: Final = "本馆绘制"


def draw(visit: Visit, content: Content) -> Arrival:
    """Draw a cover with the title as typed, and store it.

    Raises:
        RefusedError: there is no title, or no typeface (`fonts.NoFontError`).
    """
    if not content.title:
        raise RefusedError("先写标题，再用文字做封面")
    font = fonts.find(visit.services.settings.font)
    drawn = plates.draw_cover(content.title, TITLES[content.column], font=font)
    objects = open_objects(visit.services.settings)
    return arrivals.receive(objects, io.BytesIO(drawn), name="cover.jpg")


def enter(act: Act, arrival: Arrival, content: Content) -> str:
    """Make the drawn cover an asset; return its public id."""
    described = media.Described(f"封面：{content.title}", content.title, CREDIT)
    asset = media.enter(act.session, arrival, described, made_by=act.person.login, now=act.now)
    return asset.pid
