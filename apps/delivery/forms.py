"""Forms of the suppression list."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.forms import DomainForm
from apps.delivery import sources
from apps.delivery.models import ADDRESS_LENGTH


def topic_choices() -> list[tuple[str, str]]:
    """All mail, then each topic that an app registered."""
    return [("", "All mail"), *((topic.slug, topic.title) for topic in sources.topics())]


class SuppressionForm(DomainForm):
    """An address, or a whole domain (written with an @ in front, or without any), and what it gets no more."""

    value = forms.CharField(
        max_length=ADDRESS_LENGTH + 1,
        label="Address or domain",
        help_text="ada@example.com, or @example.com for everybody there.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    topic = forms.ChoiceField(choices=topic_choices, required=False, label="Gets no more")
    note = forms.CharField(max_length=500, required=False, help_text="Why; only colleagues see it.")


class SuppressionFileForm(DomainForm):
    """A CSV file with entries."""

    file = forms.FileField(
        label="CSV file",
        help_text="UTF-8 with a column “value”; kind, topic, reason and note may stand beside it.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> Any:
        from apps.delivery.services.suppression import MOST_BYTES

        found = self.cleaned_data["file"]
        if found.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 50 MiB.", code="too_large")
        return found
