"""Seasons and cards at the desk: planned, released, changed, drawn, over the web."""

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from PIL import Image
from sqlalchemy import select, update

from tests.console import Office
from tests.html import read_page
from tests.quiz.making import NOW
from tests.quiz.season_desks import DAY, OPEN, SEASONS, Desk, a_picture, plan
from tests.quiz.season_making import a_plan
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.ids import random_pid
from wx_archive.core.jobs import Job
from wx_archive.media import fonts
from wx_archive.media import service as media
from wx_archive.quiz import season_desk
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import SeasonState
from wx_archive.quiz.season_once import once
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

HIDDEN = "0001-2-0056-003"


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


# -- seasons ----------------------------------------------------------------------------------


def test_a_season_is_planned_by_one_and_released_by_another(any_office: Office) -> None:
    desk = Desk(any_office)
    assert "还没有答题季" in desk.editor.page(SEASONS).text
    path = desk.editor.post(SEASONS, **plan()).headers["Location"]
    for ordinal in range(1, 10):
        desk.writes(path, ordinal)
    page = desk.editor.page(path)
    assert "还缺第 10 张卡" in page.text
    assert "<script>" not in page.text.replace("<script>x</script>", "")
    refused = desk.editor.post(f"{path}/submit", seen=desk.season(path).version)
    assert (refused.status_code, "还缺第 10 张卡" in refused.text) == (409, True)
    desk.writes(path, 10)
    assert "交给别人放行" in desk.does(desk.editor, path, "submit").text
    assert desk.known() == []
    assert "等您放行的答题季" in desk.reviewer.page("/console").text
    page = desk.reviewer.page(path)
    assert "放行这一季" in page.text
    assert "放行了" in desk.does(desk.reviewer, path, "release").text
    (known,) = desk.known()
    assert (known.name, known.daily_cap, len(known.cards)) == ("兰台记忆", 30, 10)
    with any_office.database.begin() as session:
        (told,) = session.scalars(select(Job.payload).where(Job.kind == season_desk.DRAW))
    assert json.loads(told) == {"season": known.id}
    assert "正在答题" in desk.editor.page(SEASONS).text
    steps = ["season.add", *["season.card"] * 10, "season.submit", "season.release"]
    assert desk.actions() == steps, "what was refused left nothing"


def test_what_cannot_be_is_told_beside_its_field_with_all_that_was_typed(desk: Desk) -> None:
    today = clock.today()
    wrong = plan(name="", ends_on=today - DAY, daily_cap="很多", rules="我写了很久")
    answer = desk.editor.post(SEASONS, **wrong)
    assert answer.status_code == 422
    page = read_page(answer.text)
    assert "Not a valid" not in page.text
    assert "我写了很久" in page.text
    answer = desk.editor.post(SEASONS, **wrong | {"daily_cap": 300})
    page = read_page(answer.text)
    for said in ("请写这一季的名称", "不能早于第一天", "1 到 200 之间"):
        assert said in page.text
    assert desk.known() == []
    assert desk.actions() == []


def test_days_of_another_season_are_named_before_it_is_handed_in(desk: Desk) -> None:
    desk.released(name="先来的")
    path = desk.planned(name="后到的")
    assert "和已放行的“先来的”" in desk.editor.page(path).text


def test_the_second_person_gives_back_with_words(desk: Desk) -> None:
    path = desk.planned()
    desk.does(desk.editor, path, "submit")
    empty = desk.reviewer.post(f"{path}/refuse", seen=desk.season(path).version, note=" ")
    assert (empty.status_code, "请写一句理由" in empty.text) == (422, True)
    assert desk.season(path).state == SeasonState.WAITING
    desk.does(desk.reviewer, path, "refuse", note="第三张没有出处")
    assert "退回的理由：第三张没有出处" in desk.editor.page(path).text
    assert "退回给您改的答题季或改动" in desk.editor.page("/console").text


