"""Following, leaving, coming back, scanning: what a person is greeted with."""

import time

from wx_archive.simulator.phone import Phone


def test_a_new_follower_is_told_how_to_ask(phone: Phone) -> None:
    phone.follows()
    phone.sees("您好，这里是十堰市档案馆")
    phone.presses("公积金")
    phone.sees("〔档案查询〕“公积金” 共")


def test_a_code_in_the_reading_room_brings_its_own_greeting(phone: Phone) -> None:
    phone.follows("reading-room")
    phone.sees("阅览室")
    phone.sees_not("这里是十堰市档案馆")


def test_an_unlisted_code_brings_the_usual_greeting(phone: Phone) -> None:
    phone.follows("bus-stop-17")
    phone.sees("您好，这里是十堰市档案馆")


def test_who_leaves_hears_nothing_and_is_welcomed_back(phone: Phone) -> None:
    phone.follows()
    assert phone.unfollows() == []
    assert phone.fault is None
    time.sleep(1)  # WeChat tells whole seconds: the same event in the same second is a repetition
    phone.follows()
    phone.sees("欢迎回来")


def test_a_returning_follower_with_a_code_gets_the_greeting_of_the_code(phone: Phone) -> None:
    phone.follows()
    phone.unfollows()
    phone.scans("exhibition")
    phone.sees("谢谢您来看展览")
    phone.sees_not("欢迎回来")


def test_a_follower_who_scans_is_told_where_they_are(phone: Phone) -> None:
    phone.follows()
    phone.scans("reading-room")
    phone.sees("欢迎来到阅览室")
    phone.scans("bus-stop-17")
    phone.sees("您扫了我们的二维码")
