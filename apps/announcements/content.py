"""What an approval covers: the fingerprint of everything an announcement shows and to whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from apps.announcements.models import Announcement, Translation

# A change of one of these needs a new approval, and so does one of the translations.
COVERED = (
    "title", "body", "action_label", "action_url", "surfaces", "audience", "audience_rule", "only_exposed", "form",
    "language",
)  # fmt: skip
# How pressing it is and how often it shows: nobody reads anything else for a change of these.
FREE = ("priority", "most_shows", "hours_between")
WORDS = ("language", "title", "body", "action_label")
# What came later is left out as long as it says nothing, so that older approvals stay what they are.
_LATER = ("only_exposed", "form", "language")


def fingerprint(
    announcement: Announcement, team_ids: Iterable[int], translations: Iterable[Translation] = ()
) -> str:
    """SHA-256 over the covered fields, the teams it goes to and its translations, as 64 hex digits."""
    covered = {
        name: getattr(announcement, name)
        for name in COVERED
        if name not in _LATER or getattr(announcement, name) != getattr(Announcement(), name)
    }
    covered["surfaces"] = sorted(announcement.surfaces)
    covered["teams"] = sorted(team_ids)
    if others := sorted(words(each) for each in translations):
        covered["translations"] = others
    return hashlib.sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def words(translation: Translation) -> list[Any]:
    """What a translation says, language first."""
    return [getattr(translation, name) for name in WORDS]