def test_nobody_decides_about_a_page_that_is_out_of_date(desk: Desk) -> None:
    path = desk.planned()
    desk.does(desk.editor, path, "submit")
    seen = desk.season(path).version
    desk.does(desk.editor, path, "back")
    desk.does(desk.editor, path, "submit")
    answer = desk.reviewer.post(f"{path}/release", seen=seen)
    assert (answer.status_code, "别人改过" in answer.text) == (409, True)
    assert desk.known() == []


def test_a_released_season_changes_only_when_a_second_person_agrees(desk: Desk) -> None:
    path = desk.released()
    seen = desk.season(path).version
    longer = plan(ends_on=clock.today() + 25 * DAY, daily_cap=10)
    said = desk.editor.done(f"{path}/edit", **longer, seen=seen).text
    assert "别人同意以前" in said
    page = desk.reviewer.page(path)
    assert "提出的改动" in page.text
    assert "等您同意的答题季改动" in desk.reviewer.page("/console").text
    assert desk.known()[0].daily_cap == 30
    assert "同意，改动生效" not in desk.editor.page(path).text
    desk.does(desk.reviewer, path, "agree")
    assert desk.known()[0].daily_cap == 10
    past = plan(starts_on=clock.today() + DAY, daily_cap=10)
    answer = desk.editor.post(f"{path}/edit", **past, seen=desk.season(path).version)
    assert (answer.status_code, "第一天不能再改" in answer.text) == (409, True)


def test_a_proposal_is_given_back_or_taken_back(desk: Desk) -> None:
    path = desk.released()
    for step, who, more in (
        ("disagree", desk.reviewer, {"note": "太多了"}),
        ("unpropose", desk.editor, {}),
    ):
        seen = desk.season(path).version
        desk.editor.done(f"{path}/edit", **plan(daily_cap=99), seen=seen)
        desk.does(who, path, step, **more)
        assert (desk.season(path).proposal == "") == (step == "unpropose")
    assert desk.known()[0].daily_cap == 30


def test_a_proposal_that_was_given_back_is_gone_on_from(desk: Desk) -> None:
    path = desk.released()
    desk.editor.done(f"{path}/edit", **plan(daily_cap=99), seen=desk.season(path).version)
    desk.does(desk.reviewer, path, "disagree", note="太多了")
    assert "退回给您改的答题季或改动" in desk.editor.page("/console").text
    assert "有退回的改动" in desk.editor.page(SEASONS).text
    page = desk.editor.page(path)
    for said in ("退回的改动", "退回的理由：太多了", "不要这些改动"):
        assert said in page.text
    assert "同意，改动生效" not in desk.reviewer.page(path).text
    assert desk.editor.page(f"{path}/edit").value_of("daily_cap") == "99"
    desk.does(desk.editor, path, "repropose")
    desk.does(desk.reviewer, path, "agree")
    assert desk.known()[0].daily_cap == 99


def test_a_form_that_is_sent_twice_makes_one_season(any_office: Office) -> None:
    desk = Desk(any_office)
    key = desk.editor.page(f"{SEASONS}/new").value_of("key")
    paths = {desk.editor.post(SEASONS, **plan(), key=key).headers["Location"] for _ in range(2)}
    (path,) = paths
    with any_office.database.begin() as session:
        assert len(session.scalars(select(Season.id)).all()) == 1
    key = desk.editor.page(path).value_of("key")
    copies = {desk.editor.post(f"{path}/copy", key=key).headers["Location"] for _ in range(2)}
    assert len(copies) == 1
    with any_office.database.begin() as session:
        assert len(session.scalars(select(Season.id)).all()) == 2


