"""The desk's form: what a visitor tells, wishes and leaves; what is wrong stands beside it."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from wtforms import BooleanField, DateField, Form, HiddenField, RadioField, StringField
from wtforms import TextAreaField as Area
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # not in its stubs
from wtforms.validators import InputRequired, Length, Optional

from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import is_pid
from wx_archive.core.sealing import LENGTHS, Contact
from wx_archive.treasures import rules, texts
from wx_archive.treasures.desk import Visitor
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Credit, Ownership, Scope, Wish
from wx_archive.treasures.saving import Chosen
from wx_archive.treasures.uploads import Told

LATER: Final = "还没想好，以后再说"
SIGN: Final = "请送件人看过告知书、在纸上签了字，再勾上"
NEW_TEXT: Final = "告知书刚换了新版，请给送件人看新版、重新签字，再勾上"
NO_FILES: Final = "请至少选一个文件；只提供线索的，写清楚来历也行"
TOO_MANY: Final = f"一份最多放 {rules.MOST_FILES} 件，请分成两份登记"
_E = TypeVar("_E", bound=StrEnum)


def _choices(labels: Mapping[_E, str], later: str = "") -> list[SelectChoice]:
    named = [SelectChoice(value.value, label) for value, label in labels.items()]
    return [*named, SelectChoice("", later)] if later else named


def _most(length: int) -> Length:
    return Length(max=length, message=f"最多 {length} 个字")


class RightsForm(Form):
    """What a visitor says of rights, as far as they can."""

    class Meta:
        """How WTForms speaks."""

        locales = ("zh",)

    ownership = RadioField("怎么来的", choices=_choices(rules.OWNERSHIPS), validators=[Optional()])
    wish = RadioField(
        "原件想怎么处理",
        choices=_choices(
            {wish: f"{name}：{rules.WISHES_MEAN[wish]}" for wish, name in rules.WISHES.items()},
            LATER,
        ),
        validators=[Optional()],
    )
    scope = RadioField(
        "愿意公开到哪一步", choices=_choices(rules.SCOPES, LATER), validators=[Optional()]
    )
    scope_until = DateField(
        "不公开到哪一天为止（可以空着）",
        [Optional()],
        description="选了“只在馆内查阅”“暂不公开”才算；空着就是没有期限。",
    )
    credit = RadioField("怎么署名", choices=_choices(rules.CREDITS, LATER), validators=[Optional()])
    credit_name = StringField("署的名字（不署名就空着）", [_most(rules.CREDIT_LENGTH)])

    @classmethod
    def of(cls, upload: Upload) -> "RightsForm":
        """Return the form as an upload stands."""
        return cls(
            ownership=upload.ownership or "",
            wish=upload.wish or "",
            scope=upload.scope or "",
            scope_until=upload.scope_until,
            credit=upload.credit or "",
            credit_name=upload.credit_name,
        )

    def chosen(self, today: date) -> Chosen | None:
        """Return what is kept; None where there are mistakes, noted beside their fields."""
        if not self.validate():
            return None
        chosen = Chosen(
            _one_of(Ownership, self.ownership.data),
            _one_of(Wish, self.wish.data),
            _one_of(Scope, self.scope.data),
            self.scope_until.data,
            _one_of(Credit, self.credit.data),
            self.credit_name.data or "",
        ).settled()
        if chosen.credit in (Credit.NAME, Credit.PSEUDONYM) and not chosen.credit_name:
            self.credit_name.errors = [texts.CREDIT_MISSING]
            return None
        if chosen.scope_until is not None and chosen.scope_until <= today:
            self.scope_until.errors = [texts.UNTIL_PAST]
            return None
        return chosen


class NewForm(RightsForm):
    """What a visitor tells, wishes and leaves."""

    key = HiddenField()
    title = StringField("是什么", [_most(rules.TITLE_LENGTH)], description="例如：大坝合龙的照片。")
    story = Area(
        "来历",
        [_most(rules.STORY_LENGTH)],
        description="怎么来的、有什么故事。证件号、手机号写了会自动隐去，联系方式请填在下面。",
        render_kw={"rows": 4},
    )
    year_text = StringField(
        "年代", [_most(rules.YEAR_LENGTH)], description="大概就行：七十年代、1975 年前后、不知道。"
    )
    place = StringField("地点", [_most(rules.PLACE_LENGTH)])
    people = StringField("画面里的人", [_most(rules.PEOPLE_LENGTH)])
    name = StringField("姓名（可以空着）", [_most(LENGTHS["name"])])
    phone = StringField("电话（可以空着）", [_most(LENGTHS["phone"])])
    address = StringField(
        "地址（可以空着）",
        [_most(LENGTHS["address"])],
        description="联系方式加密保存，只有审核能看，看一次记一次。都空着，就只能凭回执上的编号来问。",
    )
    consent_version = HiddenField()
    consent = BooleanField("送件人看过上面的告知书，在纸上签了字", [InputRequired(SIGN)])

    def visitor(self, consent_version: int, *, today: date) -> Visitor | None:
        """Return what is to be entered; None where the form has mistakes, noted beside its fields.

        Args:
            consent_version: of the text that counts now.
            today: the Shanghai day.
        """
        is_valid = self.validate()
        if self.consent_version.data != str(consent_version):
            self.consent.errors = [*self.consent.errors, NEW_TEXT]
            is_valid = False
        if not is_pid(self.key.data or ""):
            self.title.errors = [*self.title.errors, "这张表单放得太久了，请重新打开一次"]
            is_valid = False
        if not is_valid:
            return None
        chosen = self.chosen(today)
        told = self._told()
        if chosen is None or told is None:
            return None
        contact = Contact.tidied(
            name=self.name.data or "", phone=self.phone.data or "", address=self.address.data or ""
        )
        return Visitor(told, chosen, contact, consent_version)

    def _told(self) -> Told | None:
        fields = (self.title, self.story, self.year_text, self.place, self.people)
        told = Told(*(field.data or "" for field in fields))
        try:
            return told.tidied()
        except RefusedError as err:
            self.story.errors = [str(err)]
            return None


def _one_of(kind: type[_E], chosen: str | None) -> _E | None:
    return kind(chosen) if chosen else None
