"""Launches with people in every role, for tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team, User
from apps.core.actors import SYSTEM, Actor
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord
from apps.launches.services.launch import create_launch, set_state
from apps.launches.services.members import set_member
from apps.launches.services.records import add_record, add_records
from apps.schedule.models import Placement

TODAY = date.today()
DAY = TODAY - timedelta(days=3)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HTMX = {"HX-Request": "true"}
# Who may see the ordinary launch, and what their part is.
ROLES = ("administrator", "owner", "editor", "contributor", "member", "viewer")


@dataclass
class World:
    """One active launch with a person per role; `secret` is a restricted one only its owner sees."""

    launch: Launch
    secret: Launch
    team: Team
    people: dict[str, User] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        return Actor.of(User.objects.get(pk=self.people[name].pk))

    def client(self, name: str = "") -> Client:
        client = Client(raise_request_exception=True)
        if name:
            client.force_login(self.people[name], backend=BACKEND)
        return client

    def add(self, kind: str, launch: Launch | None = None, **values: Any) -> Any:
        """A record; `when` and `targets` as people write them."""
        described = kinds.get(kind)
        facets = kinds.facets(described)
        parsed = {
            name: facets[name].parse(value, described) if name in facets else value
            for name, value in values.items()
        }
        return add_record(
            actor=SYSTEM,
            launch=launch or self.launch,
            kind=described,
            values={"title": f"A {kind}", **parsed},
        )

    def fill(self, count: int, launch: Launch | None = None) -> None:
        """Many calendar items over many weeks, in few statements."""
        described = kinds.get("calendar_entry")
        when = kinds.facets(described)["when"]
        add_records(
            actor=SYSTEM,
            launch=launch or self.launch,
            kind=described,
            rows=[
                {
                    "title": f"Piece of work {number}",
                    "team": self.team,
                    "owner": self.people["contributor"],
                    "when": when.parse(f"T{number % 40 - 20:+d} days", described),
                }
                for number in range(count)
            ],
        )

    def placement(self, record: LaunchRecord) -> Placement:
        return Placement.objects.get(kind=record.kind, record_id=record.pk)

    @property
    def path(self) -> str:
        return f"/launches/{self.launch.slug}/"


def make_world() -> World:
    team = Team.objects.create(slug="marketing", name="Marketing")
    people = {
        name: User.objects.create_user(
            f"{name}@example.com",
            name=f"{name.capitalize()} Person",
            role={"administrator": "administrator", "viewer": "viewer"}.get(name, "member"),
        )
        for name in ROLES
    }
    people["contributor"].teams.add(team)
    launch = create_launch(
        actor=SYSTEM, name="Tomato release", launch_day=DAY, rollout_start=DAY, owner=people["owner"]
    )
    set_member(actor=SYSTEM, launch=launch, user=people["editor"], role="editor")
    set_member(actor=SYSTEM, launch=launch, user=people["contributor"], role="contributor", team=team)
    set_state(actor=SYSTEM, launch=launch, to="active")
    secret = create_launch(
        actor=SYSTEM, name="Secret launch", launch_day=DAY, restricted=True, owner=people["owner"]
    )
    launch.refresh_from_db()
    return World(launch, secret, team, people)


@contextmanager
def queries() -> Iterator[CaptureQueriesContext]:
    """Counts the queries made inside."""
    with CaptureQueriesContext(connection) as captured:
        yield captured
