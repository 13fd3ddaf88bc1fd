"""Who watches a record, and whom a comment names."""

from __future__ import annotations

import re

from apps.accounts.models import User
from apps.launches import policies
from apps.launches.models import Launch, LaunchRecord, Watch

# What follows the sign decides who is meant; an address inside a word (ada@example.org) names nobody.
_SIGN = re.compile(r"(?<![\w.@])@(?=[^\W\d_])")
LONGEST_NAME = 120


def watchers_of(record: LaunchRecord) -> list[User]:
    """Active people who watch a record and may still see it. One query and those of the policy."""
    found = User.objects.filter(watches__kind=record.kind, watches__record_id=record.pk, is_active=True)
    return [person for person in found if policies.can_see_launch(person, record.launch)]


def is_watched_by(record: LaunchRecord, user: object) -> bool:
    return (
        isinstance(user, User)
        and Watch.objects.filter(kind=record.kind, record_id=record.pk, user=user).exists()
    )


def mentioned(text: str, launch: Launch) -> list[User]:
    """The people a text names with @: by full name, e-mail address, what stands before its @, or first name.

    The longest that fits counts. A first name that several people have names nobody, and neither does anybody
    who cannot see the launch. One query and those of the policy.
    """
    starts = [match.end() for match in _SIGN.finditer(text)]
    if not starts:
        return []
    people = list(User.objects.filter(is_active=True))
    names = _names(people)
    found: dict[int, User] = {}
    for start in starts:
        person = _longest(text[start : start + LONGEST_NAME + 1].casefold(), names)
        if person is not None and policies.can_see_launch(person, launch):
            found[person.pk] = person
    return list(found.values())


def _names(people: list[User]) -> dict[str, User | None]:
    """Everything a person may be called by, in lower case; None where it means several."""
    names: dict[str, User | None] = {}
    for person in people:
        full = person.name.casefold()
        for name in {
            full,
            person.email.casefold(),
            person.email.casefold().split("@")[0],
            full.split(" ")[0],
        }:
            if name:
                names[name] = None if name in names and names[name] != person else person
    for person in people:  # a whole address names its owner, whoever else is called so
        names[person.email.casefold()] = person
    return names


def _longest(text: str, names: dict[str, User | None]) -> User | None:
    for length in range(len(text), 0, -1):
        ends_here = length == len(text) or not (text[length].isalnum() or text[length] in "_-")
        if ends_here and text[:length] in names:
            return names[text[:length]]
    return None
