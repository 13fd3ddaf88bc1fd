"""Adding an item by typing one line."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Team, User
from apps.content.models import CalendarItem
from apps.content.quick import Line, Name, read_line
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import kinds, policies
from apps.launches.models import Channel, Launch
from apps.launches.services import records
from apps.schedule.facets import WHEN

# A company's people; of more than this a line finds those it knows first, and the form knows all.
NAMES_READ = 2000


def understand(*, actor: Actor, launch: Launch, text: str) -> Line:
    """How a line is understood in this launch: nothing is saved. Three queries."""
    policies.require("launches.contribute", actor, launch)
    line = read_line(
        text,
        teams=[Name(team.pk, team.name, (team.slug,)) for team in _first(Team.objects.all())],
        people=[
            Name(person.pk, str(person), (person.email, person.email.split("@")[0]))
            for person in _first(User.objects.filter(is_active=True))
        ],
        channels=[
            Name(channel.pk, channel.title, (channel.channel_kind,))
            for channel in _first(Channel.objects.filter(launch=launch))
        ],
    )
    if line.when is not None:
        try:
            WHEN.accept(line.when.to_json(), kinds.get(CalendarItem.kind))
        except Invalid as error:
            line.refuse("when", error.message)
    if line.owner is not None and not _may_give(actor, launch, line.owner.pk):
        line.refuse("owner", "Contributors add for themselves: leave the owner to an editor.")
    return line


def add_by_line(*, actor: Actor, launch: Launch, text: str) -> CalendarItem:
    """Add what a line says. Raises `Invalid` with what is unclear, by field; then nothing is saved."""
    line = understand(actor=actor, launch=launch, text=text)
    if line.problems:
        raise Invalid(next(iter(line.problems.values()))[0], code="unclear", errors=line.problems)
    values: dict[str, Any] = {"title": line.title}
    if line.when is not None:
        values["when"] = line.when.to_json()
    # By id, so that whoever was renamed meanwhile is still meant.
    for name, model, found in (
        ("team", Team, line.team),
        ("owner", User, line.owner),
        ("channel", Channel, line.channel),
    ):
        if found is not None:
            values[name] = model._default_manager.filter(pk=found.pk).first()
    made = records.add_record(actor=actor, launch=launch, kind=kinds.get(CalendarItem.kind), values=values)
    assert isinstance(made, CalendarItem)
    return made


def _first(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows[:NAMES_READ]


def _may_give(actor: Actor, launch: Launch, owner: int) -> bool:
    return policies.can_edit_launch(actor, launch) or owner == getattr(actor.user, "pk", None)
