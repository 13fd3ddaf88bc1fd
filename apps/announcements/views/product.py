"""What products load, and the make-believe product that shows it."""

from __future__ import annotations

import functools
import gzip
import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.announcements import selectors
from apps.announcements.demonstration import demonstration
from apps.announcements.models import SURFACE
from apps.announcements.services import receipts
from apps.core.clock import now
from apps.core.pages import show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page

# Pages that carry the widget get a new one this soon, and do not ask for it more often.
FRESH_SECONDS = 300


@require_safe
def widget(request: HttpRequest) -> HttpResponse:
    """The widget at an address that stays. Its hashed twin is below /static/, for who pins a version."""
    script, packed, tag = _widget()
    response: HttpResponse
    if tag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(packed, content_type="text/javascript; charset=utf-8")
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["ETag"] = tag
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    # Pages that isolate themselves (COEP) may still load it.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@functools.cache
def _widget() -> tuple[bytes, bytes, str]:
    script = (settings.BASE_DIR / "static" / "js" / "widget.js").read_bytes()
    return script, gzip.compress(script, 9, mtime=0), f'"{hashlib.sha256(script).hexdigest()[:20]}"'


@launch_page()
def product(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """A page of a make-believe product that carries the widget, signed in as a made-up user."""
    found = selectors.announcement(request.actor, pk, launch)
    person = request.user
    assert isinstance(person, User)
    surface = request.GET.get("surface", found.surfaces[0] if found.surfaces else "")
    context = {
        "launch": launch,
        "announcement": found,
        "page_title": "A product",
        "demo": demonstration(found, person, now()),
        "surface": surface if SURFACE.regex.match(surface) else "",  # type: ignore[union-attr]
        "surfaces": found.surfaces or ["home", "settings", "reports"],
    }
    return show(request, "announcements/product.html", context)


@launch_page("POST")
def start_over(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Show everything to the make-believe user once more."""
    receipts.start_over(actor=request.actor)
    return HttpResponseRedirect(reverse("announcements:product", args=[launch.slug, pk]))
