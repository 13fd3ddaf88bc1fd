"""What users of the product did with announcements, reported by the product and merged here.

A report states facts, not events: first and last seen, clicked, dismissed, how often shown. Merging takes the
earliest and latest and the largest, so that reports may repeat and arrive in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from apps.announcements.identities import DEMO_ACCOUNT, Identity
from apps.announcements.models import Receipt
from apps.announcements.product_ids import check_identity
from apps.core.actors import Actor
from apps.core.errors import Invalid, NotAllowed

MOST_REPORTS = 1000
MOST_SHOWN = 1_000_000


@dataclass(frozen=True)
class Report:
    """What one user did with one announcement, as far as the product knows. Instants, aware."""

    announcement: int
    account: str
    user: str
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    clicked_at: datetime | None = None
    dismissed_at: datetime | None = None
    shown_count: int = 0


@dataclass(frozen=True)
class Stored:
    """How many receipts a batch touched, and the announcements it named that were never live."""

    receipts: int
    unknown: list[int]


def store(*, actor: Actor, reports: Sequence[Report], identity: Identity | None = None) -> Stored:
    """Merge up to 1,000 reports in one statement. Times in the future count as now (some clocks run ahead).

    Wants a token with scope `feed`, or a signed identity for reports about nobody else. Raises `Invalid` for
    too many, ids too long, a count out of range.
    """
    if identity is not None:
        if any((each.account, each.user) != (identity.account, identity.user) for each in reports):
            raise NotAllowed("An identity reports for its own user only.", code="identity")
    elif not (actor.is_system or (actor.kind == "token" and actor.may("feed"))):
        raise NotAllowed("Receipts want a server token with the scope “feed”.", code="scope")
    if len(reports) > MOST_REPORTS:
        raise Invalid(f"Send at most {MOST_REPORTS} receipts at once.", code="too_many", field="receipts")
    merged: dict[tuple[str, str, int], Report] = {}
    for report in reports:
        _check(report)
        key = (report.account, report.user, report.announcement)
        merged[key] = _merge(merged[key], report) if key in merged else report
    if not merged:
        return Stored(0, [])
    # In one order everywhere, so that two batches with the same users wait for each other.
    rows = [merged[key] for key in sorted(merged)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO announcements_receipt AS r
                   (announcement_id, account, "user", first_seen_at, last_seen_at, clicked_at, dismissed_at,
                    shown_count)
            SELECT n.announcement_id, n.account, n."user",
                   LEAST(n.first_seen_at, n.last_seen_at), GREATEST(n.first_seen_at, n.last_seen_at),
                   n.clicked_at, n.dismissed_at, n.shown_count
              FROM (SELECT u.announcement_id, u.account, u."user", u.shown_count,
                           -- LEAST skips nulls, so it would make "now" of what never happened.
                           CASE WHEN first_seen > now() THEN now() ELSE first_seen END AS first_seen_at,
                           CASE WHEN last_seen > now() THEN now() ELSE last_seen END AS last_seen_at,
                           CASE WHEN clicked > now() THEN now() ELSE clicked END AS clicked_at,
                           CASE WHEN dismissed > now() THEN now() ELSE dismissed END AS dismissed_at
                      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
                                  %s::timestamptz[], %s::timestamptz[], %s::int[])
                           WITH ORDINALITY AS u(announcement_id, account, "user", first_seen, last_seen,
                                                clicked, dismissed, shown_count, place)
                     ORDER BY u.place) AS n
              JOIN announcements_announcement a
                ON a.id = n.announcement_id AND a.went_live_at IS NOT NULL
                ON CONFLICT (account, "user", announcement_id) DO UPDATE
               SET first_seen_at = LEAST(r.first_seen_at, excluded.first_seen_at),
                   last_seen_at = GREATEST(r.last_seen_at, excluded.last_seen_at),
                   clicked_at = LEAST(r.clicked_at, excluded.clicked_at),
                   dismissed_at = LEAST(r.dismissed_at, excluded.dismissed_at),
                   shown_count = GREATEST(r.shown_count, excluded.shown_count)
            RETURNING announcement_id
            """,
            [
                [row.announcement for row in rows],
                [row.account for row in rows],
                [row.user for row in rows],
                [row.first_seen_at for row in rows],
                [row.last_seen_at for row in rows],
                [row.clicked_at for row in rows],
                [row.dismissed_at for row in rows],
                [row.shown_count for row in rows],
            ],
        )
        known = [row[0] for row in cursor.fetchall()]
    return Stored(len(known), sorted({row.announcement for row in rows} - set(known)))


def start_over(*, actor: Actor) -> None:
    """Forget what this person did in the make-believe product, so that they can see it all again."""
    if actor.user is not None:
        mine = Receipt.objects.filter(account__startswith=DEMO_ACCOUNT, user=f"colleague-{actor.user.pk}")
        mine.delete()


def _check(report: Report) -> None:
    for name, value in (("account", report.account), ("user", report.user)):
        check_identity(name, value)
    if not 0 <= report.shown_count <= MOST_SHOWN:
        raise Invalid("How often it was shown is a number from 0 to a million.", field="shown_count")
    if not 0 < report.announcement < 2**63:
        raise Invalid("There is no such announcement.", field="announcement")


def _merge(one: Report, other: Report) -> Report:
    def least(a: datetime | None, b: datetime | None) -> datetime | None:
        return min(a, b) if a and b else a or b

    seen = [
        instant
        for instant in (one.first_seen_at, one.last_seen_at, other.first_seen_at, other.last_seen_at)
        if instant
    ]
    return replace(
        one,
        first_seen_at=min(seen, default=None),
        last_seen_at=max(seen, default=None),
        clicked_at=least(one.clicked_at, other.clicked_at),
        dismissed_at=least(one.dismissed_at, other.dismissed_at),
        shown_count=max(one.shown_count, other.shown_count),
    )
