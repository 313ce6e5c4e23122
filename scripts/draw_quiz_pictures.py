#!/usr/bin/env python3
"""Draws the pictures of the question bank: `.venv/bin/python scripts/draw_quiz_pictures.py`.

Everything drawn is ours and invented: the city, its authorities, numbers and photographs; each
picture says 示意图. Fonts: Noto Serif CJK SC and LXGW WenKai (both SIL OFL 1.1), where Debian
installs them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

FOLDER: Final = Path(__file__).resolve().parent.parent / "quiz_bank" / "pictures"
FONTS: Final = Path("/usr/share/fonts")
SERIF: Final = FONTS / "opentype/noto/NotoSerifCJK-Bold.ttc"
KAI: Final = FONTS / "truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf"
SIMPLIFIED: Final = {SERIF: 2}
"""Place of the simplified Chinese face in a collection of fonts."""
WIDTH: Final = 900
DISC: Final = 44
"""Across a numbered mark."""
COLOURS: Final = 48
"""Flat drawings need no more; so each file stays below 60 kB."""
DESK: Final = "#eceae4"
PAPER: Final = "#fffdf8"
SHADE: Final = "#d5d1c7"
INK: Final = "#2b2926"
FAINT: Final = "#a39d90"
RED: Final = "#c8102e"
MARK: Final = "#1f5f8b"
KRAFT: Final = "#c9a878"
KRAFT_SIDE: Final = "#a98a5c"
CARD: Final = "#f7efd9"
INVENTED: Final = "示意图，机关、编号和内容均为虚构"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawing under way; lengths are pixels, places are (x, y) from the upper left."""

    image: Image.Image
    pen: ImageDraw.ImageDraw

    @classmethod
    def of_height(cls, height: int) -> "Sheet":
        """Return an empty desk of this height."""
        image = Image.new("RGB", (WIDTH, height), DESK)
        return cls(image, ImageDraw.Draw(image))

    def write(
        self,
        place: tuple[int, int],
        words: str,
        size: int,
        *,
        face: Path = KAI,
        colour: str = INK,
        anchor: str = "lm",
    ) -> None:
        """Write one line; the anchor is Pillow's, left and middle unless told."""
        font = ImageFont.truetype(face, size, index=SIMPLIFIED.get(face, 0))
        self.pen.text(place, words, font=font, fill=colour, anchor=anchor)

    def paper(self, box: tuple[int, int, int, int], colour: str = PAPER) -> None:
        """Lay a sheet of paper with a soft edge."""
        left, top, right, bottom = box
        self.pen.rectangle((left + 6, top + 6, right + 6, bottom + 6), fill=SHADE)
        self.pen.rectangle(box, fill=colour, outline=SHADE)

    def mark(self, place: tuple[int, int], number: int) -> None:
        """Set a numbered mark beside a part, so that a question can name it."""
        x, y = place
        disc = Image.new("L", (4 * DISC, 4 * DISC))
        ImageDraw.Draw(disc).ellipse((0, 0, 4 * DISC - 1, 4 * DISC - 1), fill=255)
        smooth = disc.resize((DISC, DISC), Image.Resampling.LANCZOS)
        self.image.paste(MARK, (x - DISC // 2, y - DISC // 2), smooth)
        self.write((x, y), str(number), 28, face=SERIF, colour=PAPER, anchor="mm")

    def save(self, name: str) -> None:
        """Write it into the bank with few colours."""
        few = self.image.quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(FOLDER / name, optimize=True)


def red_head() -> None:
    """Draw the upper half of an official document's first page, four parts numbered."""
    sheet = Sheet.of_height(640)
    sheet.paper((60, 30, 840, 680))
    sheet.write((130, 82), "000126", 28)
    sheet.mark((270, 82), 1)
    sheet.write((450, 188), "兰台市人民政府文件", 68, face=SERIF, colour=RED, anchor="mm")
    sheet.mark((798, 188), 2)
    sheet.write((450, 302), "兰政发〔2026〕18号", 30, anchor="mm")
    sheet.mark((640, 302), 3)
    sheet.pen.line((120, 340, 780, 340), fill=RED, width=4)
    sheet.write((450, 404), "关于征集家庭老照片的通知", 38, face=SERIF, anchor="mm")
    sheet.mark((734, 404), 4)
    for row, length in enumerate((560, 660, 660, 420)):
        left = 180 if row == 0 else 120
        sheet.pen.rectangle((left, 462 + 34 * row, 120 + length, 470 + 34 * row), fill=SHADE)
    sheet.write((820, 612), INVENTED, 22, colour=FAINT, anchor="rm")
    sheet.save("red-head.png")


def spine_label() -> None:
    """Draw the spine of a box of files and its label, enlarged."""
    sheet = Sheet.of_height(560)
    _box(sheet)
    sheet.pen.line((206, 344, 330, 60), fill=FAINT, width=2)
    sheet.pen.line((206, 476, 330, 476), fill=FAINT, width=2)
    sheet.paper((330, 60, 850, 476), CARD)
    sheet.pen.rectangle((346, 76, 834, 460), outline=KRAFT_SIDE, width=3)
    rows = (("全宗名称", "兰台市水利局"), ("年　　度", "2008"), ("起止件号", "0001—0036"))
    for row, (name, value) in enumerate(rows):
        y = 122 + 76 * row
        sheet.write((372, y), name, 30, colour=KRAFT_SIDE)
        sheet.write((530, y), value, 36)
        sheet.pen.line((346, y + 38, 834, y + 38), fill=KRAFT, width=2)
    sheet.write((372, 344), "档　　号", 30, colour=KRAFT_SIDE)
    sheet.write((590, 410), "L012-WS·2008·D30", 46, face=SERIF, anchor="mm")
    sheet.write((850, 522), INVENTED, 22, colour=FAINT, anchor="rm")
    sheet.save("spine-label.png")


def _box(sheet: Sheet) -> None:
    sheet.pen.polygon([(70, 70), (110, 40), (260, 40), (220, 70)], fill=KRAFT)
    sheet.pen.polygon([(220, 70), (260, 40), (260, 490), (220, 520)], fill=KRAFT_SIDE)
    sheet.pen.rectangle((70, 70, 220, 520), fill=KRAFT, outline=KRAFT_SIDE, width=2)
    sheet.pen.rectangle((84, 344, 206, 476), fill=CARD, outline=KRAFT_SIDE, width=2)
    for row in range(4):
        sheet.pen.rectangle((98, 366 + 26 * row, 192, 371 + 26 * row), fill=FAINT)
    sheet.pen.ellipse((122, 120, 168, 166), fill=DESK, outline=KRAFT_SIDE, width=3)


def record_card() -> None:
    """Draw a card of a card catalogue."""
    sheet = Sheet.of_height(600)
    sheet.paper((50, 40, 850, 530), CARD)
    sheet.write((450, 88), "档　案　目　录　卡　片", 34, face=SERIF, anchor="mm")
    sheet.pen.line((80, 126, 820, 126), fill=RED, width=3)
    rows = (
        ("题　名", "[兰台县修筑河堤工地合影]"),
        ("责任者", "兰台县水利工程指挥部"),
        ("日　期", "19560000"),
        ("载　体", "照片　1张"),
        ("档　号", "0001-1-0032-007"),
    )
    for row, (name, value) in enumerate(rows):
        y = 166 + 66 * row
        sheet.write((100, y), name, 30, colour=KRAFT_SIDE)
        sheet.write((240, y), value, 36)
        sheet.pen.line((80, y + 33, 820, y + 33), fill=KRAFT, width=2)
    sheet.pen.ellipse((430, 488, 470, 518), fill=DESK, outline=SHADE)
    sheet.write((850, 568), INVENTED, 22, colour=FAINT, anchor="rm")
    sheet.save("record-card.png")


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    red_head()
    spine_label()
    record_card()


if __name__ == "__main__":
    main()
