"""What people type to move an anchor."""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.core.forms import DomainForm
from apps.schedule.models import Placement


class MoveForm(DomainForm):
    """Which anchor moves where. With a fingerprint it says: do exactly what was shown."""

    anchor = forms.ChoiceField(
        choices=[("launch_day", "Launch day"), ("rollout_start", "Start of the rollout")],
        initial="launch_day",
        label="Move",
    )
    to = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    landing = forms.ChoiceField(
        choices=Placement.Landing.choices,
        initial=Placement.Landing.KEEP,
        label="What would fall on a weekend or holiday should",
    )
    reason = forms.CharField(
        required=False,
        max_length=1000,
        label="Why",
        help_text="Stands in the launch's history.",
        validators=[ProhibitNullCharactersValidator()],
    )
    fingerprint = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
