"""Who may see a record: the rule in Python and in SQL are one rule, and what is unsaid is no."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    select,
)

from wx_archive.catalogue.models import Record
from wx_archive.catalogue.rules import Openness, Secrecy, record_is_public
from wx_archive.catalogue.visibility import is_open_on
from wx_archive.core.database import Database

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
OPENNESS = (*(each.value for each in Openness), None, "no such word")
SECRECY = (*(each.value for each in Secrecy), None, "秘密")
Said = tuple[str | None, str | None, date | None, bool | None, bool | None]
EVERYTHING: list[Said] = list(
    product(
        OPENNESS,
        SECRECY,
        (None, YESTERDAY, TODAY, TOMORROW),
        (False, True, None),
        (False, True, None),
    )
)


def allowed(said: Said, today: date) -> bool:
    """Return what the rule in Python says; what is no word of ours it never comes to see."""
    openness, secrecy, open_on, livelihood, closed_above = said
    if openness not in set(Openness) or secrecy not in set(Secrecy):
        return False
    return record_is_public(
        openness=Openness(openness),
        secrecy=Secrecy(secrecy),
        open_on=open_on,
        livelihood=livelihood,
        closed_above=closed_above,
        today=today,
    )


@contextmanager
def a_bare_table(connection: Connection, rows: Sequence[Said]) -> Iterator[None]:
    """Put in front of the records a table of the same name that forbids nothing."""
    table = Table(
        "record",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("openness", String),
        Column("secrecy", String),
        Column("open_on", Date),
        Column("is_livelihood", Boolean),
        Column("is_closed_above", Boolean),
        prefixes=["TEMPORARY"],
    )
    names = [column.name for column in table.columns][1:]
    table.create(connection)
    try:
        if rows:
            connection.execute(
                table.insert(),
                [{"id": n} | dict(zip(names, row, strict=True)) for n, row in enumerate(rows)],
            )
        yield
    finally:
        table.drop(connection)


def test_exactly_these_are_public() -> None:
    nothing_against = (Secrecy.PUBLIC.value, False, False)
    public = {
        (openness, open_on)
        for openness, secrecy, open_on, livelihood, closed_above in EVERYTHING
        if allowed((openness, secrecy, open_on, livelihood, closed_above), TODAY)
        and (secrecy, livelihood, closed_above) == nothing_against
    }
    assert public == {
        ("open", None),
        ("open", YESTERDAY),
        ("open", TODAY),
        ("deferred", YESTERDAY),
        ("deferred", TODAY),
    }
    assert sum(allowed(said, TODAY) for said in EVERYTHING) == len(public)


def test_sql_says_the_same_of_every_combination(database: Database) -> None:
    with database.engine.begin() as connection, a_bare_table(connection, EVERYTHING):
        found = set(connection.scalars(select(Record.id).where(is_open_on(TODAY))))
    expected = {n for n, said in enumerate(EVERYTHING) if allowed(said, TODAY)}
    assert found == expected
    assert len(EVERYTHING) == 6 * 4 * 4 * 9


DAYS = st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(OPENNESS),
        st.sampled_from(SECRECY),
        st.none() | DAYS,
        st.none() | st.booleans(),
        st.none() | st.booleans(),
    ),
    max_size=30,
)


@given(ROWS, DAYS)
def test_sql_says_the_same_on_any_day(rows: list[Said], today: date) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection, a_bare_table(connection, rows):
        found = set(connection.scalars(select(Record.id).where(is_open_on(today))))
    engine.dispose()
    assert found == {n for n, said in enumerate(rows) if allowed(said, today)}


@given(ROWS, DAYS)
def test_a_day_that_passes_closes_nothing(rows: list[Said], today: date) -> None:
    later = today + timedelta(days=1)
    assert all(allowed(said, later) for said in rows if allowed(said, today))


@pytest.mark.parametrize("openness", [Openness.UNREVIEWED, Openness.CONTROLLED])
def test_no_number_of_years_opens_what_nobody_has_opened(openness: Openness) -> None:
    said = (openness.value, "public", date(1900, 1, 1), False, False)
    assert not allowed(said, date(2100, 1, 1))
