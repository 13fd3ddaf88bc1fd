"""What the announcement feed costs: `python -m benchmarks.feed`.

Requests a second of one process, one after the other, at 50 live announcements and 1,000,000 receipts, against a
Django view in the same process and behind the same middleware that does one SELECT by primary key and returns the
same bytes. Both take turns, so that what else the machine does falls on both. Half of the announcements have a
rule, ten ask for the launch's exposure as it is now, ten are translated; the network is left out. To reach: 0.5.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.installation import installation

LIVE = 50
USERS = 20_000
ACCOUNTS = 10_000


@dataclass(frozen=True)
class Rate:
    """Requests a second of one way to ask, and of the view beside it; bytes of the answer and queries."""

    name: str
    feed: float
    plain: float
    size: int
    queries: int

    def row(self) -> str:
        """One row of a Markdown table: what, figures, what to reach."""
        return (
            f"| feed {self.name}: {LIVE} live, {USERS * LIVE:,} receipts, {self.size:,} bytes, {self.queries} queries "
            f"| {self.feed:.0f}/s; a view with one SELECT and the same bytes {self.plain:.0f}/s: "
            f"{self.feed / self.plain:.2f} x | 0.5 x |"
        )


def measure(seconds: float = 10) -> list[Rate]:
    """Fill a fresh installation and measure each way to ask for about so long."""
    with installation():
        from django.test.utils import override_settings

        with override_settings(ROOT_URLCONF="benchmarks.feed_urls"):
            headers = _fill()
            return [_measure(name, address, given, seconds) for name, (address, given) in headers.items()]


def _fill() -> dict[str, tuple[str, dict[str, str]]]:
    """Everything there is to ask for; answers how to ask, by name: address and headers."""
    from decimal import Decimal

    from django.db import connection

    from apps.accounts.models import User
    from apps.accounts.services import create_token
    from apps.announcements.identities import sign_identity
    from apps.announcements.services import keys
    from apps.announcements.services.approving import approve
    from apps.announcements.services.clock import go_live
    from apps.announcements.services.running import schedule
    from apps.announcements.services.writing import create_announcement
    from apps.audience.models import Account
    from apps.core.actors import SYSTEM
    from apps.core.clock import now
    from apps.launches.models import Phase
    from apps.launches.services.launch import create_launch, set_state
    from apps.rollouts.models import RolloutStep

    person = User.objects.create_user("ada@example.com", "long-enough-word", name="Ada", role="administrator")
    launch = set_state(
        actor=SYSTEM, launch=create_launch(actor=SYSTEM, name="Measured", owner=person), to="active"
    )
    phase = Phase.objects.create(launch=launch, title="All", position=0, state="active")
    RolloutStep.objects.create(
        launch=launch, phase=phase, title="All", position=0, percent=Decimal(100), reached_at=now()
    )
    for number in range(LIVE):
        values: dict[str, Any] = {
            "title": f"Announcement {number}: settings are simpler now",
            "body": "Your assistant's settings now live on **one page**. Decide once for the whole company, and "
            "adjust where it matters.\n\n- See which setting wins, and why\n- Change many projects at once",
            "action_label": "See what is new",
            "action_url": "https://example.com/settings",
            "audience_rule": f"plan in (team, business) and projects < {50 + number}" if number % 2 else "",
            "only_exposed": number % 5 == 0,
        }
        if number % 5 == 1:
            values["translations"] = [
                {"language": "de", "title": f"Ankündigung {number}", "body": "**Neu**."}
            ]
        made = create_announcement(actor=SYSTEM, launch=launch, values=values)
        schedule(actor=SYSTEM, announcement=approve(actor=SYSTEM, announcement=made), starts_at=None)
    go_live()
    Account.objects.bulk_create(
        Account(
            external_id=f"account-{number}",
            name=f"Account {number}",
            plan="team",
            attributes={"projects": 12},
        )
        for number in range(ACCOUNTS)
    )
    with connection.cursor() as cursor:
        # One in a thousand dismissed; the one who is asked for dismissed none.
        cursor.execute(
            """
            INSERT INTO announcements_receipt (announcement_id, account, "user", first_seen_at, last_seen_at,
                                               dismissed_at, shown_count)
            SELECT a.id, 'account-' || (u %% %s), 'user-' || u, now(), now(),
                   CASE WHEN u > 1 AND (u + a.id) %% 1000 = 0 THEN now() END, 1
              FROM announcements_announcement a, generate_series(1, %s) u
            """,
            [ACCOUNTS, USERS],
        )
        cursor.execute("CREATE TABLE benchmark_answer (id text PRIMARY KEY, body text NOT NULL)")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    _, token = create_token(actor=SYSTEM, user=person, name="product", scopes=["feed"])
    key = keys.create_key(actor=SYSTEM, name="product", origins=["https://app.example.com"])
    payload = {"key": key.key, "account": "account-1", "user": "user-1", "exp": int(time.time()) + 3600}
    feed = "/api/v1/announcements/feed"
    return {
        "by a token": (f"{feed}?account=account-1&user=user-1", {"HTTP_AUTHORIZATION": f"Bearer {token}"}),
        "by a signed identity": (
            feed,
            {
                "HTTP_X_LAUNCH_IDENTITY": sign_identity(payload, key.secret),
                "HTTP_ORIGIN": "https://app.example.com",
            },
        ),
    }


def _measure(name: str, address: str, headers: dict[str, str], seconds: float) -> Rate:
    from django.db import connection

    headers = {**headers, "HTTP_ACCEPT_LANGUAGE": "de, en;q=0.5"}
    feed = _asking(address, headers)
    body = feed()
    assert len(json.loads(body)["announcements"]) == LIVE, body[:500]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO benchmark_answer VALUES (%s, %s)", [name, body.decode()])
    plain = _asking(f"/benchmark/answer?id={name.replace(' ', '+')}", headers)
    assert plain() == body
    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        feed()
    rates: dict[str, list[float]] = {"feed": [], "plain": []}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for which, ask in (("feed", feed), ("plain", plain)):
            start = time.perf_counter()
            for _ in range(50):
                ask()
            rates[which].append(50 / (time.perf_counter() - start))
    middle = {which: statistics.median(found) for which, found in rates.items()}
    return Rate(name, middle["feed"], middle["plain"], len(body), len(asked))


def _asking(address: str, headers: dict[str, str]) -> Callable[[], bytes]:
    """A request through the whole application, without a socket; answers the body. Raises unless it is a 200."""
    from io import BytesIO

    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": None,
        **headers,
    }
    statuses: list[str] = []

    def start(status: str, *_: Any) -> None:
        statuses[:] = [status]

    def ask() -> bytes:
        response = application({**environ, "wsgi.input": BytesIO()}, start)
        body = b"".join(response)
        close = getattr(response, "close", None)
        if close is not None:
            close()
        assert statuses == ["200 OK"], (statuses, body[:500])
        return body

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="how long each way is measured")
    options = parser.parse_args()
    for rate in measure(options.seconds):
        print(rate.row())


if __name__ == "__main__":
    main()
