"""tantivy on the very tokens of ours: what a library written for nothing but search needs."""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks.looking.engines import PAGE, SYNONYMS, Entry
from benchmarks.looking.questions import Question
from wx_archive.catalogue import index, tokens
from wx_archive.catalogue.query import Query
from wx_archive.catalogue.rules import document_number, reference_code

IS_INSTALLED: Final = find_spec("tantivy") is not None
"""By the group `bench` in pyproject.toml."""
if IS_INSTALLED:
    import tantivy

_HEAP_BYTES: Final = 256_000_000


class Tantivy:
    """All tokens must be there, best ten by BM25, exact count; numbers and codes in own fields.

    It is asked with the question already understood, and it does not look whether the pairs of
    characters stand side by side (ours does both): phrases find some more than they should.
    """

    name = "tantivy"
    work = "exact count, ten ids by BM25; not verified, no titles"

    def __init__(self, folder: Path, made_of: Iterable[Entry]) -> None:
        is_new = not folder.exists()
        folder.mkdir(exist_ok=True)
        self._schema = self._fields()
        self._index = tantivy.Index(self._schema, path=str(folder))
        if is_new:
            self._build(made_of)
        self._index.reload()
        self._searcher = self._index.searcher()
        self.index_bytes = sum(file.stat().st_size for file in folder.iterdir())
        self.entries: int = self._searcher.num_docs

    def _build(self, made_of: Iterable[Entry]) -> None:
        writer = self._index.writer(_HEAP_BYTES, 1)
        for one in made_of:
            fields = {"id": int(one["source_key"]), "tokens": self._indexed(one)}
            fields |= {"number": one["number_key"]} if one["number_key"] else {}
            fields |= {"code": one["reference_key"]} if one["reference_key"] else {}
            writer.add_document(tantivy.Document(**fields))
        writer.commit()
        writer.wait_merging_threads()

    def ready(self, question: Question) -> Callable[[], tuple[int, list[Any]]]:
        """Return the call: the query's objects are made, as in any program, when it is asked."""
        if question.number:
            key = document_number(question.text)
            return lambda: self._search(self._term("number", key), PAGE)
        if question.code:
            pattern = re.escape(reference_code(question.text)).replace(r"\-", "-") + ".*"
            return lambda: self._search(
                tantivy.Query.regex_query(self._schema, "code", pattern), PAGE
            )
        query = question.understood(SYNONYMS)
        return lambda: self._search(self._all_of(query), PAGE)

    def lent(self) -> AbstractContextManager[object]:
        """Nothing is needed."""
        return nullcontext()

    def top(self, question: Question, count: int) -> list[str]:
        """Return the best."""
        return [
            str(one) for one in self._search(self._all_of(question.understood(SYNONYMS)), count)[1]
        ]

    def wrong_totals(self, questions: Sequence[Question], totals: Sequence[int]) -> int:
        """Return how many questions it counts wrongly, for want of a look at the text."""
        counts = (self.ready(question)()[0] for question in questions)
        return sum(count != total for count, total in zip(counts, totals, strict=True))

    def _search(self, query: Any, limit: int) -> tuple[int, list[Any]]:
        found: Any = self._searcher.search(query, limit, count=True)
        addresses = [address for _score, address in found.hits]
        return found.count, self._searcher.fast_field_values("id", addresses)

    def _term(self, field: str, token: str | None) -> Any:
        return tantivy.Query.term_query(self._schema, field, token or "", index_option="freq")

    def _all_of(self, query: Query) -> Any:
        must, either = tantivy.Occur.Must, self._either
        if query.single_character:
            parts = [self._term("tokens", f"b{query.single_character}")]
        else:
            parts = [
                part
                for word in query.words
                for part in (
                    self._proofs(word.text)
                    if len(word.spellings) == 1
                    else [either([self._spelling(one) for one in word.spellings])]
                )
            ]
        if query.years:
            first, last = query.years
            years = [tokens.year_token(year) for year in range(first, last + 1)]
            years += [f"l{first}"] if query.year_in_words else []
            parts.append(either([self._term("tokens", one) for one in years]))
        if query.kind:
            parts.append(self._term("tokens", "k" + query.kind.value[0]))
        return tantivy.Query.boolean_query([(must, part) for part in parts])

    def _spelling(self, spelling: str) -> Any:
        proofs = self._proofs(spelling)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in proofs])

    def _proofs(self, spelling: str) -> list[Any]:
        """Return queries all of which an entry with the spelling answers."""
        return [self._term("tokens", one) for one in tokens.query_tokens(spelling)]

    def _indexed(self, one: Entry) -> str:
        return index.joined_tokens(one)

    def _fields(self) -> Any:
        return _schema("freq")

    def _either(self, parts: list[Any]) -> Any:
        if len(parts) == 1:
            return parts[0]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in parts])


class TantivyPhrases(Tantivy):
    """The same with positions: pairs of characters must stand side by side, as ours are proved."""

    name = "tantivy+positions"
    work = "exact count, ten ids by BM25; words proved by positions, no titles"

    def _proofs(self, spelling: str) -> list[Any]:
        pairs = list(tokens.run_tokens(spelling))
        if len(pairs) == 1:
            return [self._term("tokens", pairs[0])]
        return [tantivy.Query.phrase_query(self._schema, "tokens", pairs)]

    def _indexed(self, one: Entry) -> str:
        """Return the pairs in their order, a stop between the fields, then the other tokens."""
        texts = (one["title_key"], one["number_text"], *one["rest"].split("\n"))
        running = " | ".join(" ".join(tokens.run_tokens(each)) for each in texts)
        marks = (token for token in index.joined_tokens(one).split() if token[0] in "bxyk")
        return f"{running} | {' '.join(marks)}"

    def _fields(self) -> Any:
        return _schema("position")


def _schema(option: str) -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", fast=True)
    builder.add_text_field("tokens", tokenizer_name="whitespace", index_option=option)
    for name in ("number", "code"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()
