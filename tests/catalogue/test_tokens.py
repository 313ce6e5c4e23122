"""One form of every text, and tokens that lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import wide
from wx_archive.catalogue import tokens
from wx_archive.catalogue.tokens import RUN, normalise

HAN = "公积金管理办法结婚登记〇零一二三四五六年檔案國𠀀𬀀"
ALPHABET = HAN + "abcXYZ0129é〕（）[]【】 \n，。·-—\u200b\ufeff" + wide("0A")
TEXTS = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters(codec="utf-8")), max_size=60)


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        (wide("ABc12"), "abc12"),
        ("檔案館與國務院", "档案馆与国务院"),
        ("[2004]（2004）【2004】〖2004〗", "〔2004〕〔2004〕〔2004〕〔2004〕"),
        ("0012\u20132\u20140345\u22121", "0012-2-0345-1"),
        ("公\u200b积\ufeff金\u00ad贷\u2060款", "公积金贷款"),
        ("二〇〇四年", "2004年"),
        ("二零零四年", "2004年"),
        ("二\u25cb\u25cb四年", "2004年"),
        ("〔一九八五〕", "〔1985〕"),
        ("一九八五", "1985"),
        ("一九八五条", "一九八五条"),
        ("甲・乙•丙", "甲·乙·丙"),
    ],
)
def test_every_way_of_writing_has_one_searched_form(written: str, searched: str) -> None:
    assert normalise(written) == searched


@given(TEXTS)
def test_normalising_twice_changes_nothing_but_years_that_came_to_light(text: str) -> None:
    once = normalise(text)
    assert normalise(normalise(once)) == normalise(once)


def _searchable_pieces(text: str) -> list[str]:
    """Return what can be searched within one run: any two Han characters, whole Latin runs."""
    pieces = []
    for han, latin in RUN.findall(text):
        pieces += [latin] if latin else []
        pieces += [han[a:b] for a in range(len(han)) for b in range(a + 2, len(han) + 1)]
    return pieces


@given(TEXTS, TEXTS)
def test_every_piece_of_two_characters_has_its_tokens_in_the_index(title: str, rest: str) -> None:
    title = normalise(title)
    hay = f"{title}\n{normalise(rest)}"
    indexed = set(tokens.text_tokens(title, normalise(rest)))
    for piece in _searchable_pieces(hay):
        wanted = tokens.query_tokens(piece)
        assert wanted
        assert set(wanted) <= indexed
    for piece in _searchable_pieces(title):
        assert {"t" + token for token in tokens.query_tokens(piece)} <= indexed


@given(TEXTS)
def test_pieces_that_cross_runs_lose_nothing_either(text: str) -> None:
    hay = normalise(text)
    indexed = set(tokens.text_tokens("", hay))
    for word in tokens.words(hay):
        assert set(tokens.query_tokens(word)) <= indexed


@given(TEXTS)
def test_tokens_need_no_quoting_in_either_database(text: str) -> None:
    title = normalise(text)
    marks = (tokens.title_token(tokens.title_hash(title)), tokens.year_token(None))
    for token in (*tokens.text_tokens(title, title), *marks):
        assert token.isalnum()
        assert token == token.lower()


def test_what_tokens_alone_prove_is_not_checked_again() -> None:
    assert not tokens.needs_verification("公积")
    assert not tokens.needs_verification("2023")
    assert not tokens.needs_verification("a" * tokens.LATIN_LENGTH)
    for word in ("公积金", "第3条", "a" * (tokens.LATIN_LENGTH + 1)):
        assert tokens.needs_verification(word)


def test_the_index_knows_a_title_by_its_first_character() -> None:
    assert "b房" in tokens.text_tokens(normalise("房改方案"), "")
    assert not [token for token in tokens.text_tokens("gb房", "房改") if token[0] in "by"]


@given(TEXTS)
def test_the_mark_of_a_title_has_sixteen_bits_and_its_hash_sixty_three(text: str) -> None:
    hashed = tokens.title_hash(text)
    assert 0 <= hashed < 1 << 63
    assert int(tokens.title_token(hashed)[1:], 16) == hashed & 0xFFFF
    assert len(tokens.title_token(hashed)) == 5


@pytest.mark.parametrize(
    "title",
    [
        "中华人民共和国档案法",
        "《档案法》",
        "档案法（2020年修订）",
        "中华人民共和国档案法〔2020年修订〕",
    ],
)
def test_an_exact_title_is_so_without_what_people_leave_out(title: str) -> None:
    assert tokens.exact_title(normalise(title)) == "档案法"
