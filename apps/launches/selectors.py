"""Reading launches and their records in a bounded number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches import kinds, policies
from apps.launches.kinds import Kind
from apps.launches.models import Comment, Launch, LaunchRecord, Member

LISTS_LIMIT = 2000


def visible_launches(actor: Actor) -> QuerySet[Launch]:
    """Every launch the actor may see. No query of its own beyond the caller's."""
    launches = Launch.objects.select_related("owner")
    person = actor.user
    if actor.is_system or (isinstance(person, User) and person.is_active and person.is_administrator):
        return launches
    if not isinstance(person, User) or not person.is_active:
        return launches.none()
    return launches.filter(Q(restricted=False) | Q(pk__in=policies.parts_of(actor).values("launch")))


def launch_by_slug(actor: Actor, slug: str) -> Launch:
    """The launch, or `NotFound` when it is not there or not shared with the actor. One or two queries."""
    launch = Launch.objects.select_related("owner").filter(slug=slug).first()
    if launch is None or not policies.can_see_launch(actor, launch):
        raise NotFound("There is no such launch, or it is not shared with you.")
    return launch


def members(launch: Launch) -> QuerySet[Member]:
    return launch.members.select_related("user", "team").order_by("role", "user__name")


def query(launch: Launch, kind: Kind) -> QuerySet[LaunchRecord]:
    """The records of a kind, with the people and records they name."""
    return kind.model._default_manager.filter(launch=launch, **kind.where).select_related(
        "owner", *_relations(kind)
    )


def prefetched(launch: Launch, kind: Kind, found: list[LaunchRecord]) -> list[LaunchRecord]:
    """Give some records of a kind their launch and facets: the queries of the kind's facets, once for all."""
    for record in found:
        record.launch = launch
    for facet in kinds.facets(kind).values():
        facet.prefetch(found)
    return found


def records(launch: Launch, kind: Kind, limit: int | None = LISTS_LIMIT) -> list[LaunchRecord]:
    """All records of a kind in their order, facets loaded: one query and those of the kind's facets.

    Pages show at most `limit`; None gives every one, for documents and versions."""
    return prefetched(launch, kind, list(query(launch, kind)[:limit]))


def record(launch: Launch, kind: Kind, pk: int) -> LaunchRecord:
    """One record of this launch, or `NotFound` (also for a record of another launch)."""
    found = query(launch, kind).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no such {kind.label.lower()} in this launch.")
    return prefetched(launch, kind, [found])[0]


def comments_of(record: LaunchRecord) -> QuerySet[Comment]:
    """What was said about a record, oldest first. One query."""
    return Comment.objects.filter(
        launch=record.launch_id, kind=record.kind, record_id=record.pk
    ).select_related("author")


def comment_counts(launch: Launch) -> dict[tuple[str, int], int]:
    """How often each record of a launch was commented on, by kind and id. One query."""
    counted = (
        Comment.objects.filter(launch=launch).values_list("kind", "record_id").annotate(count=Count("pk"))
    )
    return {(kind, record): count for kind, record, count in counted}


def records_of(launch: Launch, wanted: Iterable[Kind]) -> dict[str, list[LaunchRecord]]:
    """Records by kind key, for pages that show several kinds."""
    found: dict[str, list[LaunchRecord]] = defaultdict(list)
    for kind in wanted:
        found[kind.key] = records(launch, kind)
    return found


def as_fields(record: LaunchRecord) -> dict[str, Any]:
    """A record's columns and facets as the plan reader names them (JSON types)."""
    kind = kinds.of(record)
    fields: dict[str, Any] = {}
    for name in kind.fields:
        value = getattr(record, name)
        if name == "owner":
            value = str(value) if value else record.owner_name
        elif hasattr(value, "pk"):
            value = str(value)
        if name != "title":
            fields[name] = value
    fields.setdefault("text", record.text)
    if record.group:
        fields["group"] = record.group
    for facet in kinds.facets(kind).values():
        fields[facet.name] = facet.value(record)
    return fields


def _relations(kind: Kind) -> list[str]:
    names = {field.name for field in kind.model._meta.get_fields() if field.is_relation and field.many_to_one}
    return sorted((set(kind.fields) & names) - {"launch", "owner"})
