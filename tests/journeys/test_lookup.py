"""Looking things up in the chat, as the contract's chapter on the chat promises."""

import re

import pytest
import requests

from tests.html import read_page
from wx_archive import demo
from wx_archive.simulator.phone import Phone

HEAD = re.compile(r"〔档案查询〕“(?P<asked>[^”]+)”.* 共 (?P<total>\d+) 条")
ENTRY = re.compile(r"^(\d+) (.+)$", re.MULTILINE)


def entries(phone: Phone) -> list[tuple[int, str]]:
    """Return number and title of the entries of the list shown last."""
    return [(int(number), text.split(" · ")[0]) for number, text in ENTRY.findall(phone.last_text)]


def total(phone: Phone) -> int:
    """Return how many entries the list shown last says there are."""
    head = HEAD.search(phone.last_text)
    assert head, phone.transcript()
    return int(head["total"])


@pytest.fixture
def follower(phone: Phone) -> Phone:
    """A phone that follows."""
    phone.follows()
    return phone


def test_opening_hours_are_answered_and_not_searched(follower: Phone) -> None:
    for words in ("开放时间", "开放时间？", "几点开门"):
        follower.says(words)
        follower.sees("周一至周五 8:30—12:00")
        follower.sees_not("〔档案查询〕")
    follower.says("查 开放时间")
    follower.sees("〔档案查询〕“开放时间”")


def test_a_list_says_what_it_found_and_shows_five_numbered_entries(follower: Phone) -> None:
    follower.says("公积金")
    assert follower.last_text.startswith("〔档案查询〕“公积金” 共 ")
    assert [number for number, _title in entries(follower)] == [1, 2, 3, 4, 5]
    assert len(follower.last_text.encode()) <= 2_048


def test_asking_with_and_without_the_word_for_it_is_the_same(follower: Phone) -> None:
    follower.says("公积金")
    plain = follower.last_text
    for words in ("查 公积金", "查　公积金", "查询 公积金", "查公积金", "我想查一下公积金"):
        follower.says(words)
        assert follower.last_text == plain


def test_pages_count_on_and_every_number_shown_opens_its_entry(follower: Phone) -> None:
    follower.says("公积金")
    first = entries(follower)
    count = total(follower)
    follower.says("下一页")
    second = entries(follower)
    assert [number for number, _title in second] == [6, 7, 8, 9, 10]
    assert not {title for _n, title in first} & {title for _n, title in second}
    for number, title in first[1:3] + second[1:3]:
        follower.says(str(number))
        assert [article.title for article in follower.last_articles] == [title]
    follower.says("n")
    assert entries(follower)[-1][0] == count
    follower.says("下一页")
    follower.sees("已经是最后一页")


def test_nought_leads_from_the_entry_to_its_list_and_to_the_page_before(follower: Phone) -> None:
    follower.says("公积金")
    first = follower.last_text
    follower.says("下一页")
    second = follower.last_text
    follower.says("6")
    follower.says("0")
    assert follower.last_text == second
    follower.says("0")
    assert follower.last_text == first
    follower.says("0")
    follower.sees("前面没有可以退回的了")


def test_numbers_may_be_typed_in_full_width(follower: Phone) -> None:
    follower.says("公积金")
    title = entries(follower)[2][1]
    follower.says("\N{FULLWIDTH DIGIT THREE}")
    assert [article.title for article in follower.last_articles] == [title]


def test_a_tap_in_an_old_list_still_opens_the_entry_it_names(follower: Phone) -> None:
    follower.says("公积金")
    title = entries(follower)[0][1]
    old = follower.links[0].menu
    assert old is not None
    follower.says("大桥")
    assert entries(follower)[0][1] != title
    follower.sends_raw({"MsgType": "text", "Content": old.content, "bizmsgmenuid": old.id})
    assert [article.title for article in follower.last_articles] == [title]


def test_the_links_of_a_list_do_what_they_say(follower: Phone) -> None:
    follower.says("公积金")
    first = follower.last_text
    everything = total(follower)
    follower.presses("只看现行文件")
    follower.sees("“公积金”，只看现行文件 共")
    documents = total(follower)
    follower.says("档案 公积金")
    follower.sees("“公积金”，只看开放档案 共")
    assert documents + total(follower) == everything
    follower.says("公积金")
    follower.presses("下一页")
    follower.presses("上一页")
    assert follower.last_text == first


def test_a_number_outside_the_list_or_without_one_says_what_to_do(follower: Phone) -> None:
    follower.says("3")
    follower.sees("那份清单已经收起来了")
    follower.says("公积金")
    follower.says("99")
    follower.sees("清单里没有这个数字")


def test_years_narrow_a_question(follower: Phone) -> None:
    follower.says("公积金 2010-2019")
    assert total(follower) == 2
    assert set(re.findall(r" · (\d{4}) · ", follower.last_text)) <= set(map(str, range(2010, 2020)))
    follower.says("2004年 房改")
    follower.sees("关于2004年房改工作情况的报告 · 2004 · 可预约")


def test_a_document_number_opens_the_document_however_it_is_typed(follower: Phone) -> None:
    for number in (
        "兰政发〔2023〕5号",
        "兰政发[2023]5号",
        "兰政发（2023）5 号",
        "兰政发【2023】第5号",
    ):
        follower.says(number)
        assert [a.title for a in follower.last_articles] == ["兰台市住房公积金管理办法"], number


def test_a_reference_code_opens_the_record_and_a_file_lists_its_items(follower: Phone) -> None:
    follower.says("0012-2-0345-012")
    assert [a.title for a in follower.last_articles] == ["关于报送兰水大桥初步设计的请示"]
    follower.says("0012-2-0345")
    assert [title for _n, title in entries(follower)] == [
        "关于报送兰水大桥初步设计的请示",
        "关于兰水大桥初步设计的批复",
    ]
    follower.says("2")
    assert [a.title for a in follower.last_articles] == ["关于兰水大桥初步设计的批复"]


