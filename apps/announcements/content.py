"""What an approval covers: the fingerprint of everything an announcement shows and to whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from apps.announcements.models import Announcement

# A change of one of these needs a new approval; owner, team and priority do not.
COVERED = ("title", "body", "action_label", "action_url", "surfaces", "audience", "audience_rule")


def fingerprint(announcement: Announcement, team_ids: Iterable[int]) -> str:
    """SHA-256 over the covered fields and the teams it goes to, as 64 hex digits."""
    covered = {name: getattr(announcement, name) for name in COVERED}
    covered["surfaces"] = sorted(announcement.surfaces)
    covered["teams"] = sorted(team_ids)
    return hashlib.sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
