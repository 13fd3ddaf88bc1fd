"""Reminders: rows made ahead of their time, judged when it comes, told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.lookups import IsNull

from apps.accounts.models import Notification, User
from apps.accounts.services import notify_each
from apps.core.clock import today_in
from apps.delivery.selectors import database_now
from apps.launches.policies import can_see_launch
from apps.schedule.addresses import page_of
from apps.schedule.models import Placement, Reminder, Round
from apps.schedule.notices import (
    REMINDERS_TOPIC,
    Notices,
    ahead_at,
    late_at,
    notices_of,
    without_mail,
)
from apps.schedule.selectors import WORK
from apps.schedule.services.rounds import send_round

BATCH = 500
MOST_BATCHES = 40
WORKED_ON = ("active", "paused")
# Rows exist well before their time, so that what nobody sent in time can say so.
BEHIND, AHEAD = timedelta(days=2), timedelta(days=21)
TOO_LATE = timedelta(hours=12)
Kind, State = Reminder.Kind, Reminder.State
_ENDS = {Kind.AHEAD: ("starts_on", "starts_at"), Kind.LATE: ("ends_on", "ends_at")}


def remind(*, at: datetime | None = None) -> int:
    """Make the rows that are missing and send what is due; returns how many were told.

    Safe to run twice, late or at once. `at` is an instant, by default the database's.
    """
    at = at or database_now()
    for kind in Kind:
        plan(kind=kind, at=at)
    follow_zones()
    told = 0
    for _ in range(MOST_BATCHES):
        settled, sent = _send_batch(at)
        told += sent
        if settled < BATCH:
            break
    return told


def plan(*, kind: str, at: datetime) -> int:
    """Make rows for owned work around `at` that has none for its present schedule; returns how many.

    Three statements for 500 things.
    """
    day, moment = _ENDS[Kind(kind)]
    today = at.astimezone(UTC).date()
    same = Q(moment=OuterRef(moment)) | Q(IsNull(F("moment"), True), IsNull(OuterRef(moment), True))
    known = Reminder.objects.filter(
        same, placement=OuterRef("pk"), user=OuterRef("owner"), kind=kind, day=OuterRef(day)
    )
    made = 0
    for _ in range(MOST_BATCHES):
        rows = list(
            Placement.objects.filter(
                kind__in=WORK, state=Placement.State.PLANNED, launch__state__in=WORKED_ON, owner__is_active=True,
                **{f"{day}__gte": today - BEHIND, f"{day}__lte": today + AHEAD},
            )
            .exclude(Exists(known))
            .select_related("launch", "owner")
            .order_by("pk")[:BATCH]
        )  # fmt: skip
        chosen = notices_of({row.owner_id for row in rows if row.owner_id})
        fresh = []
        for row in rows:
            assert row.owner is not None
            reminder = Reminder(
                placement=row, user=row.owner, kind=kind, zone=row.owner.zone,
                day=getattr(row, day), moment=getattr(row, moment),
            )  # fmt: skip
            reminder.due_at = due_of(reminder, chosen[row.owner.pk])
            fresh.append(reminder)
        Reminder.objects.bulk_create(fresh, ignore_conflicts=True)
        made += len(fresh)
        if len(rows) < BATCH:
            break
    return made


def due_of(reminder: Reminder, notices: Notices) -> datetime:
    """When it is due by its person's choices and zone as they are now."""
    zone = reminder.user.zone
    if reminder.kind == Kind.AHEAD:
        return ahead_at(reminder.day, reminder.moment, days=notices.days, zone=zone)
    return late_at(reminder.day, reminder.moment, launch_zone=reminder.placement.launch.zone, zone=zone)


def follow_zones() -> int:
    """Who lives by another clock since is reminded by that; up to 500 rows. Returns how many."""
    return _renew(Reminder.objects.filter(state=State.WAITING).exclude(zone=F("user__zone")).order_by("pk"))


def renew_for(user_id: int) -> int:
    """A person chose anew: what waits for them, up to 500 rows at once, is due by that."""
    return _renew(Reminder.objects.filter(state=State.WAITING, user=user_id).order_by("due_at", "pk"))


def _renew(waiting: QuerySet[Reminder]) -> int:
    with transaction.atomic():
        rows = list(
            waiting.select_related("placement__launch", "user").select_for_update(
                of=("self",), skip_locked=True
            )[:BATCH]
        )
        chosen = notices_of({row.user_id for row in rows})
        for row in rows:
            row.due_at, row.zone = due_of(row, chosen[row.user_id]), row.user.zone
        Reminder.objects.bulk_update(rows, ["due_at", "zone"])
    return len(rows)


