"""How an upload stands: questions answered once, withdrawn once, every state with its page."""

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.conftest import SettingsFactory
from tests.treasures.own_making import (
    RIGHTS,
    ROOT,
    TOLD,
    Place,
    Sender,
    a_photo,
    a_place,
    checked,
    on_postgres,
    settings_in,
)
from tests.treasures.register_making import MINE, entered, shown
from wx_archive.media.objects import open_objects
from wx_archive.treasures import page_texts, queries, rights, rules
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import Action, Right, State
from wx_archive.treasures.steps import SENDER

LONG_AGO = date(2020, 1, 1)


@pytest.fixture(scope="module")
def place(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An account to which WeChat does not tell who reads; every test has senders of its own."""
    folder = tmp_path_factory.mktemp("own") / "data"
    with a_place(settings_in(folder, _demo_data)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def any_place(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Iterator[Place]:
    given = {}
    if request.param == "postgresql":
        given = on_postgres(str(request.getfixturevalue("postgres_demo_url")))
    with a_place(demo_settings(wechat_account="subscription", **given)) as opened:
        yield opened


@pytest.fixture
def postgres_demo_url(request: pytest.FixtureRequest) -> str:
    settings = request.getfixturevalue("postgres_redis_settings")
    return str(settings.database_url.get_secret_value())


@pytest.fixture
def sender(place: Place) -> Sender:
    return place.sender()


def test_a_question_is_answered_once(any_place: Place) -> None:
    sender = any_place.sender()
    pid = sender.hands_in()
    any_place.moves(pid, State.SCREENING, State.NEED_INFO, note="前排是谁？")
    assert "前排是谁？" in sender.page(f"/{pid}").text
    form = sender.hidden(f"/{pid}") | {"words": "是外婆", "quick": "是"}
    for _each in range(2):
        assert sender.browser.post(f"{ROOT}/{pid}/answer", data=form).status_code == 303
    assert any_place.upload(pid).state is State.SCREENING
    with any_place.database.reads() as connection:
        taken = queries.steps(connection, any_place.upload(pid).id)
    assert [step.note for step in taken if step.action is Action.ANSWER] == ["是。是外婆"]


@pytest.mark.parametrize("words", ["", "长" * (rules.NOTE_LENGTH + 1)])
def test_an_answer_that_says_nothing_or_too_much_is_given_back(
    place: Place, sender: Sender, words: str
) -> None:
    pid = sender.hands_in()
    place.moves(pid, State.NEED_INFO, note="前排是谁？")
    answer = sender.post(f"/{pid}/answer", form=f"/{pid}", words=words)
    assert words in checked(answer, status=400).text
    assert 'id="words-wrong"' in answer.text
    assert place.upload(pid).state is State.NEED_INFO


def test_an_answer_to_an_older_question_is_not_taken_for_the_new_one(
    place: Place, sender: Sender
) -> None:
    pid = sender.hands_in()
    place.moves(pid, State.NEED_INFO, note="前排是谁？")
    old = sender.hidden(f"/{pid}") | {"words": "外婆"}
    place.moves(pid, State.SCREENING, State.NEED_INFO, note="哪一年？")
    answer = sender.browser.post(f"{ROOT}/{pid}/answer", data=old)
    page = checked(answer, status=409)
    assert "哪一年？" in page.text
    assert "外婆" in page.text
    assert place.upload(pid).state is State.NEED_INFO


@pytest.mark.parametrize("path", ["photos", "story", "rights", "confirm"])
def test_what_staff_have_taken_on_is_read_only_and_keeps_what_is_typed(
    place: Place, sender: Sender, path: str
) -> None:
    pid = sender.hands_in()
    form = sender.hidden(f"/{pid}/{path}") | TOLD | RIGHTS | {"title": "晚来的", "agree": "1"}
    place.moves(pid, State.SCREENING, State.APPRAISAL)
    before = place.upload(pid)
    assert sender.get(f"/{pid}/{path}").headers["Location"] == f"{ROOT}/{pid}"
    answer = sender.browser.post(f"{ROOT}/{pid}/{path}", data=form)
    if path == "story":
        assert checked(answer, status=400).inputs["title"] == "晚来的"
    assert place.upload(pid) == before
    assert "不能再改" in sender.page(f"/{pid}").text


def test_withdrawing_asks_once_more_and_is_done_once(any_place: Place) -> None:
    sender = any_place.sender()
    pid = sender.hands_in()
    number = any_place.upload(pid).number
    assert f"要撤回 {number} 吗" in sender.page(f"/{pid}/withdraw").text
    form = sender.hidden(f"/{pid}/withdraw")
    for _each in range(2):
        assert sender.browser.post(f"{ROOT}/{pid}/withdraw", data=form).status_code == 303
    upload = any_place.upload(pid)
    assert upload.state is State.WITHDRAWN
    assert upload.erase_on
    assert sender.get(f"/{pid}/withdraw").status_code == 303
    sender.page(f"/{pid}")


def test_a_draft_that_is_not_wanted_is_gone(sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo())
    assert sender.post(f"/{pid}/withdraw").headers["Location"] == ROOT
    assert sender.get(f"/{pid}").status_code == 404


@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_every_state_has_its_page(place: Place, sender: Sender, state: State) -> None:
    pid = sender.hands_in()
    ways = {
        State.SCREENING: [State.SCREENING],
        State.NEED_INFO: [State.NEED_INFO],
        State.APPRAISAL: [State.SCREENING, State.APPRAISAL],
        State.ACCEPTED: [State.SCREENING, State.ACCEPTED],
        State.AGREEMENT: [State.SCREENING, State.ACCEPTED, State.AGREEMENT],
        State.DECLINED: [State.DECLINED],
        State.RETURNED: [State.DECLINED, State.RETURNED],
        State.WITHDRAWN: [State.WITHDRAWN],
    }
    kept = [State.SCREENING, State.ACCEPTED, State.AGREEMENT, State.ACCESSIONED]
    ways |= {State.ACCESSIONED: kept, State.PUBLISHED: [*kept, State.PUBLISHED]}
    place.moves(pid, *ways.get(state, []), note="有话要说")
    page = sender.page(f"/{pid}")
    assert rules.STATES[state] in page.text
    assert page_texts.NEXT[state] in page.text
    assert rules.STATES[state] in sender.page("").text


def test_the_page_of_a_shown_piece_leads_to_the_public_one_and_says_how_to_end_that(
    any_place: Place,
) -> None:
    sender = any_place.sender("oGiver")
    library = open_objects(any_place.settings)
    allowed = [Allowed(use, LONG_AGO) for use in Right]
    upload = shown(any_place.database, library, *allowed, openid=sender.openid)
    public, way = f"{ROOT}/pieces/{upload.pid}", f"在公众号里回“撤回授权 {upload.number}”"
    assert way in sender.page(f"/{upload.pid}").text
    assert f'href="{public}"' in sender.get(f"/{upload.pid}").text
    assert sender.browser.get(public).status_code == HTTPStatus.OK
    with any_place.database.begin() as session:
        rights.revoke(session, upload.id, rights.PUBLIC_USES, "", SENDER, MINE)
    page = sender.page(f"/{upload.pid}").text
    assert "您撤回了授权" in page
    assert page.count("您不愿意再公开") == 1
    assert "送件人" not in page
    assert "撤回授权" not in page
    assert public not in sender.get(f"/{upload.pid}").text


def test_what_nobody_may_see_needs_no_revocation(any_place: Place) -> None:
    sender = any_place.sender("oGiver")
    kept = Allowed(Right.PRESERVE, LONG_AGO)
    upload = entered(any_place.database, kept, openid=sender.openid)
    page = sender.page(f"/{upload.pid}").text
    assert "已经入藏" in page
    assert "撤回授权" not in page
