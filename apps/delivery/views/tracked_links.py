"""Where the links of a mail lead whose clicks are counted."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.delivery import links
from apps.delivery.services import clicks
from apps.delivery.views.signed import signed_page, untold

logger = logging.getLogger(__name__)


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Go to the address in the token, exactly that one. HEAD comes from machines and counts for nothing."""
    try:
        delivery_id, url = links.counted(token)
    except NotFound as error:
        return signed_page(request, "delivery/bad_link.html", {"message": error.message}, status=404)
    if request.method == "GET":
        try:
            clicks.count(
                actor=Actor(kind="link", id=delivery_id, label="Recipient"), delivery_id=delivery_id, url=url
            )
        except DatabaseError:
            # Whoever reads the mail wants to get there, counted or not.
            logger.exception("a click on a link of delivery %s is lost", delivery_id)
    response = HttpResponse(status=302)
    # Not Django's redirect, which would write it anew. It is ASCII without blanks: see `tracking`.
    response["Location"] = url
    return untold(response)
