"""What people type about announcements."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import Team
from apps.announcements.models import MOST_SURFACES, SURFACE, Announcement
from apps.announcements.selectors import holding_places
from apps.announcements.windows import instant_of
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid
from apps.core.fields import BODY, validate_zone
from apps.core.forms import DomainForm
from apps.launches.models import Launch
from apps.launches.policies import can_work_on_record


class SurfacesField(forms.CharField):
    """Short names, separated by commas or spaces, as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        names = list(dict.fromkeys(re.split(r"[,\s]+", super().clean(value).strip()))) if value else []
        names = [name for name in names if name]
        if len(names) > MOST_SURFACES:
            raise ValidationError(f"Name at most {MOST_SURFACES} surfaces.")
        for name in names:
            SURFACE(name)
        return names


class AnnouncementForm(DomainForm):
    """What an announcement says and to whom."""

    title = forms.CharField(max_length=200)
    body = forms.CharField(
        required=False,
        max_length=BODY,
        label="Text",
        strip=False,
        help_text="Markdown. A few sentences: what is new, and what the reader gets from it.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    action_label = forms.CharField(required=False, max_length=60, label="Button")
    action_url = forms.CharField(
        required=False,
        max_length=500,
        label="Button leads to",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    surfaces = SurfacesField(
        required=False,
        max_length=2000,
        label="Where in the product",
        help_text="Short names of places, such as settings or home/banner. Empty: anywhere.",
    )
    audience = forms.CharField(
        required=False, max_length=2000, label="For which users", help_text="In words."
    )
    teams = forms.ModelMultipleChoiceField(
        required=False,
        queryset=Team.objects.none(),
        label="Colleagues to tell",
        help_text="The people of these teams find it in their inbox when it goes live.",
        widget=forms.CheckboxSelectMultiple,
    )
    priority = forms.TypedChoiceField(
        choices=Announcement.Priority.choices, coerce=int, initial=Announcement.Priority.NORMAL
    )
    item = forms.ModelChoiceField(
        required=False,
        queryset=CalendarItem.objects.none(),
        label="Calendar item",
        empty_label="A place of its own on the calendar",
        help_text="It shares this item's time, and marks it published when it goes live.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, launch: Launch, made: bool, actor: Actor | None = None, **kwargs: Any
    ) -> None:
        """`made`: it exists, so its calendar item is settled; else `actor` is offered the items they work on."""
        super().__init__(*args, **kwargs)
        teams: Any = self.fields["teams"]
        teams.queryset = Team.objects.all()
        if made:
            del self.fields["item"]
            return
        taken = holding_places().filter(launch=launch, placement__kind=CalendarItem.kind)
        item: Any = self.fields["item"]
        item.queryset = (
            CalendarItem.objects.filter(launch=launch)
            .exclude(status__in=[CalendarItem.Status.PUBLISHED, CalendarItem.Status.CANCELLED])
            .exclude(pk__in=taken.values("placement__record_id"))
            .select_related("launch")
        )
        # Whoever names another one nevertheless is refused by the service, with the reason.
        item.choices = [
            ("", item.empty_label),
            *((one.pk, str(one)) for one in item.queryset if actor and can_work_on_record(actor, one)),
        ]

    @property
    def values(self) -> dict[str, Any]:
        """What a service takes: everything but the version and the calendar item."""
        left_out = {"version", "item"}
        found = {name: value for name, value in self.cleaned_data.items() if name not in left_out}
        found["teams"] = list(found.get("teams") or [])
        return found

    def conflict(self, error: Conflict) -> list[dict[str, Any]]:
        """Each field where what was typed differs from what is stored now, side by side."""
        rows = []
        for name, mine in self.values.items():
            if name not in error.current:
                continue
            theirs = error.current[name]
            yours = sorted(str(team) for team in mine) if name == "teams" else mine
            if yours != theirs:
                rows.append({"label": self[name].label, "yours": _words(yours), "theirs": _words(theirs)})
        return rows


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class WallTimeField(forms.Field):
    """A date and time without a zone, as a browser's own control gives it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValidationError("Write a date and time such as 2026-03-04 15:00.") from None


class ScheduleForm(DomainForm):
    """When it shows, as wall times in one zone."""

    starts = WallTimeField(label="Goes live")
    ends = WallTimeField(required=False, label="Ends", help_text="Empty: shows until it is stopped.")
    zone = forms.CharField(
        max_length=64,
        label="Time zone",
        validators=[validate_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "zone" not in cleaned:
            return cleaned
        for name in ("starts", "ends"):
            try:
                cleaned[f"{name}_at"] = instant_of(cleaned.get(name), zone=cleaned["zone"], field=name)
            except Invalid as error:
                self.add_error(name, error.message)
        return cleaned

    def refuse_window(self, error: Invalid) -> None:
        """Show what the service refused at the field people see."""
        field = {"starts_at": "starts", "ends_at": "ends"}.get(error.field or "", error.field)
        self.add_error(field if field in self.fields else None, error.message)


class ReasonForm(DomainForm):
    """A word why something is sent back or cancelled."""

    reason = forms.CharField(
        required=False, max_length=2000, label="Why", widget=forms.Textarea(attrs={"rows": 2})
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
