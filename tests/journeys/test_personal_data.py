"""What an account knows of somebody: told, chosen, handed out, erased, over the real wire."""

import time

from wx_archive import demo
from wx_archive.simulator.phone import Phone


def test_somebody_chooses_looks_and_has_everything_erased(
    running: demo.Running, phone: Phone
) -> None:
    phone.follows("exhibition")
    phone.says("兴趣")
    phone.sees("○ 未选 历史钩沉")
    phone.presses("历史钩沉")
    phone.sees("✓ 已选 历史钩沉")
    phone.says("我的资料")
    phone.sees("想收的消息：历史钩沉")
    (link,) = [span.href for span in phone.links if span.href]
    assert link
    shown = phone.opens(link)
    assert shown.status == 200
    for words in ("历史钩沉", "exhibition", phone.openid):
        assert words in shown.text, words
    phone.presses("删除我的资料")
    phone.sees("不能恢复")
    phone.presses("确认删除")
    phone.sees("已经删除")
    time.sleep(1.5)  # longer than the buffer of last-seen moments waits
    gone = phone.opens(f"{running.account_url}/h5/me/export")
    # Known again only because WeChat told who is reading: with nothing from before.
    assert "历史钩沉" not in gone.text
    assert "exhibition" not in gone.text
    phone.says("兴趣")
    phone.sees("○ 未选 历史钩沉")


def test_leaving_ends_the_wish_for_news_and_what_was_begun(phone: Phone) -> None:
    phone.follows()
    phone.says("兴趣 历史钩沉")
    phone.says("删除我的资料")
    time.sleep(1)  # WeChat tells whole seconds
    phone.unfollows()
    time.sleep(1)
    phone.follows()
    phone.sees("欢迎回来")
    phone.says("确认删除")
    phone.sees("还没有删除")
    phone.says("兴趣")
    phone.sees("○ 未选 历史钩沉")
