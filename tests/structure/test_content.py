"""Every committed content file is valid and short; every word in it one can tap leads on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.talk import ORIGIN, Talk, a_talk
from wx_archive import features
from wx_archive.catalogue.words import of_file
from wx_archive.chat.replies import finished, load_replies, small_talk, standing
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.text import fold
from wx_archive.guide import service as guide
from wx_archive.menu import service as menu
from wx_archive.publishing import files as publishing
from wx_archive.publishing.rules import Column
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

PROJECT = Path(__file__).parents[2]
SITE = Site(PROJECT, ORIGIN)
TAP = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]|]+))?\]\]")
RAW_LIMIT_BYTES = 600
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def standing_texts() -> dict[str, str]:
    """Return every standing answer as its file holds it, by its place."""
    raw = load_replies(PROJECT).model_dump()
    texts = {name: value for name, value in raw.items() if isinstance(value, str)}
    for name in ("welcome_scene", "scan"):
        texts |= {f"{name}.{part}": text for part, text in raw[name].items()}
    return texts | {f"keywords.{talk['words'][0]}": talk["text"] for talk in raw["keywords"]}


def guide_answers() -> dict[str, str]:
    return {one.id: one.answer for one in guide.guides(SITE).values()}


def tapped_words() -> list[str]:
    """Return what taps anywhere in the content send."""
    files = [path.read_text(encoding="utf-8") for path in (PROJECT / "content").rglob("*.md")]
    files.append((PROJECT / "content" / "replies.yaml").read_text(encoding="utf-8"))
    said = {
        (says or label).strip() for text in files for label, says in TAP.findall(_uncommented(text))
    }
    return sorted(said)


def _uncommented(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("# "))


@pytest.fixture
def sqlite_template(sqlite_catalogue: Path) -> Path:
    """The account has the invented catalogue."""
    return sqlite_catalogue


@pytest.fixture
def talk(sqlite_url: str) -> Iterator[Talk]:
    """A conversation with the demo's account."""
    database = Database(sqlite_url)
    with a_talk(database, PROJECT) as talk:
        yield talk
    database.dispose()


def test_every_content_file_is_valid() -> None:
    assert publishing.check(SITE) >= 5
    assert len(guide.guides(SITE)) >= 5
    assert of_file(SITE.content / "synonyms.yaml")
    assert menu.read(SITE, features.dispatcher().answers_click)


def test_every_column_has_at_least_two_pieces_that_somebody_signed_and_are_out(talk: Talk) -> None:
    today = talk.now.date()
    signed = [one for one in publishing.read_all(SITE.content).values() if one.head.reviewed]
    for column in Column:
        out = [one for one in signed if one.column is column and one.head.date <= today]
        assert len(out) >= 2, column


def test_the_demos_invented_pieces_say_so() -> None:
    invented = publishing.read_all(SITE.content / "demo" / "news")
    assert len(invented) >= 4
    for piece in invented.values():
        assert any("演示虚构" in source for source in piece.head.sources), piece.path
        assert piece.head.reviewed is None


@pytest.mark.parametrize("name", sorted(standing_texts() | guide_answers()))
def test_a_standing_text_is_short_and_complete(name: str) -> None:
    text = (standing_texts() | guide_answers())[name]
    assert len(text.encode()) <= RAW_LIMIT_BYTES
    shown = finished(SITE, text)
    assert len(shown.encode()) <= TEXT_LIMIT_BYTES
    assert "[[" not in shown
    assert set(PLACEHOLDER.findall(shown)) <= {"{words}", "{answer}"}


@pytest.mark.parametrize("name", sorted(guide_answers()))
def test_a_guide_in_the_chat_keeps_the_limit_with_its_link(talk: Talk, name: str) -> None:
    one = guide.guides(SITE)[name]
    answer = talk.says(one.title)
    assert f"{ORIGIN}/h5/guides/{one.id}" in answer
    assert len(answer.encode()) <= TEXT_LIMIT_BYTES


@pytest.mark.parametrize("words", tapped_words())
def test_every_word_that_can_be_tapped_leads_somewhere(talk: Talk, words: str) -> None:
    answer = talk.says(words, menu_id="say")
    assert "没有查到" not in answer
    assert answer != standing(SITE, "unanswered")
    assert answer or talk.cards


def test_every_keyword_of_a_guide_and_of_small_talk_reaches_its_own_answer(talk: Talk) -> None:
    for one in guide.guides(SITE).values():
        for word in (one.title, *one.keywords):
            assert f"/h5/guides/{one.id}" in talk.says(word), word
    for small in load_replies(PROJECT).keywords:
        for word in small.words:
            assert talk.says(word) == small_talk(SITE, word), word


def test_no_word_belongs_to_a_guide_and_to_small_talk() -> None:
    guides = {fold(w) for one in guide.guides(SITE).values() for w in (one.title, *one.keywords)}
    small = {fold(word) for talk in load_replies(PROJECT).keywords for word in talk.words}
    assert not guides & small


def test_the_examples_of_the_first_screens_find_something(talk: Talk) -> None:
    for words in ("公积金", "房改", "公积金 2010-2019", "文件 公积金", "档案 大桥"):
        talk.says(words)
        assert " 共 " in talk.visible, words
    assert "开放时间" in talk.says("帮助")


def test_every_yaml_file_of_the_site_can_be_read() -> None:
    for folder in ("menus", "content", "quiz_bank"):
        for path in (PROJECT / folder).rglob("*.yaml"):
            assert yaml.safe_load(path.read_text(encoding="utf-8")), path
