"""The draft box: its limits, and what WeChat keeps of an article's HTML."""

from typing import Any

import pytest

from tests.simulator.conftest import Start
from tests.simulator.newsdesk import Newsdesk, picture
from wx_archive.simulator.element_rules import filtered, words_of


def kept(html: str) -> str:
    """Filter as WeChat does where pictures of `/ours/` and links to `/s/` are its own."""
    return filtered(
        html,
        is_picture=lambda url: url.startswith("/ours/"),
        is_article=lambda url: url.startswith("/s/"),
    )


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>一<script>alert(1)</script>二</p>", "<p>一二</p>"),
        ("<p>一<iframe src='x'>框</iframe>二</p>", "<p>一二</p>"),
        ("<p>一<iframe/>二</p>", "<p>一二</p>"),
        ("<style>p{color:red}</style><p>一</p>", "<p>一</p>"),
        ("<form action='x'><input>填</form><p>一</p>", "<p>一</p>"),
        ('<p id="a" class="b" onclick="c()">一</p>', "<p>一</p>"),
        ('<p ONCLICK="c()" style="color: red">一</p>', '<p style="color:red">一</p>'),
        (
            '<p style="position:fixed;top:0;color:red;z-index:9">一</p>',
            '<p style="color:red">一</p>',
        ),
        ('<p style="background:url(http://x/1.png);margin:0">一</p>', '<p style="margin:0">一</p>'),
        ('<p style="width:expression(1)">一</p>', "<p>一</p>"),
        (r'<p style="po\73ition:fixed">一</p>', r'<p style="po\73ition:fixed">一</p>'),
        ('<p style="/**/position/**/:/**/fixed">一</p>', "<p>一</p>"),
        ("<img src='/ours/1'><img src='http://x/1.png'><img>", '<img src="/ours/1">'),
        ("<img data-src='/ours/1'/>", '<img data-src="/ours/1" src="/ours/1">'),
        ('<a href="https://x/">外</a><a href="/s/1">内</a>', '<a>外</a><a href="/s/1">内</a>'),
        ('<a href="javascript:x()">外</a>', "<a>外</a>"),
        ("<section><p>一</section>二", "<section><p>一</p></section>二"),
        ("<p>一</b></div>", "<p>一</p>"),
        ("<script><p>一</p>", ""),
        ("<object><object></object>一</object>二", "二"),
        ("<custom-tag>一</custom-tag>", "一"),
        ("1 &lt; 2 &amp; <!-- 不见 -->3", "1 &lt; 2 &amp; 3"),
        (
            '<img src="/ours/1" alt=\'"><script>\'>',
            '<img alt="&quot;&gt;&lt;script&gt;" src="/ours/1">',
        ),
    ],
)  # fmt: skip
def test_wechat_keeps_only_what_its_rules_allow(html: str, left: str) -> None:
    assert kept(html) == left
    assert kept(left) == left, "what was filtered passes unchanged"


def test_words_are_what_a_reader_sees() -> None:
    assert words_of("<p>一 <b>二</b></p>\n<p>1 &lt; 2</p><style>x</style>") == "一 二 1 < 2"


def test_a_draft_is_kept_repeated_changed_and_deleted(desk: Newsdesk) -> None:
    first = desk.article("头条", author="王编辑", content_source_url="https://x/1")
    added = desk.add(first, desk.article("第二篇"))
    assert [each["index"] for each in added["item"]] == [0, 1]
    asked = {"media_id": added["media_id"]}
    told = desk.post("draft/get", asked)["news_item"]
    assert [each["title"] for each in told] == ["头条", "第二篇"]
    assert (told[0]["author"], told[0]["content"]) == ("王编辑", "<p>一纸地契</p>")
    assert told[0]["thumb_media_id"] == desk.image
    changed = {"index": 1, "articles": desk.article("改过的")}
    assert desk.post("draft/update", asked | changed)["errcode"] == 0
    assert desk.post("draft/update", asked | changed | {"index": 2})["errcode"] == 40114
    told = desk.post("draft/get", asked)["news_item"]
    assert [each["title"] for each in told] == ["头条", "改过的"]
    assert desk.get("draft/count") == {"total_count": 1}
    assert desk.post("draft/delete", asked)["errcode"] == 0
    for path in ("draft/get", "draft/delete"):
        assert desk.post(path, asked)["errcode"] == 40007
    assert desk.get("draft/count") == {"total_count": 0}


