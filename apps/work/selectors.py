"""Reading follow-ups: one's own list, a launch's, an account's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.audience.policies import works_with_customers
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches.models import Member
from apps.launches.policies import parts_of
from apps.launches.selectors import visible_launches
from apps.work.models import FollowUp
from apps.work.policies import can_see


def visible(actor: Actor) -> QuerySet[FollowUp]:
    """Every follow-up the actor may see, the most pressing first; as `policies.can_see` says of one."""
    found = FollowUp.objects.select_related("owner", "account", "contact", "launch", "follows").order_by(
        "due_on", "id"
    )
    if actor.is_system:
        return found
    person = actor.user
    if not isinstance(person, User) or not person.is_active:
        return found.none()
    own = Q(owner=person) | Q(made_by=person)
    if person.is_administrator:
        return found
    editing = parts_of(actor).filter(role__in=[Member.Role.OWNER, Member.Role.EDITOR])
    may = own | Q(launch__in=editing.values("launch"), launch__state__in=_EDITABLE)
    if works_with_customers(actor):
        may |= Q(launch=None) | Q(launch__in=visible_launches(actor).values("pk"))
    return found.filter(may)


# Nobody edits an archived launch.
_EDITABLE = ["draft", "active", "paused", "completed", "cancelled"]


def follow_up(actor: Actor, pk: int) -> FollowUp:
    """One, or `NotFound`."""
    found = (
        FollowUp.objects.select_related("owner", "account__csm", "contact", "launch", "follows", "closed_by")
        .filter(pk=pk)
        .first()
    )
    if found is None or not can_see(actor, found):
        raise NotFound("There is no such follow-up, or it is not shared with you.")
    return found


@dataclass
class WorkList:
    """Open follow-ups by how pressing they are on a person's calendar."""

    overdue: list[FollowUp] = field(default_factory=list)
    today: list[FollowUp] = field(default_factory=list)
    this_week: list[FollowUp] = field(default_factory=list)
    later: list[FollowUp] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[str, str, list[FollowUp]]]:
        named = [
            ("Overdue", "late", self.overdue),
            ("Today", "due", self.today),
            ("This week", "upcoming", self.this_week),
            ("Later", "upcoming", self.later),
        ]
        return [(name, state, rows) for name, state, rows in named if rows]


def by_day(rows: Iterable[FollowUp], today: date) -> WorkList:
    """Sort open ones by their day; the week ends on Sunday."""
    sunday = today + timedelta(days=6 - today.weekday())
    found = WorkList()
    for row in rows:
        if row.due_on < today:
            found.overdue.append(row)
        elif row.due_on == today:
            found.today.append(row)
        elif row.due_on <= sunday:
            found.this_week.append(row)
        else:
            found.later.append(row)
    return found


def figures(rows: QuerySet[FollowUp], today: date) -> dict[str, int]:
    """How many are open, overdue and done. One query."""
    return rows.order_by().aggregate(
        open=Count("pk", filter=Q(state="open")),
        overdue=Count("pk", filter=Q(state="open", due_on__lt=today)),
        done=Count("pk", filter=Q(state="done")),
    )
