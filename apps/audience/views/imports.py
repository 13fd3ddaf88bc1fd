"""A CSV file of customers: upload, say what its columns are, see what it would do, load it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.audience import policies
from apps.audience.forms import UploadForm
from apps.audience.models import CustomerImport
from apps.audience.services import importing
from apps.audience.services.mapping import PREFIX, attribute_name, fields_of
from apps.audience.services.upserting import TARGETS
from apps.core.errors import Invalid, NotFound
from apps.core.pages import PageRequest, done, page, show, unchanged

RECENT = 10


@page("GET", "POST")
def upload(request: PageRequest) -> HttpResponse:
    """Take a file in; below, the last ones."""
    policies.require("accounts.change", request.actor)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = importing.upload(
                actor=request.actor,
                what=form.cleaned_data["what"],
                content=file.read(),
                file_name=file.name or "",
            )
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, "", to=reverse("audience:import", args=[run.pk]))
    context = {
        "form": form,
        "recent": CustomerImport.objects.defer("content").select_related("by")[:RECENT],
        "page_title": "Import customers",
        "crumbs": [{"label": "Accounts", "url": reverse("audience:accounts")}],
    }
    return show(request, "audience/upload.html", context, status=422 if request.method == "POST" else 200)


@page("GET", "POST")
def run(request: PageRequest, pk: int) -> HttpResponse:
    """One file: its columns, its progress, what it would do or did."""
    policies.require("accounts.change", request.actor)
    found = CustomerImport.objects.defer("content").select_related("by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such file (any more).")
    if request.method == "POST":
        return _act(request, found)
    if request.GET.get("part") == "progress":
        same, etag = unchanged(request, found.version, found.state, found.at_row)
        if same:
            return HttpResponse(status=304, headers={"ETag": etag})
        response = show(request, "audience/import.html", _context(found), partial="progress")
        response["ETag"] = etag
        if not found.is_running:
            # The step is over: columns and buttons belong on the page again.
            response["HX-Refresh"] = "true"
        return response
    return show(request, "audience/import.html", _context(found))


def _act(request: PageRequest, found: CustomerImport) -> HttpResponse:
    action = request.POST.get("action")
    here = reverse("audience:import", args=[found.pk])
    if action == "discard":
        importing.discard(actor=request.actor, run=found)
        return done(request, "The file is thrown away.", to=reverse("audience:upload"))
    if action == "load":
        importing.load(actor=request.actor, run=found)
        return done(request, "", to=here)
    mapping = {
        header: request.POST.get(f"column-{number}", "") for number, header in enumerate(found.headers)
    }
    try:
        importing.check(actor=request.actor, run=found, mapping=mapping)
    except Invalid as error:
        found.mapping = mapping
        return show(
            request, "audience/import.html", {**_context(found), "refusal": error.message}, status=422
        )
    return done(request, "", to=here)


def _context(found: CustomerImport) -> dict[str, Any]:
    target = TARGETS[found.what]
    fields = fields_of(target)
    columns = []
    for number, header in enumerate(found.headers):
        chosen = found.mapping.get(header, "")
        options = [(name, name.replace("_", " ").capitalize()) for name in fields]
        if "attributes" in target.checks:
            name = chosen if chosen.startswith(PREFIX) else PREFIX + attribute_name(header)
            if name != PREFIX:
                options.append((name, f"Attribute {name.removeprefix(PREFIX)}"))
        examples = [row[number] for row in found.sample if number < len(row) and row[number].strip()]
        columns.append((number, header, chosen, options, examples[:3], chosen in target.key))
    return {
        "run": found,
        "columns": columns,
        "needed": target.key,
        "page_title": str(found),
        "crumbs": [
            {"label": "Accounts", "url": reverse("audience:accounts")},
            {"label": "Import", "url": reverse("audience:upload")},
        ],
    }
