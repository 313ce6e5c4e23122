"""推送: every push by its state, and making a new one of approved pieces."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, func, select

from wx_archive.core.errors import RefusedError
from wx_archive.followers import interests
from wx_archive.publishing import agenda, audiences, preflight_terms
from wx_archive.publishing import pushes as service
from wx_archive.publishing.audiences import Counted
from wx_archive.publishing.console import push_choice, push_shown
from wx_archive.publishing.console.push_choice import Choice
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import (
    DELIVERY_NAMES,
    KIND_NAMES,
    MOST_ARTICLES,
    PUSH_STATE_NAMES,
    TITLES,
    AudienceKind,
    Delivery,
    PushState,
)
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission
from wx_archive.wechat.account import Entitlements

READ: Final = Permission.PUBLISHING_READ
SEND: Final = Permission.PUSHES_SEND
PER_PAGE: Final = 100
MOST_SHOWN: Final = 60
_ORDER: Final = (
    PushState.HELD,
    PushState.SENDING,
    PushState.SCHEDULED,
    PushState.PREPARING,
    PushState.SENT,
    PushState.PARTLY,
    PushState.FAILED,
    PushState.CANCELLED,
)
AUDIENCES: Final = {
    AudienceKind.ALL: "全部粉丝",
    AudienceKind.TAG: "选了某个主题的粉丝",
    AudienceKind.LIST: "按条件挑出来的粉丝",
}


def add(pages: Pages) -> None:
    """Add the list and the way to a new push."""
    _list(pages)
    _new(pages)
    _count(pages)


def _list(pages: Pages) -> None:
    @pages.get("/pushes", needs=READ)
    def all_pushes(visit: Visit) -> ResponseReturnValue:
        asked = request.args.get("state", "")
        wanted = (PushState(asked),) if asked in set(PushState) else _ORDER
        with visit.reads() as connection:
            found = agenda.listed(
                connection, Push.state.in_(wanted), limit=PER_PAGE, is_newest_first=True
            )
            counts = _counts(connection)
        groups = [(state, [one for one in found if one.state is state]) for state in _ORDER]
        return visit.page(
            "publishing/console/pushes.html",
            groups=[(state, lines) for state, lines in groups if lines],
            counts=counts,
            asked=asked,
            states=[(state, PUSH_STATE_NAMES[state]) for state in _ORDER],
            is_clipped=len(found) == PER_PAGE,
            meanings=push_shown.MEANINGS,
            say=push_shown.SAY,
        )


def _counts(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(Push.state, func.count()).group_by(Push.state))
    return dict(rows.all())


def _new(pages: Pages) -> None:
    @pages.get("/pushes/new", needs=SEND)
    def new_push(visit: Visit) -> ResponseReturnValue:
        choice = Choice.read(request.args)
        return _look(visit, choice) if request.args.get("look") else _form(visit, choice)

    @pages.post("/pushes/new", needs=SEND, audit="push.compose")
    def compose_push(act: Act) -> ResponseReturnValue:
        choice = Choice.read(request.form)
        try:
            push = _composed(act, choice)
        except RefusedError as err:
            return _form(act, choice, problem=str(err), status=HTTPStatus.UNPROCESSABLE_ENTITY)
        act.note(
            f"push:{push.pid}",
            after={
                "pieces": list(choice.pids),
                "delivery": push.delivery,
                "audience": push.audience,
            },
        )
        return act.done(f"{push_shown.PATH}/{push.pid}/check", "建好了。体检通过就可以定时间。")


def _composed(act: Act, choice: Choice) -> Push:
    connection = act.session.connection()
    pieces = push_choice.chosen(connection, choice.pids)
    if len(pieces) < len(choice.pids):
        raise RefusedError("选的稿件里有的已经不在了，请重新选")
    if any(piece.state != "approved" or piece.withdrawn_at is not None for piece in pieces):
        raise RefusedError("选的稿件里有的不再是已审定，请重新选")
    account = Entitlements.of(act.services.settings)
    if why := preflight_terms.refusal(account, choice.delivery, choice.audience):
        raise RefusedError(why)
    if choice.audience is AudienceKind.TAG and choice.topic not in interests.topics(
        act.services.site
    ):
        raise RefusedError("按主题群发，请选一个主题")
    return service.compose(
        act.session,
        pieces,
        delivery=choice.delivery,
        audience=choice.audience,
        topic=choice.topic,
        segment=choice.segment.as_json(),
        made_by=act.person.login,
        now=act.now,
    )


def _form(
    visit: Visit, choice: Choice, *, problem: str = "", status: int = HTTPStatus.OK
) -> ResponseReturnValue:
    """Return the first step: which pieces, by which road, to whom."""
    account = Entitlements.of(visit.services.settings)
    with visit.reads() as connection:
        pieces = push_choice.approved(connection, limit=MOST_SHOWN)
        scenes = audiences.scenes(connection)
        counted = _counted(connection, visit, choice, account)
    return visit.page(
        "publishing/console/push_new.html",
        status,
        choice=choice,
        pieces=pieces,
        counted=counted,
        roads=_roads(account),
        whom=_whom(account),
        topics=interests.topics(visit.services.site),
        scenes=scenes,
        problem=problem,
        columns=TITLES,
        kinds=KIND_NAMES,
        most=MOST_ARTICLES,
        is_clipped=len(pieces) == MOST_SHOWN,
        say=push_shown.SAY,
    )


def _look(visit: Visit, choice: Choice) -> ResponseReturnValue:
    """Return the second step: the order, the road and the number, with the button that makes it."""
    account = Entitlements.of(visit.services.settings)
    with visit.reads() as connection:
        pieces = push_choice.chosen(connection, choice.pids)
        counted = _counted(connection, visit, choice, account)
    if not pieces or len(pieces) > MOST_ARTICLES:
        told = f"一次最多 {MOST_ARTICLES} 篇" if pieces else "还没有选稿件"
        return _form(visit, choice, problem=told, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    topics = interests.topics(visit.services.site)
    return visit.page(
        "publishing/console/push_look.html",
        choice=choice,
        pieces=pieces,
        counted=counted,
        delivery=DELIVERY_NAMES[choice.delivery],
        whom=whom_said(choice.whom, topics),
        columns=TITLES,
        kinds=KIND_NAMES,
        say=push_shown.SAY,
    )


def _count(pages: Pages) -> None:
    @pages.get("/pushes/count", needs=SEND, poll=True)
    def count_audience(visit: Visit) -> ResponseReturnValue:
        """Return the form with its number, while it is being filled in."""
        return _form(visit, Choice.read(request.args))


def _counted(
    connection: Connection, visit: Visit, choice: Choice, account: Entitlements
) -> Counted | None:
    if choice.delivery is not Delivery.MASS:
        return None
    return audiences.count(connection, choice.whom, now=visit.now, account=account)


def _roads(account: Entitlements) -> list[tuple[Delivery, str, str]]:
    """Return the roads with why the account may not take one; empty: it may."""
    return [
        (
            road,
            DELIVERY_NAMES[road],
            preflight_terms.refusal(account, road, AudienceKind.ALL),
        )
        for road in Delivery
    ]


def _whom(account: Entitlements) -> list[tuple[AudienceKind, str, str]]:
    return [
        (kind, AUDIENCES[kind], preflight_terms.refusal(account, Delivery.MASS, kind))
        for kind in AudienceKind
    ]


def whom_said(whom: audiences.Audience, topics: Mapping[str, interests.Topic]) -> str:
    """Say an audience in words."""
    names = {slug: topic.name for slug, topic in topics.items()}
    match whom.kind:
        case AudienceKind.ALL:
            return AUDIENCES[AudienceKind.ALL]
        case AudienceKind.TAG:
            return f"选了“{names.get(whom.topic, whom.topic)}”的粉丝"
        case AudienceKind.LIST:
            return "，".join(_conditions(whom.segment, names)) or AUDIENCES[AudienceKind.ALL]


def _conditions(segment: audiences.Segment, names: dict[str, str]) -> Sequence[str]:
    found = []
    if segment.topics:
        chosen = "、".join(names.get(slug, slug) for slug in segment.topics)
        found.append(f"选了{chosen}里任何一个主题")
    if segment.scene:
        found.append(f"扫过带“{segment.scene}”的二维码")
    if segment.active_within_days:
        found.append(f"最近 {segment.active_within_days} 天来过")
    return found
