"""The sender's own certificate, and the list of those who are thanked by name."""

import io
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from sqlalchemy import select, update
from werkzeug.test import Client

from tests.conftest import SettingsFactory
from tests.html import read_page
from tests.treasures.certificates_making import NAME, OPENID, Gift, a_certificate, a_doing, is_drawn
from tests.treasures.own_making import Place, Sender, a_place
from wx_archive.core.database import Database
from wx_archive.treasures import certificates, rules, thanks
from wx_archive.treasures.certificates import Known, Named
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import Accession, Agreement
from wx_archive.treasures.rules import Credit, Scope, State, Wish
from wx_archive.treasures.sealed import open_sealed

PNG, PDF = b"\x89PNG a picture", b"%PDF-1.4 a sheet"
KEY = "ab" * 32
FILES = ("", ".png", ".pdf")


@pytest.fixture
def place(demo_settings: SettingsFactory) -> Iterator[Place]:
    with a_place(demo_settings(wechat_account="subscription", wechat_verified=False)) as found:
        yield found


def has_drawn(place: Place, gift: Gift | None = None) -> Known:
    known = a_certificate(place.database, gift)
    store = open_sealed(place.settings)
    store.put(KEY, io.BytesIO(PNG))
    store.put(f"{KEY}.pdf", io.BytesIO(PDF))
    return is_drawn(place.database, known, key=KEY)


def paths(known: Known) -> list[str]:
    return [f"/{known.treasure_pid}/certificate{end}" for end in FILES]


def test_its_owner_sees_keeps_and_prints_it(place: Place) -> None:
    known = has_drawn(place)
    sender = place.sender(OPENID)
    page = sender.page(paths(known)[0])
    assert page.headings == ["捐赠证书"]
    for shown in (known.number, NAME, "长按图片"):
        assert shown in page.text
    picture, sheet = (sender.get(path) for path in paths(known)[1:])
    assert (picture.mimetype, picture.data) == ("image/png", PNG)
    assert (sheet.mimetype, sheet.data) == ("application/pdf", PDF)
    for answer in (picture, sheet):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Robots-Tag"].startswith("noindex")
    told = sheet.headers["Content-Disposition"]
    assert told == f'attachment; filename="certificate-{known.number[1:]}.pdf"'


def test_nobody_else_gets_it_or_learns_that_it_is_there(place: Place) -> None:
    known = has_drawn(place)
    other = place.sender("oOther")
    none = a_certificate(place.database, Gift(openid=None))
    for at, path in enumerate(paths(known)):
        theirs, missing = other.get(path), other.get(paths(none)[at])
        assert theirs.status_code == missing.status_code == HTTPStatus.NOT_FOUND
        assert theirs.text == missing.text
        assert KEY not in theirs.text
        stranger = Client(place.application.wsgi).get(f"/h5/treasures{path}")
        assert stranger.status_code == HTTPStatus.FORBIDDEN
        assert PNG not in stranger.data


def test_until_it_is_drawn_the_page_says_so(place: Place) -> None:
    known = a_certificate(place.database)
    sender = place.sender(OPENID)
    page = sender.page(paths(known)[0])
    assert "证书正在做" in page.text
    for path in paths(known)[1:]:
        assert sender.get(path).status_code == HTTPStatus.NOT_FOUND


def test_a_void_one_is_gone_and_the_new_one_in_its_place(place: Place) -> None:
    known = has_drawn(place)
    sender = place.sender(OPENID)
    with place.database.begin() as session:
        certificates.revoke(session, known.id, a_doing(), because="错字")
    for path in paths(known):
        assert sender.get(path).status_code == HTTPStatus.NOT_FOUND
    with place.database.begin() as session:
        named = Named(Credit.PSEUDONYM, "兰水人")
        certificates.issue_anew(session, known.id, named, a_doing(), because="")
    assert "兰水人" in sender.page(paths(known)[0]).text