def test_two_clicks_at_the_same_moment_make_one_season(database: Database) -> None:
    key, both = random_pid(), Barrier(2)
    has_one_writer = database.engine.dialect.name == "sqlite"

    def click(_number: int) -> tuple[str, bool]:
        with database.begin() as session:
            if not has_one_writer:
                session.connection()
                both.wait(5)
            made, is_new = once(
                session,
                lambda: season_desk.find(session, key),
                lambda: season_desk.add(session, a_plan(), by="editor", now=NOW, pid=key),
            )
            return made.pid, is_new

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(click, range(2)))
    assert sorted(told) == [(key, False), (key, True)]


def test_a_withdrawn_season_names_who_withdrew_it(desk: Desk) -> None:
    path = desk.released()
    desk.does(desk.reviewer, path, "withdraw", note="题有错")
    page = re.sub(r"\s+", " ", desk.editor.page(path).text)
    assert re.search(r"状态 ?已撤销.{1,20}\d{4}-\d\d-\d\d \d\d:\d\d", page)
    assert re.search(r"放行 ?\S+，\d{4}-", page)


def test_days_and_warnings_name_the_plan_they_are_of(desk: Desk) -> None:
    path = desk.released()
    longer = plan(ends_on=clock.today() + 40 * DAY, pick_up_until=clock.today() + 90 * DAY)
    desk.editor.done(f"{path}/edit", **longer, seen=desk.season(path).version)
    page = desk.editor.page(path)
    assert "共 21 天" in page.text
    assert "请留意（按提出的改动算）" in page.text


def test_changing_what_waits_says_that_it_is_a_draft_again(desk: Desk) -> None:
    path = desk.planned()
    desk.does(desk.editor, path, "submit")
    swapped = desk.does(desk.editor, path, "cards/1/later")
    desk.does(desk.editor, path, "submit")
    written = desk.writes(path, 2, number="002-9", title="改过").headers["Location"]
    said = [swapped.text, desk.editor.page(written).text]
    desk.does(desk.editor, path, "submit")
    said.append(desk.editor.done(f"{path}/edit", **plan(), seen=desk.season(path).version).text)
    assert all("已拿回成草稿，改好请再交" in one for one in said)
    assert desk.season(path).state == SeasonState.DRAFT
    assert "已拿回" not in desk.does(desk.editor, path, "cards/1/later").text


def test_a_withdrawal_asks_once_more_with_how_many_it_meets(desk: Desk) -> None:
    path = desk.released()
    assert "现在有 0 人参加了这一季" in desk.reviewer.page(f"{path}/withdraw").text
    seen = desk.season(path).version
    empty = desk.reviewer.post(f"{path}/withdraw", seen=seen, note="")
    assert (empty.status_code, len(desk.known())) == (422, 1)
    assert desk.editor.post(f"{path}/withdraw", seen=seen, note="不办").status_code == 403
    desk.does(desk.reviewer, path, "withdraw", note="题有错")
    assert desk.known() == []
    assert "撤销的理由：题有错" in desk.editor.page(path).text
    with desk.office.database.begin() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry
    assert "题有错" in entry.after


def test_a_draft_is_dropped_by_its_editors_and_a_released_one_is_not(desk: Desk) -> None:
    path = desk.planned(cards=1)
    desk.does(desk.editor, path, "drop", note="重来")
    assert desk.season(path).state == SeasonState.WITHDRAWN
    path = desk.released()
    answer = desk.editor.post(f"{path}/drop", seen=desk.season(path).version, note="重来")
    assert (answer.status_code, len(desk.known())) == (409, 1)


def test_a_season_is_copied_with_its_cards(desk: Desk) -> None:
    path = desk.released()
    answer = desk.editor.post(f"{path}/copy")
    made = answer.headers["Location"]
    page = desk.editor.page(made)
    assert "第10件" in page.text
    assert desk.season(made).starts_on == desk.season(path).ends_on + DAY
    desk.does(desk.editor, made, "submit")


