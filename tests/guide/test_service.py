"""The guides of a site folder: strict files, exact keywords."""

from pathlib import Path

import pytest

from tests.builders import wide
from tests.sites import a_guide, write
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.guide import service

ORIGIN = "https://archive.example.org"


def a_site(folder: Path, **guides: str) -> Site:
    for name, text in guides.items():
        write(folder / "content" / "guides" / f"{name}.md", text)
    return Site(folder, ORIGIN)


def test_a_guide_is_found_by_title_and_keywords_in_any_width(tmp_path: Path) -> None:
    site = a_site(tmp_path, hours=a_guide("hours", title="开放时间", keywords="[几点开门, WIFI]"))
    for words in ("开放时间", "几点开门？", " 几点开门。", "wifi", wide("WiFi")):
        guide = service.for_words(site, words)
        assert guide is not None, words
        assert guide.id == "hours"
        assert guide.body == "正文"
    assert service.for_words(site, "开放") is None
    assert service.for_words(site, "开放时间是几点") is None


def test_an_id_that_is_not_the_files_name_is_refused(tmp_path: Path) -> None:
    site = a_site(tmp_path, hours=a_guide("other"))
    with pytest.raises(FileProblemError, match=r"hours\.md:2:1: id 要和文件名一样，写成 hours"):
        service.guides(site)


@pytest.mark.parametrize("sources", ["[]", ""])
def test_a_guide_without_sources_is_refused(tmp_path: Path, sources: str) -> None:
    site = a_site(tmp_path, hours=a_guide("hours", sources=sources))
    with pytest.raises(FileProblemError, match=r"hours\.md:7:1: sources："):
        service.guides(site)


def test_a_keyword_in_two_guides_is_refused_with_both_names(tmp_path: Path) -> None:
    site = a_site(
        tmp_path,
        hours=a_guide("hours", title="开放时间", keywords="[查档]"),
        visit=a_guide("visit", title="查档须知", keywords="[查档]"),
    )
    with pytest.raises(FileProblemError, match=r"visit\.md:1:1: 关键词“查档”已经属于《开放时间》"):
        service.for_words(site, "别的")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("没有标题信息", ":1:1:"),
        ("---\nid: hours\n", ":1:1:"),
        (a_guide("hours").replace("title:", "titel:"), ":3:1: titel：没有这一项"),
        (a_guide("hours").replace("answer: 答", "answer: 答\nanswer: 又答"), ":10:1:"),
        (a_guide("hours", title="长" * 33), ":3:1: title："),
    ],
)
def test_a_mistake_in_a_guide_names_file_line_and_column(
    tmp_path: Path, text: str, place: str
) -> None:
    site = a_site(tmp_path, hours=text)
    with pytest.raises(FileProblemError) as caught:
        service.guides(site)
    assert f"hours.md{place}" in str(caught.value)
