"""What a recipient may say about mail by the signed link in it: no sign-in, no cookie."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.delivery import links, selectors, sources
from apps.delivery.models import Delivery
from apps.delivery.services import suppression
from apps.delivery.views.signed import signed_page

ONE_CLICK = ("List-Unsubscribe", "One-Click")


@csrf_exempt  # the token in the address is what allows it, and mail programs send no cookie (RFC 8058, 3.2)
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what may be chosen and changes nothing, as scanners open every link. POST changes it, with 200."""
    try:
        delivery = selectors.delivery_with_mailing(links.delivery_of(token))
    except NotFound as error:
        return signed_page(request, "delivery/bad_link.html", {"message": error.message}, status=404)
    if request.method != "POST":
        return signed_page(request, "delivery/preferences.html", _context(delivery))
    actor = Actor(kind="link", id=delivery.pk, label="Recipient")
    if request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        suppression.unsubscribe(actor=actor, delivery=delivery)
    elif request.POST.get("choice") == "none":
        suppression.stop_everything(actor=actor, delivery=delivery)
    elif request.POST.get("choice") == "topics":
        offered = {topic.slug for topic in _topics(delivery)}
        wanted = offered & set(request.POST.getlist("topic"))
        suppression.choose(actor=actor, delivery=delivery, offered=offered, wanted=wanted)
    else:
        return signed_page(request, "delivery/preferences.html", _context(delivery), status=400)
    return signed_page(request, "delivery/preferences.html", {**_context(delivery), "saved": True})


def _topics(delivery: Delivery) -> list[sources.Topic]:
    """What the page offers: every topic for people like them, in any case that of the mail the link came in."""
    own = sources.topic(delivery.mailing.topic)
    known = [topic for topic in sources.topics() if topic.internal == own.internal]
    return known if own in known else [own, *known]


def _context(delivery: Delivery) -> dict[str, Any]:
    stopped = selectors.suppressed_topics(delivery.address)
    return {
        "page_title": "What mail you get",
        "address": delivery.address,
        "own": sources.topic(delivery.mailing.topic),
        "everything_stopped": "" in stopped,
        "topics": [{"topic": topic, "wanted": not stopped & {"", topic.slug}} for topic in _topics(delivery)],
    }
