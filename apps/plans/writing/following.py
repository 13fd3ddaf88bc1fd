"""Texts that tell a target or deadline follow it: "within 15 minutes" becomes "within 20 minutes"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apps.core.vocabulary import load
from apps.metrics.targets import format_target, parse_targets
from apps.plans.writing.expressing import duration, spec_of, time_text
from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.live import Live, same, same_target, same_targets, tidy
from apps.rollouts.deadlines import parse_deadline

_AMOUNT = re.compile(r"\d+(?:[.,]\d+)?\s*-?\s*[^\W\d_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def follow(layout: Layout, records: Sequence[Live]) -> list[Live]:
    """The records with descriptions brought along where a fact they tell was changed and they were not."""
    laid = {one.key: one for one in layout.records}
    return [_followed(layout.language, laid[one.key], one) if one.key in laid else one for one in records]


def _followed(language: str, laid: Laid, live: Live) -> Live:
    for name in ("targets", "deadline_minutes", "when"):
        if name not in live.fields or same(name, laid.fields.get(name), live.fields[name]):
            continue
        if name == "when" and live.kind == "review":
            live = _time_in_title(language, laid, live)
        elif not any(slot.field.startswith(name) for slot in laid.slots):
            live = _told_in(language, laid, live, name)
    return live


def _told_in(language: str, laid: Laid, live: Live, name: str) -> Live:
    """The description, else the title, with the new fact in place of the old one."""
    text = str(laid.fields.get("text") or "")
    if text and tidy(live.fields.get("text", text)) == tidy(text):
        new = _replaced(language, laid, live, name, text, laid.title)
        if new is not None:
            return replace(live, fields={**live.fields, "text": new})
    if tidy(live.title) == tidy(laid.title):
        new = _replaced(language, laid, live, name, laid.title, "")
        if new is not None:
            return replace(live, title=new)
    return live


def _replaced(language: str, laid: Laid, live: Live, name: str, text: str, label: str) -> str | None:
    if name == "deadline_minutes":
        return _deadline(language, text, laid.fields.get(name), live.fields.get(name))
    return _targets(language, text, label, laid.fields.get("targets") or [], live.fields.get("targets") or [])


def _deadline(language: str, text: str, old: Any, new: Any) -> str | None:
    if old is None or new is None:
        return None
    vocab = load(language)
    if parse_deadline(text, vocab=vocab) != old:
        return None
    for match in _AMOUNT.finditer(text):
        candidate = text[: match.start()] + duration(int(new)) + text[match.end() :]
        if parse_deadline(candidate, vocab=vocab) == new:
            return candidate
    return None


def _targets(
    language: str, text: str, label: str, old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> str | None:
    """The text with each changed target's own words exchanged, if it then says exactly the new targets."""
    if not old or len(old) != len(new):
        return None
    vocab = load(language)
    candidate = text
    for before, after in zip(old, new, strict=True):
        if same_target(before, after):
            continue
        exchanged = None
        for words in _versions(candidate, before, after):
            if _says(words, label, vocab, old, new):
                exchanged = words
                break
        if exchanged is None:
            return None
        candidate = exchanged
    return candidate if candidate != text else None


def _versions(text: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Ways to say the new target: only the number exchanged, or all of its words."""
    found: list[str] = []
    if before.get("value") and after.get("value"):
        for match in _NUMBER.finditer(text):
            if (
                match[0].replace(",", ".").rstrip("0").rstrip(".")
                in (before["value"], before["value"].rstrip("0").rstrip("."))
                or match[0] == before["value"]
            ):
                found.append(text[: match.start()] + str(after["value"]) + text[match.end() :])
    words = str(before.get("text") or "")
    if words and words in text:
        found.append(text.replace(words, format_target(spec_of(after)), 1))
    return found


def _says(text: str, label: str, vocab: Any, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> bool:
    kinds = [target.get("kind") or "target" for target in new]
    read = [
        spec.to_json() for spec in parse_targets(text, vocab=vocab, label=label) if spec.value is not None
    ]
    if len(read) != len(new):
        return False
    if kinds and all(kind == kinds[0] for kind in kinds):
        read = [{**spec, "kind": kinds[0]} for spec in read]
    changed = [index for index, (a, b) in enumerate(zip(old, new, strict=True)) if not same_target(a, b)]
    return same_targets(read, new) or all(
        same_target(read[index], new[index]) or index not in changed for index in range(len(new))
    )


def _time_in_title(language: str, laid: Laid, live: Live) -> Live:
    """`Week 1 Review` moved to week 2 is the `Week 2 Review`."""
    old = laid.fields.get("when")
    words = str((old or {}).get("text") or "")
    if (
        not words
        or words not in laid.title
        or tidy(live.title) != tidy(laid.title)
        or not live.fields.get("when")
    ):
        return live
    return replace(
        live, title=laid.title.replace(words, time_text(language, "review", live.fields["when"]), 1)
    )
