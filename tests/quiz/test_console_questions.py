"""题库 in the console: looked through, written, released by somebody else, imported, exported."""

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.console import Browser, Office
from tests.html import read_page
from tests.quiz import bank_making as making
from wx_archive.core import clock
from wx_archive.quiz import bank, bank_rows
from wx_archive.quiz.bank_models import BankUpload, QuestionVersion
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VersionState
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

LIST = "/console/quiz/questions"
RELEASES = f"{LIST}/releases"
UPLOADS = f"{LIST}/uploads"
LAW = "archives-law-001"
SEEN = re.compile(r'name="seen" value="([0-9a-f]+)"')
XSS = "<script>alert(1)</script>"


def fields(**changes: str) -> dict[str, str]:
    """Return a form that is filled in rightly."""
    told = {
        "theme": "档案法",
        "kind": "单选题",
        "text": "兰台市档案馆的阅览室在几楼？",
        "option_a": "一楼",
        "option_b": "二楼",
        "option_c": "三楼",
        "answer": "B",
        "explanation": "阅览室在二楼，出电梯右手边。",
        "title": "兰台市档案馆指南",
        "url": "https://archives.example.gov.cn/guide",
        "difficulty": "容易",
        "tags": "查档、指南",
    }
    return told | changes


def of_question(office: Office, question_id: str = LAW) -> dict[str, str]:
    """Return the form of a question as it stands."""
    held = bank.of_files(office.settings.site())
    return bank_rows.cells_of(held.questions[question_id], held.themes)


def seen_at(browser: Browser, path: str) -> str:
    found = SEEN.search(browser.get(path).text)
    assert found, path
    return found[1]


def writes(editor: Browser, then: str = "wait", **changes: str) -> str:
    """Write a new question; return its id."""
    answer = editor.post(f"{LIST}/new", **fields(**changes), then=then)
    assert answer.status_code == 303, read_page(answer.text).text
    return answer.headers["Location"].rpartition("/")[2]


def edits(editor: Browser, office: Office, question_id: str = LAW, **changes: str) -> None:
    path = f"{LIST}/{question_id}/edit"
    told = of_question(office, question_id) | {"seen": seen_at(editor, path), "then": "wait"}
    answer = editor.post(path, **(told | changes))
    assert answer.status_code == 303, read_page(answer.text).text


def versions(office: Office) -> list[QuestionVersion]:
    with office.database.begin() as session:
        found = list(session.scalars(select(QuestionVersion).order_by(QuestionVersion.id)))
        session.expunge_all()
    return found


def releases(reviewer: Browser, number: int) -> None:
    path = f"{RELEASES}/{number}"
    reviewer.done(path, seen=seen_at(reviewer, path))


def counting(office: Office, question_id: str) -> Question | None:
    with office.database.reads() as connection:
        held = bank.effective(office.settings.site(), connection)
    return held.questions.get(question_id)


def audited(office: Office) -> list[tuple[str, str, str]]:
    with office.database.begin() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(e.actor, e.action, e.subject) for e in entries if e.action.startswith("question.")]


def uploads(editor: Browser, content: bytes, name: str = "题目.csv") -> Any:
    return editor.client.post(
        UPLOADS,
        data={"csrf": editor.csrf, "file": (io.BytesIO(content), name)},
        headers={"Origin": editor.origin},
    )


def table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.header for column in bank_rows.COLUMNS)
    writer.writerows([row.get(column.key, "") for column in bank_rows.COLUMNS] for row in rows)
    return text.getvalue().encode("utf-8-sig")


# -- the list -----------------------------------------------------------------------------------


