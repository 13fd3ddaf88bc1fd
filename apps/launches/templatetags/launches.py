"""The event log in sentences. `{% load launches %}`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit.models import Event
from apps.core.dates import moment_words
from apps.core.errors import NotFound
from apps.launches import kinds

register = template.Library()

MOST_CHANGES = 4
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+\d\d:\d\d$")
_WORD = re.compile(r"[a-z]+(_[a-z]+)+$")
# Verbs whose last word reads otherwise than it is written.
_WORDS = {
    "set": "changed the part of",
    "reordered": "moved",
    "active": "activated",
    "late": "saw turn late:",
    "due": "saw come due:",
    "done": "finished",
    "finished": "finished",
    "held": "held",
    "measured": "measured",
    "created": "made",
    "imported": "imported the plan of",
    "restored": "restored",
    "split": "split",
    "commented": "commented on",
    "comment_removed": "removed a comment on",
    "followed": "now follows",
    "live": "showed",
    "reached": "reached",
    "returned": "sent back",
    "tested": "sent a test of",
    "upserted": "saved",
    "unblocked": "unblocked",
}
_OWN_LABELS = {"launch": "launch", "member": "member", "announcement": "announcement", "plan": "plan"}
_HIDDEN = {"targets", "when", "parts", "content_hash", "approved_hash", "started_at", "went_live_at"}


class Change(NamedTuple):
    """One changed field in words."""

    label: str
    old: str
    new: str


@register.filter
def event_words(event: Event) -> SafeString:
    """What an event says after its actor's name: "changed metric “Adoption”"."""
    subject, _, verb = event.verb.partition(".")
    word = _WORDS.get(verb, verb.replace("_", " "))
    label = _OWN_LABELS.get(subject)
    if label is None:
        try:
            label = kinds.get(subject).label.lower()
        except NotFound:
            label = subject.replace("_", " ")
    if subject == "plan":
        return format_html("{} “{}”", word, event.object_label)
    return format_html("{} {} “{}”", word, label, event.object_label)


@register.filter
def event_changes(event: Event) -> list[Change]:
    """At most four changed fields worth reading; of a new thing none, its name says it."""
    if event.verb.rsplit(".", 1)[-1] in {"added", "removed", "imported", "duplicated", "created", "upserted"}:
        return []
    found = []
    for name, pair in event.changes.items():
        old, new = (*pair, None, None)[:2]
        if name == "when":
            old, new = _when(old), _when(new)
        elif name in _HIDDEN or isinstance(old, (dict, list)) or isinstance(new, dict):
            continue
        found.append(Change(name.replace("_", " ").capitalize(), _plain(old), _plain(new)))
    return found[:MOST_CHANGES]


def _when(value: Any) -> Any:
    return value.get("text") or value.get("date") or value.get("fuzzy") if isinstance(value, dict) else value


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if _INSTANT.match(text):
        return moment_words(datetime.fromisoformat(text), "UTC") + " UTC"
    return text.replace("_", " ") if _WORD.match(text) else text
