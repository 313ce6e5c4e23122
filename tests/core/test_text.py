"""Words: folding, safe XML, cutting at bytes, live links."""

from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wx_archive.core.text import (
    clip_bytes,
    escape_label,
    fold,
    plain_taps,
    tap_link,
    with_taps,
    xml_safe,
)


@pytest.mark.parametrize("typed", ["N", "n", "\uff2e", "\uff4e", " n ", "\u3000\uff2e\n"])
def test_width_and_case_and_blanks_do_not_matter(typed: str) -> None:
    assert fold(typed) == "n"


@given(st.text())
@example("\ud800\0\x0b\ufffe\uffff")
@example("a\r\nb\rc\n\r")
def test_safe_text_is_xml_and_reads_back_as_itself(text: str) -> None:
    safe = xml_safe(text)
    assert (ET.fromstring(f"<x>{escape(safe)}</x>").text or "") == safe  # noqa: S314 -- our own
    assert xml_safe(safe) == safe


def test_ordinary_characters_are_all_safe() -> None:
    text = "a\tb\n中文𠀀👨‍👩‍👧 “”…\u2028"
    assert xml_safe(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 40))
def test_clipped_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    clipped = clip_bytes(text, limit)
    assert len(clipped.encode()) <= limit
    if len(text.encode()) <= limit:
        assert clipped == text
    else:
        assert text.startswith(clipped.removesuffix("…"))


def test_clipping_uses_the_room_and_tells_that_it_cut() -> None:
    assert clip_bytes("档案档案", 9) == "档案…"
    assert clip_bytes("档案档案", 11) == "档案…"
    assert clip_bytes("档案档案", 12) == "档案档案"
    assert clip_bytes("档案档案", 9, ellipsis="") == "档案档"
    assert clip_bytes("档案档案", 2) == ""


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
@example('"><a href="x', 'q"&msgmenuid=2#')
def test_a_live_link_carries_its_words_and_id_unbroken(says: str, menu_id: str) -> None:
    link = tap_link("看", says, menu_id)
    target = link.removeprefix('<a href="').removesuffix('">看</a>')
    assert not set(target) & set('<>" ')
    carried = parse_qs(urlsplit(target).query, keep_blank_values=True)
    assert carried == {"msgmenucontent": [says], "msgmenuid": [menu_id]}


def test_a_title_in_angle_brackets_is_no_tag() -> None:
    assert escape_label("<b>") == "〈b〉"
    assert "</a></a>" not in tap_link("x</a>", "x")


def test_tappable_words_become_links_or_quotes() -> None:
    text = "看[[开放时间]]，或[[全部说明|帮助]]。"
    assert with_taps(text) == (
        f"看{tap_link('开放时间', '开放时间')}，或{tap_link('全部说明', '帮助')}。"
    )
    assert plain_taps(text) == "看「开放时间」，或「全部说明」。"


@pytest.mark.parametrize("text", ["[[]]", "[a]", "[[a|b|c]]", "]]a[["])
def test_other_brackets_stay_as_typed(text: str) -> None:
    assert with_taps(text) == text
