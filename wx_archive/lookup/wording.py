"""What of a person's question may be kept, and under which name of theirs.

Kept for statistics are words that anybody might have typed. Whatever may tell of a person is
counted under a label and forgotten: better a figure too few than a number or a name too many.
"""

import hashlib
import hmac
import re
from datetime import date
from typing import Final

from wx_archive.catalogue.tokens import normalise
from wx_archive.lookup import rules
from wx_archive.lookup.models import WORDS_LENGTH, Label

SENTENCE_LENGTH: Final = 30
"""Characters; what is longer and stands in no public entry is somebody's own sentence."""
PERSON_KEY_LENGTH: Final = 32
FOUND_AT_LEAST: Final = (1000, 100, 10, 1)

_DIGIT: Final = "[0-9零\u3007一二三四五六七八九]"
_NUMBER: Final = re.compile(
    f"{_DIGIT}{{7,}}"  # identity, telephone, QQ, bank card, social security number
    rf"|(?<![0-9])1[3-9]\d(?:[\s.-]*\d){{8}}(?![0-9])"  # a mobile number with spaces in it
    rf"|(?<![0-9])\d{{6}}[\s.-]+(?:19|20)\d{{2}}[\s.-]*\d{{4}}[\s.-]*\d{{3}}[0-9x]"  # identity
    r"|(?<![0-9])(?:\d{4}[\s.-]+){3}\d{4}"  # a bank card as it is printed
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·\s]?[0-9a-z]{5,6}"
    r"(?![0-9a-z])"  # a car's plate
    r"|@|wxid_|微信号|qq号"
)
_PERSONAL: Final = re.compile(
    "(?:我|他|她|本人|自己|咱)(?:家|的|叫|是|爱人|儿子|女儿|老婆|老公|妈|爸)"
    "|爷爷|奶奶|外公|外婆|姥|父亲|母亲|爸|妈|老伴|丈夫|妻子|家里|姓名|身份证|住址|住在|手机号"
)


def kept(text: str, *, found: int) -> tuple[Label, str]:
    """Return the words as they are kept, or the label that stands for them.

    Args:
        text: what was asked for.
        found: how many public entries contain it; what stands in one is nobody's secret.
    """
    if rules.touches_livelihood(text):
        return Label.LIVELIHOOD, ""
    normal = " ".join("".join(c if c.isprintable() else " " for c in normalise(text)).split())
    if _NUMBER.search(normal):
        return Label.NUMBER, ""
    is_long = len(normal) > (WORDS_LENGTH if found else SENTENCE_LENGTH)
    if is_long or not normal or _PERSONAL.search(normal):
        return Label.SENTENCE, ""
    return Label.NONE, normal


def at_least(found: int) -> int:
    """Return the number of results as it is kept: 0, 1 (to 9), 10, 100, or 1000 and more."""
    return next((bound for bound in FOUND_AT_LEAST if found >= bound), 0)


def month_key(secret: str, day: date) -> bytes:
    """Return the key of the month that ``day`` lies in."""
    return hmac.digest(secret.encode(), f"usage\0{day:%Y-%m}".encode(), hashlib.sha256)


def person_key(openid: str, month: bytes) -> str:
    """Return the follower's keyed hash of one month (`month_key`)."""
    return hmac.digest(month, openid.encode(), hashlib.sha256).hex()[:PERSON_KEY_LENGTH]
