"""What came of an announcement, in numbers. What colleagues try out in the make-believe product is in none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from apps.announcements.identities import DEMO_ACCOUNT
from apps.announcements.models import Announcement, Receipt, Showing
from apps.audience.models import Account
from apps.audience.rules import RuleError, condition, parse_rule
from apps.audit.models import Event
from apps.launches.models import Segment

# More segments with a rule than anybody writes, and days that a chart can show.
MOST_SEGMENTS = 20
MOST_DAYS = 92
_SEEN, _CLICKED, _DISMISSED = (
    Q(**{f"{name}__isnull": False}) for name in ("first_seen_at", "clicked_at", "dismissed_at")
)


@dataclass(frozen=True)
class Figures:
    """How many users saw it, clicked and dismissed it, and of how many accounts those who saw it are."""

    seen: int
    clicked: int
    dismissed: int
    accounts: int = 0

    @property
    def click_through(self) -> Decimal | None:
        """Percent of those who saw it that clicked, to a tenth; None while nobody saw it."""
        return round(Decimal(self.clicked) * 100 / self.seen, 1) if self.seen else None


@dataclass(frozen=True)
class SegmentFigures:
    """A segment of the launch with the accounts that are in it and meant, and what their users did."""

    title: str
    fitting: int
    figures: Figures


@dataclass(frozen=True)
class Day:
    """What happened for the first time for a user on one day in the launch's zone."""

    day: date
    seen: int = 0
    clicked: int = 0
    dismissed: int = 0


def counted(announcement: Announcement) -> QuerySet[Receipt]:
    """Its receipts from customers."""
    return Receipt.objects.filter(announcement=announcement).exclude(account__startswith=DEMO_ACCOUNT)


def figures(announcement: Announcement) -> Figures:
    """One query."""
    return _sum(counted(announcement))


def _sum(receipts: QuerySet[Receipt]) -> Figures:
    return Figures(
        **receipts.aggregate(
            seen=Count("pk", filter=_SEEN),
            clicked=Count("pk", filter=_CLICKED),
            dismissed=Count("pk", filter=_DISMISSED),
            accounts=Count("account", filter=_SEEN, distinct=True),
        )
    )


def by_segment(announcement: Announcement) -> list[SegmentFigures]:
    """The launch's segments that have a rule, in its order, at most 20. Two queries each.

    By what is stored of the accounts now; a rule that cannot be read has no row.
    """
    found = []
    meant = _condition(announcement.audience_rule)
    segments = (
        Segment.objects.filter(launch=announcement.launch_id).exclude(rule="").order_by("position", "id")
    )
    for segment in segments[:MOST_SEGMENTS]:
        inside = _condition(segment.rule)
        if inside is None:
            continue
        accounts = Account.objects.filter(inside)
        fitting = accounts.filter(meant).count() if meant is not None else 0
        receipts = counted(announcement).filter(account__in=accounts.order_by().values("external_id"))
        found.append(SegmentFigures(segment.title, fitting, _sum(receipts)))
    return found


def _condition(rule: str) -> Q | None:
    try:
        return condition(parse_rule(rule)) if rule.strip() else Q()
    except RuleError:
        return None


def by_day(announcement: Announcement, at: datetime) -> list[Day]:
    """Every day from going live until it ended (or `at`), the last 92 of them. Three queries."""
    if announcement.went_live_at is None:
        return []
    zone = ZoneInfo(announcement.launch.zone)
    last = min(announcement.ended_at or at, at).astimezone(zone).date()
    counts: dict[str, dict[date, int]] = {}
    for name, field in (("seen", "first_seen_at"), ("clicked", "clicked_at"), ("dismissed", "dismissed_at")):
        rows = (
            counted(announcement)
            .filter(**{f"{field}__isnull": False})
            .annotate(day=TruncDate(field, tzinfo=zone))
            .values("day")
            .annotate(users=Count("pk"))
            .order_by()
        )
        counts[name] = {row["day"]: row["users"] for row in rows}
    # What was reported late counts on its day, also after the end.
    known = [day for days in counts.values() for day in days]
    first = min([announcement.went_live_at.astimezone(zone).date(), *known])
    last = max([last, *known])
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Day(day, **{name: found.get(day, 0) for name, found in counts.items()}) for day in days]


def showings(announcement: Announcement) -> list[Showing]:
    """When it was to be seen and with which targeting, the latest first. One query."""
    return list(Showing.objects.filter(announcement=announcement))


def exposure_changes(shown: Sequence[Showing], launch_id: int) -> list[Event]:
    """What was done to the launch's rollout up to the end of these showings, the latest first. One query.

    With it one can say which accounts a showing with `only_exposed` reached at any moment of it.
    """
    if not any(each.only_exposed for each in shown):
        return []
    events = Event.objects.filter(
        Q(verb__in=["rollout_step.reached", "rollout_step.reopened"]) | Q(verb__startswith="phase."),
        launch_id=launch_id,
    ).order_by("-at", "-id")
    if all(each.until_at for each in shown):
        events = events.filter(at__lte=max(each.until_at for each in shown if each.until_at))
    return list(events[:50])
