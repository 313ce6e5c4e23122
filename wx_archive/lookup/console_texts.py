"""The Chinese of the boxes about lookups: what they are called and how they are counted."""

from typing import Final

from wx_archive.lookup.figures import MIN_PEOPLE, RISING_FLOOR

LOOKUPS: Final = "查询"
LOOKUPS_SAY: Final = (
    "同一个人一天里查同样的词算一次；网页上认不出人，每查一次都算。"
    "“查到”是指告诉他有结果，不读目录本身。"
)
WORDS: Final = "大家在查什么"
WORDS_SAY: Final = (
    f"至少有 {MIN_PEOPLE} 个人查过的词才列出来；民生事项、号码和整句话不留词，只算次数。"
    f"“升温”看最近 7 天：至少 {RISING_FLOOR} 次，并且不少于之前 28 天每周平均的两倍。"
)
EMPTY: Final = "没有查到的"
EMPTY_SAY: Final = (
    f"只算没有结果的那几次；至少有 {MIN_PEOPLE} 个人都没查到的词才列出来。"
    "可以给这些词配一条答复，放行以后马上用得上。"
)
EMPTY_WORDS: Final = f"至少 {MIN_PEOPLE} 个人没查到的词"
NO_WORDS: Final = f"这段时间还没有 {MIN_PEOPLE} 个人都查过的词。"
NO_RISING: Final = "没有正在升温的词。"
NO_EMPTY: Final = f"这段时间没有 {MIN_PEOPLE} 个人都没查到的词。"
