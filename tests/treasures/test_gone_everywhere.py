"""What a giver takes back is gone: article, record, lookup, picture, card; in the next request."""

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import Client

from tests.conftest import do_what_waits
from tests.console import Office
from tests.html import read_page
from tests.publishing.reading_room import bring_out
from tests.quiz.album_making import a_picture, earns
from tests.quiz.making import a_follower, a_season
from tests.treasures.register_making import (
    MINE,
    SIGNED,
    accession_of,
    assets_of,
    entered,
    upload_of,
)
from wx_archive.catalogue import query, search
from wx_archive.catalogue.words import suggest
from wx_archive.core import clock, live
from wx_archive.followers.identity import Door
from wx_archive.media import arrivals
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.media.service import Described
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import AudienceKind, Delivery, PushState
from wx_archive.quiz import seasons
from wx_archive.quiz.models import CardKind, Season
from wx_archive.staff.rules import Role
from wx_archive.treasures import rights, sealed, showing
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_models import RightsGrant
from wx_archive.treasures.rules import Right
from wx_archive.treasures.steps import Doing

TITLE = "罕见的银匠铺合影"
WORD = "银匠铺"
ARTICLE = "老街上的手艺人"


def show(office: Office, **said: Any) -> Upload:
    """Have a piece shown as the console does it: its pictures made from the sealed originals."""
    store = sealed.open_sealed(office.settings)
    upload = entered(office.database, title=TITLE, store=store, **said)
    with office.database.reads() as connection:
        files = [one.pid for one in showing.showable(connection, upload.id)]
    services = office.application.services
    made = showing.prepare(services, upload.id, files)
    who = Doing.of(services.site, "reviewer", now=clock.now())
    with office.database.begin() as session:
        showing.show(session, upload.id, made, SIGNED, who)
    return upload_of(office.database, upload.id)


def revoke(office: Office, upload: Upload, *uses: Right) -> None:
    with office.database.begin() as session:
        rights.revoke(session, upload.id, uses, "", MINE.actor, MINE)


def write_about(office: Office, upload: Upload) -> str:
    """Bring out an article with the picture in it and as its cover; return its page's address."""
    (pid,) = assets_of(office.database, upload.id)
    record = accession_of(office.database, upload.id).record_pid
    out_at = clock.now() - timedelta(days=1)
    body = f"银铺在东街。\n\n![合影](media:{pid})\n\n后来搬走了。"
    told = {"body": body, "cover": pid, "entries": (record,), "out_at": out_at}
    number = bring_out(office.database, ARTICLE, **told)
    with office.database.reads() as connection:
        piece = connection.scalars(select(Piece.pid).where(Piece.id == number)).one()
    return f"/h5/articles/{piece}"


def found(office: Office) -> int:
    with office.database.reads() as connection:
        asked = query.understand(WORD)
        return search.search(connection, asked, today=clock.today(), limit=5).total


def test_an_article_its_record_and_the_lookup_show_it_no_more(any_office: Office) -> None:
    office, reader = any_office, any_office.stranger()
    upload = show(office)
    (pid,) = assets_of(office.database, upload.id)
    record = accession_of(office.database, upload.id).record_pid
    address, page = write_about(office, upload), f"{showing.PAGE}/{upload.pid}"
    media_path = f"/h5/media/{pid}"
    assert media_path in reader.get(address).text
    assert page in reader.page(f"/h5/records/{record}").links
    assert "看它的图片" in reader.page(f"/h5/records/{record}").text
    assert f"/h5/records/{record}" in reader.page(page).links
    assert TITLE in reader.page(f"/h5/lookup?q={WORD}").text
    assert reader.get(media_path).status_code == 200
    revoke(office, upload, Right.WEB)
    article = reader.get(address)
    assert article.status_code == 200
    assert pid not in article.text
    assert TITLE not in article.text
    assert "后来搬走了" in article.text, "the article itself stands"
    assert reader.get(media_path).status_code == 404
    assert reader.get(f"{media_path}?form=cover").status_code == 404
    assert reader.get(f"/h5/records/{record}").status_code == 404
    assert reader.get(page).status_code == 410


