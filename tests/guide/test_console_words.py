"""没答上的词, 关键词答复, 答复放行 as pages: found, written, released, withdrawn."""

import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select

from tests.console import Browser, Office
from tests.guide.asking import ask, leave_unanswered
from tests.html import read_page
from wx_archive.core import clock
from wx_archive.guide.models import KeywordReply, State
from wx_archive.staff.models import AuditEntry, Member, MemberRole
from wx_archive.staff.rules import Role

XSS = "<script>alert(1)</script>\"'&"
SEEN = re.compile(r'name="seen" value="([0-9a-f]+)"')
NEW = "/console/words/replies"
PAGES = ("/console/words", NEW, f"{NEW}/new")


def found_nothing(office: Office, words: str = "居住证", *, people: int = 3) -> None:
    ask(office.database, words, *(f"人{n}" for n in range(people)), day=clock.today())


def proposes(editor: Browser, words: str = "居住证", text: str = "去派出所。看[[帮助]]") -> int:
    answer = editor.post(NEW, words=words, text=text, then="wait")
    assert answer.status_code == 303, read_page(answer.text).text
    return int(answer.headers["Location"].rpartition("/")[2])


def seen(reviewer: Browser, number: int) -> str:
    found = SEEN.search(reviewer.get(f"/console/words/releases/{number}").text)
    assert found
    return found[1]


def releases(reviewer: Browser, number: int) -> None:
    reviewer.done(f"/console/words/releases/{number}", seen=seen(reviewer, number))


def audited(office: Office) -> list[tuple[str, str, str]]:
    with office.database.begin() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        wanted = ("reply.", "words.")
        return [(e.actor, e.action, e.subject) for e in entries if e.action.startswith(wanted)]


def states(office: Office) -> list[str]:
    with office.database.begin() as session:
        return list(session.scalars(select(KeywordReply.state).order_by(KeywordReply.id)))


def test_the_way_of_a_word_from_nothing_to_an_answer_and_back(any_office: Office) -> None:
    office = any_office
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    found_nothing(office)
    leave_unanswered(office.database, 7, day=clock.today())
    page = editor.page("/console/words")
    assert "居住证" in page.text
    assert "7 条" in page.text
    (link,) = [link for link in page.links if "/replies/new?" in link]
    form = editor.page(link)
    assert "您问的是“居住证”" in form.text
    number = proposes(editor)
    assert "等放行" in editor.page("/console/words").text
    assert "等您放行的关键词答复" in reviewer.page("/console").text
    assert "等您放行" not in editor.page("/console").text
    preview = reviewer.page(f"/console/words/releases/{number}")
    assert "点“帮助”等于发“帮助”" in preview.text
    releases(reviewer, number)
    assert states(office) == [State.RELEASED]
    assert "正在答复" in editor.page("/console/words").text
    ask_page = editor.page(f"{NEW}/{number}/withdraw")
    assert ask_page.headings == ["撤下这条答复？"]
    editor.done(f"{NEW}/{number}/withdraw")
    assert states(office) == [State.WITHDRAWN]
    assert audited(office) == [
        ("editor", "reply.propose", f"reply:{number}"),
        ("reviewer", "reply.release", f"reply:{number}"),
        ("editor", "reply.withdraw", f"reply:{number}"),
    ]


