"""A question as it is asked and judged; the same whether a file or staff's console says it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from wx_archive.quiz.rules import Kind

HASH_LENGTH: Final = 16
JUDGE_OPTIONS: Final = ("对", "错")
"""What a true-or-false question is answered with, shown as A and B."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a question's fact can be looked up.

    Attributes:
        title: of the law, standard or work, without 《》.
        edition: ISO date of the text where there are several; else empty.
        article: 第二十七条; empty for what is not law.
        quote: the words it rests on, verbatim.
        url: of a page that says so; empty where article and quote do.
        where: page or section.
    """

    title: str
    edition: str = ""
    article: str = ""
    quote: str = ""
    url: str = ""
    where: str = ""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        id: for ever.
        theme: slug of its theme.
        options: of single and multiple choice, as in the bank; empty for the others.
        keep_order: they are shown as they stand.
        answer: letters of the right options; 对 or 错; accepted spellings; the year.
        tolerance: years by which an answer may be off.
        entry: 档号 or 文号 of a record or document to be opened from the answer; may be empty.
        picture: name of a file in `quiz_bank/pictures/`; may be empty.
        alt: what the picture shows.
        difficulty: 1–3.
        since: first Shanghai day on which it may be asked.
        retired: from this day on it is dealt no more.
    """

    id: str
    theme: str
    kind: Kind
    text: str
    options: tuple[str, ...]
    answer: tuple[str, ...]
    explanation: str
    source: Source
    difficulty: int
    since: date
    keep_order: bool = False
    tolerance: int = 0
    entry: str = ""
    picture: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()
    retired: date | None = None

    def may_be_asked(self, today: date) -> bool:
        """Tell whether it may be dealt on a Shanghai day."""
        return self.since <= today and (self.retired is None or today < self.retired)

    @property
    def shown_options(self) -> tuple[str, ...]:
        """What can be chosen, as in the bank; none where something is typed."""
        return JUDGE_OPTIONS if self.kind is Kind.JUDGE else self.options

    @cached_property
    def fingerprint(self) -> str:
        """The same for questions that say the same, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:HASH_LENGTH]

    def to_json(self) -> str:
        """Return it as text that `from_json` reads."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=str)

    @classmethod
    def from_json(cls, text: str) -> "Question":
        """Return the question that `to_json` wrote."""
        held: dict[str, Any] = json.loads(text)
        retired = held["retired"]
        return cls(
            **held
            | {
                "kind": Kind(held["kind"]),
                "options": tuple(held["options"]),
                "answer": tuple(held["answer"]),
                "tags": tuple(held["tags"]),
                "source": Source(**held["source"]),
                "since": date.fromisoformat(held["since"]),
                "retired": date.fromisoformat(retired) if retired else None,
            }
        )