def test_an_anonymous_giver_is_named_neither_on_the_page_nor_by_the_file(place: Place) -> None:
    known = has_drawn(place, Gift(credit=Credit.ANONYMOUS))
    sender: Sender = place.sender(OPENID)
    assert rules.NOBODY in sender.page(paths(known)[0]).text
    for path in paths(known):
        answer = sender.get(path)
        assert NAME not in answer.get_data().decode(errors="replace")
        assert NAME not in str(answer.headers)


# -- thanks ----------------------------------------------------------------------------------------


def thanked(database: Database) -> dict[int, tuple[str, ...]]:
    with database.reads() as connection:
        return {year.year: year.names for year in thanks.years(connection)}


def test_who_gave_and_wants_to_be_named_is_thanked_once_in_a_year(database: Database) -> None:
    gifts = (
        Gift(name="王建国"),
        Gift(Wish.COPY, Credit.PSEUDONYM, "兰水人"),
        Gift(name="王建国"),
        Gift(Wish.DEPOSIT, name="寄存的人"),
        Gift(credit=Credit.ANONYMOUS, name="不署名的人"),
        Gift(name="不公开的人", scope=Scope.CLOSED),
        Gift(name="只在馆内的人", scope=Scope.READING_ROOM),
    )
    for gift in gifts:
        a_certificate(database, gift)
    year = a_doing().today.year
    assert thanked(database) == {year: ("王建国", "兰水人", "只在馆内的人")}


@pytest.mark.parametrize("what", ["revoked", "renamed", "upload", "agreement", "state"])
def test_a_name_goes_when_anything_that_it_rests_on_goes(database: Database, what: str) -> None:
    known = a_certificate(database, Gift(openid=None))
    kept = a_certificate(database, Gift(name="兰水人", openid=None))
    hidden = {"credit": Credit.ANONYMOUS.value}
    with database.begin() as session:
        if what == "revoked":
            certificates.revoke(session, known.id, a_doing(), because="撤回")
        elif what == "renamed":
            named = Named(Credit.ANONYMOUS)
            certificates.issue_anew(session, known.id, named, a_doing(), because="不想署名了")
        elif what == "upload":
            session.execute(update(Treasure).where(Treasure.id == known.treasure_id).values(hidden))
        elif what == "agreement":
            ours = Agreement.treasure_id == known.treasure_id
            session.execute(update(Agreement).where(ours).values(hidden))
        else:
            gone = {"state": State.RETURNED.value}
            session.execute(update(Treasure).where(Treasure.id == known.treasure_id).values(gone))
    assert [*thanked(database).values()] == [("兰水人",)]
    assert kept.is_standing


def test_the_page_shows_a_year_and_leads_to_the_others(place: Place) -> None:
    empty = Client(place.application.wsgi).get(thanks.PAGE)
    page = read_page(empty.text)
    page.check_frame()
    assert "名录还空着" in page.text
    old = a_certificate(place.database, Gift(name="旧年的人", openid=None))
    a_certificate(place.database, Gift(name="<b>今年的人", openid=None))
    a_certificate(place.database, Gift(credit=Credit.ANONYMOUS, name="不署名的人", openid=None))
    with place.database.begin() as session:
        row = session.scalars(select(Accession).where(Accession.id == old.accession_id)).one()
        row.entered_at = row.entered_at.replace(year=2019, month=6)
    shown = Client(place.application.wsgi).get(thanks.PAGE)
    page = read_page(shown.text)
    page.check_frame()
    assert "<b>今年的人" in page.text
    for hidden in ("旧年的人", "不署名的人", rules.NOBODY, "2 位", "2位"):
        assert hidden not in page.text
    assert f"{thanks.PAGE}?year=2019" in page.links
    assert "旧年的人" in Client(place.application.wsgi).get(f"{thanks.PAGE}?year=2019").text
    assert Client(place.application.wsgi).get(f"{thanks.PAGE}?year=9999").text.count("<li>") == 1
    assert shown.headers["X-Robots-Tag"].startswith("noindex")
