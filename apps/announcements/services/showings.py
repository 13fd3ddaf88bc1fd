"""Keeping book of what was to be seen when: rows follow the state, whoever changed it."""

from __future__ import annotations

from django.db import connection

from apps.announcements.selectors import SHOWING_LAUNCHES

_SHOWS = """
    a.state = 'live' AND a.starts_at <= statement_timestamp()
    AND (a.ends_at IS NULL OR a.ends_at > statement_timestamp()) AND l.state = ANY(%(launches)s)
"""
_ONES = """
    (%(announcement)s::bigint IS NULL OR a.id = %(announcement)s)
    AND (%(launch)s::bigint IS NULL OR a.launch_id = %(launch)s)
"""


def follow(*, announcement: int | None = None, launch: int | None = None) -> None:
    """End what shows no more and begin what shows now: of one announcement, of one launch, or of all.

    In the caller's transaction, two statements. Run again it changes nothing; the clock runs it for all, so
    that what a window or a launch ended is found even if nobody said so. A window that ended while nothing
    ran ends its row at its own time.
    """
    given = {
        "launches": [str(state) for state in SHOWING_LAUNCHES],
        "announcement": announcement,
        "launch": launch,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH over AS MATERIALIZED (
                SELECT s.id, a.ends_at
                  FROM announcements_showing s
                  JOIN announcements_announcement a ON a.id = s.announcement_id
                  JOIN launches_launch l ON l.id = a.launch_id
                 WHERE s.until_at IS NULL AND {_ONES} AND NOT ({_SHOWS})
                   -- Whoever holds one is ending it too: waiting here could only stop both.
                   FOR NO KEY UPDATE OF s SKIP LOCKED
            )
            UPDATE announcements_showing s
               SET until_at = GREATEST(s.from_at, LEAST(statement_timestamp(), over.ends_at))
              FROM over
             WHERE s.id = over.id
            """,  # noqa: S608  # two constants of this module
            given,
        )
        cursor.execute(
            f"""
            INSERT INTO announcements_showing
                   (announcement_id, from_at, audience_rule, only_exposed, surfaces, content_hash)
            SELECT a.id,
                   -- What has no row at all has shown since it went live.
                   CASE WHEN EXISTS (SELECT FROM announcements_showing s WHERE s.announcement_id = a.id)
                        THEN statement_timestamp() ELSE a.went_live_at END,
                   a.audience_rule, a.only_exposed, a.surfaces, a.content_hash
              FROM announcements_announcement a
              JOIN launches_launch l ON l.id = a.launch_id
             WHERE {_SHOWS} AND {_ONES}
               AND NOT EXISTS (SELECT FROM announcements_showing s
                                WHERE s.announcement_id = a.id AND s.until_at IS NULL)
                ON CONFLICT DO NOTHING
            """,  # noqa: S608
            given,
        )
