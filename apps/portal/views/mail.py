"""What the portal sent while it runs without a mail server of its own: `make run` catches all of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from apps.audience import policies
from apps.core.errors import NotFound
from apps.core.pages import PageRequest, page, paginate, show
from apps.portal import caught


@page()
def mails(request: PageRequest) -> HttpResponse:
    """The newest mails, for who may see customers' addresses."""
    policies.require("contacts.see", request.actor)
    if not caught.is_on():
        raise NotFound("Mail goes to a relay here; it is not kept.")
    text = request.GET.get("q", "").strip()[:200]
    context = {"rows": paginate(request, caught.newest(text)), "q": text, "page_title": "Caught mail"}
    return show(request, "portal/mails.html", context)


@page()
def mail(request: PageRequest, key: str) -> HttpResponse:
    """One mail as it would have gone out."""
    policies.require("contacts.see", request.actor)
    found = caught.one(key)
    if found is None:
        raise NotFound("There is no such mail (any more).")
    context = {
        "mail": found,
        "page_title": found.subject or "A mail",
        "crumbs": [{"label": "Caught mail", "url": reverse("portal:mails")}],
    }
    return show(request, "portal/mail.html", context)
