"""Product keys under Settings, for administrators."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.services import require_administrator
from apps.accounts.views import settings_tabs
from apps.announcements.forms import KeyChangeForm, LimitsForm, ProductKeyForm, RotateForm
from apps.announcements.models import ProductKey
from apps.announcements.selectors.keys import most_at_once, product_key, product_keys
from apps.announcements.services import keys as services
from apps.announcements.services.limits import set_limits
from apps.core.errors import Conflict, Invalid
from apps.core.pages import PageRequest, done, page, show


@page("GET", "POST")
def keys(request: PageRequest) -> HttpResponse:
    """Every key, and a form for another. A new secret is shown in the answer that makes it, and never again."""
    require_administrator(request.actor)
    form = ProductKeyForm(request.POST or None)
    fresh = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                fresh = services.create_key(actor=request.actor, **form.cleaned_data)
            except Invalid as error:
                form.refuse(error)
            else:
                form, status = ProductKeyForm(), 200
    return _list(request, status=status, form=form, fresh=fresh)


@page("POST")
def limits(request: PageRequest) -> HttpResponse:
    """How much one user sees at once, for every product."""
    form = LimitsForm(request.POST, auto_id="limits-%s")
    if form.is_valid():
        set_limits(actor=request.actor, most_at_once=form.cleaned_data["most_at_once"])
        return done(request, "Saved.", to=reverse("product:keys"))
    require_administrator(request.actor)
    return _list(request, status=422, form=ProductKeyForm(), limits_form=form)


@page("GET", "POST")
def key(request: PageRequest, pk: int) -> HttpResponse:
    """One key: its name, origins, and whether it is in use."""
    require_administrator(request.actor)
    found = product_key(pk)
    if request.method == "GET":
        return _one(request, found)
    form = KeyChangeForm(request.POST)
    status = 422
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("name", "origins", "is_active")}
        try:
            services.change_key(
                actor=request.actor, key=found, values=values, version=form.cleaned_data["version"]
            )
        except Conflict as error:
            form.add_error(None, f"{error.message} Nothing was saved.")
            status = 409
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, "Saved.", to=reverse("product:key", args=[pk]))
    return _one(request, found, status=status, form=form)


@page("POST")
def rotate(request: PageRequest, pk: int) -> HttpResponse:
    """Give a key a new secret, shown in this answer and never again."""
    require_administrator(request.actor)
    found = product_key(pk)
    form = RotateForm(request.POST, auto_id="rotate-%s")
    if not form.is_valid():
        return _one(request, found, status=422, rotate_form=form)
    try:
        rotated = services.rotate_key(
            actor=request.actor,
            key=found,
            days=form.cleaned_data["days"],
            version=form.cleaned_data["version"],
        )
    except Conflict as error:
        form.add_error(None, f"{error.message} Nothing was done.")
        return _one(request, product_key(pk), status=409, rotate_form=form)
    return _one(request, rotated, fresh=rotated)


def _list(request: PageRequest, *, status: int, **context: Any) -> HttpResponse:
    shown = {
        "page_title": "Settings",
        "tabs": settings_tabs(request, "product_keys"),
        "rows": product_keys(),
        "limits_form": LimitsForm(auto_id="limits-%s", initial={"most_at_once": most_at_once()}),
    }
    return show(request, "announcements/keys.html", {**shown, **context}, status=status)


def _one(request: PageRequest, found: ProductKey, *, status: int = 200, **context: Any) -> HttpResponse:
    initial = {name: getattr(found, name) for name in ("name", "origins", "is_active", "version")}
    shown = {
        "page_title": found.name,
        "tabs": settings_tabs(request, "product_keys"),
        "key": found,
        "form": KeyChangeForm(initial=initial),
        "rotate_form": RotateForm(auto_id="rotate-%s", initial={"days": 7, "version": found.version}),
    }
    return show(request, "announcements/key.html", {**shown, **context}, status=status)
