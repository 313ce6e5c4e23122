"""The forms of seasons, cards and facsimiles: filled with what is, read into what is to be."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask import request
from wtforms import (
    DateField,
    Form,
    IntegerField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput

from wx_archive.core import ids
from wx_archive.core.text import xml_safe
from wx_archive.quiz.bank_files import Theme
from wx_archive.quiz.console import season_texts as texts
from wx_archive.quiz.facsimiles import MOST_PIECES, Described
from wx_archive.quiz.season_plans import NOTE_LENGTH, CardWords, Plan, card_problems, plan_problems

_DAY: Final = "请选日期"


class _Chinese(Form):
    class Meta:
        """In Chinese."""

        locales = ("zh",)

    def line(self, name: str) -> str:
        """Return what was typed into a field, in one line."""
        return " ".join(xml_safe(self[name].data or "").split())

    def text(self, name: str) -> str:
        """Return what was typed into a field, with its line breaks."""
        return xml_safe(self[name].data or "").replace("\r\n", "\n").strip()

    def takes(self, problems: Mapping[str, str]) -> bool:
        """Show problems beside their fields; tell whether there are none."""
        for name, said in problems.items():
            self[name].errors = [*self[name].errors, said]
        return not problems


class PlanForm(_Chinese):
    """A season's days and what is asked in it."""

    name = StringField(texts.FIELDS["name"], description="例如：兰台记忆·第一季。会印在卡上。")
    starts_on = DateField(texts.FIELDS["starts_on"], [InputRequired(_DAY)])
    ends_on = DateField(texts.FIELDS["ends_on"], [InputRequired(_DAY)])
    pick_up_until = DateField(
        texts.FIELDS["pick_up_until"],
        [InputRequired(_DAY)],
        description="凭证最多保留 60 天，也不过这一天。答题结束后要给读者留够来馆的时间。",
    )
    daily_cap = IntegerField(
        texts.FIELDS["daily_cap"],
        [InputRequired("请填一个数")],
        description="每人每天最多答几道题，1 到 200。",
        render_kw={"inputmode": "numeric"},
    )
    themes = SelectMultipleField(
        texts.FIELDS["themes"],
        description="一个也不选，就是题库里所有的主题。",
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    rules = TextAreaField(
        texts.FIELDS["rules"], description=texts.RULES_HELP, render_kw={"rows": 8}
    )

    def plan(self) -> Plan | None:
        """Return what was filled in; None where the form says beside its fields why it cannot."""
        if not self.validate():
            return None
        plan = Plan(
            self.line("name"),
            _day(self.starts_on.data),
            _day(self.ends_on.data),
            _day(self.pick_up_until.data),
            int(self.daily_cap.data or 0),
            tuple(self.themes.data or ()),
            self.text("rules"),
        )
        return plan if self.takes(plan_problems(plan)) else None


class CardForm(_Chinese):
    """What a card says."""

    number = StringField(texts.FIELDS["number"], description=texts.NUMBER_HELP)
    title = StringField(texts.FIELDS["title"])
    story = TextAreaField(
        texts.FIELDS["story"], description=texts.STORY_HELP, render_kw={"rows": 7}
    )
    source = StringField(texts.FIELDS["source"], description=texts.SOURCE_HELP)
    entry = StringField(texts.FIELDS["entry"], description=texts.ENTRY_HELP)

    def words(self, asset_pid: str | None) -> CardWords:
        """Return what was typed; the form does not show the picture's id."""
        return CardWords(
            self.line("number"),
            self.line("title"),
            self.text("story"),
            self.line("source"),
            self.line("entry"),
            asset_pid,
        )

    def accepts(self, words: CardWords) -> bool:
        """Tell whether a card may say this; else the form says why beside its fields."""
        return self.validate() and self.takes(card_problems(words))


class FacsimileForm(_Chinese):
    """What a facsimile is."""

    name = StringField("名称", description="读者领取时看到的名称。")
    about = TextAreaField("说明", description="尺寸、纸张、内容，可以不写。", render_kw={"rows": 4})
    source = StringField("出处", description="原件在哪里，或虚构的写明。")
    entry = StringField("档号", description="可以不写。公众查得到时才有链接。")

    def described(self) -> Described:
        """Return what was typed."""
        return Described(
            self.line("name"), self.text("about"), self.line("source"), self.line("entry")
        )


class PiecesForm(_Chinese):
    """How many pieces come or go, and why."""

    pieces = IntegerField(
        "件数",
        [
            InputRequired("请填件数，写数字"),
            NumberRange(1, MOST_PIECES, f"件数要在 1 到 {MOST_PIECES:,} 之间"),
        ],
        render_kw={"inputmode": "numeric"},
    )
    note = StringField("说明", [Length(max=NOTE_LENGTH, message=f"最多 {NOTE_LENGTH} 个字")])


class NoteForm(_Chinese):
    """Why something goes back, or is withdrawn."""

    note = StringField(
        "理由",
        [
            DataRequired("请写一句理由"),
            Length(max=NOTE_LENGTH, message=f"最多 {NOTE_LENGTH} 个字"),
        ],
    )


def plan_form(themes: Mapping[str, Theme], plan: Plan | None = None) -> PlanForm:
    """Return the form of a season: filled with a plan, else with what was sent."""
    values: dict[str, Any] = {}
    if plan is not None:
        values = {name: getattr(plan, name) for name in Plan.__slots__}
    form = PlanForm(data=values) if plan is not None else PlanForm(request.form)
    form.themes.choices = [SelectChoice(one.slug, one.name) for one in themes.values()]
    return form


def key() -> str:
    """Return the key of a form, which becomes the public id of what it makes (`season_once`)."""
    sent = request.form.get("key", "")
    return sent if ids.is_pid(sent) else ids.random_pid()


def seen() -> int:
    """Return the version of what somebody saw when they filled a form in."""
    return request.form.get("seen", -1, type=int)


def _day(value: date | None) -> date:
    """Return a date that the form has required."""
    if value is None:
        raise ValueError("the form requires this day")
    return value
