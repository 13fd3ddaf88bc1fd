"""Whom and what a plan's words mean: people, teams, channels and phases that exist, looked up once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.accounts.models import Team, User
from apps.launches.models import Channel


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


class Directory:
    """The people and teams of the portal by name. Two queries; channels are told as they come to exist."""

    def __init__(self) -> None:
        self._people: dict[str, set[int]] = defaultdict(set)
        self._users: dict[int, User] = {}
        for user in User.objects.filter(is_active=True):
            self._users[user.pk] = user
            self._people[_fold(user.email)].add(user.pk)
            if user.name:
                self._people[_fold(user.name)].add(user.pk)
        self._teams: dict[str, Team] = {}
        for team in Team.objects.all():
            self._teams[_fold(team.name)] = team
            self._teams[team.slug.casefold()] = team
        self._channels: dict[str, Channel] = {}

    def person(self, name: str) -> User | None:
        """Whoever this name or address means, if that is exactly one person."""
        found = self._people.get(_fold(name.strip().lstrip("@")), set())
        return self._users[next(iter(found))] if len(found) == 1 else None

    def team(self, name: str) -> Team | None:
        """The team of this name or slug; "Support team" is the team called Support."""
        wanted = _fold(name)
        for candidate in (wanted, wanted.removesuffix(" team"), wanted.removesuffix(" department")):
            team = self._teams.get(candidate) or self._teams.get(candidate.replace(" ", "-"))
            if team is not None:
                return team
        return None

    def add_channels(self, channels: Iterable[Channel]) -> None:
        """Make a launch's channels known by title; of two with one title the first counts."""
        for channel in channels:
            self._channels.setdefault(_fold(channel.title), channel)

    def channel(self, name: str) -> Channel | None:
        """The channel a calendar entry names: the same title, or the only one whose title holds all of it."""
        wanted = _fold(name)
        if not wanted:
            return None
        if wanted in self._channels:
            return self._channels[wanted]
        words = set(wanted.replace("-", " ").split())
        near = {
            channel.pk: channel
            for title, channel in self._channels.items()
            if words <= set(title.replace("-", " ").split())
        }
        return next(iter(near.values())) if len(near) == 1 else None
