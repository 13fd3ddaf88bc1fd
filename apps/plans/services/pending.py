"""A document between pasting and making: kept in a row of its owner's, forgotten after a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import NotAllowed, NotFound
from apps.launches import policies
from apps.launches.models import Launch
from apps.plans.models import ImportDraft
from apps.plans.services.apply import Applied, apply_plan
from apps.plans.services.documents import ReadPlan, read

KEPT = timedelta(days=1)
# One person's unfinished imports; older ones make room.
MOST = 20
_GONE = "This import is a launch by now, or was discarded."


def start(
    *,
    actor: Actor,
    source: str | bytes,
    file_name: str = "",
    into: Launch | None = None,
    at: datetime | None = None,
) -> ImportDraft:
    """Keep a document that can be read for its preview. Raises `PlanRefused` and keeps nothing."""
    owner = _person(actor)
    if into is None:
        policies.require("launches.create", actor)
    else:
        policies.require("launches.edit", actor, into)
    plan = read(source, file_name=file_name)
    at = at or now()
    ImportDraft.objects.filter(expires_at__lt=at).delete()
    mine = ImportDraft.objects.filter(owner=owner).order_by("-created_at").values_list("pk", flat=True)
    ImportDraft.objects.filter(pk__in=list(mine[MOST - 1 :])).delete()
    return ImportDraft.objects.create(
        owner=owner, into=into, source=plan.source, file_name=file_name[:200], expires_at=at + KEPT
    )


def find(*, actor: Actor, pk: UUID, at: datetime | None = None) -> ImportDraft:
    """One's own draft, or `NotFound` (also for somebody else's and for what expired)."""
    draft = (
        ImportDraft.objects.filter(pk=pk, owner=_person(actor), expires_at__gte=at or now())
        .select_related("into")
        .first()
    )
    if draft is None:
        raise NotFound("This import is not there any more: paste or upload the document again.")
    return draft


def change(draft: ImportDraft, *, answers: Mapping[str, str], options: Mapping[str, Any]) -> ImportDraft:
    """Keep what the preview's form says so far; an empty answer is one too: the question stays open."""
    draft.answers = {str(key)[:40]: str(value)[:500] for key, value in answers.items()}
    draft.options = {str(key): value for key, value in options.items()}
    kept = ImportDraft.objects.filter(pk=draft.pk).update(
        answers=draft.answers, options=draft.options, updated_at=now()
    )
    if not kept:
        raise NotFound(_GONE)
    return draft


def reading_of(draft: ImportDraft) -> ReadPlan:
    """The draft's document with its answers."""
    return read(draft.source, answers=draft.answers, file_name=draft.file_name)


def make(
    draft: ImportDraft,
    *,
    actor: Actor,
    name: str | None = None,
    launch_day: date | None = None,
    rollout_start: date | None = None,
    zone: str | None = None,
) -> Applied:
    """Make the launch of a draft, once: the draft goes with it, so a second press finds nothing (`NotFound`).

    Questions nobody was shown are taken as proposed, those left open stay so. Raises what `apply_plan` does.
    """
    with transaction.atomic():
        held = (
            ImportDraft.objects.select_for_update(of=("self",))
            .select_related("into")
            .filter(pk=draft.pk, owner=_person(actor))
            .first()
        )
        if held is None:
            raise NotFound(_GONE)
        plan = read(
            held.source,
            answers=held.answers,
            accept_proposals=True,
            launch_day=launch_day,
            rollout_start=rollout_start,
            file_name=held.file_name,
        )
        made = apply_plan(
            actor=actor,
            plan=plan,
            launch=held.into,
            name=name,
            launch_day=launch_day,
            rollout_start=rollout_start,
            zone=zone,
            leave_open=True,
        )
        held.delete()
    return made


def _person(actor: Actor) -> User:
    if not isinstance(actor.user, User):
        raise NotAllowed("Only a signed-in person imports on the page.")
    return actor.user
