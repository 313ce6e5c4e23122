#!/usr/bin/env python3
"""Draws the demo's treasures: `.venv/bin/python scripts/draw_treasure_pictures.py`.

Everything drawn is ours and invented: people, places, papers; each picture says 示意图. Fonts as
in `draw_quiz_pictures.py`.
"""

import random
from pathlib import Path
from typing import Final

from draw_quiz_pictures import CARD, FAINT, INK, INVENTED, KAI, KRAFT_SIDE, RED, SERIF, Sheet
from PIL import Image, ImageFilter

FOLDER: Final = Path(__file__).resolve().parent.parent / "content" / "demo" / "treasures"
GREY: Final = "#8f8b82"
LIGHT: Final = "#cfcac0"
DARK: Final = "#4a4741"
FRAME: Final = (70, 50, 830, 560)
QUALITY: Final = 72
HOME: Final = (
    "妈：",
    "　　工地上一切都好，桥墩昨天",
    "浇完了第二个。冬天发了棉衣，",
    "不用挂念。等桥通了车，我接您",
    "和弟弟来看。",
    "",
    "　　　　　　　　建国　腊月初八",
)
DIARY: Final = (
    "三月十二日　晴",
    "　　今天全院的人一起挖了井，",
    "六户人家轮着打水。晚上在院子",
    "里放了一场电影，片子断了三回，",
    "谁也没有走。",
)


