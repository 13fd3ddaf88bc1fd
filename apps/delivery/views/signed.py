"""What pages have in common whose address is the key to them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def signed_page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page that tells nobody its address: it is a key."""
    return untold(render(request, template, context, status=status))


def untold(response: HttpResponse) -> HttpResponse:
    """Neither the next site nor a search engine learns where it stood."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
