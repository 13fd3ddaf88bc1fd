"""Saved segments, and the form that builds a rule and shows whom it finds."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.urls import reverse

from apps.audience import policies, selectors
from apps.audience.forms import FIELDS_OF, SegmentForm
from apps.audience.models import SavedSegment
from apps.audience.rule_forms import OPERATORS, addition
from apps.audience.services import editing
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import PageRequest, done, integer, page, paginate, show


@page()
def segments(request: PageRequest) -> HttpResponse:
    """Every saved segment with how many accounts it finds now."""
    rows = paginate(request, selectors.saved_segments(request.actor))
    counts = selectors.reaches(segment.rule for segment in rows)
    context = {
        "rows": rows,
        "lines": [(segment, counts.get(segment.rule)) for segment in rows],
        "total": selectors.accounts(request.actor).count(),
        "may_change": policies.can_change_customers(request.actor),
        "page_title": "Segments",
        "crumbs": [{"label": "Accounts", "url": reverse("audience:accounts")}],
    }
    return show(request, "audience/segments.html", context)


@page("GET", "POST")
def edit(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Make a segment, or change one."""
    policies.require("accounts.change", request.actor)
    obj = SavedSegment() if pk is None else _segment(request, pk)
    names = FIELDS_OF[SavedSegment]
    status = 200
    if request.method == "POST":
        form = SegmentForm(request.POST)
        status = 422
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in names}
            try:
                editing.save(
                    actor=request.actor, obj=obj, values=values, version=form.cleaned_data["version"]
                )
            except Invalid as error:
                form.refuse(error)
            except Conflict as error:
                form.add_error(None, error.message)
                status = 409
            else:
                return done(request, "Saved.", to=reverse("audience:segments"))
    else:
        initial = {name: getattr(obj, name) for name in names} | {"version": obj.version if obj.pk else None}
        initial["rule"] = obj.rule or request.GET.get("rule", "")[:2000]
        form = SegmentForm(initial=initial)
    context = {
        "form": form,
        "segment": obj,
        "page_title": obj.name or "New segment",
        "crumbs": [
            {"label": "Accounts", "url": reverse("audience:accounts")},
            {"label": "Segments", "url": reverse("audience:segments")},
        ],
    }
    return show(request, "audience/segment.html", context, status=status)


@page("POST")
def remove(request: PageRequest, pk: int) -> HttpResponse:
    """Remove a segment; rules that were started from it stay as they are."""
    found = _segment(request, pk)
    editing.remove(actor=request.actor, obj=found)
    return done(request, f"“{found.name}” is removed.", to=reverse("audience:segments"))


@page("POST")
def reach(request: PageRequest) -> HttpResponse:
    """What stands below a rule's field: the form that adds a condition, and whom the rule finds now.

    `rule_name` and `rule_id` say which field that is; `only` asks for the second part alone, `add` puts a
    condition into the rule, `from` takes a saved segment's.
    """
    name, place = (_name_of(request, key) for key in ("rule_name", "rule_id"))
    rule = request.POST.get(name, "")[:2000]
    added = True
    if request.POST.get("add"):
        rule = addition(
            rule,
            field=request.POST.get("add_field", ""),
            operator=request.POST.get("add_operator", ""),
            value=request.POST.get("add_value", "")[:300],
            either=request.POST.get("add_how") == "or",
        )
    elif request.POST.get("from"):
        rule = _segment(request, integer(request.POST["from"]) or 0).rule
    else:
        added = False
    refusal, found = "", None
    try:
        found = selectors.reach(request.actor, rule)
    except Invalid as error:
        refusal = error.message
    context = {
        "rule": rule,
        "rule_name": name,
        "rule_id": place,
        "added": added,
        "reach": found,
        "refusal": refusal,
    }
    if request.POST.get("only") == "reach":
        return show(request, "audience/rule_helper.html", context, partial="reach")
    context |= {
        "fields": selectors.known_fields(),
        "operators": OPERATORS,
        "saved": selectors.saved_segments(request.actor)[:20],
    }
    return show(request, "audience/rule_helper.html", context)


def _name_of(request: PageRequest, key: str) -> str:
    """A name that pages give their fields; anything else is nobody's field."""
    given = request.POST.get(key, "rule" if key == "rule_name" else "id_rule")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,80}", given):
        raise NotFound("There is no such field.")
    return given


def _segment(request: PageRequest, pk: int) -> SavedSegment:
    found = selectors.saved_segments(request.actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such segment.")
    return found
