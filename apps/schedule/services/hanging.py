"""Hanging a dated thing on launch day, the rollout, a phase or another item, and letting go of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches import kinds, policies
from apps.launches.models import Launch, Phase
from apps.launches.services.launch import hold
from apps.schedule.models import Placement
from apps.schedule.saying import precision_of, words_of
from apps.schedule.selectors import anchors_of
from apps.schedule.services import linking
from apps.schedule.services.placing import as_place, columns_of, compute, recompute_followers
from apps.schedule.when import When

ANCHORS = ("launch_day", "rollout_start", "phase", "placement")
UNITS = ("day", "business_day", "week", "month")


def hang(
    *,
    actor: Actor,
    placement: Placement,
    anchor: str,
    offset: int,
    unit: str = "day",
    to: int | None = None,
    end_offset: int | None = None,
    version: int | None = None,
) -> Placement:
    """Let a thing's time count from an anchor: `offset` units from its first day, to `end_offset` (included).

    `to` is the id of the phase or the placement it hangs on; launch day and the rollout's start take none.
    Weeks from launch day are ISO weeks, from a phase or an item seven days; from the rollout's start weeks and
    days count from 1. A time of day stays. What hangs on the thing follows. Raises `NotFound` for an id that
    is not this launch's, `Invalid` for a circle, an offset beyond ten years, a thing that is done or scheduled.
    """
    policies.require("schedule.link", actor, placement)
    _check_words(anchor, unit, to)
    with transaction.atomic():
        launch = hold(placement.launch_id)
        fresh = _fresh(placement, launch, version)
        _require_free(fresh)
        leader, phase = _leader(launch, anchor, to)
        if leader is not None:
            if leader.pk == fresh.pk:
                raise Invalid("Nothing hangs on itself.", code="itself", field="to")
            linking.require_no_circle(launch, (leader.pk, fresh.pk), field="to", instead_of=fresh.pk)
        old = fresh.wording or (str(fresh.starts_on) if fresh.starts_on else "")
        _set(fresh, anchor, unit, offset, end_offset, leader, phase)
        compute(fresh, anchors_with(launch, leader))
        if (
            fresh.starts_on is None
            and (leader is None or leader.starts_on is not None)
            and _dated(launch, anchor)
        ):
            raise Invalid("No date of the calendar is that far away.", code="too_far", field="offset")
        try:
            fresh.full_clean(exclude=["launch", "phase", "team", "owner"], validate_unique=False)
        except ValidationError as error:
            raise Invalid.from_validation(error) from error
        fresh.version += 1
        fresh.save()
        recompute_followers(fresh)
        audit.record(
            actor=actor,
            verb=f"{fresh.kind}.hung",
            obj=fresh,
            launch_id=launch.pk,
            changes={"when": [old, fresh.wording]},
        )
    return fresh


def let_go_of(placement: Placement) -> int:
    """Before a thing is removed: what hangs on it is pinned to where it is, so that no date is lost.

    For the service that removes it, inside its transaction. Returns how many were pinned.
    """
    hung = Q(anchor=Placement.Anchor.PLACEMENT, anchor_placement=placement)
    if placement.phase_id:
        hung |= Q(anchor=Placement.Anchor.PHASE, anchor_phase=placement.phase_id)
    held = Placement.objects.filter(hung, launch=placement.launch_id)
    dated = held.filter(starts_on__isnull=False)
    count = dated.update(
        anchor=Placement.Anchor.PINNED,
        pinned_start=F("starts_on"),
        pinned_end=F("ends_on"),
        anchor_phase=None,
        anchor_placement=None,
        unit="",
        offset=None,
        end_offset=None,
        precision=Placement.Precision.DAY,
        wording="",
        version=F("version") + 1,
        updated_at=now(),
    )
    held.update(
        anchor=Placement.Anchor.NONE,
        unit="",
        offset=None,
        end_offset=None,
        wording="",
        version=F("version") + 1,
        updated_at=now(),
    )
    return count


def anchors_with(launch: Launch, leader: Placement | None) -> Any:
    """What the launch's offsets count from, and the thing something is about to hang on."""
    found = anchors_of(launch)
    if leader is None:
        return found
    return replace(found, placements={**(found.placements or {}), leader.pk: leader.starts_on})


