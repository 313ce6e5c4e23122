"""读者的话: words wait for an editor, nobody's name on them, and are read up to what was shown."""

from datetime import timedelta

import pytest

from tests.console import Office
from tests.publishing.desks import Desks
from wx_archive.core import clock
from wx_archive.followers import service as followers
from wx_archive.publishing import opinions
from wx_archive.staff.rules import Role

OPENID = "oReaderOfPieces0000000000001"


@pytest.fixture
def desks(any_office: Office) -> Desks:
    return Desks(any_office)


def says(desks: Desks, path: str, words: str, openid: str = OPENID) -> None:
    piece_id = desks.piece(path).id
    with desks.office.database.begin() as session:
        now = clock.now()
        follower_id = followers.ensure(session, openid, now=now)
        opinions.give(session, piece_id, follower_id, is_useful=True, now=now)
        opinions.say(session, piece_id, follower_id, words, now=now)


def test_words_wait_on_the_first_page_and_are_read(desks: Desks) -> None:
    path = desks.approved(title="一座大坝")
    says(desks, path, "想看当年的照片。电话 13912345678")
    assert "条读者对文章说的话没人看过" in desks.editor.page("/console").text
    assert "一座大坝" in desks.editor.page("/console/opinions").text
    below = f"/console/opinions/{path.rpartition('/')[2]}"
    page = desks.editor.page(below)
    assert "想看当年的照片" in page.text
    assert "13912345678" not in page.text
    assert OPENID not in page.text
    desks.editor.done(f"{below}/read", until=page.value_of("until"))
    assert "都看过了" in desks.editor.page("/console/opinions").text
    assert "看过了，记下" not in desks.editor.page(below).text
    (note,) = desks.notes("opinion.read", path)
    assert "照片" not in note


def test_words_that_came_after_the_page_was_shown_stay_unread(desks: Desks) -> None:
    path = desks.approved()
    says(desks, path, "第一句")
    before = (clock.now() - timedelta(hours=1)).isoformat()
    below = f"/console/opinions/{path.rpartition('/')[2]}"
    desks.editor.done(f"{below}/read", until=before)
    assert "没看过" in desks.editor.page(below).text


@pytest.mark.parametrize("until", ["", "明天", "2999-01-01T00:00:00+00:00", "2026-01-01T00:00:00"])
def test_a_bent_form_reads_nothing(desks: Desks, until: str) -> None:
    path = desks.approved()
    says(desks, path, "第一句")
    below = f"/console/opinions/{path.rpartition('/')[2]}"
    assert desks.editor.post(f"{below}/read", until=until).status_code == 409
    assert "没看过" in desks.editor.page(below).text


def test_a_piece_that_is_not_there_has_no_words(desks: Desks) -> None:
    assert desks.editor.get("/console/opinions/none").status_code == 404
    assert desks.at(Role.PUBLISHER).get("/console/opinions").status_code == 403
