"""Topics: a strict file, and choices that a second tap takes back."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.followers.conftest import Two
from tests.sites import write
from tests.wechat.deliveries import NOW
from wx_archive.core.database import Database
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.followers import interests
from wx_archive.followers import service as followers

GOOD = "topics:\n  - {slug: history, name: 历史钩沉, line: 从前的事}\n"


def site(folder: Path, text: str) -> Site:
    write(folder / "content" / "interests.yaml", text)
    return Site(folder, "https://archive.example.org")


def test_the_topics_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    told = site(tmp_path, GOOD + "  - {slug: city, name: 出彩十堰, line: 现在的事}\n")
    assert list(interests.topics(told)) == ["history", "city"]
    assert interests.check(told) == 2


@pytest.mark.parametrize("typed", ["历史钩沉", " 历史钩沉 ", "「历史钩沉」", "“历史钩沉”"])
def test_a_topic_is_found_by_its_name_however_it_is_quoted(tmp_path: Path, typed: str) -> None:
    found = interests.named(site(tmp_path, GOOD), typed)
    assert found is not None
    assert found.slug == "history"


@pytest.mark.parametrize("typed", ["", "history", "历史", "城市"])
def test_anything_else_is_no_topic(tmp_path: Path, typed: str) -> None:
    assert interests.named(site(tmp_path, GOOD), typed) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("topics: []\n", ":1:1:"),
        ("topics:\n  - {slug: History, name: 历史, line: 事}\n", ":2:6:"),
        ("topics:\n  - {slug: history, name: 历史}\n", ":2:5:"),
        (GOOD + "  - {slug: history, name: 别的事, line: 事}\n", "写了两次"),
        (GOOD + "  - {slug: other, name: 历史钩沉, line: 事}\n", "写了两次"),
        (GOOD + "colour: red\n", ":3:1:"),
    ],
)
def test_a_mistake_in_the_file_names_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(FileProblemError, match=place):
        interests.check(site(tmp_path, text))


def test_a_choice_is_undone_by_the_same_choice(session: Session, two: Two) -> None:
    assert interests.toggle(session, two.one, "history", now=NOW)
    assert interests.chosen(session.connection(), two.one) == {"history": NOW}
    assert interests.chosen(session.connection(), two.noise) == {}
    later = NOW + timedelta(hours=1)
    assert not interests.toggle(session, two.one, "history", now=later)
    assert interests.chosen(session.connection(), two.one) == {}
    assert interests.toggle(session, two.one, "history", now=later)
    assert interests.chosen(session.connection(), two.one) == {"history": later}


def test_nobody_chooses_for_somebody_who_is_gone(session: Session, two: Two) -> None:
    assert not interests.toggle(session, two.one + 1_000, "history", now=NOW)


def test_choices_at_one_moment_come_one_after_the_other(database: Database) -> None:
    with database.begin() as session:
        number = followers.ensure(session, "oOne", now=NOW)
    ready = threading.Barrier(4)
    results: list[bool] = []

    def choose() -> None:
        ready.wait()
        with database.begin() as session:
            results.append(interests.toggle(session, number, "history", now=NOW))

    threads = [threading.Thread(target=choose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, True, True]
    with database.reads() as connection:
        assert interests.chosen(connection, number) == {}


def test_the_short_way_tells_the_same_topics_in_the_same_order(database: Database) -> None:
    with database.begin() as session:
        one, other = (followers.ensure(session, openid, now=NOW) for openid in ("o-one", "o-two"))
        for minutes, topic in enumerate(("city", "history")):
            interests.toggle(session, one, topic, now=NOW + timedelta(minutes=minutes))
        interests.toggle(session, other, "documents", now=NOW)
    with database.reads() as connection:
        assert interests.chosen_by(connection, "o-one") == ("city", "history")
        assert interests.chosen_by(connection, "o-one") == tuple(interests.chosen(connection, one))
        assert interests.chosen_by(connection, "nobody' OR '1'='1") == ()
