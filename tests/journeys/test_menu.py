"""All eleven entries of the menu, over the real wire."""

import pytest

from tests.conftest import WIRE_MODES
from wx_archive.simulator.phone import Phone

ANSWERS = {
    "兰台经纬/信息快递": "微信",
    "兰台经纬/档案联播": "档案法",
    "兰台经纬/历史钩沉": "十堰",
    "兰台经纬/出彩十堰": "全国文明城市",
    "趣味互动/答题闯关": "还没有开始",
    "趣味互动/档案鉴赏": "土地房产所有证",
    "趣味互动/珍档上传": "请发老照片",
    "服务大厅/档案查询": "直接打字",
    "服务大厅/服务指南": "开放时间",
}
pytestmark = pytest.mark.parametrize("running", WIRE_MODES, indirect=True)
LINKS = {"服务大厅/门户网站": "https://www.example.org/", "服务大厅/官方微博": "https://weibo."}


def test_every_entry_of_the_menu_answers(phone: Phone) -> None:
    phone.follows()
    for path, words in ANSWERS.items():
        phone.taps(path)
        phone.sees(words)
    for path, address in LINKS.items():
        phone.taps(path)
        assert (phone.opened or "").startswith(address)


@pytest.mark.parametrize("column", ["信息快递", "档案联播", "历史钩沉", "出彩十堰"])
def test_a_column_has_at_least_two_good_pieces(phone: Phone, column: str) -> None:
    phone.follows()
    phone.taps(f"兰台经纬/{column}")
    assert len(phone.last_articles) >= 2
