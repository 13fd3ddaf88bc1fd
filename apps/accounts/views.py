"""Inbox and settings: what waits for a person, their profile and tokens; people and teams."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import people as administration
from apps.accounts import selectors, services
from apps.accounts.forms import NewPersonForm, PersonForm, ProfileForm, TeamForm, TokenForm
from apps.accounts.models import Notification, Team, User
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.core.forms import DomainForm
from apps.core.pages import PageRequest, done, integer, is_partial, page, paginate, show


def _me(request: PageRequest) -> User:
    if not isinstance(request.user, User):
        raise NotAllowed("Only a signed-in person has this.")
    return request.user


@page()
def inbox(request: PageRequest) -> HttpResponse:
    """What waits for this person, unread first."""
    return _inbox(request)


def _inbox(request: PageRequest) -> HttpResponse:
    me = _me(request)
    me.__dict__.pop("_memo", None)
    context = {
        "page_title": "Inbox",
        "rows": paginate(request, selectors.inbox(me)),
        "waiting": selectors.unread_count(me),
    }
    return show(request, "accounts/inbox.html", context, partial="region")


@page("POST")
def read(request: PageRequest) -> HttpResponse:
    """Mark one notification (`id`) or all read."""
    pk = integer(request.POST.get("id"))
    if pk is None and request.POST.get("id"):
        raise NotFound("There is no such notification.")
    services.mark_read(actor=request.actor, ids=None if pk is None else [pk])
    if is_partial(request):
        return _inbox(request)
    return HttpResponseRedirect(reverse("accounts:inbox"))


@page("POST")
def open_notification(request: PageRequest, pk: int) -> HttpResponse:
    """Mark a notification read and go to what it is about."""
    found = Notification.objects.filter(user=_me(request), pk=pk).first()
    if found is None:
        raise NotFound("There is no such notification.")
    services.mark_read(actor=request.actor, ids=[pk])
    return done(request, "", to=_safe(request, found.url, reverse("accounts:inbox")))


@page("GET", "POST")
def profile(request: PageRequest) -> HttpResponse:
    """One's own name, zone and looks."""
    me = _me(request)
    fields = ("name", "zone", "theme", "density")
    if request.method == "GET":
        form = ProfileForm(initial={name: getattr(me, name) for name in fields})
        return _settings(request, "profile", form=form)
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            values = {**form.cleaned_data, "zone_confirmed": True}
            services.change_profile(actor=request.actor, values=values)
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, "Saved.", to=reverse("accounts:settings"))
    return _settings(request, "profile", status=422, form=form)


@page("POST")
def theme(request: PageRequest) -> HttpResponse:
    """Switch the colours from the menu and come back."""
    chosen = request.POST.get("theme", "")
    if chosen not in User.Theme.values:
        raise Invalid("Choose system, light or dark.", field="theme")
    services.change_profile(actor=request.actor, values={"theme": chosen})
    return HttpResponseRedirect(_safe(request, request.POST.get("next", ""), "/"))


@page("POST")
def zone(request: PageRequest) -> HttpResponse:
    """Answer the offer to use the browser's zone; it is not made again."""
    me = _me(request)
    chosen = request.POST.get("zone") or me.zone
    services.change_profile(actor=request.actor, values={"zone": chosen, "zone_confirmed": True})
    return HttpResponseRedirect(_safe(request, request.POST.get("next", ""), "/"))


@page("GET", "POST")
def tokens(request: PageRequest) -> HttpResponse:
    """One's own API tokens. A new one is shown in the answer that makes it, and never again."""
    may_feed = _me(request).is_administrator
    form = TokenForm(request.POST or None, may_feed=may_feed)
    fresh = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                token, text = services.create_token(
                    actor=request.actor,
                    user=_me(request),
                    name=given["name"],
                    scopes=given["scopes"],
                    days=given["days"] or None,
                )
            except Invalid as error:
                form.refuse(error)
            else:
                form, fresh, status = TokenForm(may_feed=may_feed), {"token": token, "text": text}, 200
    rows = [(token, selectors.is_expired(token)) for token in selectors.tokens_of(_me(request))]
    return _settings(request, "tokens", status=status, form=form, rows=rows, fresh=fresh)


