"""Forms of accounts, contacts, files and segments."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.audience.attributes import clean_attributes
from apps.audience.models import Account, Contact, CustomerImport, SavedSegment
from apps.audience.rule_forms import RuleFormField
from apps.audience.services.csv_files import MAX_BYTES
from apps.audience.services.rows import guessed
from apps.core.fields import validate_zone
from apps.core.forms import DomainForm

FILE_IS_TOO_LARGE = f"At most {MAX_BYTES // 1024**2} MiB; split the file."


def attributes_as_text(attributes: dict[str, Any]) -> str:
    """One a line, as people edit them: `projects: 12`. A list and an odd text are written as JSON."""
    return "\n".join(f"{name}: {_written(value)}" for name, value in sorted(attributes.items()))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if guessed(value) == value and not value.startswith(("[", '"')) else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)


def attributes_from_text(text: str) -> dict[str, Any]:
    """What `attributes_as_text` wrote. Raises `ValidationError` naming the line."""
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise ValidationError(f"Line {number}: write a name, a colon and a value.", code="attributes")
        name, value = name.strip(), value.strip()
        if name in found:
            raise ValidationError(f"Line {number}: “{name[:60]}” stands there twice.", code="attributes")
        if value.startswith(("[", '"')):
            try:
                found[name] = json.loads(value)
            except ValueError:
                raise ValidationError(f"Line {number}: this is no list or text in JSON.") from None
        else:
            found[name] = guessed(value)
    found = {name: value for name, value in found.items() if value is not None}
    clean_attributes(found)
    return found


class AttributesField(forms.CharField):
    """Attributes, one a line."""

    widget = forms.Textarea(attrs={"rows": 6, "class": "input code"})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60_000)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return attributes_as_text(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        return attributes_from_text(super().clean(value))


class AccountForm(DomainForm):
    """An account by hand."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(max_length=300)
    external_id = forms.CharField(max_length=200, label="Id", help_text="Its id in the product.")
    plan = forms.CharField(max_length=60, required=False)
    value = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        help_text="What it is worth a year.",
    )
    health = forms.ChoiceField(choices=Account.Health.choices, required=False)
    csm = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        required=False,
        empty_label="Nobody",
        label="Customer success manager",
    )
    attributes = AttributesField(
        required=False, help_text="What segment rules may ask for, one a line: projects: 12"
    )


class ContactForm(DomainForm):
    """A person at an account."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(max_length=254, label="E-mail")
    role = forms.CharField(max_length=120, required=False)
    zone = forms.CharField(
        max_length=64,
        required=False,
        label="Time zone",
        help_text="For quiet hours, for example Europe/Berlin.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    language = forms.CharField(max_length=12, required=False, help_text="For example en or pt-BR.")
    is_active = forms.BooleanField(required=False, initial=True, label="May be written to")

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"]).strip()
        if zone:
            validate_zone(zone)
        return zone


class SegmentForm(DomainForm):
    """A rule and its name."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(max_length=120)
    description = forms.CharField(required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2}))
    rule = RuleFormField()


class UploadForm(DomainForm):
    """A CSV file and what its rows are."""

    what = forms.ChoiceField(choices=CustomerImport.What.choices, label="What the rows are")
    file = forms.FileField(
        label="CSV file",
        help_text="UTF-8, the names of the columns in the first line.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> Any:
        found = self.cleaned_data["file"]
        if found.size > MAX_BYTES:
            raise ValidationError(FILE_IS_TOO_LARGE, code="too_large")
        return found


FIELDS_OF: dict[type[Any], tuple[str, ...]] = {
    Account: ("name", "external_id", "plan", "value", "health", "csm", "attributes"),
    Contact: ("name", "email", "role", "zone", "language", "is_active"),
    SavedSegment: ("name", "description", "rule"),
}