def _check_words(anchor: str, unit: str, to: int | None) -> None:
    if anchor not in ANCHORS:
        raise Invalid(f"“{anchor[:40]}” is nothing to hang on: {', '.join(ANCHORS)}.", field="anchor")
    if unit not in UNITS:
        raise Invalid(f"“{unit[:40]}” is no unit here: {', '.join(UNITS)}.", field="unit")
    if anchor in {"phase", "placement"} and to is None:
        raise Invalid(f"Which {'phase' if anchor == 'phase' else 'item'}? Give its id.", field="to")
    if anchor not in {"phase", "placement"} and to is not None:
        raise Invalid(
            "Launch day and the rollout's start are the launch's own: leave out the id.", field="to"
        )


def _require_free(placement: Placement) -> None:
    name = f"“{placement.title[:80]}”"
    if placement.state != Placement.State.PLANNED:
        raise Invalid(f"{name} is {placement.state}: it does not move any more.", code="fixed")
    if placement.fixed_at is not None:
        raise Invalid(f"{name} is scheduled for its minute: take it back first.", code="fixed")
    if placement.kind not in {kind.key for kind in kinds.all_kinds()}:
        raise Invalid(f"{name} gets its time on its own page.", code="own_page")


def _leader(launch: Launch, anchor: str, to: int | None) -> tuple[Placement | None, Phase | None]:
    if anchor == "placement":
        return linking.find(launch, to or 0, "to"), None
    if anchor != "phase":
        return None, None
    pk = to or 0
    phase = Phase.objects.filter(launch=launch, pk=pk).first() if 0 < pk < 2**63 else None
    if phase is None:
        raise NotFound("There is no such phase in this launch.", field="to")
    leader = Placement.objects.filter(phase=phase).first()
    if leader is None:
        raise Invalid("This phase says no time yet: give it one first.", code="undated", field="to")
    return leader, phase


def _set(
    placement: Placement,
    anchor: str,
    unit: str,
    offset: int,
    end_offset: int | None,
    leader: Placement | None,
    phase: Phase | None,
) -> None:
    asked = When(
        text=f"{offset:+d} {unit}s" if abs(offset) < 10**9 else "that",
        anchor="launch_day",
        unit=unit,  # type: ignore[arg-type]  # one of UNITS
        offset=offset,
        end_offset=end_offset,
        time=placement.local_time,
        zone=placement.time_zone or None,
    )
    try:
        columns = columns_of(asked)
    except Invalid as error:
        raise Invalid(error.message, code=error.code, field="offset") from error
    columns |= {
        "anchor": anchor,
        "anchor_phase": phase,
        "anchor_placement": leader if anchor == "placement" else None,
    }
    for name, value in columns.items():
        setattr(placement, name, value)
    place = as_place(placement)
    placement.precision = precision_of(place)
    titles = {leader.pk: leader.title} if leader else {}
    placement.wording = words_of(place, titles, {phase.pk: phase.title} if phase else {}, placement.precision)


def _dated(launch: Launch, anchor: str) -> bool:
    return anchor in {"phase", "placement"} or getattr(launch, anchor) is not None


def _fresh(placement: Placement, launch: Launch, version: int | None) -> Placement:
    fresh = Placement.objects.select_for_update().filter(pk=placement.pk).first()
    if fresh is None:
        raise NotFound("This was removed meanwhile.", code="removed")
    if version is not None and version != fresh.version:
        raise Conflict(
            f"“{fresh.title[:80]}” was changed by somebody else since you opened it.",
            current={"wording": fresh.wording, "starts_on": str(fresh.starts_on)},
            version=fresh.version,
        )
    fresh.launch = launch
    return fresh
