"""The guides of `content/guides/`: a short answer for the chat, a page for the rest."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.core.text import fold
from wx_archive.core.yamlfile import FileModel, load_front_matter

SHARE = 0.3
"""How much of a sentence its keyword must be: «你们几点上班呀» is about 几点上班."""


class Guide(FileModel):
    """One guide as its file says."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = Field(max_length=32)
    summary: str = Field(max_length=120)
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    topics: list[str]
    sources: list[str] = Field(min_length=1)
    keywords: list[str] = Field(default_factory=list)
    answer: str
    body: str = ""


@cache
def _all(folder: Path) -> Mapping[str, Guide]:
    guides: dict[str, Guide] = {}
    for path in sorted((folder / "content" / "guides").glob("*.md")):
        head, body = load_front_matter(path, Guide)
        if head.id != path.stem:
            raise FileProblemError(f"{path}:2:1: id 要和文件名一样，写成 {path.stem}")
        guides[head.id] = head.model_copy(update={"body": body})
    return guides


@cache
def _by_keyword(folder: Path) -> Mapping[str, Guide]:
    found: dict[str, Guide] = {}
    for guide in _all(folder).values():
        for word in map(fold, [guide.title, *guide.keywords]):
            if found.get(word, guide) is not guide:
                raise FileProblemError(
                    f"{folder / 'content/guides' / guide.id}.md:1:1: "
                    f"关键词“{word}”已经属于《{found[word].title}》"
                )
            found[word] = guide
    return found


def guides(site: Site) -> Mapping[str, Guide]:
    """Return all guides by id."""
    return _all(site.folder)


def for_words(site: Site, words: str) -> Guide | None:
    """Return the guide that exactly these words ask for."""
    return _by_keyword(site.folder).get(fold(words).rstrip("。.!！?？~～ "))


def keyword_within(site: Site, words: str, more: Iterable[str]) -> str | None:
    """Return the longest keyword inside a sentence, if it makes up enough of it.

    Args:
        site: whose guides.
        words: the sentence.
        more: further keywords beside the guides'.
    """
    sentence = fold(words)
    known = (*_by_keyword(site.folder), *more)
    inside = [word for word in known if len(word) > 1 and word in sentence]
    longest = max(inside, key=len, default="")
    return longest if len(longest) >= SHARE * len(sentence) else None
