"""The standing answers of `content/replies.yaml`, with taps and the bureau's data filled in."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from pydantic import Field, model_validator

from wx_archive.core.site import Profile, Site
from wx_archive.core.text import fold, plain_taps, with_taps
from wx_archive.core.yamlfile import FileModel, load

MAX_BYTES = 1_200
"""A standing answer leaves room for what is put before it."""


class SmallTalk(FileModel):
    """Exact words and their answer."""

    words: list[str] = Field(min_length=1)
    text: str


class Replies(FileModel):
    """Every standing answer; a missing one is a mistake of the file, found at start."""

    welcome: str
    welcome_back: str
    welcome_scene: dict[str, str]
    scan: dict[str, str]
    help: str
    lookup_start: str
    voice_without_words: str
    voice_heard: str
    location: str
    link: str
    unknown: str
    scancode: str
    poison: str
    nothing_found: str
    rephrase: str
    nothing_held: str
    held_waits: str
    held_answer: str
    held_more: str
    nothing_running: str
    no_progress: str
    withdraw_how: str
    ask_what: str
    ask_filed: str
    ask_private: str
    ask_too_many: str
    ask_too_long: str
    enquiry_unknown: str
    ask_more: str
    list_gone: str
    bad_number: str
    back_nothing: str
    too_long: str
    livelihood: str
    livelihood_hint: str
    unanswered: str
    interests: str
    interest_toggled: str
    interest_unknown: str
    about_me: str
    export_me: str
    erase_ask: str
    erased: str
    erase_dropped: str
    erase_not_asked: str
    consent_withdrawn: str
    consent_none: str
    my_code: str
    staff_bind: str
    staff_bind_space: str
    staff_bind_wrong: str
    staff_bind_wait: str
    staff_bound: str
    staff_unbound: str
    keywords: list[SmallTalk]

    @model_validator(mode="after")
    def _complete(self) -> "Replies":
        if "default" not in self.scan:
            message = "scan 里要有 default"
            raise ValueError(message)
        seen: set[str] = set()
        for talk in self.keywords:
            for word in map(fold, talk.words):
                if word in seen:
                    message = f"“{word}”在 keywords 里出现了两次"
                    raise ValueError(message)
                seen.add(word)
        for text in self.texts():
            if len(text.encode()) > MAX_BYTES:
                message = f"“{text[:12]}…”超过 {MAX_BYTES} 字节，请缩短"
                raise ValueError(message)
        return self

    def texts(self) -> Iterable[str]:
        """Yield every text, as the file holds it."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, str):
                yield value
            elif isinstance(value, Mapping):
                yield from value.values()
        yield from (talk.text for talk in self.keywords)


@cache
def load_replies(folder: Path) -> Replies:
    """Return the standing answers of the site at ``folder``."""
    return load(folder / "content" / "replies.yaml", Replies)


@cache
def _small_talk(folder: Path) -> Mapping[str, str]:
    return {fold(word): talk.text for talk in load_replies(folder).keywords for word in talk.words}


def standing(site: Site, name: str, part: str | None = None) -> str:
    """Return a standing answer, ready to send; ``part`` picks from an answer by scene."""
    value = getattr(load_replies(site.folder), name)
    if isinstance(value, Mapping):
        value = value[part if part in value else "default"]
    return finished(site, str(value))


def has_part(site: Site, name: str, part: str) -> bool:
    """Tell whether an answer by scene has one for ``part``."""
    return part in getattr(load_replies(site.folder), name)


def small_talk(site: Site, words: str) -> str | None:
    """Return the answer to exact small talk, or None."""
    text = _small_talk(site.folder).get(fold(words).rstrip("。.!！?？~～ "))
    return None if text is None else finished(site, text)


def small_talk_words(site: Site) -> Iterable[str]:
    """Return all exact words of small talk, folded."""
    return _small_talk(site.folder)


def finished(site: Site, text: str) -> str:
    """Fill in the bureau's data and turn ``[[words]]`` into live links."""
    return filled(site.profile, text)


@lru_cache(maxsize=1_024)
def filled(profile: Profile, text: str) -> str:
    """Return a text as `finished` does, for a profile that may not count yet."""
    return with_taps(profile.fill(text)).strip()


def plain(site: Site, text: str) -> str:
    """Fill in the bureau's data and show tappable words as 「words」."""
    return plain_taps(site.profile.fill(text)).strip()
