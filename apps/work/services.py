"""Giving, doing, passing on and escalating follow-ups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.audit import services as audit
from apps.core.actors import SYSTEM, Actor
from apps.core.clock import now, today_in
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches.models import Member
from apps.work import policies
from apps.work.models import FollowUp

FIELDS = ("launch", "account", "contact", "owner", "kind", "title", "script", "due_on")
# To validate one asks the database whether it is there.
RELATED = ("launch", "account", "contact", "owner", "made_by")
# May name a contact: events name these fields when they change, not what they hold.
_PERSONAL = ("contact", "title", "script")
# Days after the due day on which somebody else learns of it.
ESCALATE_AFTER = 2
# Both limits of dates, as everywhere: nobody plans further.
FURTHEST = timedelta(days=3660)
BATCH = 200


def add(*, actor: Actor, values: Mapping[str, Any]) -> FollowUp:
    """Give somebody a piece of work. Raises `Invalid` for what cannot be."""
    policies.require("work.add", actor)
    made = _build(actor, values)
    _check(made)
    with transaction.atomic():
        made.save(force_insert=True)
        _told(actor, made, "added", {"owner": [None, made.owner], "due_on": [None, made.due_on]})
        _tell_owner(actor, made)
    return made


def add_once(*, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> int:
    """Give many at once, each with a `source` that never makes it twice. How many are new. Two statements.

    For what makes work by itself, such as a campaign; the caller writes the audit event and gives objects
    that it read in the same transaction.
    """
    policies.require("work.add", actor)
    if not all(row.get("source") for row in rows):
        raise ValueError("what makes work by itself names its source")
    wanted = {row["source"]: row for row in rows}
    stored = FollowUp.objects.filter(source__in=list(wanted)).values_list("source", flat=True)
    for source in stored:
        del wanted[source]
    made = [_build(actor, row) for row in wanted.values()]
    for each in made:
        _check(each, exclude=RELATED)
    with transaction.atomic():
        FollowUp.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)
    return len(made)


def change(
    *, actor: Actor, follow_up: FollowUp, values: Mapping[str, Any], version: int | None = None
) -> FollowUp:
    """Change an open one, passing it on included. Raises `Conflict` for a stale version."""
    with transaction.atomic():
        found = _locked(actor, follow_up, version)
        if not found.is_open:
            raise Invalid("What is done or cancelled is opened again before it is changed.", field="state")
        unknown = set(values) - set(FIELDS)
        if unknown:
            raise Invalid(f"A follow-up has no “{min(unknown)}”.")
        if {"contact", "script"} & set(values) and not policies.can_read_script(actor, found):
            raise NotAllowed("Only who may see contacts changes for whom it is and what to say to them.")
        before = {name: getattr(found, name) for name in values}
        for name, value in values.items():
            setattr(found, name, value)
        changes = audit.difference(before, values)
        if not changes:
            return found
        _check(found)
        if "due_on" in changes or "owner" in changes:
            found.escalated_at = None
        _save(actor, found, "changed", changes)
        if "owner" in changes:
            _tell_owner(actor, found)
    return found


def finish(
    *,
    actor: Actor,
    follow_up: FollowUp,
    outcome: str = "",
    notes: str = "",
    next_step: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> FollowUp:
    """Close it with what came of it; `next_step` (title, due_on, kind) becomes a follow-up of its own."""
    with transaction.atomic():
        found = _locked(actor, follow_up, version)
        if not found.is_open:
            raise Conflict(f"It is {found.get_state_display().lower()} already.", version=found.version)
        if outcome not in FollowUp.Outcome.values:
            raise Invalid(
                f"“{outcome[:40]}” is no outcome: {', '.join(filter(None, FollowUp.Outcome.values))}.",
                field="outcome",
            )
        if next_step is not None and FollowUp.objects.filter(follows=found).exists():
            # Of one that was opened again; what follows is one row, which its list and page point to.
            raise Invalid("It has a next step already: change that one.", field="next_step")
        found.state, found.outcome, found.notes = FollowUp.State.DONE, outcome, notes
        found.closed_at, found.closed_by = now(), _person(actor)
        _check(found)
        _save(actor, found, "finished", {"state": ["open", "done"], "outcome": ["", outcome]})
        if next_step is not None:
            inherited = {
                name: getattr(found, name) for name in ("launch", "account", "contact", "owner", "kind")
            }
            following = _build(actor, {**inherited, **next_step})
            following.follows = found
            _check(following)
            following.save(force_insert=True)
            _told(actor, following, "added", {"due_on": [None, following.due_on]})
            _tell_owner(actor, following)
    return found


def cancel(*, actor: Actor, follow_up: FollowUp, version: int | None = None) -> FollowUp:
    """It is not needed any more."""
    with transaction.atomic():
        found = _locked(actor, follow_up, version)
        if found.is_open:
            found.state, found.closed_at, found.closed_by = FollowUp.State.CANCELLED, now(), _person(actor)
            _save(actor, found, "cancelled", {"state": ["open", "cancelled"]})
    return found


def reopen(*, actor: Actor, follow_up: FollowUp, version: int | None = None) -> FollowUp:
    """It was not done after all; what was noted stays."""
    with transaction.atomic():
        found = _locked(actor, follow_up, version)
        if not found.is_open:
            old, found.state = found.state, FollowUp.State.OPEN
            found.closed_at = found.closed_by = None
            _save(actor, found, "reopened", {"state": [old, "open"]})
    return found


def escalate_overdue(*, at: datetime | None = None) -> int:
    """Tell owners, and the owners of their launches, of what is overdue by two days, once. Safe to run twice.

    The day is the owner's own (nobody's: UTC). How many were escalated.
    """
    at = at or now()
    told = 0
    while True:
        with transaction.atomic():
            # A day early for everybody, so that no zone is missed; the owner's zone decides below.
            waiting = list(
                FollowUp.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("owner", "launch", "account")
                .filter(_in_open_launches(), state="open", escalated_at=None)
                .filter(due_on__lte=at.date() - timedelta(days=ESCALATE_AFTER - 1))
                .order_by("due_on", "pk")[:BATCH]
            )
            overdue = [each for each in waiting if _overdue(each, at)]
            for each in overdue:
                _escalate(each, at)
            told += len(overdue)
            if len(waiting) < BATCH or not overdue:
                return told


def _in_open_launches() -> Q:
    return Q(launch=None) | Q(launch__state__in=["draft", "active", "paused", "completed"])


def _overdue(each: FollowUp, at: datetime) -> bool:
    today: date = today_in(each.owner.zone if each.owner else "UTC", at)
    return each.due_on + timedelta(days=ESCALATE_AFTER) <= today


def _escalate(each: FollowUp, at: datetime) -> None:
    each.escalated_at = at
    each.save(update_fields=["escalated_at", "updated_at"])
    _told(SYSTEM, each, "escalated", {"due_on": [each.due_on, each.due_on]})
    concerned = Q(pk=each.owner_id)
    if each.launch_id:
        owners = Member.objects.filter(launch=each.launch_id, role=Member.Role.OWNER)
        concerned |= Q(pk__in=owners.values("user"))
    who = each.owner or "nobody"
    notify(
        users=User.objects.filter(concerned, is_active=True),
        kind="follow_up_overdue",
        title=f"Overdue: {each.title}",
        body=f"It was due on {each.due_on:%d %b}; it is for {who}.",
        url=reverse("work:follow_up", args=[each.pk]),
        source=f"follow_up:{each.pk}:overdue:{each.due_on.isoformat()}",
        launch_id=each.launch_id,
    )


def _build(actor: Actor, values: Mapping[str, Any]) -> FollowUp:
    unknown = set(values) - {*FIELDS, "source"}
    if unknown:
        raise Invalid(f"A follow-up has no “{min(unknown)}”.")
    return FollowUp(**values, made_by=_person(actor))


def _check(found: FollowUp, *, exclude: Collection[str] = ()) -> None:
    try:
        found.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    if found.contact is not None and found.contact.account_id != found.account_id:
        raise Invalid("The contact is at another account.", field="contact")
    if abs(found.due_on - now().date()) > FURTHEST:
        raise Invalid("This is more than ten years away.", code="too_far", field="due_on")


def _locked(actor: Actor, follow_up: FollowUp, version: int | None) -> FollowUp:
    found = (
        FollowUp.objects.select_for_update(of=("self",), no_key=True)
        .select_related("launch", "owner", "account", "contact")
        .get(pk=follow_up.pk)
    )
    policies.require("work.do", actor, found)
    if version is not None and version != found.version:
        current = {name: getattr(found, name) for name in ("title", "due_on", "state", "notes")}
        raise Conflict(
            "Somebody changed this while you were writing.", current=current, version=found.version
        )
    return found


def _save(actor: Actor, found: FollowUp, verb: str, changes: Mapping[str, list[Any]]) -> None:
    found.version += 1
    found.save()
    _told(actor, found, verb, changes)


def _told(actor: Actor, found: FollowUp, verb: str, changes: Mapping[str, list[Any]]) -> None:
    told = {name: ["", "changed"] if name in _PERSONAL else pair for name, pair in changes.items()}
    audit.record(actor=actor, verb=f"follow_up.{verb}", obj=found, launch_id=found.launch_id, changes=told)


def _tell_owner(actor: Actor, found: FollowUp) -> None:
    if found.owner is None or found.owner == actor.user:
        return
    notify(
        users=[found.owner],
        kind="follow_up",
        title=f"For you: {found.title}",
        body=f"Due on {found.due_on:%d %b}.",
        url=reverse("work:follow_up", args=[found.pk]),
        source=f"follow_up:{found.pk}:owner:{found.version}",
        launch_id=found.launch_id,
    )


def _person(actor: Actor) -> User | None:
    return actor.user if isinstance(actor.user, User) else None
