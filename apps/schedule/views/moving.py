"""Moving launch day, the rollout, a phase or one item: see everything that moves first, then do exactly that."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html

from apps.core import permissions
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import done, paginate, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.clashes import caused_by
from apps.schedule.forms import MoveForm
from apps.schedule.models import Move
from apps.schedule.services.moving import apply_move, preview_move, undo_move
from apps.schedule.services.moving.previewing import find_target, require_mover

# What a page shows at most of each list; the counts are always those of all.
SHOWN = 200
MOVES_SHOWN = 10


@launch_page("GET", "POST")
def move(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """GET with `to` shows the preview; POST with its fingerprint applies it, or answers 409 and a new one."""
    given = request.POST if request.method == "POST" else request.GET
    asked = {"landing": "keep", **given.dict(), "anchor": MoveForm.choice_of(given)}
    what, pk = MoveForm.chosen(asked["anchor"])
    target = find_target(launch, what, pk)
    require_mover(request.actor, launch, target)
    if target is not None and target.phase_id:
        asked["anchor"] = f"phase-{target.phase_id}"
    if request.method == "GET" and "to" not in given:
        start = {"anchor": asked["anchor"], "to": target.starts_on if target else launch.launch_day}
        return _page(request, launch, MoveForm(initial=start, launch=launch, target=target), target=target)
    form = MoveForm(asked, launch=launch, target=target)
    if not form.is_valid():
        return _page(request, launch, form, status=422, target=target)
    if request.method == "POST":
        return _apply(request, launch, form)
    return _preview(request, launch, form)


def _apply(request: LaunchRequest, launch: Launch, form: MoveForm) -> HttpResponse:
    try:
        moved = apply_move(actor=request.actor, launch=launch, **form.asked(), **form.said())
    except Conflict as error:
        return _preview(request, launch, form, status=409, refusal=error.message)
    except Invalid as error:
        form.refuse(error)
        return _page(request, launch, form, status=422)
    count = len(moved.along)
    told = (
        f"{moved.name} moved to {moved.to:%a %d %b %Y}, and {count} thing{'' if count == 1 else 's'} with it."
    )
    back = reverse("launches:overview" if moved.target is None else "launches:timeline", args=[launch.slug])
    if moved.move is not None:
        undo = reverse("launches:move_undo", args=[launch.slug, moved.move.pk])
        # With a script one press undoes it; without one the link leads to the page that asks.
        told = format_html('{} <a class="link" href="{}" hx-post="{}">Undo</a>', told, undo, undo)
    return done(request, told, to=back)


def _preview(
    request: LaunchRequest, launch: Launch, form: MoveForm, *, status: int = 200, **extra: Any
) -> HttpResponse:
    try:
        preview = preview_move(actor=request.actor, launch=launch, **form.asked())
    except Invalid as error:
        form.refuse(error)
        return _page(request, launch, form, status=422)
    clashes = caused_by(request.actor, preview)
    shown = {
        "preview": preview,
        "target": preview.target,
        "moving": preview.moving[:SHOWN],
        "staying": [row for row in preview.staying if row.old.starts_on][:SHOWN],
        "undated": sum(row.old.starts_on is None for row in preview.staying),
        "off_days": preview.off_days[:SHOWN],
        "clashes": clashes[:SHOWN],
        "clash_count": len(clashes),
        "days": (days := (preview.to - preview.old).days if preview.old else 0),
        "days_back": -days,
    }
    return _page(request, launch, form, status=status, **shown, **extra)


def _page(
    request: LaunchRequest, launch: Launch, form: MoveForm, *, status: int = 200, **extra: Any
) -> HttpResponse:
    context = {
        "launch": launch,
        "form": form,
        "moves": _moves(request, launch)[:MOVES_SHOWN],
        "named": form.named,
        **extra,
    }
    return show(request, "schedule/move.html", context, partial="preview", status=status)


def _moves(request: LaunchRequest, launch: Launch) -> Any:
    return Move.objects.filter(launch=launch).defer("rows").select_related("made_by")


@launch_page()
def moves(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Every move of the launch, the latest first, each with what takes it back."""
    context = {"launch": launch, "moves": paginate(request, _moves(request, launch))}
    return show(request, "schedule/moves.html", context)


@launch_page("GET", "POST")
def undo(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """GET asks, POST puts everything back as it was before the move; 409 where something changed since."""
    if pk >= 2**63:
        raise NotFound("There is no such move in this launch.")
    move = get_object_or_404(Move.objects.select_related("placement").filter(launch=launch), pk=pk)
    move.launch = launch
    if request.method == "POST":
        try:
            undo_move(actor=request.actor, move=move)
        except Conflict as error:
            if request.htmx:
                messages.error(request, error.message)
                return done(request, "", to=reverse("launches:moves", args=[launch.slug]))
            return _ask(request, launch, move, status=409, refusal=error.message)
        to = reverse(
            "launches:overview" if move.placement is None else "launches:timeline", args=[launch.slug]
        )
        return done(request, f"Undone: {move.words}.", to=to)
    return _ask(request, launch, move)


def _ask(
    request: LaunchRequest, launch: Launch, move: Move, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    context = {
        "launch": launch,
        "move": move,
        "refusal": refusal,
        "may_undo": permissions.allows("schedule.undo", request.actor, move),
    }
    return show(request, "schedule/undo.html", context, status=status)
