"""Changing one field of an item where it stands in the list: a form in its row, conflicts beside it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.content.models import CalendarItem
from apps.content.views.answers import after, back, calendar_item, placement_of
from apps.core.errors import Conflict, Invalid
from apps.core.pages import is_partial, show
from apps.launches import kinds, policies
from apps.launches.forms.records import RecordForm
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.services import records

# What a row lets one change.
FIELDS = ("title", "owner", "status", "when")


@launch_page("GET", "POST")
def edit(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """The row as a form; POST saves it. 422 shows what is wrong in the row, 409 yours and theirs."""
    placement = placement_of(launch, pk)
    item = calendar_item(launch, placement)
    policies.require("records.work", request.actor, item)
    form = RecordForm(
        request.POST if request.method == "POST" else None,
        kind=kinds.get(CalendarItem.kind),
        launch=launch,
        record=item,
        only=FIELDS,
        auto_id=f"row-{pk}-%s",
    )
    if request.method == "GET":
        return _row(request, launch, pk, item, form)
    if not form.is_valid():
        return _row(request, launch, pk, item, form, 422)
    try:
        item = records.change_record(
            actor=request.actor,
            record=item,
            values=form.values(),
            version=form.cleaned_data["version"],
            seen=form.seen(),
        )
    except Conflict as error:
        return _row(request, launch, pk, item, form, 409, conflict=form.conflict(error))
    except Invalid as error:
        form.refuse(error)
        return _row(request, launch, pk, item, form, 422)
    return after(request, launch, f"“{item.title[:80]}” is saved.")


def _row(
    request: LaunchRequest,
    launch: Launch,
    pk: int,
    item: CalendarItem,
    form: RecordForm,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    context = {
        "launch": launch,
        "pk": pk,
        "item": item,
        "form": form,
        "query": request.GET.urlencode(),
        "back": back(request, launch),
        # Where "Leave it" brings the list back from.
        "calendar_url": reverse("portal:calendar")
        if request.GET.get("all") == "1"
        else reverse("content:calendar", args=[launch.slug]),
        **extra,
    }
    response = show(request, "content/row_page.html", context, partial="content/row_form.html", status=status)
    if status != 200 and is_partial(request):
        # What is wrong is shown in the row; only what was saved brings the list back.
        response["HX-Retarget"], response["HX-Reswap"] = f"#row-{pk}", "outerHTML"
    return response