def test_the_list_finds_by_words_and_by_every_filter(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    held = bank.of_files(office.settings.site()).questions
    assert f"共 {len(held)} 道题" in editor.page(LIST).text
    theme = [one for one in held.values() if one.theme == "archives-law"]
    assert f"共 {len(theme)} 道题" in editor.page(f"{LIST}?theme=archives-law").text
    kind = [one for one in held.values() if one.kind == "year"]
    assert f"共 {len(kind)} 道题" in editor.page(f"{LIST}?kind=year").text
    hard = [one for one in held.values() if one.difficulty == 3]
    assert f"共 {len(hard)} 道题" in editor.page(f"{LIST}?difficulty=3").text
    by_words = editor.page(f"{LIST}?q=二十五年 开放").text
    assert held[LAW].text in by_words
    assert "没有这样的题" in editor.page(f"{LIST}?q=没有这样的词").text
    assert "没有这样的题" in editor.page(f"{LIST}?state=retired").text
    assert "没有这样的题" in editor.page(f"{LIST}?complained=1").text


def test_the_list_turns_its_pages_and_keeps_its_filter(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    first = editor.page(f"{LIST}?state=asked")
    older = [link for link in first.links if "page=2" in link]
    assert older
    assert "state=asked" in older[0]
    second = editor.page(older[0])
    held = list(bank.of_files(office.settings.site()).questions.values())
    assert held[0].text in first.text
    assert held[0].text not in second.text
    assert editor.page(f"{LIST}?page=9999").headings


def test_the_desk_looks_and_cannot_write(office: Office) -> None:
    desk = office.sits(Role.DESK)
    assert "写一道题" not in desk.page(LIST).text
    assert desk.page(f"{LIST}/{LAW}").headings == [LAW]
    assert desk.post(f"{LIST}/new", **fields()).status_code == 403
    assert desk.get(RELEASES).status_code == 403
    assert office.sits(Role.EDITOR).get(RELEASES).status_code == 403
    assert office.sits(Role.REVIEWER).post(f"{LIST}/new", **fields()).status_code == 403


def test_a_question_that_is_not_there_is_not_found(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    for path in (
        "x-001",
        "x-001/edit",
        "x-001/retire",
        "x-001/drop",
        "uploads/X",
        "uploads/X/drop",
    ):
        assert editor.get(f"{LIST}/{path}").status_code == 404, path
    reviewer = office.sits(Role.REVIEWER)
    assert reviewer.get(f"{RELEASES}/77").status_code == 404
    assert reviewer.get(f"{RELEASES}/batch/X").status_code == 404


# -- writing and releasing ----------------------------------------------------------------------


def test_a_question_is_asked_once_a_second_person_has_released_it(any_office: Office) -> None:
    office = any_office
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    question_id = writes(editor)
    assert counting(office, question_id) is None
    shown = editor.page(f"{LIST}/{question_id}").text
    assert "兰台市档案馆的阅览室在几楼？" in shown
    assert "读者还答不到它" in shown
    assert "等您放行的题目" in reviewer.page("/console").text
    (version,) = versions(office)
    assert question_id in reviewer.page(RELEASES).text
    releases(reviewer, version.id)
    found = counting(office, question_id)
    assert found
    assert found.answer == ("B",)
    assert found.tags == ("查档", "指南")
    assert [action for _actor, action, _subject in audited(office)] == [
        "question.propose",
        "question.release",
    ]


def test_the_numbers_of_a_theme_go_on_and_are_never_given_twice(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    held = bank.of_files(office.settings.site()).questions
    last = max(int(key[-3:]) for key in held if key.startswith("archives-law-"))
    first = writes(editor, then="draft")
    assert first == f"archives-law-{last + 1:03}"
    editor.done(f"{LIST}/{first}/drop", seen=seen_at(editor, f"{LIST}/{first}/drop"))
    assert editor.get(f"{LIST}/{first}").status_code == 404
    assert writes(editor) == f"archives-law-{last + 2:03}"


def test_who_writes_does_not_release(office: Office) -> None:
    making.give_role(office, Role.EDITOR, Role.REVIEWER)
    editor = office.sits(Role.EDITOR)
    question_id = writes(editor)
    (version,) = versions(office)
    assert "您自己写的" in editor.page(f"{RELEASES}/{version.id}").text
    answer = editor.post(f"{RELEASES}/{version.id}", seen=version.content_hash)
    assert answer.status_code == 409
    assert counting(office, question_id) is None


def test_an_edit_shows_before_and_after_and_counts_only_when_released(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    before = counting(office, LAW)
    edits(editor, office, explanation="满二十五年开放，这是一般规定。")
    assert counting(office, LAW) == before
    (version,) = versions(office)
    page = reviewer.page(f"{RELEASES}/{version.id}").text
    assert "改了 1 处" in page
    assert "满二十五年开放，这是一般规定。" in page
    assert before
    assert before.explanation in page
    releases(reviewer, version.id)
    after = counting(office, LAW)
    assert after == replace(before, explanation="满二十五年开放，这是一般规定。")
    assert after.keep_order, "a box that was ticked stays ticked"


def test_a_refusal_comes_back_with_its_reason_and_the_question_can_be_written_again(
    office: Office,
) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    question_id = writes(editor)
    (version,) = versions(office)
    path = f"{RELEASES}/{version.id}"
    assert reviewer.post(f"{path}/refuse", seen=version.content_hash).status_code == 422
    reviewer.done(f"{path}/refuse", seen=version.content_hash, note="出处打不开")
    assert "退回给您改的题目" in editor.page("/console").text
    assert "出处打不开" in editor.page(f"{LIST}/{question_id}").text
    assert question_id in editor.page(f"{LIST}?state=refused").text
    edit = f"{LIST}/{question_id}/edit"
    again = fields(url="https://archives.example.gov.cn/new")
    editor.done(edit, **again, seen=seen_at(editor, edit), then="wait")
    (same,) = versions(office)
    assert (same.id, same.state, same.note) == (version.id, VersionState.WAITING, "")


def test_what_changed_after_it_was_read_is_not_released(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    question_id = writes(editor)
    (version,) = versions(office)
    seen = seen_at(reviewer, f"{RELEASES}/{version.id}")
    edit = f"{LIST}/{question_id}/edit"
    editor.done(edit, **fields(answer="C"), seen=seen_at(editor, edit), then="wait")
    answer = reviewer.post(f"{RELEASES}/{version.id}", seen=seen)
    assert answer.status_code == 409
    assert "又有人改过" in answer.text
    assert counting(office, question_id) is None


def test_two_who_edit_one_question_do_not_overwrite_each_other(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    path = f"{LIST}/{LAW}/edit"
    told, seen = of_question(office), seen_at(editor, path)
    editor.done(path, **(told | {"explanation": "第一个人写的解析。"}), seen=seen, then="draft")
    answer = editor.post(path, **(told | {"explanation": "第二个人写的解析。"}), seen=seen)
    assert answer.status_code == 409
    (version,) = versions(office)
    assert "第一个人" in version.content


WRONG = (
    ({"answer": "D"}, "不在 A–C 里"),
    ({"answer": "AB"}, "单选题只能有一个答案"),
    ({"kind": "多选题"}, "多选题至少要有两个答案"),
    ({"kind": "判断题"}, "判断题不写选项"),
    ({"kind": "x"}, "请从这几样里选"),
    ({"theme": "没有"}, "没有这个主题"),
    ({"text": ""}, "不能为空"),
    ({"url": ""}, "出处要能查到"),
    ({"url": "随便"}, "网址以 http"),
    ({"since": "昨天"}, "日期写成"),
    ({"option_b": "一楼"}, "写了两次"),
    ({"tags": ""}, "不能为空"),
    ({"tolerance": "三"}, "要写成整数"),
    ({"text": XSS + "字" * 200}, "最多 120 个字"),
    ({"alt": "一枚印章"}, "图片和图片说明要一起写"),
)


def test_a_form_says_beside_its_fields_what_is_wrong(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    for changes, said in WRONG:
        answer = editor.post(f"{LIST}/new", **fields(**changes), then="wait")
        assert answer.status_code == 422, changes
        page = read_page(answer.text)
        assert said in page.text, changes
        assert page.scripts == []
    assert versions(office) == []


def test_a_question_is_retired_at_once_by_one_person_with_a_reason(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    path = f"{LIST}/{LAW}/retire"
    assert "马上不再出" in editor.page(path).text
    assert editor.post(path, note=" ").status_code == 422
    editor.done(path, note="法律要改了")
    found = counting(office, LAW)
    assert found
    assert not found.may_be_asked(clock.today())
    assert "已停用" in editor.page(f"{LIST}/{LAW}").text
    assert editor.get(path).status_code == 404
    assert editor.post(path, note="再来").status_code == 409
    assert LAW in editor.page(f"{LIST}?state=retired").text
    assert audited(office)[-1][1] == "question.retire"


# -- what readers say ---------------------------------------------------------------------------


def test_answers_and_complaints_stand_by_their_question(any_office: Office) -> None:
    office = any_office
    editor = office.sits(Role.EDITOR)
    making.answers(office.database, LAW, right=5, wrong=2)
    making.answers(office.database, "archives-law-002", right=1, wrong=3)
    making.complains(office.database, LAW)
    page = editor.page(f"{LIST}/{LAW}").text
    assert "答过 7 次，答对 71%" in page
    few = editor.page(f"{LIST}/archives-law-002").text
    assert "答过 4 次" in few
    assert "答对" not in few.partition("手机上")[0]
    assert LAW in editor.page(f"{LIST}?complained=1").text
    assert "读者提了意见的题目" in editor.page("/console").text
    assert "答案不对" in page
    assert "就是现在这样" in page
    editor.done(f"{LIST}/{LAW}/complaints", seen=seen_at(editor, f"{LIST}/{LAW}"))
    assert "没有这样的题" in editor.page(f"{LIST}?complained=1").text
    assert editor.post(f"{LIST}/{LAW}/complaints", seen="999").status_code == 409


# -- files that changed under an edit -----------------------------------------------------------


def changed_in_file(office: Office, question_id: str = LAW) -> None:
    """Have the file say something else than when staff wrote theirs."""
    with office.database.begin() as session:
        session.execute(
            update(QuestionVersion)
            .where(QuestionVersion.question_id == question_id)
            .values(seed_hash="0" * 16)
        )


@pytest.fixture
def conflict(office: Office) -> Office:
    """An office in which a question was changed in the console and in its file."""
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    edits(editor, office, explanation="管理台里写的解析。")
    releases(reviewer, versions(office)[0].id)
    changed_in_file(office)
    return office


def test_a_change_on_both_sides_is_shown_and_ours_can_stay(conflict: Office) -> None:
    editor = conflict.sits(Role.EDITOR)
    assert "有 1 道题，文件和管理台都改过" in editor.page(LIST).text
    page = editor.page(f"{LIST}/{LAW}").text
    seed = bank.of_files(conflict.settings.site()).questions[LAW]
    assert "管理台里写的解析。" in page
    assert seed.explanation in page, "neither is lost"
    editor.done(f"{LIST}/{LAW}/keep")
    assert "都改过，要定下" not in editor.page(LIST).text
    found = counting(conflict, LAW)
    assert found
    assert found.explanation == "管理台里写的解析。"
    assert editor.post(f"{LIST}/{LAW}/keep").status_code == 409


def test_the_files_side_is_taken_by_two_people(conflict: Office) -> None:
    editor, reviewer = conflict.sits(Role.EDITOR), conflict.sits(Role.REVIEWER)
    editor.done(f"{LIST}/{LAW}/follow")
    found = counting(conflict, LAW)
    assert found
    assert found.explanation == "管理台里写的解析。"
    releases(reviewer, versions(conflict)[-1].id)
    assert counting(conflict, LAW) == bank.of_files(conflict.settings.site()).questions[LAW]
    assert "文件和管理台都改过，" not in editor.page(LIST).text


# -- uploads ------------------------------------------------------------------------------------


GOOD = {
    "theme": "档案法",
    "kind": "判断题",
    "text": "兰台市档案馆星期天也开放阅览。",
    "answer": "错",
    "explanation": "星期天闭馆。",
    "title": "兰台市档案馆指南",
    "url": "https://archives.example.gov.cn/guide",
    "difficulty": "容易",
    "tags": "指南",
}


def test_the_good_questions_of_a_file_go_to_a_second_person_and_count_together(
    any_office: Office,
) -> None:
    office = any_office
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    rows = [GOOD | {"text": f"兰台市档案馆第 {n} 阅览室不用预约。"} for n in (1, 2)]
    bad = GOOD | {"answer": "也许", "difficulty": "很难"}
    answer = uploads(editor, table(rows[0], bad, rows[1]))
    path = answer.headers["Location"]
    page = editor.page(path).text
    assert "只导入合格的 2 题" in page
    assert "判断题的答案写 对 或 错" in page
    assert "请从这几样里选：容易、适中、较难" in page
    assert "很难" not in page, "words of a bad row are not repeated"
    wrong = csv.reader(io.StringIO(editor.get(f"{path}/bad.csv").text.removeprefix("\ufeff")))
    assert [row[:2] for row in wrong] == [["行", "列"], ["3", "难度"], ["3", "答案"]]
    assert editor.post(f"{path}/take", count="3").status_code == 409, "not the number on the button"
    editor.done(f"{path}/take", count="2")
    assert {one.state for one in versions(office)} == {VersionState.WAITING}
    editor.done(f"{path}/take", count="2")
    assert len(versions(office)) == 2, "once"
    batch = f"{RELEASES}/batch/{path.rpartition('/')[2]}"
    assert "2 题" in reviewer.page(RELEASES).text
    reviewer.done(batch, seen=seen_at(reviewer, batch))
    for version in versions(office):
        assert version.state == VersionState.RELEASED
        assert counting(office, version.question_id) is not None
    actions = [action for _actor, action, _subject in audited(office)]
    assert actions == ["question.upload", "question.take", "question.batch_release"]


def test_a_batch_of_which_something_changed_is_looked_at_again(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    path = uploads(editor, table(GOOD, GOOD | {"text": "借阅档案要付押金。"})).headers["Location"]
    editor.done(f"{path}/take", count="2")
    batch = f"{RELEASES}/batch/{path.rpartition('/')[2]}"
    seen = seen_at(reviewer, batch)
    first = versions(office)[0]
    one = f"{RELEASES}/{first.id}"
    reviewer.done(f"{one}/refuse", seen=first.content_hash, note="重复了")
    assert reviewer.post(batch, seen=seen).status_code == 409
    reviewer.done(batch, seen=seen_at(reviewer, batch))
    assert [one.state for one in versions(office)] == [VersionState.REFUSED, VersionState.RELEASED]


def test_a_whole_batch_goes_back_with_one_reason(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    path = uploads(editor, table(GOOD)).headers["Location"]
    editor.done(f"{path}/take", count="1")
    batch = f"{RELEASES}/batch/{path.rpartition('/')[2]}"
    assert reviewer.post(f"{batch}/refuse", seen=seen_at(reviewer, batch)).status_code == 422
    reviewer.done(f"{batch}/refuse", seen=seen_at(reviewer, batch), note="都没有出处")
    (version,) = versions(office)
    assert (version.state, version.note) == (VersionState.REFUSED, "都没有出处")
    assert reviewer.get(batch).status_code == 404


def test_a_file_that_is_none_is_refused_at_its_field(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    for content, name, said in (
        (b"%PDF-1.7", "a.csv", "PDF"),
        (b"", "a.csv", "空的"),
        (b"x", "a.exe", "请选 .xlsx"),
        ("题名\n兰台".encode(), "a.csv", "缺"),
        (b"theme: archives-law\nquestions:\n\t- x", "a.yaml", "a.yaml:3:1"),
        (b"theme: nothing\nquestions: []", "a.yaml", "主题 nothing 还没有"),
    ):
        answer = uploads(editor, content, name)
        assert answer.status_code == 422, name
        assert said in read_page(answer.text).text
    with office.database.begin() as session:
        assert session.scalars(select(BankUpload)).all() == []


def test_an_upload_is_dropped_and_its_bytes_are_gone(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    path = uploads(editor, table(GOOD)).headers["Location"]
    assert "查好了、等您决定的题目文件" in editor.page("/console").text
    editor.page(f"{path}/drop")
    editor.done(f"{path}/drop")
    with office.database.begin() as session:
        (upload,) = session.scalars(select(BankUpload))
        assert (upload.state, upload.content) == ("dropped", b"")
    assert editor.get(f"{path}/drop").status_code == 404
    assert versions(office) == []


# -- taking along -------------------------------------------------------------------------------


def test_an_export_of_every_format_is_noted_and_imports_back_unchanged(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    count = len(bank.of_files(office.settings.site()).questions)
    for wanted, suffix in (("xlsx", "xlsx"), ("csv", "csv")):
        answer = editor.get(f"{LIST}/export?format={wanted}")
        assert answer.status_code == 200
        assert f".{suffix}" in answer.headers["Content-Disposition"]
        path = uploads(editor, answer.data, f"back.{suffix}").headers["Location"]
        page = editor.page(path).text
        assert "和题库里的一样，不用导入" in page, page
    assert editor.get(f"{LIST}/export?format=yaml").data.startswith(b"PK")
    assert editor.get(f"{LIST}/export?format=doc").status_code == 404
    exported = [one for one in audited(office) if one[1] == "question.export"]
    assert len(exported) == 3
    assert count > 100


def test_the_template_is_filled_in_and_its_example_passed_over(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    answer = editor.get(f"{LIST}/template")
    path = uploads(editor, answer.data, "模板.xlsx").headers["Location"]
    assert "示例行，没有导入" in editor.page(path).text
