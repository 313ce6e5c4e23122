"""Charts: the same truth at any size, readable by eye and by ear, safe by construction."""

import itertools
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wx_archive.staff import charts
from wx_archive.staff.plugs import Chart

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {
    "svg": {"class", "width", "height", "role", "aria-labelledby"},
    "title": {"id"},
    "desc": {"id"},
    "rect": {"class", "x", "y", "width", "height"},
    "line": {"class", "x1", "y1", "x2", "y2"},
    "text": {"class", "x", "y", "text-anchor"},
}


def days(*values: int) -> Chart:
    points = [(f"2026-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}", v) for n, v in enumerate(values)]
    return Chart("每天查了多少次", points, "次")


def words(*values: int) -> Chart:
    return Chart("查得最多的词", [(f"公积金{n}", value) for n, value in enumerate(values)], "次")


def drawn(chart: Chart) -> ET.Element:
    return ET.fromstring(str(charts.draw(chart, name="c")))  # noqa: S314 -- our own drawing


def bars(chart: Chart) -> list[dict[str, float]]:
    return [
        {name: float(bar.attrib[name].rstrip("%")) for name in ("x", "y", "width", "height")}
        for bar in drawn(chart).iter(f"{SVG}rect")
    ]


def texts(chart: Chart) -> list[str]:
    return [text.text or "" for text in drawn(chart).iter(f"{SVG}text")]


@pytest.mark.parametrize("count", [1, 7, 30, 366])
def test_bars_stand_in_their_order_inside_the_drawing(count: int) -> None:
    found = bars(days(*range(1, count + 1)))
    assert len(found) == count
    assert all(left["x"] + left["width"] < right["x"] for left, right in itertools.pairwise(found))
    assert found[0]["x"] >= 0
    assert found[-1]["x"] + found[-1]["width"] <= 100.01
    for bar in found:
        assert bar["y"] + bar["height"] == pytest.approx(charts.BASE_PX, abs=0.01)


def test_heights_are_true_to_zero() -> None:
    low, high = bars(days(25, 100))
    assert high["y"] == charts.TOP_PX
    assert low["height"] * 4 == pytest.approx(high["height"], abs=0.01)


def test_what_is_not_nothing_can_be_seen_and_nothing_has_no_bar() -> None:
    tiny, _huge = bars(days(1, 0, 10**15))
    assert tiny["height"] == 1


def test_lengths_of_lying_bars_are_true_to_zero() -> None:
    long, half = bars(words(100, 50))
    assert (long["x"], long["width"], half["width"]) == (0, 100, 50)
    assert half["y"] - long["y"] == charts.ROW_PX


def test_the_highest_the_first_and_the_last_are_named_with_their_values() -> None:
    assert texts(days(3, 16_203, 0)) == [
        "最多 2026-01-02：16,203 次",
        "2026-01-01：3",
        "2026-01-03：0",
    ]


def test_lying_bars_are_all_named() -> None:
    chart = Chart("词", [("关于印发十堰市城区住房公积金缴存管理办法的通知", 9), ("养犬", 3)], "次")
    assert texts(chart) == ["关于印发十堰市城区住房公积金缴存管…", "9", "养犬", "3"]


def test_days_stand_beside_each_other_and_words_below() -> None:
    for names in (["2026-11-23"], ["2026-11"], ["2026"], ["11-23"], ["11月23日"], ["2026年11月"]):
        assert charts.is_over_time(Chart("", [(name, 1) for name in names], "次"))
    assert not charts.is_over_time(Chart("", [("2026-11-23", 1), ("公积金", 1)], "次"))


def test_nothing_at_all_is_no_drawing_and_mere_zeros_say_so() -> None:
    assert charts.draw(Chart("空", [], "次"), name="c") == ""
    assert bars(days(0, 0)) == []
    assert texts(days(0, 0))[0] == "都是 0"
    assert charts.describe(days(0, 0)) == "共 2 项，都是 0。"
    assert bars(words(0)) == []
    assert not charts.has_bars(days(0, 0))
    assert charts.has_bars(days(0, 1))


def test_whoever_cannot_see_it_is_told_what_it_shows() -> None:
    root = drawn(days(3, 40, 7))
    named = {part.attrib["id"]: part.text for part in root if "id" in part.attrib}
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == list(named)
    assert named["c-title"] == "每天查了多少次"
    assert named["c-desc"] == (
        "共 3 项，从2026-01-01到2026-01-03；最多的是2026-01-02，40 次；最少 3 次；合计 50 次。"
    )


def test_every_bar_says_its_value_when_one_points_at_it() -> None:
    titles = [bar[0].text for bar in drawn(days(3, 1_234)).iter(f"{SVG}rect")]
    assert titles == ["2026-01-01：3 次", "2026-01-02：1,234 次"]


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@given(st.lists(st.tuples(names, st.integers(0, 10**18)), min_size=1, max_size=40), names)
def test_any_name_is_inert_and_any_number_fits(points: list[tuple[str, int]], title: str) -> None:
    root = drawn(Chart(title, points, "次"))
    for part in root.iter():
        assert set(part.attrib) <= ALLOWED[part.tag.removeprefix(SVG)]
    assert next(iter(root)).text == (title or None)
    for bar in root.iter(f"{SVG}rect"):
        x, width = (float(bar.attrib[name].rstrip("%")) for name in ("x", "width"))
        assert 0 <= x <= x + width <= 100.01
