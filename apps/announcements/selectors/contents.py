"""What announcements say, kept in this process by version, ready to be answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, F, Func
from rest_framework.utils.encoders import JSONEncoder

from apps.announcements.languages import choose
from apps.announcements.models import Announcement, Translation

# More than are live at a time; when it is full it begins anew.
MOST_KEPT = 2000
FIELDS = (
    "id", "form", "language", "title", "body", "html", "action_label", "action_url", "surfaces", "priority",
    "went_live_at", "ends_at", "version",
)  # fmt: skip
WORDS = ("language", "title", "body", "html", "action_label")


class Key(NamedTuple):
    """One state of one announcement. Every change raises `version`; when it was made (microseconds since 1970)
    tells databases apart."""

    id: int
    version: int
    changed_at: int


def changed_at() -> Func:
    """When a row was last changed, as a whole number: fifty instants take longer to read than the answer."""
    return Func(
        F("updated_at"),
        template="(extract(epoch FROM %(expressions)s) * 1000000)::bigint",
        output_field=BigIntegerField(),
    )


class Content:
    """One state of an announcement: whom it is for, and what it says in each language."""

    def __init__(self, key: Key, row: dict[str, Any], translations: Sequence[dict[str, Any]]) -> None:
        self.key = key
        self.launch: int = row["launch_id"]
        self.rule: str = row["audience_rule"].strip()
        self.only_exposed: bool = row["only_exposed"]
        self.form: str = row["form"]
        self._own: str = row["language"]
        self._values = {self._own: {name: row[name] for name in FIELDS}}
        for each in translations:
            said = {name: each[name] for name in WORDS if each[name]}
            self._values[each["language"]] = {**self._values[self._own], **said}
        self._json: dict[str, bytes] = {}

    def language_for(self, wanted: Sequence[str]) -> str:
        """The language to answer in."""
        if len(self._values) == 1 or not wanted:
            return self._own
        return choose(wanted, self._values, self._own)

    def values(self, language: str) -> dict[str, Any]:
        return self._values[language]

    def json(self, language: str) -> bytes:
        """The values as a JSON object, written once."""
        found = self._json.get(language)
        if found is None:
            text = json.dumps(
                self._values[language], cls=JSONEncoder, ensure_ascii=False, separators=(",", ":")
            )
            found = self._json[language] = text.encode()
        return found


_kept: dict[Key, Content] = {}


def contents(keys: Sequence[Key]) -> dict[int, Content]:
    """What these say, by id. No query for what is kept, else two for all of the rest.

    One that changed since its key was read is left out: whoever asks next finds it as it is then.
    """
    found = {key.id: _kept[key] for key in keys if key in _kept}
    missing = {key.id: key for key in keys if key.id not in found}
    if missing:
        fresh = _read(missing)
        if len(_kept) + len(fresh) > MOST_KEPT:
            _kept.clear()
        _kept.update({content.key: content for content in fresh})
        found |= {content.key.id: content for content in fresh}
    return found


def _read(missing: dict[int, Key]) -> list[Content]:
    # Words first: a change between the two readings raises the version, and the row is left out.
    words: dict[int, list[dict[str, Any]]] = {}
    for each in Translation.objects.filter(announcement__in=missing).values("announcement_id", *WORDS):
        words.setdefault(each["announcement_id"], []).append({**each})
    rows = Announcement.objects.filter(pk__in=missing).values(
        *FIELDS, "launch_id", "audience_rule", "only_exposed", changed_at=changed_at()
    )
    return [
        Content(missing[row["id"]], {**row}, words.get(row["id"], []))
        for row in rows
        if (row["version"], row["changed_at"]) == missing[row["id"]][1:]
    ]