def refusal(reminder: Reminder, at: datetime) -> str:
    """Why there is nothing to remind of (any more), in a sentence; "" if there is.

    Needs the reminder's person and its placement with launch loaded.
    """
    placement, person = reminder.placement, reminder.user
    day, moment = _ENDS[Kind(reminder.kind)]
    if placement.owner_id != person.pk:
        return "Somebody else owns it now, or nobody does."
    if (getattr(placement, day), getattr(placement, moment)) != (reminder.day, reminder.moment):
        return "It was moved."
    if why := concerns_not(person, placement):
        return why
    if reminder.kind == Kind.AHEAD:
        over = (
            reminder.moment <= at if reminder.moment else today_in(placement.launch.zone, at) > reminder.day
        )
        if over:
            return "It had begun when the reminder came to be sent."
    return ""


def concerns_not(person: User, placement: Placement) -> str:
    """Why a person hears nothing of a thing, whatever is to be said of it, in a sentence; "" if they do."""
    if not person.is_active:
        return "They may not sign in any more."
    if placement.state != Placement.State.PLANNED:
        return f"It is {placement.get_state_display().lower()}."
    if placement.launch.state not in WORKED_ON:
        return f"Its launch is {placement.launch.get_state_display().lower()}."
    if not can_see_launch(person, placement.launch):
        return "They may not see its launch any more."
    return ""


def _not_now(reminder: Reminder, notices: Notices, at: datetime) -> str:
    """Why nobody is told although there would be something to say."""
    if reminder.user.date_joined > reminder.due_at:
        return "It was due before they joined."
    if at - reminder.due_at > TOO_LATE:
        return "It was due more than 12 hours before anything ran that could send it."
    if notices.reminders == "off":
        return "They want no reminders."
    if reminder.kind == Kind.LATE and not notices.late:
        return "They want no reminders of what is late."
    return ""


def _send_batch(at: datetime) -> tuple[int, int]:
    """(rows that were looked at, of these told). Rows that another run holds are left to it."""
    with transaction.atomic():
        rows = list(
            Reminder.objects.filter(state=State.WAITING, due_at__lte=at)
            .select_related("placement__launch", "user")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at", "user", "pk")[:BATCH]
        )
        if not rows:
            return 0, 0
        chosen = notices_of({row.user_id for row in rows})
        people = {row.user_id: row.user for row in rows}
        for row in rows:
            # One object for each person: it remembers in which launches they take part.
            row.user = people[row.user_id]
        unreachable = without_mail(people.values(), REMINDERS_TOPIC)
        inbox: list[Reminder] = []
        mail: list[Reminder] = []
        for row in rows:
            notices = chosen[row.user_id]
            row.reason = refusal(row, at)
            due = due_of(row, notices)
            if not row.reason and due > at:
                # They chose anew, or moved to another zone, just now.
                row.due_at, row.zone = due, row.user.zone
                continue
            row.reason = row.reason or _not_now(row, notices, at)
            by_mail = notices.reminders in ("mail", "both") and row.user_id not in unreachable
            if not row.reason and notices.reminders == "mail" and not by_mail:
                row.reason = "They want them by mail, and no mail of these goes to their address."
            row.settled_at = at
            row.state = State.SKIPPED if row.reason else State.SENT
            if row.state == State.SENT:
                inbox += [row] if notices.reminders != "mail" else []
                mail += [row] if by_mail else []
        notify_each(lines=[_line(row) for row in inbox])
        send_round(Round.Kind.REMINDERS, mail, at)
        Reminder.objects.bulk_update(rows, ["due_at", "zone", "state", "reason", "settled_at", "round"])
    return len(rows), len({row.pk for row in [*inbox, *mail]})


def _line(reminder: Reminder) -> Notification:
    placement = reminder.placement
    late = reminder.kind == Kind.LATE
    return Notification(
        user=reminder.user,
        kind="item_late" if late else "item_ahead",
        title=f"{'Late' if late else 'Coming up'}: {placement.title}"[:500],
        body=f"{placement.launch.name}: {placement.wording or reminder.day}",
        url=page_of(placement),
        # The clock's own line about what became late has this source too: there is one of both.
        source=f"placement:{placement.pk}:late:{reminder.day}" if late else f"reminder:{reminder.pk}",
        launch_id=placement.launch_id,
    )


def of_round(round_id: int, user_ids: Sequence[int]) -> dict[int, list[Reminder]]:
    """What a round reminds these people of, by their ids, the earliest first. One query."""
    found: dict[int, list[Reminder]] = {pk: [] for pk in user_ids}
    rows = Reminder.objects.filter(round=round_id, user__in=user_ids)
    for row in rows.select_related("placement__launch", "user").order_by("day", "moment", "pk"):
        found[row.user_id].append(row)
    return found
