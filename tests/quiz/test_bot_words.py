"""Every question of the shipped bank as the chat says it: short enough, tappable, no give-away."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest

from tests.quiz.making import PROJECT
from wx_archive.catalogue.hits import Hit
from wx_archive.catalogue.rules import Access
from wx_archive.catalogue.rules import Kind as EntryKind
from wx_archive.core.site import Site
from wx_archive.followers import consents
from wx_archive.quiz import answers, drawing, rules, texts
from wx_archive.quiz.bank import of_files
from wx_archive.quiz.play import Asked, Judged, Over
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind, Reason
from wx_archive.quiz.seasons import Known, KnownCard
from wx_archive.simulator.bubbles import MenuChoice, Span, spans_of
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

BANK: Sequence[Question] = tuple(of_files(PROJECT).questions.values())
SEEDS = (1, 7, 20_261_123)
ORIGIN = "https://weixin-fuwu.danganguan.shiyan.example.org"
"""Longer than most."""
TOKEN = "ABCDEFGHJKMN"
FAR = 995
"""The place of a question that ends no level."""
TEXT_LINK = "weixin://bizmsgmenu"
A_TAG = re.compile(r"<(?!a href=\"(?:weixin://bizmsgmenu\?|https?://)[^\"<>]+\">|/a>)")
A_HIT = Hit(
    1,
    EntryKind.RECORD,
    "01J00000000000000000000000",
    "关于一九六九年丹江口水利枢纽移民安置若干问题的批复及有关材料汇编",
    "",
    "0001-2-0003",
    date(1969, 1, 1),
    "day",
    None,
    Access.BOOK,
)
CARD = KnownCard(10, "0001-2004-永久-0037-0012", "题" * 40, "故事", "", "", None, None)
SEASON = Known(
    1,
    "01J00000000000000000000001",
    "季" * 40,
    date(2026, 11, 23),
    date(2027, 12, 31),
    date(2028, 12, 31),
    (),
    200,
    "",
    (CARD,),
)


def asked(question: Question, *, seed: int = 1, place: int = FAR, picked: str = "") -> Asked:
    return Asked(TOKEN, place, question, drawing.order_of(question, seed=seed), picked)


def letters_of(question: Question) -> str:
    return LETTERS[: len(question.shown_options)]


def said(question: Question, seed: int) -> Iterator[str]:
    """Yield a question in every shape that it may have in the chat."""
    for place in (1, 10, FAR):
        shown = asked(question, seed=seed, place=place)
        yield texts.ask(shown, ORIGIN)
        yield texts.ask(replace(shown, is_changed=True), ORIGIN)
    if question.kind is Kind.MULTIPLE:
        for number in range(1, len(letters_of(question)) + 1):
            for picked in combinations(letters_of(question), number):
                shown = asked(question, seed=seed, picked="".join(picked))
                yield texts.ask(replace(shown, is_changed=True), ORIGIN)


def told(question: Question, seed: int) -> Iterator[str]:
    """Yield what may be said of its answer."""
    right = "".join(question.answer) if question.options else question.answer[0]
    near = str(int(right) + 1) if question.kind is Kind.YEAR else right
    for given, is_right in ((right, True), (near, True), ("", False)):
        for credit, card, ended in (
            (3, None, None),
            (100, CARD, 10),
            (10, replace(CARD, ordinal=1), 7),
            (120, None, 5),
        ):
            place = 100 if ended else FAR
            shown = asked(question, seed=seed, place=place)
            done = Judged(shown, given, is_right, credit, SEASON, card, ended)
            yield texts.judged(done, A_HIT if question.entry else None, ORIGIN)


def visible(spans: Sequence[Span]) -> str:
    return "".join(span.text for span in spans)


def taps(text: str) -> list[tuple[str, MenuChoice]]:
    return [(span.text, span.menu) for span in spans_of(text) if span.menu]


def fits(text: str) -> None:
    """Check what holds of every text: its length, its links, nothing else in angle brackets."""
    assert len(text.encode()) <= TEXT_LIMIT_BYTES
    spans = spans_of(text)
    assert "<" not in visible(spans)
    assert TEXT_LINK not in visible(spans)
    assert not A_TAG.search(text)
    links = [span for span in spans if span.menu or span.href]
    assert len(links) == text.count("<a ")
    for span in links:
        assert span.text.strip()
        if span.menu:
            assert span.menu.content.strip()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_question_fits_a_message_and_its_taps_work(seed: int) -> None:
    assert len(BANK) >= 150
    for question in BANK:
        for text in said(question, seed):
            fits(text)
            assert question.text in visible(spans_of(text))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_fits_a_message_with_reason_source_and_the_way_on(seed: int) -> None:
    for question in BANK:
        for text in told(question, seed):
            fits(text)
            seen = visible(spans_of(text))
            assert question.explanation in seen
            assert f"《{question.source.title}》" in seen
            assert question.source.article in seen
            assert {"▸下一题", "▸这题有问题"} <= {label for label, _choice in taps(text)}
            assert text.startswith(("✔", "✘"))


def test_a_link_to_the_record_fits_beside_everything_else() -> None:
    for question in BANK:
        linked = replace(question, entry="0001-2-0003")
        for text in told(linked, 1):
            fits(text)
            assert "▸看《" in text


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_asked_is_the_same_whatever_the_answer(seed: int) -> None:
    """T23: nothing that is sent before the answer depends on it."""
    for question in BANK:
        others = [replace(question, answer=other) for other in other_answers(question)]
        others.append(replace(question, tolerance=question.tolerance + 3))
        others.append(replace(question, explanation="另一句。", tags=("别的",), difficulty=3))
        others.append(replace(question, source=replace(question.source, quote="另一句话的原文")))
        shown = list(said(question, seed))
        assert all(list(said(other, seed)) == shown for other in others)


def other_answers(question: Question) -> Sequence[tuple[str, ...]]:
    match question.kind:
        case Kind.SINGLE | Kind.MULTIPLE:
            letters, number = letters_of(question), len(question.answer)
            return list(combinations(letters, number))
        case Kind.JUDGE:
            return [("对",), ("错",)]
        case _:
            return [("1900",), ("别的",)]


def test_no_explanation_source_or_spelling_is_told_before_the_answer() -> None:
    for question in BANK:
        text = "\n".join(said(question, 1))
        for own in (question.text, *question.options):
            text = text.replace(own, "")
        for words in (question.explanation, question.source.title, question.source.quote):
            assert not words or words not in text
        if question.kind in (Kind.FILL, Kind.YEAR):
            seen = visible(spans_of(texts.ask(asked(question), ORIGIN)))
            seen = seen.replace(question.text, "").replace(f"共 {rules.LEVEL} 题", "")
            assert not any(answers.is_right(question, word) for word in re.findall(r"\d+", seen))
            assert all(one not in seen for one in question.answer)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_option_as_shown_leads_back_to_itself(seed: int) -> None:
    for question in BANK:
        if not question.shown_options:
            continue
        shown = asked(question, seed=seed)
        options = taps(texts.ask(shown, ORIGIN))
        assert len(options) == len(question.shown_options)
        for (label, choice), letter in zip(options, LETTERS, strict=False):
            verb = "p" if question.kind is Kind.MULTIPLE else "a"
            assert choice == MenuChoice(letter, f"quiz.{verb}.{TOKEN}.{letter}")
            written = answers.in_bank(shown.order, letter)
            assert label == f"{letter} {question.shown_options[LETTERS.index(written)]}"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_letters_of_the_right_options_as_shown_are_right_and_no_others(seed: int) -> None:
    for question in BANK:
        shown = asked(question, seed=seed)
        options = dict(zip(LETTERS, shown.order, strict=False))
        for number in range(1, len(options) + 1):
            for letters in combinations(options, number):
                given = answers.understand(question, shown.order, "".join(letters))
                if given is None:
                    continue
                is_right = answers.is_right(question, given)
                if question.kind is Kind.JUDGE:
                    names = {LETTERS[0]: "对", LETTERS[1]: "错"}
                    assert is_right == (names[letters[0]] == question.answer[0])
                else:
                    meant = {options[letter] for letter in letters}
                    assert is_right == (meant == set(question.answer))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_verdict_names_the_right_options_as_they_were_shown(seed: int) -> None:
    for question in BANK:
        shown = asked(question, seed=seed)
        text = texts.judged(Judged(shown, "", False, 0, SEASON), None, ORIGIN)  # noqa: FBT003 -- as the play makes it
        first = visible(spans_of(text)).splitlines()[0]
        if question.options:
            for letter, one in zip(LETTERS, shown.order, strict=False):
                option = f"{letter} {question.options[LETTERS.index(one)]}"
                assert (option in re.split("应为 |；|。不扣分", first)) == (one in question.answer)
        else:
            assert question.answer[0] in first


@pytest.mark.parametrize("question", BANK, ids=lambda one: one.id)
def test_what_the_bank_accepts_is_understood_as_it_is_typed(question: Question) -> None:
    order = drawing.order_of(question, seed=5)
    if question.options:
        typed = [answers.as_shown(order, "".join(question.answer))]
    else:
        typed = [*question.answer]
    if question.kind is Kind.YEAR:
        year = int(question.answer[0])
        typed += [f"{year}年", f"公元{year}年", str(year + question.tolerance)]
    for words in typed:
        for spelled in (words, words.lower(), f" {words} ", f"{words}。"):
            given = answers.understand(question, order, spelled)
            assert given is not None
            assert answers.is_right(question, given), spelled


ASKED = tuple(
    Asked(TOKEN, 1, next(one for one in BANK if one.kind is kind), "")
    for kind in (Kind.YEAR, Kind.FILL)
)


def everything_else() -> Iterator[str]:
    """Yield every other text of the play."""
    consent = consents.current_text(Site(PROJECT, ORIGIN), "quiz")
    yield texts.invitation(SEASON, consent, 100_000, f"{ORIGIN}/h5/quiz/rules")
    for coming, last in ((SEASON, None), (None, SEASON), (None, None), (SEASON, SEASON)):
        yield texts.no_season(coming, last, today=SEASON.ends_on)
    for is_day in (True, False):
        yield texts.over(Over(is_day=is_day, season=SEASON))
    for is_right in (True, False, None):
        yield texts.answered(is_right)
    for words in ("公积金", "长" * 600, "a" * 2_000, "😀" * 200, "<a href='x'>&amp;<", "%&=?#"):
        for one in ASKED:
            yield texts.no_answer(one, words)
    yield texts.which_fault(TOKEN)
    yield from (texts.NOTHING_OPEN, texts.LAPSED, texts.NEVER_DEALT, texts.THANKS, texts.LEFT)


@pytest.mark.parametrize("text", list(everything_else()), ids=lambda text: text[:12])
def test_every_other_text_fits_a_message_too_and_has_a_way_on(text: str) -> None:
    fits(text)
    assert taps(text)


def test_reasons_that_are_offered_are_reasons() -> None:
    offered = [
        choice.id.rpartition(".")[2] for _label, choice in taps(texts.which_fault(TOKEN))[:-1]
    ]
    assert [texts.reason_of(one) for one in offered] == list(Reason)
    assert texts.reason_of("made-up") is None


def test_the_words_of_a_tap_come_back_as_they_were_typed() -> None:
    typed = "公积金 <贷款> 50%&更多"
    choices = dict(taps(texts.no_answer(ASKED[0], typed)))
    assert MenuChoice(typed, "quizout") in choices.values()


def test_the_longest_question_that_the_bank_takes_keeps_its_links() -> None:
    options = tuple(letter + "选" * 39 for letter in LETTERS)
    longest = replace(
        BANK[0],
        kind=Kind.MULTIPLE,
        text="题" * 120,
        options=options,
        answer=("A", "B", "C"),
        explanation="因" * 160,
        source=replace(
            BANK[0].source,
            title="法" * 100,
            article="条" * 20,
            quote="文" * 80,
            where="页" * 40,
            url="https://www.example.org/" + "x" * 270,
        ),
    )
    asked = Asked(TOKEN, 100, longest, "ABCD")
    done = Judged(asked, "D", is_right=False, credit=100, season=SEASON, card=CARD,
                  right_in_level=10)  # fmt: skip
    told = texts.judged(done, A_HIT, ORIGIN)
    assert len(told.encode()) <= texts.ROOM_BYTES
    assert {"▸下一题", "▸这题有问题", "领取"} <= {span.text for span in spans_of(told)}
    assert "文文" not in told
    assert "因因…" in told
    assert "example.org/xx" not in told
    short = texts.judged(replace(done, asked=replace(asked, question=BANK[0])), A_HIT, ORIGIN)
    assert BANK[0].source.quote in short
    assert BANK[0].explanation in short
