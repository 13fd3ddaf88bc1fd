"""What an approval covers: the fingerprint of everything an item says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from apps.content.models.item import CalendarItem

# A change of one of these asks for approval again, and so does another set of files. The brief, owner, time and
# the links beside it may change without anybody reading it anew.
COVERED = ("title", "body", "format", "channel_id", "key_message_id", "segment_id")
COVERED_FIELDS = frozenset(name.removesuffix("_id") for name in COVERED)


def fingerprint(item: CalendarItem, asset_hashes: Iterable[str]) -> str:
    """SHA-256 over the covered fields and the hashes of the item's files, as 64 hex digits."""
    covered = {name: getattr(item, name) for name in COVERED}
    covered["assets"] = sorted(asset_hashes)
    return hashlib.sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
