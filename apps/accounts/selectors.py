"""Reading what concerns people: inbox, tokens, people and teams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from apps.accounts.models import ApiToken, Notification, Team, User
from apps.core.clock import now


def inbox(user: User) -> QuerySet[Notification]:
    """A person's notifications, unread ones first, newest first within both."""
    return Notification.objects.filter(user=user).order_by(
        F("read_at").asc(nulls_first=True), "-created_at", "-id"
    )


def unread_count(user: User) -> int:
    """How many notifications wait. One query over a partial index."""
    return Notification.objects.filter(user=user, read_at=None).count()


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A person's tokens that were not revoked, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None)


def is_expired(token: ApiToken, at: datetime | None = None) -> bool:
    return token.expires_at is not None and token.expires_at <= (at or now())


def people() -> QuerySet[User]:
    """Everybody, active ones first, with their teams. Two queries."""
    return User.objects.prefetch_related("teams").order_by("-is_active", "name", "email")


def search_people(text: str) -> QuerySet[User]:
    """People whose name or address holds a text."""
    text = text.strip()[:100]
    return people().filter(Q(name__icontains=text) | Q(email__icontains=text)) if text else people()


@dataclass(frozen=True)
class TeamSize:
    """A team and how many active people are in it."""

    team: Team
    people: int


def teams() -> list[TeamSize]:
    """All teams with their sizes, by name. One query."""
    counted = Team.objects.annotate(size=Count("people", filter=Q(people__is_active=True))).order_by("name")
    return [TeamSize(team, team.size) for team in counted]
