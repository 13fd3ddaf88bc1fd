"""The list a person works through, one follow-up, and what came of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.audience.models import Account
from apps.audience.policies import works_with_customers
from apps.core.clock import now, today_in
from apps.core.errors import Conflict, Invalid
from apps.core.pages import PageRequest, done, page, paginate, show
from apps.work import policies, selectors, services
from apps.work.forms import FinishForm, FollowUpForm
from apps.work.models import FollowUp

WHOSE = {"mine": "Mine", "nobody": "Nobody’s", "all": "Everybody’s"}
MOST = 200


@page()
def follow_ups(request: PageRequest) -> HttpResponse:
    """Open follow-ups by how pressing they are; those that are over below another tab."""
    user = request.user
    today = today_in(getattr(user, "zone", "UTC"), now())
    whose = request.GET.get("whose", "mine")
    whose = whose if whose in WHOSE else "mine"
    over = request.GET.get("over") == "1"
    rows = selectors.visible(request.actor)
    if whose == "mine":
        rows = rows.filter(owner=user.pk)
    elif whose == "nobody":
        rows = rows.filter(owner=None)
    account = request.GET.get("account", "")[:200]
    if account:
        rows = rows.filter(account__external_id=account)
    figures = selectors.figures(rows, today)
    context: dict[str, Any] = {
        "whose": whose,
        "choices": WHOSE,
        "over": over,
        "account": account,
        "figures": figures,
        "today": today,
        "may_add": policies.can_add(request.actor),
        "page_title": "Follow-ups",
    }
    if over:
        context["rows"] = paginate(request, rows.exclude(state="open").order_by("-closed_at", "-id"))
    else:
        found = list(rows.filter(state="open")[: MOST + 1])
        context["groups"] = selectors.by_day(found[:MOST], today).groups
        context["more"] = len(found) > MOST
    return show(request, "work/list.html", context, partial="region")


@page("GET", "POST")
def follow_up(request: PageRequest, pk: int) -> HttpResponse:
    """One: what to say, and the form that closes it."""
    found = selectors.follow_up(request.actor, pk)
    form = FinishForm(request.POST or None, initial={"version": found.version, "notes": found.notes})
    status = 200
    if request.method == "POST":
        action = request.POST.get("action", "finish")
        here = reverse("work:follow_up", args=[pk])
        if action == "reopen":
            services.reopen(actor=request.actor, follow_up=found)
            return done(request, "It is open again.", to=here)
        if action == "cancel":
            services.cancel(actor=request.actor, follow_up=found)
            return done(request, "It is cancelled.", to=reverse("work:list"))
        if action == "take":
            services.change(actor=request.actor, follow_up=found, values={"owner": request.user})
            return done(request, "It is yours now.", to=here)
        status = 422
        if form.is_valid():
            try:
                services.finish(
                    actor=request.actor,
                    follow_up=found,
                    outcome=form.cleaned_data["outcome"],
                    notes=form.cleaned_data["notes"],
                    next_step=form.next_step(),
                    version=form.cleaned_data["version"],
                )
            except Invalid as error:
                form.refuse(error)
            except Conflict as error:
                form.add_error(None, error.message)
                status = 409
            else:
                return done(request, f"“{found.title[:80]}” is done.", to=reverse("work:list"))
    context = {
        "follow_up": found,
        "form": form,
        "may_work": policies.can_work(request.actor, found),
        "sees_people": works_with_customers(request.actor),
        "reads_script": policies.can_read_script(request.actor, found),
        "today": today_in(getattr(request.user, "zone", "UTC"), now()),
        "next_step": FollowUp.objects.filter(follows=found).first(),
        "page_title": found.title,
        "crumbs": [{"label": "Follow-ups", "url": reverse("work:list")}],
    }
    return show(request, "work/follow_up.html", context, status=status)


@page("GET", "POST")
def edit(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """A new one, or another day, owner or script for an open one."""
    found = None if pk is None else selectors.follow_up(request.actor, pk)
    if found is None:
        policies.require("work.add", request.actor)
        initial: dict[str, Any] = {
            "owner": request.user.pk, "due_on": today_in(getattr(request.user, "zone", "UTC"), now()),
            "account": request.GET.get("account", "")[:200],
        }  # fmt: skip
    else:
        policies.require("work.do", request.actor, found)
        names = ("title", "kind", "due_on", "script", "version")
        initial = {name: getattr(found, name) for name in names}
        initial |= {"owner": found.owner_id, "account": found.account.external_id if found.account else ""}
    form = FollowUpForm(request.POST or None, initial=initial)
    if found is not None and not policies.can_read_script(request.actor, found):
        del form.fields["script"]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = {name: value for name, value in form.cleaned_data.items() if name != "version"}
            try:
                if found is None:
                    made = services.add(actor=request.actor, values=values)
                else:
                    if found.contact_id and found.account != values["account"]:
                        values["contact"] = None
                    made = services.change(
                        actor=request.actor,
                        follow_up=found,
                        values=values,
                        version=form.cleaned_data["version"],
                    )
            except Invalid as error:
                form.refuse(error)
            except Conflict as error:
                form.add_error(None, error.message)
                status = 409
            else:
                return done(request, "Saved.", to=_next(request, reverse("work:follow_up", args=[made.pk])))
    context = {
        "form": form,
        "back": reverse("work:list") if found is None else reverse("work:follow_up", args=[found.pk]),
        "accounts": Account.objects.order_by("name").values_list("external_id", "name")[:500],
        "page_title": "New follow-up" if found is None else "Change the follow-up",
        "crumbs": [{"label": "Follow-ups", "url": reverse("work:list")}],
    }
    return show(request, "work/edit.html", context, status=status)


def _next(request: PageRequest, otherwise: str) -> str:
    """Where the page that led here wants to be gone back to, if that is in the portal."""
    to = request.GET.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts=None) and to.startswith("/") else otherwise
