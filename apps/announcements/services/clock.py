"""What the clock does by itself: due announcements go live, ended ones finish, calendar and inboxes learn it.

Rows decide, by the database's clock; the task that calls this is a doorbell. Run twice, late, or many at once
it does the same as run once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.announcements.models import Announcement
from apps.announcements.selectors import STARTING_LAUNCHES
from apps.announcements.services import showings
from apps.announcements.services.approving import address
from apps.audit import services as audit
from apps.content.services.places import lock_placement
from apps.core.actors import SYSTEM
from apps.schedule.models import Placement
from apps.schedule.services import placing

logger = logging.getLogger(__name__)
State = Announcement.State
BATCH = 200
# How long following up waits for somebody who holds the calendar item; the next run tries again.
LOCK_WAIT = "2s"


@dataclass
class Outcome:
    """Ids of what one run made live, finished, found missed, and followed up."""

    live: list[int] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    followed_up: list[int] = field(default_factory=list)


def go_live() -> Outcome:
    """Bring every announcement in line with the database's clock: at most 200 of each per run.

    First one statement makes the due ones live; then, each in its own transaction, calendar and inboxes
    learn of it. A run that dies in between leaves a mark by which the next one finds them.
    """
    outcome = Outcome()
    with transaction.atomic():
        outcome.live = _start()
        outcome.finished, outcome.missed = _finish()
        showings.follow()
    failed: DatabaseError | None = None
    waiting = Announcement.objects.filter(went_live_at__isnull=False, followed_up_at=None)
    for pk in list(waiting.order_by("went_live_at").values_list("pk", flat=True)[:BATCH]):
        try:
            if follow_up(pk):
                outcome.followed_up.append(pk)
        except DatabaseError as error:
            # It must not keep the others waiting; the mark is still there, so the next run tries it again.
            logger.warning("announcement %s is live but was not followed up: %s", pk, error)
            failed = error
    if failed is not None:
        raise failed
    return outcome


def _start() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS MATERIALIZED (
                SELECT a.id
                  FROM announcements_announcement a
                  JOIN launches_launch l ON l.id = a.launch_id
                 WHERE a.state = 'scheduled'
                   AND a.starts_at <= statement_timestamp()
                   AND (a.ends_at IS NULL OR a.ends_at > statement_timestamp())
                   AND l.state = ANY(%s)
                 ORDER BY a.starts_at, a.id
                 LIMIT %s
                   FOR NO KEY UPDATE OF a SKIP LOCKED
            )
            UPDATE announcements_announcement a
               SET state = 'live', went_live_at = statement_timestamp(), updated_at = statement_timestamp(),
                   version = a.version + 1
              FROM due
             WHERE a.id = due.id
            RETURNING a.id
            """,
            [[str(state) for state in STARTING_LAUNCHES], BATCH],
        )
        ids = [row[0] for row in cursor.fetchall()]
    _record(ids, "live", {"state": [State.SCHEDULED, State.LIVE]})
    return ids


def _finish() -> tuple[list[int], list[int]]:
    """Close windows that ended. Those that never were live were missed; their people are told so."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH over AS MATERIALIZED (
                SELECT id
                  FROM announcements_announcement
                 WHERE state IN ('scheduled', 'live', 'paused') AND ends_at <= statement_timestamp()
                 ORDER BY ends_at, id
                 LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE announcements_announcement a
               SET state = 'finished', ended_at = statement_timestamp(), updated_at = statement_timestamp(),
                   version = a.version + 1
              FROM over
             WHERE a.id = over.id
            RETURNING a.id, a.went_live_at IS NULL
            """,
            [BATCH],
        )
        rows = cursor.fetchall()
    finished = [pk for pk, missed in rows if not missed]
    missed = [pk for pk, missed in rows if missed]
    _record(finished, "finished", {"state": [None, State.FINISHED]})
    for announcement in _record(missed, "missed", {"state": [None, State.FINISHED]}):
        _tell_missed(announcement)
    return finished, missed


def _record(ids: list[int], verb: str, changes: dict[str, list[str | None]]) -> list[Announcement]:
    if not ids:
        return []
    found = list(Announcement.objects.filter(pk__in=ids).select_related("launch"))
    for announcement in found:
        audit.record(
            actor=SYSTEM,
            verb=f"announcement.{verb}",
            obj=announcement,
            launch_id=announcement.launch_id,
            changes=changes,
        )
    return found


def follow_up(pk: int) -> bool:
    """Mark the calendar item published and fill the inboxes, once: one transaction with its mark."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_WAIT])
        placement_id = Announcement.objects.filter(pk=pk).values_list("placement", flat=True).first()
        placement = lock_placement(placement_id)
        won = Announcement.objects.filter(pk=pk, went_live_at__isnull=False, followed_up_at=None).update(
            followed_up_at=Now()
        )
        if not won:
            return False
        announcement = Announcement.objects.select_related("launch").get(pk=pk)
        if placement is not None and placement.state == Placement.State.PLANNED:
            placing.set_state(actor=SYSTEM, placement=placement, state=Placement.State.DONE)
        notify(
            users=readers(announcement),
            kind="announcement",
            title=announcement.title,
            body=announcement.body,
            url=address(announcement),
            source=f"announcement:{pk}:live",
            launch_id=announcement.launch_id,
        )
    return True


def readers(announcement: Announcement) -> list[User]:
    """Active people of the teams it is for, who may see its launch."""
    people = User.objects.filter(is_active=True, teams__in=announcement.teams.all())
    if announcement.launch.restricted:
        people = people.filter(
            Q(role=User.Role.ADMINISTRATOR) | Q(memberships__launch=announcement.launch_id)
        )
    return list(people.distinct())


def _tell_missed(announcement: Announcement) -> None:
    people = User.objects.filter(
        Q(pk=announcement.owner_id) | Q(pk=announcement.approved_by_id), is_active=True
    )
    notify(
        users=people,
        kind="announcement_missed",
        title=f"Missed: {announcement.title}"[:500],
        body="Its window passed before it could go live, so nobody saw it.",
        url=address(announcement),
        source=f"announcement:{announcement.pk}:missed",
        launch_id=announcement.launch_id,
    )
