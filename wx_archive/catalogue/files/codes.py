"""The fixed words of a catalogue and their codes.

Source: DA/T 18-2022, docs/sources.md#description.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from wx_archive.catalogue.rules import Disclosure, Openness, Secrecy

OPENNESS: Final[Mapping[str, Openness]] = {
    "未审核": Openness.UNREVIEWED,
    "开放": Openness.OPEN,
    "延期开放": Openness.DEFERRED,
    "控制": Openness.CONTROLLED,
}
DISCLOSURE: Final[Mapping[str, Disclosure]] = {
    "完全公开": Disclosure.FULL,
    "部分公开": Disclosure.PARTIAL,
    "不公开": Disclosure.NONE,
}
SECRECY: Final[Mapping[str, Secrecy]] = {"公开": Secrecy.PUBLIC, "内部": Secrecy.INTERNAL}
LEVELS: Final[Mapping[str, str]] = {"全宗": "fonds", "类": "series", "案卷": "file", "件": "item"}
LIVELIHOOD: Final[Mapping[str, int]] = {"是": 1, "否": 0}
RETENTION: Final[Mapping[str, str]] = {"永久": "Y", "30年": "D30", "10年": "D10"}
RELATIONS: Final[Mapping[str, str]] = {
    "废止": "repeals",
    "部分废止": "partly_repeals",
    "替代": "replaces",
    "取代": "supersedes",
    "修改": "amends",
    "实施": "implements",
    "解释": "interprets",
    "转发": "forwards",
}
NO_SECRETS: Final = "涉密不上网，请从文件里删掉这一行"
OLD_TERMS: Final[Mapping[str, str]] = {"长期": "D30?", "短期": "D10?"}
"""Terms of before 2006: 16 to 50 years, up to 15; a person must say which (待复核)."""
_OTHER_LEVELS: Final = {"类别": "series", "系列": "series", "卷": "file", "文件": "item"}
_OTHER_OPENNESS: Final = {"延期": Openness.DEFERRED, "不开放": Openness.CONTROLLED}
_OTHER_DISCLOSURE: Final = {"主动公开": Disclosure.FULL, "不予公开": Disclosure.NONE}
_OTHER_LIVELIHOOD: Final = {"1": 1, "0": 0, "TRUE": 1, "FALSE": 0, "民生": 1, "非民生": 0}
_SECRET: Final = re.compile(r"秘密|机密|绝密|(?:MM|JM|UM|SECRET|CONFIDENTIAL|TOP_?SECRET)(?![A-Z])")
_YEARS: Final = re.compile(r"D?(?:定期)?\(?(\d{1,3})年?\)?")


def chooser(
    words: Mapping[str, object], others: Mapping[str, object] | None = None
) -> Callable[[object], object]:
    """Return a validator that takes a Chinese word or its code and gives the code.

    Nothing said gives None. The error lists the words.
    """
    known: dict[object, object] = {"": None, None: None}
    for word, code in {**(others or {}), **words}.items():
        known[word] = code
        known[code] = code
    listed = "、".join(f"{word}（{code}）" for word, code in words.items())

    def choose(value: object) -> object:
        try:
            return known[value]
        except (KeyError, TypeError):
            pass
        plain = fold(value) if isinstance(value, str) else ""
        if plain not in known or (not plain and not isinstance(value, str)):
            message = f"只能填 {listed}"
            raise ValueError(message)
        return known[plain]

    return choose


def fold(text: str) -> str:
    """Return a word of a fixed list in one spelling."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def to_secrecy(value: object) -> object:
    """Return the code of a 密级; nothing said means public.

    Raises:
        ValueError: it is a state secret, or unknown, which may be one.
    """
    if isinstance(value, str):
        word = fold(value).upper()
        if _SECRET.match(word):
            raise ValueError(NO_SECRETS)
        value = {"GK": "公开", "NB": "内部"}.get(word, value)
    level = _choose_secrecy(value)
    return level.value if isinstance(level, Secrecy) else Secrecy.PUBLIC.value


def to_retention(value: object) -> object:
    """Return the code of a 保管期限: Y, D30, D10, …; old terms end with a question mark."""
    if value is None or value == "":
        return ""
    word = fold(value) if isinstance(value, str) else str(value)
    if word in {"Y", "y", *OLD_TERMS.values()}:
        return word.upper()
    if code := RETENTION.get(word) or OLD_TERMS.get(word):
        return code
    if (match := _YEARS.fullmatch(word.upper())) and int(match[1]):
        return f"D{int(match[1])}"
    message = "只能填 永久（Y）、30年（D30）、10年（D10）这样的期限"
    raise ValueError(message)


_choose_secrecy: Final = chooser(SECRECY)
to_level: Final = chooser(LEVELS, _OTHER_LEVELS)
to_openness: Final = chooser(OPENNESS, _OTHER_OPENNESS)
to_disclosure: Final = chooser(DISCLOSURE, _OTHER_DISCLOSURE)
to_livelihood: Final = chooser(LIVELIHOOD, _OTHER_LIVELIHOOD)
