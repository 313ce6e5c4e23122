"""Keyword replies: written by one person, released by another, answered from memory."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.orm import Session

from wx_archive.chat.replies import filled, finished, small_talk
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live, Part, changed
from wx_archive.core.site import Site
from wx_archive.guide import rules, service
from wx_archive.guide.models import Keyword, KeywordReply, State
from wx_archive.guide.rules import Asked, key_of
from wx_archive.staff.rules import Person, require_second_person

LIVE: Final = "keywords"
OPEN: Final = (State.DRAFT, State.WAITING, State.REFUSED)
"""Not answered yet, and still to be written on."""
SHOWN: Final = 200
_TABLE: Final = KeywordReply.__table__
REPLY_LIMIT_BYTES: Final = 1_800
"""A reply leaves room for what was heard before it and what waits after it."""


@dataclass(frozen=True, slots=True)
class Others:
    """What other features know and the console needs; handed over by `features.py`.

    Attributes:
        commands: command words, folded.
        prefixes: words that make a command of what follows them after a space.
        is_number: whether words are the number of a public document or record.
        empties: words that found nothing from one day to another, of enough people each.
    """

    commands: Callable[[], Collection[str]]
    prefixes: Callable[[], Collection[str]]
    is_number: Callable[[Connection, str, date], bool]
    empties: Callable[[Connection, date, date], Sequence[Asked]]


@dataclass(frozen=True, slots=True)
class Written:
    """A reply as somebody wrote it.

    Attributes:
        words: as typed, each spelling once.
    """

    words: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where words are judged.

    Attributes:
        own: the versions of the reply in question, whose words are no strangers to it.
    """

    connection: Connection
    site: Site
    others: Others
    today: date
    own: frozenset[int] = field(default=frozenset())


# -- what the bot answers -----------------------------------------------------------------------


def _read(connection: Connection) -> Mapping[str, str]:
    """Return the released texts by their keywords."""
    rows = connection.execute(
        select(Keyword.key, KeywordReply.text)
        .join(KeywordReply, Keyword.reply_id == KeywordReply.id)
        .where(KeywordReply.state == State.RELEASED)
    )
    return {row.key: row.text for row in rows}


RELEASED: Final[Part[Mapping[str, str]]] = Part(_read, dict)


def released(site: Site) -> Mapping[str, str]:
    """Return what this process knows of the released texts, by their keywords."""
    return site.live.get(RELEASED) if site.live else {}


def answer(site: Site, words: str) -> str | None:
    """Return the reply to exactly these words, ready to send, or None."""
    text = released(site).get(key_of(words))
    return None if text is None else finished(site, text)


# -- what may be written ------------------------------------------------------------------------


def word_problems(place: Place, words: Sequence[str]) -> list[str]:
    """Return why some words cannot be keywords, each with what they are already."""
    if not words:
        return ["请写至少一个词，一行一个"]
    problems = [found for word in words if (found := _word_problem(place, word))]
    if len(words) > rules.MOST_WORDS:
        problems.append(f"现在 {len(words)} 个词，最多 {rules.MOST_WORDS} 个")
    return problems


def text_problems(site: Site, text: str) -> list[str]:
    """Return what is wrong with a reply's text."""
    if not text.strip():
        return ["请写答复"]
    profile = site.profile
    return rules.text_problems(
        text,
        filled=filled(profile, text),
        domains=[*profile.links.domains, site.origin.partition("://")[2].partition(":")[0]],
        limit_bytes=REPLY_LIMIT_BYTES,
    )


def _word_problem(place: Place, word: str) -> str | None:
    return rules.word_problem(word) or _command_problem(place, word) or _taken(place, word)


def _command_problem(place: Place, word: str) -> str | None:
    key = key_of(word)
    if key in place.others.commands():
        return f"“{word}”是命令词，读者打它另有用处"
    head, _space, rest = key.partition(" ")
    if rest and head in place.others.prefixes():
        return f"“{word}”以命令词“{head}”开头，读者打它是在查“{rest}”"
    return None


def _taken(place: Place, word: str) -> str | None:
    if guide := service.for_words(place.site, word):
        return f"“{word}”已经由服务指南《{guide.title}》答复"
    if small_talk(place.site, word) is not None:
        return f"“{word}”是家常话，固定答复（content/replies.yaml）里已经有了"
    if place.others.is_number(place.connection, word, place.today):
        return f"“{word}”是一份文件或档案的号，读者打它应该直接看到那一份"
    for number, words, state in _rivals(place):
        if key_of(word) in map(key_of, words):
            stands = "已经在答复" if state == State.RELEASED else "正等放行"
            return f"“{word}”在另一条关键词答复（第 {number} 号）里，{stands}，请去改那一条"
    return None


