"""Forms about a launch as a whole: making it, its settings, its people."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.accounts.models import Team, User
from apps.core.fields import BODY, validate_zone
from apps.core.forms import DomainForm
from apps.launches.models import FUZZY_DAY, Launch, Member
from apps.launches.services.launch import OWNERS_FIELDS

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _LaunchFields(DomainForm):
    name = forms.CharField(max_length=300, label="Name", help_text="What is launched, as people call it.")
    summary = forms.CharField(
        required=False,
        max_length=BODY,
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    launch_type = forms.CharField(
        required=False, max_length=500, help_text="For example: product enhancement, phased rollout"
    )
    target_audience = forms.CharField(required=False, max_length=2000)
    zone = forms.CharField(
        max_length=64,
        label="Time zone",
        initial="UTC",
        validators=[validate_zone],
        help_text="The zone launch day is a day of, for example Europe/Berlin.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )


class NewLaunchForm(_LaunchFields):
    """What a new launch begins with. Everything but the name may follow later."""

    launch_day = forms.DateField(required=False, label="Launch day", widget=DAY)
    launch_day_fuzzy = forms.CharField(
        required=False,
        max_length=10,
        label="Or roughly",
        validators=[FUZZY_DAY],
        help_text="While only the half-year, quarter or month is known: 2027-H1, 2027-Q1 or 2027-03.",
    )
    rollout_start = forms.DateField(
        required=False,
        label="Rollout starts",
        widget=DAY,
        help_text="The first day of rollout Week 1. Often launch day.",
    )
    restricted = forms.BooleanField(
        required=False, label="Restricted", help_text="Only its members and administrators see it."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("launch_day") and cleaned.get("launch_day_fuzzy"):
            self.add_error("launch_day_fuzzy", "Give the day or a rough time, not both.")
        return cleaned


class SettingsForm(_LaunchFields):
    """A launch's own fields. Dates that are set already are moved on the page for that."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    launch_day = forms.DateField(required=False, label="Launch day", widget=DAY)
    launch_day_fuzzy = forms.CharField(
        required=False, max_length=10, label="Launch day, roughly", validators=[FUZZY_DAY]
    )
    rollout_start = forms.DateField(required=False, label="Rollout starts", widget=DAY)
    launch_time = forms.TimeField(
        required=False,
        label="Time of launch",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    tier = forms.IntegerField(required=False, min_value=1, max_value=9)
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True), required=False, empty_label="Nobody", label="Owner"
    )
    holidays = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Days nobody works on, one a line: 2026-12-25",
    )
    restricted = forms.BooleanField(required=False, help_text="Only its members and administrators see it.")
    self_approval = forms.BooleanField(
        required=False, label="Own approval", help_text="People may approve their own work in this launch."
    )

    def __init__(self, data: Any = None, *, launch: Launch, may_own: bool) -> None:
        initial = {
            name: getattr(launch, name) for name in self.base_fields if name not in {"holidays", "owner"}
        }
        initial |= {"holidays": "\n".join(launch.holidays), "owner": launch.owner_id}
        super().__init__(data, initial=initial)
        for anchor in ("launch_day", "rollout_start"):
            if getattr(launch, anchor) is not None:
                del self.fields[anchor]
        if launch.launch_day:
            del self.fields["launch_day_fuzzy"]
        for name in () if may_own else sorted(OWNERS_FIELDS):
            del self.fields[name]

    def clean_holidays(self) -> list[str]:
        days = []
        for line in self.cleaned_data["holidays"].replace(",", "\n").splitlines():
            if not line.strip():
                continue
            try:
                days.append(date.fromisoformat(line.strip()).isoformat())
            except ValueError:
                raise forms.ValidationError(
                    f"“{line.strip()[:40]}” is not a date such as 2026-12-25."
                ) from None
        return sorted(set(days))

    def values(self) -> dict[str, Any]:
        """The fields that changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name not in {"version"}}


class MemberForm(DomainForm):
    """Somebody's part in a launch."""

    user = forms.ModelChoiceField(User.objects.filter(is_active=True), label="Person", empty_label="Choose…")
    role = forms.ChoiceField(choices=Member.Role.choices)
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="None", help_text="Contributors work for a team."
    )


class StateForm(DomainForm):
    """Another state for a launch."""

    version = forms.IntegerField(required=False)
    to = forms.CharField(max_length=20)


class DuplicateForm(DomainForm):
    """A copy of a launch."""

    name = forms.CharField(max_length=300, label="Name of the copy")
    launch_day = forms.DateField(
        required=False,
        widget=DAY,
        label="Its launch day",
        help_text="Relative dates count from it. Leave it empty while it is not known.",
    )
