"""What a lookup keeps about a follower: the list they saw last, for half an hour."""

import json

from wx_archive.chat.personal_data import remembered
from wx_archive.followers.personal_data import Row
from wx_archive.lookup.bot import CONTEXT


def _read(value: bytes) -> Row:
    shown = json.loads(value)
    return {"查的词": shown["text"], "看到第几页": shown["page"]}


RULES = (remembered(CONTEXT, "最近一次查档的清单", _read),)