def test_a_closed_piece_is_nowhere_not_even_counted(any_office: Office) -> None:
    office, reader = any_office, any_office.stranger()
    before = reader.get(f"/h5/lookup?q={WORD}").text
    upload = show(office)
    assert found(office) == 1
    assert reader.get(f"/h5/lookup?q={WORD}").text != before
    revoke(office, upload, Right.WEB)
    assert found(office) == 0
    assert reader.get(f"/h5/lookup?q={WORD}").text == before
    record = accession_of(office.database, upload.id).record_pid
    never = "0" * 26
    assert reader.get(f"/h5/records/{record}").text.replace(str(record), never) == reader.get(
        f"/h5/records/{never}"
    ).text.replace(str(record), never)
    do_what_waits(office.settings)
    with office.database.reads() as connection:
        assert suggest(connection, WORD[:2], today=clock.today(), limit=8) == ()
    assert found(office) == 0


def test_before_it_is_shown_it_is_nowhere(office: Office) -> None:
    reader, store = office.stranger(), sealed.open_sealed(office.settings)
    before = reader.get(f"/h5/lookup?q={WORD}").text
    upload = entered(office.database, title=TITLE, store=store)
    do_what_waits(office.settings)
    assert reader.get(f"/h5/lookup?q={WORD}").text == before
    assert reader.get(f"{showing.PAGE}/{upload.pid}").status_code == 404
    record = accession_of(office.database, upload.id).record_pid
    assert reader.get(f"/h5/records/{record}").status_code == 404


def test_every_tombstone_is_the_same(office: Office) -> None:
    first, second = show(office), show(office, pictures=2)
    revoke(office, first, Right.WEB)
    revoke(office, second, Right.WEB)
    reader = office.stranger()
    pages = [reader.get(f"{showing.PAGE}/{one.pid}") for one in (first, second)]
    texts = {one.text.replace(first.pid, "").replace(second.pid, "") for one in pages}
    assert len(texts) == 1
    page = read_page(pages[0].text)
    page.check_frame()
    assert "不再对外展示" in page.text
    assert "意愿" in page.text


@pytest.mark.parametrize("use", [Right.WECHAT, Right.DERIVE])
def test_an_article_loses_it_and_its_own_page_keeps_it(office: Office, use: Right) -> None:
    upload, reader = show(office), office.stranger()
    address = write_about(office, upload)
    (pid,) = assets_of(office.database, upload.id)
    revoke(office, upload, use)
    assert pid not in reader.get(address).text
    page = reader.get(f"{showing.PAGE}/{upload.pid}")
    assert f"/h5/media/{pid}" in page.text
    assert reader.get(f"/h5/media/{pid}").status_code == 200


def test_after_its_last_day_nothing_shows_it_before_the_clock_comes(office: Office) -> None:
    upload, reader = show(office), office.stranger()
    write_about(office, upload)
    (pid,) = assets_of(office.database, upload.id)
    with office.database.begin() as session:
        past = clock.today() - timedelta(days=1)
        session.execute(update(RightsGrant).values(until_on=past, from_on=past - timedelta(days=9)))
    assert reader.get(f"/h5/media/{pid}").status_code == 404
    assert reader.get(f"{showing.PAGE}/{upload.pid}").status_code == 410


