"""What the demonstration's people agree on: an item in review, and the gates before each phase."""

from __future__ import annotations

from typing import Any

from apps.content.models import CalendarItem, ItemLink
from apps.content.services import approving, material
from apps.content.services.approving import StepInput
from apps.launches import kinds
from apps.launches.gates import gates_of
from apps.launches.models import Channel, Launch, Phase
from apps.launches.services import gates
from apps.launches.services.comments import add_comment
from apps.launches.services.records import change_record
from apps.portal.demo.people import Company

ANSWERS = """\
Three things we are asked again and again, answered in a paragraph each.

## Does anything change for my projects?
No. What you set stays as it is; you only find it in **one place** now.

## Who may change a setting for the whole company?
Administrators, and whoever they name.

## Can we go back?
Yes, with one switch, for as long as the rollout lasts.
"""
DESK = (
    ("Ask legal about the second answer", True),
    ("Figures checked by product", True),
    ("A picture of the new page", False),
)


def review(company: Company, launch: Launch) -> None:
    """An article that waits for product and one of support, with all that hangs on such an item."""
    writer = company.acting("marketing")
    item = CalendarItem.objects.filter(launch=launch, title__icontains="questions from the press").first()
    if item is None:
        return
    channel = item.channel or Channel.objects.filter(launch=launch, channel_kind="blog").first()
    values: dict[str, Any] = {
        "format": "article",
        "channel": channel,
        "body": ANSWERS,
        "text": "For the newsroom, before the week ends.",
        "key_message": _first(launch, "key_message"),
        "segment": _first(launch, "segment"),
    }
    item = change_record(actor=writer, record=item, values=values)
    if channel is not None:
        steps = [StepInput(user=company.people["product"]), StepInput(team=company.teams["Support"])]
        approving.set_rule(actor=writer, channel=channel, steps=steps)
    for text, done in DESK:
        entry = material.add_entry(actor=writer, item=item, text=text)
        if done:
            material.tick_entry(actor=writer, item=item, pk=entry.pk)
    material.add_link(
        actor=writer,
        item=item,
        url="https://issues.larkspur.example/4711",
        title="LS-4711",
        kind=ItemLink.Kind.ISSUE,
    )
    approving.submit(actor=writer, item=item)
    approving.approve(
        actor=company.acting("support"),
        item=item,
        note="These are the questions we get. The second one most of all.",
    )
    add_comment(actor=company.acting("sales"), record=item, text="@product can we have it in German, too?")


def hold(company: Company, launch: Launch) -> None:
    """The usual gates of the next phase: what holds is signed off, the rest waits."""
    actor = company.acting("product")
    phase = Phase.objects.filter(launch=launch, state=Phase.State.PLANNED).order_by("position").first()
    if phase is None:
        return
    gates.add_usual_gates(actor=actor, launch=launch, phase=phase)
    for now in gates_of(launch)[phase.pk]:
        if now.holds:
            gates.sign_gate(actor=actor, gate=now.gate)


def _first(launch: Launch, key: str) -> object | None:
    """The first record of a kind, if the plan has one."""
    return kinds.get(key).model._default_manager.filter(launch=launch).order_by("position", "pk").first()
