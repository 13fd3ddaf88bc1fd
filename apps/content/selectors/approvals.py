"""What waits for somebody's word on the content calendar."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.content.linked import linked_to
from apps.content.models import ApprovalRule, ApprovalStep, CalendarItem, Reviewer
from apps.content.reviewing import reviews_of
from apps.core.actors import Actor
from apps.launches import policies
from apps.launches.models import Launch, Member
from apps.launches.selectors import visible_launches

OPEN = (Launch.State.DRAFT, Launch.State.ACTIVE, Launch.State.PAUSED)
# What may be meant is looked at closely in growing pages until enough of it is: most often the first one will do.
LOOKED_AT = (60, 240, 960, 3840)


def to_approve(actor: Actor, most: int) -> list[CalendarItem]:
    """Items in review whose review asks this person, the oldest first; of the 5,100 oldest that name them.

    Named by the channel's rule or by the item, or an editor where nobody is; never one's own work unless the
    launch allows it, and nothing that an announcement or a campaign decides. At most seven queries and those of
    each app that registered what items stand for, for each of at most four pages.
    """
    user = actor.user
    if not isinstance(user, User) or not user.is_active or user.role == User.Role.VIEWER:
        return []
    candidates = _asked(actor, user).select_related("launch", "owner", "channel").order_by("updated_at", "pk")
    asked: list[CalendarItem] = []
    start = 0
    for size in LOOKED_AT:
        found = list(candidates[start : start + size])
        linked = linked_to(found)
        for item, review in zip(found, reviews_of(found), strict=True):
            if item.pk not in linked and review.asks(actor, item):
                asked.append(item)
        start += size
        if len(asked) >= most or len(found) < size:
            break
    return asked[:most]


def _asked(actor: Actor, user: User) -> QuerySet[CalendarItem]:
    named = ApprovalStep.objects.filter(Q(user=user) | Q(team__in=user.teams.all())).values("rule__channel")
    nobody = ~Q(channel__in=ApprovalRule.objects.values("channel")) & ~Q(
        pk__in=Reviewer.objects.values("item")
    )
    if not policies.is_administrator(actor):
        roles = [Member.Role.OWNER, Member.Role.EDITOR]
        nobody &= Q(launch__in=policies.parts_of(actor).filter(role__in=roles).values("launch"))
    by_name = Q(pk__in=Reviewer.objects.filter(user=user).values("item")) | Q(channel__in=named)
    own = Q(authors__contains=[user.pk]) | Q(submitted_by=user.pk)
    return (
        CalendarItem.objects.filter(
            by_name | nobody,
            status=CalendarItem.Status.IN_REVIEW,
            launch__in=visible_launches(actor).filter(state__in=OPEN).values("pk"),
        )
        .exclude(own & Q(launch__self_approval=False))
        .distinct()
    )
