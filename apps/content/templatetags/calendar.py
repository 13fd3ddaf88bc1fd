"""Addresses and short signs of the calendar's views. `{% load calendar %}`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.core import dates
from apps.core.icons import icon
from apps.core.states import look
from apps.core.templatetags.ui import reader_zone

register = template.Library()


@register.simple_tag
def querystring_of(query: Mapping[str, str], **more: Any) -> str:
    """The parameters of a view with some of them replaced; None takes one away."""
    said: dict[str, Any] = {**query, **more}
    return urlencode(
        {
            name.removesuffix("_"): value.isoformat() if isinstance(value, date) else value
            for name, value in said.items()
            if value not in (None, "")
        }
    )


@register.simple_tag
def state_sign(state: str) -> SafeString:
    """A state's icon and word in its colour, where a chip would be too much."""
    shown = look(str(state))
    return format_html(
        '<span class="sign {}">{}{}</span>',
        f"{shown.tone}-text" if shown.tone else "",
        icon(shown.icon),
        shown.word,
    )


@register.simple_tag(takes_context=True)
def clock(context: Context, instant: datetime | None, zone: str) -> SafeString:
    """The time of day of an instant on the reader's clock; beside it the launch's where that differs.

    Cells are days of the launch, so a time that falls on another day of the reader's says which.
    """
    if instant is None:
        return SafeString("")
    own = reader_zone(context)
    here, there = instant.astimezone(ZoneInfo(own)), instant.astimezone(ZoneInfo(zone))
    words = f"{here:%H:%M}" if here.date() == there.date() else f"{here:%a %H:%M}"
    shown = format_html('<time datetime="{}" title="{}">{}</time>', instant.isoformat(), own, words)
    if here.utcoffset() == there.utcoffset():
        return shown
    return format_html(
        '{} <span class="elsewhere" title="{}">{} {}</span>',
        shown, zone, f"{there:%H:%M}", dates.city_of(zone),
    )  # fmt: skip


@register.simple_tag
def t_words(day: date, launch_day: date, precision: str = "day") -> str:
    """ "T−9d" without its chip."""
    return dates.t_label(day, launch_day, precision or "day")
