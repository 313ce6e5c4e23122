"""Writing at a piece: whose it is, what a save changes, files that are put into it."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.publishing.writing import (
    CORRESPONDENT,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    REVIEWER,
    a_content,
    a_piece,
    approved,
    edited,
    somebody,
)
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.site import Site
from wx_archive.publishing import comparing, drafts, inbox, piece_templates, pieces, sensitive
from wx_archive.publishing.comparing import Part
from wx_archive.publishing.drafts import NotYoursError
from wx_archive.publishing.pieces import Content, StalePieceError
from wx_archive.publishing.rules import Column, Kind
from wx_archive.staff.rules import Role

PROJECT = Path(__file__).parents[2]


def test_an_editors_piece_lies_on_their_desk_a_correspondents_on_nobodys(
    database: Database,
) -> None:
    with database.begin() as session:
        assert a_piece(session).owner == EDITOR.login
        assert a_piece(session, by=CORRESPONDENT).owner is None


def test_a_correspondent_writes_at_their_own_until_it_is_handed_over(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session, by=CORRESPONDENT)
        edited(session, piece, CORRESPONDENT, body="第二稿。")
        with pytest.raises(NotYoursError, match="不归您改"):
            edited(session, piece, somebody("li", Role.CORRESPONDENT), body="别人的。")
        inbox.send_in(session, piece, person=CORRESPONDENT, now=NOW)
        with pytest.raises(NotYoursError, match="交上去了"):
            edited(session, piece, CORRESPONDENT, body="第三稿。")
        inbox.take_over(session, piece, person=EDITOR, now=NOW)
        with pytest.raises(NotYoursError, match="编辑已经接手"):
            edited(session, piece, CORRESPONDENT, body="第三稿。")


def test_an_editor_takes_a_piece_over_before_writing_at_it(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session, by=CORRESPONDENT)
        inbox.send_in(session, piece, person=CORRESPONDENT, now=NOW)
        with pytest.raises(NotYoursError, match="先接过来"):
            edited(session, piece, EDITOR, body="第三稿。")
        inbox.take_over(session, piece, person=EDITOR, now=NOW)
        assert edited(session, piece, EDITOR, body="第三稿。").names == ["body"]


def test_nobody_else_writes(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session)
        with pytest.raises(NotYoursError):
            edited(session, piece, REVIEWER, body="审核改的。")
    assert not drafts.may_see(CORRESPONDENT, piece)
    assert drafts.may_see(REVIEWER, piece)


def test_saving_names_what_changed_and_keeps_every_state(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session)
        assert edited(session, piece).names == (), "the same again is no revision"
        assert piece.revision == 1
        saved = edited(session, piece, title="两座大坝", topics=("水利",))
        assert (list(saved.names), saved.was_approved) == (["title", "topics"], False)
        kept = pieces.contents(session.connection(), piece.id)
        assert [(number, one.title) for number, one, *_rest in kept] == [
            (2, "两座大坝"),
            (1, "一座大坝"),
        ]


def test_two_people_who_save_at_once_do_not_overwrite_each_other(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session)
        edited(session, piece, OTHER_EDITOR, body="孙编辑的。")
        content = a_content(body="陈编辑的。")
        with pytest.raises(StalePieceError):
            drafts.save(session, piece, content, since=1, person=EDITOR, now=NOW)
        assert piece.body == "孙编辑的。"


def test_readers_see_the_approved_words_while_others_are_written(database: Database) -> None:
    with database.begin() as session:
        piece = approved(session)
        edited(session, piece, body="还没审的话。")
        assert (piece.approved_revision, piece.revision) == (1, 2)


# -- files in it ------------------------------------------------------------------------------


def test_a_picture_goes_to_the_end_of_the_body_with_what_it_shows() -> None:
    content = drafts.with_picture(a_content(body="第一段。"), "A" * 26, "大坝[1958]\n远景")
    assert content.body == f"第一段。\n\n![大坝【1958】 远景](media:{'A' * 26})\n"
    assert drafts.with_picture(a_content(body=""), "B" * 26, "x").body.startswith("![x]")


def test_a_set_is_put_together_moved_and_taken_apart() -> None:
    content = Content(Column.CITY, Kind.PICTURES, "图集")
    for name in "ABC":
        content = drafts.with_asset(content, name)
    assert drafts.with_asset(content, "A").assets == ("A", "B", "C")
    assert drafts.moved_asset(content, "C", -1).assets == ("A", "C", "B")
    assert drafts.moved_asset(content, "A", -1).assets == ("A", "B", "C")
    assert drafts.moved_asset(content, "A", 1).assets == ("B", "A", "C")
    assert drafts.moved_asset(content, "nothing", 1) == content
    assert drafts.without_asset(content, "B").assets == ("A", "C")
    full = Content(Column.CITY, Kind.PICTURES, "图集", assets=tuple(map(str, range(20))))
    with pytest.raises(RefusedError, match="20"):
        drafts.with_asset(full, "one more")


def test_a_film_takes_the_place_of_the_one_before() -> None:
    content = Content(Column.CITY, Kind.VIDEO, "视频", assets=("A",))
    assert drafts.with_asset(content, "B").assets == ("B",)


# -- what changed -----------------------------------------------------------------------------


def whole(parts: Sequence[Part]) -> str:
    """Return the text that was cut into parts."""
    return "".join(part.words for part in parts)


def test_what_changed_is_told_by_the_word() -> None:
    before, after = comparing.words("大坝1958年动工", "大坝1959年9月动工")
    assert before == (Part("大坝"), Part("1958年", is_changed=True), Part("动工"))
    assert after == (Part("大坝"), Part("1959年9月", is_changed=True), Part("动工"))


def test_both_sides_of_a_comparison_are_whole() -> None:
    old, new = "甲乙丙丁，戊己庚辛。壬癸", "甲乙丙子，戊丑庚辛。寅癸"
    before, after = comparing.words(old, new)
    assert (whole(before), whole(after)) == (old, new)


def test_paragraphs_that_stayed_are_only_counted() -> None:
    old = "第一段。\n\n第二段。\n\n第三段。\n\n第四段在一九五八年。"
    new = "第一段。\n第二段。\n\n第三段。\n\n第四段在一九五九年。\n\n添了一段。"
    rows = comparing.paragraphs(old, new)
    assert [row.kept for row in rows] == [3, 0]
    changed = [one.words for one in rows[1].before if one.is_changed]
    assert changed == ["八"]
    assert "添了一段。" in "".join(one.words for one in rows[1].after if one.is_changed)


def test_a_paragraph_with_nothing_in_common_is_replaced_whole() -> None:
    before, after = comparing.words("山山山山山山", "水水水水水水")
    assert (before, after) == (
        (Part("山山山山山山", is_changed=True),),
        (Part("水水水水水水", is_changed=True),),
    )


def test_two_very_long_texts_are_compared_in_no_time() -> None:
    started = clock.now()
    comparing.paragraphs("甲" * 30_000, "乙" * 30_000)
    assert (clock.now() - started).total_seconds() < 2


def test_fields_are_named_for_people() -> None:
    found = comparing.changes(
        a_content(cover="A"),
        a_content(cover=None, sources=("书一", "书二")),
        lambda name, value: f"{name}:{value}",
    )
    told = {one.name: (whole(one.before), whole(one.after)) for one in found}
    assert told == {"cover": ("cover:A", ""), "sources": ("", "sources:书一\nsources:书二")}


# -- templates --------------------------------------------------------------------------------


def test_a_template_knows_the_day_it_is_taken_on() -> None:
    found = piece_templates.templates(Site(PROJECT, "https://archive.example.org"))
    content = found["on-this-day"].content(today=clock.day_of(NOW))
    assert (content.title, content.column) == ("历史上的今天：11月23日", Column.HISTORY)
    assert "{" not in content.body


def test_what_a_template_leaves_to_be_filled_in_does_not_go_out() -> None:
    site = Site(PROJECT, "https://archive.example.org")
    for template in piece_templates.templates(site).values():
        content = template.content(today=clock.day_of(NOW))
        for text in (content.title, content.summary, content.body):
            assert list(sensitive.unfinished(text)) == re.findall("【[^】]*】", text), template.slug
        assert list(sensitive.unfinished(content.body)), template.slug


def test_a_wrong_word_is_put_right_everywhere_and_no_other_word() -> None:
    typos = [
        {"wrong": "其它", "right": "其他", "why": "统一写法"},
        {"wrong": "座落", "right": "坐落", "why": "统一写法"},
    ]
    wording = sensitive.Wording.model_validate({"typos": typos})
    content = a_content(title="其它", summary="其它座落", body="其它的其它")
    found = drafts.mended(content, wording, "其它")
    assert (found.title, found.summary, found.body) == ("其他", "其他座落", "其他的其他")
    assert drafts.mended(content, wording, "没有") == content


def test_a_site_without_templates_has_none_and_a_wrong_file_says_where(tmp_path: Path) -> None:
    assert piece_templates.check(Site(tmp_path / "none", "https://archive.example.org")) == 0
    folder = tmp_path / "wrong" / "content"
    folder.mkdir(parents=True)
    (folder / "piece_templates.yaml").write_text("templates:\n  - slug: X\n", encoding="utf-8")
    with pytest.raises(FileProblemError, match="piece_templates"):
        piece_templates.check(Site(tmp_path / "wrong", "https://archive.example.org"))
