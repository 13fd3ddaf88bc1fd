"""What people type about calendar items."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import QuerySet

from apps.accounts.models import Team, User
from apps.content.models import CalendarItem, Feed, ItemLink, SavedView
from apps.content.models.material import LONGEST_URL
from apps.content.models.review import MOST_STEPS
from apps.content.selectors.saved import visible_views
from apps.core.actors import Actor
from apps.core.forms import DomainForm
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches


class StatusForm(DomainForm):
    """Another status for an item."""

    status = forms.ChoiceField(choices=CalendarItem.Status.choices)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class BlockForm(DomainForm):
    """What a piece of work waits for."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Waits for",
        help_text="Leave it empty when it waits for nothing any more.",
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class SplitForm(DomainForm):
    """The pieces of work one item names, one a line."""

    titles = forms.CharField(
        max_length=10_000,
        label="One piece of work a line",
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReviewForm(DomainForm):
    """A decision about an item, with a word on it."""

    note = forms.CharField(
        required=False,
        max_length=10_000,
        label="Note",
        help_text="What should change, or what you looked at.",
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReviewersForm(DomainForm):
    """Whose approval one item needs."""

    reviewers = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        required=False,
        help_text="They are asked besides those the channel names.",
        widget=forms.CheckboxSelectMultiple,
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reviewers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = people


class ChecklistForm(DomainForm):
    """Something more to do for an item."""

    text = forms.CharField(max_length=300, label="To do", validators=[ProhibitNullCharactersValidator()])


class LinkForm(DomainForm):
    """An address that belongs to an item."""

    url = forms.CharField(
        max_length=LONGEST_URL, label="Address", widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    kind = forms.ChoiceField(choices=ItemLink.Kind.choices, initial=ItemLink.Kind.OTHER)
    title = forms.CharField(required=False, max_length=200, label="Name")


class FileForm(DomainForm):
    """A file to keep with an item."""

    file = forms.FileField(label="File", help_text="At most 25 MiB.", allow_empty_file=True)


class RuleStepForm(DomainForm):
    """One step of a channel's approval: a person, or so many of a team. Empty: no step."""

    who = forms.ChoiceField(required=False)
    needed = forms.IntegerField(min_value=1, max_value=20, initial=1, label="How many")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(f"user:{user.pk}", str(user)) for user in User.objects.filter(is_active=True)]
        teams = [(f"team:{team.pk}", str(team)) for team in Team.objects.all()]
        field = self.fields["who"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nobody"), ("Teams", teams), ("People", people)]


class RuleForm(DomainForm):
    """Whether a channel's steps are asked one after the other."""

    in_order = forms.BooleanField(
        required=False, label="One after the other", help_text="A step is asked when the one before agreed."
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


RuleSteps = forms.formset_factory(
    RuleStepForm, extra=2, max_num=MOST_STEPS, absolute_max=MOST_STEPS, validate_max=True
)


class FeedForm(DomainForm):
    """A calendar feed: of what, and its name."""

    name = forms.CharField(max_length=120, validators=[ProhibitNullCharactersValidator()])
    scope = forms.ChoiceField(choices=Feed.Scope.choices, label="What is in it")
    team = forms.ModelChoiceField(Team.objects.all(), required=False, empty_label="None")
    launch = forms.ModelChoiceField(Launch.objects.none(), required=False, empty_label="None")
    view = forms.ModelChoiceField(
        SavedView.objects.none(), required=False, label="Saved view", empty_label="None"
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        launch: Any = self.fields["launch"]
        launch.queryset = visible_launches(actor).exclude(state=Launch.State.ARCHIVED)
        view: Any = self.fields["view"]
        view.queryset = visible_views(actor)
