"""What people type about gates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.accounts.forms import PersonField
from apps.core.forms import DomainForm
from apps.launches import gates
from apps.launches.models import Launch, Phase
from apps.launches.services.gates import LONGEST_NOTE


class GateForm(DomainForm):
    """A gate of a phase."""

    phase = forms.ModelChoiceField(Phase.objects.none(), empty_label=None)
    title = forms.CharField(
        max_length=300, label="What has to hold", validators=[ProhibitNullCharactersValidator()]
    )
    check_name = forms.ChoiceField(
        required=False, label="Evidence", help_text="What the portal looks at by itself, if it can."
    )
    owner = PersonField(required=False, label="Signed off by", empty_label="Any editor")
    text = forms.CharField(
        required=False,
        max_length=10_000,
        label="Notes",
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, launch: Launch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        phase: Any = self.fields["phase"]
        phase.queryset = Phase.objects.filter(launch=launch).order_by("position", "id")
        check: Any = self.fields["check_name"]
        check.choices = [("", "A person looks"), *((each.name, each.title) for each in gates.checks())]


class SignForm(DomainForm):
    """A word on a sign-off; needed where the evidence speaks against it."""

    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Where the evidence speaks against it: why it is signed off nevertheless.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
