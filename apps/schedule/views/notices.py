"""How one wants to be told: reminders and the digest of one's week."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.views import settings_tabs
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.core.pages import PageRequest, done, page, show
from apps.schedule.forms import NoticesForm
from apps.schedule.notices import Notices, notices_of, stopped_topics
from apps.schedule.services.choosing import choose_notices


@page("GET", "POST")
def settings(request: PageRequest) -> HttpResponse:
    """One's own choices. They are a form like any other, so the page needs no script."""
    me = request.user
    if not isinstance(me, User):
        raise NotAllowed("Only a signed-in person has this.")
    chosen = notices_of([me.pk])[me.pk]
    if request.method == "GET":
        return _page(request, me, NoticesForm(initial={**chosen.values(), "version": chosen.version}), chosen)
    form = NoticesForm(request.POST)
    if form.is_valid():
        values = dict(form.cleaned_data)
        try:
            choose_notices(actor=request.actor, version=values.pop("version"), values=values)
        except (Invalid, Conflict) as error:
            form.refuse(error)
            status = error.status
        else:
            return done(request, "Saved.", to=reverse("notices:settings"))
    else:
        status = 422
    return _page(request, me, form, chosen, status=status)


def _page(
    request: PageRequest, me: User, form: NoticesForm, chosen: Notices, *, status: int = 200
) -> HttpResponse:
    context = {
        "page_title": "Settings",
        "tabs": settings_tabs(request, "notices"),
        "form": form,
        "stopped": stopped_topics(me, chosen),
        "zone": me.zone,
    }
    return show(request, "schedule/notices.html", context, status=status)
