"""Saved versions of a launch: saving, comparing as facts, going back to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import today_in
from apps.core.errors import Invalid, NotFound
from apps.launches import kinds, policies
from apps.launches.models import Launch
from apps.launches.services import launch as launches
from apps.launches.services.records import add_record
from apps.plans.models import HistoryEntry, PlanDocument, PlanVersion
from apps.plans.services import snapshots
from apps.plans.services.export import export_plan
from apps.plans.writing import Change, Live
from apps.plans.writing import compare as compare_facts

_NUMBERED = re.compile(r"^(?P<head>.*?)(?P<last>\d+)$")


@dataclass(frozen=True)
class Stored:
    """A version's contents: its facts, and the document they were linked to (None: there was none)."""

    facts: list[Live]
    document: dict[str, Any] | None


def save_version(*, actor: Actor, launch: Launch, summary: str, label: str = "") -> PlanVersion:
    """Keep the whole launch as it stands, with one new entry in its document's history.

    `summary` says in a sentence what changed; `label` names the version ("v1.2"), else the last name is
    counted on. Raises `Invalid` for an empty summary, `NotAllowed`.
    """
    policies.require("launches.edit", actor, launch)
    summary = " ".join(summary.split())
    if not summary:
        raise Invalid("Say in a sentence what changed.", field="summary")
    with transaction.atomic():
        launch = launches.lock_launch(launch)
        number = (PlanVersion.objects.filter(launch=launch).aggregate(last=Max("number"))["last"] or 0) + 1
        add_record(
            actor=actor,
            launch=launch,
            kind=kinds.get("history"),
            values={
                "title": summary[:500],
                "date": today_in(launch.zone).isoformat(),
                "label": (label.strip() or next_label(launch, number))[:60],
                "author": actor.label[:200],
            },
            audited=False,
        )
        made = PlanVersion.objects.create(
            launch=launch,
            number=number,
            author=actor.user if isinstance(actor.user, User) else None,
            author_label=actor.label[:254],
            summary=summary[:500],
            snapshot=_snapshot(launch),
            document=export_plan(launch),
        )
        audit.record(
            actor=actor,
            verb="version.saved",
            obj=made,
            launch_id=launch.pk,
            changes={"number": [None, number], "summary": [None, summary]},
        )
    return made


def next_label(launch: Launch, number: int) -> str:
    """The name after the last one in the document's history: v1.1 -> v1.2; "v" and the number without one."""
    last = (
        HistoryEntry.objects.filter(launch=launch)
        .exclude(label="")
        .order_by("-position", "-id")
        .values_list("label", flat=True)
        .first()
    )
    found = _NUMBERED.match(last or "")
    return f"{found['head']}{int(found['last']) + 1}" if found else f"v{number}"


def _snapshot(launch: Launch) -> dict[str, Any]:
    document = PlanDocument.objects.filter(launch=launch).first()
    return {
        "facts": snapshots.to_json(snapshots.snapshot(launch)),
        "document": None
        if document is None
        else {
            "source": document.source,
            "file_name": document.file_name,
            "answers": document.answers,
            "links": [
                [link.key, link.kind, link.object_id, link.title, link.fields, link.answered]
                for link in document.links.all()
            ],
        },
    }


def version(launch: Launch, number: int) -> PlanVersion:
    """A version of a launch by its number, or `NotFound`."""
    found = PlanVersion.objects.filter(launch=launch, number=number).select_related("author").first()
    if found is None:
        raise NotFound(f"This launch has no version {number}.")
    return found


def stored(saved: PlanVersion) -> Stored:
    return Stored(snapshots.from_json(saved.snapshot["facts"]), saved.snapshot["document"])


def now_of(launch: Launch) -> Stored:
    """The launch as it is, to compare a version with."""
    return Stored(snapshots.snapshot(launch), None)


def compare(before: Stored, after: Stored) -> list[Change]:
    """What changed from one state to another, as facts."""
    return compare_facts(before.facts, after.facts)
