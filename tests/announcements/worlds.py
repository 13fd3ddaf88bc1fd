"""A launch with people and announcements in every state, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from apps.accounts.models import Team, User
from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now
from apps.announcements.services import approving, running, writing
from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM, Actor
from apps.launches import kinds
from apps.launches.models import Launch, Member
from apps.launches.services.launch import create_launch, set_state
from apps.launches.services.members import set_member
from apps.launches.services.records import add_record

WEEK_0 = {"anchor": "launch_day", "unit": "week", "offset": 0, "precision": "week", "text": "Week 0"}


@dataclass
class World:
    """One active launch with one person per role. `act(name)` is a fresh actor, as each request has."""

    launch: Launch
    people: dict[str, User]
    team: Team

    def act(self, name: str) -> Actor:
        return Actor.of(User.objects.get(pk=self.people[name].pk))

    def item(self, **values: Any) -> CalendarItem:
        """A calendar item of the contributor's team."""
        record = add_record(
            actor=SYSTEM,
            launch=self.launch,
            kind=kinds.get("calendar_entry"),
            values={"title": "Launch announcement and in-app notes", "team": self.team, **values},
        )
        assert isinstance(record, CalendarItem)
        return record

    def draft(
        self, *, item: CalendarItem | None = None, by: str = "contributor", **values: Any
    ) -> Announcement:
        return writing.create_announcement(
            actor=self.act(by),
            launch=self.launch,
            values={"title": "Settings are simpler now", "body": "Set **once**, apply everywhere.", **values},
            item=item,
        )

    def approved(self, **values: Any) -> Announcement:
        draft = self.draft(**values)
        return approving.approve(actor=self.act("editor"), announcement=draft)

    def scheduled(self, seconds: float = 3600, *, lasts: float | None = None, **values: Any) -> Announcement:
        start = database_now() + timedelta(seconds=seconds)
        return running.schedule(
            actor=self.act("editor"),
            announcement=self.approved(**values),
            starts_at=start,
            ends_at=start + timedelta(seconds=lasts) if lasts else None,
        )

    def due(self, *, ago: float = 5, lasts: float | None = None, **values: Any) -> Announcement:
        """A scheduled one whose time has come, as if nothing had run since."""
        made = self.scheduled(**values)
        return shift(made, -ago, lasts)


def shift(announcement: Announcement, seconds: float, lasts: float | None = None) -> Announcement:
    """Let its window start `seconds` from now by the database's clock (negative: ago)."""
    start = database_now() + timedelta(seconds=seconds)
    end = start + timedelta(seconds=lasts) if lasts else None
    Announcement.objects.filter(pk=announcement.pk).update(starts_at=start, ends_at=end)
    return Announcement.objects.select_related("launch", "placement").get(pk=announcement.pk)


def build_world() -> World:
    people = {
        name: User.objects.create_user(f"{name}@example.com", name=name.title(), **fields)
        for name, fields in {
            "owner": {},
            "editor": {},
            "contributor": {},
            "other_contributor": {},
            "member_viewer": {},
            "stranger": {},
            "viewer": {"role": User.Role.VIEWER},
            "administrator": {"role": User.Role.ADMINISTRATOR},
        }.items()
    }
    team = Team.objects.create(slug="marketing", name="Marketing")
    sales = Team.objects.create(slug="sales", name="Sales")
    owner = Actor.of(people["owner"])
    launch = create_launch(
        actor=owner, name="AI settings redesign", zone="Europe/Berlin", launch_day=date(2026, 11, 24)
    )
    for name, role, of in (
        ("editor", Member.Role.EDITOR, None),
        ("contributor", Member.Role.CONTRIBUTOR, team),
        ("other_contributor", Member.Role.CONTRIBUTOR, sales),
        ("member_viewer", Member.Role.VIEWER, None),
    ):
        set_member(actor=Actor.of(people["owner"]), launch=launch, user=people[name], role=role, team=of)
    launch = set_state(actor=Actor.of(people["owner"]), launch=launch, to="active")
    return World(launch, people, team)


def in_threads(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs at the same time, each on a connection of its own; their answers, or what they raised."""
    answers: list[Any] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(place: int, job: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            answers[place] = job()
        except Exception as error:  # noqa: BLE001  # handed to the test
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers
