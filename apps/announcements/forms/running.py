"""What people type about when an announcement shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.core.errors import Invalid
from apps.core.fields import validate_zone
from apps.core.forms import DomainForm
from apps.schedule.wall_times import instant_of


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