def test_drafts_are_listed_by_the_page_the_last_changed_first(desk: Newsdesk) -> None:
    ids = [desk.draft(desk.article(str(n))) for n in range(3)]
    desk.advance(5)
    desk.post("draft/update", {"media_id": ids[0], "index": 0, "articles": desk.article("新")})
    told = desk.post("draft/batchget", {"offset": 0, "count": 2, "no_content": 1})
    assert (told["total_count"], told["item_count"]) == (3, 2)
    assert [each["media_id"] for each in told["item"]] == [ids[0], ids[2]]
    assert "content" not in told["item"][0]["content"]["news_item"][0]
    rest = desk.post("draft/batchget", {"offset": 2, "count": 20, "no_content": 0})
    assert rest["item"][0]["content"]["news_item"][0]["content"] == "<p>一纸地契</p>"
    assert desk.post("draft/batchget", {"offset": 0, "count": 21})["errcode"] == 40097


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"title": "题" * 32}, None),
        ({"title": "题" * 33}, 45003),
        ({"title": ""}, 45003),
        ({"author": "人" * 16}, None),
        ({"author": "人" * 17}, 45110),
        ({"digest": "摘" * 128}, None),
        ({"digest": "摘" * 129}, 45004),
        ({"content": "字" * 19_999}, None),
        ({"content": "字" * 20_000}, 45002),
        ({"content": " "}, 44004),
        ({"content_source_url": "https://x/" + "a" * 1014}, None),
        ({"content_source_url": "https://x/" + "a" * 1015}, 45005),
        ({"thumb_media_id": "made-up"}, 40007),
        ({"article_type": "video"}, 40008),
    ],
)
def test_every_part_of_an_article_has_its_limit(
    desk: Newsdesk, change: dict[str, Any], errcode: int | None
) -> None:
    assert desk.add(desk.article(**change)).get("errcode") == errcode


def test_the_cover_must_be_a_permanent_image(desk: Newsdesk) -> None:
    temporary = desk.upload("media/upload", picture(1), type="image")["media_id"]
    assert desk.add(desk.article(thumb_media_id=temporary))["errcode"] == 40007
    desk.post("material/del_material", {"media_id": desk.image})
    assert desk.add()["errcode"] == 40007


def test_a_draft_has_one_to_eight_articles(desk: Newsdesk) -> None:
    assert desk.post("draft/add", {"articles": []})["errcode"] == 44003
    assert len(desk.add(*[desk.article()] * 8)["item"]) == 8
    assert desk.add(*[desk.article()] * 9)["errcode"] == 45008


def test_a_missing_digest_is_the_beginning_of_the_text_for_a_single_article(
    desk: Newsdesk,
) -> None:
    def digests(*articles: dict[str, object]) -> list[str]:
        told = desk.post("draft/get", {"media_id": desk.draft(*articles)})["news_item"]
        return [each["digest"] for each in told]

    long = desk.article(content=f"<p>{'字' * 60}</p>")
    assert digests(long) == ["字" * 54]
    assert digests(desk.article(digest="写好的")) == ["写好的"]
    assert digests(long, desk.article()) == ["", ""]


def test_escapes_are_shown_to_readers_as_they_were_written(desk: Newsdesk) -> None:
    body = (
        rf'{{"articles": [{{"title": "\u4e2d\"文\n", "content": "<p>\\u4e2d</p>",'
        rf' "thumb_media_id": "{desk.image}"}}]}}'
    )
    media_id = desk.raw("draft/add", body).json()["media_id"]
    (item,) = desk.post("draft/get", {"media_id": media_id})["news_item"]
    assert item["title"] == '\\u4e2d"文\n'
    assert item["content"] == r"<p>\u4e2d</p>"
    assert desk.raw("draft/add", "{").json()["errcode"] == 47001


def test_only_pictures_that_were_uploaded_for_articles_stay(desk: Newsdesk) -> None:
    ours = desk.upload("media/uploadimg", picture(4))["url"]
    material = desk.material("image", picture(5))["url"]
    pictures = [ours, material, "https://example.org/1.png", "http://[", "/sim/media/x"]
    content = "".join(f'<img src="{url}">' for url in pictures)
    media_id = desk.draft(desk.article(content=f"<p>图</p>{content}"))
    (item,) = desk.post("draft/get", {"media_id": media_id})["news_item"]
    assert item["content"] == f'<p>图</p><img src="{ours}">'


def test_a_picture_set_names_permanent_images(desk: Newsdesk) -> None:
    def pictures(*media_ids: str) -> Any:
        listed = [{"image_media_id": each} for each in media_ids]
        info = {"image_list": listed}
        content = "老街 <b>旧影</b>"
        return desk.add(desk.article(content=content, article_type="newspic", image_info=info))

    added = pictures(desk.image, desk.image)
    (item,) = desk.post("draft/get", {"media_id": added["media_id"]})["news_item"]
    assert item["article_type"] == "newspic"
    assert item["content"] == "老街 旧影"
    assert item["image_info"] == {"image_list": [{"image_media_id": desk.image}] * 2}
    assert pictures()["errcode"] == 40007
    assert pictures(*[desk.image] * 21)["errcode"] == 40007
    assert pictures("made-up")["errcode"] == 40007


def test_drafts_outlive_the_simulator_and_end_with_a_reset(start: Start, simulator: str) -> None:
    media_id = Newsdesk(simulator).draft()
    again = Newsdesk(start())
    assert again.post("draft/get", {"media_id": media_id})["news_item"][0]["title"] == "馆藏珍品"
    again.control("reset")
    assert Newsdesk(again.base_url).get("draft/count") == {"total_count": 0}
