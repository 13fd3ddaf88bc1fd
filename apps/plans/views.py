"""Pages of importing a plan, its versions, and the document itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.http import HttpResponse, QueryDict
from django.urls import reverse

from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import PageRequest, done, integer, page, show
from apps.launches import kinds, policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import launch_by_slug
from apps.plans import samples, selectors
from apps.plans.forms import DocumentForm, PreviewForm, VersionForm
from apps.plans.mapping.overview import UNNAMED, name_of
from apps.plans.models import ImportDraft
from apps.plans.preview import preview_of
from apps.plans.services import editions, pending, restoring
from apps.plans.services import export as exporting
from apps.plans.services import versions as keeping
from apps.plans.services.apply import is_empty
from apps.plans.services.documents import PlanRefused, read
from apps.plans.services.settling import fingerprint
from apps.plans.writing import Change

# Asked by fields of their own on the preview.
_DATES = ("launch_day", "rollout_start")


@page("GET", "POST")
def start(request: PageRequest) -> HttpResponse:
    """Step 1: paste, upload, or start from an example; with `into`, a new edition of a launch's plan."""
    slug = request.POST.get("into") or request.GET.get("into") or ""
    into = launch_by_slug(request.actor, slug[:80]) if slug else None
    if into is None:
        policies.require("launches.create", request.actor)
    else:
        policies.require("launches.edit", request.actor, into)
    context: dict[str, Any] = {
        "page_title": "New edition of the plan" if into else "Import a plan",
        "into": into,
        "examples": samples.EXAMPLES,
    }
    if request.method != "POST":
        chosen = samples.example(request.GET.get("example", ""))
        form = DocumentForm(initial={"document": chosen.source()} if chosen else None)
        return show(request, "plans/import.html", {**context, "form": form})
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid() and (given := form.source()) is not None:
        source, name = given
        try:
            draft = pending.start(actor=request.actor, source=source, file_name=name, into=into)
        except PlanRefused as error:
            context["refusal"] = error
        else:
            return done(request, "", to=reverse("plans:preview", args=[draft.pk]))
    return show(request, "plans/import.html", {**context, "form": form}, status=422)


@page("GET", "POST")
def preview(request: PageRequest, pk: UUID) -> HttpResponse:
    """Step 2: what the document becomes, what it leaves open; one button makes the launch."""
    draft = pending.find(actor=request.actor, pk=pk)
    if draft.into is not None and not is_empty(draft.into):
        return _difference(request, draft, draft.into)
    if request.method != "POST":
        return _preview(request, draft, _form_of(request, draft))
    form = PreviewForm(request.POST)
    if not form.is_valid():
        return _preview(request, draft, form, status=422)
    pending.change(draft, answers=_answers(request.POST), options=form.options())
    if request.POST.get("action") != "make":
        return _preview(request, draft, form)
    launch_day, rollout_start = form.dates()
    try:
        made = pending.make(
            draft,
            actor=request.actor,
            name=form.cleaned_data["name"] or None,
            launch_day=launch_day,
            rollout_start=rollout_start,
            zone=form.cleaned_data["zone"] or None,
        )
    except Invalid as error:
        form.refuse(error)
        return _preview(request, draft, form, status=422)
    return done(
        request,
        f"“{made.launch.name[:80]}” is a launch now, with {sum(made.counts.values())} records.",
        to=reverse("launches:overview", args=[made.launch.slug]),
    )


def _form_of(request: PageRequest, draft: ImportDraft) -> PreviewForm:
    """The form as it was left, else as the document proposes."""
    if draft.options:
        return PreviewForm(initial=draft.options)
    reading = pending.reading_of(draft).reading
    exact = reading.launch_day if reading.launch_day_precision == "day" else None
    asked = any(question.kind == "rollout_start" for question in reading.questions)
    stated = reading.rollout_start if not asked and len(reading.rollout_start or "") == 10 else None
    initial = {
        "name": "" if name_of(reading) == UNNAMED else name_of(reading),
        "launch_day": exact,
        "rollout_start": stated or (exact if asked else None),
        "rollout_on_launch_day": asked,
        "zone": getattr(request.user, "zone", "UTC"),
    }
    return PreviewForm(initial=initial)


def _preview(
    request: PageRequest, draft: ImportDraft, form: PreviewForm, *, status: int = 200
) -> HttpResponse:
    launch_day, rollout_start = form.dates() if form.is_bound and form.is_valid() else (None, None)
    plan = read(
        draft.source, answers=draft.answers, launch_day=launch_day, rollout_start=rollout_start,
        file_name=draft.file_name,
    )  # fmt: skip
    # Answered questions stay on the page, so that an answer can be changed.
    unanswered = read(draft.source).reading.questions
    known = {question.id for question in unanswered}
    asked = [
        question
        for question in [*unanswered, *(each for each in plan.reading.questions if each.id not in known)]
        if question.kind not in _DATES
    ]
    for question in unanswered:
        if question.kind == "launch_day":
            form.fields["launch_day"].help_text = question.text
    context = {
        "page_title": plan.reading.name or "A document",
        "draft": draft,
        "form": form,
        "preview": preview_of(plan.reading, draft.answers, asked),
        "zones": sorted(available_timezones()),
    }
    return show(request, "plans/preview.html", context, partial="becomes", status=status)