def test_who_may_only_read_changes_nothing(desk: Desk) -> None:
    path, clerk = desk.planned(), desk.at(Role.DESK)
    page = clerk.page(path)
    assert "改日子" not in page.text
    assert "作废" not in page.text
    for step in ("edit", "submit", "drop", "copy", "release", "cards/1", "cards/1/picture"):
        assert clerk.post(f"{path}/{step}", seen=desk.season(path).version).status_code == 403
    assert desk.at(Role.PUBLISHER).get(SEASONS).status_code == 403


# -- cards ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (OPEN, "公众查得到"),
        (HIDDEN, "公众现在查不到"),
        ("0012-2-0345", "公众现在查不到"),
        ("兰台革〔1970〕11号", "公众现在查不到"),
    ],
)
def test_a_card_tells_whether_the_public_finds_its_record(
    desk: Desk, entry: str, said: str
) -> None:
    path = desk.planned(cards=0)
    assert desk.writes(path, 1, entry=entry).status_code == 303
    page = desk.editor.page(f"{path}/cards/1")
    assert said in page.text
    assert "干部任免" not in page.text, "a hidden record's title"
    assert ("公众现在查不到，卡上不会有链接" in desk.editor.page(path).text) == (entry != OPEN)


def test_a_card_that_says_too_much_or_nothing_keeps_what_was_typed(desk: Desk) -> None:
    path = desk.planned(cards=0)
    answer = desk.writes(path, 1, story="字" * 401, title="", source="有出处")
    page = read_page(answer.text)
    assert answer.status_code == 422
    for said in ("请写标题", "最多 400 个字，现在有 401 个", "字" * 401):
        assert said in page.text
    assert page.value_of("source") == "有出处"
    assert desk.editor.get(f"{path}/cards/11").status_code == 404
    assert desk.editor.get(f"{path}/cards/1/art").status_code == 404


def test_a_card_gets_a_picture_of_the_library_and_loses_it_again(desk: Desk) -> None:
    path = desk.planned(cards=1)
    bridge, lamp = a_picture(desk.office, "大桥"), a_picture(desk.office, "台灯")
    page = desk.editor.page(f"{path}/cards/1/picture")
    assert all(title in page.text for title in ("大桥", "台灯"))
    found = desk.editor.page(f"{path}/cards/1/picture?q=大桥").text
    assert ("大桥" in found, "台灯" in found) == (True, False)
    plain = desk.editor.get(f"{path}/cards/1/art")
    desk.does(desk.editor, path, "cards/1/picture", asset=bridge)
    pictured = desk.editor.get(f"{path}/cards/1/art")
    for answer in (plain, pictured):
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert Image.open(io.BytesIO(answer.data)).height > 1000
    assert plain.data != pictured.data
    square = desk.editor.get(f"/console/quiz/pictures/{bridge}")
    assert (square.status_code, square.mimetype) == (200, "image/jpeg")
    assert desk.writes(path, 1, title="改了字").status_code == 303
    assert bridge in desk.editor.get(f"{path}/cards/1").text, "saving words keeps the picture"
    desk.writes(path, 1, do="bare")
    assert bridge not in desk.editor.get(f"{path}/cards/1").text
    nothing = desk.editor.post(
        f"{path}/cards/1/picture", asset="x" * 26, seen=desk.season(path).version
    )
    assert nothing.status_code == 404
    assert desk.reviewer.get(f"{path}/cards/1/picture").status_code == 403
    assert desk.editor.get(f"/console/quiz/pictures/{lamp[::-1]}").status_code == 404


def test_a_picture_that_left_the_library_is_told_of(desk: Desk) -> None:
    path = desk.planned(cards=1)
    pid = a_picture(desk.office, "大桥")
    desk.does(desk.editor, path, "cards/1/picture", asset=pid)
    with desk.office.database.begin() as session:
        media.withdraw(session, pid, now=clock.now())
    assert "已经从媒体库撤下" in desk.editor.page(path).text
    assert "这张图已经撤下" in desk.editor.page(f"{path}/cards/1").text
    assert desk.editor.get(f"{path}/cards/1/art").status_code == 200


