"""Office hours on Tuesdays at 15:00 in Berlin, from tomorrow's Tuesday on, and what tests do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from apps.accounts.models import User
from apps.core.actors import ANONYMOUS, SYSTEM, Actor
from apps.core.clock import now
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch, set_state
from apps.launches.services.records import add_record
from apps.meetings.comparing import Preview
from apps.meetings.models import Booking, Occurrence, Series
from apps.meetings.planning import Plan
from apps.meetings.recurrence import Rule
from apps.meetings.services import bookings, drafting
from apps.meetings.services.publishing import preview, publish


def next_tuesday(*, weeks: int = 1) -> datetime:
    """A Tuesday at 15:00, at least two days from now."""
    day = now().date() + timedelta(days=2)
    return datetime.combine(day + timedelta(days=(1 - day.weekday()) % 7, weeks=weeks - 1), time(15))


@dataclass
class Meetings:
    """One launch whose office hours are planned here."""

    launch: Launch
    owner: User
    record: Any

    def act(self) -> Actor:
        return Actor.of(self.owner)

    def person(self, name: str) -> User:
        return User.objects.create_user(f"{name.lower()}@example.com", "long-enough-word", name=name)

    def series(self, *hosts: User, **values: Any) -> Series:
        """A draft, weekly on Tuesdays unless said otherwise."""
        given: dict[str, Any] = {
            "title": "Office hours", "zone": "Europe/Berlin", "first": next_tuesday(), "minutes": 60,
            "rule": Rule.weekly(1, count=8), "seats": 2, "place": "https://meet.example.com/a",
            "hosts": tuple(host.pk for host in hosts), "public": True, **values,
        }  # fmt: skip
        return drafting.create_series(actor=self.act(), record=self.record, plan=Plan(**given))

    def publish(self, series: Series, **values: Any) -> Preview:
        """Whatever the draft does, with every warning read."""
        series.refresh_from_db()
        seen = preview(series=series, **values)
        return publish(
            actor=self.act(), series=series, fingerprint=seen.fingerprint, acknowledged=True, **values
        )

    def sessions(self, series: Series) -> list[Occurrence]:
        return list(Occurrence.objects.filter(series=series).order_by("starts_at"))


def sign_up(occurrence: Occurrence, name: str, *, confirm: bool = True, **values: str) -> Booking:
    """Somebody asks for a seat by the public page, and answers the mail unless said otherwise."""
    email = f"{name.lower()}@customer.example"
    bookings.sign_up(actor=ANONYMOUS, occurrence=occurrence, values={"name": name, "email": email, **values})
    made = Booking.objects.filter(occurrence=occurrence, email=email).latest("pk")
    return bookings.confirm(actor=ANONYMOUS, booking_id=made.pk) if confirm else made


def make_meetings() -> Meetings:
    owner = User.objects.create_user("owner@example.com", "long-enough-word", name="Owner")
    launch = create_launch(actor=SYSTEM, name="Measured", zone="Europe/Berlin", owner=owner)
    set_state(actor=SYSTEM, launch=launch, to="active")
    record = add_record(
        actor=SYSTEM, launch=launch, kind=kinds.get("office_hours"), values={"title": "Office hours"}
    )
    return Meetings(launch, owner, record)