def test_one_character_finds_titles_that_begin_with_it_or_asks_for_more(follower: Phone) -> None:
    follower.says("公")
    follower.sees("只打一个字")
    assert {title[0] for _number, title in entries(follower)} == {"公"}
    follower.says("房")
    follower.sees("一个字太少")


def test_nothing_found_names_what_was_asked_and_leads_on(follower: Phone) -> None:
    follower.says("量子纠缠通信")
    follower.sees("没有查到“量子纠缠通信”")
    follower.presses("怎么查档案")
    follower.sees("直接打字就能查")


def test_what_is_typed_never_becomes_a_link(follower: Phone) -> None:
    follower.says('<a href="https://example.org/">领奖</a>')
    follower.sees("没有查到")
    assert not [span for span in follower.links if span.href]


def test_private_lives_are_never_listed_and_lead_to_the_desk(follower: Phone) -> None:
    follower.says("我妈的知青档案")
    follower.sees("不在网上查")
    follower.sees_not("共 ")
    follower.says("档案 知青")
    follower.sees("不在网上查")
    follower.says("结婚登记")
    follower.sees("民生档案")
    follower.sees_not("可预约")


def test_help_is_there_in_any_width(follower: Phone) -> None:
    for words in ("帮助", "?", "？", "help"):
        follower.says(words)
        follower.sees("直接打字")
        follower.sees("“下一页”翻页")


def test_a_question_too_long_is_asked_to_be_shorter(follower: Phone) -> None:
    follower.says("公积金" * 30)
    follower.sees("这句话长了些")


def test_two_people_have_two_lists(follower: Phone, running: demo.Running) -> None:
    other = Phone(running.simulator_url)
    other.follows()
    follower.says("公积金")
    other.says("大桥")
    follower.says("1")
    other.says("1")
    assert "公积金" in follower.last_articles[0].title
    assert "大桥" in other.last_articles[0].title


def test_a_citizen_finds_a_document_and_reads_that_it_is_valid(
    follower: Phone, running: demo.Running
) -> None:
    """Storyboard 4B, step 2: 公积金 → the list → the card → the page in big type."""
    follower.says("公积金")
    follower.presses("只看现行文件")
    follower.sees(
        "1 关于调整2026年度住房公积金缴存基数和月缴存额上下限的通知 · 2026 · 现行有效 · 在线看"
    )
    follower.says("1")
    (card,) = follower.last_articles
    assert card.description.splitlines() == [
        "兰公积金〔2026〕5号 · 2026年6月10日",
        "现行有效 · 在线看",
        "点开看全文和出处",
    ]
    assert card.url.startswith(running.account_url)
    with requests.get(card.url + "?big=1", timeout=5) as answer:
        page = read_page(answer.text)
    page.check_frame()
    assert "big" in page.root_classes
    for told in ("现行有效", "引用格式", "报错", "缴存基数"):
        assert told in page.text
    assert "tel:07190000000" in page.links


def test_a_citizen_is_led_from_a_private_matter_to_the_desk(follower: Phone) -> None:
    """Storyboard 4B, step 3: nothing is listed; what to bring, where, whom to call."""
    follower.says("我妈的知青档案")
    follower.sees("不在网上查")
    follower.sees("带身份证")
    follower.sees_not("帮我查")
    follower.says("我家的房产证档案")
    for told in ("带什么", "到哪里", "几点来", "8:30—12:00", "0719-0000000"):
        follower.sees(told)
    follower.presses("看要带什么")
    follower.sees("委托书")


def test_what_is_not_found_becomes_a_request_with_a_number(follower: Phone) -> None:
    follower.says("量子纠缠通信")
    follower.sees("没有查到“量子纠缠通信”")
    follower.sees("0719-0000000")
    follower.presses("帮我查")
    number = re.search(r"查\d{4}-\d+", follower.last_text)
    assert number, follower.transcript()
    follower.says(f"进度 {number[0]}")
    follower.sees(number[0])
    follower.sees("量子纠缠通信")


def test_a_long_list_is_narrowed_by_decade_and_said_another_way(follower: Phone) -> None:
    follower.says("档案 兰水大桥")
    everything = total(follower)
    follower.presses("只看1970年代")
    assert 0 < total(follower) < everything
    follower.says("档案 兰水大桥")
    follower.presses("换个说法")
    follower.sees("“兰水大桥”还可以换个说法")


def test_the_pages_behind_the_chat_answer_in_every_way_of_running(
    follower: Phone, running: demo.Running
) -> None:
    follower.says("0012-2-0345-012")
    record = follower.last_articles[0].url
    follower.says("兰政发〔2015〕9号")
    document = follower.last_articles[0].url
    search = f"{running.account_url}/h5/lookup"
    shown = {
        record: ("相关档案", "关于兰水大桥初步设计的批复"),
        f"{document}?on=2016-01-01": ("2016年1月1日那天", "将被"),
        search: ("现行文件，按主题看", "住房保障"),
        f"{search}?q=兰台": ("按年代看", "1970年代"),
        f"{search}?q=兰台&decade=1970": ("1970—1979年", "可预约"),
        f"{search}?q=量子纠缠": ("没有查到“量子纠缠”", "帮我查"),
    }
    for address, told in shown.items():
        with requests.get(address, timeout=5) as answer:
            page = read_page(answer.text)
        page.check_frame()
        for words in told:
            assert words in page.text, address
    with requests.get(f"{running.account_url}/h5/suggest?q=公积", timeout=5) as answer:
        assert answer.json()["query"] == "公积"
