"""The order of files, their turns, the cover, what is taken out: each done once, and by version."""

import json
import secrets
from datetime import datetime

import pytest
from sqlalchemy import select

from tests.talk import NOON
from wx_archive.core.database import Database
from wx_archive.core.jobs.models import Job
from wx_archive.core.workdays import Calendar
from wx_archive.followers import service as followers
from wx_archive.treasures import arranging, files, queries, removal, saving, steps, uploads
from wx_archive.treasures.arranging import FileGoneError, Shown
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import (
    Action,
    Channel,
    Credit,
    FileKind,
    FileState,
    Ownership,
    Scope,
    State,
    Wish,
)
from wx_archive.treasures.saving import Chosen
from wx_archive.treasures.steps import SENDER, Doing
from wx_archive.treasures.uploads import NotEditableError, Told


def doing(actor: str = SENDER, now: datetime = NOON) -> Doing:
    return Doing(actor, now, Calendar(), "https://archive.example.org")


@pytest.fixture
def upload_id(database: Database) -> int:
    """An upload with four files that are stored."""
    with database.begin() as session:
        number = followers.ensure(session, "oOne", now=NOON)
        treasure = uploads.begin(session, Channel.H5, doing(), follower_id=number)
        for each in range(4):
            incoming = Incoming(FileKind.IMAGE, Channel.H5, f"{each}.jpg")
            file = files.reserve(session, treasure, incoming, now=NOON)
            assert file
            digest = secrets.token_hex(32)
            assert files.stored(session, file.id, sha256=digest, size_bytes=9, now=NOON)
        return treasure.id


def shown(database: Database, upload_id: int) -> list[File]:
    with database.reads() as connection:
        found = queries.files(connection, upload_id)
    return [file for file in found if file.state is not FileState.ERASED]


def names(database: Database, upload_id: int) -> str:
    return "".join(file.name[0] for file in shown(database, upload_id))


def stands(database: Database, upload_id: int) -> Upload:
    with database.reads() as connection:
        return queries.by_id(connection, upload_id)


def moves(database: Database, upload_id: int, at: int, to: int, *, seen_at: int = 0) -> bool:
    pid = shown(database, upload_id)[at - 1].pid
    with database.begin() as session:
        treasure = steps.locked(session, upload_id)
        return arranging.move(session, treasure, Shown(pid, seen_at or at), to, doing())


def hands_in(database: Database, upload_id: int) -> None:
    with database.begin() as session:
        uploads.finish(session, steps.locked(session, upload_id), doing(), consent_version=1)


@pytest.mark.parametrize(
    ("at", "to", "order"),
    [(1, 2, "1023"), (4, 1, "3012"), (2, 99, "0231"), (3, -5, "2013"), (2, 2, "0123")],
)
def test_a_file_goes_where_it_is_put(
    database: Database, upload_id: int, at: int, to: int, order: str
) -> None:
    before = stands(database, upload_id).version
    assert moves(database, upload_id, at, to) is (order != "0123")
    assert names(database, upload_id) == order
    assert stands(database, upload_id).version == before + (order != "0123")


def test_a_file_that_is_somewhere_else_by_now_stays_there(
    database: Database, upload_id: int
) -> None:
    assert not moves(database, upload_id, 3, 1, seen_at=2)
    assert names(database, upload_id) == "0123"


def test_what_was_refused_has_no_place_among_the_others(database: Database, upload_id: int) -> None:
    refused = shown(database, upload_id)[1]
    with database.begin() as session:
        assert files.refused(session, refused.id, "打不开", now=NOON)
    assert not moves(database, upload_id, 2, 1)
    assert moves(database, upload_id, 4, 1, seen_at=3)
    assert names(database, upload_id) == "3102"


def test_the_next_file_still_comes_last(database: Database, upload_id: int) -> None:
    moves(database, upload_id, 4, 1)
    with database.begin() as session:
        treasure = steps.locked(session, upload_id)
        files.reserve(session, treasure, Incoming(FileKind.IMAGE, Channel.H5, "9"), now=NOON)
    assert names(database, upload_id) == "30129"


def test_what_is_taken_out_is_deleted_with_the_transaction_and_staff_see_it(
    database: Database, upload_id: int
) -> None:
    hands_in(database, upload_id)
    file = shown(database, upload_id)[1]
    for is_there in (True, False):
        with database.begin() as session:
            treasure = steps.locked(session, upload_id)
            assert arranging.remove(session, treasure, file.pid, doing()) is is_there
    assert names(database, upload_id) == "023"
    with database.begin() as session:
        waiting = session.scalars(select(Job).where(Job.kind == removal.REMOVE)).all()
        assert [json.loads(job.payload) for job in waiting] == [{"keys": [file.object_key]}]
    with database.reads() as connection:
        taken = queries.steps(connection, upload_id)
    assert [step.action for step in taken] == [Action.MOVE, Action.MOVE, Action.TELL]


def test_nothing_is_arranged_once_staff_have_taken_it_on(
    database: Database, upload_id: int
) -> None:
    hands_in(database, upload_id)
    with database.begin() as session:
        treasure = steps.locked(session, upload_id)
        for state in (State.SCREENING, State.APPRAISAL):
            steps.advance(session, treasure, state, doing("editor"))
    pid = shown(database, upload_id)[0].pid
    with database.begin() as session:
        treasure = steps.locked(session, upload_id)
        for act in (arranging.turn, arranging.choose_cover):
            with pytest.raises(NotEditableError):
                act(session, treasure, Shown(pid, 1), doing())
        with pytest.raises(NotEditableError):
            arranging.move(session, treasure, Shown(pid, 1), 2, doing())
        with pytest.raises(NotEditableError):
            arranging.remove(session, treasure, pid, doing())
        with pytest.raises(NotEditableError):
            saving.save_chosen(session, treasure, Chosen(wish=Wish.TIP), doing())


def test_a_file_that_never_was_is_gone(database: Database, upload_id: int) -> None:
    with database.begin() as session, pytest.raises(FileGoneError):
        arranging.turn(session, steps.locked(session, upload_id), Shown("0" * 26), doing())


def test_what_is_half_chosen_is_kept_and_the_rest_is_missing(
    database: Database, upload_id: int
) -> None:
    some = Chosen(Ownership.BOUGHT, credit=Credit.PSEUDONYM)
    all_of_it = Chosen(Ownership.BOUGHT, Wish.COPY, Scope.CLOSED, None, Credit.PSEUDONYM, "老城人")
    for chosen, is_missing in ((some, ["rights"]), (all_of_it, [])):
        for is_news in (True, False):
            with database.begin() as session:
                treasure = steps.locked(session, upload_id)
                assert saving.save_chosen(session, treasure, chosen, doing()) is is_news
        upload = stands(database, upload_id)
        assert saving.chosen_of(upload) == chosen
        assert saving.missing(upload, standing_files=4) == is_missing
    assert saving.missing(stands(database, upload_id), standing_files=0) == ["photos"]


def test_the_same_words_again_are_no_news(database: Database, upload_id: int) -> None:
    told = Told("题名", "来历\n第二行", "不知道", "老城", "外婆")
    for is_news in (True, False):
        with database.begin() as session:
            treasure = steps.locked(session, upload_id)
            assert saving.save_told(session, treasure, told, doing()) is is_news
    assert saving.told_of(stands(database, upload_id)) == told
