"""Changing many items at once, all or nothing, and taking that back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from apps.accounts.models import Team, User
from apps.audit import services as audit
from apps.content.models import BulkChange, CalendarItem
from apps.content.services import rescheduling
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, DomainError, Invalid, NotFound
from apps.launches import policies
from apps.launches.models import Channel, Launch
from apps.launches.services import records
from apps.launches.services.launch import hold
from apps.schedule.models import Move, Placement
from apps.schedule.services import moving, placing

MOST_ITEMS = 500
FIELDS = ("status", "owner", "team", "channel", "days")
_PLAIN = ("status", "owner", "team", "channel")


@dataclass(frozen=True)
class Result:
    """What became of one item: changed, unchanged, or why not (an error's `code` and message)."""

    id: int
    code: str
    message: str = ""


@dataclass
class Outcome:
    """What became of each item. Nothing was changed unless `done`; `change` is what can be taken back,
    `along` how many others moved because of it."""

    results: list[Result] = field(default_factory=list)
    change: BulkChange | None = None
    along: int = 0

    @property
    def done(self) -> bool:
        return self.change is not None

    @property
    def changed(self) -> int:
        return sum(result.code == "changed" for result in self.results)

    @property
    def refused(self) -> list[Result]:
        return [result for result in self.results if result.code not in {"changed", "unchanged"}]


class _Refused(Exception):
    """One item would not do, so none is changed: the way out of the transaction."""


def bulk_change(
    *,
    actor: Actor,
    launch: Launch,
    ids: Sequence[int],
    change: Mapping[str, Any],
    versions: Mapping[int, int] | None = None,
) -> Outcome:
    """Set `change` on calendar items of one launch, all of them or none.

    `change` holds `status`, `owner`, `team` and `channel` (objects, or None for nobody and none) and `days` to
    shift by. `versions` are those the caller saw. Each item's result says what became of it; an id that is not of
    this launch is `not_found`, whoever it belongs to. Raises `Invalid` for a change that says nothing.
    """
    policies.require("launches.contribute", actor, launch)
    _check(launch, ids, change)
    wanted = list(dict.fromkeys(ids))
    outcome = Outcome()
    try:
        with transaction.atomic():
            launch = hold(launch.pk)
            rows = (
                CalendarItem.objects.select_for_update().filter(launch=launch, pk__in=wanted).order_by("pk")
            )
            items = {item.pk: item for item in rows}
            held: dict[int, Any] = {}
            seen: dict[int, list[int]] = {}
            refusals: dict[int, Result] = {}
            for pk in wanted:
                item = items.get(pk)
                if item is not None:
                    item.launch = launch
                    held[pk], seen[pk] = _held(item), _seen(pk)
                refusal = _refusal(actor, item, pk, change, (versions or {}).get(pk))
                if refusal is not None:
                    refusals[pk] = refusal
            move = None
            if "days" in change and not refusals:
                move = _shift(actor, launch, items, change["days"], outcome)
            plain = {name: change[name] for name in _PLAIN if name in change}
            outcome.results = [refusals.get(pk) or _one(actor, items[pk], plain) for pk in wanted]
            if outcome.refused:
                raise _Refused
            # Looked at when all is done: one thing that moves takes others along.
            after = {pk: _seen(pk) for pk in wanted}
            changed = [pk for pk in wanted if after[pk] != seen[pk]]
            outcome.results = [Result(pk, "changed" if pk in changed else "unchanged") for pk in wanted]
            outcome.change = BulkChange.objects.create(
                launch=launch,
                actor=actor.user if isinstance(actor.user, User) else None,
                change={name: audit.plain(value) for name, value in change.items()},
                before={str(pk): held[pk] for pk in changed},
                after={str(pk): after[pk] for pk in changed},
                move=move,
            )
            audit.record(
                actor=actor,
                verb="calendar_entry.bulk_changed",
                obj=outcome.change,
                launch_id=launch.pk,
                changes={
                    "items": [None, len(changed)],
                    **({"moved": [None, move.moved]} if move else {}),
                    **{name: [None, value] for name, value in change.items()},
                },
            )
    except _Refused:
        outcome.change = None
    return outcome


def undo(*, actor: Actor, change: BulkChange) -> Outcome:
    """Give every item back what it held before, except those that somebody has changed since.

    Items that were left alone are in the results as `changed_since` or `not_found`.
    """
    policies.require("launches.contribute", actor, change.launch)
    outcome = Outcome()
    with transaction.atomic():
        launch = hold(change.launch_id)
        change = BulkChange.objects.select_for_update().get(pk=change.pk)
        if change.undone_at is not None:
            raise Invalid("This was taken back already.", code="undone")
        rows = CalendarItem.objects.select_for_update().filter(
            launch=launch, pk__in=[int(pk) for pk in change.before]
        )
        items = {item.pk: item for item in rows}
        for key, held in change.before.items():
            pk = int(key)
            item = items.get(pk)
            if item is not None:
                item.launch = launch
            outcome.results.append(_back(actor, item, pk, held, change.after.get(key)))
        if change.move is not None:
            # Only what is open has a place to go back to, so states come first.
            _move_back(actor, change.move, items, outcome)
        change.undone_at = now()
        change.save(update_fields=["undone_at", "updated_at"])
        outcome.change = change
        audit.record(
            actor=actor,
            verb="calendar_entry.bulk_undone",
            obj=change,
            launch_id=launch.pk,
            changes={"items": [len(change.before), outcome.changed]},
        )
    return outcome


def last_change(actor: Actor, launch: Launch, pk: int) -> BulkChange:
    """A change of this launch, for whoever made it and for its editors; else `NotFound`."""
    found = BulkChange.objects.filter(pk=pk, launch=launch).select_related("launch").first()
    own = found is not None and actor.user is not None and found.actor_id == actor.user.pk
    if found is None or not (own or policies.can_edit_launch(actor, launch)):
        raise NotFound("There is no such change to take back.")
    return found


def _check(launch: Launch, ids: Sequence[int], change: Mapping[str, Any]) -> None:
    unknown = [name for name in change if name not in FIELDS]
    if unknown:
        raise Invalid(
            f"Many items have no “{unknown[0][:40]}” to set.", code="unknown_field", field=unknown[0]
        )
    if not change:
        raise Invalid(
            "Say what to change: a status, owner, team, channel, or days to shift by.", field="change"
        )
    if not ids:
        raise Invalid("Choose at least one item.", field="ids")
    if len(ids) > MOST_ITEMS:
        raise Invalid(f"Change at most {MOST_ITEMS} items at once; these are {len(ids)}.", field="ids")
    if "status" in change and change["status"] not in CalendarItem.Status.values:
        raise Invalid(
            f"“{str(change['status'])[:40]}” is not a status. Statuses: "
            f"{', '.join(CalendarItem.Status.values)}.",
            field="status",
        )
    days = change.get("days", 1)
    if isinstance(days, bool) or not isinstance(days, int) or not days or abs(days) > 3660:
        raise Invalid("Shift by a number of days, at most ten years.", field="days")
    channel = change.get("channel")
    if isinstance(channel, Channel) and channel.launch_id != launch.pk:
        raise Invalid("That channel belongs to another launch.", code="other_launch", field="channel")


def _refusal(
    actor: Actor, item: CalendarItem | None, pk: int, change: Mapping[str, Any], version: int | None
) -> Result | None:
    """What stands in an item's way before anything is tried."""
    if item is None:
        return Result(pk, "not_found", "There is no such item in this launch.")
    try:
        policies.require("records.work", actor, item)
        if version is not None and version != item.version:
            raise Conflict(f"“{item.title[:80]}” was changed by somebody else.", version=item.version)
        if "days" in change:
            placement = placing.find(item)
            if placement is None:
                raise Invalid(f"“{item.title[:80]}” has no date to count from.", code="undated", field="days")
            rescheduling.check(placement, None)
            rescheduling.later(placement, change["days"])
    except DomainError as error:
        return Result(pk, error.code, error.message)
    return None


def _shift(
    actor: Actor, launch: Launch, items: Mapping[int, CalendarItem], days: int, outcome: Outcome
) -> Move | None:
    """All of them later, or earlier, in one move; what stands against it stands against all of them."""
    placements = [placing.find(item) for item in items.values()]
    to = {each.pk: rescheduling.later(each, days) for each in placements if each is not None}
    words = f"{len(to)} item{'' if len(to) == 1 else 's'} by {days:+d} day{'' if abs(days) == 1 else 's'}"
    try:
        move = moving.move_together(actor=actor, launch=launch, to=to, words=words)
    except DomainError as error:
        outcome.results = [Result(pk, error.code, error.message) for pk in items]
        raise _Refused from error
    for item in items.values():
        item.__dict__.pop("_placement", None)
    outcome.along = len({row[0] for row in move.rows["dates"]} - to.keys()) if move else 0
    return move


def _one(actor: Actor, item: CalendarItem, plain: Mapping[str, Any]) -> Result:
    """Change one locked item in a savepoint of its own, so that the rest can still say what they would do."""
    try:
        with transaction.atomic():
            if plain:
                records.change_record(actor=actor, record=item, values=plain)
    except DomainError as error:
        return Result(item.pk, error.code, error.message)
    return Result(item.pk, "changed")


def _held(item: CalendarItem) -> dict[str, Any]:
    """What one item holds, as undoing gives it back."""
    item.__dict__.pop("_placement", None)
    return {
        "status": item.status,
        "owner": item.owner_id,
        "team": item.team_id,
        "channel": item.channel_id,
    }


def _seen(pk: int) -> list[int]:
    """The versions of an item and of its place on the calendar: whoever changes either raises one."""
    version = CalendarItem.objects.values_list("version", flat=True).get(pk=pk)
    place = Placement.objects.filter(kind=CalendarItem.kind, record_id=pk).values_list("version", flat=True)
    return [version, *place]


def _back(actor: Actor, item: CalendarItem | None, pk: int, held: Mapping[str, Any], after: Any) -> Result:
    if item is None:
        return Result(pk, "not_found", "One item was removed meanwhile.")
    if _seen(pk) != after:
        return Result(pk, "changed_since", f"“{item.title[:80]}” was changed since and is left as it is.")
    values: dict[str, Any] = {
        "status": held["status"],
        "owner": _still(User.objects.filter(pk=held["owner"])),
        "team": _still(Team.objects.filter(pk=held["team"])),
        "channel": _still(Channel.objects.filter(pk=held["channel"])),
    }
    try:
        with transaction.atomic():
            policies.require("records.work", actor, item)
            now_held = _held(item)
            records.change_record(
                actor=actor,
                record=item,
                values={name: value for name, value in values.items() if _id(value) != now_held[name]},
            )
    except DomainError as error:
        return Result(pk, error.code, error.message)
    return Result(pk, "changed")


def _move_back(actor: Actor, move: Move, items: Mapping[int, CalendarItem], outcome: Outcome) -> None:
    """Take the times back, but for items that are left alone; says what else was left where it is."""
    placed = Placement.objects.filter(kind=CalendarItem.kind, launch=move.launch_id)
    alone = [result.id for result in outcome.refused if result.id in items]
    leaving = set(placed.filter(record_id__in=alone).values_list("pk", flat=True))
    left = moving.put_back(actor=actor, move=move, leaving=leaving) - leaving
    for title in Placement.objects.filter(pk__in=left).values_list("title", flat=True):
        message = f"“{title[:80]}” moved along and was changed since: it is left where it is."
        outcome.results.append(Result(0, "changed_since", message))


def _still(rows: Any) -> Any:
    return rows.first()


def _id(value: Any) -> Any:
    return getattr(value, "pk", value)


def titles(results: Iterable[Result]) -> str:
    """What is to be said of some results, in a sentence each, at most three of them."""
    said = [result.message for result in results]
    more = len(said) - 3
    return " ".join(said[:3]) + (f" And {more} more." if more > 0 else "")
