"""Pages of templates: the list, one of them, saving a launch as one, starting a launch from one."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.http import HttpResponse
from django.urls import reverse

from apps.core.errors import Conflict, DomainError, Invalid
from apps.core.pages import PageRequest, done, integer, page, show
from apps.launches import kinds, policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.plans.models import LaunchTemplate
from apps.plans.selectors.templates import template_by_slug, templates, told
from apps.plans.services import starting
from apps.plans.services import templates as service
from apps.plans.template_forms import StartForm, TemplateForm
from apps.plans.templating.document import PAST_KINDS

ON_THE_PAGE = 200


@page()
def all_templates(request: PageRequest) -> HttpResponse:
    """Templates by tier; the address holds the filter."""
    text = request.GET.get("q", "").strip()[:200]
    tier = integer(request.GET.get("tier"))
    tier = tier if tier is not None and 1 <= tier <= 9 else None
    found = [told(each) for each in templates(text, tier)]
    groups: dict[int | None, list[Any]] = {}
    for each in found:
        groups.setdefault(each.template.tier, []).append(each)
    context = {
        "page_title": "Templates",
        "groups": [(f"Tier {key}" if key else "Any tier", rows) for key, rows in groups.items()],
        "total": len(found),
        "text": text,
        "tier": tier,
        "tiers": [1, 2, 3, 4],
        "may_create": policies.can_write_somewhere(request.actor),
    }
    return show(request, "plans/templates.html", context, partial="region")


@page("GET", "POST")
def template(request: PageRequest, slug: str) -> HttpResponse:
    """One template: what is in it; who made it changes its name, sentence and tier here."""
    found = template_by_slug(request.actor, slug)
    may_change = service.may_change(request.actor, found)
    status = 200
    initial = {"name": found.name, "summary": found.summary, "tier": found.tier, "version": found.version}
    form = TemplateForm(request.POST or None, initial=initial)
    if request.method == "POST":
        service.require_change(request.actor, found)
        status = 422
        if form.is_valid():
            try:
                service.change_template(
                    actor=request.actor,
                    template=found,
                    values=form.values(),
                    version=form.cleaned_data["version"],
                )
            except Conflict as error:
                form.add_error(None, f"{error.message} Reload the page to see it.")
                status = 409
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, "The template is changed.", to=request.path)
    shown = told(found)
    context = {
        "page_title": found.name,
        "crumbs": _crumbs(found.name),
        "template": found,
        "tier_text": f"Tier {found.tier}" if found.tier else "Any tier",
        "told": shown,
        "groups": _groups(shown.document),
        "form": form if may_change else None,
        "may_create": policies.can_write_somewhere(request.actor),
    }
    return show(request, "plans/template.html", context, status=status)


def _crumbs(name: str, url: str = "") -> list[dict[str, str]]:
    return [{"label": "Templates", "url": reverse("plans:templates")}, {"label": name, "url": url}]


def _groups(document: Any) -> list[dict[str, Any]]:
    """The records of a template under their kinds, each with when and whose."""
    labels = {role.key: role.label for role in document.roles}
    rows: dict[str, list[dict[str, str]]] = {}
    for entry in document.records:
        when = entry.when.wording if entry.when is not None else ""
        if (
            entry.when is not None
            and entry.when.anchor == "rollout_start"
            and "rollout" not in when.casefold()
        ):
            when = f"{when} of the rollout"
        row = {"title": entry.title, "when": when, "role": labels.get(entry.owner, "")}
        rows.setdefault(entry.kind, []).append(row)
    return [
        {
            "label": kind.plural,
            "icon": kind.icon,
            "rows": rows[kind.key][:ON_THE_PAGE],
            "count": len(rows[kind.key]),
        }
        for kind in kinds.all_kinds()
        if kind.key in rows and kind.key not in PAST_KINDS
    ]


@page("POST")
def archive(request: PageRequest, slug: str) -> HttpResponse:
    """Put a template away, or take it out again (`back`)."""
    found = template_by_slug(request.actor, slug)
    back = request.POST.get("back") == "1"
    service.change_template(
        actor=request.actor,
        template=found,
        values={"archived": not back},
        version=integer(request.POST.get("version")),
    )
    if back:
        return done(request, "The template is back in the list.", to=reverse("plans:template", args=[slug]))
    return done(request, f"“{found.name[:80]}” is put away.", to=reverse("plans:templates"))


@launch_page("GET", "POST")
def make(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Save a launch as a template."""
    policies.require("launches.create", request.actor)
    form = TemplateForm(request.POST or None, initial={"name": launch.name[:200], "tier": launch.tier})
    if request.method == "POST" and form.is_valid():
        try:
            made = service.make_template(actor=request.actor, launch=launch, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return done(
                request,
                f"“{made.name[:80]}” is a template now.",
                to=reverse("plans:template", args=[made.slug]),
            )
    context = {
        "launch": launch,
        "form": form,
        "page_title": "Save as template",
        "may_make": service.may_make(request.actor, launch),
    }
    status = 422 if request.method == "POST" else 200
    return show(request, "plans/make_template.html", context, partial="form", status=status)


@page("GET", "POST")
def start(request: PageRequest, slug: str) -> HttpResponse:
    """Start a launch: the form, what it would make (GET), and making exactly that (POST)."""
    policies.require("launches.create", request.actor)
    found = template_by_slug(request.actor, slug)
    document = told(found).document
    zone = document.launch.get("zone") or getattr(request.user, "zone", "UTC")
    given = request.POST if request.method == "POST" else request.GET
    asked = "launch_day" in given
    form = StartForm(given if asked else None, document=document, initial={"zone": zone, "landing": "keep"})
    context: dict[str, Any] = {
        "page_title": "Start a launch",
        "crumbs": _crumbs(found.name, reverse("plans:template", args=[slug])),
        "template": found,
        "zones": sorted(available_timezones()),
    }
    status = 200
    if asked and form.is_valid():
        begin = form.start()
        try:
            if request.method == "POST":
                return _made(request, found, begin)
        except Conflict as error:
            context["refusal"], status = error.message, 409
        except Invalid as error:
            form.refuse(error)
            status = 422
        context.update(_preview(request, found, begin, form))
    elif asked or request.method == "POST":
        status = 422
    context["form"] = form
    return show(request, "plans/start.html", context, partial="preview", status=status)


def _made(request: PageRequest, found: LaunchTemplate, begin: starting.Start) -> HttpResponse:
    outcome = starting.start_from_template(
        actor=request.actor, template=found, start=begin, fingerprint=request.POST.get("fingerprint", "")
    )
    count = sum(outcome.counts.values())
    return done(
        request,
        f"“{outcome.launch.name[:80]}” is a draft now, with {count} records.",
        to=reverse("launches:overview", args=[outcome.launch.slug]),
    )


def _preview(
    request: PageRequest, found: LaunchTemplate, begin: starting.Start, form: StartForm
) -> dict[str, Any]:
    try:
        preview = starting.preview_start(actor=request.actor, template=found, start=begin)
    except DomainError as error:
        form.refuse(error)
        return {}
    chosen = [
        (name, value)
        for name, value in form.data.items()
        if name not in {"csrfmiddlewaretoken", "fingerprint"}
    ]
    return {
        "preview": preview,
        "lines": [(line, kinds.get(line.kind).label) for line in preview.lines[:ON_THE_PAGE]],
        "more": max(0, len(preview.lines) - ON_THE_PAGE),
        "total": sum(preview.counts.values()),
        "chosen": chosen,
    }
