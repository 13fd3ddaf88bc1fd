"""Template tags of the pages: icons, chips, people, dates, form fields, Markdown. `{% load ui %}`."""

from __future__ import annotations

import re
import zlib
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, HiddenInput, RadioSelect
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.core import clock, dates, markdown
from apps.core.icons import icon as draw_icon
from apps.core.middleware import current_request_id
from apps.core.states import look

register = template.Library()

_HEADING = re.compile(r"<(/?)h([1-6])>")
AVATAR_TONES = 5


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """`{% icon "rocket" %}`, or `{% icon "lock" label="Restricted" %}` where it stands without a word."""
    return draw_icon(str(name), str(label), str(css))


@register.simple_tag(takes_context=True)
def here(context: Context) -> str:
    """The address of this page as the value of `next`; worked out once, however many rows lead back to it."""
    request = context["request"]
    known: str | None = request.__dict__.get("_here")
    if known is None:
        known = request.__dict__["_here"] = quote(request.get_full_path())
    return known


@register.simple_tag
def chip(label: Any, tone: str = "", icon: str = "", css: str = "") -> SafeString:
    """A small label: `{% chip "3 of 5" tone="warn" icon="triangle-alert" %}`. Tones: ok, warn, bad, on."""
    classes = " ".join(part for part in ("chip", tone, css) if part)
    return format_html('<span class="{}">{}{}</span>', classes, draw_icon(icon) if icon else "", label)


@register.simple_tag
def state_chip(state: Any, label: str = "") -> SafeString:
    """A state's chip with its colour, icon and word: `{% state_chip item.standing label="Late 4 days" %}`."""
    shown = look(str(state))
    return format_html(
        '<span class="chip {}">{}{}</span>', shown.tone, draw_icon(shown.icon), label or shown.word
    )


@register.simple_tag
def state_icon(state: Any, label: str = "") -> SafeString:
    """A state's icon in its colour, named for screen readers; for lists whose rows say the rest in words."""
    shown = look(str(state))
    return draw_icon(shown.icon, label or shown.word, f"{shown.tone}-text" if shown.tone else "muted")


@register.filter
def state_tone(state: Any) -> str:
    """The class of a state's colour (ok, warn, bad, on or nothing), for cards."""
    return look(str(state)).tone


@register.filter
def state_word(state: Any) -> str:
    return look(str(state)).word


@register.simple_tag
def t_chip(
    day: date | None, launch_day: date | None = None, precision: str = "day", today: date | None = None
) -> SafeString:
    """The `T−9d` chip: `{% t_chip item.starts_on launch.launch_day item.precision %}`.

    Without a launch day it shows the date itself, without a date that there is none. `today` lights it up.
    """
    if not day:
        return mark_safe('<span class="chip t none">No date</span>')
    full = dates.day_words(day)
    if not launch_day:
        label = dates.day_words(day, this_year=day.year, weekday=False)
    else:
        label = dates.t_label(day, launch_day, precision or "day")
    return format_html(
        '<time class="chip t{}" datetime="{}" title="{}">{}<span class="visually-hidden">, {}</span></time>',
        " today" if day == today else "",
        day.isoformat(),
        full,
        label,
        full,
    )


@register.simple_tag
def avatar(person: Any, name: str = "", css: str = "") -> SafeString:
    """Who it is by initials, the full name as its label. Takes a user, a name, or nothing ("Nobody yet")."""
    label = str(person or name or "").strip()
    if not label:
        return format_html(
            '<span class="avatar nobody {}" role="img" aria-label="Nobody yet" title="Nobody yet">–</span>',
            css,
        )
    tone = zlib.crc32(label.encode()) % AVATAR_TONES
    return format_html(
        '<span class="avatar tone-{} {}" role="img" aria-label="{}" title="{}">{}</span>',
        tone,
        css,
        label,
        label,
        initials(label),
    )


@register.filter
def initials(name: Any) -> str:
    """The first letters of the first and the last word, at most two."""
    words = [word for word in str(name).split("@")[0].replace(".", " ").split() if word[0].isalnum()]
    letters = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in letters).upper() or "?"


@register.filter
def day(value: date | datetime | None) -> str:
    """ "Tue 24 Nov", with the year when it is not this one."""
    if not value:
        return ""
    value = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return dates.day_words(value, this_year=clock.now().year)


@register.simple_tag
def span(start: date | None, end: date | None = None) -> SafeString:
    """One day or a range of days, both ends included."""
    if not start:
        return mark_safe("")
    words = dates.span_words(start, end or None, this_year=clock.now().year)
    return format_html('<time datetime="{}">{}</time>', start.isoformat(), words)


def reader_zone(context: Context) -> str:
    """The zone of whoever reads the page: their profile's, else the active one."""
    request = context.get("request")
    return getattr(getattr(request, "user", None), "zone", "") or timezone.get_current_timezone_name()


@register.simple_tag(takes_context=True)
def moment(context: Context, instant: datetime | None, zone: str = "") -> SafeString:
    """An instant on the reader's own clock; beside it the clock of `zone` where that differs."""
    if not instant:
        return mark_safe("")
    own = reader_zone(context)
    year = clock.now().year
    words = dates.moment_words(instant, own, this_year=year)
    if zone and zone != own:
        there = dates.moment_words(instant, zone, this_year=year)
        if there != words:
            day_here, _, _ = words.partition(", ")
            day_there, _, time_there = there.partition(", ")
            words = f"{words} ({time_there if day_here == day_there else there} {dates.city_of(zone)})"
    return format_html('<time datetime="{}" title="{}">{}</time>', instant.isoformat(), own, words)


@register.simple_tag
def ago(instant: datetime | None, at: datetime | None = None) -> SafeString:
    """How long ago or until, the exact instant as its title."""
    if not instant:
        return mark_safe("")
    local = timezone.localtime(instant)
    exact = f"{dates.day_words(local.date())}, {local:%H:%M:%S %Z}"
    words = dates.ago_words(instant, at or clock.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', instant.isoformat(), exact, words)


@register.filter
def city(zone: str) -> str:
    return dates.city_of(zone)


@register.filter(name="markdown")
def markdown_filter(source: str | None, below: int = 2) -> SafeString:
    """Markdown as sanitised HTML; its headings stand below the page's heading of level `below`."""
    html = markdown.render(source or "")
    return mark_safe(  # noqa: S308  # markdown.render sanitises
        _HEADING.sub(lambda found: f"<{found[1]}h{min(6, int(found[2]) + int(below))}>", html)
    )


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", css: str = "", rows: int | None = None) -> dict[str, Any]:
    """A form field whole: label, control, help and errors tied together for screen readers."""
    widget = bound.field.widget
    attrs: dict[str, Any] = {"class": css} if css else {}
    if rows:
        attrs["rows"] = rows
    return {
        "bound": bound,
        "label": label or bound.label,
        "hidden": isinstance(widget, HiddenInput),
        "checkbox": isinstance(widget, CheckboxInput),
        "group": isinstance(widget, (RadioSelect, CheckboxSelectMultiple)),
        "control": bound.as_widget(attrs=attrs) if attrs else bound.as_widget(),
        "seen": bound.as_hidden(only_initial=True) if bound.field.show_hidden_initial else "",
    }


@register.inclusion_tag("components/form.html")
def form_fields(form: Any) -> dict[str, Any]:
    """What is wrong with the form as a whole, then every field in order."""
    return {"form": form}


@register.simple_tag
def request_id() -> str:
    """The id of the request being answered, for whoever reports an error."""
    return current_request_id()
