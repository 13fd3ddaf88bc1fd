"""Mailings in every state, for tests."""

from __future__ import annotations

import itertools
from typing import Any

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.delivery.models import Delivery, Mailing
from apps.delivery.services import mailings, snapshot
from tests.delivery.testapp.source import NAME, TOPIC

_numbers = itertools.count(1)


def person(**fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(f"csm{number}@example.com", name=f"Csm {number}", **fields)


def actor(**fields: Any) -> Actor:
    return Actor.of(person(**fields))


def administrator() -> Actor:
    return actor(role=User.Role.ADMINISTRATOR)


def draft(size: int = 5, **values: Any) -> Mailing:
    return mailings.create_mailing(
        actor=actor(),
        source=NAME,
        source_id=size * 1000 + next(_numbers) % 1000,
        **{"title": "News", "topic": TOPIC, "error_share": None, **values},
    )


def scheduled(size: int = 5, **values: Any) -> Mailing:
    made = mailings.approve(actor=actor(), mailing=draft(size, **values))
    return mailings.schedule(actor=actor(), mailing=made)


def running(size: int = 5, **values: Any) -> Mailing:
    """Its recipients are collected, and nothing was sent yet."""
    made = scheduled(size, **values)
    mailings.start_due()
    while Mailing.objects.get(pk=made.pk).state == Mailing.State.SNAPSHOTTING:
        snapshot.continue_snapshots()
    made.refresh_from_db()
    assert made.state == Mailing.State.RUNNING
    return made


def states(mailing: Mailing) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Delivery.objects.filter(mailing=mailing).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
