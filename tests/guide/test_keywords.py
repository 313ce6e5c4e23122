"""Keyword replies: two people, one reply for each word, and what the bot answers."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.builders import a_document, import_documents, wide
from tests.guide.replying import (
    BOTH,
    EDITOR,
    PROJECT,
    REVIEWER,
    TODAY,
    a_site,
    a_talk,
    others,
    release,
    state_of,
    withdraw,
    write,
)
from tests.talk import NOON
from wx_archive.chat.replies import small_talk
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Site
from wx_archive.guide import keywords, rules
from wx_archive.guide.keywords import Place
from wx_archive.guide.models import Keyword, State
from wx_archive.staff.rules import SamePersonError


def problems(database: Database, site: Site, *words: str, own: int | None = None) -> list[str]:
    with database.reads() as connection:
        mine = frozenset({own} if own else ())
        return keywords.word_problems(Place(connection, site, others(), TODAY, mine), words)


def test_a_word_that_found_nothing_is_answered_once_it_is_released(database: Database) -> None:
    site = a_site(database)
    with a_talk(database, site) as talk:
        assert "没有查到" in talk.says("居住证")
        number = write(
            database, "居住证", "暂住证", text="请去派出所，电话 {telephone}。看[[帮助]]"
        )
        assert "没有查到" in talk.says("居住证")
        release(database, site, number)
        telephone = site.profile.telephone
        for words in ("居住证", "居住证？", wide(" 居住证"), "暂住证", "居住证怎么办"):
            talk.says(words)
            assert talk.visible == f"请去派出所，电话 {telephone}。看帮助", words
        assert [says.content for _text, says in talk.choices] == ["帮助"]
        withdraw(database, site, number)
        assert "没有查到" in talk.says("居住证")


def test_a_lookup_that_is_asked_for_by_name_stays_a_lookup(database: Database) -> None:
    site = a_site(database)
    release(database, site, write(database, "居住证"))
    with a_talk(database, site) as talk:
        assert "没有查到" in talk.says("查 居住证")


def test_a_long_sentence_is_not_about_a_word_in_it(database: Database) -> None:
    site = a_site(database)
    release(database, site, write(database, "居住证"))
    with a_talk(database, site) as talk:
        assert talk.says("一九七八年的大坝工程图纸和居住证没有关系") != talk.says("居住证")


def test_the_writer_may_not_release(database: Database) -> None:
    site = a_site(database)
    number = write(database, "居住证", by=BOTH.login)
    with pytest.raises(SamePersonError):
        release(database, site, number, person=BOTH)
    assert state_of(database, number) == State.WAITING
    release(database, site, number, person=REVIEWER)
    assert state_of(database, number) == State.RELEASED


def test_whoever_rewrote_it_is_its_writer(database: Database) -> None:
    site, number = a_site(database), write(database, "居住证", by="somebody")
    write(database, "居住证", text="另写", by=BOTH.login, of=number)
    with pytest.raises(SamePersonError):
        release(database, site, number, person=BOTH)


def test_a_draft_cannot_be_released(database: Database) -> None:
    site = a_site(database)
    number = write(database, "居住证", is_ready=False)
    with pytest.raises(RefusedError, match="不在等放行"):
        release(database, site, number)


def test_a_release_counts_only_for_what_was_read(database: Database) -> None:
    site, number = a_site(database), write(database, "居住证", text="原来的")
    seen = rules.seal("居住证", "原来的")
    write(database, "居住证", text="偷偷换的", of=number)
    with pytest.raises(RefusedError, match="内容又改过"):
        release(database, site, number, seen=seen)
    assert state_of(database, number) == State.WAITING


def test_a_new_version_waits_while_the_old_one_answers(database: Database) -> None:
    site = a_site(database)
    old = write(database, "居住证", "暂住证", text="旧的")
    release(database, site, old)
    new = write(database, "居住证", "居住卡", text="新的", of=old)
    assert new != old
    assert keywords.answer(site, "居住证") == "旧的"
    with pytest.raises(RefusedError, match=f"第 {new} 号"):
        write(database, "居住证", text="第三种", of=old)
    release(database, site, new)
    answers = [keywords.answer(site, word) for word in ("居住证", "居住卡", "暂住证")]
    assert answers == ["新的", "新的", None]
    assert [state_of(database, each) for each in (old, new)] == [State.REPLACED, State.RELEASED]


def test_a_withdrawn_reply_stays_withdrawn_when_its_new_version_comes(database: Database) -> None:
    site = a_site(database)
    old = write(database, "居住证", text="旧的")
    release(database, site, old)
    new = write(database, "居住证", text="新的", of=old)
    withdraw(database, site, old)
    assert keywords.answer(site, "居住证") is None
    release(database, site, new)
    assert keywords.answer(site, "居住证") == "新的"
    assert state_of(database, old) == State.WITHDRAWN


def test_what_is_over_can_be_neither_rewritten_nor_withdrawn_again(database: Database) -> None:
    site, number = a_site(database), write(database, "居住证")
    withdraw(database, site, number)
    with pytest.raises(RefusedError, match="不用再撤"):
        withdraw(database, site, number)
    with pytest.raises(RefusedError, match="照它新写一条"):
        write(database, "居住证", of=number)


def test_a_refused_reply_comes_back_with_its_reason_and_can_be_handed_on_again(
    database: Database,
) -> None:
    number = write(database, "居住证")
    with database.begin() as session:
        reply = keywords.find(session, number)
        assert reply is not None
        seen = rules.seal(reply.words, reply.text)
        keywords.refuse(session, reply, person=REVIEWER, seen=seen, note="电话不对", now=NOON)
    with database.reads() as connection:
        assert keywords.counts(connection, login=EDITOR.login) == (0, 1)
        assert keywords.counts(connection, login=REVIEWER.login) == (0, 0)
        (listed,) = keywords.listed(connection, (State.REFUSED,))
        assert (listed.note, listed.released_by) == ("电话不对", "reviewer")
    write(database, "居住证", text="改好了", of=number)
    with database.reads() as connection:
        assert keywords.counts(connection, login=EDITOR.login) == (0, 0)
        assert keywords.counts(connection, login=REVIEWER.login) == (1, 0)
        (listed,) = keywords.listed(connection, (State.WAITING,))
        assert (listed.id, listed.note, listed.released_at) == (number, "", None)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("帮助", "命令词"),
        (wide("HELP"), "命令词"),
        ("下一页。", "命令词"),
        ("查 居住证", "以命令词“查”开头"),
        ("开放时间", "服务指南《开放时间》"),
        ("你好", "家常话"),
        ("兰政发〔2015〕1号", "一份文件或档案的号"),
        ("证", "太短"),
        ("123", "全是数字"),
    ],
)
def test_a_word_that_means_something_already_is_refused_with_what_it_means(
    database: Database, word: str, why: str
) -> None:
    (problem,) = problems(database, a_site(database), word)
    assert word in problem
    assert why in problem


def test_a_word_has_one_reply(database: Database) -> None:
    site = a_site(database)
    first = write(database, "居住证")
    (waiting,) = problems(database, site, "居住证？")
    assert f"第 {first} 号" in waiting
    assert "等放行" in waiting
    release(database, site, first)
    (released,) = problems(database, site, "居住证")
    assert "已经在答复" in released
    assert problems(database, site, "居住证", own=first) == []
    second = write(database, "居住证", "别的词")
    with pytest.raises(RefusedError, match=f"现在不能放行：“居住证”.*第 {first} 号"):
        release(database, site, second)
    assert problems(database, site) == ["请写至少一个词，一行一个"]


def test_no_word_and_too_many_words_are_refused(database: Database) -> None:
    many = [f"关键词{number}号" for number in range(21)]
    (problem,) = problems(database, a_site(database), *many)
    assert problem == "现在 21 个词，最多 20 个"


def test_a_word_that_got_a_meaning_since_is_not_released(database: Database) -> None:
    site, number = a_site(database), write(database, "居住证", "帮助")
    with pytest.raises(RefusedError, match="现在不能放行：“帮助”是命令词"):
        release(database, site, number)
    with database.begin() as session:
        assert session.scalars(select(Keyword)).all() == []


def test_a_reply_wins_over_small_talk_but_not_over_commands_and_guides(database: Database) -> None:
    site = a_site(database)
    with database.begin() as session:  # as if the files had got these words later
        reply = keywords.save(
            session,
            None,
            keywords.Written(("你好", "开放时间", "帮助"), "馆里写的"),
            is_ready=True,
            by="editor",
            now=NOON,
        )
        reply.state = State.RELEASED
        keys = ("你好", "开放时间", "帮助")
        session.add_all(Keyword(key=key, reply_id=reply.id) for key in keys)
    with a_talk(database, site) as talk:
        assert talk.says("你好") == "馆里写的" != small_talk(site, "你好")
        assert "/h5/guides/" in talk.says("开放时间")
        assert talk.says("帮助") != "馆里写的"


def test_the_real_commands_and_numbers_are_known_to_the_form(
    database: Database, tmp_path: Path
) -> None:
    from wx_archive.features import _others  # noqa: PLC0415 -- what the product hands over

    import_documents(database, tmp_path, a_document(doc_no="兰政发〔2015〕18号"))
    site, real = Site(PROJECT, "https://archive.example.org"), _others()
    words = ("取结果", "我的资料", "兰政发[2015]18号", "档案 大桥", "兴趣", "居住证")
    with database.reads() as connection:
        told = keywords.word_problems(Place(connection, site, real, TODAY), words)
    assert ["命令词" in one or "文件或档案的号" in one for one in told] == [True] * 5
    assert not any("居住证" in one for one in told)


def test_the_profile_fills_a_reply(database: Database) -> None:
    site = a_site(database)
    release(database, site, write(database, "居住证", text="{name}，{address}"))
    answer = keywords.answer(site, "居住证")
    assert answer == f"{site.profile.name}，{site.profile.address}"


def test_text_problems_come_from_the_sites_own_data(database: Database) -> None:
    site = a_site(database)
    assert keywords.text_problems(site, " \n") == ["请写答复"]
    assert keywords.text_problems(site, "看 https://www.saac.gov.cn/x 和[[帮助]]") == []
    assert keywords.text_problems(site, f"看 {site.origin}/h5/guides/") == []
    (problem,) = keywords.text_problems(site, "看 https://evil.example/")
    assert "evil.example" in problem
