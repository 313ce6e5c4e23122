"""A topic's tag at WeChat holds exactly those who chose the topic, whatever happened meanwhile."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import delete, insert, select, update

from tests.publishing.crowd import NOW, a_push
from tests.wechat.deliveries import settings_for
from tests.wechat.fake_platform import platform_of
from wx_archive import demo
from wx_archive.core.database import Database
from wx_archive.core.jobs import LaterError
from wx_archive.core.services import Services
from wx_archive.core.site import Site
from wx_archive.core.store import Store, open_store
from wx_archive.followers.interests import Topic
from wx_archive.followers.models import Follower, Interest
from wx_archive.publishing import tag_jobs, tags
from wx_archive.publishing.push_models import TagMember, WeChatTag
from wx_archive.publishing.rules import AudienceKind, PushState
from wx_archive.simulator import app as simulator
from wx_archive.simulator.standing import crowd_openid
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import BusyError, PlatformError, QuotaError, UnknownOutcomeError
from wx_archive.wechat.publishing import Publishing

HISTORY = Topic(slug="history", name="历史钩沉", line="从前的人和事")
CITY = Topic(slug="city", name="出彩十堰", line="正在发生的事")
TAGGING = "tags/members/batchtagging"


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulated WeChat with a crowd of followers."""
    settings = settings_for(data_dir=tmp_path_factory.mktemp("wechat"))
    with simulator.running(demo.simulator_config(settings)) as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'store' / 'archive.db'}")
    opened, close = open_store(database, "")
    yield opened
    close()
    database.dispose()


@dataclass(frozen=True)
class Town:
    """The account's database and its WeChat."""

    services: Services
    platform: Platform
    url: str

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def publishing(self) -> Publishing:
        return self.platform.publishing

    def crowd(self, size: int) -> None:
        answer = requests.post(f"{self.url}/sim/publishing", json={"crowd": size}, timeout=5)
        assert answer.status_code == 200

    def people(self, count: int, *, topic: str = "history") -> list[int]:
        """Have so many more followers, at WeChat and here, who chose the topic."""
        with self.database.begin() as session:
            first = len(session.scalars(select(Follower.id)).all())
            self.crowd(first + count)
            session.execute(
                insert(Follower),
                [
                    {
                        "openid": crowd_openid(first + number),
                        "is_following": True,
                        "changed_at": 1,
                        "left_at": 0,
                        "first_seen_at": NOW,
                        "last_seen_at": NOW,
                    }
                    for number in range(count)
                ],
            )
            every = session.scalars(select(Follower.id).order_by(Follower.id)).all()[first:]
        self.choose(every, topic=topic)
        return list(every)

    def choose(self, people: Sequence[int], *, topic: str = "history") -> None:
        with self.database.begin() as session:
            for one in people:
                session.add(Interest(follower_id=one, topic=topic, since=NOW))

    def drop(self, *people: int) -> None:
        with self.database.begin() as session:
            session.execute(delete(Interest).where(Interest.follower_id.in_(people)))

    def leaves(self, person: int, *, at: datetime = NOW, comes_back: bool = False) -> None:
        with self.database.begin() as session:
            left = {"is_following": comes_back, "left_at": int(at.timestamp())}
            session.execute(update(Follower).where(Follower.id == person).values(left))
            session.execute(delete(Interest).where(Interest.follower_id == person))

    def openids(self, people: Sequence[int]) -> set[str]:
        with self.database.reads() as connection:
            rows = connection.scalars(select(Follower.openid).where(Follower.id.in_(people)))
            return set(rows)

    def sync(
        self, topic: Topic = HISTORY, *, now: datetime = NOW, thorough: bool = False
    ) -> tags.Synced:
        return tags.sync(self.database, self.publishing, topic, now=now, thorough=thorough)

    def at_wechat(self, tag_id: int) -> set[str]:
        return {openid for page in self.publishing.tagged(tag_id) for openid in page}

    def members(self) -> list[int]:
        with self.database.reads() as connection:
            return sorted(connection.scalars(select(TagMember.follower_id)))

    def fault(self, path: str, fault: str, **more: Any) -> None:
        answer = requests.post(
            f"{self.url}/sim/faults", json={"path": path, "fault": fault, **more}, timeout=5
        )
        assert answer.status_code == 200, answer.text

    def calls(self) -> list[str]:
        told = requests.get(f"{self.url}/sim/calls", timeout=5).json()
        return [call["path"] for call in told["calls"]]


