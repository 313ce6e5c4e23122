"""Whatever senders, staff and time do, in any order: the register and the public agree."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.treasures.register_making import (
    DESCRIBING,
    EDITOR,
    MINE,
    REVIEWER,
    SIGNED,
    SITE,
    a_picture,
    a_plan,
    arrival,
    at,
    terms_of,
)
from wx_archive.catalogue.models import Record
from wx_archive.catalogue.visibility import public_records
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.followers import service as followers
from wx_archive.media.models import Asset
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import (
    accessions,
    agreements,
    queries,
    register_queries,
    review,
    rights,
    rules,
    showing,
    uploads,
)
from wx_archive.treasures.models import Treasure, TreasureEvent
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_models import (
    Accession,
    Agreement,
    Certificate,
    Showing,
)
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import (
    Action,
    Channel,
    Credit,
    Ownership,
    Right,
    Scope,
    State,
    Wish,
)
from wx_archive.treasures.showing import Prepared
from wx_archive.treasures.steps import Doing, locked
from wx_archive.treasures.uploads import Told, Wishes

IS_FULL = os.environ.get("WX_ARCHIVE_TEST_FAULTS") == "full"  # noqa: TID251 -- about this run only
SECRET_NAME = "张秀英不愿具名"
PEOPLE = (EDITOR, REVIEWER)
USES = st.frozensets(st.sampled_from(sorted(set(Right) - {Right.PRESERVE})), min_size=1)


class Giving(RuleBasedStateMachine):
    """Senders, two of the staff and the clock."""

    template = Path()
    reached: ClassVar[set[State]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        folder = Path(self.held.enter_context(tempfile.TemporaryDirectory()))
        shutil.copy(self.template, folder / "archive.db")
        self.database = Database(f"sqlite:///{folder / 'archive.db'}")
        self.held.callback(self.database.dispose)
        self.library = ObjectStore(folder / "objects")
        self.days = 0
        self.ids: list[int] = []

    def teardown(self) -> None:
        self.held.close()

    # -- what may happen ----------------------------------------------------------------------

    @initialize(steps=st.integers(4, 7), credit=st.sampled_from(Credit))
    def one_is_on_its_way(self, steps: int, credit: Credit) -> None:
        self.somebody_hands_in(Wish.DONATE, Scope.PUBLIC, credit)
        for _ in range(steps):
            self.goes_on(self.upload(self.ids[0]))

    @precondition(lambda self: len(self.ids) < 3)
    @rule(
        wish=st.sampled_from(Wish),
        scope=st.sampled_from((Scope.PUBLIC, Scope.PUBLIC, Scope.CLOSED)),
        credit=st.sampled_from(Credit),
    )
    def somebody_hands_in(self, wish: Wish, scope: Scope, credit: Credit) -> None:
        with self.database.begin() as session:
            follower_id = followers.ensure(session, f"giver{len(self.ids)}", now=MINE.now)
            by = at(MINE, self.days)
            treasure = uploads.begin(session, Channel.H5, by, follower_id=follower_id)
            a_picture(session, treasure.id)
            uploads.describe(session, treasure, Told("一张老照片", "来历"), by)
            wishes = Wishes(Ownership.INHERITED, wish, scope, credit, SECRET_NAME)
            uploads.state_wishes(session, treasure, wishes, by)
            uploads.finish(session, treasure, by, consent_version=1)
            self.ids.append(treasure.id)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), person=st.sampled_from(PEOPLE))
    def staff_move_it(self, data: st.DataObject, person: Doing) -> None:
        upload = self.one(data)
        ways = sorted(review.next_states(upload)) or list(State)
        to = data.draw(st.sampled_from(ways))
        self.tries(
            lambda session: review.move(
                session, upload.id, to, at(person, self.days), note="一句话"
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), steps=st.integers(1, 6))
    def it_goes_its_way(self, data: st.DataObject, steps: int) -> None:
        """Take one some steps towards being shown: by chance alone few would get there."""
        treasure_id = self.one(data).id
        for _ in range(steps):
            self.goes_on(self.upload(treasure_id))

    def goes_on(self, upload: Upload) -> None:
        editor = at(EDITOR, self.days)
        match upload.state:
            case State.RECEIVED | State.SCREENING | State.APPRAISAL:
                to = State.ACCEPTED if upload.state is State.SCREENING else State.SCREENING
                to = State.ACCEPTED if upload.state is State.APPRAISAL else to
                self.tries(lambda session: review.move(session, upload.id, to, editor))
            case State.ACCEPTED:
                every = tuple(Allowed(use, editor.today) for use in Right)
                self.tries(
                    lambda session: agreements.write(
                        session, upload.id, terms_of(upload, *every), editor
                    )
                )
            case State.AGREEMENT:
                self.tries(lambda session: accessions.plan(session, upload.id, a_plan(), editor))
                by = at(REVIEWER, self.days)
                self.tries(lambda session: accessions.enter(session, upload.id, by, DESCRIBING))
            case State.ACCESSIONED:
                self.shows(upload)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def the_sender_answers(self, data: st.DataObject) -> None:
        upload = self.one(data)
        self.tries(
            lambda session: uploads.answer(
                session, locked(session, upload.id), "是的", at(MINE, self.days)
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), uses=USES, ends=st.booleans())
    def they_agree(self, data: st.DataObject, uses: frozenset[Right], *, ends: bool) -> None:
        upload, by = self.one(data), at(EDITOR, self.days)
        until = by.today + timedelta(days=4) if ends else None
        allowed = tuple(Allowed(use, by.today, until) for use in sorted(uses))
        if upload.wish is None:
            return
        self.tries(
            lambda session: agreements.write(session, upload.id, terms_of(upload, *allowed), by)
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), person=st.sampled_from(PEOPLE))
    def somebody_plans(self, data: st.DataObject, person: Doing) -> None:
        upload = self.one(data)
        self.tries(
            lambda session: accessions.plan(session, upload.id, a_plan(), at(person, self.days))
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), person=st.sampled_from(PEOPLE))
    def somebody_enters(self, data: st.DataObject, person: Doing) -> None:
        upload = self.one(data)
        self.tries(
            lambda session: accessions.enter(session, upload.id, at(person, self.days), DESCRIBING)
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def the_reviewer_shows_it(self, data: st.DataObject) -> None:
        self.shows(self.one(data))

    def shows(self, upload: Upload) -> None:
        with self.database.reads() as connection:
            pictures = showing.showable(connection, upload.id)
        prepared = [Prepared(one.id, arrival(self.library, upload.id)) for one in pictures]
        self.tries(
            lambda session: showing.show(
                session, upload.id, prepared, SIGNED, at(REVIEWER, self.days)
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def the_reviewer_takes_it_off(self, data: st.DataObject) -> None:
        upload = self.one(data)
        self.tries(
            lambda session: showing.withdraw(
                session, upload.id, "重新核对", at(REVIEWER, self.days)
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), uses=USES)
    def the_sender_revokes(self, data: st.DataObject, uses: frozenset[Right]) -> None:
        upload = self.one(data)
        self.tries(
            lambda session: rights.revoke(
                session, upload.id, uses, "", "sender", at(MINE, self.days)
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), use=st.sampled_from(Right))
    def a_right_is_added(self, data: st.DataObject, use: Right) -> None:
        upload, by = self.one(data), at(EDITOR, self.days)
        self.tries(
            lambda session: rights.grant(
                session, upload.id, Allowed(use, by.today, evidence="来信"), by
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def the_sender_withdraws(self, data: st.DataObject) -> None:
        upload = self.one(data)
        self.tries(
            lambda session: uploads.withdraw(
                session, locked(session, upload.id), at(MINE, self.days)
            )
        )

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def the_sender_withdraws_the_consent(self, data: st.DataObject) -> None:
        upload, now = self.one(data), at(MINE, self.days).now
        assert upload.follower_id is not None
        with self.database.begin() as session:
            uploads.consent_withdrawn(session, SITE, upload.follower_id, now)

    @rule(days=st.integers(1, 5))
    def time_passes(self, days: int) -> None:
        self.days += days
        by_clock = at(Doing.of(SITE, "clock", now=MINE.now), self.days)
        is_more = True
        while is_more:
            with self.database.begin() as session:
                is_more = rights.expire(session, by_clock)

    # -- what always holds --------------------------------------------------------------------

    @invariant()
    def each_book_counts_from_one_without_a_gap(self) -> None:
        with self.reads() as session:
            for model in (Treasure, Agreement, Accession, Certificate):
                numbers = session.scalars(
                    select(model.number).where(model.number.is_not(None)).order_by(model.number)
                ).all()
                assert [int(str(one)[-6:]) for one in numbers] == list(range(1, len(numbers) + 1))

    @invariant()
    def only_what_two_people_entered_is_in_the_register(self) -> None:
        with self.reads() as session:
            entered = {one.treasure_id: one for one in session.scalars(select(Accession))}
            kept = set(
                session.scalars(select(Treasure.id).where(Treasure.state.in_(sorted(rules.KEPT))))
            )
            assert set(entered) == kept
            assert all(one.proposed_by != one.entered_by for one in entered.values())
            assert all(
                session.scalar(select(Agreement.id).where(Agreement.treasure_id == one))
                for one in kept
            )

    @invariant()
    def the_public_sees_what_a_standing_right_shows_and_nothing_else(self) -> None:
        today = at(MINE, self.days).today
        with self.reads() as session:
            seen = set(session.scalars(select(Record.pid).where(public_records(today))))
            for upload in map(self.upload, self.ids):
                stand = register_queries.standing(session.connection(), upload.id, today)
                is_out = upload.state is State.PUBLISHED
                assert not is_out or Right.WEB in stand
                piece = showing.find(session.connection(), upload.pid, today=today)
                assert (piece is not None) == is_out
                entry = register_queries.accession(session.connection(), upload.id)
                record = entry.record_pid if entry else None
                assert (record in seen) == is_out
                shown = session.scalars(
                    select(Showing.asset_pid).where(
                        Showing.withdrawn_at.is_(None),
                        Showing.file_id.in_(
                            [one.id for one in queries.files(session.connection(), upload.id)]
                        ),
                    )
                ).all()
                assert bool(shown) == is_out
                self.reached.add(upload.state)

    @invariant()
    def whoever_is_anonymous_is_named_nowhere(self) -> None:
        with self.reads() as session:
            for upload in map(self.upload, self.ids):
                if upload.credit is not Credit.ANONYMOUS:
                    continue
                assert upload.credit_name == ""
            if all(upload.credit is Credit.ANONYMOUS for upload in map(self.upload, self.ids)):
                said = [
                    *session.scalars(select(Certificate.credit_name)),
                    *session.scalars(select(Asset.credit)),
                    *session.scalars(select(Record.author)),
                    *session.scalars(select(Record.note)),
                ]
                assert not any(SECRET_NAME in words for words in said)

    @invariant()
    def every_step_is_one_that_the_rules_allow(self) -> None:
        with self.reads() as session:
            moves = session.execute(
                select(TreasureEvent.from_state, TreasureEvent.to_state).where(
                    TreasureEvent.action == Action.MOVE, TreasureEvent.from_state.is_not(None)
                )
            )
            assert all(State(to) in rules.MOVES[State(str(one))] for one, to in moves)

    @invariant()
    def every_upload_has_its_day(self) -> None:
        for upload in map(self.upload, self.ids):
            assert (upload.act_by is not None) == (upload.state in rules.OPEN)
            assert (upload.erase_on is not None) == (upload.state in rules.GONE)

    def one(self, data: st.DataObject) -> Upload:
        return self.upload(data.draw(st.sampled_from(self.ids)))

    def upload(self, treasure_id: int) -> Upload:
        with self.database.reads() as connection:
            return queries.by_id(connection, treasure_id)

    def tries(self, change: Callable[[Session], Any]) -> None:
        """Do it, or be told why not: then nothing has changed."""
        with suppress(RefusedError), self.database.begin() as session:
            change(session)

    @contextmanager
    def reads(self) -> Iterator[Session]:
        with self.database.begin() as session:
            yield session


@pytest.mark.timeout(600 if IS_FULL else 120)
def test_no_order_of_events_shows_what_may_not_be_shown(sqlite_url: str) -> None:
    Giving.template = Path(sqlite_url.removeprefix("sqlite:///"))
    run_state_machine_as_test(
        Giving,
        settings=settings(
            max_examples=150 if IS_FULL else 6,
            stateful_step_count=50 if IS_FULL else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert State.PUBLISHED in Giving.reached
