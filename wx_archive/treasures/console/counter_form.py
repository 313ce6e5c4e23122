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
from wx_archive.treasures import rules
from wx_archive.treasures.desk import Visitor
from wx_archive.treasures.rules import Credit, Ownership, Scope, Wish
from wx_archive.treasures.uploads import Told, Wishes

CHOOSE: Final = "请选一项"
SIGN: Final = "请送件人看过告知书、在纸上签了字，再勾上"
NEW_TEXT: Final = "告知书刚换了新版，请给送件人看新版、重新签字，再勾上"
NO_FILES: Final = "请至少选一个文件；只提供线索的，写清楚来历也行"
TOO_MANY: Final = f"一份最多放 {rules.MOST_FILES} 件，请分成两份登记"
_E = TypeVar("_E", bound=StrEnum)


def _choices(labels: Mapping[_E, str]) -> list[SelectChoice]:
    return [SelectChoice(value.value, label) for value, label in labels.items()]


def _most(length: int) -> Length:
    return Length(max=length, message=f"最多 {length} 个字")


class NewForm(Form):
    """What a visitor tells, wishes and leaves."""

    class Meta:
        """How WTForms speaks."""

        locales = ("zh",)

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
    ownership = RadioField(
        "怎么来的", choices=_choices(rules.OWNERSHIPS), validators=[InputRequired(CHOOSE)]
    )
    wish = RadioField(
        "原件想怎么处理",
        choices=[
            SelectChoice(wish.value, f"{name}：{rules.WISHES_MEAN[wish]}")
            for wish, name in rules.WISHES.items()
        ],
        validators=[InputRequired(CHOOSE)],
    )
    scope = RadioField(
        "愿意公开到哪一步", choices=_choices(rules.SCOPES), validators=[InputRequired(CHOOSE)]
    )
    scope_until = DateField(
        "不公开到哪一天为止（可以空着）",
        [Optional()],
        description="选了“只在馆内查阅”“暂不公开”才算；空着就是没有期限。",
    )
    credit = RadioField(
        "怎么署名", choices=_choices(rules.CREDITS), validators=[InputRequired(CHOOSE)]
    )
    credit_name = StringField("署的名字（不署名就空着）", [_most(rules.CREDIT_LENGTH)])
    name = StringField("姓名（可以空着）", [_most(LENGTHS["name"])])
    phone = StringField("电话（可以空着）", [_most(LENGTHS["phone"])])
    address = StringField(
        "地址（可以空着）",
        [_most(LENGTHS["address"])],
        description="联系方式加密保存，只有审核能看，看一次记一次。都空着，就只能凭回执上的编号来问。",
    )
    consent_version = HiddenField()
    consent = BooleanField("送件人看过下面的告知书，在纸上签了字", [InputRequired(SIGN)])

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
        wishes = self._wishes(today)
        told = self._told()
        if wishes is None or told is None:
            return None
        contact = Contact.tidied(
            name=self.name.data or "", phone=self.phone.data or "", address=self.address.data or ""
        )
        return Visitor(told, wishes, contact, consent_version)

    def _told(self) -> Told | None:
        fields = (self.title, self.story, self.year_text, self.place, self.people)
        told = Told(*(field.data or "" for field in fields))
        try:
            return told.tidied()
        except RefusedError as err:
            self.story.errors = [str(err)]
            return None

    def _wishes(self, today: date) -> Wishes | None:
        wishes = Wishes(
            Ownership(self.ownership.data),
            Wish(self.wish.data),
            Scope(self.scope.data),
            Credit(self.credit.data),
            self.credit_name.data or "",
            self.scope_until.data,
        )
        try:
            return wishes.checked(today=today)
        except RefusedError as err:
            beside = self.scope_until if wishes.credit_name else self.credit_name
            beside.errors = [str(err)]
            return None
