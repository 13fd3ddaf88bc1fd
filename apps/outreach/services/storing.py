"""What every change of a campaign shares: the lock, the hash of what an approval covers, the log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apps.audit import services as audit
from apps.core import bell
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.outreach.models import Campaign

# What an approval covers: whom it reaches and what they read or are asked.
COVERED = (
    "rule", "roles", "sends_mail", "subject", "body", "second_to_id", "wait_days", "makes_follow_ups",
    "follow_up_kind", "follow_up_title", "follow_up_script", "follow_up_days",
)  # fmt: skip


def content_hash(campaign: Campaign) -> str:
    """SHA-256 of what an approval covers."""
    covered = {name: getattr(campaign, name) for name in COVERED}
    if campaign.track_links:
        # Only then, so that what was approved before there was such a switch stays approved.
        covered["track_links"] = True
    return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()


def lock(campaign: Campaign, version: int | None = None) -> Campaign:
    """The campaign as stored, locked. Raises `NotFound`, and `Conflict` for a stale version."""
    found = (
        Campaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("launch", "mailing", "owner", "second_to")
        .filter(pk=campaign.pk)
        .first()
    )
    if found is None:
        raise NotFound("There is no such campaign.")
    if version is not None and version != found.version:
        current = {name: getattr(found, name) for name in ("title", "subject", "body", "rule")}
        raise Conflict(
            "Somebody changed this while you were writing.", current=current, version=found.version
        )
    return found


def save(
    campaign: Campaign, *, actor: Actor, verb: str, changes: Mapping[str, Any] | None = None, reason: str = ""
) -> None:
    campaign.version += 1
    campaign.save()
    record(campaign, actor=actor, verb=verb, changes=changes, reason=reason)


def record(
    campaign: Campaign, *, actor: Actor, verb: str, changes: Mapping[str, Any] | None = None, reason: str = ""
) -> None:
    audit.record(
        actor=actor,
        verb=f"campaign.{verb}",
        obj=campaign,
        launch_id=campaign.launch_id,
        changes=dict(changes or {}),
        reason=reason,
    )
    bell.ring("outreach.follow_calendar")


def require_state(campaign: Campaign, *allowed: str, to: str) -> None:
    if campaign.state not in allowed:
        word = campaign.state.replace("_", " ")
        raise Invalid(f"A campaign that is {word} cannot be {to}.", code="transition", field="state")
