"""媒体库 as staff use it: bringing in, looking, describing, withdrawing, picking for a piece."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.html import Page, read_page
from tests.media.files import a_film, a_photo, a_picture, an_amr, an_mp3
from tests.media.showing import a_piece, an_office, assets, bring, past, send
from wx_archive.core import clock
from wx_archive.media import service
from wx_archive.media.service import Held
from wx_archive.publishing.console import media_uploads
from wx_archive.publishing.rules import Kind, PieceState
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

_widths = count(400)


@pytest.fixture(scope="module")
def desk(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with an_office(_demo_data, tmp_path_factory.mktemp("library") / "data") as opened:
        yield opened


def fresh() -> bytes:
    """Return a picture that no other test has."""
    return a_picture(next(_widths), 300)


def newest(office: Office) -> Held:
    return assets(office.database)[-1]


def actions(office: Office, pid: str) -> list[str]:
    with office.database.reads() as connection:
        asked = select(AuditEntry.action).where(AuditEntry.subject == f"media:{pid}")
        return list(connection.scalars(asked.order_by(AuditEntry.number)))


def flat(page: Page) -> str:
    return " ".join(page.text.split())


def test_a_file_is_brought_in_with_its_words(any_office: Office) -> None:
    office = any_office
    editor = office.sits(Role.EDITOR)
    assert "上传文件" in editor.page("/console/media").text
    answer = send(
        editor,
        ("大坝.jpg", a_photo()),
        **{"f0-title": "大坝合龙", "f0-alt": "两个人握手", "f0-credit": "市档案馆藏"},
    )
    assert answer.status_code == 303
    held = newest(office)
    assert answer.headers["Location"] == f"/console/media/{held.pid}"
    page = editor.page(answer.headers["Location"])
    assert page.headings == ["大坝合龙"]
    assert "1200 \u00d7 800" in page.text
    assert (page.value_of("alt"), page.value_of("credit")) == ("两个人握手", "市档案馆藏")
    assert (held.made_by, actions(office, held.pid)) == ("editor", ["media.add"])
    listed = editor.page("/console/media?q=合龙")
    assert f"/console/media/{held.pid}" in listed.links


def test_several_files_come_at_once_and_each_refusal_stands_beside_its_file(desk: Office) -> None:
    editor, before = desk.sits(Role.EDITOR), len(assets(desk.database))
    answer = send(
        editor,
        ("一张.jpg", fresh()),
        ("矢量.svg", b"<svg onload='alert(1)'/>"),
        ("口述.mp3", an_mp3(4)),
        ("照片.jpg", a_film(4)),
        **{"f1-alt": "这一句还在"},
    )
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    told = flat(page)
    assert "收下了 2 个文件：《一张》、《口述》" in told
    assert "这是 SVG 矢量图" in told
    assert "里面其实是视频" in told
    assert page.value_of("f1-alt") == "这一句还在"
    assert "第 3 个" not in told
    kept = assets(desk.database)[before:]
    assert [held.title for held in kept] == ["一张", "口述"]
    assert [actions(desk, held.pid) for held in kept] == [["media.add"]] * 2


def test_a_form_without_a_file_says_so(desk: Office) -> None:
    answer = send(desk.sits(Role.CORRESPONDENT))
    assert answer.status_code == 422
    assert "请选一个文件" in answer.text


def test_when_nothing_is_fit_nothing_is_written(desk: Office) -> None:
    before = assets(desk.database)
    answer = send(desk.sits(Role.EDITOR), ("a.jpg", b""), ("b.jpg", b"GIF89a"))
    assert answer.status_code == 422
    assert "空文件" in answer.text
    assert assets(desk.database) == before


def test_words_that_are_too_long_are_refused_beside_their_file(desk: Office) -> None:
    before = assets(desk.database)
    answer = send(desk.sits(Role.EDITOR), ("a.jpg", fresh()), **{"f0-alt": "长" * 201})
    assert answer.status_code == 422
    assert assets(desk.database) == before


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..\\..\\boot.ini", "/", "a" * 300, "<b>"])
def test_the_name_of_a_file_leads_nowhere(desk: Office, name: str) -> None:
    answer = send(desk.sits(Role.EDITOR), (name, fresh()))
    assert answer.status_code == 303, read_page(answer.text).text
    held = newest(desk)
    assert "/" not in held.title
    assert "\\" not in held.title
    assert len(held.title) <= 100
    page = desk.sits(Role.EDITOR).page(f"/console/media/{held.pid}")
    assert page.headings == [held.title]


def test_the_same_file_again_leads_to_the_first(desk: Office) -> None:
    content = fresh()
    first = send(desk.sits(Role.EDITOR), ("一.jpg", content)).headers["Location"]
    again = send(desk.sits(Role.CORRESPONDENT), ("二.jpg", content))
    assert again.headers["Location"] == first
    assert newest(desk).title == "一"


def test_too_much_at_once_is_refused_in_words(desk: Office) -> None:
    editor = desk.sits(Role.EDITOR)
    large = bytes(media_uploads.REQUEST_BYTES + 1)
    answer = send(editor, ("a.jpg", large))
    assert answer.status_code == 413
    assert "最多 110 MB" in answer.text


def test_staff_see_what_readers_do_not_and_only_staff(desk: Office) -> None:
    held = bring(desk, a_photo())
    for form, mimetype in (("square", "image/jpeg"), ("page", "image/jpeg")):
        path = f"/console/media/{held.pid}/{form}"
        for role in (Role.EDITOR, Role.CORRESPONDENT, Role.REVIEWER, Role.PUBLISHER):
            answer = desk.sits(role).get(path)
            assert (answer.status_code, answer.mimetype) == (200, mimetype)
            assert b"Secret" not in answer.data
            assert answer.headers["Cache-Control"] == "no-store"
        assert desk.stranger().get(path).status_code == 303
        assert desk.sits(Role.DESK).get(path).status_code == 403
    assert desk.sits(Role.EDITOR).get(f"/console/media/{held.pid}/original").status_code == 404
    assert desk.stranger().get(f"/h5/media/{held.pid}").status_code == 404


def test_those_who_only_look_cannot_change(desk: Office) -> None:
    held = bring(desk, fresh())
    reviewer = desk.sits(Role.REVIEWER)
    page = reviewer.page(f"/console/media/{held.pid}")
    assert "保存" not in page.text
    assert "撤下这个文件" not in page.text
    assert "上传文件" not in reviewer.page("/console/media").text
    assert reviewer.post(f"/console/media/{held.pid}", title="x").status_code == 403
    assert send(reviewer, ("a.jpg", fresh())).status_code == 403
    assert reviewer.post(f"/console/media/{held.pid}/withdraw").status_code == 403


def test_correspondents_describe_their_own_files_and_nobody_elses(desk: Office) -> None:
    own, other = bring(desk, fresh(), by="correspondent"), bring(desk, fresh(), "编辑的")
    he = desk.sits(Role.CORRESPONDENT)
    done = he.done(f"/console/media/{own.pid}", title="改过", alt="一座桥", credit="")
    assert done.headings == ["改过"]
    assert actions(desk, own.pid) == ["media.edit"]
    refused = he.post(f"/console/media/{other.pid}", title="改不了")
    assert refused.status_code == 409
    assert "由编辑来改" in refused.text
    assert desk.sits(Role.EDITOR).done(f"/console/media/{own.pid}", title="再改").headings == [
        "再改"
    ]


def test_withdrawing_asks_first_names_the_pieces_and_counts_at_once(any_office: Office) -> None:
    office = any_office
    held = bring(office, a_photo())
    a_piece(office, title="出来的稿", cover=held.pid, out_at=past())
    a_piece(office, title="写着的稿", body=f"![x](media:{held.pid})", state=PieceState.DRAFT)
    public = f"/h5/media/{held.pid}"
    assert office.stranger().get(public).status_code == 200
    editor = office.sits(Role.EDITOR)
    page = editor.page(f"/console/media/{held.pid}/withdraw")
    for words in ("出来的稿", "读者看得到", "写着的稿", "草稿", "公众平台"):
        assert words in page.text
    assert office.stranger().get(public).status_code == 200
    said = editor.done(f"/console/media/{held.pid}/withdraw")
    assert "已撤下" in said.text
    assert f"/console/media/{held.pid}" not in said.links
    assert office.stranger().get(public).status_code == 404
    assert editor.get(f"/console/media/{held.pid}/page").status_code == 404
    gone = editor.page(f"/console/media/{held.pid}")
    assert "哪里都看不到它" in gone.text
    assert f"/console/media/{held.pid}" in editor.page("/console/media?withdrawn=1").links
    again = send(editor, ("again.jpg", a_photo()))
    assert again.status_code == 422
    assert "先在媒体库里恢复" in again.text
    editor.done(f"/console/media/{held.pid}/restore")
    assert office.stranger().get(public).status_code == 200
    assert actions(office, held.pid) == ["media.withdraw", "media.restore"]


def test_what_is_not_there_is_not_there(desk: Office) -> None:
    editor = desk.sits(Role.EDITOR)
    for path in ("", "/page", "/withdraw"):
        for pid in ("nothing-here", "0" * 26, "%00"):
            assert editor.get(f"/console/media/{pid}{path}").status_code == 404
    for path in ("", "/withdraw", "/restore"):
        assert editor.post(f"/console/media/{'0' * 26}{path}").status_code == 404


def test_films_and_recordings_are_shown_with_their_length(desk: Office) -> None:
    film, voice = bring(desk, a_film(65), "合龙"), bring(desk, an_amr(9), "口述")
    unknown = bring(desk, a_film(0), "不知多长")
    editor = desk.sits(Role.EDITOR)
    listed = flat(editor.page("/console/media"))
    for words in ("合龙640 \u00d7 360，1:05，", "口述0:09，", "不知多长640 \u00d7 360，时长未知，"):
        assert words in listed
    assert "640 \u00d7 360" in editor.page(f"/console/media/{film.pid}").text
    for held in (film, voice, unknown):
        with editor.get(f"/console/media/{held.pid}/original") as answer:
            assert answer.status_code == 200
    assert f"/console/media/{voice.pid}" in editor.page("/console/media?kind=audio").links
    assert f"/console/media/{film.pid}" not in editor.page("/console/media?kind=audio").links


def test_the_library_is_turned_page_by_page(desk: Office) -> None:
    for _each in range(service.PAGE + 1 - len(assets(desk.database))):
        bring(desk, fresh())
    bring(desk, fresh(), "最新的")
    editor = desk.sits(Role.EDITOR)
    first = editor.page("/console/media")
    (older,) = (link for link in first.links if "before=" in link)
    second = editor.page(older)
    assert "最新的" in first.text
    assert "最新的" not in second.text
    assert "上一页" in second.text
    assert "还没有" not in second.text


@pytest.mark.parametrize(
    "query", ["kind=x", "before=abc", "before=-5", f"before={10**30}", "q=%00%27%25_", "for=x&as=y"]
)
def test_an_address_that_makes_no_sense_is_no_error(desk: Office, query: str) -> None:
    desk.sits(Role.EDITOR).page(f"/console/media?{query}")


def test_a_file_is_picked_for_a_piece(desk: Office) -> None:
    office = desk
    held, film = bring(office, fresh(), "要用的图"), bring(office, a_film(), "一段视频")
    pid = a_piece(office, title="要配图的稿", state=PieceState.DRAFT)
    editor = office.sits(Role.EDITOR)
    answer = editor.get(f"/console/media?for={pid}&as=cover")
    page = read_page(answer.text)
    page.check_frame()
    assert page.headings == ["选一个文件，做封面"]
    assert "要配图的稿" in page.text
    assert "要用的图" in page.text
    assert film.title not in page.text
    assert f'action="/console/pieces/{pid}/media"' in answer.text
    assert page.value_of("as") == "cover"
    assert f'value="{held.pid}"' in answer.text
    assert f"/console/media/new?for={pid}&as=cover" in page.links
    done = editor.done(f"/console/pieces/{pid}/media", asset=held.pid, **{"as": "cover"})
    assert done.headings


def test_picking_goes_on_after_an_upload(desk: Office) -> None:
    pid = a_piece(desk, kind=Kind.VIDEO, state=PieceState.DRAFT)
    editor = desk.sits(Role.EDITOR)
    form = editor.page(f"/console/media/new?for={pid}&as=set")
    assert (form.value_of("for"), form.value_of("as")) == (pid, "set")
    answer = send(editor, ("a.mp4", a_film(31)), **{"for": pid, "as": "set"})
    assert answer.headers["Location"] == f"/console/media?for={pid}&as=set"
    page = editor.page(answer.headers["Location"])
    assert "用这个" in page.text
    assert f'value="{newest(desk).pid}"' in editor.get(answer.headers["Location"]).text


def test_nobody_picks_for_a_piece_that_is_not_theirs(desk: Office) -> None:
    pid = a_piece(desk, state=PieceState.DRAFT)
    he = desk.sits(Role.CORRESPONDENT)
    assert he.get(f"/console/media?for={pid}&as=cover").status_code == 404
    assert he.get("/console/media?for=nothing-here&as=cover").status_code == 404


def test_a_correspondent_is_not_told_of_other_peoples_pieces(desk: Office) -> None:
    held = bring(desk, fresh(), by="correspondent")
    a_piece(desk, title="机密的标题", cover=held.pid, state=PieceState.DRAFT)
    page = desk.sits(Role.CORRESPONDENT).page(f"/console/media/{held.pid}")
    assert "机密的标题" not in page.text
    assert "机密的标题" in desk.sits(Role.EDITOR).page(f"/console/media/{held.pid}").text


def test_the_clock_of_the_page_is_shanghais(desk: Office) -> None:
    held = bring(desk, fresh())
    local = clock.now().astimezone(clock.SHANGHAI)
    assert f"{local:%Y-%m-%d}" in desk.sits(Role.EDITOR).page(f"/console/media/{held.pid}").text
