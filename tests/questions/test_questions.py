"""What citizens ask of the real documents, and what the first page has for them."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import Field, RootModel
from sqlalchemy import Connection

from tests.conftest import PROJECT
from tests.real import TODAY, take_in
from wx_archive.catalogue import words
from wx_archive.catalogue.search import Found
from wx_archive.catalogue.words import synonyms_of
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.yamlfile import FileModel, load
from wx_archive.lookup import service

SITE = Site(PROJECT, "https://archive.example.org")


class Question(FileModel):
    """One question and what must be on the first page; the file says how to write one."""

    asked: str = Field(alias="问")
    wanted: list[str] = Field(alias="有", min_length=1)
    pending: str = Field(alias="待", default="")


class _Questions(RootModel[list[Question]]):
    """The whole file."""


QUESTIONS = load(Path(__file__).with_name("questions.yaml"), _Questions).root


@dataclass(frozen=True)
class Page:
    """A first page and how it was come by."""

    way: str
    shown: tuple[str, ...]

    def has(self, wanted: list[str]) -> bool:
        return all(any(part in line for line in self.shown) for part in wanted)


def pages(connection: Connection, asked: str) -> list[Page]:
    """Return what is there without typing again: the list, or what is offered in its place."""
    found = service.find(connection, SITE, asked, today=TODAY)
    if found.total:
        return [_page("查到", found)]
    known = synonyms_of(connection, SITE)
    meant = words.did_you_mean(connection, asked, today=TODAY, synonyms=known)
    near = words.near_terms(connection, asked, today=TODAY, synonyms=known)
    instead = service.find_instead(connection, SITE, asked, today=TODAY)
    offered = [_page(f"改查“{instead.query.text}”", instead)] if instead else []
    for way, text in [("是不是", each) for each in meant[:1]] + [
        ("相近的", each.term) for each in near[:1]
    ]:
        page = service.find(connection, SITE, text, today=TODAY)
        offered += [_page(f"{way}“{text}”", page)]
    return offered


def _page(way: str, found: Found) -> Page:
    return Page(way, tuple(f"{hit.title} {hit.number}" for hit in found.hits))


def failures(database: Database) -> tuple[list[str], list[str]]:
    """Return the questions that fail, and those that do not although they are said to."""
    failed, mended = [], []
    for question in QUESTIONS:
        with database.engine.connect() as connection:
            offered = pages(connection, question.asked)
        answered = any(page.has(question.wanted) for page in offered)
        if answered and question.pending:
            mended.append(question.asked)
        if not (answered or question.pending):
            told = [f"    {page.way}：{'；'.join(page.shown)}" for page in offered]
            failed.append("\n".join([f"{question.asked} ⇒ {question.wanted}", *told]))
    return failed, mended


@pytest.mark.timeout(300)
def test_what_citizens_ask_is_on_the_first_page_on_sqlite(real_sqlite: Database) -> None:
    failed, mended = failures(real_sqlite)
    assert not failed, "没答上来：\n" + "\n".join(failed)
    assert not mended, "答得上来了，请去掉“待”：" + "、".join(mended)


@pytest.mark.timeout(300)
def test_what_citizens_ask_is_on_the_first_page_on_postgresql(postgres_url: str) -> None:
    database = Database(postgres_url)
    take_in(database)
    failed, mended = failures(database)
    database.dispose()
    assert not failed, "没答上来：\n" + "\n".join(failed)
    assert not mended, "答得上来了，请去掉“待”：" + "、".join(mended)


def test_there_are_fifty_questions_each_asked_once() -> None:
    asked = [question.asked for question in QUESTIONS]
    assert len(asked) >= 50
    assert len(set(asked)) == len(asked)
    assert sum(bool(question.pending) for question in QUESTIONS) <= len(asked) // 10
