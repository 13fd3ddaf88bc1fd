"""The section editor: one set of pages to see, add, change, order and remove records of every kind."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.errors import Conflict, Invalid
from apps.core.pages import done, integer, is_partial, show
from apps.launches import kinds, policies, rows, selectors, threads
from apps.launches.forms.records import RecordForm
from apps.launches.kinds import Kind
from apps.launches.models import Launch, LaunchRecord
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.services import records


@launch_page()
def detail(request: LaunchRequest, launch: Launch, kind: str, pk: int) -> HttpResponse:
    """One record: a page of its own, or the row as the plan shows it."""
    record = selectors.record(launch, kinds.get(kind), pk)
    thread = threads.thread_of(request.actor, record)
    row = rows.row_of(request.actor, record, comments=len(thread.comments))
    context = {"launch": launch, "row": row, "kind": kinds.get(kind), "thread": thread}
    return show(request, "launches/record_detail.html", context, partial="launches/record_row.html")


@launch_page("GET", "POST")
def add(request: LaunchRequest, launch: Launch, kind: str) -> HttpResponse:
    """A new record of a kind."""
    described = kinds.get(kind)
    policies.require("launches.contribute", request.actor, launch)
    initial = {name: request.GET[name] for name in ("when", "title", "phase") if name in request.GET}
    if request.method != "POST":
        form = RecordForm(kind=described, launch=launch, initial=initial)
        return _form(request, launch, described, form)
    form = RecordForm(request.POST, kind=described, launch=launch)
    if form.is_valid():
        try:
            record = records.add_record(
                actor=request.actor, launch=launch, kind=described, values=form.values()
            )
        except Invalid as error:
            form.refuse(error)
        else:
            return _after(request, launch, described, f"Added “{record.title[:80]}”.", record)
    return _form(request, launch, described, form, status=422)


@launch_page("GET", "POST")
def edit(request: LaunchRequest, launch: Launch, kind: str, pk: int) -> HttpResponse:
    """Change a record. A stale page answers 409 with what both wrote."""
    described = kinds.get(kind)
    record = selectors.record(launch, described, pk)
    policies.require("records.work", request.actor, record)
    if request.method != "POST":
        return _form(request, launch, described, RecordForm(kind=described, launch=launch, record=record))
    form = RecordForm(request.POST, kind=described, launch=launch, record=record)
    if form.is_valid():
        try:
            record = records.change_record(
                actor=request.actor,
                record=record,
                values=form.values(),
                version=form.cleaned_data["version"],
                seen=form.seen(),
            )
        except Conflict as error:
            context = {"conflict": form.conflict(error), "refusal": error.message}
            return _form(request, launch, described, form, status=409, **context)
        except Invalid as error:
            form.refuse(error)
        else:
            return _after(request, launch, described, f"Saved “{record.title[:80]}”.", record, row=True)
    return _form(request, launch, described, form, status=422)


@launch_page("GET", "POST")
def move(request: LaunchRequest, launch: Launch, kind: str, pk: int) -> HttpResponse:
    """Put a record elsewhere among its kind: up, down, or to a numbered place."""
    described = kinds.get(kind)
    record = selectors.record(launch, described, pk)
    policies.require("records.work", request.actor, record)
    siblings = selectors.records(launch, described, limit=None)
    place = next(index for index, sibling in enumerate(siblings) if sibling.pk == record.pk)
    if request.method != "POST":
        context = {
            "launch": launch,
            "kind": described,
            "record": record,
            "place": place,
            "siblings": siblings,
            **_back(request, launch, described),
        }
        return show(request, "launches/record_move.html", context, partial="launches/record_move_sheet.html")
    to = {"up": place - 1, "down": place + 1}.get(request.POST.get("to", ""))
    if to is None:
        to = integer(request.POST.get("to"))
    if to is None:
        raise Invalid("Say where to: up, down, or a place counted from 0.", field="to")
    records.reorder_record(actor=request.actor, record=record, to=to)
    return _after(request, launch, described, f"Moved “{record.title[:80]}”.", record)


@launch_page("GET", "POST")
def remove(request: LaunchRequest, launch: Launch, kind: str, pk: int) -> HttpResponse:
    """Remove a record, after asking."""
    described = kinds.get(kind)
    record = selectors.record(launch, described, pk)
    policies.require("records.work", request.actor, record)
    context: dict[str, Any] = {
        "launch": launch,
        "kind": described,
        "record": record,
        **_back(request, launch, described),
    }
    if request.method != "POST":
        return _remove_page(request, context)
    try:
        records.remove_record(
            actor=request.actor, record=record, version=integer(request.POST.get("version"))
        )
    except Conflict as error:
        context |= {"refusal": error.message, "record": selectors.record(launch, described, pk)}
        response = _remove_page(request, context, status=409)
        response["HX-Retarget"], response["HX-Reswap"] = "#sheet-content", "innerHTML"
        return response
    return _after(request, launch, described, f"Removed “{record.title[:80]}”.", None)


def _remove_page(request: LaunchRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return show(
        request,
        "launches/record_remove.html",
        context,
        partial="launches/record_remove_sheet.html",
        status=status,
    )


def _form(
    request: LaunchRequest,
    launch: Launch,
    kind: Kind,
    form: RecordForm,
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    context = {
        "launch": launch,
        "kind": kind,
        "form": form,
        "record": form.record,
        "action": request.get_full_path(),
        "theirs": form.record and reverse("launches:record", args=[launch.slug, kind.key, form.record.pk]),
        **_back(request, launch, kind),
        **extra,
    }
    partial = "launches/record_sheet.html" if context["sheet"] else "launches/record_inline.html"
    return show(request, "launches/record.html", context, partial=partial, status=status)


def _back(request: HttpRequest, launch: Launch, kind: Kind) -> dict[str, Any]:
    """Where to after this: the page given as `next`, else the kind's place on the plan.

    `sheet` says that the form stands in the side sheet: over the plan ("plan"), or over another page, which
    shows the record in its own way.
    """
    plan = f"{reverse('launches:plan', args=[launch.slug])}#{kind.key}"
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return {"back": wanted if wanted and safe else plan, "sheet": request.GET.get("sheet", "")}


def _after(
    request: LaunchRequest,
    launch: Launch,
    kind: Kind,
    message: str,
    record: LaunchRecord | None,
    *,
    row: bool = False,
) -> HttpResponse:
    """The changed row or list in place; from the sheet, and without JavaScript, back to the page."""
    back = _back(request, launch, kind)
    if not is_partial(request) or back["sheet"] not in {"", "plan"}:
        return done(request, message, to=str(back["back"]))
    messages.success(request, message)
    if row and record is not None:
        record = selectors.record(launch, kind, record.pk)
        said = selectors.comments_of(record).count()
        context = {"launch": launch, "kind": kind, "row": rows.row_of(request.actor, record, comments=said)}
        return show(request, "launches/record_row.html", context, partial="launches/record_row.html")
    listed = rows.list_of(
        request.actor,
        launch,
        kind,
        selectors.records(launch, kind),
        comments=selectors.comment_counts(launch),
    )
    context = {"launch": launch, "kind": kind, "list": listed}
    response = show(request, "launches/record_list.html", context, partial="launches/record_list.html")
    response["HX-Retarget"], response["HX-Reswap"] = f"#list-{kind.key}", "outerHTML"
    response["HX-Trigger"] = "sheet:close"
    return response
