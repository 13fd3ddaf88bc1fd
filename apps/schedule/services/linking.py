"""Dependencies between dated things: adding, changing and removing them, and never a circle."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.services.launch import hold
from apps.schedule.graph import Edge, way
from apps.schedule.models import Dependency, Placement

# More than this for one thing is a mistake, or wants a phase.
MOST_OF_ONE = 100


def add_dependency(
    *,
    actor: Actor,
    launch: Launch,
    before: int,
    after: int,
    lag: int = 0,
    on_move: str = Dependency.OnMove.PUSH,
) -> Dependency:
    """Say that the placement `after` may not start before `before` has ended, plus `lag` days.

    Raises `NotFound` for an id that is not this launch's, `Invalid` for a thing on itself, a pair that is
    linked already, a lag beyond a year or a circle (with anchors counted in), `NotAllowed`.
    """
    later = find(launch, after, "after")
    policies.require("schedule.link", actor, later)
    with transaction.atomic():
        hold(launch.pk)
        earlier, later = find(launch, before, "before"), find(launch, after, "after")
        if earlier.pk == later.pk:
            raise Invalid("Nothing waits for itself.", code="itself", field="before")
        if Dependency.objects.filter(before=earlier, after=later).exists():
            raise Invalid(
                f"“{later.title[:80]}” waits for “{earlier.title[:80]}” already.",
                code="linked",
                field="before",
            )
        if Dependency.objects.filter(after=later).count() >= MOST_OF_ONE:
            raise Invalid(
                f"One thing waits for at most {MOST_OF_ONE} others.", code="too_many", field="before"
            )
        require_no_circle(launch, (earlier.pk, later.pk), field="before")
        made = Dependency(launch=launch, before=earlier, after=later, lag=lag, on_move=on_move)
        _check(made)
        made.save()
        audit.record(
            actor=actor,
            verb="dependency.added",
            obj=made,
            launch_id=launch.pk,
            changes={
                "before": [None, earlier.title],
                "after": [None, later.title],
                "lag": [None, lag],
                "on_move": [None, on_move],
            },
        )
    return made


def change_dependency(
    *,
    actor: Actor,
    dependency: Dependency,
    lag: int | None = None,
    on_move: str | None = None,
    version: int | None = None,
) -> Dependency:
    """Another lag, or another answer to a move that would break it. None leaves either as it is."""
    policies.require("schedule.link", actor, dependency.after)
    with transaction.atomic():
        fresh = _fresh(dependency, version)
        before = {"lag": fresh.lag, "on_move": fresh.on_move}
        wanted = {
            "lag": fresh.lag if lag is None else lag,
            "on_move": fresh.on_move if on_move is None else on_move,
        }
        changes = audit.difference(before, wanted)
        if not changes:
            return fresh
        fresh.lag, fresh.on_move = int(str(wanted["lag"])), str(wanted["on_move"])
        _check(fresh)
        fresh.version += 1
        fresh.save()
        audit.record(
            actor=actor,
            verb="dependency.changed",
            obj=fresh,
            launch_id=fresh.launch_id,
            changes=changes,
        )
    return fresh


def remove_dependency(*, actor: Actor, dependency: Dependency, version: int | None = None) -> None:
    """Let the two go their own ways."""
    policies.require("schedule.link", actor, dependency.after)
    with transaction.atomic():
        fresh = _fresh(dependency, version)
        audit.record(
            actor=actor,
            verb="dependency.removed",
            obj=fresh,
            launch_id=fresh.launch_id,
            changes={
                "before": [fresh.before.title, None],
                "after": [fresh.after.title, None],
                "lag": [fresh.lag, None],
                "on_move": [fresh.on_move, None],
            },
        )
        fresh.delete()


def find(launch: Launch, pk: int, field: str) -> Placement:
    """A dated thing of this launch; `NotFound` for any other id, whatever it is."""
    found = Placement.objects.filter(launch=launch, pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise NotFound("There is no such dated thing in this launch.", field=field)
    found.launch = launch
    return found


def require_no_circle(launch: Launch, new: Edge, *, field: str, instead_of: int | None = None) -> None:
    """Raise `Invalid` if what leads to what would come back to where it began with one more edge.

    The caller holds the launch's lock. `instead_of` is a placement whose anchor the new edge replaces. Three
    queries, and one for the titles of a circle.
    """
    before, after = new
    circle = way(edges_of(launch.pk, leaving_out=instead_of), after, before)
    if not circle:
        return
    titles = dict(Placement.objects.filter(pk__in=circle).values_list("pk", "title"))
    told = " → ".join(f"“{titles[pk][:40]}”" for pk in [*circle, circle[0]])
    raise Invalid(f"That would go round in a circle: {told}.", code="circle", field=field)


def edges_of(launch_id: int, leaving_out: int | None = None) -> list[Edge]:
    """What leads to what in a launch: dependencies and anchors. Three queries."""
    placed = Placement.objects.filter(launch=launch_id)
    phases = dict(placed.exclude(phase=None).values_list("phase_id", "pk"))
    found: list[Edge] = list(Dependency.objects.filter(launch=launch_id).values_list("before_id", "after_id"))
    hung = placed.filter(anchor__in=["phase", "placement"])
    for pk, anchor, phase, other in hung.values_list(
        "pk", "anchor", "anchor_phase_id", "anchor_placement_id"
    ):
        leader = phases.get(phase) if anchor == "phase" else other
        if leader is not None and pk != leaving_out:
            found.append((leader, pk))
    return found


def _check(dependency: Dependency) -> None:
    try:
        dependency.full_clean(exclude=["launch", "before", "after"], validate_unique=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error


def _fresh(dependency: Dependency, version: int | None) -> Dependency:
    launch = hold(dependency.launch_id)
    fresh = (
        Dependency.objects.select_for_update(of=("self",))
        .select_related("before", "after")
        .filter(pk=dependency.pk)
        .first()
    )
    if fresh is None:
        raise NotFound("This dependency was removed meanwhile.", code="removed")
    if version is not None and version != fresh.version:
        raise Conflict(
            f"Somebody changed what “{fresh.after.title[:80]}” waits for since you opened it.",
            current={"lag": fresh.lag, "on_move": fresh.on_move},
            version=fresh.version,
        )
    fresh.launch = launch
    return fresh
