"""The editor: what it saves and refuses, what the phone shows, files put in, nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_file, a_record
from tests.html import read_page
from tests.publishing.desks import BODY, Desks, opened_desks, refused
from wx_archive.catalogue.service import Importer
from wx_archive.core.ids import stable_pid
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Column, Kind, PieceState
from wx_archive.staff.rules import Role

XSS = "<script>window.ran=1</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def desks(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """One console for all questions: each test begins pieces of its own."""
    with opened_desks(_demo_data, tmp_path_factory.mktemp("desks") / "data") as opened:
        yield opened


def test_a_new_piece_is_begun_from_nothing_or_from_a_template(desks: Desks) -> None:
    path = desks.begins(desks.editor, "大坝的三次生日")
    assert desks.piece(path).title == "大坝的三次生日"
    answer = desks.editor.post("/console/pieces/new", template="on-this-day")
    page = desks.editor.page(answer.headers["Location"])
    assert page.value_of("title").startswith("历史上的今天：")
    page = refused(desks.editor.post("/console/pieces/new", template="no-such"))
    assert "没有这个样子的稿子" in page.text
    page = refused(desks.editor.post("/console/pieces/new", column="no", kind="article"))
    assert "请选栏目和种类" in page.text
    told = {"column": "history", "kind": "text", "title": "字" * 65}
    refused(desks.editor.post("/console/pieces/new", **told))


def test_everything_on_the_form_is_saved_and_shown_again(desks: Desks, tmp_path: Path) -> None:
    importer = Importer(desks.office.database, desks.office.settings.secret())
    importer.records(a_file(tmp_path / "r.jsonl", [a_record("dam"), a_record("hid", open=0)]))
    records = {
        key: stable_pid("record", key, desks.office.settings.secret()) for key in ("dam", "hid")
    }
    path = desks.written(
        title="  大坝的 三次生日 ",
        author="小陈",
        summary="一句话",
        topics="丹江口、水利，丹江口",
        interests=["history", "no-such"],
        sources="《水力发电》\r\n\r\n新华社\r\n",
        entries="0001-1-dam\n0001-1-hid",
        source_url="https://www.gov.cn/x?a=1",
        wanted_at="2026-12-01T09:00",
        column="city",
    )
    piece = desks.piece(path)
    assert Content.of(piece) == Content(
        Column.CITY,
        Kind.ARTICLE,
        "大坝的 三次生日",
        author="小陈",
        summary="一句话",
        body=BODY,
        topics=("丹江口", "水利"),
        interests=("history",),
        sources=("《水力发电》", "新华社"),
        entries=(records["dam"], records["hid"]),
        source_url="https://www.gov.cn/x?a=1",
    )
    assert piece.wanted_at is not None
    assert piece.wanted_at.isoformat() == "2026-12-01T01:00:00+00:00"
    page = desks.editor.page(f"{path}/edit")
    assert page.value_of("wanted_at") == "2026-12-01T09:00"
    assert "0001-1-dam\n0001-1-hid" in page.text
    shown = desks.editor.page(path).text
    assert "关于修建兰水大桥的批复" in shown
    assert "公众查不到，读者不会看见" in shown


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "字" * 65, "最多 64 个字"),
        ("entries", "9999-没有", "目录里没有"),
        ("source_url", "javascript:alert(1)", "http://"),
        ("source_url", "http://[", "http://"),
        ("wanted_at", "明天", "2026-12-01 09:00"),
        ("column", "no", "请选一个栏目"),
        ("topics", "、".join(map(str, range(13))), "最多 12 个"),
        ("sources", "书" * 501, "太长"),
        ("body", "字" * 60_001, "最多 60000 个字"),
    ],
)
def test_what_cannot_be_saved_stays_in_the_form_with_the_reason(
    desks: Desks, field: str, value: str, said: str
) -> None:
    path = desks.begins(desks.editor)
    page = refused(desks.saves(desks.editor, path, **{field: value, "author": "保住的字"}))
    assert said in page.text
    assert "还没有存" in page.text
    assert page.value_of("author") == "保住的字"
    assert desks.piece(path).revision == 1


def test_looking_saves_nothing_and_shows_what_was_typed(desks: Desks) -> None:
    path = desks.begins(desks.editor)
    answer = desks.saves(desks.editor, path, title="没存的标题", do="look")
    page = read_page(answer.text)
    assert answer.status_code == 200
    assert "没存的标题" in page.text
    assert page.value_of("title") == "没存的标题"
    assert desks.piece(path).revision == 1
    assert desks.notes("piece.save", path) == []
    followed = desks.editor.client.post(
        f"{path}/edit",
        data={"csrf": desks.editor.csrf, "do": "look", "column": "history", "body": "## 小标题"},
        headers={"Origin": desks.editor.origin, "HX-Request": "true"},
    )
    assert "<h2>小标题</h2>" in followed.text
    assert "<html" not in followed.text


def test_two_people_writing_at_once_lose_nothing(desks: Desks) -> None:
    path = desks.written()
    other = desks.office.sits(Role.EDITOR)
    since = desks.piece(path).revision
    desks.saves(other, path, body="别人存的第一段。")
    page = refused(desks.saves(desks.editor, path, body="我写的另一段话。", since=since))
    assert "别人改过这篇稿子" in page.text
    assert "别人存的第一段" in page.text
    assert "我写的另一段话" in page.text
    assert desks.piece(path).body == "别人存的第一段。"
    again = desks.saves(desks.editor, path, body="我写的另一段话。", since=page.value_of("since"))
    assert again.status_code == 303
    assert desks.piece(path).body == "我写的另一段话。"


def test_the_log_holds_which_fields_and_no_words(desks: Desks) -> None:
    path = desks.written(title="秘密的标题", body="秘密的正文")
    (note,) = desks.notes("piece.save", path)
    assert '"body"' in note
    assert '"hash"' in note
    assert "秘密" not in note


def test_an_approved_piece_is_only_changed_knowingly(desks: Desks) -> None:
    path = desks.approved()
    assert "都作废" in desks.editor.page(f"{path}/edit").text
    page = refused(desks.saves(desks.editor, path, body="改了。"))
    assert "先勾上" in page.text
    assert desks.piece(path).state == PieceState.APPROVED
    refused(desks.saves(desks.editor, path, do="cover"))
    answer = desks.saves(desks.editor, path, body="改了。", void="1")
    assert "审定已经作废" in desks.editor.page(answer.headers["Location"]).text
    assert desks.piece(path).state == PieceState.SUBMITTED


def test_pictures_go_where_they_belong(desks: Desks) -> None:
    pid, path = desks.brings_in(), desks.written()
    answer = desks.saves(desks.editor, path, do="cover", body=f"{BODY}\n\n存下再去。")
    assert answer.headers["Location"].startswith("/console/media?for=")
    assert desks.piece(path).body.endswith("存下再去。")
    desks.editor.page(answer.headers["Location"])
    desks.editor.done(f"{path}/media", asset=pid, **{"as": "cover"})
    page = desks.editor.done(f"{path}/media", asset=pid, **{"as": "body"})
    assert f"![大坝远景](media:{pid})" in page.text
    assert desks.piece(path).cover == pid
    shown = desks.editor.get(f"{path}/edit").text
    assert f'src="/console/media/{pid}/page"' in shown
    assert desks.editor.get(f"/console/media/{pid}/page").status_code == 200
    desks.saves(desks.editor, path, do="nocover", body=desks.piece(path).body)
    assert desks.piece(path).cover is None


def test_what_does_not_belong_there_is_refused(desks: Desks) -> None:
    pid, path = desks.brings_in(), desks.written()
    film = desks.begins(desks.editor, "视频", kind="video")
    for where, told in (
        (path, {"asset": pid, "as": "set"}),
        (film, {"asset": pid, "as": "set"}),
        (path, {"asset": "0" * 26, "as": "cover"}),
        (path, {"asset": pid, "as": "elsewhere"}),
    ):
        assert desks.editor.post(f"{where}/media", **told).status_code == 409
    assert desks.piece(path).cover is None
    assert desks.piece(film).assets == "[]"


def test_a_set_is_ordered_by_its_buttons(desks: Desks) -> None:
    path = desks.begins(desks.editor, "图集", kind="pictures")
    one, two = desks.brings_in("一"), desks.brings_in("二")
    for pid in (one, two):
        desks.editor.done(f"{path}/media", asset=pid, **{"as": "set"})
    desks.saves(desks.editor, path, do=f"up:{two}")
    assert Content.of(desks.piece(path)).assets == (two, one)
    desks.saves(desks.editor, path, do=f"drop:{two}")
    assert Content.of(desks.piece(path)).assets == (one,)


def test_hostile_words_stay_words_in_preview_diff_and_list(desks: Desks) -> None:
    body = (
        f"{XSS}\n\n[点]( javascript:alert(1) ) ![x](javascript:alert(1)) <b>粗</b>\n\n# 又一个题目"
    )
    path = desks.submitted(title=XSS[:64], body=body, sources=XSS, topics="<x-hole>")
    desks.saves(desks.editor, path, body=f"{body}\n\n{XSS}")
    for browser, address in (
        (desks.editor, f"{path}/edit"),
        (desks.editor, path),
        (desks.editor, "/console/pieces"),
        (desks.reviewer, f"{path}/review"),
        (desks.editor, f"{path}/history?revision=3"),
    ):
        page = browser.page(address)
        text = browser.get(address).text
        assert "<script>window" not in text, address
        assert "onerror=alert(1)>" not in text.replace("&gt;", ""), address
        assert "javascript:" not in "".join(page.links), address


def test_the_findings_stand_beside_their_fields(desks: Desks) -> None:
    path = desks.written(summary="")
    page = desks.editor.page(f"{path}/edit")
    assert "还没有封面" in page.text
    assert "没有摘要" in page.text
    desks.saves(desks.editor, path, title="太长的标题" * 8)
    assert desks.editor.get(f"{path}/edit").text.count("最多 32") >= 2, "beside it and below"


def test_a_wrong_word_is_put_right_at_a_tap(desks: Desks) -> None:
    path = desks.written(body="其它的话。")
    assert "都改成“其他”" in desks.editor.page(f"{path}/edit").text
    answer = desks.saves(desks.editor, path, body="其它的话，又写了些。", do="mend:其它")
    assert answer.status_code == 303
    assert desks.piece(path).body == "其他的话，又写了些。"
