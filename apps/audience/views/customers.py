"""The list of accounts, one account with its people, and changing them by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.urls import reverse

from apps.audience import policies, selectors
from apps.audience.forms import FIELDS_OF, AccountForm, ContactForm
from apps.audience.models import Account, Contact
from apps.audience.services import editing
from apps.audit.models import Event
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.fields import known_zones
from apps.core.forms import DomainForm
from apps.core.pages import PageRequest, done, page, paginate, show


@page()
def accounts(request: PageRequest) -> HttpResponse:
    """Every account; the address holds what they are narrowed by: text, plan, mine, a rule."""
    chosen = {name: request.GET.get(name, "").strip()[:2000] for name in ("q", "plan", "rule")}
    mine = request.GET.get("mine") == "1"
    found = selectors.search(selectors.accounts(request.actor), chosen["q"])
    refusal = ""
    if chosen["rule"]:
        try:
            found = found.filter(pk__in=selectors.matching(chosen["rule"]).values("pk"))
        except Invalid as error:
            refusal, found = error.message, found.none()
    if chosen["plan"]:
        found = found.filter(plan=chosen["plan"])
    if mine and request.actor.user is not None:
        found = found.filter(csm=request.actor.user.pk)
    rows = paginate(request, found)
    sees_people = policies.works_with_customers(request.actor)
    counts: dict[int, int] = {}
    if sees_people:
        pks = [account.pk for account in rows.object_list]
        counted = Account.objects.filter(pk__in=pks).order_by()
        counts = dict(
            counted.values_list("pk").annotate(n=Count("contacts", filter=Q(contacts__is_active=True)))
        )
    context: dict[str, Any] = {
        "rows": rows,
        "lines": [(account, counts.get(account.pk)) for account in rows.object_list],
        "total": rows.paginator.count,
        "chosen": chosen,
        "mine": mine,
        "refusal": refusal,
        "filtered": mine or any(chosen.values()),
        "plans": selectors.plans(),
        "segments": selectors.saved_segments(request.actor),
        "sees_people": sees_people,
        "may_change": policies.can_change_customers(request.actor),
        "page_title": "Accounts",
    }
    return show(request, "audience/accounts.html", context, partial="region")


@page()
def account(request: PageRequest, pk: int) -> HttpResponse:
    """One account: what is known of it, its people for those who may see them, what changed."""
    found = selectors.account(request.actor, pk)
    sees_people = policies.works_with_customers(request.actor)
    context: dict[str, Any] = {
        "account": found,
        "attributes": [(name, _words(held)) for name, held in sorted(found.attributes.items())],
        "segments": selectors.segments_with(request.actor, found),
        "sees_people": sees_people,
        "may_change": policies.can_change_customers(request.actor),
        "events": Event.objects.filter(object_type="audience.account", object_id=pk)[:10],
        "page_title": found.name,
        "crumbs": [{"label": "Accounts", "url": reverse("audience:accounts")}],
    }
    if sees_people:
        context["contacts"] = paginate(request, selectors.contacts(request.actor, found))
        context["users"] = selectors.users(request.actor, found)[:50]
        context["users_total"] = selectors.users(request.actor, found).count()
    return show(request, "audience/account.html", context)


@page("GET", "POST")
def edit_account(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Make an account, or change one."""
    policies.require("accounts.change", request.actor)
    obj = Account() if pk is None else selectors.account(request.actor, pk)
    return _edit(request, AccountForm, obj, back=_address(obj) if pk else reverse("audience:accounts"))


@page("GET", "POST")
def edit_contact(request: PageRequest, account_pk: int, pk: int | None = None) -> HttpResponse:
    """Make a contact of an account, or change one."""
    policies.require("accounts.change", request.actor)
    of = selectors.account(request.actor, account_pk)
    obj = Contact(account=of) if pk is None else _contact(request, of, pk)
    return _edit(request, ContactForm, obj, back=_address(of))


@page("POST")
def remove_account(request: PageRequest, pk: int) -> HttpResponse:
    """Remove an account with its contacts and users."""
    found = selectors.account(request.actor, pk)
    editing.remove(actor=request.actor, obj=found)
    return done(request, f"“{found.name[:80]}” is removed.", to=reverse("audience:accounts"))


@page("POST")
def remove_contact(request: PageRequest, account_pk: int, pk: int) -> HttpResponse:
    """Remove a contact."""
    of = selectors.account(request.actor, account_pk)
    found = _contact(request, of, pk)
    editing.remove(actor=request.actor, obj=found)
    return done(request, "The contact is removed.", to=_address(of))


def _contact(request: PageRequest, of: Account, pk: int) -> Contact:
    found = selectors.contacts(request.actor, of).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such contact at this account.")
    found.account = of
    return found


def _edit(
    request: PageRequest, form_class: type[DomainForm], obj: Account | Contact, *, back: str
) -> HttpResponse:
    """One form for new and old; a conflict shows what is stored beside what was written."""
    names = FIELDS_OF[type(obj)]
    conflict: Conflict | None = None
    if request.method == "POST":
        form = form_class(request.POST)
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in names}
            version = form.cleaned_data["version"]
            try:
                saved = editing.save(actor=request.actor, obj=obj, values=values, version=version)
            except Invalid as error:
                form.refuse(error)
            except Conflict as error:
                conflict = error
                form.add_error(None, f"{error.message} Look at it before you save yours over it.")
                form.data = form.data.copy()  # type: ignore[attr-defined]
                form.data["version"] = str(error.version)  # type: ignore[index]
            else:
                to = _address(saved) if isinstance(saved, Account) else back
                return done(request, "Saved.", to=to)
    else:
        initial = {name: getattr(obj, name) for name in names} | {"version": obj.version if obj.pk else None}
        form = form_class(initial=initial)
    noun = "account" if isinstance(obj, Account) else "contact"
    context = {
        "form": form,
        "back": back,
        "zones": _zones(),
        "page_title": f"Change the {noun}" if obj.pk else f"New {noun}",
        "crumbs": [{"label": "Accounts", "url": reverse("audience:accounts")}],
    }
    status = 409 if conflict else 422 if request.method == "POST" else 200
    return show(request, "audience/edit.html", context, status=status)


def _address(account: Account) -> str:
    return reverse("audience:account", args=[account.pk]) if account.pk else reverse("audience:accounts")


def _words(held: Any) -> str:
    if isinstance(held, bool):
        return "true" if held else "false"
    return ", ".join(held) if isinstance(held, list) else str(held)


@cache
def _zones() -> list[str]:
    return sorted(known_zones())
