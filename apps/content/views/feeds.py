"""Calendar feeds: the page where people make and end them, and the addresses calendars ask."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.accounts.views import settings_tabs
from apps.content import ical
from apps.content.forms import FeedForm
from apps.content.models import Feed
from apps.content.selectors.feeds import events_of, nearest, tag_of
from apps.content.services import feeds
from apps.core.errors import Invalid, NotFound
from apps.core.pages import PageRequest, done, page, show


@page("GET", "POST")
def feeds_page(request: PageRequest) -> HttpResponse:
    """One's own feeds; making one shows its address this once."""
    start = {name: request.GET.get(name, "")[:20] for name in ("scope", "launch", "team", "view", "name")}
    start = {name: value for name, value in start.items() if value}
    form = FeedForm(
        request.POST or None, actor=request.actor, initial={"scope": "mine", **start}, auto_id="feed-%s"
    )
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                feed, secret = feeds.create_feed(actor=request.actor, **form.cleaned_data)
            except Invalid as error:
                form.refuse(error)
            else:
                # Not after a redirect: the address is in this one answer and nowhere else.
                context |= {
                    "fresh": feed,
                    "address": feeds.address_of(secret),
                    "form": FeedForm(actor=request.actor),
                }
                status = 201
    context["feeds"] = Feed.objects.filter(owner=request.user.pk).select_related("team", "launch", "view")
    context["tabs"] = settings_tabs(request, "feeds")
    context["page_title"] = "Settings"
    return show(request, "content/feeds.html", context, status=status)


@page("POST")
def revoke(request: PageRequest, pk: int) -> HttpResponse:
    """End an address at once."""
    feeds.revoke_feed(actor=request.actor, pk=pk)
    return done(request, "This address does not work any more.", to=reverse("calendars:feeds"))


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar at an address. 304 while nothing in it would differ; 404 for every address that is none."""
    try:
        found = feeds.feed_of(secret)
    except NotFound as error:
        return HttpResponse(error.message, status=404, content_type="text/plain; charset=utf-8")
    events = events_of(found)
    etag = f'"{hashlib.sha256(tag_of(found, events).encode()).hexdigest()[:32]}"'
    feeds.note_use(found)
    if request.headers.get("If-None-Match", "").removeprefix("W/") == etag:
        response = HttpResponse(status=304)
    else:
        shown, left_out = nearest(events)
        body = ical.calendar_of(found.name, shown, left_out=left_out)
        response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    response["Referrer-Policy"] = "no-referrer"
    return response
