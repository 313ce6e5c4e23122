"""Articles of a draft: their limits, and their JSON as WeChat takes and gives it.

Source: reference sections 1.10, 1.12 and 1.13. Documented: the lengths, `article_type`, that the
cover must be a permanent image, up to 8 articles (not on an official page), the first 54
characters as digest. From memory: which errcode each limit has, and 20 pictures in a newspic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wx_archive.simulator.element_rules import IsOurs, filtered, text_of_html, words_of
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.service_messages import Json, objects_of, text_of

MOST_ARTICLES: Final = 8
MOST_PICTURES: Final = 20
MOST_TITLE_CHARS: Final = 32
MOST_AUTHOR_CHARS: Final = 16
MOST_DIGEST_CHARS: Final = 128
DIGEST_CHARS: Final = 54
CONTENT_CHARS: Final = 20_000
CONTENT_BYTES: Final = 1 << 20
MOST_URL_BYTES: Final = 1 << 10
TYPES: Final = frozenset({"news", "newspic"})


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One article; ``pictures`` are the media_ids of a newspic, else empty."""

    article_type: str
    title: str
    author: str
    digest: str
    content: str
    content_source_url: str
    thumb_media_id: str
    need_open_comment: int
    only_fans_can_comment: int
    pic_crop_235_1: str = ""
    pic_crop_1_1: str = ""
    pictures: tuple[str, ...] = ()
    is_deleted: bool = False

    @property
    def cover(self) -> str:
        """The media_id of the picture on its card."""
        return self.thumb_media_id or (self.pictures[0] if self.pictures else "")


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a draft only the platform knows: images, pictures of bodies, own articles."""

    is_image: Callable[[str], bool]
    is_picture: IsOurs
    is_article: IsOurs

    def filtered(self, html: str) -> str:
        """Return what is kept of an article's HTML."""
        return filtered(html, is_picture=self.is_picture, is_article=self.is_article)


def read_articles(payload: Json, rules: Rules) -> tuple[NewsItem, ...]:
    """Return the articles of a new draft.

    Raises:
        ApiError: 44003 none, 45008 more than 8, or one of them breaks a limit.
    """
    given = objects_of(payload, "articles")
    if not given:
        raise ApiError(44003, "empty news data")
    if len(given) > MOST_ARTICLES:
        raise ApiError(45008, "article size out of limit")
    return tuple(read_article(each, rules, alone=len(given) == 1) for each in given)


def read_article(given: Json, rules: Rules, *, alone: bool) -> NewsItem:
    """Return one article, its content filtered; only one that is ``alone`` gets a digest.

    Raises:
        ApiError: it breaks a limit.
    """
    kind = text_of(given, "article_type") or "news"
    if kind not in TYPES:
        raise ApiError(40008, "invalid message type: article_type")
    content, digest = text_of(given, "content"), text_of(given, "digest")
    _check_texts(given, content, digest)
    is_news = kind == "news"
    kept = rules.filtered(content) if is_news else text_of_html(content)
    return NewsItem(
        article_type=kind,
        title=text_of(given, "title"),
        author=text_of(given, "author"),
        digest=digest or (words_of(kept)[:DIGEST_CHARS] if alone else ""),
        content=kept,
        content_source_url=text_of(given, "content_source_url"),
        thumb_media_id=_cover(given, rules) if is_news else "",
        need_open_comment=_bit(given, "need_open_comment"),
        only_fans_can_comment=_bit(given, "only_fans_can_comment"),
        pic_crop_235_1=text_of(given, "pic_crop_235_1"),
        pic_crop_1_1=text_of(given, "pic_crop_1_1"),
        pictures=() if is_news else _pictures(given, rules),
    )


def _check_texts(given: Json, content: str, digest: str) -> None:
    title, author = text_of(given, "title"), text_of(given, "author")
    if not 1 <= len(title) <= MOST_TITLE_CHARS:
        raise ApiError(45003, "title size out of limit")
    if len(author) > MOST_AUTHOR_CHARS:
        raise ApiError(45110, "author size out of limit")
    if len(digest) > MOST_DIGEST_CHARS:
        raise ApiError(45004, "description size out of limit")
    if not content.strip():
        raise ApiError(44004, "empty content")
    if len(content) >= CONTENT_CHARS or len(content.encode()) >= CONTENT_BYTES:
        raise ApiError(45002, "content size out of limit")
    if len(text_of(given, "content_source_url").encode()) > MOST_URL_BYTES:
        raise ApiError(45005, "url size out of limit")


def _cover(given: Json, rules: Rules) -> str:
    media_id = text_of(given, "thumb_media_id")
    if not rules.is_image(media_id):
        raise ApiError(40007, "invalid media_id: thumb_media_id")
    return media_id


def _pictures(given: Json, rules: Rules) -> tuple[str, ...]:
    info = given.get("image_info")
    listed = objects_of(info, "image_list") if isinstance(info, dict) else []
    media_ids = tuple(text_of(each, "image_media_id") for each in listed)
    if not 1 <= len(media_ids) <= MOST_PICTURES:
        raise ApiError(40007, f"invalid media_id: image_list takes 1 to {MOST_PICTURES}")
    if not all(map(rules.is_image, media_ids)):
        raise ApiError(40007, "invalid media_id: image_media_id")
    return media_ids


def _bit(given: Json, name: str) -> int:
    return int(given.get(name) in {1, "1"})


def as_news_item(
    item: NewsItem, *, url: str, thumb_url: str, with_content: bool = True
) -> dict[str, object]:
    """Return an article as `draft/get` and `freepublish/getarticle` tell it."""
    told: dict[str, object] = {
        "article_type": item.article_type,
        "title": item.title,
        "author": item.author,
        "digest": item.digest,
        "content_source_url": item.content_source_url,
        "show_cover_pic": 0,
        "need_open_comment": item.need_open_comment,
        "only_fans_can_comment": item.only_fans_can_comment,
        "pic_crop_235_1": item.pic_crop_235_1,
        "pic_crop_1_1": item.pic_crop_1_1,
        "url": url,
    }
    if with_content:
        told["content"] = item.content
    if item.article_type == "news":
        return told | {"thumb_media_id": item.thumb_media_id, "thumb_url": thumb_url}
    listed = [{"image_media_id": each} for each in item.pictures]
    return told | {"image_info": {"image_list": listed}}


def news_item(saved: dict[str, Any]) -> NewsItem:
    """Read an article that a shelf kept."""
    return NewsItem(**{**saved, "pictures": tuple(saved["pictures"])})