@pytest.fixture
def town(database: Database, store: Store, wechat: str, tmp_path: Path) -> Iterator[Town]:
    requests.post(f"{wechat}/sim/reset", timeout=5)
    topics = [{"slug": one.slug, "name": one.name, "line": one.line} for one in (HISTORY, CITY)]
    site = Site(tmp_path / "site", "https://archive.example.org")
    site.content.mkdir(parents=True)
    told = json.dumps({"topics": topics}, ensure_ascii=False)
    (site.content / "interests.yaml").write_text(told, encoding="utf-8")
    settings = settings_for(wechat_api_url=wechat)
    with platform_of(settings, store, database) as platform:
        yield Town(Services(settings, database, store, site), platform, wechat)


def test_a_topics_tag_is_made_with_exactly_those_who_chose_it(town: Town) -> None:
    chosen = town.people(120)
    others = town.people(3, topic="city")
    done = town.sync()
    assert (done.members, done.tagged, done.untagged, done.refused) == (120, 120, 0, 0)
    assert town.at_wechat(done.tag_id) == town.openids(chosen)
    assert not set(others) & set(town.members())
    assert [(one.name, one.count) for one in town.publishing.tags()] == [("兴趣·历史钩沉", 120)]


def test_only_differences_are_told_to_wechat(town: Town) -> None:
    chosen = town.people(120)
    town.sync()
    before = len(town.calls())
    done = town.sync()
    assert (done.tagged, done.untagged) == (0, 0)
    assert town.calls()[before:] == ["tags/get"]
    town.drop(chosen[0])
    more = town.people(2)
    done = town.sync()
    assert (done.members, done.tagged, done.untagged) == (121, 2, 1)
    assert town.at_wechat(done.tag_id) == town.openids([*chosen[1:], *more])


def test_two_topics_have_two_tags(town: Town) -> None:
    one = town.people(2)
    two = town.people(3, topic="city")
    first, second = town.sync(), town.sync(CITY)
    assert first.tag_id != second.tag_id
    assert town.at_wechat(first.tag_id) == town.openids(one)
    assert town.at_wechat(second.tag_id) == town.openids(two)


def test_whoever_left_is_dropped_without_a_call(town: Town) -> None:
    chosen = town.people(3)
    tag_id = town.sync().tag_id
    town.crowd(2)
    town.leaves(chosen[2])
    before = len(town.calls())
    assert town.sync().members == 2
    assert town.calls()[before:] == ["tags/get"]
    assert town.at_wechat(tag_id) == town.openids(chosen[:2])


def test_whoever_left_and_came_back_between_two_syncs_is_tagged_anew(town: Town) -> None:
    chosen = town.people(3)
    tag_id = town.sync().tag_id
    [other] = town.people(1, topic="city")
    town.publishing.untag(tag_id, list(town.openids(chosen[2:])))  # as WeChat does on leaving
    town.publishing.tag(tag_id, list(town.openids([other])))  # so that the count says nothing
    town.leaves(chosen[2], at=NOW + timedelta(hours=1), comes_back=True)
    town.choose(chosen[2:])
    later = NOW + timedelta(hours=2)
    town.sync(now=later)
    assert town.at_wechat(tag_id) == town.openids(chosen)
    assert town.sync(now=later + timedelta(hours=1)).tagged == 0


def test_whoever_was_erased_here_loses_the_tag_there(town: Town) -> None:
    chosen = town.people(3)
    tag_id = town.sync().tag_id
    with town.database.begin() as session:
        session.execute(delete(Follower).where(Follower.id == chosen[0]))
    town.sync()
    assert town.at_wechat(tag_id) == town.openids(chosen[1:])


def test_a_tag_that_staff_changed_by_hand_is_put_right(town: Town) -> None:
    chosen = town.people(3)
    [other] = town.people(1, topic="city")
    tag_id = town.sync().tag_id
    town.publishing.untag(tag_id, list(town.openids(chosen[:1])))
    town.publishing.tag(tag_id, list(town.openids([other])))
    assert town.sync().tagged == 0, "the counts are equal: nothing shows yet"
    assert town.sync(thorough=True).members == 3
    assert town.at_wechat(tag_id) == town.openids(chosen)