def test_staff_see_where_a_picture_is_used(office: Office) -> None:
    upload = show(office)
    write_about(office, upload)
    (pid,) = assets_of(office.database, upload.id)
    now = clock.now()
    with office.database.begin() as session:
        piece = session.scalars(select(Piece).where(Piece.title == ARTICLE)).one()
        push = Push(
            pid="P" * 26,
            state=PushState.SENT.value,
            delivery=next(iter(Delivery)).value,
            audience=AudienceKind.ALL.value,
            made_by="publisher",
            made_at=now,
            changed_at=now,
        )
        session.add(push)
        session.flush()
        session.add(PushPiece(push_id=push.id, place=1, piece_id=piece.id))
        season = session.get_one(Season, a_season(session, name="银铺季"))
        session.execute(
            update(CardKind)
            .where(CardKind.season_id == season.id, CardKind.ordinal == 2)
            .values(asset_pid=pid)
        )
    page = office.sits(Role.EDITOR).page(f"/console/treasures/{upload.pid}/revoke")
    for said in (ARTICLE, "已经发到手机上，收不回来", "银铺季：第2件"):
        assert said in page.text


# -- cards -------------------------------------------------------------------------------------


class Album:
    """A season whose first card was drawn with a giver's picture, and somebody who has it."""

    def __init__(self, office: Office, upload: Upload) -> None:
        self.office, self.services = office, office.application.services
        (self.asset,) = assets_of(office.database, upload.id)
        arrival = arrivals.receive(
            open_objects(office.settings), io.BytesIO(a_picture(50, 70)), name="card.jpg"
        )
        with office.database.begin() as session:
            now = clock.now()
            art = media.enter(session, arrival, Described("卡片"), made_by="clock", now=now)
            self.art = art.pid
            season_id = a_season(session, name="银铺季", starts_on=clock.today())
            self.season_pid = session.get_one(Season, season_id).pid
            self.follower_id = a_follower(session, "a-player", now=now)
            earns(session, self.follower_id, season_id, 2, now=now)
            session.execute(
                update(CardKind)
                .where(CardKind.season_id == season_id, CardKind.ordinal == 1)
                .values(asset_pid=self.asset, art_pid=self.art)
            )
            live.changed(session, seasons.LIVE, self.services.site.live)

    def browser(self) -> Client:
        door, browser = Door.of(self.office.settings), self.office.stranger().client
        with self.office.database.reads() as connection:
            now = clock.now()
            session = door.new_session(connection, self.follower_id, purpose="me", now=now)
        browser.set_cookie("h5-me", session)
        return browser

    def card(self) -> CardKind:
        with self.office.database.begin() as session:
            season = select(Season.id).where(Season.pid == self.season_pid).scalar_subquery()
            mine = CardKind.season_id == season, CardKind.ordinal == 1
            found = session.scalars(select(CardKind).where(*mine)).one()
            session.expunge(found)
        return found


@pytest.mark.timeout(240)
def test_a_card_with_it_is_not_shown_and_is_drawn_anew_without_it(office: Office) -> None:
    upload = show(office)
    album = Album(office, upload)
    browser, query_string = album.browser(), f"season={album.season_pid}"
    whole = f"/h5/cards/1.jpg?{query_string}"
    before = browser.get(whole)
    assert before.status_code == 200
    assert f"/h5/cards/1.jpg?{query_string}" in browser.get("/h5/cards").text
    revoke(office, upload, Right.DERIVE)
    assert browser.get(whole).status_code == 404, "at once"
    page = browser.get(f"/h5/cards?{query_string}")
    assert page.status_code == 200
    assert "/h5/cards/1.jpg" not in page.text
    single = browser.get(f"/h5/cards/1?{query_string}")
    assert single.status_code == 200
    assert ".jpg" not in single.text
    do_what_waits(office.settings)
    card = album.card()
    assert card.asset_pid is None
    assert card.art_pid not in (None, album.art)
    with office.database.reads() as connection:
        assert media.find(connection, [album.art, album.asset]) == {}
    anew = browser.get(whole)
    assert anew.status_code == 200
    assert anew.data != before.data


def test_a_card_of_another_giver_stays_as_it_is(office: Office) -> None:
    upload, other = show(office), show(office)
    album = Album(office, upload)
    revoke(office, other, Right.DERIVE)
    assert album.browser().get(f"/h5/cards/1.jpg?season={album.season_pid}").status_code == 200
    assert album.card().art_pid == album.art