def keep(sheet: Sheet, name: str) -> None:
    """Write a picture as a small JPEG, of a paper that is not quite even."""
    sheet.write((830, sheet.image.height - 26), INVENTED, 20, colour=FAINT, anchor="rm")
    grain = random.Random(name)  # noqa: S311 -- the same picture from every run
    noise = Image.frombytes("L", (225, 160), grain.randbytes(225 * 160))
    wide = noise.resize(sheet.image.size, Image.Resampling.BICUBIC).point(lambda v: 118 + v // 14)
    paper = Image.merge("RGB", (wide, wide, wide))
    aged = Image.blend(sheet.image, paper, 0.08).filter(ImageFilter.GaussianBlur(0.6))
    aged.save(FOLDER / name, quality=QUALITY, optimize=True)


def print_of(height: int = 620) -> Sheet:
    """Return a photographic print with a white edge, its sky and ground."""
    sheet = Sheet.of_height(height)
    left, top, right, bottom = FRAME
    sheet.paper((left - 22, top - 22, right + 22, bottom + 22))
    sheet.pen.rectangle(FRAME, fill=LIGHT)
    sheet.pen.rectangle((left, 400, right, bottom), fill=GREY)
    return sheet


def person(sheet: Sheet, x: int, y: int, size: int, *, coat: str = DARK) -> None:
    """Draw somebody from the front; ``y`` is the ground, ``size`` the height."""
    head = size // 7
    sheet.pen.rounded_rectangle(
        (x - size // 6, y - size + 2 * head, x + size // 6, y), radius=size // 10, fill=coat
    )
    top = y - size
    sheet.pen.ellipse((x - head, top, x + head, top + 2 * head), fill="#e6ded0", outline=DARK)
    sheet.pen.chord((x - head, top, x + head, top + 2 * head), 180, 360, fill=INK)


def store_front() -> None:
    """Draw a family before a department store."""
    sheet = print_of()
    sheet.pen.rectangle((190, 120, 710, 420), fill="#b9b3a6", outline=DARK, width=3)
    for column in range(6):
        for row in range(2):
            left, top = 215 + 82 * column, 200 + 88 * row
            sheet.pen.rectangle((left, top, left + 52, top + 60), fill=DARK)
    sheet.write((450, 160), "兰 台 百 货 大 楼", 40, face=SERIF, anchor="mm")
    for x, size, coat in (
        (340, 210, DARK),
        (450, 190, "#6a665e"),
        (545, 110, INK),
        (620, 200, DARK),
    ):
        person(sheet, x, 545, size, coat=coat)
    keep(sheet, "store-front.jpg")


def on_the_bridge() -> None:
    """Draw two people on a bridge that was just opened."""
    sheet = print_of()
    sheet.pen.rectangle((70, 330, 830, 372), fill=DARK)
    for centre in (210, 450, 690):
        sheet.pen.arc((centre - 110, 340, centre + 110, 520), 180, 360, fill=DARK, width=16)
    for post in range(90, 830, 40):
        sheet.pen.line((post, 286, post, 332), fill=DARK, width=5)
    sheet.pen.line((70, 288, 830, 288), fill=DARK, width=6)
    person(sheet, 400, 334, 170, coat=INK)
    person(sheet, 500, 334, 158, coat="#77736a")
    keep(sheet, "on-the-bridge.jpg")


def pay_slip() -> None:
    """Draw a pay slip of a factory."""
    sheet = Sheet.of_height(620)
    sheet.paper((80, 60, 820, 540), CARD)
    sheet.write((450, 116), "兰台农具厂工资条", 42, face=SERIF, anchor="mm")
    rows = (("姓　名", "陈某某"), ("月　份", "一九六三年五月"), ("基本工资", "31.50"),
            ("粮价补贴", "2.00"), ("扣互助金", "1.00"), ("实　发", "32.50"))  # fmt: skip
    for row, (name, value) in enumerate(rows):
        y = 182 + 54 * row
        sheet.write((150, y), name, 32, colour=KRAFT_SIDE)
        sheet.write((760, y), value, 34, anchor="rm")
        sheet.pen.line((130, y + 27, 770, y + 27), fill=KRAFT_SIDE, width=2)
    sheet.pen.ellipse((300, 425, 440, 535), outline=RED, width=5)
    sheet.write((370, 480), "财务", 34, face=SERIF, colour=RED, anchor="mm")
    keep(sheet, "pay-slip.jpg")


def letter(name: str, lines: tuple[str, ...]) -> None:
    """Draw a letter on ruled paper."""
    sheet = Sheet.of_height(680)
    sheet.paper((90, 40, 810, 620))
    for row in range(9):
        sheet.pen.line((120, 126 + 54 * row, 780, 126 + 54 * row), fill="#d8a49a", width=2)
    for row, words in enumerate(lines):
        sheet.write((140, 102 + 54 * row), words, 34, face=KAI, colour="#26374f")
    keep(sheet, name)


def mug() -> None:
    """Draw an enamelled mug that was given as a prize."""
    sheet = Sheet.of_height(620)
    sheet.pen.ellipse((230, 470, 700, 560), fill="#cbc6bb")
    sheet.pen.arc((590, 210, 760, 430), 270, 90, fill="#d9d5ca", width=26)
    sheet.pen.rounded_rectangle((270, 140, 640, 520), radius=26, fill="#f7f5ef", outline=GREY)
    sheet.pen.rectangle((270, 140, 640, 166), fill="#28477c")
    sheet.write((455, 290), "奖", 120, face=SERIF, colour=RED, anchor="mm")
    sheet.write((455, 400), "兰水大桥工地", 36, face=SERIF, colour=RED, anchor="mm")
    sheet.write((455, 450), "一九七六年", 30, face=SERIF, colour=RED, anchor="mm")
    keep(sheet, "mug.jpg")


def dark_room() -> None:
    """Draw a photo of a photo on which nothing is to be made out."""
    sheet = Sheet.of_height(620)
    sheet.pen.rectangle((0, 0, 900, 620), fill="#2a2825")
    person(sheet, 430, 560, 330, coat="#34312d")
    sheet.image.paste(sheet.image.filter(ImageFilter.GaussianBlur(14)))
    keep(sheet, "too-dark.jpg")


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    store_front()
    on_the_bridge()
    pay_slip()
    mug()
    dark_room()
    letter("letter-home.jpg", HOME)
    letter("diary.jpg", DIARY)


if __name__ == "__main__":
    main()