def test_a_tag_that_was_deleted_at_wechat_is_made_again(town: Town) -> None:
    chosen = town.people(60)
    gone = town.sync().tag_id
    token = town.platform._client.access_token  # noqa: SLF001 -- staff's own hands at WeChat
    requests.post(
        f"{town.url}/cgi-bin/tags/delete",
        params={"access_token": token},
        json={"tag": {"id": gone}},
        timeout=5,
    )
    done = town.sync()
    assert done.tag_id != gone
    assert (done.tagged, town.at_wechat(done.tag_id)) == (60, town.openids(chosen))


def test_our_tag_of_another_database_is_found_by_its_name_and_put_right(town: Town) -> None:
    chosen = town.people(3)
    first = town.sync()
    with town.database.begin() as session:  # as if an old backup had been brought back
        session.execute(delete(TagMember))
        session.execute(delete(WeChatTag))
        session.execute(delete(Interest).where(Interest.follower_id == chosen[0]))
    again = town.sync()
    assert (again.tag_id, again.tagged, again.untagged) == (first.tag_id, 0, 1)
    assert town.at_wechat(first.tag_id) == town.openids(chosen[1:])


def test_what_was_noted_of_another_tag_is_not_believed_of_this_one(town: Town) -> None:
    here, there = town.people(2), town.people(2)
    tag_id = town.publishing.create_tag(tags.name_of(HISTORY)).id
    town.publishing.tag(tag_id, list(town.openids(there)))
    with town.database.begin() as session:
        session.add_all(TagMember(topic="history", follower_id=one) for one in here)
    assert town.sync().tag_id == tag_id
    assert town.at_wechat(tag_id) == town.openids([*here, *there])


def test_another_account_has_a_tag_of_its_own(town: Town) -> None:
    town.people(2)
    with town.database.begin() as session:
        session.add(WeChatTag(topic="history", app_id="wxAnother", tag_id=999, synced_at=NOW))
    done = town.sync()
    assert done.tagged == 2
    with town.database.reads() as connection:
        assert len(connection.execute(select(WeChatTag.app_id)).all()) == 2


def test_one_whom_wechat_refuses_does_not_stop_the_others(town: Town) -> None:
    chosen = town.people(60)
    town.crowd(59)  # the last one has left, and the event is still on its way
    done = town.sync()
    assert (done.members, done.tagged, done.refused) == (59, 59, 1)
    assert town.at_wechat(done.tag_id) == town.openids(chosen[:59])


@pytest.mark.parametrize(
    ("fault", "kind", "left"),
    [
        ({"fault": "drop_after"}, UnknownOutcomeError, 20),
        ({"fault": "wrong_types"}, UnknownOutcomeError, 20),
        ({"fault": "html"}, UnknownOutcomeError, 70),
        ({"fault": "errcode", "errcode": -1, "times": 3}, BusyError, 70),
        ({"fault": "errcode", "errcode": 45159}, BusyError, 70),
        ({"fault": "errcode", "errcode": 45009}, QuotaError, 70),
    ],
)
def test_a_sync_that_broke_off_goes_on_where_wechat_stands(
    fault: dict[str, Any], kind: type[PlatformError], left: int, town: Town
) -> None:
    chosen = town.people(120)
    town.people(1, topic="city")
    tag_id = town.sync(CITY).tag_id
    town.fault(TAGGING, "slow", seconds=0)  # the first batch gets through
    town.fault(TAGGING, **fault)
    with pytest.raises(kind):
        town.sync()
    assert len(town.members()) == 51
    if kind is QuotaError:
        town.platform.clear_quota()
    done = town.sync()
    assert done.tag_id != tag_id
    assert (done.members, done.tagged) == (120, left)
    assert town.at_wechat(done.tag_id) == town.openids(chosen)


def test_whoever_drops_the_topic_after_a_batch_that_nobody_noted_loses_the_tag(town: Town) -> None:
    chosen = town.people(3)
    town.fault(TAGGING, "drop_after")
    with pytest.raises(UnknownOutcomeError):
        town.sync()
    assert town.members() == []
    town.drop(chosen[0])
    done = town.sync()
    assert town.at_wechat(done.tag_id) == town.openids(chosen[1:])


