"""What a calendar feed holds: the dated work its owner may see now, narrowed to what the feed is of."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import QueryDict

from apps.content.models import Feed
from apps.content.selectors.filters import Filter
from apps.content.selectors.saved import visible_views
from apps.core.actors import Actor
from apps.core.clock import now
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches
from apps.schedule.models import Placement
from apps.schedule.selectors import OPEN_STATES, WORK, mine
from apps.schedule.standing import PlacementNow, with_standing

BACK, AHEAD = timedelta(days=180), timedelta(days=730)
# RFC 5545 lets a cancelled event vanish, but a calendar that asks rarely should see that it was cancelled.
CANCELLED_STAYS = timedelta(days=90)
MOST_EVENTS = 2000
OF_CANCELLED = Q(launch__state=Launch.State.CANCELLED, state=Placement.State.PLANNED)


def events_of(feed: Feed) -> QuerySet[PlacementNow]:
    """The dated work of a feed, earliest first, from half a year back to two years ahead.

    What was still to come of a cancelled launch is cancelled with it, and stays as long as other cancelled things.
    """
    at = now()
    actor = Actor.of(feed.owner)
    launches = visible_launches(actor).exclude(state=Launch.State.ARCHIVED)
    found = with_standing(
        Placement.objects.filter(
            kind__in=WORK,
            launch__in=launches.values("pk"),
            starts_on__gte=(at - BACK).date(),
            starts_on__lte=(at + AHEAD).date(),
        )
        .exclude(state=Placement.State.CANCELLED, updated_at__lt=at - CANCELLED_STAYS)
        .exclude(OF_CANCELLED, launch__updated_at__lt=at - CANCELLED_STAYS),
        at,
    ).select_related("launch", "team", "owner")
    return _narrowed(found, feed, actor).order_by("starts_on", "starts_at", "id")


def tag_of(feed: Feed, found: QuerySet[PlacementNow]) -> str:
    """Changes whenever the feed would. One query."""
    seen = found.order_by().aggregate(
        count=Count("pk"),
        ids=Sum("pk"),
        versions=Sum("version"),
        placed=Max("updated_at"),
        launched=Max("launch__updated_at"),
    )
    view = feed.view.version if feed.view else 0
    # What a full feed leaves out depends on the day.
    day = now().date() if seen["count"] > MOST_EVENTS else ""
    return "|".join(map(str, (feed.pk, feed.name, view, day, *seen.values())))


def nearest(found: QuerySet[PlacementNow]) -> tuple[list[PlacementNow], int]:
    """Of too many events those that matter most, and how many are left out.

    What begins today or later goes before what is past, what is nearer to today before what is farther. Two
    queries, three if some are left out.
    """
    today = now().astimezone(UTC).date()
    ahead = list(found.filter(starts_on__gte=today)[: MOST_EVENTS + 1])
    room = MOST_EVENTS - len(ahead)
    past = list(found.filter(starts_on__lt=today).reverse()[: max(room, 0) + 1])
    shown = [*past[: max(room, 0)][::-1], *ahead[:MOST_EVENTS]]
    return shown, (found.count() - len(shown) if len(ahead) + len(past) > MOST_EVENTS else 0)


def _narrowed(found: QuerySet[PlacementNow], feed: Feed, actor: Actor) -> QuerySet[PlacementNow]:
    if feed.scope == Feed.Scope.TEAM:
        return found.filter(team=feed.team)
    if feed.scope == Feed.Scope.LAUNCH:
        return found.filter(launch=feed.launch)
    if feed.scope == Feed.Scope.VIEW:
        if feed.view is None or not visible_views(actor).filter(pk=feed.view.pk).exists():
            return found.none()  # not shared with them any more
        if feed.view.launch_id is not None:
            found = found.filter(launch=feed.view.launch_id)
        else:
            found = found.filter(Q(launch__state__in=OPEN_STATES) | OF_CANCELLED)
        return Filter.of(QueryDict(feed.view.query)).apply(found, actor)
    return mine(found.filter(~Q(state=Placement.State.CANCELLED) | Q(owner=feed.owner)), feed.owner)