def _rivals(place: Place) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Yield other replies that count or soon will."""
    rows = place.connection.execute(
        select(KeywordReply.id, KeywordReply.words, KeywordReply.state).where(
            KeywordReply.state.in_((State.RELEASED, State.WAITING))
        )
    )
    for number, words, state in rows:
        if number not in place.own:
            yield number, tuple(words.split("\n")), state


# -- writing, releasing, withdrawing ------------------------------------------------------------


def find(session: Session, number: int) -> KeywordReply | None:
    """Return a version, locked for the change that follows."""
    return session.scalars(
        select(KeywordReply).where(KeywordReply.id == number).with_for_update()
    ).one_or_none()


def versions_of(reply: KeywordReply | None) -> frozenset[int]:
    """Return the versions whose words a new text of this reply may have."""
    if reply is None:
        return frozenset()
    return frozenset(number for number in (reply.id, reply.replaces_id) if number is not None)


def save(
    session: Session,
    reply: KeywordReply | None,
    written: Written,
    *,
    is_ready: bool,
    by: str,
    now: datetime,
) -> KeywordReply:
    """Keep what somebody wrote; a released version stands until its new one is released.

    Args:
        session: of the change.
        reply: the version that was written on; None for a new reply.
        written: without problems (`word_problems`, `text_problems`).
        is_ready: it waits for a second person from now on.
        by: the writer's login.
        now: when.

    Raises:
        RefusedError: the version is no longer to be written on.
    """
    if reply is None or reply.state == State.RELEASED:
        replaces = reply.id if reply else None
        if replaces is not None:
            _require_only_one(session, replaces)
        reply = KeywordReply(replaces_id=replaces, released_by="", note="")
        session.add(reply)
    elif reply.state not in OPEN:
        raise RefusedError("这一条已经撤下或者换过，不能再改。请照它新写一条")
    reply.words = "\n".join(written.words)
    reply.text = written.text
    reply.state = State.WAITING if is_ready else State.DRAFT
    reply.made_by, reply.made_at = by, now
    reply.released_by, reply.released_at, reply.note = "", None, ""
    session.flush()
    return reply


def _require_only_one(session: Session, number: int) -> None:
    other = session.scalars(
        select(KeywordReply.id).where(
            KeywordReply.replaces_id == number, KeywordReply.state.in_(OPEN)
        )
    ).first()
    if other is not None:
        raise RefusedError(f"这一条已经有新的一稿（第 {other} 号），请改那一稿")


def release(
    session: Session,
    reply: KeywordReply,
    place: Place,
    *,
    person: Person,
    seen: str,
    now: datetime,
    live: Live | None = None,
) -> None:
    """Have the bot answer with it, in the place of the version before it.

    Args:
        session: of the change.
        reply: the version.
        place: where its words are judged once more.
        person: the second person.
        seen: the seal of what they read (`rules.seal`).
        now: when.
        live: this process's knowledge.

    Raises:
        RefusedError: it is the writer, or the reply is not what was read, or no longer fits.
    """
    changed(session, LIVE, live)  # two releases at once: one waits here and then sees the other
    _require_waiting(reply, person, seen)
    words = reply.words.split("\n")
    if problems := [*word_problems(place, words), *text_problems(place.site, reply.text)]:
        raise RefusedError("现在不能放行：" + "；".join(problems))
    before = find(session, reply.replaces_id) if reply.replaces_id else None
    if before is not None and before.state == State.RELEASED:
        before.state = State.REPLACED
        _drop_keywords(session, before)
    reply.state, reply.released_by, reply.released_at = State.RELEASED, person.login, now
    session.add_all(Keyword(key=key, reply_id=reply.id) for key in map(key_of, words))
    session.flush()


def refuse(
    session: Session, reply: KeywordReply, *, person: Person, seen: str, note: str, now: datetime
) -> None:
    """Give it back to its writer, with the reason.

    Raises:
        RefusedError: it is the writer, or the reply is not what was read.
    """
    _require_waiting(reply, person, seen)
    reply.state, reply.released_by, reply.released_at = State.REFUSED, person.login, now
    reply.note = note
    session.flush()


def withdraw(session: Session, reply: KeywordReply, *, live: Live | None = None) -> None:
    """Have the bot answer with it no longer; what was never released is dropped.

    Raises:
        RefusedError: there is nothing to withdraw.
    """
    changed(session, LIVE, live)
    if reply.state not in (*OPEN, State.RELEASED):
        raise RefusedError("这一条已经撤下或者换过，不用再撤")
    reply.state = State.WITHDRAWN
    _drop_keywords(session, reply)
    session.flush()


def _require_waiting(reply: KeywordReply, person: Person, seen: str) -> None:
    if reply.state != State.WAITING:
        raise RefusedError("这一条已经不在等放行，别人可能已经办了")
    require_second_person(reply.made_by, person)
    if rules.seal(reply.words, reply.text) != seen:
        raise RefusedError("您看过以后，内容又改过。请重新看一遍再定")


def _drop_keywords(session: Session, reply: KeywordReply) -> None:
    session.execute(delete(Keyword).where(Keyword.reply_id == reply.id))


# -- lists --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in a list."""

    id: int
    words: tuple[str, ...]
    state: State
    made_by: str
    made_at: datetime
    released_by: str
    released_at: datetime | None
    replaces_id: int | None
    note: str


def listed(
    connection: Connection, states: Collection[State], *, limit: int = SHOWN
) -> list[Listed]:
    """Return the versions in these states, the newest first."""
    rows = connection.execute(
        select(_TABLE)
        .where(KeywordReply.state.in_(states))
        .order_by(KeywordReply.id.desc())
        .limit(limit)
    )
    return [_listed(row) for row in rows]


def one(connection: Connection, number: int) -> tuple[Listed, str] | None:
    """Return a version and its text."""
    row = connection.execute(select(_TABLE).where(KeywordReply.id == number)).one_or_none()
    return (_listed(row), str(row.text)) if row else None


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        row.id,
        tuple(row.words.split("\n")),
        State(row.state),
        row.made_by,
        row.made_at,
        row.released_by,
        row.released_at,
        row.replaces_id,
        row.note,
    )


def counts(connection: Connection, *, login: str) -> tuple[int, int]:
    """Return how many replies wait for this person's release, and how many of theirs came back."""
    waiting = select(func.count()).where(
        KeywordReply.state == State.WAITING, KeywordReply.made_by != login
    )
    refused = select(func.count()).where(
        KeywordReply.state == State.REFUSED, KeywordReply.made_by == login
    )
    return connection.execute(waiting).scalar_one(), connection.execute(refused).scalar_one()
