"""What a claim costs among dead rows: `python -m benchmarks.claiming`.

Claims of 50 rows out of a mailing of 200,000: with a table just filled; after 100,000 of its rows went through
every state and left dead versions behind, no vacuum having come by; and the same while a transaction that began
before all of it is held open, so that no vacuum could remove any.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

from benchmarks.installation import at_share, installation

BATCH = 50
TIMES = 300


def measure(rows: int, dead: int) -> list[str]:
    from django.db import connection, connections

    from apps.core.actors import SYSTEM
    from apps.delivery import sources
    from apps.delivery.models import Mailing
    from apps.delivery.services import mailings, snapshot
    from apps.delivery.services.claiming import Claimer
    from benchmarks.outgoing.source import Numbers

    sources.register("benchmark", Numbers())
    found: list[str] = []
    base = 0.0
    for number, (name, leave_dead, hold) in enumerate(
        (
            ("in a table just filled", False, False),
            (f"behind {dead:,} dead rows", True, False),
            (f"behind {dead:,} dead rows, a transaction held open since before them", True, True),
        )
    ):
        Mailing.objects.filter(state="running").update(state="cancelled", ended_at="2026-01-01T00:00Z")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM delivery_delivery")
            cursor.execute("VACUUM (FULL, ANALYZE) delivery_delivery")
            cursor.execute("ALTER TABLE delivery_delivery SET (autovacuum_enabled = false)")
        made = mailings.create_mailing(
            actor=SYSTEM, source="benchmark", source_id=rows, title=f"Run {number}", topic=f"run-{number}"
        )
        mailings.schedule(actor=SYSTEM, mailing=mailings.approve(actor=SYSTEM, mailing=made))
        mailings.start_due()
        while snapshot.continue_snapshots():
            pass
        Mailing.objects.filter(pk=made.pk).update(source_id=-made.pk)
        with ExitStack() as held:
            if hold:
                aside = connections.create_connection("default")
                held.callback(aside.close)
                aside.set_autocommit(False)
                held.callback(aside.rollback)
                with aside.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    cursor.execute("SELECT count(*) FROM delivery_mailing")
            if leave_dead:
                leave(made.pk, dead)
            seconds = claims(Claimer())
        middle = at_share(seconds, 0.5)
        base = base or middle
        found.append(
            f"| a claim of {BATCH} rows {name} | p50 {middle * 1000:.1f} ms ({middle / base:.2f} x the first), "
            f"p99 {at_share(seconds, 0.99) * 1000:.1f} ms | {'the same order' if number else ''} |"
        )
    return found


def leave(mailing: int, dead: int) -> None:
    """Take the first rows through the states as sending does, each an update of its own version."""
    from django.db import connection

    with connection.cursor() as cursor:
        for change in (
            "state = 'leased', lease = gen_random_uuid(), lease_until = now()",
            "state = 'attempting', attempts = 1, attempt_at = now()",
            "state = 'accepted', lease_until = NULL, settled_at = now()",
        ):
            cursor.execute(
                f"UPDATE delivery_delivery SET {change} WHERE id IN (SELECT id FROM delivery_delivery"
                " WHERE mailing_id = %s ORDER BY id LIMIT %s)",
                [mailing, dead],
            )


def claims(claimer: object) -> list[float]:
    """Seconds of each of so many claims in a row; the first one, which finds where the rows begin, is among them."""
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        _, rows = claimer.claim(BATCH)  # type: ignore[attr-defined]
        seconds.append(time.perf_counter() - began)
        if len(rows) != BATCH:
            raise SystemExit(f"a claim took {len(rows)} rows")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dead", type=int, default=100_000)
    options = parser.parse_args()
    with installation():
        print("\n".join(measure(options.rows, options.dead)))


if __name__ == "__main__":
    main()
