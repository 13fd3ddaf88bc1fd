"""A launch that holds something of everything, with one person per role, for tests of the API."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.test import Client

from apps.accounts.models import Team, User
from apps.accounts.services import create_token
from apps.core.actors import SYSTEM, Actor
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord, Member
from apps.launches.services.launch import create_launch
from apps.launches.services.members import set_member
from apps.launches.services.records import add_record
from apps.metrics.services import measure

BASE = "/api/v1"
LAUNCH_DAY = date(2131, 11, 27)  # a Tuesday that no run of these tests will see


class Api:
    """A client that signs in by token and talks JSON. `PATCH` and `DELETE` send `If-Match: *` unless told."""

    def __init__(self, token: str | None = None, *, client: Client | None = None) -> None:
        self.client = client or Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Any:
        path = path.removeprefix("http://testserver")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method in ("PATCH", "DELETE") and "If-Match" not in named:
            named["If-Match"] = "*"
        named = {name: value for name, value in named.items() if value != ""}
        content = (
            {} if raw is None and body is None else {"data": raw if raw is not None else jsonlib.dumps(body)}
        )
        return self.client.generic(
            method,
            path if path.startswith("/api") else BASE + path,
            content_type="application/json",
            headers={**self.headers, **named},
            **content,
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("PATCH", path, {} if body is None else body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.request("DELETE", path, **headers)


@dataclass
class World:
    """`launch` everybody may see, `secret` only its members; both hold one record of every kind."""

    launch: Launch
    secret: Launch
    people: dict[str, User]
    teams: dict[str, Team]
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def act(self, name: str) -> Actor:
        """A fresh actor, as each request has."""
        return Actor.of(User.objects.get(pk=self.people[name].pk))

    def api(self, name: str, scopes: Sequence[str] = ("read", "write")) -> Api:
        """The API as a person with a token of these scopes uses it."""
        key = (name, *scopes)
        if key not in self.tokens:
            _, self.tokens[key] = create_token(
                actor=SYSTEM, user=self.people[name], name="test", scopes=list(scopes)
            )
        return Api(self.tokens[key])

    def add(self, kind: str, launch: Launch | None = None, **values: Any) -> Any:
        return add_record(
            actor=SYSTEM,
            launch=launch or self.launch,
            kind=kinds.get(kind),
            values={"title": f"A {kind}", **values},
        )

    def first(self, kind: str, launch: Launch | None = None) -> LaunchRecord:
        manager = kinds.get(kind).model._default_manager
        return manager.filter(launch=launch or self.launch).order_by("position", "pk")[0]


def build_world() -> World:
    people = {
        name: User.objects.create_user(f"{name}@example.com", name=name.title(), **fields)
        for name, fields in {
            "administrator": {"role": User.Role.ADMINISTRATOR},
            "owner": {},
            "editor": {},
            "contributor": {},
            "member": {},
            "viewer": {"role": User.Role.VIEWER},
            "outsider": {},
        }.items()
    }
    teams = {
        slug: Team.objects.create(slug=slug, name=slug.title()) for slug in ("marketing", "support", "sales")
    }
    launches = []
    for name, restricted in (("Quiet settings", False), ("Secret settings", True)):
        launch = create_launch(
            actor=Actor.of(people["owner"]),
            name=name,
            zone="Europe/Berlin",
            launch_day=LAUNCH_DAY,
            rollout_start=LAUNCH_DAY,
            restricted=restricted,
        )
        owner = Actor.of(people["owner"])
        for person, role, team in (
            ("editor", Member.Role.EDITOR, None),
            ("contributor", Member.Role.CONTRIBUTOR, "marketing"),
            ("member", Member.Role.VIEWER, None),
        ):
            set_member(
                actor=owner, launch=launch, user=people[person], role=role, team=teams[team] if team else None
            )
        launches.append(launch)
    world = World(launches[0], launches[1], people, teams)
    for launch in launches:
        fill(world, launch)
    return world


def fill(world: World, launch: Launch) -> None:
    """One record of every kind, dated where the kind is."""
    phase = world.add(
        "phase", launch, when={"anchor": "rollout_start", "unit": "week", "offset": 1, "text": "Week 1"}
    )
    channel = world.add("channel", launch)
    special: dict[str, dict[str, Any]] = {
        "rollout_step": {"phase": phase, "percent": Decimal(10)},
        "calendar_entry": {"channel": channel, "team": world.teams["marketing"]},
    }
    for kind in kinds.all_kinds():
        if kind.key in {"phase", "channel"}:
            continue
        values = special.get(kind.key, {})
        if "when" in kinds.facets(kind):
            values["when"] = {"anchor": "launch_day", "unit": "week", "offset": -2, "text": "Week -2"}
        world.add(kind.key, launch, **values)
    measure(actor=SYSTEM, metric=world.first("kpi", launch), value=Decimal("41.5"), source="test")  # type: ignore[arg-type]
