"""Publishing at WeChat: what is asked, what is made of the answers, what is never done twice."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.wechat.deliveries import settings_for
from tests.wechat.fake_platform import (
    NOON,
    OK,
    TOKEN_KEY,
    Answer,
    Reply,
    Scripted,
    a_token,
    platform_of,
    refused,
    serving,
)
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.store import Store
from wx_archive.wechat.errors import (
    BusyError,
    ContentError,
    FollowerError,
    ForbiddenError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
    UnknownOutcomeError,
)
from wx_archive.wechat.limits import Upload, limits
from wx_archive.wechat.publishing import (
    DraftArticle,
    Images,
    MassAccepted,
    MassMessage,
    MassStatus,
    Material,
    MpNews,
    MpVideo,
    Publishing,
    PublishOutcome,
    Receivers,
    Tag,
    TextMessage,
    ToAll,
    ToList,
    ToTag,
    Voice,
)

ARTICLE = DraftArticle(
    title="馆藏里的十堰",
    content="<p>第一页</p>",
    cover="COVER",
    author="档案馆",
    digest="一九六九年的那列火车",
    source_url="https://archive.example.org/h5/articles/a1",
)
NEWS = MpNews("DRAFT-1")
PEOPLE = ToList(("oOne", "oTwo"))
NUMBER = "c" * 32
TAKEN = {"errcode": 0, "errmsg": "ok", "msg_id": 34182, "msg_data_id": 206227730}


def said(**fields: Any) -> Reply:
    return 200, json.dumps(fields)


@contextmanager
def answering(
    store: Store, *answers: Answer, **settings: Any
) -> Iterator[tuple[Publishing, Scripted]]:
    """The publishing side of an account that has a token already; WeChat answers as told."""
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    script = Scripted(*answers)
    with (
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url, **settings), store) as platform,
    ):
        yield platform.publishing, script


def send(publishing: Publishing, to: Receivers | None = None) -> MassAccepted:
    return publishing.mass_send(NEWS, to or ToAll(), client_msg_id=NUMBER)


EVERY_CALL: dict[str, tuple[Callable[[Publishing], object], Reply]] = {
    "/cgi-bin/media/uploadimg": (
        lambda one: one.upload_body_image("a.jpg", io.BytesIO(b"x")),
        said(url="http://mmbiz.qpic.cn/a"),
    ),
    "/cgi-bin/material/add_material": (
        lambda one: one.add_material(Upload.IMAGE, "a.jpg", io.BytesIO(b"x")),
        said(media_id="M1", url="http://mmbiz.qpic.cn/a"),
    ),
    "/cgi-bin/media/uploadvideo": (
        lambda one: one.prepare_video("M1", title="片名"),
        said(type="video", media_id="M2", created_at=1),
    ),
    "/cgi-bin/draft/add": (lambda one: one.add_draft([ARTICLE]), said(media_id="D1", item=[])),
    "/cgi-bin/draft/get": (lambda one: one.draft_exists("D1"), said(news_item=[{"title": "甲"}])),
    "/cgi-bin/freepublish/submit": (
        lambda one: one.publish("D1"),
        said(errcode=0, errmsg="ok", publish_id="100000001", msg_data_id=""),
    ),
    "/cgi-bin/freepublish/get": (
        lambda one: one.published("7"),
        said(publish_id="7", publish_status=1, article_detail={}, fail_idx=[]),
    ),
    "/cgi-bin/freepublish/batchget": (
        lambda one: one.find_published(["甲"], since=NOON),
        said(total_count=0, item_count=0, item=[]),
    ),
    "/cgi-bin/message/mass/sendall": (send, said(**TAKEN)),
    "/cgi-bin/message/mass/send": (lambda one: send(one, PEOPLE), said(**TAKEN)),
    "/cgi-bin/message/mass/get": (
        lambda one: one.mass_status("34182"),
        said(msg_id=34182, msg_status="SENDING"),
    ),
    "/cgi-bin/message/mass/preview": (
        lambda one: one.preview(NEWS, "oStaff"),
        said(errcode=0, errmsg="preview success", msg_id=34183),
    ),
    "/cgi-bin/message/mass/delete": (lambda one: one.mass_delete("34182"), OK),
    "/cgi-bin/tags/get": (
        lambda one: one.tags(),
        said(tags=[{"id": 100, "name": "兴趣·城市", "count": 0}]),
    ),
    "/cgi-bin/tags/create": (
        lambda one: one.create_tag("兴趣·城市"),
        said(tag={"id": 100, "name": "兴趣·城市"}),
    ),
    "/cgi-bin/tags/members/batchtagging": (lambda one: one.tag(100, ["oOne"]), OK),
    "/cgi-bin/tags/members/batchuntagging": (lambda one: one.untag(100, ["oOne"]), OK),
    "/cgi-bin/user/tag/get": (
        lambda one: list(one.tagged(100)),
        said(count=1, data={"openid": ["oOne"]}, next_openid=""),
    ),
}
SENDING = (
    "/cgi-bin/message/mass/sendall",
    "/cgi-bin/message/mass/send",
    "/cgi-bin/message/mass/preview",
    "/cgi-bin/freepublish/submit",
    "/cgi-bin/message/mass/delete",
)
ONCE = (*SENDING, "/cgi-bin/draft/add", "/cgi-bin/material/add_material", "/cgi-bin/tags/create")


def dropped(request: Request) -> Response:
    """Hang up after the call had its effect."""
    request.environ["werkzeug.socket"].close()
    return Response(status=500)


def bent(answer: Reply) -> Reply:
    """Give every value of an answer another type."""
    fields = json.loads(answer[1])
    other = {
        name: "七" if isinstance(value, int) else 7 if isinstance(value, str) else "无"
        for name, value in fields.items()
        if name not in ("errcode", "errmsg")
    }
    return said(**({"errcode": False} if "errcode" in fields else {}), **other)


@pytest.mark.parametrize("path", EVERY_CALL)
def test_every_call_goes_where_it_should_and_its_answer_is_understood(
    path: str, store: Store
) -> None:
    act, answer = EVERY_CALL[path]
    with answering(store, answer) as (publishing, script):
        act(publishing)
    assert script.paths == [path]
    assert script.asked[0].token == "TOKEN-1"


@pytest.mark.parametrize("path", EVERY_CALL)
def test_an_answer_that_is_not_whole_is_an_unknown_outcome(path: str, store: Store) -> None:
    act, good = EVERY_CALL[path]
    for answer in [
        (200, "{}"),
        (200, "<html>welcome</html>"),
        (200, good[1][: len(good[1]) // 2]),
        (200, "[]"),
        bent(good),
    ]:
        with answering(store, answer) as (publishing, script):
            with pytest.raises(UnknownOutcomeError) as caught:
                act(publishing)
            assert caught.value.path == path
            assert len(script.asked) == 1


@pytest.mark.parametrize("path", ONCE)
def test_what_may_have_had_its_effect_is_not_done_again(path: str, store: Store) -> None:
    act, answer = EVERY_CALL[path]
    failures: list[Answer] = [(502, "<html>"), (500, answer[1]), dropped]
    for broken in failures:
        with answering(store, broken, answer, answer) as (publishing, script):
            with pytest.raises(UnknownOutcomeError):
                act(publishing)
            assert script.paths == [path]


@pytest.mark.parametrize(
    "path", sorted(EVERY_CALL.keys() - set(ONCE) - {"/cgi-bin/media/uploadvideo"})
)
def test_what_twice_is_as_good_as_once_is_asked_again_after_a_broken_server(
    path: str, store: Store
) -> None:
    act, answer = EVERY_CALL[path]
    with answering(store, (502, "<html>"), answer) as (publishing, script):
        act(publishing)
    assert script.paths == [path, path]


@pytest.mark.parametrize("path", SENDING)
def test_wechat_that_is_busy_has_done_nothing_and_is_asked_again(path: str, store: Store) -> None:
    act, answer = EVERY_CALL[path]
    with answering(store, refused(-1), answer) as (publishing, script):
        act(publishing)
    assert script.paths == [path, path]
    assert script.asked[0].body == script.asked[1].body


def test_a_send_after_a_refused_token_is_the_same_send(store: Store) -> None:
    with answering(store, refused(40001), a_token("TOKEN-2"), said(**TAKEN)) as (
        publishing,
        script,
    ):
        assert send(publishing).msg_id == "34182"
    first, _token, second = script.asked
    assert first.body == second.body
    assert second.token == "TOKEN-2"


def test_a_token_that_stays_refused_ends_the_send(store: Store) -> None:
    answers = [refused(40001), a_token("TOKEN-2"), refused(40001)]
    with answering(store, *answers, said(**TAKEN)) as (publishing, script):
        with pytest.raises(TokenRefusedError):
            send(publishing)
        assert len(script.asked) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (45066, BusyError),
        (45028, QuotaError),
        (45009, QuotaError),
        (45067, ContentError),
        (45003, ContentError),
        (45110, ContentError),
        (40007, ContentError),
        (40130, ContentError),
        (53503, ContentError),
        (53504, ContentError),
        (53505, ContentError),
        (45157, ContentError),
        (48001, ForbiddenError),
        (48003, ForbiddenError),
        (48004, ForbiddenError),
        (49003, FollowerError),
        (45059, FollowerError),
        (99999, PlatformError),
    ],
)
def test_a_refused_send_says_by_its_class_what_to_do(
    code: int, kind: type[PlatformError], store: Store
) -> None:
    with answering(store, refused(code), said(**TAKEN)) as (publishing, script):
        with pytest.raises(PlatformError) as caught:
            send(publishing)
        assert len(script.asked) == 1
    assert type(caught.value) is kind
    assert caught.value.code == code


def test_a_number_that_was_sent_before_is_the_first_sends_success(store: Store) -> None:
    known = said(errcode=45065, errmsg="clientmsgid exist", msg_id=3147494441)
    with answering(store, known) as (publishing, _script):
        assert send(publishing) == MassAccepted("3147494441", "", was_sent_before=True)


@pytest.mark.parametrize(
    "fields", [{}, {"msg_id": None}, {"msg_id": "x"}, {"msg_id": 0}, {"msg_id": True}]
)
def test_without_the_first_sends_msg_id_nobody_knows(fields: dict[str, Any], store: Store) -> None:
    known = said(errcode=45065, errmsg="clientmsgid exist", **fields)
    with answering(store, known) as (publishing, _script), pytest.raises(UnknownOutcomeError):
        send(publishing)


def test_numbers_come_in_quotes_or_without(store: Store) -> None:
    quoted = said(errcode=0, msg_id="34182", msg_data_id="206227730")
    bare = said(errcode=0, publish_id=100000001)
    with answering(store, quoted, bare) as (publishing, _script):
        assert send(publishing) == MassAccepted("34182", "206227730")
        assert publishing.publish("D1") == "100000001"


def test_a_message_without_articles_has_no_data_id(store: Store) -> None:
    with answering(store, said(errcode=0, msg_id=5)) as (publishing, _script):
        assert send(publishing) == MassAccepted("5", "")


MESSAGES: list[tuple[MassMessage, dict[str, Any]]] = [
    (NEWS, {"msgtype": "mpnews", "mpnews": {"media_id": "DRAFT-1"}, "send_ignore_reprint": 0}),
    (TextMessage("闭馆通知"), {"msgtype": "text", "text": {"content": "闭馆通知"}}),
    (
        Images(("A", "B"), "老照片"),
        {"msgtype": "image", "images": {"media_ids": ["A", "B"], "recommend": "老照片"}},
    ),
    (Images(("A",)), {"msgtype": "image", "images": {"media_ids": ["A"]}}),
    (Voice("V"), {"msgtype": "voice", "voice": {"media_id": "V"}}),
    (MpVideo("F"), {"msgtype": "mpvideo", "mpvideo": {"media_id": "F"}}),
]


@pytest.mark.parametrize(("message", "part"), MESSAGES)
def test_every_kind_of_message_has_its_shape(
    message: MassMessage, part: dict[str, Any], store: Store
) -> None:
    with answering(store, said(**TAKEN), OK) as (publishing, script):
        publishing.mass_send(message, ToAll(), client_msg_id=NUMBER)
        publishing.preview(message, "oStaff")
    shown = {name: value for name, value in part.items() if name != "send_ignore_reprint"}
    assert script.asked[0].json == {**part, "filter": {"is_to_all": True}, "clientmsgid": NUMBER}
    assert script.asked[1].json == {**shown, "touser": "oStaff"}


def test_every_audience_has_its_shape_and_a_reprint_may_be_wanted(store: Store) -> None:
    with answering(store, said(**TAKEN), said(**TAKEN)) as (publishing, script):
        publishing.mass_send(NEWS, ToTag(134), client_msg_id=NUMBER, stops_at_reprint=False)
        send(publishing, PEOPLE)
    tagged, listed = script.asked
    assert tagged.json["filter"] == {"is_to_all": False, "tag_id": 134}
    assert tagged.json["send_ignore_reprint"] == 1
    assert listed.json["touser"] == ["oOne", "oTwo"]
    assert "filter" not in listed.json


@pytest.mark.parametrize("people", [0, 1, 10_001])
def test_a_list_that_wechat_would_refuse_is_not_made(people: int) -> None:
    with pytest.raises(RefusedError, match=f"2 到 10000 人，这一次有 {people} 人"):
        ToList(("oX",) * people)


@pytest.mark.parametrize("number", ["", "x" * 65, "号" * 22])
def test_a_number_that_wechat_would_refuse_is_a_mistake_of_ours(number: str, store: Store) -> None:
    with answering(store) as (publishing, script):
        with pytest.raises(ValueError, match="1 to 64 bytes"):
            publishing.mass_send(NEWS, ToAll(), client_msg_id=number)
        assert not script.asked


def test_a_draft_is_told_in_hanzi_and_not_in_escapes(store: Store) -> None:
    with answering(store, said(media_id="D1")) as (publishing, script):
        assert publishing.add_draft([ARTICLE]) == "D1"
    body = script.asked[0].body
    assert "馆藏里的十堰".encode() in body
    assert b"\\u" not in body
    assert script.asked[0].json == {
        "articles": [
            {
                "article_type": "news",
                "title": "馆藏里的十堰",
                "content": "<p>第一页</p>",
                "thumb_media_id": "COVER",
                "author": "档案馆",
                "digest": "一九六九年的那列火车",
                "content_source_url": "https://archive.example.org/h5/articles/a1",
                "need_open_comment": 0,
                "only_fans_can_comment": 0,
            }
        ]
    }


def test_a_picture_set_is_a_draft_of_its_own_kind(store: Store) -> None:
    pictures = DraftArticle(title="老照片", content="一九七〇年代", pictures=("P1", "P2"))
    with answering(store, said(media_id="D1")) as (publishing, script):
        publishing.add_draft([pictures])
    [told] = script.asked[0].json["articles"]
    assert told["article_type"] == "newspic"
    listed = [{"image_media_id": "P1"}, {"image_media_id": "P2"}]
    assert told["image_info"] == {"image_list": listed}
    assert "thumb_media_id" not in told


def form_of(request: Request) -> dict[str, Any]:
    return {
        "fields": request.form.to_dict(),
        "files": {name: (one.filename, one.read()) for name, one in request.files.items()},
        "query": {name: value for name, value in request.args.items() if name != "access_token"},
    }


@contextmanager
def uploading(store: Store, *answers: Reply) -> Iterator[tuple[Publishing, list[dict[str, Any]]]]:
    """A publishing side whose uploads are taken apart."""
    forms: list[dict[str, Any]] = []
    left = list(answers)

    def take(request: Request) -> Response:
        forms.append(form_of(request))
        status, body = left.pop(0)
        return Response(body, status=status)

    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    with (
        serving(take) as url,
        platform_of(settings_for(wechat_api_url=url), store) as platform,
    ):
        yield platform.publishing, forms


def test_a_films_words_are_a_field_of_the_form_and_not_of_the_address(store: Store) -> None:
    with uploading(store, said(media_id="F1")) as (publishing, forms):
        film = publishing.add_material(
            Upload.VIDEO, "一九六九.MP4", io.BytesIO(b"film"), title="开城", introduction="二汽"
        )
    assert film == Material("F1", "")
    [form] = forms
    assert form["query"] == {"type": "video"}
    assert form["files"] == {"media": ("media.mp4", b"film")}
    assert json.loads(form["fields"]["description"]) == {"title": "开城", "introduction": "二汽"}
    assert "开城" in form["fields"]["description"]


def test_an_upload_is_sent_whole_at_each_try(store: Store) -> None:
    file = io.BytesIO(b"picture")
    file.seek(4)
    picture = said(media_id="P1", url="http://mmbiz.qpic.cn/a")
    with uploading(store, refused(-1), (502, ""), said(url="http://a"), picture) as (
        publishing,
        forms,
    ):
        assert publishing.upload_body_image("图.png", file) == "http://a"
        assert publishing.add_material(Upload.IMAGE, "图.png", file).media_id == "P1"
    assert [form["files"]["media"] for form in forms] == [("media.png", b"picture")] * 4
    assert "description" not in forms[3]["fields"]


def test_a_film_has_a_title_and_a_bodys_picture_is_no_material(store: Store) -> None:
    with answering(store) as (publishing, script):
        for kind in (Upload.VIDEO, Upload.BODY_IMAGE):
            with pytest.raises(ValueError, match="film needs a title"):
                publishing.add_material(kind, "a.mp4", io.BytesIO(b"x"))
        assert not script.asked


def test_a_picture_without_an_address_is_no_answer_and_a_recording_has_none(store: Store) -> None:
    with answering(store, said(media_id="M"), said(media_id="V")) as (publishing, _script):
        with pytest.raises(UnknownOutcomeError):
            publishing.add_material(Upload.IMAGE, "a.jpg", io.BytesIO(b"x"))
        assert publishing.add_material(Upload.VOICE, "a.mp3", io.BytesIO(b"x")) == Material("V", "")


def test_a_draft_that_is_gone_is_an_answer_and_no_trouble(database: Database, store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-1", seconds(7_000))})
    script = Scripted(refused(40007), said(news_item=[{"title": "甲"}]), refused(40035))
    with (
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url), store, database) as platform,
    ):
        assert not platform.publishing.draft_exists("D1")
        assert _refusals(database) == []
        assert platform.publishing.draft_exists("D1")
        with pytest.raises(ContentError):
            platform.publishing.draft_exists("D1")
        assert _refusals(database) == [40035]


def _refusals(database: Database) -> list[int]:
    with database.reads() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT code FROM api_refusal")]


def test_a_publication_that_is_through_says_where(store: Store) -> None:
    items = [{"idx": 1, "article_url": "http://a/1"}, {"idx": 2, "article_url": "http://a/2"}]
    through = said(
        publish_id=7,
        publish_status=0,
        article_id="ART",
        article_detail={"count": 2, "item": items},
        fail_idx=[],
    )
    with answering(store, through) as (publishing, script):
        found = publishing.published("7")
    assert script.asked[0].json == {"publish_id": "7"}
    assert (found.outcome, found.article_id) == (PublishOutcome.DONE, "ART")
    assert found.urls == {1: "http://a/1", 2: "http://a/2"}


@pytest.mark.parametrize("outcome", [one for one in PublishOutcome if one])
def test_a_publication_that_failed_or_goes_on_has_no_address(
    outcome: PublishOutcome, store: Store
) -> None:
    told = said(publish_id="7", publish_status=int(outcome), article_detail={}, fail_idx=[1])
    with answering(store, told) as (publishing, _script):
        found = publishing.published("7")
    assert (found.outcome, found.article_id, found.failed) == (outcome, "", (1,))
    assert not found.urls


@pytest.mark.parametrize(
    "wrong",
    [
        {"publish_id": "8"},
        {"publish_status": 9},
        {"publish_status": 0, "article_id": ""},
        {"publish_status": 0, "article_id": "A", "article_detail": {"item": [{"idx": "x"}]}},
        {"fail_idx": "1"},
    ],
)
def test_a_strange_word_about_a_publication_is_not_believed(
    wrong: dict[str, Any], store: Store
) -> None:
    told = {"publish_id": "7", "publish_status": 1, "article_detail": {}, "fail_idx": []} | wrong
    with (
        answering(store, said(**told)) as (publishing, _script),
        pytest.raises(UnknownOutcomeError),
    ):
        publishing.published("7")


def an_item(number: int, *titles: str, at: datetime = NOON) -> dict[str, Any]:
    parts = [
        {"title": one, "url": f"http://a/{number}/{place}"} for place, one in enumerate(titles)
    ]
    return {
        "article_id": f"A{number}",
        "content": {"news_item": parts},
        "update_time": int(at.timestamp()),
    }


def a_page(total: int, *items: dict[str, Any]) -> Reply:
    return said(total_count=total, item_count=len(items), item=list(items))


def test_a_publication_is_found_by_its_titles_since_the_call(store: Store) -> None:
    before, after = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    page = a_page(
        5,
        an_item(1, "甲", "乙", at=after),
        an_item(2, "甲", "乙", at=NOON),
        an_item(3, "乙", "甲", at=after),
        an_item(4, "甲", at=after),
        an_item(5, "丙", at=before),
    )
    with answering(store, *[page] * 4) as (publishing, script):
        found = publishing.find_published(["甲", "乙"], since=NOON)
        assert found is not None
        assert (found.article_id, found.urls) == ("A1", ("http://a/1/0", "http://a/1/1"))
        assert found.updated_at == after.astimezone(UTC)
        assert publishing.find_published(["丁"], since=NOON) is None
        assert publishing.find_published(["丙"], since=NOON) is None
        assert publishing.find_published(["丙"], since=before) is not None
    assert script.asked[0].json == {"offset": 0, "count": 20, "no_content": 1}


def test_the_search_for_a_publication_ends(store: Store) -> None:
    pages = [a_page(1000, an_item(number, "甲")) for number in range(9)]
    with answering(store, *pages) as (publishing, script):
        assert publishing.find_published(["乙"], since=NOON) is None
    assert [one.json["offset"] for one in script.asked] == [0, 20, 40, 60, 80]
    old = a_page(1000, an_item(1, "甲", at=NOON - timedelta(days=1)))
    with answering(store, old) as (publishing, script):
        assert publishing.find_published(["甲"], since=NOON) is None
    assert len(script.asked) == 1


@pytest.mark.parametrize("status", MassStatus)
def test_how_a_mass_send_stands_is_wechats_word(status: MassStatus, store: Store) -> None:
    with answering(store, said(msg_id="34182", msg_status=status.value)) as (publishing, _script):
        assert publishing.mass_status("34182") is status


@pytest.mark.parametrize("wrong", [{"msg_id": 5}, {"msg_status": "SENT"}, {"msg_status": ""}])
def test_a_strange_word_about_a_send_is_not_believed(wrong: dict[str, Any], store: Store) -> None:
    told = {"msg_id": 34182, "msg_status": "SENDING"} | wrong
    with (
        answering(store, said(**told)) as (publishing, _script),
        pytest.raises(UnknownOutcomeError),
    ):
        publishing.mass_status("34182")


def test_what_was_sent_is_deleted_whole_or_one_article_of_it(store: Store) -> None:
    with answering(store, OK, OK) as (publishing, script):
        publishing.mass_delete("34182")
        publishing.mass_delete("34182", 2)
    assert [one.json for one in script.asked] == [
        {"msg_id": 34182, "article_idx": 0},
        {"msg_id": 34182, "article_idx": 2},
    ]


def test_tags_are_listed_and_made(store: Store) -> None:
    listed = said(tags=[{"id": 2, "name": "星标组", "count": 3}])
    made = said(tag={"id": 134, "name": "兴趣·城市"})
    with answering(store, listed, said(tags=[]), made) as (publishing, script):
        assert publishing.tags() == (Tag(2, "星标组", 3),)
        assert publishing.tags() == ()
        assert publishing.create_tag("兴趣·城市") == Tag(134, "兴趣·城市", 0)
    assert [one.method for one in script.asked] == ["GET", "GET", "POST"]


@pytest.mark.parametrize("people", [0, 51])
def test_a_batch_that_wechat_would_refuse_is_a_mistake_of_ours(people: int, store: Store) -> None:
    with answering(store) as (publishing, script):
        for act in (publishing.tag, publishing.untag):
            with pytest.raises(ValueError, match="openids in one call"):
                act(134, ["oX"] * people)
        assert not script.asked


def test_a_tags_people_are_read_page_by_page_to_the_end(store: Store) -> None:
    pages = [
        said(count=2, data={"openid": ["oA", "oB"]}, next_openid="oB"),
        said(count=1, data={"openid": ["oC"]}, next_openid="oC"),
        said(count=0, next_openid=""),
    ]
    with answering(store, *pages) as (publishing, script):
        assert [list(page) for page in publishing.tagged(134)] == [["oA", "oB"], ["oC"]]
    assert [one.json["next_openid"] for one in script.asked] == ["", "oB", "oC"]


def test_a_list_of_people_that_does_not_move_on_ends(store: Store) -> None:
    page = said(count=1, data={"openid": ["oA"]}, next_openid="oA")
    with answering(store, page, page, page) as (publishing, script):
        assert len(list(publishing.tagged(134))) == 2
    assert len(script.asked) == 2


@pytest.mark.parametrize("path", sorted(EVERY_CALL))
def test_an_account_that_may_not_is_told_so_before_anything_is_asked(
    path: str, store: Store
) -> None:
    act, answer = EVERY_CALL[path]
    with answering(store, answer, wechat_account="subscription", wechat_verified=False) as (
        publishing,
        script,
    ):
        with pytest.raises(RefusedError, match="未认证的订阅号"):
            act(publishing)
        assert not script.asked


def test_a_subscription_account_sends_to_all_and_to_no_list(store: Store) -> None:
    with answering(store, said(**TAKEN), wechat_account="subscription") as (publishing, script):
        assert send(publishing).msg_id == "34182"
        with pytest.raises(RefusedError, match="按名单群发"):
            send(publishing, PEOPLE)
        assert len(script.asked) == 1


def test_every_call_has_a_quota() -> None:
    unlimited = {"/cgi-bin/message/mass/get"}
    assert EVERY_CALL.keys() - limits().quotas.keys() == unlimited


def test_the_limits_are_the_documented_ones() -> None:
    known = limits()
    sends, article = known.mass_send, known.article
    assert (sends.subscription_per_day, sends.service_per_month, sends.calls_per_minute) == (
        1,
        4,
        60,
    )
    assert (sends.list_least, sends.list_most, sends.articles) == (2, 10_000, 8)
    assert sends.client_msg_id.longest_bytes == 64
    assert sends.client_msg_id.known_for == timedelta(hours=24)
    assert (article.title_chars, article.author_chars, article.digest_chars) == (32, 16, 128)
    assert (article.content_chars, article.content_bytes) == (20_000, 1024 * 1024)
    assert known.uploads[Upload.VOICE].longest_s == 60
    assert known.uploads[Upload.BODY_IMAGE].max_bytes < 1024 * 1024
    assert (known.library.images, known.library.others) == (100_000, 1_000)
    assert (known.user_tags.most, known.user_tags.name_bytes) == (100, 30)
