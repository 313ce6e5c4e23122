"""题库 in the console where people slip: double clicks, stale forms, wrong files, empty fields."""

import random
import re
from concurrent.futures import ThreadPoolExecutor

from tests.console import Browser, Office
from tests.html import read_page
from tests.quiz import bank_making as making
from tests.quiz.test_console_questions import (
    GOOD,
    LAW,
    LIST,
    RELEASES,
    UPLOADS,
    audited,
    edits,
    fields,
    of_question,
    seen_at,
    table,
    uploads,
    versions,
    writes,
)
from wx_archive.quiz.rules import VersionState
from wx_archive.staff.rules import Role

KEY = re.compile(r'name="form_key" value="([0-9A-Z]+)"')
NEAR_TEXTS = ("兰台市档案馆第一阅览室要不要预约？", "兰台市档案馆第二阅览室要不要预约？")


def key_at(browser: Browser, path: str = f"{LIST}/new") -> str:
    found = KEY.search(browser.get(path).text)
    assert found, path
    return found[1]


# -- twice --------------------------------------------------------------------------------------


def test_a_new_question_sent_twice_is_one_question(any_office: Office) -> None:
    office = any_office
    editor = office.sits(Role.EDITOR)
    told = fields(form_key=key_at(editor), then="wait")
    first, second = (editor.post(f"{LIST}/new", **told) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(versions(office)) == 1
    assert len(audited(office)) == 1


def test_a_form_that_was_gone_back_to_and_rewritten_loses_no_words(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    told = fields(form_key=key_at(editor), then="wait")
    first = editor.post(f"{LIST}/new", **told).headers["Location"]
    other = told | {"text": "兰台市档案馆星期几闭馆？"}
    answer = editor.post(f"{LIST}/new", **other)
    assert answer.status_code == 409
    page = read_page(answer.text)
    assert "兰台市档案馆星期几闭馆？" in answer.text
    assert first in page.links
    fresh = KEY.search(answer.text)
    assert fresh
    assert fresh[1] != told["form_key"]
    assert editor.post(f"{LIST}/new", **(other | {"form_key": fresh[1]})).status_code == 303
    assert len(versions(office)) == 2


def test_a_file_taken_in_by_a_double_click_leads_to_its_page(any_office: Office) -> None:
    office = any_office
    editor = office.sits(Role.EDITOR)
    path = uploads(editor, table(GOOD)).headers["Location"]
    for _click in range(2):
        answer = editor.post(f"{path}/take", count="1")
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert len(versions(office)) == 1
    assert [action for _who, action, _what in audited(office)].count("question.take") == 1


def test_a_file_taken_in_by_somebody_else_is_refused(office: Office) -> None:
    making.give_role(office, Role.REVIEWER, Role.EDITOR)
    editor, other = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    path = uploads(editor, table(GOOD)).headers["Location"]
    editor.done(f"{path}/take", count="1")
    answer = other.post(f"{path}/take", count="1")
    assert answer.status_code == 409
    assert "已经处理过了" in answer.text


def test_two_clicks_at_the_same_moment_are_one(any_office: Office) -> None:
    office = any_office
    two = [office.sits(Role.EDITOR) for _window in range(2)]
    told = fields(form_key=key_at(two[0]), then="wait")
    path = uploads(two[0], table(GOOD)).headers["Location"]
    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(lambda one: one.post(f"{LIST}/new", **told), two))
        taken = list(pool.map(lambda one: one.post(f"{path}/take", count="1"), two))
    assert [answer.status_code for answer in (*written, *taken)] == [303] * 4
    assert len({answer.headers["Location"] for answer in written}) == 1
    assert len(versions(office)) == 2


# -- what an import leaves ----------------------------------------------------------------------


def test_after_the_import_its_mistakes_and_its_questions_still_stand_there(
    any_office: Office,
) -> None:
    office = any_office
    editor = office.sits(Role.EDITOR)
    near = GOOD | {"text": "兰台市档案馆星期日也开放阅览"}
    bad = GOOD | {"answer": "也许", "text": "借阅档案要付押金。"}
    path = uploads(editor, table(GOOD, bad, near)).headers["Location"]
    before = editor.get(f"{path}/bad.csv")
    editor.done(f"{path}/take", count="2")
    page = editor.page(path)
    assert "判断题的答案写 对 或 错" in page.text
    assert "相似" in page.text
    assert "题干没有以句号或问号结尾" in page.text
    for version in versions(office):
        assert f"{LIST}/{version.question_id}" in page.links
    after = editor.get(f"{path}/bad.csv")
    assert (after.status_code, after.data) == (200, before.data)


# -- the second person --------------------------------------------------------------------------


def test_who_releases_is_told_of_everything_that_matters(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    rows = [GOOD | {"text": text} for text in NEAR_TEXTS]
    rows[0] |= {"entry": "X999-没有", "since": "2027-01-02", "article": "二十七条"}
    path = uploads(editor, table(*rows)).headers["Location"]
    editor.done(f"{path}/take", count="2")
    first, second = versions(office)
    batch = reviewer.page(f"{RELEASES}/batch/{path.rpartition('/')[2]}").text
    assert f"和 {first.question_id} 相似" in batch
    assert f"和 {second.question_id} 相似" in batch
    for page in (batch, reviewer.page(f"{RELEASES}/{first.id}").text):
        assert f"{second.question_id} 相似" in page
        for said in ("X999-没有", "2027年1月2日", "档案法", "标签", "指南"):
            assert said in page, said
        assert "公众现在查不到 X999-没有" in page
        assert "条款里没有“第…条”" in page


# -- words at the fields ------------------------------------------------------------------------


def errors_of(page: str) -> dict[str, str]:
    """Return what stands in red below each field."""
    found = re.findall(r'<p class="error" id="([a-z_]+)-error"[^>]*>(.*?)</p>', page, re.DOTALL)
    return {key: re.sub("<[^>]+>", "", said).strip() for key, said in found}


def test_the_form_says_it_in_its_own_words_and_all_at_once(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    wrong = fields(
        kind="填空题", answer="", option_a="", option_b="", option_c="", url="", picture="",
        alt="一枚印章", since="2027-01-01", retired="2026-12-01",
    )  # fmt: skip
    answer = editor.post(f"{LIST}/new", **wrong, then="wait")
    told = errors_of(answer.text)
    assert told["text"] == "填空题的题干要用 ____ 标出空处"
    assert told["answer"] == "请写答案"
    assert "法规写“条款”和“原文”，其他写“网址”" in told["url"]
    assert told["picture"] == "图片和图片说明要一起写"
    assert told["retired"] == "停用日期不能早于启用日期"
    long = "|".join(str(n) for n in range(30))
    many = editor.post(f"{LIST}/new", **(wrong | {"answer": long, "text": "在几楼____？"}))
    assert "用竖线隔开" in errors_of(many.text)["answer"]
    for word in ("article", "quote", "url 写", "列表"):
        assert word not in "".join([*told.values(), *errors_of(many.text).values()])


def test_book_title_marks_around_a_source_are_taken_off(office: Office) -> None:
    writes(office.sits(Role.EDITOR), title="《兰台市〈档案馆〉指南》")
    (version,) = versions(office)
    assert '"title": "兰台市〈档案馆〉指南"' in version.content


def test_hints_are_no_mistakes(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    question_id = writes(
        editor,
        text="兰台市档案馆的阅览室在几楼",
        option_b="二楼，出了电梯往右走到头再转弯的地方",
        article="二十七条",
    )
    page = editor.page(f"{LIST}/{question_id}").text
    assert "题干没有以句号或问号结尾" in page
    assert "选项 B 比别的长得多" in page
    assert "条款里没有“第…条”" in page


# -- drafts, versions, pictures -----------------------------------------------------------------


def test_a_draft_is_handed_on_from_its_own_page(any_office: Office) -> None:
    office = any_office
    editor = office.sits(Role.EDITOR)
    question_id = writes(editor, then="draft")
    path = f"{LIST}/{question_id}"
    assert "交给别人放行" in editor.page(path).text
    assert editor.post(f"{path}/propose", seen="0" * 16).status_code == 409
    editor.done(f"{path}/propose", seen=seen_at(editor, path))
    (version,) = versions(office)
    assert version.state == VersionState.WAITING
    assert "交给别人放行" not in editor.page(path).text
    assert audited(office)[-1][1] == "question.propose"
    assert editor.post(f"{path}/propose", seen=version.content_hash).status_code == 409


def test_versions_are_numbered_by_question_and_each_can_be_opened(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    writes(editor)
    for words in ("满二十五年开放，第一次改。", "满二十五年开放，第二次改。"):
        edits(editor, office, explanation=words)
        newest = versions(office)[-1]
        reviewer.done(f"{RELEASES}/{newest.id}", seen=newest.content_hash)
    page = editor.page(f"{LIST}/{LAW}")
    assert f"{LIST}/{LAW}/versions/1" in page.links
    assert f"{LIST}/{LAW}/versions/2" in page.links
    assert f"{LIST}/{LAW}/versions/3" not in page.links
    first = editor.page(f"{LIST}/{LAW}/versions/1").text
    assert "第一次改" in first
    assert "第二次改" not in first
    second = editor.page(f"{LIST}/{LAW}/versions/2").text
    assert "第一次改" in second, "before and after"
    assert "第二次改" in second
    for number in ("0", "3", "99999999999999999999"):
        assert editor.get(f"{LIST}/{LAW}/versions/{number}").status_code == 404


def test_staff_see_the_picture_of_a_question_that_nobody_is_asked_yet(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    folder = office.settings.site() / "quiz_bank" / "pictures"
    name = min(path.name for path in folder.glob("*.png"))
    question_id = writes(editor, picture=name, alt="图里的东西")
    page = editor.get(f"{LIST}/{question_id}").text
    assert f'src="{LIST}/pictures/{name}"' in page
    answer = editor.get(f"{LIST}/pictures/{name}")
    assert answer.data == (folder / name).read_bytes()
    assert answer.mimetype == "image/png"
    for wrong in ("nothing.png", "..%2Farchives-law.yaml", "archives-law.yaml"):
        assert editor.get(f"{LIST}/pictures/{wrong}").status_code == 404


# -- ways on ------------------------------------------------------------------------------------


def test_who_comes_second_keeps_the_words_and_finds_the_question(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    path = f"{LIST}/{LAW}/edit"
    told, seen = of_question(office), seen_at(editor, path)
    editor.done(path, **(told | {"explanation": "第一个人写的解析。"}), seen=seen, then="draft")
    answer = editor.post(path, **(told | {"explanation": "第二个人写的解析。"}), seen=seen)
    assert answer.status_code == 409
    assert "第二个人写的解析。" in answer.text
    assert f"{LIST}/{LAW}" in read_page(answer.text).links
    assert "有人改过" in answer.text


def test_a_wrong_file_is_named_as_its_owner_calls_it(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    noise = random.Random(7).randbytes(3000)  # noqa: S311 -- the same bytes each time
    for content, name, said in (
        (noise, "题目 七.xlsx", "不是 Excel 工作簿"),
        (b"PK\x03\x04" + noise, "题目 七.xlsx", "打不开"),
        (b"%PDF-1.7", "题目 七.csv", "PDF"),
        (noise, "题目 七.csv", "题目 七.csv"),
    ):
        answer = uploads(editor, content, name)
        assert answer.status_code == 422, name
        text = read_page(answer.text).text
        assert said in text
        assert name in text
        assert "upload." not in text


def test_a_file_that_is_too_large_is_told_the_limit(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    answer = editor.client.post(
        UPLOADS,
        data=b"x" * (5 * 1024 * 1024),
        content_type="multipart/form-data; boundary=x",
        headers={"Origin": editor.origin},
    )
    assert answer.status_code == 413
    page = read_page(answer.text)
    assert "4 MB" in page.text
    assert UPLOADS in page.links
