"""上传, photos and what is told of them; 完成, 取消."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from wx_archive.chat.replies import standing
from wx_archive.chat.turn import Turn
from wx_archive.core import jobs
from wx_archive.core.errors import RefusedError
from wx_archive.core.text import fold
from wx_archive.followers import consents
from wx_archive.followers import service as followers
from wx_archive.treasures import queries, removal, rules, texts, uploads
from wx_archive.treasures.files import Incoming, TooManyFilesError
from wx_archive.treasures.pages import PAGE
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.routing import router
from wx_archive.treasures.rules import Channel, FileKind
from wx_archive.treasures.steps import locked
from wx_archive.treasures.turns import address, doing, signs
from wx_archive.treasures.uploads import PURPOSE, SUMMARY, NothingSentError, TooManyOpenError
from wx_archive.wechat.inbound import File, Image, MenuClick, MenuPictures, Text, Video, Voice
from wx_archive.wechat.replies import NoReply, Reply, TextReply

_DONE: Final = frozenset({"完成", "好了", "发完了", "发好了", "交", "提交", "完了", "就这些"})
_DROP: Final = frozenset({"取消", "不发了", "不交了", "算了"})
_LEAVE: Final = frozenset({"退出", "返回", "先放着", "等会儿再发"})


@dataclass(frozen=True)
class Sending:
    """Photos belong together, and words are their story.

    Attributes:
        version_shown: of the consent's text that 完成 means yes to; 0 if none was shown.
        is_full: that no more files are taken has been said.
    """

    version_shown: int
    is_full: bool = False

    name: ClassVar[str] = "treasures.sending"
    version: ClassVar[int] = 1
    lasts: ClassVar[timedelta] = timedelta(hours=2)


@router.on_click("treasures.start", effect=True)
def tapped(turn: Turn[MenuClick]) -> Reply:
    """珍档上传: what to send, and how."""
    return _start(turn)


@router.on_command("上传", "珍档上传", "传照片", "我要上传", texts.MORE, effect=True)
def start(turn: Turn[Text]) -> Reply:
    """上传: the same."""
    return _start(turn)


@router.on_kind(Image, effect=True)
def photo(turn: Turn[Image]) -> Reply:
    """A photo, announced or not."""
    return _take(turn, FileKind.IMAGE, turn.message.media_id)


@router.on_kind(Video, effect=True)
def film(turn: Turn[Video]) -> Reply:
    """A film, announced or not."""
    return _take(turn, FileKind.VIDEO, turn.message.media_id)


@router.on_kind(Voice, effect=True)
def spoken(turn: Turn[Voice]) -> Reply:
    """What was said and not understood: kept as it was said while something is being sent."""
    if isinstance(turn.state, Sending):
        return _take(turn, FileKind.AUDIO, turn.message.media_id)
    return TextReply(standing(turn.site, "voice_without_words"))


@router.on_kind(File, effect=True)
def document(turn: Turn[File]) -> Reply:
    """A file: WeChat hands none over, so its sender is shown the page that takes it."""
    return TextReply(texts.file_by_page(address(turn, f"{PAGE}/new"), is_signed=signs(turn)))


@router.on_kind(MenuPictures)
def chosen(_turn: Turn[MenuPictures]) -> Reply:
    """Pictures were chosen from the menu; each comes as a message of its own."""
    return NoReply()


@router.on_command("完成", effect=True)
def finish(turn: Turn[Text]) -> Reply | None:
    """完成: hand in what was sent, however long ago it was begun."""
    return _whatever_is_begun(turn, _finish, f"{texts.NOTHING_SENT}。")


@router.on_command("取消", effect=True)
def drop(turn: Turn[Text]) -> Reply | None:
    """取消: forget what was sent and not handed in."""
    dropped = _whatever_is_begun(turn, _drop, texts.dropped(0))
    if isinstance(turn.state, Sending):
        turn.leave()
    return dropped


@router.on_command(texts.TERMS)
def terms(turn: Turn[Text]) -> Reply:
    """上传须知: what is done with what one sends."""
    return TextReply(texts.terms(consents.current_text(turn.site, PURPOSE).text))


@router.on_command(texts.AGREE, effect=True)
def agree(turn: Turn[Text]) -> Reply:
    """Agree to the text that counts now, and hand in."""
    begun = _begun(turn)
    if begun is None:
        return TextReply(standing(turn.site, "nothing_running"))
    return _hand_in(turn, begun)


@router.on_state(Sending, effect=True)
def words(turn: Turn[Any]) -> Reply | None:
    """Take words for the story; a word that ends the sending ends it."""
    said = fold(turn.words).rstrip("。.!！~ ")
    begun = _begun(turn)
    if said in _LEAVE:
        turn.leave()
        return TextReply(texts.left(begun))
    if said in _DONE:
        return _finish(turn, begun) if begun else TextReply(f"{texts.NOTHING_SENT}。")
    if said in _DROP:
        return _drop(turn, begun)
    return _tell(turn)


def _start(turn: Turn[Any]) -> Reply:
    begun = _begun(turn)
    if not turn.door.has_media:
        return _only_by_page(turn)
    if begun is None and uploads.has_enough(turn.session, turn.follower_id):
        return TextReply(texts.full(texts.TOO_MANY_OPEN, is_begun=False))
    version = consents.current_text(turn.site, PURPOSE).version
    turn.keep(Sending(version))
    page = address(turn, f"{PAGE}/{begun.pid}/photos" if begun else f"{PAGE}/new")
    count = _count(turn, begun) if begun else 0
    return TextReply(texts.invitation(count, page, is_signed=signs(turn)))


def _only_by_page(turn: Turn[Any]) -> Reply:
    """Lead to the page: WeChat does not hand this account what its followers send."""
    turn.keep(Sending(0, is_full=True))
    return TextReply(texts.only_by_page(address(turn, f"{PAGE}/new"), is_signed=signs(turn)))


def _take(turn: Turn[Any], kind: FileKind, media_id: str) -> Reply:
    """Announce a file; the first of a batch is answered, the others are told of together."""
    by = doing(turn)
    followers.hold(turn.session, turn.follower_id)
    state = turn.state if isinstance(turn.state, Sending) else None
    if not turn.door.has_media:
        return NoReply() if state and state.is_full else _only_by_page(turn)
    version = consents.current_text(turn.site, PURPOSE).version
    sent_at = datetime.fromtimestamp(turn.message.header.created_at, UTC)
    incoming = Incoming(
        kind, Channel.CHAT, media_id=media_id, media_until=sent_at + rules.MEDIA_LASTS
    )
    try:
        treasure = uploads.draft(turn.session, turn.follower_id, Channel.CHAT, by)
        taken = uploads.take(turn.session, treasure, incoming, by)
    except (TooManyFilesError, TooManyOpenError) as err:
        turn.keep(Sending(version, is_full=True))
        is_file = isinstance(err, TooManyFilesError)
        told = TextReply(texts.full(str(err), is_begun=is_file))
        return NoReply() if state and state.is_full else told
    turn.keep(Sending(version))
    if not taken.is_first:
        return NoReply()
    jobs.enqueue(
        turn.session,
        SUMMARY,
        {"treasure": treasure.id, "from": treasure.batch_from},
        key=f"{SUMMARY}:{treasure.pid}:{treasure.batch_from}",
        now=turn.now,
        due=turn.now + rules.SETTLED,
        follower_id=turn.follower_id,
    )
    return TextReply(texts.received(kind, is_more=treasure.batch_from > 1))


def _tell(turn: Turn[Any]) -> Reply:
    """Take words for the story, even before the first photo has come."""
    by = doing(turn)
    followers.hold(turn.session, turn.follower_id)
    try:
        treasure = uploads.draft(turn.session, turn.follower_id, Channel.CHAT, by)
        uploads.tell(turn.session, treasure, turn.words, by)
    except RefusedError as err:
        return TextReply(texts.not_told(str(err)))
    if isinstance(turn.message, Voice):
        incoming = Incoming(
            FileKind.AUDIO,
            Channel.CHAT,
            media_id=turn.message.media_id,
            media_until=turn.now + rules.MEDIA_LASTS,
        )
        with suppress(TooManyFilesError):  # then the words alone are kept
            uploads.take(turn.session, treasure, incoming, by)
    turn.keep(turn.state or Sending(0))
    return TextReply(texts.noted(turn.words))


def _whatever_is_begun(
    turn: Turn[Any], do: Callable[[Turn[Any], Upload], Reply], otherwise: str
) -> Reply | None:
    """Do it to the upload that is begun; in another conversation the words are not meant for it.

    Args:
        turn: whose.
        do: what is to be done.
        otherwise: what is said to who was invited and has sent nothing.
    """
    if turn.state is not None and not isinstance(turn.state, Sending):
        return None
    begun = _begun(turn)
    if begun is not None:
        return do(turn, begun)
    return TextReply(otherwise if turn.state else standing(turn.site, "nothing_running"))


def _finish(turn: Turn[Any], begun: Upload) -> Reply:
    """Hand in; 完成 is a yes to the text that was shown, if that still counts."""
    consent = consents.current_text(turn.site, PURPOSE)
    if not _count(turn, begun):  # before a yes is asked for to what nobody has
        return _nothing_sent(turn, begun)
    shown = turn.state.version_shown if isinstance(turn.state, Sending) else 0
    given = consents.has_given(turn.session, turn.site, turn.follower_id, PURPOSE)
    if shown != consent.version and not given:
        turn.keep(Sending(0))
        return TextReply(texts.ask_consent(consent.text))
    return _hand_in(turn, begun)


def _hand_in(turn: Turn[Any], begun: Upload) -> Reply:
    by, version = doing(turn), consents.current_text(turn.site, PURPOSE).version
    treasure = locked(turn.session, begun.id)
    try:
        handed = uploads.finish(turn.session, treasure, by, consent_version=version)
    except NothingSentError:
        return _nothing_sent(turn, begun)
    consents.give(turn.session, turn.follower_id, PURPOSE, version=version, now=turn.now)
    turn.leave()
    every = queries.files(turn.session.connection(), handed.id)
    page = address(turn, f"{PAGE}/{handed.pid}/story")
    return TextReply(texts.handed_in(handed, every, page, is_signed=signs(turn)))


def _nothing_sent(turn: Turn[Any], begun: Upload) -> Reply:
    """Say that there is nothing to look at, and why if something was sent."""
    turn.keep(turn.state if isinstance(turn.state, Sending) else Sending(0))
    every = queries.files(turn.session.connection(), begun.id)
    page = address(turn, f"{PAGE}/{begun.pid}/photos")
    return TextReply(texts.nothing_sent(every, page, is_signed=signs(turn)))


def _drop(turn: Turn[Any], begun: Upload | None) -> Reply:
    if begun is None:
        turn.leave()
        return TextReply(texts.dropped(0))
    count = _count(turn, begun)
    keys = uploads.drop(turn.session, locked(turn.session, begun.id), doing(turn))
    removal.later(turn.session, keys, now=turn.now)
    turn.leave()
    return TextReply(texts.dropped(count))


def _begun(turn: Turn[Any]) -> Upload | None:
    return queries.draft_of(turn.session.connection(), turn.follower_id)


def _count(turn: Turn[Any], begun: Upload) -> int:
    every = queries.files(turn.session.connection(), begun.id)
    return sum(file.state in rules.STANDING for file in every)
