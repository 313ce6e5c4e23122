"""Citizens' topics: words of daily life, from a file."""

from pathlib import Path

import pytest

from wx_archive.catalogue.query import Word
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.topics import find_topic, load_topics
from wx_archive.core.errors import FileProblemError

OURS = Path(__file__).parents[2] / "content" / "topics.yaml"


def a_file(folder: Path, text: str) -> Path:
    path = folder / "topics.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_our_topics_are_twenty_with_names_that_fit_a_phone() -> None:
    topics = [topic for group in load_topics(OURS).values() for topic in group]
    assert len(topics) == 20
    assert all(len(topic.name) <= 6 and topic.words for topic in topics)


def test_a_topic_asks_for_any_of_its_words_in_documents(tmp_path: Path) -> None:
    path = a_file(tmp_path, "- 安居:\n    住房: [住房公积金, 公积金, 房改]\n")
    topic = find_topic(path, " 住房 ")
    assert topic is not None
    assert topic.query.words == (Word("公积金", ("房改",)),)
    assert topic.query.kind is Kind.DOCUMENT
    assert find_topic(path, "别的") is None


def test_a_site_without_topics_has_none(tmp_path: Path) -> None:
    assert load_topics(tmp_path / "topics.yaml") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- 安居:\n    住房: [房]\n", "至少两个字"),
        ("- 安居:\n    住房: ['公积金 房改']\n", "要是一个"),
        ("- 安居:\n    一个特别长的名字: [公积金]\n", "两到六个字"),
        ("- 安居:\n    住房: [房改]\n- 别处:\n    住房: [公积金]\n", "写了两次"),
        ("- 安居:\n    住房: []\n", "不能为空"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(FileProblemError, match=reason):
        load_topics(a_file(tmp_path, text))