def test_words_of_a_released_card_are_proposed_and_shown_as_they_would_be(desk: Desk) -> None:
    path, drawn = desk.released(), a_picture(desk.office, "画好的")
    with desk.office.database.begin() as session:
        session.execute(update(CardKind).values(art_pid=drawn))
    before = desk.editor.get(f"{path}/cards/3/art").data
    answer = desk.writes(path, 3, title="错字改正")
    assert "别人同意以前" in desk.editor.page(answer.headers["Location"]).text
    assert desk.reviewer.get(f"{path}/cards/3/art").data != before
    assert desk.known()[0].card(3).title == "第3件"
    page = desk.reviewer.page(path)
    assert "第 3 张卡 标题" in re.sub(r"\s+", " ", page.text)
    desk.does(desk.reviewer, path, "agree")
    assert desk.known()[0].card(3).title == "错字改正"
    assert desk.editor.get(f"{path}/cards/3/remove").status_code == 409


def test_cards_change_places_and_are_taken_out_after_asking(desk: Desk) -> None:
    path = desk.planned(cards=2)
    desk.does(desk.editor, path, "cards/1/later")
    assert desk.editor.page(f"{path}/cards/1").value_of("title") == "第2件"
    assert "去掉第 1 张卡《第2件》？" in desk.editor.page(f"{path}/cards/1/remove").text
    desk.does(desk.editor, path, "cards/1/remove")
    assert desk.editor.page(f"{path}/cards/1").value_of("title") == ""
    assert desk.editor.page(f"{path}/cards").text.count("第1件") == 1


def test_a_character_that_no_typeface_has_is_told_before_it_is_handed_in(desk: Desk) -> None:
    path = desk.planned(cards=0)
    desk.writes(path, 1, title="没有这个字\U000323af")
    page = desk.editor.page(f"{path}/cards/1")
    assert "字体里没有这几个字：\U000323af" in page.text
    assert desk.editor.get(f"{path}/cards/1/art").status_code == 409


def test_a_card_that_cannot_be_drawn_keeps_its_season_back_and_is_named(desk: Desk) -> None:
    path = desk.planned()
    desk.writes(path, 3, story="大家都笑了\U0001f600")
    said = "第 3 张卡画不出来：字体里没有“\U0001f600”"
    assert said in desk.editor.page(path).text
    page = desk.editor.page(f"{path}/cards")
    assert "画不出来" in page.text
    assert f"{path}/cards/3/art" not in desk.editor.get(f"{path}/cards").text
    answer = desk.editor.post(f"{path}/submit", seen=desk.season(path).version)
    assert (answer.status_code, said in answer.text) == (409, True)


def test_a_card_of_a_released_season_that_nobody_can_draw_is_not_said_to_be_drawn(
    desk: Desk,
) -> None:
    path = desk.released()
    with desk.office.database.begin() as session:
        third = update(CardKind).where(CardKind.ordinal == 3)
        session.execute(third.values(story="大家都笑了\U0001f600"))
    text = desk.editor.page(path).text
    assert (text.count("正在画"), text.count("画不出来")) == (9, 1)


def test_cards_that_were_drawn_are_no_pictures_for_cards(desk: Desk) -> None:
    path = desk.planned(cards=1)
    a_picture(desk.office, "大桥")
    a_picture(desk.office, "画好的卡", made_by="clock")
    text = desk.editor.page(f"{path}/cards/1/picture").text
    assert ("大桥" in text, "画好的卡" in text) == (True, False)


def test_without_any_typeface_the_page_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = desk.planned(cards=1)
    monkeypatch.setattr(fonts, "FOLDERS", (str(tmp_path),))
    fonts.find.cache_clear()
    page = desk.editor.page(f"{path}/cards/1")
    fonts.find.cache_clear()
    assert "没有能画汉字的字体" in page.text
