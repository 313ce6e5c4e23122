"""The pages where followers read."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.html import read_page
from tests.simulator.conftest import Start
from tests.simulator.fake_account import FakeAccount
from tests.simulator.newsdesk import Newsdesk, event, picture, until
from wx_archive.simulator.phone import Phone


def publish(desk: Newsdesk, *articles: dict[str, object]) -> list[str]:
    asked = {"media_id": desk.draft(*articles)}
    asked = {"publish_id": desk.post("freepublish/submit", asked)["publish_id"]}
    until(lambda: desk.post("freepublish/get", asked)["publish_status"] == 0)
    told = desk.post("freepublish/get", asked)
    return [each["article_url"] for each in told["article_detail"]["item"]]


def page_of(url: str) -> str:
    answer = requests.get(url, timeout=5)
    assert answer.status_code == 200
    return answer.text


def test_an_article_has_its_title_line_and_text(desk: Newsdesk) -> None:
    desk.control("clock", now="2026-12-01T08:00:00+08:00")
    desk = Newsdesk(desk.base_url)
    (url,) = publish(
        desk,
        desk.article(
            "地契 <1952>",
            author="王编辑",
            content='<p style="color:#333">一纸地契</p>',
            content_source_url="http://127.0.0.1:9/h5",
        ),
    )
    html = page_of(url)
    page = read_page(html.replace(' style="color:#333"', ""))
    page.check_frame()
    assert page.title == "地契 <1952>"
    assert page.headings == ["地契 <1952>"]
    for seen in ("王编辑", "十堰档案", "2026年12月1日", "一纸地契", "阅读原文"):
        assert seen in page.text
    assert '<p style="color:#333">一纸地契</p>' in html


def test_the_pages_run_nothing_and_load_nothing_from_elsewhere(desk: Newsdesk) -> None:
    (url,) = publish(desk, desk.article())
    for address in (url, f"{desk.base_url}/s/history"):
        policy = requests.get(address, timeout=5).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "img-src 'self'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'self'" in policy


def test_pictures_of_articles_and_links_to_articles_are_kept(desk: Newsdesk) -> None:
    ours = desk.upload("media/uploadimg", picture(1))["url"]
    (url,) = publish(desk, desk.article(content=f'<p>图</p><img src="{ours}">'))
    assert ours in page_of(url)
    content = f'<p><a href="{url}">前文</a><a href="https://example.org/">别处</a></p>'
    (linked,) = publish(desk, desk.article(content=content))
    assert f'<p><a href="{url}">前文</a><a>别处</a></p>' in page_of(linked)


def test_what_slipped_into_a_kept_article_is_filtered_when_it_is_read(
    desk: Newsdesk, start: Start, tmp_path: Path
) -> None:
    (url,) = publish(desk)
    (kept,) = (tmp_path / "simulator/press/editions").glob("*.json")
    spoilt = kept.read_text(encoding="utf-8").replace("一纸", "<script>x()</script>一纸")
    kept.write_text(spoilt, encoding="utf-8")
    html = page_of(start() + urlsplit(url).path)
    assert "一纸地契" in html
    assert "x()" not in html


def test_a_kept_article_that_is_damaged_is_set_aside(
    desk: Newsdesk, start: Start, tmp_path: Path
) -> None:
    media_id = desk.draft()
    (tmp_path / f"simulator/press/drafts/{media_id}.json").write_text("{", encoding="utf-8")
    again = Newsdesk(start())
    assert again.get("draft/count") == {"total_count": 0}
    assert (tmp_path / f"simulator/press/drafts/{media_id}.broken").exists()


def test_a_picture_set_is_shown_with_all_its_pictures(desk: Newsdesk) -> None:
    images = [desk.image, desk.material("image", picture(2))["media_id"]]
    listed = [{"image_media_id": each} for each in images]
    (url,) = publish(
        desk,
        desk.article(
            "老街旧影",
            article_type="newspic",
            content="第一张\n第二张",
            image_info={"image_list": listed},
        ),
    )
    html = page_of(url)
    sources = re.findall(r'<img src="([^"]+)"', html)
    assert sources == [f"/sim/media/{each}" for each in images]
    assert requests.get(desk.base_url + sources[1], timeout=5).content == picture(2)
    assert "第一张\n第二张" in html
    read_page(html).check_frame()


def test_articles_sent_together_lead_to_each_other(desk: Newsdesk) -> None:
    urls = publish(desk, *[desk.article(title) for title in ("一", "二", "三")])
    page = read_page(page_of(urls[0]))
    assert [link for link in page.links if link in urls] == urls[1:]


def test_unknown_addresses_say_so(desk: Newsdesk) -> None:
    (url,) = publish(desk, desk.article())
    for address in (url[:-1] + "2", url[:-1] + "0", f"{desk.base_url}/s/unknown/1"):
        answer = requests.get(address, timeout=5)
        assert answer.status_code == 404
        assert "该内容不存在" in answer.text


def test_a_cover_stays_when_its_material_is_deleted(desk: Newsdesk) -> None:
    urls = publish(desk, desk.article("一"), desk.article("二"))
    desk.post("material/del_material", {"media_id": desk.image})
    assert f"/sim/media/{desk.image}" in page_of(urls[0])
    cover = requests.get(f"{desk.base_url}/sim/media/{desk.image}", timeout=5)
    assert (cover.status_code, cover.content) == (200, picture(1))


def test_the_history_lists_what_went_to_everybody_the_latest_first(
    desk: Newsdesk, phone: Phone, account: FakeAccount
) -> None:
    desk.switch(limits={"successful_per_day": 9})
    history = f"{desk.base_url}/s/history"
    assert "还没有群发过消息" in page_of(history)
    for title in ("先发的", "后发的"):
        desk.ended(desk.send_news(desk.draft(desk.article(title)), clientmsgid=title)["msg_id"])
    publish(desk, desk.article("只是发布"))
    page = read_page(page_of(history))
    page.check_frame()
    assert page.text.index("后发的") < page.text.index("先发的")
    assert "只是发布" not in page.text
    assert len(phone.listens()) == 2
    assert account.received


def test_a_page_opens_in_the_phone(desk: Newsdesk, phone: Phone, account: FakeAccount) -> None:
    desk.send_news(desk.draft())
    event(account, "MASSSENDJOBFINISH")
    (card,) = phone.listens()[0].articles
    assert "一纸地契" in phone.opens(card.url).text