@page("POST")
def revoke(request: PageRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = selectors.tokens_of(_me(request)).filter(pk=pk).first()
    if token is None:
        raise NotFound("There is no such token, or it was revoked already.")
    services.revoke_token(actor=request.actor, token=token)
    return done(request, f"“{token.name}” works no more.", to=reverse("accounts:tokens"))


@page()
def people(request: PageRequest) -> HttpResponse:
    """Everybody, for administrators."""
    services.require_administrator(request.actor)
    words = request.GET.get("q", "")
    rows = paginate(request, selectors.search_people(words))
    return _settings(request, "people", rows=rows, q=words)


@page("GET", "POST")
def new_person(request: PageRequest) -> HttpResponse:
    """Add a person; the password they start with shows in the answer only."""
    services.require_administrator(request.actor)
    form = NewPersonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, password = administration.add_person(
                    actor=request.actor, zone=_me(request).zone, **_with_teams(form)
                )
            except Invalid as error:
                form.refuse(error)
            else:
                return _settings(request, "new_person", made=made, password=password)
    return _settings(request, "new_person", status=status, form=form)


@page("GET", "POST")
def person(request: PageRequest, pk: int) -> HttpResponse:
    """Role, teams and access of one person."""
    services.require_administrator(request.actor)
    found = User.objects.filter(pk=pk).prefetch_related("teams").first()
    if found is None:
        raise NotFound("There is no such person.")
    initial = {"role": found.role, "is_active": found.is_active, "teams": list(found.teams.all())}
    form = PersonForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = _with_teams(form)
            try:
                with transaction.atomic():
                    services.set_role(actor=request.actor, user=found, role=given["role"])
                    services.set_teams(actor=request.actor, user=found, teams=given["teams"])
                    administration.set_active(actor=request.actor, user=found, active=given["is_active"])
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, f"{found} is up to date.", to=reverse("accounts:people"))
    return _settings(request, "person", status=status, form=form, person=found)


@page("GET", "POST")
def teams(request: PageRequest) -> HttpResponse:
    """The teams; administrators add one."""
    services.require_administrator(request.actor)
    form = TeamForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = administration.add_team(actor=request.actor, **form.cleaned_data)
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, f"“{made}” is a team now.", to=reverse("accounts:teams"))
    return _settings(request, "teams", status=status, form=form, rows=selectors.teams())


@page("POST")
def team_customers(request: PageRequest, pk: int) -> HttpResponse:
    """Say whether a team works with customers."""
    team = Team.objects.filter(pk=pk).first()
    if team is None:
        raise NotFound("There is no such team.")
    allowed = request.POST.get("allowed") == "1"
    administration.let_see_customers(actor=request.actor, team=team, allowed=allowed)
    said = "sees contacts now" if allowed else "sees contacts no more"
    return done(request, f"“{team}” {said}.", to=reverse("accounts:teams"))


_TABS = (
    ("Profile", "accounts:settings", {"profile"}, False),
    ("Reminders", "notices:settings", {"notices"}, False),
    ("API tokens", "accounts:tokens", {"tokens"}, False),
    ("Calendar feeds", "calendars:feeds", {"feeds"}, False),
    ("People", "accounts:people", {"people", "person", "new_person"}, True),
    ("Teams", "accounts:teams", {"teams"}, True),
    ("Product keys", "product:keys", {"product_keys"}, True),
)


def settings_tabs(request: PageRequest, name: str) -> list[dict[str, Any]]:
    """The tabs of all settings pages this person may open; `name` is the page they stand on."""
    return [
        {"label": label, "url": reverse(address), "current": name in names}
        for label, address, names, restricted in _TABS
        if _me(request).is_administrator or not restricted
    ]


def _settings(request: PageRequest, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    shown = {
        "page_title": "Settings",
        "tabs": settings_tabs(request, name),
        "zones": zones if name == "profile" else (),
        **context,
    }
    return show(request, f"accounts/{name}.html", shown, status=status)


def _with_teams(form: DomainForm) -> dict[str, Any]:
    return {**form.cleaned_data, "teams": list(form.cleaned_data["teams"])}


def _safe(request: PageRequest, address: str, otherwise: str) -> str:
    """An address on this portal only."""
    allowed = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if address and allowed else otherwise
