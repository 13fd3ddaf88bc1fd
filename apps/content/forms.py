"""What people type about calendar items."""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.content.models import CalendarItem
from apps.core.forms import DomainForm


class StatusForm(DomainForm):
    """Another status for an item."""

    status = forms.ChoiceField(choices=CalendarItem.Status.choices)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class BlockForm(DomainForm):
    """What a piece of work waits for."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Waits for",
        help_text="Leave it empty when it waits for nothing any more.",
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class SplitForm(DomainForm):
    """The pieces of work one item names, one a line."""

    titles = forms.CharField(
        max_length=10_000,
        label="One piece of work a line",
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
