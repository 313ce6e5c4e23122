"""领取 in the chat: ten cards become a voucher; several facsimiles are chosen from."""

from typing import Any, Final

from wx_archive.chat.turn import Turn
from wx_archive.core.text import fold
from wx_archive.quiz import codes, seasons, voucher_texts, vouchers
from wx_archive.quiz.routing import router
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.voucher_texts import Way
from wx_archive.quiz.vouchers import Choice, Closed, Issued, Missing, NoneLeft, Offer
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import Reply, TextReply

PAGE: Final = "/h5/cards#voucher"
PURPOSE: Final = "me"
"""One session opens all pages of one's own."""
_COMMANDS: Final = ("领取", "领奖", "领卡")
_NONE_OF_THEM: Final = 0
"""No facsimile: somebody chose one that is not there, and is not given another one for it."""
_DIGITS: Final = 9


@router.on_command(*_COMMANDS, effect=True)
def pick_up(turn: Turn[Text]) -> Reply:
    """领取: the voucher, or what is missing for one."""
    return _claim(turn, None)


@router.on_prefix(*_COMMANDS, effect=True)
def pick_up_one(turn: Turn[Text]) -> Reply | None:
    """领取 2: the voucher for the second of the list; other words are looked up."""
    typed = fold(turn.argument)
    if not (typed.isascii() and typed.isdecimal()):
        return None
    place = int(typed[:_DIGITS])
    chosen = dict(_listed(turn)).get(place)
    if chosen is None:
        return _claim(turn, _NONE_OF_THEM, no_place=place)
    return _claim(turn, chosen.facsimile_id)


@router.on_tap(voucher_texts.TAP, effect=True)
def pick_up_tapped(turn: Turn[Text]) -> Reply:
    """Give the voucher for the facsimile whose link was tapped, however old it is."""
    chosen = [one for _place, one in _listed(turn) if one.pid == turn.argument]
    return _claim(turn, chosen[0].facsimile_id if chosen else _NONE_OF_THEM)


def _listed(turn: Turn[Any]) -> list[tuple[int, Offer]]:
    """Return the facsimiles with their places, which stay as others run out."""
    return list(enumerate(vouchers.offered(turn.session.connection()), 1))


def _claim(turn: Turn[Any], facsimile_id: int | None, *, no_place: int | None = None) -> Reply:
    known = seasons.read(turn.session.connection())
    outcome = vouchers.claim(turn.session, turn.follower_id, known, facsimile_id, now=turn.now)
    profile = turn.site.profile
    match outcome:
        case Issued():
            return TextReply(_issued(turn, outcome))
        case Missing():
            told = (outcome.season, outcome.cards, outcome.towards_next)
            return TextReply(voucher_texts.missing(*told, is_on=outcome.is_on))
        case Choice():
            free = {one.facsimile_id for one in outcome.offers}
            offers = [(place, one) for place, one in _listed(turn) if one.facsimile_id in free]
            return TextReply(
                voucher_texts.choose(
                    offers,
                    is_gone=outcome.is_gone,
                    no_place=no_place,
                    replaces=outcome.replaces,
                )
            )
        case NoneLeft():
            replaces = outcome.replaces
            return TextReply(voucher_texts.none_left(outcome.season, profile, replaces=replaces))
        case Closed():
            return TextReply(voucher_texts.closed(outcome.season, profile))


def _issued(turn: Turn[Any], outcome: Issued) -> str:
    shown, profile = outcome.voucher, turn.site.profile
    if shown.state is VoucherState.REDEEMED:
        return voucher_texts.redeemed_before(shown, profile)
    connection = turn.session.connection()
    address = turn.door.address(connection, turn.follower_id, PAGE, purpose=PURPOSE, now=turn.now)
    check = codes.desk_check(shown.code, turn.door.secret)
    way = Way(address, check, is_signed=not turn.door.has_oauth)
    if not outcome.is_new:
        return voucher_texts.issued_before(shown, profile, way)
    return voucher_texts.issued(shown, outcome.replaces, profile, way)
