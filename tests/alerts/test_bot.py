"""绑定 and 解绑: staff get alerts on their own WeChat, citizens' words stay citizens' words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.builders import a_document, import_documents, wide
from tests.talk import Talk, a_talk
from wx_archive.alerts import binding, rules
from wx_archive.alerts.models import StaffWechat
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.store import SqlStore, open_store
from wx_archive.followers.models import Follower
from wx_archive.staff import accounts
from wx_archive.staff.models import AuditEntry, Member
from wx_archive.staff.rules import Role

PROJECT = Path(__file__).parents[2]
SECRET = "a-secret"
FOR_STAFF = "“绑定”是给馆里工作人员收提醒用的"
WRONG = "这个代码不能用了"


@pytest.fixture
def talk(database: Database, tmp_path: Path) -> Iterator[Talk]:
    import_documents(database, tmp_path, a_document(title="绑定手机号管理办法"))
    with a_talk(database, PROJECT) as talk:
        talk.now = clock.now()
        yield talk


@contextmanager
def the_store(database: Database) -> Iterator[SqlStore]:
    store, close = open_store(database, "")
    yield store.steady
    close()


def a_member(database: Database, login: str = "zhou") -> int:
    with database.begin() as session:
        return accounts.add(
            session,
            login=login,
            name="窗口小周",
            roles=[Role.DESK],
            password="a-long-password",
            now=clock.now(),
        ).id


def a_code(database: Database, member_id: int) -> str:
    with the_store(database) as store:
        return binding.new_code(store, member_id, secret=SECRET, now=clock.now())


def bound(database: Database) -> list[tuple[str, str]]:
    """Return who is bound to whom: login and openid."""
    query = (
        select(Member.login, Follower.openid)
        .join(StaffWechat, StaffWechat.member_id == Member.id)
        .join(Follower, Follower.id == StaffWechat.follower_id)
        .order_by(Member.login)
    )
    with database.reads() as connection:
        return [(row.login, row.openid) for row in connection.execute(query)]


def test_a_code_binds_once_and_names_the_account(talk: Talk, database: Database) -> None:
    code = a_code(database, a_member(database))
    assert re.fullmatch(r"[0-9]{8}", code)
    answer = talk.says(f"绑定 {code}")
    assert "“窗口小周”（zhou）" in answer
    assert bound(database) == [("zhou", talk.openid)]
    talk.openid = "somebody-else"
    assert WRONG in talk.says(f"绑定 {code}")
    assert len(bound(database)) == 1


def test_a_code_typed_in_full_width_is_the_same(talk: Talk, database: Database) -> None:
    code = a_code(database, a_member(database))
    assert "已绑定" in talk.says(f"绑定\u3000{wide(code)}")


def test_a_code_is_good_for_ten_minutes(talk: Talk, database: Database) -> None:
    code = a_code(database, a_member(database))
    clock.move(clock.offset() + rules.CODE_LASTS + timedelta(seconds=1))
    talk.now = clock.now()
    assert WRONG in talk.says(f"绑定 {code}")
    assert bound(database) == []


def test_a_used_code_is_good_for_nobody_even_if_it_was_not_forgotten(
    talk: Talk, database: Database
) -> None:
    code = a_code(database, a_member(database))
    with the_store(database) as store:
        kept = store.get(binding.code_key(code, SECRET))
        assert kept is not None
        assert code.encode() not in kept
        talk.now = clock.now()
        talk.says(f"绑定 {code}")
        assert store.get(binding.code_key(code, SECRET)) is None
        # As if the process had died between the commit and the forgetting.
        store.put({binding.code_key(code, SECRET): (kept, timedelta(minutes=5))})
    talk.openid = "somebody-else"
    assert WRONG in talk.says(f"绑定 {code}")
    assert [openid for _login, openid in bound(database)] == ["a-follower"]


def test_a_wrong_code_says_nothing_of_the_right_one_and_may_be_tried_five_times(
    talk: Talk, database: Database
) -> None:
    code = a_code(database, a_member(database))
    answers = {talk.says(f"绑定 {number:08d}") for number in range(rules.MOST_TRIES)}
    assert len(answers) == 1
    assert WRONG in answers.pop()
    assert "请一小时后再来" in talk.says(f"绑定 {code}")
    assert bound(database) == []
    talk.openid = "somebody-else"
    assert "已绑定" in talk.says(f"绑定 {code}")


def test_after_an_hour_one_may_try_again(talk: Talk, database: Database) -> None:
    for number in range(rules.MOST_TRIES + 1):
        talk.says(f"绑定 {number:08d}")
    clock.move(clock.offset() + rules.TRIES_LAST + timedelta(seconds=1))
    talk.now = clock.now()
    assert "已绑定" in talk.says(f"绑定 {a_code(database, a_member(database))}")


def test_the_word_alone_says_in_one_sentence_whom_it_is_for(talk: Talk) -> None:
    answer = talk.says("绑定")
    assert FOR_STAFF in answer
    assert answer.count("。") == 1


def test_a_citizens_words_are_looked_up(talk: Talk) -> None:
    for words in ("绑定 手机号", "绑定手机号", "查 绑定手机号"):
        talk.says(words)
        assert "绑定手机号管理办法" in talk.visible, words
    assert FOR_STAFF not in talk.says("绑定 1234567")
    for words in ("解绑", "解绑 手机号"):
        assert "已经解绑" not in talk.says(words)


def test_a_forgotten_space_is_asked_for(talk: Talk) -> None:
    assert "空一格" in talk.says("绑定12345678")


def test_who_is_bound_may_leave_again(talk: Talk, database: Database) -> None:
    talk.says(f"绑定 {a_code(database, a_member(database))}")
    assert "已经解绑" in talk.says("解绑")
    assert bound(database) == []
    assert "已经解绑" not in talk.says("解绑")


def test_each_has_one_wechat_and_each_wechat_one_account(talk: Talk, database: Database) -> None:
    zhou, chen = a_member(database), a_member(database, "chen")
    talk.says(f"绑定 {a_code(database, zhou)}")
    talk.says(f"绑定 {a_code(database, chen)}")
    assert bound(database) == [("chen", "a-follower")]
    talk.openid = "new-phone"
    talk.says(f"绑定 {a_code(database, chen)}")
    assert bound(database) == [("chen", "new-phone")]


def test_who_does_not_work_here_any_more_cannot_bind(talk: Talk, database: Database) -> None:
    member = a_member(database)
    code = a_code(database, member)
    with database.begin() as session:
        session.get_one(Member, member).is_disabled = True
    assert WRONG in talk.says(f"绑定 {code}")


def test_who_is_erased_is_bound_no_longer(talk: Talk, database: Database) -> None:
    talk.says(f"绑定 {a_code(database, a_member(database))}")
    talk.says("删除我的资料")
    talk.says("确认删除")
    assert bound(database) == []
    with database.reads() as connection:
        assert connection.scalar(select(func.count()).select_from(StaffWechat)) == 0


def test_binding_and_leaving_stand_in_the_audit_without_an_openid(
    talk: Talk, database: Database
) -> None:
    talk.says(f"绑定 {a_code(database, a_member(database))}")
    talk.says("解绑")
    with database.begin() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        told = [(entry.action, entry.actor, entry.subject) for entry in entries]
    assert told == [
        ("wechat.bind", "zhou", "member:zhou"),
        ("wechat.unbind", "zhou", "member:zhou"),
    ]
