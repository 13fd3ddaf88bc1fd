"""What people say about a template, and about the launch they start from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.accounts.models import User
from apps.core.fields import validate_zone
from apps.core.forms import DomainForm
from apps.plans.forms import DAY
from apps.plans.services.starting import Start
from apps.plans.templating.document import OWNER, Document

_LANDINGS = [
    ("keep", "stay on it"),
    ("before", "go to the working day before"),
    ("after", "go to the working day after"),
]
_ROLE = "role-"


class TemplateForm(DomainForm):
    """How a template is called and what it suits."""

    name = forms.CharField(max_length=200, validators=[ProhibitNullCharactersValidator()])
    summary = forms.CharField(
        required=False, max_length=1000, label="What it suits", validators=[ProhibitNullCharactersValidator()],
        help_text="One sentence, for who looks for a template.",
    )  # fmt: skip
    tier = forms.IntegerField(
        required=False, min_value=1, max_value=9,
        help_text="1 is the biggest kind of launch. Empty: for any.",
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "summary", "tier")}


class StartForm(DomainForm):
    """The launch a template is started as; a field for each of the template's roles."""

    name = forms.CharField(
        max_length=300, label="Name of the launch", validators=[ProhibitNullCharactersValidator()]
    )
    launch_day = forms.DateField(widget=DAY, label="Launch day", help_text="Everything counts from it.")
    zone = forms.CharField(
        max_length=64, label="Time zone", validators=[validate_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )  # fmt: skip
    landing = forms.ChoiceField(
        choices=_LANDINGS,
        initial="keep",
        label="On a weekend or holiday",
        help_text="What single days do that fall on one.",
    )
    owner = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, label="Owner")

    def __init__(self, data: Any = None, *, document: Document, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        people = list(User.objects.filter(is_active=True).order_by("name"))
        self._people = {person.pk: person for person in people}
        choices = [("", "Nobody yet"), *((str(person.pk), person.name) for person in people)]
        self._choose("owner", [("", "You"), *choices[1:]])
        self.role_names = []
        for role in document.roles:
            if role.key == OWNER:
                continue
            name = f"{_ROLE}{role.key}"
            self.fields[name] = forms.TypedChoiceField(
                coerce=int, empty_value=None, required=False, label=role.label, choices=choices
            )
            self.role_names.append(name)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def main_fields(self) -> Iterator[forms.BoundField]:
        return (bound for bound in self if not bound.name.startswith(_ROLE))

    @property
    def role_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.role_names]

    def start(self) -> Start:
        """What was said. The form is valid."""
        given = self.cleaned_data
        day: date = given["launch_day"]
        people = {
            name.removeprefix(_ROLE): self._people[given[name]]
            for name in self.role_names
            if given[name] is not None
        }
        owner = None if given["owner"] is None else self._people[given["owner"]]
        return Start(
            name=given["name"], launch_day=day, zone=given["zone"], owner=owner, people=people,
            landing=given["landing"],
        )  # fmt: skip
