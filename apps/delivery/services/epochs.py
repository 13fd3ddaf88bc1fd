"""Lives of the database. After a restore or a failover rows may say "ready" that were sent already.

So each life has a number, a mailing carries the one in which a person last let it run, and the fence lets
nothing out where they differ. A restored copy notices by itself that its server is another one, and a worker that
keeps running that another one took over.
"""

from __future__ import annotations

import threading
import time

from django.db import connection, transaction

from apps.audit import services as audit
from apps.core.actors import SYSTEM, Actor
from apps.delivery import policies
from apps.delivery.models import Epoch

WATCH_SECONDS = 2.0
_seen = threading.local()


def current() -> int:
    """The number of this life; makes the row at the first call."""
    number = Epoch.objects.filter(pk=1).values_list("number", flat=True).first()
    if number is not None:
        return number
    Epoch.objects.bulk_create([Epoch(pk=1, cluster=_cluster())], ignore_conflicts=True)
    return Epoch.objects.values_list("number", flat=True).get(pk=1)


def check() -> bool:
    """Start a new life if this is another server, or another timeline of it, than before; says whether."""
    found = _cluster()
    if Epoch.objects.filter(pk=1, cluster=found).exists():
        return False
    current()
    with transaction.atomic():
        epoch = Epoch.objects.select_for_update().get(pk=1)
        if epoch.cluster == found:
            return False
        _advance(epoch, SYSTEM, "The database was restored, or another server took over.", found)
    return True


def watch() -> None:
    """Check, unless this thread did lately over the same connection: behind a new one may be another server.

    Called before everything that may send, so it costs nothing most of the time.
    """
    connection.ensure_connection()
    at = time.monotonic()
    if connection.connection is getattr(_seen, "over", None) and at - _seen.at < WATCH_SECONDS:
        return
    check()
    _seen.over, _seen.at = connection.connection, at


def advance(*, actor: Actor, reason: str) -> int:
    """Hold every mailing until a person resumed it: for an operator who restored a backup in place."""
    policies.require_operator(actor)
    current()
    with transaction.atomic():
        epoch = Epoch.objects.select_for_update().get(pk=1)
        _advance(epoch, actor, reason, epoch.cluster)
    return epoch.number


def _advance(epoch: Epoch, actor: Actor, reason: str, cluster: str) -> None:
    before, epoch.number = epoch.number, epoch.number + 1
    epoch.cluster, epoch.reason = cluster, reason[:500]
    epoch.save()
    audit.record(
        actor=actor,
        verb="delivery.held",
        obj=epoch,
        changes={"number": [before, epoch.number]},
        reason=reason,
    )


def _cluster() -> str:
    # The timeline by the name of the segment being written: the control file says the old one until the first
    # checkpoint after a promotion, minutes later. A server that is still in recovery refuses.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier || ':'"
            " || ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
            " FROM pg_control_system()"
        )
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])
