"""The digest of a person's week: a row for each person and ISO week, sent once at the hour they chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from apps.accounts.models import Notification, User
from apps.accounts.services import notify_each
from apps.delivery.selectors import database_now
from apps.schedule.models import Digest, Round
from apps.schedule.notices import DIGEST_TOPIC, Notices, digest_at, notices_of, without_mail
from apps.schedule.services.rounds import send_round
from apps.schedule.spans import monday_of
from apps.schedule.weekly import Section, week_of

BATCH = 500
MOST_BATCHES = 40
# Each costs a dozen queries, all in one transaction.
AT_ONCE = 50
TOO_LATE = timedelta(hours=24)
# A Monday begins on Kiritimati when it is 10:00 on Sunday in UTC, and a Sunday ends 12 hours after UTC's.
EAST, WEST = timedelta(hours=14), timedelta(hours=12)
State = Digest.State


def send_digests(*, at: datetime | None = None) -> int:
    """Make the rows that are missing and send what is due; returns how many people were told.

    Safe to run twice, late or at once. `at` is an instant, by default the database's.
    """
    at = at or database_now()
    plan(at=at)
    follow_zones()
    told = 0
    for _ in range(MOST_BATCHES):
        settled, sent = _send_batch(at)
        told += sent
        if settled < AT_ONCE:
            break
    return told


def plan(*, at: datetime) -> int:
    """Make this week's row for everybody active, wherever on earth they are; three statements for 500 people."""
    made, utc = 0, at.astimezone(UTC)
    for week in {monday_of((utc - WEST - TOO_LATE).date()), monday_of((utc + EAST).date())}:
        for _ in range(MOST_BATCHES):
            people = list(
                User.objects.filter(is_active=True)
                .exclude(Exists(Digest.objects.filter(user=OuterRef("pk"), week=week)))
                .order_by("pk")[:BATCH]
            )
            chosen = notices_of({person.pk for person in people})
            Digest.objects.bulk_create(
                [
                    Digest(
                        user=person,
                        week=week,
                        zone=person.zone,
                        due_at=digest_at(week, chosen[person.pk], person.zone),
                    )
                    for person in people
                ],
                ignore_conflicts=True,
            )
            made += len(people)
            if len(people) < BATCH:
                break
    return made


def follow_zones() -> int:
    """Who lives by another clock since gets theirs by that; up to 500 rows. Returns how many."""
    return _renew(Digest.objects.filter(state=State.WAITING).exclude(zone=F("user__zone")).order_by("pk"))


def renew_for(user_id: int) -> int:
    """A person chose anew: what waits for them is due by that."""
    return _renew(Digest.objects.filter(state=State.WAITING, user=user_id).order_by("pk"))


def _renew(waiting: QuerySet[Digest]) -> int:
    with transaction.atomic():
        rows = list(waiting.select_related("user").select_for_update(of=("self",), skip_locked=True)[:BATCH])
        chosen = notices_of({row.user_id for row in rows})
        for row in rows:
            row.due_at, row.zone = digest_at(row.week, chosen[row.user_id], row.user.zone), row.user.zone
        Digest.objects.bulk_update(rows, ["due_at", "zone"])
    return len(rows)


def _refusal(digest: Digest, notices: Notices, at: datetime, *, by_mail: bool) -> str:
    """Why this person gets none this week, in a sentence; "" if they do, unless it turns out empty."""
    if not digest.user.is_active:
        return "They may not sign in any more."
    if digest.user.date_joined > digest.due_at:
        return "It was due before they joined."
    if at - digest.due_at > TOO_LATE:
        return "It was due more than 24 hours before anything ran that could send it."
    if notices.digest == "off":
        return "They want no digest."
    if notices.digest == "mail" and not by_mail:
        return "They want it by mail, and no mail of this topic goes to their address."
    return ""


def _send_batch(at: datetime) -> tuple[int, int]:
    """(rows that were looked at, people told). Rows that another run holds are left to it."""
    with transaction.atomic():
        rows = list(
            Digest.objects.filter(state=State.WAITING, due_at__lte=at)
            .select_related("user")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at", "pk")[:AT_ONCE]
        )
        if not rows:
            return 0, 0
        chosen = notices_of({row.user_id for row in rows})
        unreachable = without_mail([row.user for row in rows], DIGEST_TOPIC)
        lines: list[Notification] = []
        mail: list[Digest] = []
        for row in rows:
            notices = chosen[row.user_id]
            due = digest_at(row.week, notices, row.user.zone)
            if due > at:
                # They chose anew, or moved to another zone, just now.
                row.due_at, row.zone = due, row.user.zone
                continue
            by_mail = notices.digest in ("mail", "both") and row.user_id not in unreachable
            row.reason = _refusal(row, notices, at, by_mail=by_mail)
            sections = [] if row.reason else week_of(row.user, at)
            if not row.reason and not sections:
                row.reason = "There was nothing to tell."
            row.settled_at = at
            row.state = State.SKIPPED if row.reason else State.SENT
            if row.state == State.SENT:
                lines += [_line(row, sections)] if notices.digest != "mail" else []
                mail += [row] if by_mail else []
        notify_each(lines=lines)
        send_round(Round.Kind.DIGESTS, mail, at)
        Digest.objects.bulk_update(rows, ["due_at", "zone", "state", "reason", "settled_at", "round"])
    return len(rows), sum(row.state == State.SENT for row in rows)


def in_short(sections: list[Section]) -> str:
    """The figures of a week: "2 late, 5 due this week"."""
    return ", ".join(
        f"{section.total} {section.title[:1].lower()}{section.title[1:]}" for section in sections
    )


def _line(digest: Digest, sections: list[Section]) -> Notification:
    return Notification(
        user=digest.user,
        kind="digest",
        title=f"Your week: {in_short(sections)}"[:500],
        url=reverse("portal:home"),
        source=f"digest:{digest.week}",
    )
