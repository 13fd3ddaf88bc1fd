"""Who gets no mail: the list, an entry by hand, CSV in and out."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse

from apps.core.errors import Invalid, NotFound
from apps.core.pages import PageRequest, done, page, paginate, show
from apps.delivery import policies, selectors, sources
from apps.delivery.forms import SuppressionFileForm, SuppressionForm
from apps.delivery.models import Suppression
from apps.delivery.services import suppression

Kind = Suppression.Kind


@page("GET", "POST")
def suppressions(request: PageRequest) -> HttpResponse:
    """The list, the newest first, and the form that adds to it."""
    policies.require_suppressions(request.actor)
    form = SuppressionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            value = form.cleaned_data["value"].strip()
            whole = value.startswith("@") or "@" not in value
            try:
                suppression.add(
                    actor=request.actor,
                    kind=Kind.DOMAIN if whole else Kind.ADDRESS,
                    value=value,
                    topic=form.cleaned_data["topic"],
                    note=form.cleaned_data["note"],
                )
            except Invalid as error:
                form.add_error("value", error.message)
            else:
                return done(request, f"{value} gets no more of it.", to=reverse("suppressions:list"))
    return show(
        request, "delivery/suppressions.html", _context(request, form), status=status, partial="region"
    )


@page("GET", "POST")
def upload(request: PageRequest) -> HttpResponse:
    """A CSV file: everything in it, or with one unreadable line nothing."""
    policies.require_suppressions(request.actor)
    form = SuppressionFileForm(request.POST or None, request.FILES or None)
    errors: list[str] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found = suppression.import_csv(actor=request.actor, file=form.cleaned_data["file"].file)
            except Invalid as error:
                form.refuse(error)
            else:
                errors = found.errors
                if not errors:
                    told = f"{found.added} added, {found.known} known already."
                    return done(request, told, to=reverse("suppressions:list"))
    context = {
        "form": form,
        "errors": errors,
        "page_title": "Bring in a list",
        "crumbs": [*_crumbs(), {"label": "No mail", "url": reverse("suppressions:list")}],
    }
    return show(request, "delivery/suppressions_file.html", context, status=status)


@page()
def export(request: PageRequest) -> HttpResponse:
    """The whole list as CSV, streamed."""
    lines = suppression.export_csv(actor=request.actor)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="suppressions.csv"'
    return response  # type: ignore[return-value]  # the stubs make these two kinds of response cousins


@page("POST")
def lift(request: PageRequest, pk: int) -> HttpResponse:
    """Let mail through again."""
    policies.require_suppressions(request.actor)
    found = Suppression.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such entry.")
    suppression.lift(actor=request.actor, suppression=found)
    return done(request, f"{found.value} may get mail again.", to=reverse("suppressions:list"))


def _context(request: PageRequest, form: SuppressionForm) -> dict[str, Any]:
    q = request.GET.get("q", "").strip()[:254]
    reason = request.GET.get("reason", "")
    reason = reason if reason in Suppression.Reason.values else ""
    rows = paginate(request, selectors.suppressions(request.actor, q=q, reason=reason))
    return {
        "form": form,
        "q": q,
        "chosen": reason,
        "reasons": Suppression.Reason.choices,
        "rows": rows,
        "lines": [(row, sources.topic(row.topic).title if row.topic else "") for row in rows],
        "total": rows.paginator.count,
        "page_title": "No mail",
        "crumbs": _crumbs(),
    }


def _crumbs() -> list[dict[str, str]]:
    return [{"label": "Accounts", "url": reverse("audience:accounts")}]
