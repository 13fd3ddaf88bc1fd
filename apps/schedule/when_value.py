"""A time as a plan says it: relative to an anchor or on the calendar, with the precision that was written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

Anchor = str  # "launch_day" or "rollout_start"
Unit = Literal["minute", "hour", "day", "business_day", "week", "month", "quarter"]
Precision = Literal["quarter", "month", "week", "day", "minute"]

UNIT_PRECISION: dict[str, Precision] = {
    "minute": "minute",
    "hour": "minute",
    "day": "day",
    "business_day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class When:
    """When something happens. Either relative (`unit`, `offset`), or dated (`date`), or fuzzy, or a mix.

    - `offset` counts `unit`s from `anchor`; `end_offset` is the last one, included; None: a single one.
      From launch day weeks are counted around Week 0, from the rollout's start weeks, days and months begin
      at 1. `anchor` is None where the text does not say which clock it means.
    - `date`/`end_date` are calendar dates, both included, in the launch's zone.
    - `time` is a wall time in `zone` (IANA name or "UTC"); no zone: the launch's.
    - `fuzzy` is a period nobody narrowed to a day, "2024-Q1", "2024-03" or "2024-Q1/2024-Q2"; with
      `missing_year` it is what is known: "--Q3", "--03", "--01-20", "--01-20/--01-24" (ISO 8601 writes
      an unsaid year like this).
    - `ambiguous` names the kinds of question the text raises: "which_clock", "day_month",
      "weekday_contradicts", "fiscal_quarter".
    """

    text: str = ""
    anchor: Anchor | None = None
    unit: Unit | None = None
    offset: int | None = None
    end_offset: int | None = None
    open_ended: bool = False
    date: dt.date | None = None
    end_date: dt.date | None = None
    time: dt.time | None = None
    zone: str | None = None
    precision: Precision | None = None
    fuzzy: str | None = None
    missing_year: bool = False
    ambiguous: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Every field; dates and times as ISO 8601 text."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["date"] = self.date.isoformat() if self.date else None
        values["end_date"] = self.end_date.isoformat() if self.end_date else None
        values["time"] = self.time.isoformat() if self.time else None
        values["ambiguous"] = list(self.ambiguous)
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> When:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
        if not isinstance(values, dict):
            raise TypeError("A time is an object.")
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            raise KeyError(sorted(unknown)[0])
        fields = dict(values)
        for name in ("date", "end_date"):
            if fields.get(name):
                fields[name] = dt.date.fromisoformat(fields[name])
        if fields.get("time"):
            fields["time"] = dt.time.fromisoformat(fields["time"])
        fields["ambiguous"] = tuple(str(kind) for kind in fields.get("ambiguous") or ())
        when = cls(**fields)
        when._check()
        return when

    def _check(self) -> None:
        """Values of the right types: JSON may come from anybody."""
        if not isinstance(self.text, str) or not all(
            value is None or isinstance(value, str) for value in (self.fuzzy, self.zone)
        ):
            raise TypeError("text, fuzzy and zone are texts")
        for offset in (self.offset, self.end_offset):
            if offset is not None and (not isinstance(offset, int) or isinstance(offset, bool)):
                raise TypeError("offsets are whole numbers")
        if self.anchor not in {None, "launch_day", "rollout_start"}:
            raise ValueError(f"unknown anchor {self.anchor!r}")
        if self.unit is not None and self.unit not in UNIT_PRECISION:
            raise ValueError(f"unknown unit {self.unit!r}")
        if self.precision not in {None, "quarter", "month", "week", "day", "minute"}:
            raise ValueError(f"unknown precision {self.precision!r}")
        if not isinstance(self.open_ended, bool) or not isinstance(self.missing_year, bool):
            raise TypeError("open_ended and missing_year are true or false")


def format_when(when: When) -> str:
    """A time in words that `parse_when` reads back as the same time (with this text as its `text`)."""
    parts = []
    if when.unit is not None and when.offset is not None:
        parts.append(_relative(when))
    dated = _dated(when)
    if dated:
        parts.append(f"({dated})" if parts else dated)
    if when.time is not None:
        parts.append(when.time.isoformat("seconds" if when.time.second else "minutes"))
        if when.zone:
            parts.append(when.zone)
    return " ".join(parts) or when.text


_NAMES = {
    "minute": "minute",
    "hour": "hour",
    "day": "day",
    "business_day": "business day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
}


def _signed(number: int) -> str:
    return f"{number:+d}" if number else "0"


def _relative(when: When) -> str:
    unit, first, last = when.unit or "day", when.offset or 0, when.end_offset
    name = _NAMES[unit]
    if unit in {"minute", "hour", "business_day"}:
        # These are counted from an instant or along working days; only "T-5 business days" says that.
        lead = "Rollout T" if when.anchor == "rollout_start" else "T"
        plural = "s"
        text = f"{lead}{first:+d}" if first else f"{lead}-0"
        if last is not None:
            text += f" to T{last:+d}" if last else " to T-0"
        text += f" {name}{plural}"
    else:
        plain = when.anchor != "launch_day"
        lead = f"Rollout {name}" if when.anchor == "rollout_start" else name.capitalize()
        if last is not None:
            lead += "s"
        number = str if plain else _signed
        text = f"{lead} {number(first)}"
        if last is not None:
            text += f" to {number(last)}"
    return f"{text} onward" if when.open_ended else text


def _dated(when: When) -> str:
    if when.date is not None:
        if when.precision == "week" and when.unit is None:
            return f"Week of {when.date.isoformat()}"
        if when.end_date is not None:
            return f"{when.date.isoformat()} to {when.end_date.isoformat()}"
        return when.date.isoformat()
    if when.fuzzy is None:
        return ""
    words = " to ".join(_period(part) for part in when.fuzzy.split("/"))
    weekly = when.precision == "week" and when.missing_year and when.unit is None
    return f"Week of {words}" if weekly else words


def _period(period: str) -> str:
    """ "2024-Q1" -> "Q1 2024", "--01-20" -> "Jan 20"."""
    year, _, rest = ("", "", period[2:]) if period.startswith("--") else period.partition("-")
    if rest.startswith("Q"):
        return f"{rest} {year}".strip()
    month, _, day = rest.partition("-")
    if not month.isdigit() or not 1 <= int(month) <= 12:
        return period
    words = MONTHS[int(month) - 1] + (f" {int(day)}" if day.isdigit() else "")
    return f"{words} {year}".strip()
