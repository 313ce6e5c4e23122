"""Figures of the quiz: who takes part, what they get right, cards, vouchers; what is amiss."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, exists, func, select

from wx_archive.core import clock
from wx_archive.core.jobs import Job, JobState
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.models import Answer, Card, CardKind, Draw, Entry, Season
from wx_archive.quiz.queries import pieces_left
from wx_archive.quiz.rules import (
    CARDS,
    DIFFICULTIES,
    STANDING,
    VOUCHER_STATES,
    SeasonState,
    VoucherState,
)
from wx_archive.quiz.season_desk import DRAW
from wx_archive.quiz.voucher_models import Voucher
from wx_archive.staff.plugs import Alert, Chart, Fact, Panel, Table, Todo
from wx_archive.staff.rules import Permission, Person

MIN_PEOPLE: Final = 3
"""Rates of fewer people are not shown: they would tell how one of them answers."""
FEW_LEFT: Final = 5
"""With fewer free pieces somebody ought to have more made."""
ENDS_SOON: Final = timedelta(days=7)
DRAWN_WITHIN: Final = timedelta(minutes=15)
"""The worker needs a second a card; after this, somebody should look."""
SEASONS: Final = "/console/quiz/seasons"
FACSIMILES: Final = "/console/quiz/facsimiles"
FIGURES: Final = "/console/quiz/figures"
TITLE: Final = "答题"
SAYS: Final = (
    "答题：每道题每人每季只算一次，没有作答就看答案的算答错。参加：所选日子里答过题的不同关注者。"
    f"正确率：答对的占答过的，不足 {MIN_PEOPLE} 人答过的不显示。得卡、集齐、交付只算所选日子里的；"
    "凭证和库存是现在的数。清除了资料的关注者不再计入，已经交付的件数留着。"
)
TOO_FEW: Final = "人太少，不显示"
_IS_RELEASED: Final = Season.state == SeasonState.RELEASED


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered.

    Attributes:
        people: different followers.
    """

    people: int
    answered: int
    right: int

    @property
    def rate(self) -> str:
        """The share of right answers in words."""
        if not self.answered:
            return "还没有"
        if self.people < MIN_PEOPLE:
            return TOO_FEW
        return f"{(self.right * 200 + self.answered) // (2 * self.answered)}%"


def panels(connection: Connection, first: date, last: date) -> Sequence[Panel]:
    """Return the quiz's box of the dashboard."""
    return [panel(connection, first, last)]


def panel(
    connection: Connection, first: date, last: date, *, tables: Sequence[Table] = ()
) -> Panel:
    """Return the quiz's box; with more tables on a page of its own."""
    told = answers(connection, _between(first, last))
    begins, ends = _moments(first, last)
    earned = select(func.count(), _sum(Card.ordinal == CARDS)).where(
        Card.earned_at >= begins, Card.earned_at < ends
    )
    cards, sets = connection.execute(earned).one()
    handed = select(func.count()).where(
        Voucher.state == VoucherState.REDEEMED,
        Voucher.settled_at >= begins,
        Voucher.settled_at < ends,
    )
    return Panel(
        TITLE,
        SAYS,
        facts=(
            Fact("参加", f"{told.people:,} 人"),
            Fact("答题", f"{told.answered:,} 次"),
            Fact("正确率", told.rate, FIGURES),
            Fact("得卡", f"{cards:,} 张"),
            Fact("集齐", f"{sets:,} 套"),
            Fact("窗口交付", f"{connection.execute(handed).scalar_one():,} 件"),
            Fact("复制件还可以许出", f"{pieces_left(connection):,} 件", FACSIMILES),
        ),
        chart=_daily(connection, first, last),
        tables=(_vouchers(connection), *tables),
    )


def answers(connection: Connection, *which: ColumnElement[bool]) -> Answers:
    """Return how many people answered how much, and how much of it rightly."""
    counted = (
        select(func.count(Entry.follower_id.distinct()), func.count(), _sum(Answer.is_right))
        .select_from(Answer)
        .join(Entry, Entry.id == Answer.entry_id)
        .where(*which)
    )
    people, answered, right = connection.execute(counted).one()
    return Answers(people, answered, int(right))


def by_theme(connection: Connection, bank: Bank, first: date, last: date) -> Table:
    """Return the right rate of each theme of the bank."""
    rows = [
        (theme.name, *_line(_of(connection, bank, first, last, theme=theme.slug)))
        for theme in bank.themes.values()
    ]
    return _rates("主题", rows, caption="各主题的正确率")


def by_difficulty(connection: Connection, bank: Bank, first: date, last: date) -> Table:
    """Return the right rate of easy and hard questions."""
    rows = [
        (name, *_line(_of(connection, bank, first, last, difficulty=level)))
        for level, name in DIFFICULTIES.items()
    ]
    return _rates("难度", rows, caption="各难度的正确率")


def todos(connection: Connection, person: Person, _now: datetime) -> Sequence[Todo]:
    """Return the seasons that wait for a second person, and those that came back."""
    waiting, proposed, refused = connection.execute(
        select(
            _sum((Season.state == SeasonState.WAITING) & (Season.made_by != person.login)),
            _sum(
                (Season.proposal != "") & (Season.note == "") & (Season.proposed_by != person.login)
            ),
            _sum(
                (Season.note != "")
                & (
                    ((Season.state == SeasonState.DRAFT) & (Season.made_by == person.login))
                    | ((Season.proposal != "") & (Season.proposed_by == person.login))
                )
            ),
        )
    ).one()
    return (
        Todo("等您放行的答题季", int(waiting), SEASONS, Permission.QUIZ_RELEASE),
        Todo("等您同意的答题季改动", int(proposed), SEASONS, Permission.QUIZ_RELEASE),
        Todo("退回给您改的答题季或改动", int(refused), SEASONS, Permission.QUIZ_EDIT),
    )


def alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    """Return what is amiss: too few facsimiles, no next season, cards that are not drawn."""
    today = clock.day_of(now)
    return [
        *_short_of_pieces(connection, today),
        *_nothing_next(connection, today),
        *_not_drawn(connection, today, now),
    ]


def _short_of_pieces(connection: Connection, today: date) -> list[Alert]:
    """Return the alert that more people have all ten cards than there are pieces for."""
    has_voucher = exists().where(Voucher.entry_id == Entry.id, Voucher.state.in_(STANDING))
    waiting, since = connection.execute(
        select(func.count(), func.min(Card.earned_at))
        .join(Entry, Entry.id == Card.entry_id)
        .join(Season, Season.id == Entry.season_id)
        .where(Card.ordinal == CARDS, Season.pick_up_until >= today, _IS_RELEASED, ~has_voucher)
    ).one()
    left = pieces_left(connection)
    if left >= FEW_LEFT or waiting <= left:
        return []
    title = f"集齐十张卡还没有凭证的有 {waiting} 人，复制件只剩 {left} 件"
    return [Alert("quiz.stock", title, FACSIMILES, Permission.STOCK_KEEP, since)]


def _nothing_next(connection: Connection, today: date) -> list[Alert]:
    later = select(Season.id).where(_IS_RELEASED, Season.starts_on > today).limit(1)
    row = connection.execute(
        select(Season.id, Season.pid, Season.name, Season.ends_on).where(
            _IS_RELEASED,
            Season.starts_on <= today,
            Season.ends_on.between(today, today + ENDS_SOON),
        )
    ).first()
    if row is None or connection.execute(later).first():
        return []
    title = f"“{row.name}”{row.ends_on} 结束，下一季还没有放行"
    since = datetime.combine(row.ends_on - ENDS_SOON, time(), clock.SHANGHAI).astimezone(UTC)
    path = f"{SEASONS}/{row.pid}"
    return [Alert(f"quiz.ends:{row.id}", title, path, Permission.QUIZ_EDIT, since)]


def _not_drawn(connection: Connection, today: date, now: datetime) -> list[Alert]:
    busy = exists().where(
        Job.kind == DRAW,
        Job.state.in_((JobState.WAITING, JobState.RUNNING)),
        Job.created_at > now - DRAWN_WITHIN,
    )
    rows = connection.execute(
        select(Season.id, Season.pid, Season.name, Season.released_at, func.count())
        .join(CardKind, CardKind.season_id == Season.id)
        .where(
            _IS_RELEASED,
            Season.pick_up_until >= today,
            Season.released_at < now - DRAWN_WITHIN,
            CardKind.art_pid.is_(None),
            ~busy,
        )
        .group_by(Season.id, Season.pid, Season.name, Season.released_at)
    )
    return [
        Alert(
            f"quiz.not_drawn:{number}",
            f"“{name}”有 {count} 张卡还没有画出来",
            f"{SEASONS}/{pid}/cards",
            Permission.QUIZ_EDIT,
            released_at or now,
        )
        for number, pid, name, released_at, count in rows.all()
    ]


def _of(
    connection: Connection,
    bank: Bank,
    first: date,
    last: date,
    *,
    theme: str = "",
    difficulty: int = 0,
) -> Answers:
    """Return the answers to the bank's questions of a theme or a difficulty."""
    own = [
        one.id
        for one in bank.questions.values()
        if theme in ("", one.theme) and difficulty in (0, one.difficulty)
    ]
    dealt = select(Draw.id).where(Draw.question_id.in_(own))
    return answers(connection, _between(first, last), Answer.draw_id.in_(dealt))


def _line(told: Answers) -> tuple[int | str, str]:
    return (told.answered if told.people >= MIN_PEOPLE else TOO_FEW, told.rate)


def _rates(label: str, rows: Sequence[tuple[str, int | str, str]], *, caption: str) -> Table:
    shown = [row for row in rows if row[2] != "还没有"]
    return Table((label, "答题", "正确率"), shown, caption=caption, empty="这些天还没有人答题。")


def _vouchers(connection: Connection) -> Table:
    rows = connection.execute(select(Voucher.state, func.count()).group_by(Voucher.state))
    counts: dict[str, int] = {row[0]: int(row[1]) for row in rows}
    return Table(
        ("凭证", "张数"),
        [(name, counts[state]) for state, name in VOUCHER_STATES.items() if state in counts],
        caption="领取凭证现在各有多少",
        empty="还没有人领取凭证。",
    )


def _daily(connection: Connection, first: date, last: date) -> Chart:
    rows = connection.execute(
        select(Answer.day, func.count()).where(_between(first, last)).group_by(Answer.day)
    )
    counts: dict[date, int] = {row[0]: int(row[1]) for row in rows}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return Chart("每天答题", [(f"{day:%m-%d}", counts.get(day, 0)) for day in days], "次")


def _between(first: date, last: date) -> ColumnElement[bool]:
    return Answer.day.between(first, last)


def _moments(first: date, last: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(first, time(), clock.SHANGHAI)
    return begins, datetime.combine(last + timedelta(days=1), time(), clock.SHANGHAI)


def _sum(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
