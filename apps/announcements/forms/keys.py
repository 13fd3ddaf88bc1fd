"""What administrators type about the products that show announcements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.announcements.models import MOST_ORIGINS, ORIGIN
from apps.core.forms import DomainForm


class OriginsField(forms.CharField):
    """Origins, one a line, as a list."""

    widget = forms.Textarea(
        attrs={"rows": 3, "placeholder": "https://app.example.com", "spellcheck": "false"}
    )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        found = list(dict.fromkeys(super().clean(value).split()))
        if len(found) > MOST_ORIGINS:
            raise ValidationError(f"Name at most {MOST_ORIGINS} origins.")
        for origin in found:
            ORIGIN(origin)
        return found


class ProductKeyForm(DomainForm):
    """A key for a product's pages."""

    name = forms.CharField(max_length=120, help_text="The product, as colleagues call it.")
    origins = OriginsField(
        required=False,
        max_length=20_000,
        label="Origins of its pages",
        help_text="One a line, such as https://app.example.com. Browsers on other pages are refused.",
    )


class KeyChangeForm(ProductKeyForm):
    """A key that exists."""

    is_active = forms.BooleanField(
        required=False, label="In use", help_text="Without it, whatever it signed is refused at once."
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class RotateForm(DomainForm):
    """A new secret for a key."""

    days = forms.IntegerField(
        min_value=0,
        max_value=30,
        initial=7,
        label="Days that the former secret holds",
        help_text="0 if it leaked.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class LimitsForm(DomainForm):
    """What holds for every product."""

    most_at_once = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=50,
        label="Announcements at once in one place",
        help_text="The most pressing ones win. Entries of the list do not count. Empty: no limit.",
    )
