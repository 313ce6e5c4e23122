"""Which days are asked for: a preset by its name, or the first and the last day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form
from wtforms.validators import InputRequired

from wx_archive.dashboard.rules import EARLIEST, MOST_DAYS, Preset, Span, span_of

_MISSING: Final = "请填一个日子"


class SpanForm(Form):
    """From one day to another."""

    class Meta:
        """Messages are Chinese."""

        locales = ("zh",)

    first = DateField("从", name="from", validators=[InputRequired(_MISSING)])
    last = DateField("到", name="to", validators=[InputRequired(_MISSING)])

    def check(self, *, today: date, most_days: int) -> Span | None:
        """Return the days, or None and errors beside the fields."""
        if not self.validate():
            return None
        first, last = self.first.data, self.last.data
        if first is None or last is None:
            return None
        if first < EARLIEST:
            self.first.errors = [f"最早从 {EARLIEST.year} 年开始"]
        elif last > today:
            self.last.errors = ["还没到那一天，最晚到今天"]
        elif last < first:
            self.last.errors = ["不能早于开始的那一天"]
        elif (last - first).days >= most_days:
            self.last.errors = [f"一次最多看 {most_days} 天，请分开看"]
        else:
            return Span(first, last)
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for.

    Attributes:
        span: the days; None where the form holds errors.
        preset: the name of the span, if it is one.
    """

    span: Span | None
    preset: Preset | None
    form: SpanForm

    @property
    def query(self) -> dict[str, str]:
        """What leads here again, as part of an address."""
        if self.preset is not None:
            return {"span": self.preset.value}
        if self.span is None:
            return {}
        return {"from": self.span.first.isoformat(), "to": self.span.last.isoformat()}


def choose(asked: Mapping[str, Any], *, today: date, most_days: int = MOST_DAYS) -> Choice:
    """Return which days an address asks for: the last thirty where it names none."""
    if asked.get("from") or asked.get("to"):
        form = SpanForm(MultiDict(asked))
        return Choice(form.check(today=today, most_days=most_days), None, form)
    known = {preset.value: preset for preset in Preset}
    preset = known.get(str(asked.get("span", "")), Preset.DAYS)
    span = span_of(preset, today=today)
    return Choice(span, preset, SpanForm(data={"first": span.first, "last": span.last}))
