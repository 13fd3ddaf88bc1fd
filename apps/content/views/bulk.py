"""Many items at once: changing what was selected, or all that is in a filter, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.content.models import BulkChange, CalendarItem
from apps.content.selectors import Shown
from apps.content.selectors.filters import BIGGEST_ID
from apps.content.services import bulk, bulk_across
from apps.content.views.answers import undoable
from apps.content.views.calendar import back_to, calendar_page, items_in, page_of_all
from apps.core.errors import Conflict, Invalid
from apps.core.forms import DomainForm
from apps.core.pages import PageRequest, done, integer, is_partial, page
from apps.launches import policies
from apps.launches.models import Channel, Launch
from apps.launches.pages import LaunchRequest, launch_page

NOBODY = "none"


class BulkForm(DomainForm):
    """What to set; what is left empty stays as it is, "none" takes it away."""

    status = forms.ChoiceField(choices=[("", ""), *CalendarItem.Status.choices], required=False)
    owner = forms.CharField(required=False, max_length=20)
    team = forms.CharField(required=False, max_length=20)
    channel = forms.CharField(required=False, max_length=20)
    days = forms.IntegerField(required=False, min_value=-3660, max_value=3660)

    def change(self, launch: Launch | None) -> dict[str, Any]:
        """The change a valid form says, of one launch's items or of any.

        Raises `Invalid` for people, teams and channels that are not there.
        """
        values = self.cleaned_data
        said: dict[str, Any] = {}
        if values["status"]:
            said["status"] = values["status"]
        if values["days"]:
            said["days"] = values["days"]
        for name, rows in (
            ("owner", User.objects.filter(is_active=True)),
            ("team", Team.objects.all()),
            ("channel", Channel.objects.filter(launch=launch)),
        ):
            if values[name] == NOBODY:
                said[name] = None
            elif values[name]:
                pk = integer(values[name])
                found = rows.filter(pk=pk).first() if pk is not None else None
                if found is None:
                    raise Invalid(f"There is no such {name}.", field=name)
                said[name] = found
        return said


@launch_page("POST")
def change(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Change the items named `item`, or with `all` every one in this address's filter, which held `expected`."""
    policies.require("launches.contribute", request.actor, launch)
    said = _said(request, launch)
    if request.POST.get("all") == "1":
        ids = items_in(request.actor, launch, Shown.of(request.GET))
        expected = integer(request.POST.get("expected"))
        if expected != len(ids):
            raise Conflict(
                f"This filter holds {len(ids)} items now, not {expected}. Look again before you change them."
            )
    else:
        ids = _ids(request, "item")
    outcome = bulk.bulk_change(actor=request.actor, launch=launch, ids=ids, change=said)
    made = outcome.change.pk if outcome.change else 0
    return _changed(request, launch, outcome, reverse("content:undo", args=[launch.slug, made]))


@page("POST")
def change_of_all(request: PageRequest) -> HttpResponse:
    """Change the items named `item`, of whichever launches."""
    said = _said(request, None)
    outcome = bulk_across.change_across(actor=request.actor, ids=_ids(request, "item"), change=said)
    return _changed(request, None, outcome, reverse("calendars:undo"), outcome.changes)


@launch_page("POST")
def undo(request: LaunchRequest, launch: Launch, change: int) -> HttpResponse:
    """Give the items of one change back what they held, except where somebody has changed them since."""
    found = bulk.last_change(request.actor, launch, change)
    return _undone(request, launch, bulk.undo(actor=request.actor, change=found))


@page("POST")
def undo_of_all(request: PageRequest) -> HttpResponse:
    """The same of several changes, named `change`, that were made in one step."""
    found = bulk_across.last_changes(request.actor, _ids(request, "change"))
    return _undone(request, None, bulk_across.undo_across(actor=request.actor, changes=found))


def _said(request: PageRequest, launch: Launch | None) -> dict[str, Any]:
    form = BulkForm(request.POST)
    if not form.is_valid():
        raise Invalid(" ".join(str(text) for texts in form.errors.values() for text in texts))
    return form.change(launch)


def _ids(request: PageRequest, name: str) -> list[int]:
    given = (integer(text) for text in request.POST.getlist(name))
    return [pk for pk in given if pk is not None and 0 < pk <= BIGGEST_ID]


def _changed(
    request: PageRequest,
    launch: Launch | None,
    outcome: bulk.Outcome,
    undo_url: str,
    changes: Sequence[BulkChange] = (),
) -> HttpResponse:
    """What was changed, with the way back; a refusal names what stood in the way."""
    if not outcome.done:
        raise Invalid(f"Nothing was changed: {bulk.titles(outcome.refused)}", code="refused")
    words = f"{_items(outcome.changed)} changed."
    if outcome.along:
        words = f"{words[:-1]}, and {outcome.along} other{'' if outcome.along == 1 else 's'} moved along."
    told = undoable(request, words, undo_url, back=_back(request, launch), changes=changes)
    return _answer(request, launch, told)


def _undone(request: PageRequest, launch: Launch | None, outcome: bulk.Outcome) -> HttpResponse:
    if outcome.refused:
        messages.warning(request, f"Left alone: {bulk.titles(outcome.refused)}")
    return _answer(request, launch, f"{_items(outcome.changed)} as before.")


def _answer(request: PageRequest, launch: Launch | None, message: str) -> HttpResponse:
    """The calendar it was asked from again; without a script back to where that was."""
    if not is_partial(request):
        return done(request, message, to=_back(request, launch))
    messages.success(request, message)
    if launch is None:
        return page_of_all(request)
    return calendar_page(cast(LaunchRequest, request), launch)


def _back(request: PageRequest, launch: Launch | None) -> str:
    base = reverse("content:calendar", args=[launch.slug]) if launch else reverse("portal:calendar")
    return back_to(request, base)


def _items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"