def test_a_tag_whose_making_nobody_answered_is_found_by_its_name(town: Town) -> None:
    chosen = town.people(2)
    town.fault("tags/create", "drop_after")
    with pytest.raises(UnknownOutcomeError):
        town.sync()
    done = town.sync()
    assert [one.id for one in town.publishing.tags()] == [done.tag_id]
    assert town.at_wechat(done.tag_id) == town.openids(chosen)


def test_a_follower_erased_during_the_call_is_not_written_down(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = town.people(3)
    real = Publishing.tag

    def tag(own: Publishing, tag_id: int, openids: Sequence[str]) -> None:
        real(own, tag_id, openids)
        with town.database.begin() as session:
            session.execute(delete(Follower).where(Follower.id == chosen[1]))

    monkeypatch.setattr(Publishing, "tag", tag)
    town.sync()
    assert town.members() == [chosen[0], chosen[2]]
    monkeypatch.undo()
    done = town.sync()
    assert town.at_wechat(done.tag_id) == town.openids([chosen[0], chosen[2]])


def test_no_transaction_is_open_while_wechat_is_asked(town: Town) -> None:
    town.people(2)
    town.fault(TAGGING, "slow", seconds=1.0)
    syncing = threading.Thread(target=town.sync)
    syncing.start()
    try:
        while TAGGING not in town.calls() and syncing.is_alive():
            with town.database.begin(within_s=0.5) as session:
                session.execute(update(Follower).values(last_seen_at=NOW))
    finally:
        syncing.join()
    assert len(town.members()) == 2


def test_two_syncs_are_not_at_it_side_by_side(town: Town) -> None:
    town.people(2)
    with town.database.exclusively(tags.LOCK) as is_mine:
        assert is_mine
        with pytest.raises(BusyError, match="另一个进程"):
            town.sync()
    assert town.sync().tagged == 2


def test_the_names_of_tags_are_short_enough_and_all_different() -> None:
    long = [
        Topic(slug=slug, name="特别特别长的主题名称甲乙", line="很长") for slug in ("one", "two")
    ]
    names = [tags.name_of(topic) for topic in [HISTORY, *long]]
    assert names[0] == "兴趣·历史钩沉"
    assert len(set(names)) == 3
    assert all(len(name.encode()) <= 30 and name.startswith("兴趣·") for name in names)


def test_nobodys_choice_is_told_to_wechat_before_there_is_a_use_for_it(town: Town) -> None:
    town.people(2)
    assert tag_jobs.sync_used(town.services, town.platform) == 0
    assert town.publishing.tags() == ()
    with town.database.begin() as session:
        audience, state = AudienceKind.TAG, PushState.SCHEDULED
        a_push(session, audience=audience, state=state, topic="history")
        a_push(session, audience=audience, state=PushState.CANCELLED, topic="city")
        a_push(session, audience=audience, state=state, topic="gone-from-the-file")
    assert tag_jobs.sync_used(town.services, town.platform) == 1
    assert [one.name for one in town.publishing.tags()] == ["兴趣·历史钩沉"]
    assert tag_jobs.sync_used(town.services, town.platform, only="city") == 1
    assert len(town.publishing.tags()) == 2
    assert tag_jobs.sync_used(town.services, town.platform) == 2


def test_the_night_job_waits_for_the_new_day_when_the_calls_are_used_up(town: Town) -> None:
    town.people(2)
    town.fault(TAGGING, "errcode", errcode=45009)
    with pytest.raises(LaterError) as caught:
        tag_jobs.sync_used(town.services, town.platform, only="history")
    assert timedelta(0) < caught.value.after <= timedelta(days=1)


def test_the_night_job_tries_every_topic_before_it_says_that_one_failed(town: Town) -> None:
    town.people(2)
    town.people(2, topic="city")
    town.sync()
    town.sync(CITY)
    town.drop(1)
    town.people(1, topic="city")
    town.fault(TAGGING, "drop")
    with pytest.raises(UnknownOutcomeError):
        tag_jobs.sync_used(town.services, town.platform)
    with town.database.reads() as connection:
        untouched = select(WeChatTag.topic).where(WeChatTag.synced_at == NOW)
        assert list(connection.scalars(untouched)) == ["city"]
