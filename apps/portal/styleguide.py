"""What the style guide shows: made-up values for every component, so that it needs no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms

from apps.core import charts
from apps.core.forms import DomainForm
from apps.core.states import LOOKS
from apps.portal.ruler import Ruler, RulerData, RulerPhase, RulerTick, build_ruler

PEOPLE = ("Maria Rossi", "Ann Lee", "Jo Kim", "Sam Diaz", "Priya Nair")
MARKDOWN = """## Why now

People set AI features up in **four places**. One page replaces them:

- model and region
- who may use what
- [what it costs](https://example.com/pricing)

> Support asked for this for a year.

| phase | share |
| --- | --- |
| beta | 10% |
| everyone | 100% |

`settings.ai.enabled` stays where it was.
"""


@dataclass(frozen=True)
class Row:
    """A line of work as lists show it."""

    day: date | None
    icon: str
    title: str
    note: str
    state: str
    owner: str | None = None
    label: str = ""
    precision: str = "day"


class SampleForm(DomainForm):
    """One field of each sort."""

    name = forms.CharField(max_length=200, help_text="As people will call it.")
    launch_day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    state = forms.ChoiceField(choices=[("draft", "Draft"), ("active", "Active")])
    summary = forms.CharField(required=False, widget=forms.Textarea)
    landing = forms.ChoiceField(
        label="When it lands on a weekend",
        choices=[("keep", "Keep the day"), ("before", "Go before"), ("after", "Go after")],
        widget=forms.RadioSelect,
        initial="keep",
    )
    restricted = forms.BooleanField(required=False, help_text="Only members and administrators see it.")
    document = forms.FileField(required=False)


def guide(at: datetime) -> dict[str, Any]:
    """The values of every example, around the day of `at` (UTC)."""
    today = at.date()
    launch_day = today - timedelta(days=1)

    def day(offset: int) -> date:
        return launch_day + timedelta(days=offset)

    rows = [
        Row(day(-3), "pen-line", "Brief beta users", "Marketing", "late", "Ann Lee", "Late 4 days"),
        Row(
            day(1), "megaphone", "In-app announcement for AI feature users", "Marketing", "due", "Maria Rossi"
        ),
        Row(day(2), "mail", "Outreach to high-value accounts", "Customer success", "approved", "Jo Kim"),
        Row(day(7), "star", "Two success stories drafted", "Stories", "planned", None, "", "week"),
        Row(day(3), "headset", "Office hours, first session", "Waits for a host", "blocked", "Sam Diaz"),
    ]
    refused = SampleForm({"name": "", "state": "gone", "landing": "keep"})
    refused.add_error(None, "Somebody else gave this launch its name a moment ago.")
    return {
        "at": at - timedelta(minutes=3),
        "today": today,
        "launch_day": launch_day,
        "days": [day(offset) for offset in (-9, -3, 1, 2, 14)],
        "states": list(LOOKS),
        "people": PEOPLE,
        "rows": rows,
        "markdown": MARKDOWN,
        "form": SampleForm(auto_id="sample_%s"),
        "refused_form": refused,
        "sections": [
            {"label": label, "url": f"#sg-{key}", "icon": icon, "count": None, "current": key == "ruler"}
            for key, label, icon in (
                ("ruler", "Launch ruler", "ruler"),
                ("chips", "Chips", "tags"),
                ("buttons", "Buttons", "mouse-pointer-click"),
                ("data", "Figures and rows", "rows-3"),
                ("forms", "Forms", "text-cursor-input"),
                ("states", "States", "circle-alert"),
                ("text", "Text", "text"),
            )
        ],
        "tabs": [
            {"label": label, "url": "#sg-buttons", "current": label == "Overview", "count": count}
            for label, count in (("Overview", None), ("Phases and gates", 3), ("Metrics", 12), ("Team", None))
        ],
        "facts": [
            {"label": "Done by now", "value": 6, "of": "7 due", "note": "1 late", "tone": "warn"},
            {"label": "Organizations exposed", "value": "1,204", "note": "10.0% of 12,031"},
            {"label": "Feedback", "value": "84%", "note": "positive, 131 answers"},
            {"label": "Next gate", "value": "Mon 30 Nov", "note": "2 of 5 conditions open"},
        ],
        "conflict": [
            {"label": "Title", "yours": "Brief the beta users", "theirs": "Brief beta users by mail"},
            {"label": "When", "yours": "Week −1", "theirs": "Week −1", "same": True},
        ],
        "columns": [
            {
                "name": f"Week {name}",
                "date": f"{week.day}.{week.month}.",
                "note": note,
                "now": now,
                "rows": shown,
            }
            for name, week, note, now, shown in (
                ("−1", day(-7), "1 late", False, rows[:1]),
                ("0", day(0), "today", True, rows[1:3]),
                ("+1", day(7), "1 planned", False, rows[3:4]),
                ("+2", day(14), "", False, []),
            )
        ],
        **_charts(),
        "rulers": _rulers(today, launch_day),
    }


def _charts() -> dict[str, Any]:
    readings = [charts.Point(f"{n} Nov", value) for n, value in enumerate((52, 55, 61, None, 64, 70, 71), 17)]
    tickets = [charts.Point(f"{n} Nov", value) for n, value in enumerate((6, 9, 12, 15, 14, 17, 18), 17)]
    parts = [
        charts.Part("Accepted", 8214, "ok"),
        charts.Part("Sending", 96, "on"),
        charts.Part("Ready", 3160, "rest"),
        charts.Part("Suppressed", 212, "muted"),
        charts.Part("Failed", 17, "bad"),
        charts.Part("Uncertain", 1, "warn"),
    ]
    teams = [
        charts.Part("Marketing", 9, "on"),
        charts.Part("Support", 4, "on"),
        charts.Part("Sales", 0, "on"),
    ]
    completed = charts.sparkline(readings, "Configuration completed", unit="%", goal=60, tone="ok")
    return {
        "metrics": [
            {
                "name": "Configuration completed",
                "note": "share of started, 7 days",
                "chart": completed,
                "value": "71%",
                "goal": "goal 60%",
            },
            {
                "name": "AI support tickets",
                "note": "change to baseline",
                "chart": charts.sparkline(tickets, "AI support tickets", tone="warn"),
                "value": "+38%",
                "goal": "rollback above +200%",
            },
            {
                "name": "Trial conversions",
                "note": "armed after 30 days",
                "chart": charts.sparkline([], "Trial conversions"),
                "value": "",
                "goal": "goal +25% in 90 d",
            },
        ],
        "progress": charts.progress(parts, "Recipients by state", size="large"),
        "bars": charts.bars(teams, "Items by team"),
        "line": charts.line(readings, "Configuration completed", unit="%", goal=60),
    }


def _rulers(today: date, launch_day: date) -> list[tuple[str, Ruler]]:
    def day(offset: int) -> date:
        return launch_day + timedelta(days=offset)

    phases = [
        RulerPhase("Internal & beta", "10%", "active", day(0), day(6), "#sg-ruler", (True,)),
        RulerPhase("Gradual rollout", "25 → 50 → 75%", "planned", day(7), day(20), "#sg-ruler", (False,) * 3),
        RulerPhase("Everyone", "100%", "planned", day(21), day(27), "#sg-ruler"),
    ]
    ticks = [
        RulerTick(title, day(first), state, "#sg-ruler", day(last))
        for title, first, last, state in (
            ("Update the documentation", -14, -8, "done"),
            ("Train support", -14, -8, "done"),
            ("Film the walkthrough", -6, -6, "done"),
            ("Brief beta users", -3, -3, "late"),
            ("Legal review", -2, -2, "blocked"),
            ("Publish the announcement", 0, 0, "done"),
            ("In-app announcement", 1, 1, "due"),
            ("Outreach", 2, 2, "upcoming"),
            ("Office hours", 3, 3, "upcoming"),
            ("Success stories", 7, 13, "upcoming"),
            ("Usage figures", 7, 13, "upcoming"),
            ("Follow-up post", 16, 16, "cancelled"),
        )
    ]
    later = [RulerTick(f"Review {n}", day(n), "upcoming", "#sg-ruler") for n in (30, 60, 90, 180)]
    loose = [RulerTick("Plan the next iteration", None, "upcoming", "#sg-ruler")]
    undated = [RulerPhase(phase.title, phase.percent, phase.state) for phase in phases]
    base = RulerData(today=today, launch_day=launch_day, phases=phases, ticks=ticks)
    return [
        ("In mid-flight", build_ruler(base)),
        (
            "Long, with quiet weeks folded and an item without a date",
            build_ruler(
                RulerData(
                    today=today,
                    launch_day=launch_day,
                    phases=phases,
                    ticks=[*ticks, *later, *loose],
                    calendar_url="#sg-ruler",
                )
            ),
        ),
        (
            "Without any date",
            build_ruler(
                RulerData(today=today, phases=undated, ticks=[RulerTick(t.title, None) for t in ticks])
            ),
        ),
        ("Empty", build_ruler(RulerData(today=today))),
    ]
