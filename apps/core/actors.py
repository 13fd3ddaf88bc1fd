"""Who acts: the first argument of every service, made from a person, a token, the system or a public link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

ActorKind = Literal["user", "token", "system", "link", "anonymous"]


@dataclass(frozen=True)
class Actor:
    """One acting party.

    `id` and `label` are what the audit log keeps, so an entry stays readable after the person is gone.
    `scopes` restrict a token; a person in a browser has none and is not restricted by them.
    `memo` holds look-ups that policies repeat within one request (an actor lives no longer than that).
    """

    kind: ActorKind
    id: int | None = None
    label: str = ""
    user: AbstractBaseUser | None = None
    scopes: frozenset[str] = frozenset()
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, user: Any) -> Actor:
        """The actor a signed-in person is; an anonymous one for anybody else."""
        if user is None or not getattr(user, "is_authenticated", False):
            return ANONYMOUS
        return cls(kind="user", id=user.pk, label=str(user), user=user)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    def added_to(self, people: Iterable[int] = ()) -> list[int]:
        """The ids of these people, and of whoever acts if that is a person, in order."""
        return sorted({*people, *([self.user.pk] if self.user is not None else [])})

    def may(self, scope: str) -> bool:
        """Whether a token's scopes allow this; always true for whoever is not a token."""
        return self.kind != "token" or scope in self.scopes


SYSTEM = Actor(kind="system", label="Launch portal")
ANONYMOUS = Actor(kind="anonymous", label="Anonymous")
