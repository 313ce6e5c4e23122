"""What there is to be found, told by looking at every visible row; and how ours compares."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks.looking.catalogue import Number, Raw, number_of
from benchmarks.looking.engines import BOUND, SYNONYMS, Ours
from benchmarks.looking.questions import Question
from wx_archive.catalogue.query import Query
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.tokens import normalise, words

_STEP: Final = 100
_LATIN: Final = re.compile("[0-9a-z]")
_FIELDS: Final = ("title", "doc_no", "responsible", "keywords", "abstract")


class Rows:
    """Every visible row: what is searched of it, normalised, a field to a line."""

    def __init__(self, rows: Iterable[Raw]) -> None:
        self.keys: list[str] = []
        self.texts: list[str] = []
        self.years: list[int] = []
        self._by_number: dict[Number, list[int]] = {}
        self._codes: list[str] = []
        self._places: dict[str, int] = {}
        for place, row in enumerate(rows):
            self.keys.append(str(row["id"]))
            self.texts.append("\n".join(normalise(str(row[name] or "")) for name in _FIELDS))
            self.years.append(int(str(row["date"])[:4]) if row["date"] else 0)
            self._codes.append(str(row["ref_code"]))
            if number := number_of(row):
                self._by_number.setdefault(number, []).append(place)

    def title(self, key: str) -> str:
        """Return the normalised title of a row by its key."""
        if not self._places:
            self._places = {one: place for place, one in enumerate(self.keys)}
        return self.texts[self._places[key]].partition("\n")[0]

    def matching(self, question: Question) -> list[int]:
        """Return the places of the rows that the question is about."""
        if question.number:
            return self._by_number.get(question.number, [])
        if question.code:
            return [at for at, code in enumerate(self._codes) if code.startswith(question.code)]
        return self._containing(question.understood(SYNONYMS))

    def _containing(self, query: Query) -> list[int]:
        if query.kind is Kind.DOCUMENT:  # there are only records
            return []
        places: Iterable[int] = range(len(self.texts))
        if query.single_character:
            start = query.single_character
            places = [at for at in places if words(self.texts[at])[0].startswith(start)]
        else:
            for word in query.words:
                tests = [_test(spelling) for spelling in word.spellings]
                places = _passing(places, self.texts, tests)
        if query.years:
            first, last = query.years
            spelled = _test(str(first)) if query.year_in_words else None
            places = [
                at
                for at in places
                if first <= self.years[at] <= last or (spelled and spelled(self.texts[at]))
            ]
        return list(places)


def _passing(
    places: Iterable[int], texts: Sequence[str], tests: Sequence[Callable[[str], bool]]
) -> list[int]:
    if len(tests) == 1:
        return [at for at in places if tests[0](texts[at])]
    return [at for at in places if any(test(texts[at]) for test in tests)]


def _test(word: str) -> Callable[[str], bool]:
    """Return a test for texts with the word in them; figures and Latin words count whole."""
    before = "(?<![0-9a-z])" if _LATIN.match(word[0]) else ""
    after = "(?![0-9a-z])" if _LATIN.match(word[-1]) else ""
    if not before and not after:
        return lambda text: word in text
    pattern = re.compile(before + re.escape(word) + after)
    return lambda text: word in text and pattern.search(text) is not None


@dataclass(slots=True)
class Comparison:
    """What ours found beside what there is.

    Attributes:
        expected: rows to be found by questions with no more than the bound.
        found: of these.
        returned: rows returned by all questions, paging up to the bound.
        right: of these.
        capped: questions with more than the bound.
        capped_right: of these, said to be so.
        deviations: everything that is not as it should be.
    """

    questions: int = 0
    expected: int = 0
    found: int = 0
    returned: int = 0
    right: int = 0
    capped: int = 0
    capped_right: int = 0
    deviations: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the figures with recall and precision."""
        return asdict(self) | {
            "recall": self.found / max(self.expected, 1),
            "precision": self.right / max(self.returned, 1),
        }


def expected(rows: Rows, questions: Sequence[Question]) -> list[set[str]]:
    """Return the keys of what each question should find."""
    return [{rows.keys[at] for at in rows.matching(question)} for question in questions]


def compare(ours: Ours, questions: Sequence[Question], truth: Sequence[set[str]]) -> Comparison:
    """Page through every question's results."""
    total = Comparison()
    for question, wanted in zip(questions, truth, strict=True):
        _compare_one(ours, question, wanted, total)
    return total


def _compare_one(ours: Ours, question: Question, wanted: set[str], told: Comparison) -> None:
    first = ours.find(question)
    pids: list[str] = []
    for offset in range(0, first.total, _STEP):
        pids += [hit.pid for hit in ours.find(question, offset=offset, limit=_STEP).hits]
    got = ours.keys(pids)
    right = len(wanted & set(got))
    is_capped = len(wanted) > BOUND
    told.questions += 1
    told.returned += len(got)
    told.right += right
    if is_capped:
        told.capped += 1
        told.capped_right += first.is_capped and first.total == BOUND
    else:
        told.expected += len(wanted)
        told.found += right
    problems = {
        f"total {first.total}{'+' * first.is_capped}, there are {len(wanted)}": (
            first.total != min(len(wanted), BOUND) or first.is_capped != is_capped
        ),
        f"{len(got)} returned, {first.total} told": len(got) != first.total,
        "some twice": len(got) != len(set(got)),
        f"wrong: {sorted(set(got) - wanted)[:3]}": right != len(set(got)),
        "the first page is not the beginning": (
            [hit.pid for hit in first.hits] != pids[: len(first.hits)]
        ),
        f"understood as {first.query.years}": (
            question.years is not None and first.query.years != question.years
        ),
    }
    told.deviations += [
        f"{ours.name}: «{question.text}»: {problem}" for problem, is_so in problems.items() if is_so
    ]
