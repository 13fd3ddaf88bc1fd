"""What people type about themselves, their tokens, other people and teams."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Q

from apps.accounts.models import Team, User
from apps.accounts.services import SCOPES
from apps.core.fields import validate_zone
from apps.core.forms import DomainForm
from apps.core.pages import integer

ZONE = forms.TextInput(attrs={"list": "zones", "autocomplete": "off"})
SCOPE_WORDS = {
    "read": "Read: launches, plans, announcements",
    "write": "Write: change what you may change",
    "feed": "Feed: what the product shows its users, and their receipts",
    "admin": "Administer: people and teams, if you are an administrator",
}


class PersonField(forms.ModelChoiceField[User]):
    """Somebody who is here, or whoever the form was begun with: who was deactivated meanwhile stays, named as
    such, until somebody takes them away. Saving another field must not."""

    def __init__(self, **options: Any) -> None:
        super().__init__(User.objects.filter(is_active=True), **options)

    def get_bound_field(self, form: Any, field_name: str) -> forms.BoundField:
        held = form.get_initial_for_field(self, field_name)
        pk = integer(str(getattr(held, "pk", held) or ""))
        self.queryset = User.objects.filter(Q(is_active=True) | Q(pk=pk))
        return super().get_bound_field(form, field_name)

    def label_from_instance(self, obj: User) -> str:
        return str(obj) if obj.is_active else f"{obj} (deactivated)"


class ProfileForm(DomainForm):
    """One's own name and how the portal looks."""

    name = forms.CharField(max_length=120)
    zone = forms.CharField(
        max_length=64,
        label="Time zone",
        validators=[validate_zone],
        help_text="Times show on this clock, for example Europe/Berlin.",
        widget=ZONE,
    )
    theme = forms.ChoiceField(choices=User.Theme.choices, label="Colours")
    density = forms.ChoiceField(choices=User.Density.choices, label="Rows")


class TokenForm(DomainForm):
    """A token to be made."""

    name = forms.CharField(max_length=120, label="What is it for?")
    scopes = forms.MultipleChoiceField(
        choices=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        label="What may it do?",
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        choices=[(30, "30 days"), (90, "90 days"), (365, "A year"), (0, "No end")],
        coerce=int,
        initial=90,
        label="How long does it last?",
    )

    def __init__(self, data: Any = None, *, may_feed: bool) -> None:
        super().__init__(data)
        if not may_feed:
            scopes = cast(forms.MultipleChoiceField, self.fields["scopes"])
            scopes.choices = [(scope, SCOPE_WORDS[scope]) for scope in SCOPES if scope != "feed"]


class _Teams(DomainForm):
    role = forms.ChoiceField(choices=User.Role.choices, initial=User.Role.MEMBER)
    teams = forms.ModelMultipleChoiceField(
        required=False, queryset=Team.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams: Any = self.fields["teams"]
        teams.queryset = Team.objects.all()


class NewPersonForm(_Teams):
    """Somebody who is to use the portal."""

    name = forms.CharField(max_length=120)
    email = forms.EmailField(max_length=254, label="E-mail")
    field_order = ["name", "email", "role", "teams"]


class PersonForm(_Teams):
    """What an administrator changes about somebody."""

    is_active = forms.BooleanField(
        required=False, label="May sign in", help_text="Without it sessions and tokens end at once."
    )


class TeamForm(DomainForm):
    """A team to be added."""

    name = forms.CharField(max_length=120, label="Name of the team")
    works_with_customers = forms.BooleanField(
        required=False, label="Works with customers", help_text="Its people see contacts of accounts."
    )
