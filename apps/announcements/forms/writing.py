"""What people type when they write an announcement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import Team
from apps.announcements.content import WORDS
from apps.announcements.models import (
    LANGUAGE,
    MOST_HOURS,
    MOST_SHOWS,
    MOST_SURFACES,
    MOST_TRANSLATIONS,
    SURFACE,
    Announcement,
    Translation,
)
from apps.announcements.selectors import holding_places
from apps.audience.models import validate_rule
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import Conflict
from apps.core.fields import BODY
from apps.core.forms import DomainForm
from apps.launches.models import Launch
from apps.launches.policies import can_work_on_record


class SurfacesField(forms.CharField):
    """Short names, separated by commas or spaces, as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        names = list(dict.fromkeys(re.split(r"[,\s]+", super().clean(value).strip()))) if value else []
        names = [name for name in names if name]
        if len(names) > MOST_SURFACES:
            raise ValidationError(f"Name at most {MOST_SURFACES} surfaces.")
        for name in names:
            SURFACE(name)
        return names


class AnnouncementForm(DomainForm):
    """What an announcement says and to whom."""

    title = forms.CharField(max_length=200)
    body = forms.CharField(
        required=False,
        max_length=BODY,
        label="Text",
        strip=False,
        help_text="Markdown. A few sentences: what is new, and what the reader gets from it.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    action_label = forms.CharField(required=False, max_length=60, label="Button")
    action_url = forms.CharField(
        required=False,
        max_length=500,
        label="Button leads to",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    surfaces = SurfacesField(
        required=False,
        max_length=2000,
        label="Where in the product",
        help_text="Short names of places, such as settings or home/banner. Empty: anywhere.",
    )
    audience = forms.CharField(
        required=False, max_length=2000, label="For which users", help_text="In words."
    )
    audience_rule = forms.CharField(
        required=False,
        max_length=2000,
        label="The same as a rule",
        validators=[validate_rule],
        help_text="Which accounts see it, such as: plan in (team, business) and projects < 50. Empty: all.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    only_exposed = forms.BooleanField(
        required=False,
        label="Only where the launch is exposed",
        help_text="Accounts see it once the rollout's percent has reached them, and nobody while it is on hold.",
    )
    teams = forms.ModelMultipleChoiceField(
        required=False,
        queryset=Team.objects.none(),
        label="Colleagues to tell",
        help_text="The people of these teams find it in their inbox when it goes live.",
        widget=forms.CheckboxSelectMultiple,
    )
    priority = forms.TypedChoiceField(
        choices=Announcement.Priority.choices, coerce=int, initial=Announcement.Priority.NORMAL
    )
    item = forms.ModelChoiceField(
        required=False,
        queryset=CalendarItem.objects.none(),
        label="Calendar item",
        empty_label="A place of its own on the calendar",
        help_text="It shares this item's time, and marks it published when it goes live.",
    )
    form = forms.ChoiceField(
        choices=Announcement.Form.choices,
        initial=Announcement.Form.BANNER,
        required=False,
        label="How it shows",
    )
    language = forms.CharField(
        required=False,
        max_length=12,
        initial="en",
        validators=[LANGUAGE],
        label="Language",
        help_text="Of this text, such as en or pt-BR.",
    )
    most_shows = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_SHOWS,
        label="Shows at most",
        help_text="Times per user. Empty: until dismissed.",
    )
    hours_between = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_HOURS,
        label="Hours between",
        help_text="Before the same user sees it again.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        launch: Launch,
        made: bool,
        actor: Actor | None = None,
        translations: Sequence[Translation] = (),
        **kwargs: Any,
    ) -> None:
        """`made`: it exists, so its calendar item is settled; else `actor` is offered the items they work on."""
        super().__init__(*args, **kwargs)
        initial = [{name: getattr(row, name) for name in WORDS} for row in translations]
        self.translations: Any = _Translations(
            self.data if self.is_bound else None, prefix="tr", initial=initial
        )
        teams: Any = self.fields["teams"]
        teams.queryset = Team.objects.all()
        if made:
            del self.fields["item"]
            return
        taken = holding_places().filter(launch=launch, placement__kind=CalendarItem.kind)
        item: Any = self.fields["item"]
        item.queryset = (
            CalendarItem.objects.filter(launch=launch)
            .exclude(status__in=[CalendarItem.Status.PUBLISHED, CalendarItem.Status.CANCELLED])
            .exclude(pk__in=taken.values("placement__record_id"))
            .select_related("launch")
        )
        # Whoever names another one nevertheless is refused by the service, with the reason.
        item.choices = [
            ("", item.empty_label),
            *((one.pk, str(one)) for one in item.queryset if actor and can_work_on_record(actor, one)),
        ]

    def is_valid(self) -> bool:
        others = self.translations.is_valid() if self._has_translations else True
        return super().is_valid() and others

    @property
    def _has_translations(self) -> bool:
        """Whether the part with other languages was sent at all: without it they stay as they are."""
        return f"{self.translations.prefix}-TOTAL_FORMS" in self.data

    @property
    def values(self) -> dict[str, Any]:
        """What a service takes: everything but the version and the calendar item."""
        left_out = {"version", "item"}
        found = {name: value for name, value in self.cleaned_data.items() if name not in left_out}
        found["teams"] = list(found.get("teams") or [])
        found["form"] = found["form"] or Announcement.Form.BANNER
        found["language"] = found["language"] or "en"
        if self._has_translations:
            given = [each.cleaned_data for each in self.translations if each.cleaned_data.get("title")]
            found["translations"] = [{name: row[name] for name in WORDS} for row in given]
        return found

    def conflict(self, error: Conflict) -> list[dict[str, Any]]:
        """Each field where what was typed differs from what is stored now, side by side."""
        rows = []
        for name, mine in self.values.items():
            if name not in error.current:
                continue
            theirs = error.current[name]
            yours = mine
            if name == "teams":
                yours = sorted(str(team) for team in mine)
            elif name == "translations":
                yours = sorted(f"{each['language']}: {each['title']}" for each in mine)
            if yours != theirs:
                label = "Other languages" if name == "translations" else self[name].label
                rows.append({"label": label, "yours": _words(yours), "theirs": _words(theirs)})
        return rows


class TranslationForm(DomainForm):
    """The same in another language; left empty it is none."""

    language = forms.CharField(
        required=False, max_length=12, validators=[LANGUAGE], help_text="Such as de or pt-BR."
    )
    title = forms.CharField(required=False, max_length=200)
    body = forms.CharField(
        required=False, max_length=BODY, label="Text", strip=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    action_label = forms.CharField(
        required=False, max_length=60, label="Button", help_text="Empty: as in the first language."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        said = [name for name in WORDS if str(cleaned.get(name) or "").strip()]
        for name in ("language", "title"):
            if said and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, "A translation needs a language and a title.")
        return cleaned


# One empty one to add a language; whoever saves gets the next.
_Translations = forms.formset_factory(
    TranslationForm, extra=1, max_num=MOST_TRANSLATIONS, absolute_max=MOST_TRANSLATIONS + 1
)


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
