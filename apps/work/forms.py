"""Forms of follow-ups."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.forms import PersonField
from apps.audience.models import Account
from apps.core.errors import DomainError
from apps.core.forms import DomainForm
from apps.work.models import FollowUp

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FollowUpForm(DomainForm):
    """A piece of work: what, for whom, about which account, by when."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(max_length=500)
    kind = forms.ChoiceField(choices=FollowUp.Kind.choices)
    due_on = forms.DateField(label="Due", widget=DAY)
    owner = PersonField(required=False, empty_label="Nobody yet")
    account = forms.CharField(
        required=False,
        max_length=200,
        help_text="The account's id.",
        widget=forms.TextInput(attrs={"list": "accounts", "autocomplete": "off"}),
    )
    script = forms.CharField(
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What to say or ask, in Markdown.",
    )

    def clean_account(self) -> Account | None:
        said = self.cleaned_data["account"].strip()
        if not said:
            return None
        found = Account.objects.filter(external_id=said).first()
        if found is None:
            raise forms.ValidationError(f"There is no account “{said[:80]}”.")
        return found


class FinishForm(DomainForm):
    """What came of it, and what comes next."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    outcome = forms.ChoiceField(
        choices=[("", "Not said"), *[each for each in FollowUp.Outcome.choices if each[0]]], required=False
    )
    notes = forms.CharField(required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 3}))
    next_title = forms.CharField(required=False, max_length=500, label="Next step")
    next_due_on = forms.DateField(required=False, label="Due", widget=DAY)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("next_title")) != bool(cleaned.get("next_due_on")) and not self.errors:
            missing = "next_due_on" if cleaned.get("next_title") else "next_title"
            self.add_error(missing, "A next step has a title and a day.")
        return cleaned

    def refuse(self, error: DomainError) -> None:
        if "next_step" in error.errors:
            self.add_error("next_title", error.errors["next_step"])
        else:
            super().refuse(error)

    def next_step(self) -> dict[str, Any] | None:
        if not self.cleaned_data.get("next_title"):
            return None
        return {"title": self.cleaned_data["next_title"], "due_on": self.cleaned_data["next_due_on"]}
