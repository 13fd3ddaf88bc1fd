"""What people type when they measured something."""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.core.forms import DomainForm


class MeasurementForm(DomainForm):
    """One measurement. Without a time it was measured now; times are in the portal's own zone, UTC."""

    value = forms.DecimalField(max_digits=24, decimal_places=8)
    observed_at = forms.DateTimeField(
        required=False,
        label="Measured at (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty: now.",
    )
    sample_size = forms.IntegerField(
        required=False, min_value=0, max_value=10**15, label="Sample size", help_text="Of how many?"
    )
    window_days = forms.IntegerField(required=False, min_value=0, max_value=3660, label="Window in days")
    source = forms.CharField(
        required=False,
        max_length=120,
        help_text="Where the figure comes from.",
        validators=[ProhibitNullCharactersValidator()],
    )
