"""Saved views: keeping the view one looks at, renaming, sharing and forgetting it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.http import HttpResponse
from django.urls import reverse

from apps.content.selectors import saved
from apps.content.services import saved as services
from apps.content.views.calendar import back_to
from apps.core.errors import Conflict, Invalid
from apps.core.forms import DomainForm
from apps.core.pages import PageRequest, done, page, show
from apps.launches.selectors import launch_by_slug


class SaveForm(DomainForm):
    """A name for the view one looks at."""

    name = forms.CharField(max_length=80, validators=[ProhibitNullCharactersValidator()])
    shared = forms.BooleanField(
        required=False,
        label="Share it",
        help_text="Everybody who may see this calendar finds it among their views.",
    )
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    launch = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)


class ChangeForm(DomainForm):
    """A saved view's name and who finds it."""

    name = SaveForm.base_fields["name"]
    shared = SaveForm.base_fields["shared"]
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


@page("GET", "POST")
def save(request: PageRequest) -> HttpResponse:
    """A form for the view of `launch` (none: all launches) that `query` says, and keeping it."""
    given = request.POST if request.method == "POST" else None
    initial = {"query": request.GET.get("query", "")[:2000], "launch": request.GET.get("launch", "")[:80]}
    form = SaveForm(given, initial=initial, auto_id="save-%s")
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        launch = launch_by_slug(request.actor, values["launch"]) if values["launch"] else None
        try:
            view = services.save_view(
                actor=request.actor,
                name=values["name"],
                launch=launch,
                query=values["query"],
                shared=values["shared"],
            )
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, f"“{view.name}” is saved.", to=view.get_absolute_url())
    context = {"form": form, "title": "Save this view", "word": "Save it", "action": request.get_full_path()}
    context["back"] = back_to(request, reverse("portal:calendar"))
    status = 422 if request.method == "POST" else 200
    return show(
        request, "content/saved_view.html", context, partial="content/saved_view_sheet.html", status=status
    )


@page("GET", "POST")
def change(request: PageRequest, pk: int) -> HttpResponse:
    """Another name for a view, or sharing it."""
    view = saved.view(request.actor, pk)
    initial = {"name": view.name, "shared": view.shared, "version": view.version}
    form = ChangeForm(request.POST if request.method == "POST" else None, initial=initial, auto_id="view-%s")
    extra: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                view = services.change_view(
                    actor=request.actor,
                    view=view,
                    name=values["name"],
                    shared=values["shared"],
                    version=values["version"],
                )
            except Conflict as error:
                status = 409
                extra["conflict"] = [
                    {"label": "Name", "yours": values["name"], "theirs": error.current["name"]},
                    {
                        "label": "Shared",
                        "yours": _yes(values["shared"]),
                        "theirs": _yes(error.current["shared"]),
                    },
                ]
                form = ChangeForm(initial={**values, "version": error.version}, auto_id="view-%s")
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, f"“{view.name}” is saved.", to=view.get_absolute_url())
    context = {
        "form": form,
        "view": view,
        "title": f"The view “{view.name}”",
        "word": "Save",
        "action": request.path,
        "may_change": view.owner_id == request.user.pk,
        "back": view.get_absolute_url(),
        **extra,
    }
    return show(
        request, "content/saved_view.html", context, partial="content/saved_view_sheet.html", status=status
    )


@page("POST")
def remove(request: PageRequest, pk: int) -> HttpResponse:
    """Forget a view of one's own."""
    view = saved.view(request.actor, pk)
    base = view.get_absolute_url().partition("?")[0]
    services.remove_view(actor=request.actor, view=view)
    return done(request, f"“{view.name}” is forgotten.", to=base)


def _yes(value: Any) -> str:
    return "yes" if value else "no"
