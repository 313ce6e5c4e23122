"""The sender's pages: theirs alone, from the first to the last answer; typed words are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

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
from wx_archive.followers import consents
from wx_archive.treasures import page_texts, queries, rules, steps
from wx_archive.treasures.rules import Action, Channel, State
from wx_archive.treasures.uploads import PURPOSE

NOWHERE = "0" * 26
STEPS = ("", "/photos", "/story", "/rights", "/confirm", "/withdraw")


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


def actions(place: Place, pid: str) -> list[Action]:
    with place.database.reads() as connection:
        return [step.action for step in queries.steps(connection, place.upload(pid).id)]


# -- whose they are ----------------------------------------------------------------------------


def test_every_page_of_the_form_is_whole_before_anything_is_filled_in(sender: Sender) -> None:
    pid = sender.begins()
    for path in ("", "/new", *(f"/{pid}{step}" for step in STEPS)):
        sender.page(path)


@pytest.mark.parametrize("step", STEPS)
def test_somebody_elses_upload_is_as_if_it_never_was(place: Place, step: str) -> None:
    pid, other = place.sender().begins(), place.sender("oOther")
    theirs = other.get(f"/{pid}{step}")
    assert theirs.status_code == 404
    assert theirs.text == other.get(f"/{NOWHERE}{step}").text
    form = {"csrf": other.hidden("/new")["csrf"], "title": "我的"}
    assert other.browser.post(f"{ROOT}/{pid}{step}", data=form).status_code in (404, 405)
    assert place.upload(pid).title == ""


def test_a_strangers_browser_is_told_what_to_write_in_the_chat(place: Place) -> None:
    pid = place.sender().begins()
    stranger = Sender(place, "", 0, Client(place.application.wsgi))
    for path in ("", "/new", f"/{pid}", f"/{pid}/photos", f"/{NOWHERE}"):
        assert "上传" in stranger.page(path, status=403).text


def test_what_was_typed_in_a_session_that_is_over_is_shown_to_be_copied(sender: Sender) -> None:
    pid = sender.begins()
    form = sender.hidden(f"/{pid}/story") | {"story": "写了半个小时"}
    sender.browser.delete_cookie(f"h5-{PURPOSE}")
    answer = sender.browser.post(f"{ROOT}/{pid}/story", data=form)
    assert "写了半个小时" in checked(answer, status=403).text


def test_a_form_of_another_session_changes_nothing_and_gives_the_words_back(
    place: Place, sender: Sender
) -> None:
    pid = sender.begins()
    form = sender.hidden(f"/{pid}/story") | {"story": "旧页面写的"}
    newer = place.sender(sender.openid)  # the same person, by a newer link
    answer = newer.browser.post(f"{ROOT}/{pid}/story", data=form)
    assert "旧页面写的" in checked(answer, status=403).text
    assert place.upload(pid).story == ""


# -- the way through ---------------------------------------------------------------------------


def test_an_upload_goes_through_the_form_to_a_number(any_place: Place) -> None:
    sender = any_place.sender()
    pid = sender.hands_in()
    upload = any_place.upload(pid)
    assert (upload.state, upload.channel) == (State.RECEIVED, Channel.H5)
    assert upload.number
    assert upload.confirmed_at
    assert upload.consent_version == 1
    assert (upload.title, upload.year_text) == ("外婆的毕业照", "七十年代，大约 1975 年")
    assert (upload.wish, upload.credited) == ("copy", "老城人")
    with any_place.database.begin() as session:
        site = any_place.application.services.site
        assert consents.has_given(session, site, sender.follower_id, PURPOSE)
    done = sender.page(f"/{pid}/done")
    assert upload.number in done.text
    assert "3 个工作日内回复" in done.text
    assert upload.number in sender.page("").text


def test_beginning_twice_goes_on_with_the_one_that_was_begun(sender: Sender) -> None:
    assert sender.begins() == sender.begins()


def test_handing_in_twice_files_once(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.fills(pid)
    form = sender.hidden(f"/{pid}/confirm") | {"agree": "1"}
    answers = [sender.browser.post(f"{ROOT}/{pid}/confirm", data=form) for _each in range(2)]
    assert {answer.headers.get("Location") for answer in answers} == {f"{ROOT}/{pid}/done"}
    assert actions(place, pid) == [Action.MOVE, Action.MOVE]
    other = place.sender("oOther")
    assert place.upload(other.hands_in()).number != place.upload(pid).number


def test_confirming_again_keeps_the_number(place: Place, sender: Sender) -> None:
    pid = sender.hands_in()
    number, before = place.upload(pid).number, place.upload(pid).confirmed_at
    assert sender.post(f"/{pid}/story", title="改过的题名").status_code == 303
    assert sender.post(f"/{pid}/confirm", agree="1").status_code == 303
    after = place.upload(pid)
    assert (after.number, after.title, after.state) == (number, "改过的题名", State.RECEIVED)
    assert after.confirmed_at
    assert before
    assert after.confirmed_at > before


def test_without_the_consent_nothing_is_handed_in(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.fills(pid)
    for agreed in ({}, {"agree": "2"}):
        answer = sender.post(f"/{pid}/confirm", **agreed)
        assert page_texts.CONSENT_MISSING in checked(answer, status=400).text
    assert place.upload(pid).state is State.DRAFT


def test_what_changed_since_it_was_seen_is_shown_again_before_it_is_handed_in(
    place: Place, sender: Sender
) -> None:
    pid = sender.begins()
    sender.fills(pid)
    seen = sender.hidden(f"/{pid}/confirm") | {"agree": "1"}
    assert sender.sends(pid, a_photo()).status_code == 303
    answer = sender.browser.post(f"{ROOT}/{pid}/confirm", data=seen)
    assert page_texts.SEEN_MEANWHILE in checked(answer, status=400).text
    assert place.upload(pid).state is State.DRAFT


def test_nothing_is_handed_in_while_a_step_is_missing(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    page = sender.page(f"/{pid}/confirm")
    assert "先放一张照片" in page.text
    assert "agree" not in page.inputs
    forced = {"csrf": sender.hidden("/new")["csrf"], "agree": "1"}
    version = str(place.upload(pid).version)
    answer = sender.browser.post(
        f"{ROOT}/{pid}/confirm", data=forced | {"version": version, "shown": ""}
    )
    checked(answer, status=400)
    assert place.upload(pid).state is State.DRAFT


def test_a_clue_needs_words_and_no_photo(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    assert sender.post(f"/{pid}/rights", **RIGHTS | {"wish": "tip"}).status_code == 303
    assert sender.post(f"/{pid}/story", story="老城门的砖在邻居家").status_code == 303
    assert sender.post(f"/{pid}/confirm", agree="1").status_code == 303
    assert place.upload(pid).state is State.RECEIVED


# -- 讲述 and 权利 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"decade": "七十年代"}, "七十年代"),
        ({"decade": "不知道"}, "不知道"),
        ({"year": "大约 1975 年"}, "大约 1975 年"),
        ({"decade": "七十年代", "year": "春节"}, "七十年代，春节"),
        ({"decade": "有人自己编的"}, ""),
    ],
)
def test_when_is_told_by_decade_by_words_or_not_known(
    place: Place, sender: Sender, typed: dict[str, str], kept: str
) -> None:
    pid = sender.begins()
    sender.post(f"/{pid}/story", **typed)
    assert place.upload(pid).year_text == kept
    again = sender.get(f"/{pid}/story").text
    assert f'value="{typed.get("year", "")}"' in again
    # Saved once more as the page has it, it stays what it was.
    sender.post(f"/{pid}/story", **typed)
    assert place.upload(pid).year_text == kept


def test_what_is_not_known_is_an_answer(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.post(f"/{pid}/story", place_unknown="1", people_unknown="1")
    upload = place.upload(pid)
    assert (upload.place, upload.people) == ("不知道", "不知道")
    assert sender.get(f"/{pid}/story").text.count("checked") == 3


def test_too_much_is_said_beside_its_field_and_nothing_typed_is_lost(
    place: Place, sender: Sender
) -> None:
    pid, story = sender.begins(), "长" * (rules.STORY_LENGTH + 1)
    answer = sender.post(f"/{pid}/story", **TOLD | {"story": story})
    page = checked(answer, status=400)
    assert 'id="story-wrong"' in answer.text
    assert story in page.text
    assert page.inputs["title"] == TOLD["title"]
    assert 'value="七十年代" checked' in answer.text
    assert place.upload(pid).title == ""


def test_a_photos_own_day_is_offered_and_never_filled_in_by_itself(
    place: Place, sender: Sender
) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo())
    place.looks(pid, taken_text="1985-06-01")
    page = sender.page(f"/{pid}/story")
    assert "照片自己记着 1985年6月1日" in page.text
    assert page.inputs["year"] == ""
    asked = sender.post(f"/{pid}/story", **TOLD | {"use": "1985-06-01"})
    page = checked(asked)
    assert page.inputs["year"] == "1985年6月1日"
    assert page.inputs["title"] == TOLD["title"]
    assert place.upload(pid).year_text == ""


def test_words_from_the_chat_are_not_overwritten_unseen(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    form = sender.hidden(f"/{pid}/story") | {"story": "页面上写的"}
    with place.database.begin() as session:
        treasure = steps.locked(session, place.upload(pid).id)
        treasure.story = "微信里说的"
    answer = sender.browser.post(f"{ROOT}/{pid}/story", data=form)
    page = checked(answer, status=400)
    assert "微信里说的" in page.text
    assert "页面上写的" in page.text
    assert place.upload(pid).story == "微信里说的"
    again = form | {"seen": page.inputs["seen"]}
    assert sender.browser.post(f"{ROOT}/{pid}/story", data=again).status_code == 303
    assert place.upload(pid).story == "页面上写的"


def test_saving_the_same_again_is_no_step_that_staff_see(place: Place, sender: Sender) -> None:
    pid = sender.hands_in()
    before = actions(place, pid)
    sender.post(f"/{pid}/story", **TOLD)
    sender.post(f"/{pid}/rights", **RIGHTS)
    assert actions(place, pid) == before
    sender.post(f"/{pid}/story", **TOLD | {"title": "改"})
    assert actions(place, pid) == [*before, Action.TELL]


def test_half_filled_rights_are_kept_on_the_way_back(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    back = sender.post(f"/{pid}/rights", ownership="bought", credit="name", go="story")
    assert back.headers["Location"] == f"{ROOT}/{pid}/story"
    upload = place.upload(pid)
    assert (upload.ownership, upload.wish, upload.credit) == ("bought", None, "name")
    on = sender.post(f"/{pid}/rights", ownership="bought", credit="name")
    assert on.text.count('class="wrong"') == 3  # wish, scope, the name
    checked(on, status=400)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"scope": "closed", "until": "昨天"}, "until", page_texts.NO_DATE),
        ({"scope": "closed", "until": "2020-01-01"}, "until", "今天以后"),
        ({"name": ""}, "name", "请填要署的名字"),
        ({"name": "名" * 31}, "name", "最多 30 个字"),
        ({"wish": "sell"}, "wish", page_texts.CHOOSE),
    ],
)
def test_what_is_wrong_with_rights_is_said_beside_its_field(
    sender: Sender, changes: dict[str, str], field: str, words: str
) -> None:
    pid = sender.begins()
    answer = sender.post(f"/{pid}/rights", **RIGHTS | changes)
    checked(answer, status=400)
    said = answer.text.split(f'id="{field}-wrong">')[1].split("</p>")[0]
    assert words in said
    for value in changes.values():
        assert not value or field == "wish" or value in answer.text


def test_anonymous_keeps_no_name_at_all(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.post(f"/{pid}/rights", **RIGHTS | {"credit": "anonymous", "name": "王小明"})
    assert place.upload(pid).credit_name == ""
    for path in (f"/{pid}", f"/{pid}/rights", f"/{pid}/confirm"):
        assert "王小明" not in sender.page(path).text


def test_whoever_is_not_named_is_asked_to_take_names_out_of_the_words_too(sender: Sender) -> None:
    pid = sender.begins()
    sender.fills(pid)
    said = "题名、人物、来历里写了名字的，请先改掉：公开时这些字会照登"
    assert said not in sender.page(f"/{pid}/confirm").text
    sender.post(f"/{pid}/rights", **RIGHTS | {"credit": "anonymous", "name": ""})
    assert said in sender.page(f"/{pid}/confirm").text
    page = sender.get(f"/{pid}/confirm").text
    for part in ("title", "people", "story"):
        assert f'href="{ROOT}/{pid}/story#{part}"' in page
        assert f'id="{part}"' in sender.get(f"/{pid}/story").text
