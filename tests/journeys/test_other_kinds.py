"""Nothing that can be sent stays without an answer that leads on."""

from wx_archive.simulator.phone import Kind, Phone


def test_a_spoken_question_is_repeated_and_looked_up(phone: Phone) -> None:
    phone.follows()
    phone.speaks("公积金。")
    phone.sees("听到的是「公积金」：\n〔档案查询〕“公积金” 共")
    phone.says("1")
    assert phone.last_articles


def test_a_spoken_command_is_obeyed(phone: Phone) -> None:
    phone.follows()
    phone.speaks("开放时间。")
    phone.sees("接待时间：")
    phone.sees_not("〔档案查询〕")


def test_speech_without_words_is_asked_for_again(phone: Phone) -> None:
    phone.follows()
    phone.speaks(None)
    phone.sees("没能听成文字")


def test_every_kind_of_message_is_answered_in_its_own_words(phone: Phone) -> None:
    phone.follows()
    phone.sends_video()
    phone.sees("视频收到了")
    assert phone.sends_photo() == []  # of one batch: answered once
    assert phone.sends_video(short=True) == []
    phone.sends_location()
    phone.sees("位置收到了。我们在兰台市档案路1号")
    phone.sends_link("关于调整公积金缴存基数的通知", "摘要", "https://www.example.org/a")
    phone.sees("链接收到了")
    phone.sends_file("房改方案.docx")
    phone.sees("微信不把文件交给公众号")


def test_a_kind_nobody_knows_yet_gets_a_friendly_answer(phone: Phone) -> None:
    phone.follows()
    shown = phone.sends_raw({"MsgType": "hologram", "HologramId": "42", "Parts": {"Part": "a"}})
    phone.sees("这种消息我们还看不懂")
    assert [bubble.kind for bubble in shown] == [Kind.TEXT]


def test_an_event_nobody_knows_yet_is_taken_in_silence(phone: Phone) -> None:
    phone.follows()
    assert phone.sends_raw({"MsgType": "event", "Event": "moon_phase", "EventKey": "full"}) == []
    assert phone.fault is None


def test_a_picture_between_two_pages_does_not_lose_the_list(phone: Phone) -> None:
    phone.follows()
    phone.says("公积金")
    phone.sends_photo()
    phone.says("下一页")
    phone.sees("第 2/")
