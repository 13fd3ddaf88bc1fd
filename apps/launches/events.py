"""Reading the audit log launch by launch, as far as an actor may see it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Min, OuterRef, Q, QuerySet, Subquery

from apps.audit.models import Event
from apps.core.actors import Actor
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches

# How far the clocks of web processes and of the database may differ.
CLOCKS_DIFFER = timedelta(seconds=5)


def visible_events(actor: Actor) -> QuerySet[Event]:
    """Events of launches the actor may see, with `launch_slug`; those of no launch for administrators."""
    mine = Q(launch_id__in=visible_launches(actor).order_by().values("pk"))
    if policies.is_administrator(actor):
        mine |= Q(launch_id=None)
    return Event.objects.filter(mine).annotate(
        launch_slug=Subquery(Launch.objects.filter(pk=OuterRef("launch_id")).values("slug")[:1])
    )


def after(
    *, actor: Actor, after: int, limit: int, launch: Launch | None = None, verb: str = ""
) -> tuple[list[Event], bool]:
    """Up to `limit` settled events behind an id, oldest first, and whether there are more. Three queries."""
    horizon, since = _settled()
    events = visible_events(actor).filter(pk__gt=after, pk__lte=horizon).order_by("pk")
    if launch is not None:
        events = events.filter(launch_id=launch.pk)
    if verb:
        events = events.filter(verb__startswith=verb) if verb.endswith(".") else events.filter(verb=verb)
    if since is not None:
        unsettled = Event.objects.filter(at__gte=since).aggregate(first=Min("pk"))["first"]
        if unsettled is not None:
            events = events.filter(pk__lt=unsettled)
    rows = list(events[: limit + 1])
    return rows[:limit], len(rows) > limit


def _settled() -> tuple[int, datetime | None]:
    """Up to where events may be read without missing one, as (greatest id, instant or None).

    Ids are given out before their transactions commit, so a smaller one may become visible later. Whoever
    wrote an event holds a lock on the table until it commits; the id sequence is read before the locks, so an
    id up to it belongs to a transaction that either holds its lock now or has ended. While others hold one,
    only what was written before the oldest of these transactions began is settled.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM audit_event_id_seq")
        (greatest,) = cursor.fetchone() or (0,)
        cursor.execute(
            """
            SELECT min(a.xact_start)
              FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
             WHERE l.locktype = 'relation' AND l.relation = 'audit_event'::regclass
               AND l.mode = 'RowExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        )
        (oldest,) = cursor.fetchone() or (None,)
    return greatest, oldest - CLOCKS_DIFFER if oldest else None
