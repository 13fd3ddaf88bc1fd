"""What every page view shares: sign-in, errors as messages, whole page or partial, answers after a write."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django_htmx.middleware import HtmxDetails

from apps.core.actors import Actor
from apps.core.errors import DomainError

P = ParamSpec("P")
PER_PAGE = 50


class PageRequest(HttpRequest):
    """A request as page views see it: somebody is signed in, and acts."""

    actor: Actor
    htmx: HtmxDetails


PageView = Callable[Concatenate[PageRequest, P], HttpResponse]
DjangoView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def page(*methods: str) -> Callable[[PageView[P]], DjangoView[P]]:
    """Make a function a page view for these methods (GET brings HEAD along).

    Who is not signed in goes to sign-in and comes back; a partial of an expired session reloads there.
    A `DomainError` becomes its message with its status, and null bytes are refused before the database
    sees them. Whole pages and partials have the same address, so caches are told (`Vary: HX-Request`).
    """
    allowed = methods or ("GET",)

    def decorate(view: PageView[P]) -> DjangoView[P]:
        @functools.wraps(view)
        def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in (*allowed, *(("HEAD",) if "GET" in allowed else ())):
                return HttpResponseNotAllowed(allowed)
            if not request.user.is_authenticated:
                response = ask_to_sign_in(request)
            else:
                if not isinstance(getattr(request, "actor", None), Actor):
                    request.actor = Actor.of(request.user)  # type: ignore[attr-defined]
                response = _answer(view, request, *args, **kwargs)  # type: ignore[arg-type]
            patch_vary_headers(response, ["HX-Request"])
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return wrapper

    return decorate


def _answer(view: PageView[P], request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        return refuse(request, DomainError("The address holds a character that no text may hold."))
    try:
        return view(request, *args, **kwargs)
    except DomainError as error:
        return refuse(request, error)


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To sign-in and back. A partial sends the whole window there, back to the page it stood on."""
    if not is_partial(request):
        return redirect_to_login(request.get_full_path())
    current = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = current.path + (f"?{current.query}" if current.query else "") if current.path else "/"
    response = HttpResponse(status=401)
    response["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    return response


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asked for a part of the page (going back in history wants all of it)."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not (htmx.boosted or htmx.history_restore_request)


_TITLES = {
    400: "This address does not work",
    403: "You may look, but not do this",
    404: "Nothing here",
    409: "Somebody was quicker",
    422: "This could not be saved",
}


def refuse(request: HttpRequest, error: DomainError) -> HttpResponse:
    """One clear message with the error's status: a page of its own, or a toast that swaps nothing else."""
    context = {
        "error": error,
        "title": _TITLES.get(error.status, "This did not work"),
        "status": error.status,
    }
    if is_partial(request):
        messages.error(request, error.message)
        response = HttpResponse(status=error.status)
        response["HX-Reswap"] = "none"
        return _with_toasts(request, response)
    body = render_to_string("layouts/refusal.html", context, request=request)
    return HttpResponse(body, status=error.status)


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, or for htmx its named partial with what there is to tell (toasts) out of band.

    `partial` may also name another template with a slash in it. Without one htmx gets the whole page too.
    """
    if not (partial and is_partial(request)):
        return HttpResponse(render_to_string(template, dict(context), request=request), status=status)
    name = partial if "/" in partial else f"{template}#{partial}"
    body = render_to_string(name, dict(context), request=request)
    return _with_toasts(request, HttpResponse(body, status=status))


def done(request: HttpRequest, message: str, *, to: str, reload: bool = True) -> HttpResponse:
    """After a write: to another page with a message. For htmx the window goes there, the same way."""
    if message:
        messages.success(request, message)
    if is_partial(request):
        response = HttpResponse(status=200)
        response["HX-Redirect" if reload else "HX-Location"] = to
        return response
    return HttpResponseRedirect(to)


def unchanged(request: HttpRequest, *parts: Any) -> tuple[bool, str]:
    """Whether the browser already shows what these parts stand for, and the ETag that stands for them."""
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:20]
    etag = f'"{digest}"'
    given = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    return etag in given, etag


def paginate(request: HttpRequest, rows: QuerySet[Any] | list[Any], per_page: int = PER_PAGE) -> Page[Any]:
    """The page of rows that `?page=` names; a number that is none or too high gives the nearest."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def integer(value: str | None) -> int | None:
    """A whole number from an address or form, or None for anything else (and for what no id can be)."""
    if not value or len(value) > 18 or not value.isascii() or not value.lstrip("-").isdecimal():
        return None
    return int(value)


def _with_toasts(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Messages travel with a partial, out of band, into the page's one status region."""
    if messages.get_messages(request):
        response.content += render_to_string(
            "components/toasts.html", {"oob": True}, request=request
        ).encode()
    return response