def _answers(posted: QueryDict) -> dict[str, str]:
    """What was answered, by question; empty where the person leaves it open."""
    return {
        name.removeprefix("answer-"): str(value).strip()
        for name, value in posted.items()
        if name.startswith("answer-")
    }


def _difference(request: PageRequest, draft: ImportDraft, launch: Launch) -> HttpResponse:
    """A new edition of a live launch's plan: the difference first, then exactly that or nothing."""
    policies.require("launches.edit", request.actor, launch)
    given = pending.reading_of(draft)
    plan = editions.reread(launch, given)
    conflict, status = "", 200
    if request.method == "POST":
        try:
            outcome = editions.apply_edition(
                actor=request.actor, launch=launch, plan=plan, fingerprint=request.POST.get("fingerprint", "")
            )
        except Conflict as error:
            conflict, status = error.message, error.status
        else:
            draft.delete()
            count = len(outcome.changes)
            return done(
                request,
                f"{count} change{'' if count == 1 else 's'} from the new edition.",
                to=reverse("launches:plan", args=[launch.slug]),
            )
    difference = editions.difference(launch=launch, plan=plan)
    context = {
        "page_title": "New edition of the plan",
        "draft": draft,
        "launch": launch,
        "difference": difference,
        "changes": told(difference.changes),
        "questions": editions.reread(launch, given, accept_proposals=False).open,
        "conflict": conflict,
    }
    return show(request, "plans/difference.html", context, status=status)


@dataclass(frozen=True)
class ToldChange:
    """A change as a page shows it: an icon by `what`, the sentence, the kind's label."""

    what: str
    text: str
    kind_label: str


def told(changes: Sequence[Change]) -> list[ToldChange]:
    labels = {kind.key: kind.label for kind in kinds.all_kinds()}
    return [ToldChange(change.what, change.text, labels.get(change.kind, "Launch")) for change in changes]


@page("POST")
def discard(request: PageRequest, pk: UUID) -> HttpResponse:
    """Forget a document that was not made a launch of."""
    draft = pending.find(actor=request.actor, pk=pk)
    to = reverse("plans:versions", args=[draft.into.slug]) if draft.into else reverse("plans:import")
    draft.delete()
    return done(request, "Discarded. Nothing was saved.", to=to)


@launch_page("GET")
def export(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """The launch as its document; `?live=1` adds how things stand."""
    text = exporting.export_plan(launch, live=request.GET.get("live") == "1")
    response = HttpResponse(text.encode(), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{launch.slug}.md"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@launch_page("GET", "POST")
def versions(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Saved versions; saving one."""
    form = VersionForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        policies.require("launches.edit", request.actor, launch)
        status = 422
        if form.is_valid():
            try:
                saved = keeping.save_version(
                    actor=request.actor,
                    launch=launch,
                    summary=form.cleaned_data["summary"],
                    label=form.cleaned_data["label"],
                )
            except Invalid as error:
                form.refuse(error)
            else:
                return done(
                    request,
                    f"Version {saved.number} is saved.",
                    to=reverse("plans:versions", args=[launch.slug]),
                )
    context = {
        "page_title": "Versions",
        "launch": launch,
        "versions": list(selectors.versions_of(launch)[:200]),
        "form": form,
        "may_edit": policies.can_edit_launch(request.actor, launch),
    }
    return show(request, "plans/versions.html", context, status=status)


@launch_page("GET")
def version(request: LaunchRequest, launch: Launch, number: int) -> HttpResponse:
    """One version: its document, and what going back to it would change."""
    found = keeping.version(launch, number)
    may_edit = policies.can_edit_launch(request.actor, launch)
    context: dict[str, Any] = {
        "page_title": f"Version {found.number}",
        "launch": launch,
        "version": found,
        "may_edit": may_edit,
    }
    if may_edit:
        context["changes"] = told(keeping.compare(keeping.now_of(launch), keeping.stored(found)))
        context["fingerprint"] = fingerprint(launch)
    return show(request, "plans/version.html", context)


@launch_page("GET")
def compare(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Two versions as facts that changed; `b=now` is the launch as it is."""
    first, second = integer(request.GET.get("a")), request.GET.get("b", "now")
    if first is None:
        raise NotFound("Say which version to compare from.")
    other = integer(second)
    before = keeping.stored(keeping.version(launch, first))
    after = keeping.now_of(launch) if other is None else keeping.stored(keeping.version(launch, other))
    context = {
        "page_title": f"Version {first} and {f'version {other}' if other is not None else 'now'}",
        "launch": launch,
        "changes": told(keeping.compare(before, after)),
    }
    return show(request, "plans/compare.html", context)


@launch_page("POST")
def restore(request: LaunchRequest, launch: Launch, number: int) -> HttpResponse:
    """Go back to a version: a new version that says what that one said."""
    saved = restoring.restore(
        actor=request.actor,
        launch=launch,
        version=keeping.version(launch, number),
        fingerprint=request.POST.get("fingerprint") or None,
    )
    return done(
        request,
        f"The launch says what version {number} said; this is version {saved.number}.",
        to=reverse("plans:versions", args=[launch.slug]),
    )
