"""What is done across apps: copying a launch whole."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from apps.accounts.models import Team
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import kinds, policies
from apps.launches.models import Launch
from apps.launches.services import launch as launches
from apps.plans.services.building import Builder
from apps.plans.templating.dates import dates_of
from apps.plans.templating.taking import copy_of
from apps.schedule.selectors import anchors_of

_COPIED = (
    "summary", "launch_type", "target_audience", "tier", "restricted", "self_approval", "zone", "launch_time",
    "holidays",
)  # fmt: skip


def duplicate_launch(*, actor: Actor, launch: Launch, name: str, launch_day: date | None = None) -> Launch:
    """Copy a launch as a new draft of the actor's: what a template of it holds, and who is asked for approval.

    Times stay relative, to launch day and to each other. Pinned dates, states, what was called off, measurements,
    announcements, owners and history stay behind. `launch_day` (a date in the launch's zone) is what the copy's
    relative times count from; the rollout starts as many days after it as it did. One transaction, a number of
    statements that does not grow with the records. Raises `NotAllowed`, `Invalid`.
    """
    policies.require("launches.see", actor, launch)
    policies.require("launches.create", actor)
    fields: dict[str, Any] = {field: getattr(launch, field) for field in _COPIED}
    if launch_day and launch.rollout_start and launch.launch_day:
        fields["rollout_start"] = launch_day + (launch.rollout_start - launch.launch_day)
    if not name.strip():
        raise Invalid("The copy needs a name.", field="name")
    with transaction.atomic():
        document, people = copy_of(launch)
        copy = launches.create_launch(actor=actor, name=name, launch_day=launch_day, **fields)
        teams = {team.slug: team for team in Team.objects.all()}
        Builder(actor, copy, document, people, teams).build(dates_of(document, anchors_of(copy)))
        counts = {kinds.get(key).counts_key: [None, count] for key, count in document.counts().items()}
        audit.record(
            actor=actor,
            verb="launch.duplicated",
            obj=copy,
            launch_id=copy.pk,
            changes={"copied_from": [None, launch.name], **counts},
        )
    return copy
