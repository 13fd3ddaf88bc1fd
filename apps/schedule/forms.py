"""What people type about dates: moving, hanging, linking, freezing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.core.forms import DomainForm
from apps.core.pages import integer
from apps.launches.models import Launch, Phase
from apps.schedule.models import MOST_LAG, Dependency, Placement
from apps.schedule.notices import CHANNEL_CHOICES, MOST_DAYS, WEEKDAYS
from apps.schedule.services.hanging import UNITS

OWN = [("launch_day", "Launch day"), ("rollout_start", "Start of the rollout")]
# More than this nobody finds in a list; the API takes any id.
MOST_OFFERED = 300


def _date(label: str) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class MoveForm(DomainForm):
    """What moves where. With a fingerprint it says: do exactly what was shown.

    `anchor` is launch_day, rollout_start, "phase-7" or "placement-7".
    """

    anchor = forms.ChoiceField(choices=OWN, initial="launch_day", label="Move")
    to = _date("To")
    landing = forms.ChoiceField(
        choices=Placement.Landing.choices,
        initial=Placement.Landing.KEEP,
        label="What would fall on a weekend or holiday should",
    )
    reason = forms.CharField(
        required=False,
        max_length=1000,
        label="Why",
        help_text="Stands in the launch's history.",
        validators=[ProhibitNullCharactersValidator()],
    )
    fingerprint = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, launch: Launch, target: Placement | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        phases = Phase.objects.filter(launch=launch, placement__isnull=False).order_by("position", "id")
        self.named = [(f"phase-{pk}", title[:60]) for pk, title in phases.values_list("pk", "title")[:50]]
        self.offer(target)

    def offer(self, target: Placement | None) -> None:
        """Offer launch day, the rollout, the phases, and the one item it was opened for."""
        choices: list[Any] = [*OWN, *self.named]
        if target is not None and not target.phase_id:
            choices.append((f"placement-{target.pk}", target.title[:80]))
        field = self.fields["anchor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @staticmethod
    def choice_of(given: Mapping[str, Any]) -> str:
        """The choice an address or a form says: `anchor=phase-7`, or `anchor=phase&id=7`."""
        anchor = str(given.get("anchor") or "launch_day")
        return f"{anchor}-{given['id']}" if anchor in {"phase", "placement"} and given.get("id") else anchor

    @staticmethod
    def chosen(choice: str) -> tuple[str, int | None]:
        """What moves, and its id; launch day where it is not said well, which the form then tells."""
        what, _, pk = choice.partition("-")
        number = integer(pk)
        return (what, number) if what in {"phase", "placement"} and number else ("launch_day", None)

    def asked(self) -> dict[str, Any]:
        """What the preview takes."""
        what, _, pk = self.cleaned_data["anchor"].partition("-")
        values = {name: self.cleaned_data[name] for name in ("to", "landing")}
        return {"anchor": what, "pk": integer(pk), **values}

    def said(self) -> dict[str, Any]:
        """What applying it takes besides."""
        return {name: self.cleaned_data[name] for name in ("fingerprint", "reason")}


def _others(launch: Launch, placement: Placement) -> list[tuple[int, str]]:
    rows = (
        Placement.objects.filter(launch=launch)
        .exclude(pk=placement.pk)
        .exclude(state=Placement.State.CANCELLED)
        .order_by("starts_on", "title", "pk")
        .values_list("pk", "title", "starts_on")[:MOST_OFFERED]
    )
    return [
        (pk, f"{title[:70]} ({day:%d %b %Y})" if day else f"{title[:70]} (no date)")
        for pk, title, day in rows
    ]


class DependencyForm(DomainForm):
    """What a thing waits for."""

    before = forms.TypedChoiceField(coerce=int, label="May start only after")
    lag = forms.IntegerField(
        min_value=-MOST_LAG,
        max_value=MOST_LAG,
        initial=0,
        label="Days between",
        help_text="-1: on the same day.",
    )
    on_move = forms.ChoiceField(
        choices=[("push", "push this one later"), ("refuse", "refuse the move")],
        initial=Dependency.OnMove.PUSH,
        label="When a move would break it",
    )

    def __init__(self, *args: Any, launch: Launch, placement: Placement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["before"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose…"), *_others(launch, placement)]


class LinkForm(DomainForm):
    """Another pause, or another answer to moves, for what is linked."""

    lag = forms.IntegerField(min_value=-MOST_LAG, max_value=MOST_LAG)
    on_move = forms.ChoiceField(choices=Dependency.OnMove.choices)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class HangForm(DomainForm):
    """What a thing's time counts from. `on` is launch_day, rollout_start, "phase-7" or "placement-7"."""

    offset = forms.IntegerField(
        label="How many", min_value=-10_000, max_value=10_000, help_text="Below zero: before it."
    )
    unit = forms.ChoiceField(
        choices=[(unit, str(Placement.Unit(unit).label)) for unit in UNITS], initial="day", label="Of what"
    )
    on = forms.ChoiceField(label="From the start of")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, launch: Launch, placement: Placement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        phases = Phase.objects.filter(launch=launch, placement__isnull=False).exclude(placement=placement.pk)
        named = phases.order_by("position", "id").values_list("pk", "title")[:50]
        others = [(pk, title) for pk, title in _others(launch, placement)]
        choices: list[Any] = list(OWN)
        if named:
            choices.append(("Phases", [(f"phase-{pk}", title[:60]) for pk, title in named]))
        if others:
            choices.append(("Other things", [(f"placement-{pk}", title) for pk, title in others]))
        field = self.fields["on"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def asked(self) -> dict[str, Any]:
        """What the service takes."""
        anchor, _, pk = self.cleaned_data["on"].partition("-")
        values = {name: self.cleaned_data[name] for name in ("offset", "unit", "version")}
        return {"anchor": anchor, "to": integer(pk), **values}


class FreezeForm(DomainForm):
    """Days on which nothing should go out."""

    title = forms.CharField(max_length=200, label="What for", validators=[ProhibitNullCharactersValidator()])
    starts_on = _date("From")
    ends_on = _date("To, included")
    everywhere = forms.BooleanField(required=False, label="In all launches")


class NoticesForm(DomainForm):
    """How a person wants to be told of what they own, and of their week."""

    reminders = forms.ChoiceField(choices=CHANNEL_CHOICES, label="Remind me of what I own")
    days = forms.IntegerField(
        min_value=0,
        max_value=MOST_DAYS,
        label="Days before it begins",
        help_text="At 8 in the morning on your clock; what has a time of day, at least an hour before it.",
    )
    late = forms.BooleanField(
        required=False, label="Of what is late too", help_text="Once, in the morning after it became late."
    )
    digest = forms.ChoiceField(choices=CHANNEL_CHOICES, label="Send me my week")
    weekday = forms.TypedChoiceField(choices=list(enumerate(WEEKDAYS, start=1)), coerce=int, label="On")
    hour = forms.TypedChoiceField(
        choices=[(hour, f"{hour:02}:00") for hour in range(24)], coerce=int, label="At"
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
