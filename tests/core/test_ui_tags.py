"""Template tags: chips, dates, people, icons, Markdown and form fields as pages show them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template

from apps.core import dates
from apps.core.icons import icon
from apps.core.states import LOOKS, look
from apps.core.templatetags import ui

LAUNCH_DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("day", "precision", "label"),
    [
        (date(2026, 11, 15), "day", "T−9d"),
        (date(2026, 11, 24), "day", "T+0d"),
        (date(2026, 12, 1), "day", "T+7d"),
        (date(2026, 11, 23), "week", "W+0"),
        (date(2026, 11, 22), "week", "W−1"),
        (date(2027, 1, 4), "month", "M+2"),
        (date(2027, 1, 4), "quarter", "Q+1"),
    ],
)
def test_the_t_chip_counts_from_launch_day_in_the_unit_it_is_known_in(
    day: date, precision: str, label: str
) -> None:
    assert f">{label}<" in ui.t_chip(day, LAUNCH_DAY, precision)


def test_the_t_chip_says_the_whole_date_to_screen_readers() -> None:
    markup = ui.t_chip(date(2026, 11, 20), LAUNCH_DAY)
    assert 'datetime="2026-11-20"' in markup
    assert "Fri 20 Nov 2026</span>" in markup


def test_the_t_chip_does_not_invent_a_date_or_a_launch_day() -> None:
    assert "No date" in ui.t_chip(None, LAUNCH_DAY)
    assert ">20 Nov<" in ui.t_chip(date(2026, 11, 20), None)


def test_a_state_is_colour_icon_and_word() -> None:
    markup = ui.state_chip("late", "Late 4 days")
    assert 'class="chip warn"' in markup
    assert "<svg" in markup
    assert "Late 4 days" in markup


def test_every_state_has_an_icon_that_exists() -> None:
    circle = icon("circle")
    for state, shown in LOOKS.items():
        assert shown.icon == "circle" or icon(shown.icon) != circle, state


def test_every_icon_that_a_template_names_exists() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    circle = icon("circle")
    named = re.compile(r"""(?:{% icon |icon=)["']([a-z0-9-]+)["']""")
    for template in folder.rglob("*.html"):
        for name in named.findall(template.read_text()):
            assert name == "circle" or icon(name) != circle, f"{template.relative_to(folder)}: {name}"


def test_a_state_nobody_described_is_shown_by_its_name() -> None:
    assert look("on_ice").word == "On ice"


def test_an_icon_is_decoration_unless_it_has_a_name() -> None:
    assert 'aria-hidden="true"' in icon("rocket")
    assert 'role="img" aria-label="Restricted &amp; more"' in icon("lock", "Restricted & more")


def test_an_icon_that_does_not_exist_is_a_circle() -> None:
    assert icon("no-such-icon") == icon("circle")


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Maria Rossi", "MR"), ("ann@example.com", "A"), ("jo.kim@example.com", "JK"), ("", "?"), ("(–)", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_an_avatar_names_the_person_and_escapes_the_name() -> None:
    assert 'aria-label="Maria Rossi"' in ui.avatar("Maria Rossi")
    assert "Nobody yet" in ui.avatar(None)
    assert "<i>" not in ui.avatar("<i>Mallory</i>")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(minutes=59, seconds=40), "1 h ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=40), "40 days ago"),
        (-timedelta(hours=2), "in 2 h"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    assert dates.ago_words(NOON - passed, NOON) == words


def test_a_span_of_days_says_shared_parts_once() -> None:
    assert dates.span_words(date(2026, 11, 23), date(2026, 11, 29), this_year=2026) == "23–29 Nov"
    assert dates.span_words(date(2026, 11, 28), date(2026, 12, 4)) == "28 Nov – 4 Dec 2026"
    assert dates.span_words(date(2026, 12, 30), date(2027, 1, 2)) == "30 Dec 2026 – 2 Jan 2027"
    assert dates.span_words(date(2026, 11, 23), date(2026, 11, 23), this_year=2026) == "Mon 23 Nov"


def test_a_moment_is_on_the_readers_clock_with_the_other_zone_beside_it() -> None:
    request = SimpleNamespace(user=SimpleNamespace(zone="Europe/Berlin"))
    source = "{% moment at zone %}"
    there = rendered(source, at=NOON, zone="America/New_York", request=request)
    assert "24 Nov" in there
    assert "13:00 (07:00 New York)" in there
    assert "(" not in rendered(source, at=NOON, zone="Europe/Paris", request=request)


def test_a_moment_on_another_day_elsewhere_says_that_day() -> None:
    request = SimpleNamespace(user=SimpleNamespace(zone="Pacific/Auckland"))
    assert "Tue 24 Nov" in rendered("{% moment at 'UTC' %}", at=NOON, request=request)


def test_markdown_is_sanitised_and_its_headings_stand_below_the_page() -> None:
    html = ui.markdown_filter("# Title\n\n[x](javascript:alert(1)) <script>alert(1)</script>")
    assert "<h3>Title</h3>" in html
    assert "<script" not in html
    assert "javascript:" not in html.replace("[x](javascript:alert(1))", "")


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As people say it.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    team = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    agree = forms.BooleanField()
    token = forms.CharField(widget=forms.HiddenInput)


def test_a_field_ties_label_help_and_errors_to_its_control() -> None:
    form = SampleForm({"name": ""})
    html = rendered("{% field form.name %}", form=form)
    assert '<label for="id_name">' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html


def test_what_is_not_required_says_so_and_hidden_fields_show_nothing() -> None:
    form = SampleForm()
    assert "optional" in rendered("{% field form.note %}", form=form)
    assert "optional" not in rendered("{% field form.name %}", form=form)
    assert rendered("{% field form.token %}", form=form).strip().startswith('<input type="hidden"')


def test_choices_stand_in_a_group_with_a_legend() -> None:
    html = rendered("{% field form.team %}", form=SampleForm())
    assert "<legend>Team" in html
    assert html.count('type="radio"') == 2


def test_a_form_shows_what_is_wrong_with_the_whole_first() -> None:
    form = SampleForm({})
    form.add_error(None, "Somebody was quicker.")
    html = rendered("{% form_fields form %}", form=form)
    assert html.index("Somebody was quicker.") < html.index("id_name")
    assert 'role="alert"' in html