def test_a_draft_shows_how_it_looks_and_how_long_it_is(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    page = editor.done(NEW, words="居住证", text="请去{desk}。", then="draft")
    desk = office.application.services.site.profile.desk
    assert f"请去{desk}。" in page.text
    assert "现在 15 字节，最多 600 字节" in page.text
    assert states(office) == [State.DRAFT]
    assert "居住证" in editor.page(f"{NEW}?state=draft").text
    assert "居住证" not in editor.page(f"{NEW}?state=waiting").text


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    answer = editor.post(NEW, words="帮助\n居住证", text="字" * 300, then="wait")
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert "“帮助”是命令词" in page.text
    assert "现在 900 字节，最多 600 字节（约 200 个汉字），请缩短" in page.text
    assert "居住证" in page.text
    assert "字" * 300 in page.text
    assert states(office) == []
    assert audited(office) == []


def test_the_writer_cannot_release_even_with_both_roles(office: Office) -> None:
    with office.database.begin() as session:
        member = session.scalars(select(Member.id).where(Member.login == "editor")).one()
        session.add(MemberRole(member_id=member, role=Role.REVIEWER))
    both = office.sits(Role.EDITOR)
    number = proposes(both)
    page = both.page(f"/console/words/releases/{number}")
    assert "要由另一个人来放行" in page.text
    assert "等您放行" not in both.page("/console").text
    other = office.sits(Role.REVIEWER)
    answer = both.post(f"/console/words/releases/{number}", seen=seen(other, number))
    assert answer.status_code == 409
    assert "要由另一个人来放行" in answer.text
    assert states(office) == [State.WAITING]


def test_an_editor_has_no_way_to_release_and_a_reviewer_none_to_write(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    number = proposes(editor)
    for browser, path in (
        (editor, f"/console/words/releases/{number}"),
        (editor, f"/console/words/releases/{number}/refuse"),
        (reviewer, NEW),
        (reviewer, f"{NEW}/{number}"),
        (reviewer, "/console/words/ignore"),
        (office.sits(Role.DESK), NEW),
    ):
        answer = browser.post(path, seen="", note="不行", words="居住证", text="文", word="词")
        assert answer.status_code == 403, path
    assert states(office) == [State.WAITING]


def test_a_release_of_what_was_changed_meanwhile_is_refused(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    number = proposes(editor)
    old = seen(reviewer, number)
    editor.done(f"{NEW}/{number}", words="居住证", text="换过的", then="wait")
    answer = reviewer.post(f"/console/words/releases/{number}", seen=old)
    assert answer.status_code == 409
    assert "内容又改过" in answer.text
    assert states(office) == [State.WAITING]


def test_a_refusal_needs_a_reason_and_comes_back_to_its_writer(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    number = proposes(editor)
    path = f"/console/words/releases/{number}/refuse"
    answer = reviewer.post(path, seen=seen(reviewer, number), note=" ")
    assert answer.status_code == 422
    assert "请写一句理由" in read_page(answer.text).text
    reviewer.done(path, seen=seen(reviewer, number), note="电话写错了")
    assert "退回给您改的关键词答复" in editor.page("/console").text
    assert "电话写错了" in editor.page(f"{NEW}?state=refused").text
    assert "电话写错了" in editor.page(f"{NEW}/{number}").text


def test_an_edit_of_a_released_reply_is_shown_beside_what_is_answered_now(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    number = proposes(editor, text="旧的答复")
    releases(reviewer, number)
    answer = editor.post(f"{NEW}/{number}", words="居住证", text="新的答复", then="wait")
    new = int(answer.headers["Location"].rpartition("/")[2])
    page = reviewer.page(f"/console/words/releases/{new}")
    assert "旧的答复" in page.text
    assert "新的答复" in page.text
    assert states(office) == [State.RELEASED, State.WAITING]
    releases(reviewer, new)
    assert states(office) == [State.REPLACED, State.RELEASED]
    copy = editor.page(f"{NEW}/new?like={number}")
    assert "旧的答复" in copy.text


def test_a_reviewer_can_withdraw_at_once(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    number = proposes(editor)
    releases(reviewer, number)
    reviewer.page(f"/console/words/releases/{number}/withdraw")
    reviewer.done(f"/console/words/releases/{number}/withdraw")
    assert states(office) == [State.WITHDRAWN]
    assert reviewer.get(f"/console/words/releases/{number}/withdraw").status_code == 404


def test_words_can_be_hidden_and_shown_again_and_the_audit_has_none_of_them(
    office: Office,
) -> None:
    editor = office.sits(Role.EDITOR)
    found_nothing(office)
    page = editor.done("/console/words/ignore", word="居住证")
    assert "还有" not in page.text
    assert "居住证" not in page.text.replace("90 天里不再列出“居住证”。", "")
    hidden = editor.get("/console/words?show=hidden").text
    assert "居住证" in hidden
    again = re.search(r"/console/words/ignored/\d+", hidden)
    assert again
    editor.done(again[0])
    assert "居住证" in editor.page("/console/words").text
    assert [action for _actor, action, _subject in audited(office)] == [
        "words.ignore",
        "words.show",
    ]
    with office.database.begin() as session:
        told = [
            json.dumps([entry.subject, entry.before, entry.after], ensure_ascii=False)
            for entry in session.scalars(select(AuditEntry))
        ]
    assert "居住证" not in "".join(told)
    assert editor.post("/console/words/ignore", word=" ").status_code == 400


def test_nothing_missing_says_so_and_leads_on(office: Office) -> None:
    page = office.sits(Role.EDITOR).page("/console/words")
    assert "没有三个人以上都查不到的词" in page.text
    assert "/console/words/replies/new" in page.links


def test_a_word_leads_to_the_synonyms_for_whoever_may_edit_them(office: Office) -> None:
    found_nothing(office)
    links = office.sits(Role.EDITOR).page("/console/words").links
    assert f"/console/synonyms?word={quote('居住证')}" in links


def test_the_twelve_weeks_reach_further_back(office: Office) -> None:
    day = clock.today() - timedelta(days=60)
    ask(office.database, "老词", "甲", "乙", "丙", day=day)
    editor = office.sits(Role.EDITOR)
    assert "老词" not in editor.page("/console/words").text
    assert "老词" in editor.page("/console/words?weeks=12").text


def test_markup_that_was_typed_is_inert_on_every_page(office: Office) -> None:
    editor, reviewer = office.sits(Role.EDITOR), office.sits(Role.REVIEWER)
    found_nothing(office, XSS.lower())
    answer = editor.post(NEW, words=XSS, text=XSS + "[[" + XSS + "]]", then="wait")
    read_page(answer.text).check_frame()
    number = proposes(editor, words='居住"证&', text="文&字\"'")
    with office.database.begin() as session:
        reply = session.get(KeywordReply, number)
        assert reply is not None
        reply.words, reply.text, reply.note = XSS, f"[[{XSS}|{XSS}]]", XSS
    for page in (*PAGES, f"{NEW}/{number}", f"{NEW}/{number}/withdraw"):
        assert editor.page(page).scripts == []
    assert XSS in editor.page(f"{NEW}/new?word={quote(XSS)}").text
    for page in ("/console/words/releases", f"/console/words/releases/{number}"):
        assert XSS in reviewer.page(page).text


@pytest.mark.parametrize("path", [f"{NEW}/99", f"{NEW}/99/withdraw"])
def test_a_number_that_is_not_there_is_not_found(office: Office, path: str) -> None:
    editor = office.sits(Role.EDITOR)
    assert editor.get(path).status_code == 404
    assert editor.post(path, words="居住证", text="文").status_code == 404


def test_a_released_number_that_is_not_there_is_not_found(office: Office) -> None:
    reviewer = office.sits(Role.REVIEWER)
    for path in ("/console/words/releases/99", "/console/words/releases/99/withdraw"):
        assert reviewer.get(path).status_code == 404
        assert reviewer.post(path).status_code == 404
