"""Publishing at WeChat: material, drafts, mass sends, what became of them, tags.

No call that sends is made a second time here, unless WeChat said that it had done nothing. What
comes back is checked field by field: an answer that is not whole is an unknown outcome. Every
method raises `PlatformError` (its class says what to do) or, for what this kind of account may
not do at all, `RefusedError`.

Source: docs/sources.md#publishing.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from wx_archive.wechat import answers
from wx_archive.wechat.account import Capability, Entitlements
from wx_archive.wechat.answers import Fields, require_done
from wx_archive.wechat.calls import Client, encoded
from wx_archive.wechat.errors import ContentError
from wx_archive.wechat.limits import Upload, limits
from wx_archive.wechat.outcomes import (
    FoundPublished,
    MassAccepted,
    MassStatus,
    Material,
    PublishOutcome,
    PublishStatus,
    Tag,
)
from wx_archive.wechat.outgoing import (
    DraftArticle,
    Images,
    MassMessage,
    MpNews,
    MpVideo,
    Receivers,
    TextMessage,
    ToAll,
    ToList,
    ToTag,
    Voice,
    mass_call,
)
from wx_archive.wechat.refusals import MEDIA_GONE, SENT_BEFORE

__all__ = [
    "DraftArticle",
    "FoundPublished",
    "Images",
    "MassAccepted",
    "MassMessage",
    "MassStatus",
    "Material",
    "MpNews",
    "MpVideo",
    "PublishOutcome",
    "PublishStatus",
    "Publishing",
    "Receivers",
    "Tag",
    "TextMessage",
    "ToAll",
    "ToList",
    "ToTag",
    "Voice",
]

_PAGE: Final = 20
_PAGES: Final = 5
"""Looked through for a published article: WeChat lists them a hundred times a day only."""


class Publishing:
    """The account's publishing side; reached as `Platform.publishing`."""

    def __init__(self, client: Client, account: Entitlements) -> None:
        self._client = client
        self._account = account
        self.app_id: str = client.appid
        """Whose numbers these are: another account's media and tags have others."""

    def followers_total(self) -> int:
        """Return how many follow the account."""
        self._account.require(Capability.USER_INFO)
        return answers.count(self._client.get("user/get"), "total", "user/get")

    def upload_body_image(self, name: str, file: BinaryIO) -> str:
        """Upload a picture for the body of articles; return its address at WeChat."""
        self._account.require(Capability.MEDIA)
        path = "media/uploadimg"
        answer = self._client.post(path, files={"media": (_plain(name), file)})
        return answers.text(answer, "url", path)

    def add_material(
        self, kind: Upload, name: str, file: BinaryIO, *, title: str = "", introduction: str = ""
    ) -> Material:
        """Have WeChat keep a file for good.

        After an unknown outcome it may lie there without anybody knowing its number: that costs a
        place in the library and nothing else, so it may be uploaded again.

        Args:
            kind: image, voice, video or thumb.
            name: its ending says what it is.
            file: sent whole, from its beginning.
            title: a film must have one.
            introduction: of a film.
        """
        self._account.require(Capability.MEDIA)
        if kind is Upload.BODY_IMAGE or (kind is Upload.VIDEO and not title):
            message = "a film needs a title; a picture of a body is no material"
            raise ValueError(message)
        path = "material/add_material"
        files: dict[str, Any] = {"media": (_plain(name), file)}
        if kind is Upload.VIDEO:
            # A field of the form: in the address, where wechatpy has it, WeChat does not see it.
            files["description"] = encoded({"title": title, "introduction": introduction})
        answer = self._client.post(path, params={"type": kind.value}, files=files)
        url = answers.text(answer, "url", path, is_optional=kind is not Upload.IMAGE)
        return Material(answers.text(answer, "media_id", path), url)

    def prepare_video(self, media_id: str, *, title: str, introduction: str = "") -> str:
        """Make a film that WeChat keeps ready for a mass send; return its media_id for that.

        Args:
            media_id: of the material.
            title: what followers read below it.
            introduction: and in smaller letters.
        """
        self._account.require(Capability.MEDIA)
        path = "media/uploadvideo"
        told = {"media_id": media_id, "title": title, "description": introduction}
        return answers.text(self._client.post(path, data=told), "media_id", path)

    def add_draft(self, articles: Sequence[DraftArticle]) -> str:
        """Put articles into the draft box as one message; return its media_id."""
        self._account.require(Capability.DRAFTS)
        path = "draft/add"
        told = {"articles": [one.as_json() for one in articles]}
        return answers.text(self._client.post(path, data=told), "media_id", path)

    def draft_exists(self, media_id: str) -> bool:
        """Tell whether a draft is still in the draft box.

        False proves that it was sent, published or deleted. True proves nothing while WeChat may
        still be working: it takes the draft out when the publication is through.
        """
        self._account.require(Capability.DRAFTS)
        path = "draft/get"
        try:
            answer = self._client.post(path, data={"media_id": media_id})
        except ContentError as err:
            if err.code == MEDIA_GONE:
                return False
            raise
        if not answers.objects(answer, "news_item", path):
            raise answers.incomplete(path)
        return True

    def publish(self, media_id: str) -> str:
        """Publish a draft without telling followers; return the publish_id.

        WeChat knows no number against doubles here: after an unknown outcome ask `draft_exists`
        and `find_published` before anything else.
        """
        self._account.require(Capability.FREE_PUBLISH)
        path = "freepublish/submit"
        answer = self._client.post(path, data={"media_id": media_id})
        require_done(answer, path)
        return answers.number(answer, "publish_id", path)

    def published(self, publish_id: str) -> PublishStatus:
        """Return what became of a publication; WeChat answers a hundred times a day."""
        self._account.require(Capability.FREE_PUBLISH)
        path = "freepublish/get"
        answer = self._client.post(path, data={"publish_id": publish_id})
        if answers.number(answer, "publish_id", path) != publish_id:
            raise answers.incomplete(path)
        number = answers.count(answer, "publish_status", path)
        outcome = answers.one_of(PublishOutcome, number, path)
        is_out = outcome is PublishOutcome.DONE
        details = answers.fields(answer, "article_detail", path) if is_out else {}
        items = answers.objects(details, "item", path)
        return PublishStatus(
            outcome,
            answers.text(answer, "article_id", path, is_optional=not is_out),
            {
                answers.count(one, "idx", path): answers.text(one, "article_url", path)
                for one in items
            },
            answers.counts(answer, "fail_idx", path),
        )

    def find_published(self, titles: Sequence[str], *, since: datetime) -> FoundPublished | None:
        """Return the newest publication of articles with these very titles, if there is one.

        Args:
            titles: in order.
            since: what was published before is another one.
        """
        self._account.require(Capability.FREE_PUBLISH)
        found = [
            one
            for page in self._published_pages(since)
            for said, one in page
            if said == list(titles) and one.updated_at >= since
        ]
        return max(found, key=lambda one: one.updated_at, default=None)

    def _published_pages(self, since: datetime) -> Iterator[list[tuple[list[str], FoundPublished]]]:
        path = "freepublish/batchget"
        for offset in range(0, _PAGE * _PAGES, _PAGE):
            told = {"offset": offset, "count": _PAGE, "no_content": 1}
            answer = self._client.post(path, data=told)
            page = [_found(one, path) for one in answers.objects(answer, "item", path)]
            yield page
            is_last = answers.count(answer, "total_count", path) <= offset + _PAGE
            if is_last or all(one.updated_at < since for _titles, one in page):
                return

    def mass_send(
        self,
        message: MassMessage,
        to: Receivers,
        *,
        client_msg_id: str,
        stops_at_reprint: bool = True,
    ) -> MassAccepted:
        """Send to all, to a tag or to a list; WeChat works on it after it has answered.

        After an unknown outcome the same call may be made again for 24 hours, a minute later at
        the earliest: WeChat knows the number and answers with the msg_id of the first.

        Args:
            message: what.
            to: whom.
            client_msg_id: the same for each try of the same send.
            stops_at_reprint: an article that is another account's original is not sent.
        """
        by_list = isinstance(to, ToList)
        self._account.require(
            Capability.MASS_SEND_BY_LIST if by_list else Capability.MASS_SEND_BY_TAG
        )
        path = "message/mass/send" if by_list else "message/mass/sendall"
        told = mass_call(
            message, to, client_msg_id=client_msg_id, stops_at_reprint=stops_at_reprint
        )
        answer = self._client.post(path, data=told)
        was_sent_before = answer.get("errcode") == SENT_BEFORE
        if not was_sent_before:
            require_done(answer, path)
        return MassAccepted(
            answers.number(answer, "msg_id", path),
            answers.number(answer, "msg_data_id", path, is_optional=True),
            was_sent_before,
        )

    def mass_status(self, msg_id: str) -> MassStatus:
        """Return what became of a mass send."""
        self._account.require(Capability.MASS_SEND_BY_TAG)
        path = "message/mass/get"
        answer = self._client.post(path, data={"msg_id": msg_id})
        if answers.number(answer, "msg_id", path) != msg_id:
            raise answers.incomplete(path)
        return answers.one_of(MassStatus, answers.text(answer, "msg_status", path), path)

    def preview(self, message: MassMessage, openid: str) -> None:
        """Show a message on one follower's phone; the draft stays."""
        self._account.require(Capability.MASS_SEND_BY_TAG)
        path = "message/mass/preview"
        require_done(self._client.post(path, data={"touser": openid, **message.as_json()}), path)

    def mass_delete(self, msg_id: str, article_idx: int = 0) -> None:
        """Delete what was sent, or one article of it; followers keep the card, not the page.

        Args:
            msg_id: of articles or a film: WeChat deletes nothing else.
            article_idx: the first is 1; 0 deletes all.
        """
        self._account.require(Capability.MASS_SEND_BY_TAG)
        path = "message/mass/delete"
        told = {"msg_id": int(msg_id), "article_idx": article_idx}
        require_done(self._client.post(path, data=told), path)

    def tags(self) -> tuple[Tag, ...]:
        """List the account's tags."""
        self._account.require(Capability.USER_TAGS)
        path = "tags/get"
        answer = self._client.get(path)
        if "tags" not in answer:
            raise answers.incomplete(path)
        return tuple(
            Tag(
                answers.count(one, "id", path),
                answers.text(one, "name", path),
                answers.count(one, "count", path),
            )
            for one in answers.objects(answer, "tags", path)
        )

    def create_tag(self, name: str) -> Tag:
        """Make a tag; after an unknown outcome look for its name in `tags`."""
        self._account.require(Capability.USER_TAGS)
        path = "tags/create"
        made = answers.fields(self._client.post(path, data={"tag": {"name": name}}), "tag", path)
        return Tag(answers.count(made, "id", path), answers.text(made, "name", path), 0)

    def tag(self, tag_id: int, openids: Sequence[str]) -> None:
        """Give followers a tag, all or none of them; done twice it is the same as once."""
        self._mark("tags/members/batchtagging", tag_id, openids)

    def untag(self, tag_id: int, openids: Sequence[str]) -> None:
        """Take a tag from followers; done twice it is the same as once."""
        self._mark("tags/members/batchuntagging", tag_id, openids)

    def _mark(self, path: str, tag_id: int, openids: Sequence[str]) -> None:
        self._account.require(Capability.USER_TAGS)
        if not 0 < len(openids) <= limits().user_tags.openids_per_call:
            message = f"{len(openids)} openids in one call"
            raise ValueError(message)
        told = {"openid_list": list(openids), "tagid": tag_id}
        require_done(self._client.post(path, data=told), path)

    def tagged(self, tag_id: int) -> Iterator[Sequence[str]]:
        """Yield the openids that have a tag, as WeChat pages them."""
        self._account.require(Capability.USER_TAGS)
        path, after = "user/tag/get", ""
        while True:
            answer = self._client.post(path, data={"tagid": tag_id, "next_openid": after})
            if not answers.count(answer, "count", path):
                return
            yield answers.texts(answers.fields(answer, "data", path), "openid", path)
            following = answers.text(answer, "next_openid", path, is_optional=True)
            if following in ("", after):
                return
            after = following


def _plain(name: str) -> str:
    """Return a name that WeChat's form reader understands: of others it finds no file."""
    ending = PurePath(name).suffix.lower()
    return f"media{ending}" if ending.isascii() and ending[1:].isalnum() else "media"


def _found(item: Fields, path: str) -> tuple[list[str], FoundPublished]:
    parts = answers.objects(answers.fields(item, "content", path), "news_item", path)
    found = FoundPublished(
        answers.text(item, "article_id", path),
        tuple(answers.text(one, "url", path, is_optional=True) for one in parts),
        datetime.fromtimestamp(answers.count(item, "update_time", path), tz=UTC),
    )
    return [answers.text(one, "title", path, is_optional=True) for one in parts], found
