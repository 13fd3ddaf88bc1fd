"""What clashes in a launch, and the days on which nothing should go out."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse

from apps.core import permissions
from apps.core.errors import Invalid, NotFound
from apps.core.pages import done, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.clashes import clashes_of, kinds_of_clashes
from apps.schedule.forms import FreezeForm
from apps.schedule.models import Freeze
from apps.schedule.services import freezing

SHOWN = 200


@launch_page("GET", "POST")
def clashes(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """The list, with what freezes days; POST freezes some."""
    form = FreezeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        where = None if values.pop("everywhere") else launch
        try:
            made = freezing.add_freeze(actor=request.actor, launch=where, **values)
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, f"“{made.title}” is frozen.", to=_address(launch))
    return _page(request, launch, form, status=422 if form.is_bound else 200)


@launch_page("POST")
def unfreeze(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Let things go out on these days again."""
    found = Freeze.objects.filter(Q(launch=launch) | Q(launch=None), pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound("There is no such freeze in this launch.")
    freezing.remove_freeze(actor=request.actor, freeze=found)
    return done(request, f"“{found.title}” is not frozen any more.", to=_address(launch))


def _address(launch: Launch) -> str:
    return reverse("launches:clashes", args=[launch.slug])


def _page(request: LaunchRequest, launch: Launch, form: FreezeForm, *, status: int = 200) -> HttpResponse:
    everywhere = permissions.allows("schedule.freeze_all", request.actor)
    if not everywhere:
        del form.fields["everywhere"]
    found = clashes_of(request.actor, launch)
    kind = request.GET.get("kind", "")
    labels = kinds_of_clashes()
    chosen = [clash for clash in found if clash.kind == kind] if kind in labels else found
    counts = {key: sum(clash.kind == key for clash in found) for key in labels}
    context: dict[str, Any] = {
        "launch": launch,
        "clashes": chosen[:SHOWN],
        "total": len(found),
        "unshown": max(0, len(chosen) - SHOWN),
        "kinds": [(key, label, counts[key]) for key, label in labels.items() if counts[key]],
        "kind": kind if kind in labels else "",
        "freezes": list(
            Freeze.objects.filter(Q(launch=launch) | Q(launch=None)).select_related("launch")[:SHOWN]
        ),
        "form": form,
        "may_freeze": permissions.allows("schedule.freeze", request.actor, launch),
        "may_freeze_all": everywhere,
    }
    return show(request, "schedule/clashes.html", context, partial="list", status=status)
