"""Forms of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.forms import PersonField
from apps.audience.rule_forms import RuleFormField
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.core.fields import validate_zone
from apps.core.forms import DomainForm
from apps.launches.models import Launch
from apps.launches.policies import can_work_on_record
from apps.outreach.models import Campaign
from apps.outreach.selectors import items_without_campaign
from apps.schedule.wall_times import instant_of
from apps.work.models import FollowUp

CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class RolesField(forms.CharField):
    """Names of roles, separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [role.strip()[:120] for role in str(super().clean(value) or "").split(",") if role.strip()]


class CampaignForm(DomainForm):
    """What a campaign says to whom, and what its CSMs do."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(max_length=200)
    goal = forms.CharField(required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 2}))
    owner = PersonField(required=False, empty_label="Nobody")
    rule = RuleFormField(
        required=False, label="Which accounts", help_text="Empty: all of them. For example: value >= 50000"
    )
    roles = RolesField(
        required=False, max_length=1000, label="Which of their contacts",
        help_text="Roles, separated by commas. Empty: everybody who may be written to.",
    )  # fmt: skip
    sends_mail = forms.BooleanField(required=False, label="Send a mail")
    subject = forms.CharField(required=False, max_length=500)
    body = forms.CharField(
        required=False,
        max_length=20_000,
        label="Text",
        widget=forms.Textarea(attrs={"rows": 10, "class": "tall"}),
        help_text='Markdown. {{ contact.first_name|default:"there" }}, {{ account.name }}, {{ csm.name }}, '
        "{{ launch.day }} and every attribute of an account; what is not known and has no default stops that one mail.",
    )
    second_to = forms.ModelChoiceField(
        Campaign.objects.none(), required=False, label="A second mail to", empty_label="It is a first mail"
    )
    wait_days = forms.IntegerField(
        min_value=1, max_value=365, label="Days without an answer", initial=5, required=False
    )
    track_links = forms.BooleanField(
        required=False, label="Count who follows links",
        help_text="Links lead through the portal; a mail provider counts who opens the mail, too. Machines that "
        "look at links count as well. Off: nobody counts anything.",
    )  # fmt: skip
    makes_follow_ups = forms.BooleanField(required=False, label="Give each CSM a follow-up per account")
    follow_up_kind = forms.ChoiceField(choices=FollowUp.Kind.choices, required=False, label="What it is")
    follow_up_title = forms.CharField(required=False, max_length=200, label="Its title")
    follow_up_script = forms.CharField(
        required=False, max_length=20_000, label="What to say", widget=forms.Textarea(attrs={"rows": 4})
    )
    follow_up_days = forms.IntegerField(
        min_value=0, max_value=365, required=False, initial=3, label="Due after days"
    )
    zone = forms.CharField(
        max_length=64, label="Time zone", required=False, validators=[validate_zone],
        help_text="For contacts whose own zone is not known.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )  # fmt: skip
    quiet_from = forms.TimeField(required=False, widget=CLOCK, label="Quiet from")
    quiet_until = forms.TimeField(
        required=False, widget=CLOCK, label="Quiet until", help_text="On each contact's clock."
    )
    rate = forms.FloatField(
        required=False, min_value=0.01, label="Mails a second", help_text="Empty: as fast as it goes."
    )

    item = forms.ModelChoiceField(
        CalendarItem.objects.none(), required=False, label="Calendar item",
        empty_label="A place of its own on the calendar",
        help_text="It shares this item's time, and marks it published when it begins.",
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        launch: Launch,
        campaign: Campaign | None = None,
        actor: Actor | None = None,
        **kwargs: Any,
    ) -> None:
        """Of a campaign that exists its calendar item is settled; else `actor` is offered the items they work on."""
        super().__init__(*args, **kwargs)
        if campaign is not None:
            del self.fields["item"]
        else:
            item: Any = self.fields["item"]
            item.queryset = items_without_campaign(launch)
            # Whoever names another one nevertheless is refused by the service, with the reason.
            mine = [one for one in item.queryset if actor and can_work_on_record(actor, one)]
            item.choices = [("", item.empty_label), *((one.pk, str(one)) for one in mine)]
        firsts = Campaign.objects.filter(launch=launch, sends_mail=True).order_by("title")
        self.fields["second_to"].queryset = firsts.exclude(pk=campaign.pk) if campaign else firsts  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the service takes: numbers that were left empty keep what they were."""
        found = {name: value for name, value in self.cleaned_data.items() if name not in {"version", "item"}}
        for name in ("wait_days", "follow_up_days", "zone", "follow_up_kind"):
            if found[name] in (None, ""):
                del found[name]
        return found


class StartForm(DomainForm):
    """When it starts, as a wall time in one zone; empty: at once."""

    starts = forms.CharField(
        required=False, label="Starts", help_text="Empty: at once.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )  # fmt: skip
    zone = forms.CharField(
        max_length=64, label="Time zone", validators=[validate_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        said = str(cleaned.get("starts") or "").strip()
        cleaned["starts_at"] = None
        if said and "zone" in cleaned:
            try:
                cleaned["starts_at"] = instant_of(
                    datetime.fromisoformat(said), zone=cleaned["zone"], field="starts"
                )
            except ValueError:
                self.add_error("starts", ValidationError("Write a date and time such as 2026-03-04 15:00."))
            except Invalid as error:
                self.add_error("starts", error.message)
        return cleaned
