"""An item's checklist, links and files, and watching it. Each answers with its part of the page."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpResponse
from django.urls import reverse

from apps.content.downloads import download_of
from apps.content.forms import ChecklistForm, FileForm, LinkForm
from apps.content.sections import sections_of
from apps.content.services import material
from apps.content.views.answers import calendar_item, placement_of
from apps.core.errors import Invalid, NotFound
from apps.core.pages import done, is_partial, show
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import record
from apps.launches.services.comments import watch as set_watch


@launch_page("POST")
def checklist(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Something more to do."""
    item = calendar_item(launch, placement_of(launch, pk))
    form = ChecklistForm(request.POST, auto_id="todo-%s")
    if form.is_valid():
        try:
            material.add_entry(actor=request.actor, item=item, text=form.cleaned_data["text"])
        except Invalid as error:
            form.refuse(error)
        else:
            return _part(request, launch, pk, "checklist")
    return _part(request, launch, pk, "checklist", 422, checklist_form=form)


@launch_page("POST")
def entry(request: LaunchRequest, launch: Launch, pk: int, entry: int) -> HttpResponse:
    """Done, open again (`do=open`) or removed (`do=remove`)."""
    item = calendar_item(launch, placement_of(launch, pk))
    wanted = request.POST.get("do", "done")
    if wanted == "remove":
        material.remove_entry(actor=request.actor, item=item, pk=entry)
    else:
        material.tick_entry(actor=request.actor, item=item, pk=entry, done=wanted != "open")
    return _part(request, launch, pk, "checklist")


@launch_page("POST")
def links(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One more link."""
    item = calendar_item(launch, placement_of(launch, pk))
    form = LinkForm(request.POST, auto_id="link-%s")
    if form.is_valid():
        try:
            material.add_link(actor=request.actor, item=item, **form.cleaned_data)
        except Invalid as error:
            form.refuse(error)
        else:
            return _part(request, launch, pk, "links")
    return _part(request, launch, pk, "links", 422, link_form=form)


@launch_page("POST")
def link(request: LaunchRequest, launch: Launch, pk: int, link: int) -> HttpResponse:
    """Take a link away."""
    material.remove_link(actor=request.actor, item=calendar_item(launch, placement_of(launch, pk)), pk=link)
    return _part(request, launch, pk, "links")


@launch_page("POST")
def files(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One more file."""
    item = calendar_item(launch, placement_of(launch, pk))
    form = FileForm(request.POST, request.FILES, auto_id="file-%s")
    if form.is_valid():
        try:
            material.add_asset(actor=request.actor, item=item, upload=form.cleaned_data["file"])
        except Invalid as error:
            form.refuse(error)
        else:
            return _part(request, launch, pk, "files")
    return _part(request, launch, pk, "files", 422, file_form=form)


@launch_page("GET", "POST")
def file(request: LaunchRequest, launch: Launch, pk: int, file: int) -> HttpResponse:
    """GET: the file, always as a download; POST: take it away."""
    item = calendar_item(launch, placement_of(launch, pk))
    if request.method == "POST":
        material.remove_asset(actor=request.actor, item=item, pk=file)
        return _part(request, launch, pk, "files")
    asset = item.assets.filter(pk=file).first()
    if asset is None:
        raise NotFound("This item has no such file any more.")
    return cast("HttpResponse", download_of(asset))  # pages may stream as well


@launch_page("POST")
def watch(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Hear what happens to it, or not any more (`on=0`)."""
    placement = placement_of(launch, pk)
    found = record(launch, kinds.get(placement.kind), placement.record_id)
    on = set_watch(actor=request.actor, record=found, on=request.POST.get("on", "1") != "0")
    message = "You watch it now." if on else "You do not watch it any more."
    return done(request, message, to=reverse("content:item", args=[launch.slug, pk]))


def _part(
    request: LaunchRequest, launch: Launch, pk: int, name: str, status: int = 200, **extra: Any
) -> HttpResponse:
    """The part anew in the page or sheet; without JavaScript the item's page, errors included."""
    placement = placement_of(launch, pk)
    item = calendar_item(launch, placement)
    if not is_partial(request) and status == 200:
        return done(request, "", to=reverse("content:item", args=[launch.slug, pk]))
    context: dict[str, Any] = {
        "launch": launch,
        "placement": placement,
        "part": f"content/part_{name}.html",
        **sections_of(request.actor, item),
        **extra,
    }
    return show(
        request, "content/part_page.html", context, partial=f"content/part_{name}.html", status=status
    )
