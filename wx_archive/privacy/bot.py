"""兴趣, 我的资料, 导出我的资料, 删除我的资料 in the chat."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from wx_archive.chat.replies import standing
from wx_archive.chat.router import Router
from wx_archive.chat.turn import Turn
from wx_archive.core.text import fold
from wx_archive.followers import consents, interests, personal_data
from wx_archive.followers import service as followers
from wx_archive.followers.interests import Topic
from wx_archive.followers.personal_data import Case, Rules
from wx_archive.privacy import desk_codes, service, texts
from wx_archive.privacy.service import AfterWithdrawal
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import Reply, TextReply

PAGE: Final = "/h5/me"
PURPOSE: Final = "me"
_KEEP: Final = frozenset(map(fold, ("取消", "退出", "算了", "保留", "不", "否")))


@dataclass(frozen=True, slots=True)
class ConfirmErasure:
    """The follower was told what erasing means, and has not said yes yet."""

    name: ClassVar[str] = "privacy.erase"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(minutes=10)


def router_for(rules: Rules, after: AfterWithdrawal) -> Router:
    """Return the handlers; only `features.py` knows every rule for personal data there is.

    Args:
        rules: for every table and store that knows a follower.
        after: what ends with a consent.
    """
    router = Router("privacy")
    router.on_command("兴趣", "我的兴趣")(list_topics)
    router.on_tap("interest", effect=True)(toggle_tapped)
    router.on_prefix("兴趣", effect=True)(toggle_named)
    router.on_command("我的资料", "撤回同意", effect=True)(about_me)
    router.on_command("导出我的资料", effect=True)(export)
    router.on_command("我的代码", effect=True)(my_code)
    router.on_command("删除我的资料", effect=True)(ask_to_erase)
    router.on_state(ConfirmErasure, effect=True)(not_erased)
    router.on_command("不删了", "不删", effect=True)(keep_everything)

    @router.on_tap("withdraw", effect=True)
    def withdraw_tapped(turn: Turn[Text]) -> Reply:
        """Withdraw the consent that a link names."""
        purpose, _dot, is_sure = turn.argument.partition(".")
        return _withdraw(turn, purpose, after, is_sure=bool(is_sure))

    @router.on_prefix("撤回同意", effect=True)
    def withdraw_named(turn: Turn[Text]) -> Reply:
        """撤回同意 NAME: withdraw the consent of this name."""
        return _withdraw(turn, _purpose(turn), after)

    @router.on_prefix(texts.SURE, effect=True)
    def withdraw_surely(turn: Turn[Text]) -> Reply:
        """确定撤回同意 NAME: the same, having read what ends with it."""
        return _withdraw(turn, _purpose(turn), after, is_sure=True)

    @router.on_command("确认删除", effect=True)
    def erase(turn: Turn[Text]) -> Reply:
        """确认删除: erase everything, in the transaction that keeps this very reply."""
        if not isinstance(turn.state, ConfirmErasure):
            return TextReply(standing(turn.site, "erase_not_asked"))
        personal_data.erase(_case(turn), rules, now=turn.now)
        turn.is_erased = True
        return TextReply(standing(turn.site, "erased"))

    return router


def list_topics(turn: Turn[Text]) -> Reply:
    """兴趣: the topics, with a mark at those that are chosen."""
    with turn.reads() as connection:
        follower_id = followers.find(connection, turn.message.header.openid)
        choices = service.choices(connection, turn.site, follower_id)
    return TextReply(texts.topic_list(standing(turn.site, "interests"), choices))


def toggle_tapped(turn: Turn[Text]) -> Reply:
    """Turn over the topic that a link names."""
    return _toggle(turn, interests.topics(turn.site).get(turn.argument))


def toggle_named(turn: Turn[Text]) -> Reply:
    """兴趣 NAME: turn over the topic of this name."""
    return _toggle(turn, interests.named(turn.site, turn.argument))


def about_me(turn: Turn[Text]) -> Reply:
    """我的资料: what is held, in plain words."""
    about = service.about(turn.session.connection(), turn.site, turn.follower_id)
    return TextReply(
        texts.about_me(
            about,
            address=_address(turn),
            is_signed=not turn.door.has_oauth,
            tail=standing(turn.site, "about_me"),
        )
    )


def export(turn: Turn[Text]) -> Reply:
    """导出我的资料: the page where it can be fetched."""
    head = standing(turn.site, "export_me")
    return TextReply(texts.page_link(head, _address(turn), is_signed=not turn.door.has_oauth))


def my_code(turn: Turn[Text]) -> Reply:
    """我的代码: what to tell at the desk, so that they know whose papers to look for."""
    told = standing(turn.site, "my_code")
    return TextReply(told.replace("{answer}", desk_codes.give(turn)))


def ask_to_erase(turn: Turn[Text]) -> Reply:
    """删除我的资料: say what that means, and wait for a yes."""
    turn.keep(ConfirmErasure())
    return TextReply(standing(turn.site, "erase_ask"))


def not_erased(turn: Turn[Any]) -> Reply | None:
    """Leave everything as it is at a no; any other words mean what they always mean."""
    return keep_everything(turn) if fold(turn.words) in _KEEP else None


def keep_everything(turn: Turn[Any]) -> Reply:
    """不删了: nothing was erased, and nothing will be without asking again."""
    if isinstance(turn.state, ConfirmErasure):
        turn.leave()
    return TextReply(standing(turn.site, "erase_dropped"))


def _case(turn: Turn[Text]) -> Case:
    return Case(
        turn.session,
        turn.store,
        turn.site,
        turn.follower_id,
        turn.message.header.openid,
        turn.follower,
        turn.door.secret,
    )


def _toggle(turn: Turn[Text], topic: Topic | None) -> Reply:
    if topic is None:
        head = standing(turn.site, "interest_unknown")
        choices = service.choices(turn.session.connection(), turn.site, turn.follower_id)
        return TextReply(texts.topic_list(head, choices))
    is_chosen = interests.toggle(turn.session, turn.follower_id, topic.slug, now=turn.now)
    choices = service.choices(turn.session.connection(), turn.site, turn.follower_id)
    tail = standing(turn.site, "interest_toggled")
    return TextReply(texts.toggled(topic, choices, is_chosen=is_chosen, tail=tail))


def _purpose(turn: Turn[Text]) -> str:
    wanted = fold(turn.argument)
    known = consents.purposes(turn.site).values()
    return next((one.slug for one in known if fold(one.name) == wanted), wanted)


def _withdraw(
    turn: Turn[Text], purpose: str, after: AfterWithdrawal, *, is_sure: bool = False
) -> Reply:
    """Withdraw a consent; where something ends with it, that is said and asked about first."""
    hanging = after.get(purpose)
    ends = hanging.told(turn.session.connection(), turn.follower_id) if hanging else ""
    if ends and not is_sure:
        name = consents.purposes(turn.site)[purpose].name
        return TextReply(texts.ask_to_withdraw(name, purpose, ends))
    done = service.withdraw_consent(
        turn.session, turn.site, turn.follower_id, purpose, after, now=turn.now
    )
    told = standing(turn.site, "consent_withdrawn" if done else "consent_none")
    return TextReply(f"{told}\n{ends}" if done and ends else told)


def _address(turn: Turn[Text]) -> str:
    connection = turn.session.connection()
    return turn.door.address(connection, turn.follower_id, PAGE, purpose=PURPOSE, now=turn.now)
