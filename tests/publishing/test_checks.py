"""What stands against a piece: every limit just kept and just broken, every sentence calm."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.publishing.reading_room import a_content
from tests.sites import write
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.publishing import checks, sensitive
from wx_archive.publishing.checks import Finding, Level, MediaFacts
from wx_archive.publishing.rules import Column, Kind
from wx_archive.publishing.sensitive import Caution, Typo, Wording
from wx_archive.publishing.wechat_html import Links

PROJECT = Path(__file__).parents[2]
MB = 1 << 20
ONE = "{wrong: 其它, right: 其他, why: 统一}"
WORDING = Wording(
    typos=[
        Typo(wrong="其它", right="其他", why="统一用他"),
        Typo(wrong="份内", right="分内", why="本分", unless=["月份内"]),
    ],
    caution=[Caution(word="全国第一", why="要有依据")],
)


@dataclass(frozen=True)
class A:
    """A file of the library."""

    kind: str = "image"
    content_type: str = "image/jpeg"
    size_bytes: int = 200_000
    width_px: int | None = 1_200
    height_px: int | None = 800
    duration_ms: int | None = None
    title: str = "图"
    alt: str = "大坝"
    credit: str = "本馆藏"


FILM = A("video", "video/mp4", 5_000_000, 1_280, 720, 30_000)
SOUND = A("audio", "audio/mpeg", 500_000, None, None, 30_000)


def found(*, held: dict[str, A] | None = None, public: str = "", **changes: Any) -> list[Finding]:
    facts = MediaFacts({"C": A()} | (held or {}), frozenset(public.split()))
    content = a_content(**({"cover": "C"} | changes))
    return list(checks.check(content, facts, wording=WORDING, links=Links("https://a.example.org")))


def blocking(**changes: Any) -> list[tuple[str, str]]:
    return [(one.place, one.sentence) for one in found(**changes) if one.level is Level.BLOCKS]


def warning(**changes: Any) -> list[str]:
    return [one.sentence for one in found(**changes) if one.level is Level.WARNS]


def the_one_that_blocks(**changes: Any) -> str:
    ((_place, sentence),) = blocking(**changes)
    return sentence


def test_a_complete_article_has_nothing_against_it() -> None:
    assert blocking() == []
    assert warning() == []
    (told,) = found()
    assert told.sentence == "正文约 8 字，读完大约 1 分钟。"


@pytest.mark.parametrize(
    ("kept", "broken", "says"),
    [
        ({"title": "题" * 32}, {"title": "题" * 33}, "请去掉 1 个"),
        ({"author": "名" * 16}, {"author": "名" * 17}, "微信最多 16 个"),
        ({"summary": "要" * 128}, {"summary": "要" * 130}, "请去掉 2 个"),
        ({"body": "文"}, {"body": "　\n\n "}, "正文还是空的"),
        ({"body": "一二三。\n\n" * 500}, {"body": "一二三。\n\n" * 600}, "要少于 20,000 个"),
        ({"source_url": ""}, {"source_url": "www.a.cn"}, "要写成 http://"),
        ({"source_url": "https://a.cn/"}, {"source_url": "https://a.cn/" + "x" * 1_020}, "太长"),
        ({"title": "题"}, {"title": " "}, "还没有标题"),
        ({"cover": "C"}, {"cover": None}, "还没有封面"),
        ({"cover": "C"}, {"cover": "GONE"}, "另选一张"),
        ({"sources": ("出处",)}, {"sources": (" ",)}, "每一篇都要写出处"),
        (
            {"entries": ("P",), "public": "P"},
            {"entries": ("P", "Q"), "public": "P"},
            "有 1 条公众看不到",
        ),
        ({"assets": ()}, {"assets": ("C",)}, "不带单独的文件"),
        ({"body": "图![图](media:C)"}, {"body": "![图](https://a.cn/x.png)"}, "别的网站上"),
        ({"body": "图![图](media:C)"}, {"body": "![图](media:GONE)"}, "不在图库里"),
    ],
)
def test_a_limit_may_be_reached_and_not_passed(
    kept: dict[str, Any], broken: dict[str, Any], says: str
) -> None:
    assert blocking(**kept) == []
    assert says in the_one_that_blocks(**broken)


@pytest.mark.parametrize(
    ("cover", "says"),
    [
        (A(width_px=899), "899 乘 800"),
        (A(height_px=382), "1200 乘 382"),
        (A(width_px=None, height_px=None), "大小不明"),
        (A(size_bytes=10 * MB + 1), "最多 10 MB"),
        (FILM, "不在图库里"),
    ],
)
def test_a_cover_must_be_a_picture_large_enough_and_not_too_heavy(cover: A, says: str) -> None:
    assert blocking(held={"C": A(width_px=900, height_px=383, size_bytes=10 * MB)}) == []
    assert says in the_one_that_blocks(held={"C": cover})


def test_a_text_push_is_bound_by_characters_and_by_bytes() -> None:
    text = {"kind": Kind.TEXT, "cover": None, "summary": ""}
    assert blocking(body="字" * 600, **text) == []
    assert "请去掉 1 个" in the_one_that_blocks(body="字" * 601, **text)
    assert "2048 个字节" in the_one_that_blocks(body="𠀀" * 520, **text)
    assert "还是空的" in the_one_that_blocks(body=" ", **text)


def test_a_picture_set_has_one_to_twenty_pictures() -> None:
    pictures = {"kind": Kind.PICTURES, "body": ""}
    assert blocking(assets=("C",) * 20, **pictures) == []
    assert "最多 20 张" in the_one_that_blocks(assets=("C",) * 21, **pictures)
    assert "还没有图片" in the_one_that_blocks(assets=(), **pictures)
    assert blocking(assets=("C", "X"), **pictures)[0][0] == "图集第 2 张"


@pytest.mark.parametrize(
    ("kind", "good", "bad", "says"),
    [
        (Kind.VIDEO, FILM, A("video", "video/mp4", 10 * MB + 1, duration_ms=1), "最多 10 MB"),
        (Kind.VIDEO, FILM, A("video", "video/quicktime", 1, duration_ms=1), "请存成 MP4"),
        (Kind.VIDEO, FILM, SOUND, "不在库里"),
        (Kind.AUDIO, SOUND, A("audio", "audio/mpeg", 2 * MB + 1, duration_ms=1), "最多 2 MB"),
        (Kind.AUDIO, SOUND, A("audio", "audio/wav", 1, duration_ms=1), "请存成 MP3、AMR"),
        (Kind.AUDIO, SOUND, A("audio", "audio/mpeg", 1, duration_ms=60_001), "最多 60 秒"),
    ],
)
def test_a_film_or_recording_is_one_file_of_the_right_size_format_and_length(
    kind: Kind, good: A, bad: A, says: str
) -> None:
    assert blocking(kind=kind, assets=("F",), held={"F": good}) == []
    assert says in the_one_that_blocks(kind=kind, assets=("F",), held={"F": bad})
    assert "现在还没有" in the_one_that_blocks(kind=kind, assets=())
    assert "现在有 2 个" in the_one_that_blocks(kind=kind, assets=("F", "F"), held={"F": good})


def test_a_length_that_nobody_could_measure_is_a_warning() -> None:
    unknown = A("video", "video/mp4", 1_000, duration_ms=None)
    (said,) = warning(kind=Kind.VIDEO, assets=("F",), held={"F": unknown})
    assert "量不出视频有多长" in said


def test_pictures_without_words_are_warned_of() -> None:
    bare = {"P": A(alt="", credit="")}
    assert len(warning(body="字![](media:P)", held=bare)) == 2
    assert len(warning(body="字![大坝](media:P)", held=bare)) == 1


def test_sources_are_only_advised_for_news() -> None:
    assert blocking(column=Column.BULLETIN, sources=()) == []
    assert "没有写出处" in warning(column=Column.BULLETIN, sources=())[0]
    assert blocking(column=Column.SHOWCASE, sources=()) != []


def test_links_to_elsewhere_are_told_of_and_strangers_warned_of() -> None:
    text = "[甲](https://www.gov.cn/) [乙](https://mp.weixin.qq.com/s/1) [丙](/h5/cards) [丁](x.cn)"
    site = Site(PROJECT, "https://archive.example.org")
    said = checks.check(a_content(body=text), MediaFacts(), links=Links.of(site))
    told = [one.sentence for one in said if one.place == "链接"]
    assert any("有 2 个外部链接" in one for one in told)
    assert any("“x.cn”不是完整的网址" in one for one in told)
    assert not any("不在本馆认可的域名里" in one for one in told)
    said = checks.check(
        a_content(body="[甲](https://evil.example/)"), MediaFacts(), links=Links.of(site)
    )
    assert any("evil.example 不在本馆认可的域名里" in one.sentence for one in said)


def test_a_wrong_word_brings_the_right_one_and_the_reason() -> None:
    (one,) = [one for one in found(body="其它的事，其它的人，月份内。") if one.wrong]
    assert (one.level, one.place, one.wrong, one.right) == (Level.WARNS, "正文", "其它", "其他")
    assert one.sentence == "“其它”应为“其他”（2 处）：统一用他。"
    assert sensitive.mended(WORDING, "其它，月份内，份内") == "其他，月份内，分内"
    assert "“全国第一”请再看一眼：要有依据。" in warning(summary="全国第一")


@pytest.mark.parametrize(
    "mark",
    [
        "TODO",
        "此处待补充。",
        "\u00d7\u00d7\u00d7",
        "xxx",
        "【】",
        "【此处填写日期】",
        "待核实。",
        "〔待查〕",
    ],
)
def test_what_is_not_finished_does_not_go_out(mark: str) -> None:
    assert blocking(body=f"一段话{mark}")[0][1].startswith("还留着“")
    assert blocking(title=f"题{mark}")


@pytest.mark.parametrize("text", ["期待补偿的人", "【编者按】这是本馆的话", "XX年", "等待核酸"])
def test_what_only_looks_unfinished_may_stay(text: str) -> None:
    assert blocking(body=text) == []


def test_long_texts_are_warned_of() -> None:
    assert any("头一屏" in one for one in warning(body="长" * 150))
    assert any("有一段长达 320 个字" in one for one in warning(body="短。\n\n" + "长" * 320))
    assert any("分成几篇" in one for one in warning(body="一句话。\n\n" * 900))


def test_bold_that_does_nothing_is_warned_of() -> None:
    assert any("没有变成粗体" in one for one in warning(body="**注意：**请看"))


def test_a_missing_summary_is_warned_of_and_blocks_nothing() -> None:
    assert "微信会取正文的头 54 个字" in warning(summary="")[0]
    assert blocking(summary="") == []


def test_what_blocks_stands_first_and_every_sentence_is_calm() -> None:
    said = found(title="", summary="", body="其它TODO", sources=(), cover=None)
    levels = [one.level for one in said]
    assert levels == sorted(levels, key=list(Level).index)
    assert checks.is_blocked(said)
    assert not checks.is_blocked(found())
    for one in said:
        assert one.sentence.endswith("。")
        assert not set("!！?") & set(one.sentence)


def test_the_sites_list_of_words_is_valid_and_says_why() -> None:
    site = Site(PROJECT, "https://archive.example.org")
    assert sensitive.check(site) >= 30
    assert sensitive.wording(Site(PROJECT / "docs", "")).typos == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"typos:\n  - {ONE}\n  - {ONE}\n", "写了两次"),
        ("typos:\n  - {wrong: 其它, right: 其它的, why: 统一}\n", "改了还会再提醒"),
        ("typos:\n  - {wrong: 其它, why: 统一}\n", "right"),
        (f"typos:\n  - {ONE}\ncaution:\n  - {{word: 其它, why: 统一}}\n", "写了两次"),
    ],
)
def test_a_mistake_in_the_list_of_words_is_named(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path / "content" / "wording.yaml", text)
    with pytest.raises(FileProblemError, match=says):
        sensitive.check(Site(tmp_path, ""))
