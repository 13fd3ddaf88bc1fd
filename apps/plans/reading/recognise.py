"""Stage two: which section is what. The vocabulary decides first, then the shape of what stands below."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from apps.plans.reading.outline import BOLD_LEVEL, CAPITALS_LEVEL, COLON_LEVEL, Section
from apps.plans.reading.pieces import split_label, whole
from apps.plans.reading.wording import Wording, fold

_ORDINAL = re.compile(r"^(?:\d{1,2}|[ivx]{1,4}|[a-e]|one|two|three|four|five|six|zero)$")
# Parts whose subsections are their groups or records: an unknown heading below them stays with them.
_INHERIT = frozenset(
    {
        "kpis", "segments", "segments_primary", "segments_secondary", "channels", "key_messages", "calendar",
        "checklist", "trainings", "education", "enablement", "support", "monitoring", "routines", "mitigations",
        "rollback", "rollback_criteria", "rollback_steps", "recognitions", "stories", "improvements", "phases",
        "reviews",
    }
)  # fmt: skip
# What a heading below a phase or a segment tells about it rather than opening a part of its own.
# Topics whose boxes to tick are work of the launch: sign-offs, gates, what must be there first.
_TOPICS_OF_WORK = frozenset({"readiness", "legal", "dependencies", "people"})
_INSIDE = frozenset({"kpis", "checklist", "segments", "calendar", "channels", "rollback_criteria", "mitigations",
                     "key_messages", "overview", "improvements", "monitoring", "support"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """What a section is. `kind` is a section kind of the vocabulary, or one of

    phase, review, segment, document (the title), topic (kept as notes), inside (part of the record above),
    unknown. `group` is the heading that groups records; `sure` says the vocabulary knew it outright.
    """

    kind: str
    group: str = ""
    sure: bool = False


@lru_cache(maxsize=8192)
def phase_mark(wording: Wording, text: str) -> tuple[str, str] | None:
    """`Phase 2: Beta` -> ("phase", "2"); a stage name such as "Private beta" -> ("stage", "private beta")."""
    words = fold(text).split(" ")
    nouns = wording.words.get("phase_nouns", frozenset())
    for length in (2, 1):
        if len(words) > length and " ".join(words[:length]) in nouns and _ORDINAL.match(words[length]):
            return words[length - 1], words[length]
    glued = re.match(r"([^\W\d_]+)(\d{1,2})(?!\d)", words[0])
    if glued and glued[1] in nouns:
        return glued[1], glued[2]
    # German and Japanese kin: "1. Phase", "第1段階".
    match = re.match(r"(?:第)?(\d{1,2})\.?\s*(\w+)", text.strip())
    if match and any(fold(match[2]).startswith(noun) for noun in nouns if noun):
        return "phase", match[1]
    stages = wording.words.get("stage_names", frozenset())
    head = re.split(r"[:：(（\[]|\s[-–—]\s|,", text.strip(), maxsplit=1)[0]
    for candidate in (fold(head), fold(text)):
        if candidate in stages:
            return "stage", candidate
        short = " ".join(word for word in candidate.split(" ") if word not in wording.filler)
        if short in stages:
            return "stage", short
    if len(words) <= 7:
        for length in (3, 2):
            for start in range(len(words) - length + 1):
                if " ".join(words[start : start + length]) in stages:
                    return "stage", " ".join(words[start : start + length])
    return None


def recognise(root: Section, wording: Wording) -> dict[int, Role]:
    """A role for every section, by its index."""
    roles: dict[int, Role] = {0: Role("document")}
    tops = [section for section in root.sections if section.heading is not None and section.level == 1]
    waiting = [(section, roles[0]) for section in reversed(root.sections)]
    while waiting:
        section, above = waiting.pop()
        if section.level == 1 and len(tops) == 1 and section is tops[0] and not root_is_flat(section):
            role = Role("document")
        else:
            role = _role(section, above, wording)
        roles[section.index] = role
        waiting.extend((child, role) for child in reversed(section.sections))
    return roles


def root_is_flat(section: Section) -> bool:
    """A lone level-one heading that has no headings below it and siblings beside it is not the title."""
    parent = section.parent
    return (
        parent is not None
        and not section.sections
        and len(parent.sections) > 1
        and parent.sections[0] is not section
    )


def _role(section: Section, above: Role, wording: Wording) -> Role:
    text = section.text
    matches = wording.match(text)
    best = matches[0] if matches else None
    sure = best is not None and best.strength >= 0.9
    mark = phase_mark(wording, text)

    if above.kind in ("phase", "inside", "review", "segment"):
        if sure and best is not None and not best.topic and best.strength >= 0.95 and best.kind == "history":
            return Role("history", sure=True)
        if (
            section.level in (CAPITALS_LEVEL, BOLD_LEVEL)
            and sure
            and best is not None
            and best.kind not in _INSIDE
            and not best.topic
        ):
            return Role(best.kind, sure=True)
        return Role("inside", text)
    if above.kind == "topic":
        if (
            sure
            and best is not None
            and not best.topic
            and not mark
            and best.kind in ("history", "kpis", "rollback_criteria")
        ):
            return Role(best.kind, sure=True)
        return Role("topic", text)
    if mark and above.kind in ("phases", "document", "unknown", "overview", "marketing", "calendar"):
        if mark[0] != "stage" or above.kind == "phases":
            if above.kind == "phases" or _speaks_of_phase(section, wording):
                return Role("phase", sure=above.kind == "phases")
        elif not sure and _speaks_of_phase(section, wording):
            return Role("phase")
    if best is not None and best.topic and best.strength >= 0.6 and not _rescued(matches):
        if above.kind in _INHERIT and best.strength < 0.9:
            return Role(above.kind, text)
        if best.kind in _TOPICS_OF_WORK and _is_boxed(section):
            return Role("checklist", text)
        return Role("topic", text, sure)
    if best is not None and best.topic:
        best = next((match for match in matches if not match.topic), None)
    if above.kind == "phases":
        return _below_phases(section, best, wording)
    if above.kind == "reviews":
        if best is not None and best.strength >= 0.9 and best.kind not in ("reviews", "kpis", "overview"):
            return Role(best.kind, sure=True)
        return Role("review", text)
    if above.kind in ("segments", "segments_primary", "segments_secondary"):
        ranked = _ranked(text, wording)
        if ranked is not None:
            return Role(ranked, text, True)
        if best is not None and best.strength >= 0.8:
            if best.kind.startswith("segments"):
                return Role(best.kind, text, True)
            if best.strength >= 0.95 and best.kind not in ("kpis", "overview"):
                return Role(best.kind, sure=True)
        return Role("segment", above.group)
    if above.kind in ("calendar", "checklist"):
        if _is_boxed(section):
            return Role(above.kind, text)
        if (
            best is not None
            and best.strength >= 0.9
            and best.kind not in ("calendar", "checklist", "phases", "reviews")
        ):
            return Role(best.kind, sure=True)
        return Role(above.kind, text)
    if above.kind == "kpis" and best is not None:
        if (
            best.kind in ("kpis", "overview", "segments", "support", "channels", "marketing")
            or best.strength < 0.85
        ):
            return Role("kpis", text)
    if above.kind in ("rollback", "rollback_criteria", "rollback_steps", "mitigations") and best is not None:
        if (
            best.kind not in ("rollback", "rollback_criteria", "rollback_steps", "mitigations")
            and best.strength < 0.9
        ):
            return Role(above.kind, text)
    if above.kind == "rollback" and not sure and not (best is not None and best.kind.startswith("rollback_")):
        part = _rollback_part(text, wording)
        if part is not None:
            return Role(part, sure=True)
    if best is not None and best.strength >= 0.45:
        return Role(best.kind, "" if sure else text, sure)
    if above.kind in _INHERIT:
        return Role(above.kind, text)
    if best is not None and best.strength >= 0.38 and section.level != COLON_LEVEL:
        return Role(best.kind, text)
    if _is_clocked(section):
        return Role("calendar", text)
    if _holds_key_results(section):
        return Role("kpis", text)
    if _is_boxed(section):
        return Role("checklist", text)
    return Role("unknown", text)


def _ranked(text: str, wording: Wording) -> str | None:
    """`2.1 Primary` below "Audience" heads the segments of that rank."""
    if wording.has("primary", text):
        return "segments_primary"
    if wording.has("secondary", text) or wording.has("tertiary", text):
        return "segments_secondary"
    return None


def _rollback_part(text: str, wording: Wording) -> str | None:
    """Below a way back, `We stop if any of:` heads criteria and `Then:` heads steps."""
    if wording.holds("if_words", text):
        return "rollback_criteria"
    return "rollback_steps" if wording.holds("then_words", text) else None


def _rescued(matches: tuple[Any, ...]) -> bool:
    """A topic word beside an equally strong part ("Scope and success metrics") gives way to the part."""
    first = matches[0]
    return any(not match.topic and match.strength >= first.strength - 0.05 for match in matches[1:])


def _below_phases(section: Section, best: object, wording: Wording) -> Role:
    strength = getattr(best, "strength", 0.0)
    kind = getattr(best, "kind", "")
    if (
        kind
        and strength >= 0.85
        and kind not in ("phases", "overview", "segments", "reviews", "checklist", "calendar")
    ):
        return Role(kind, sure=True)
    if kind == "phases" and strength >= 0.5:
        return Role("phases", section.text)
    if kind in ("overview", "reviews") and strength >= 0.85:
        return Role(kind, sure=True)
    if kind in ("calendar", "checklist") and strength >= 0.85 and not _speaks_of_phase(section, wording):
        return Role(kind, "" if strength > 0.9 else section.text, True)
    if section.level == COLON_LEVEL:
        return Role("phases", section.text)
    # In a part whose headings are the phases, one with nothing below it is a phase all the same.
    empty = not section.blocks and not section.sections
    if empty or _speaks_of_phase(section, wording) or _has_time(section):
        return Role("phase")
    return Role("phases", section.text)


_TIMEISH = re.compile(
    r"\b(?:week|weeks|day|days|month|q[1-4]|t[-+]\s?\d|d[-+]\s?\d|\d{4}-\d{2})\b", re.IGNORECASE
)


# Times on the launch's own clock: a list of them is a calendar, whatever it is called.
_CLOCK = re.compile(
    r"[\W_]*(?:t|d|w|l|week|day|launch)\s?[-+−–]\s?\d|[\W_]*t\s?minus\s\d|[\W_]*\d{1,2}[:.]\d\d\b",
    re.IGNORECASE,
)
_ENOUGH_CLOCKED = 0.6


def _is_clocked(section: Section) -> bool:
    """Whether most of what stands below begins with a time before or after launch."""
    entries = [block for block in section.blocks if block.kind in ("item", "row")]
    told = sum(bool(_CLOCK.match(block.text, block.body)) for block in entries)
    return told >= 2 and told >= _ENOUGH_CLOCKED * len(entries)


# `KR2: trial conversion from 14% to 20%`
_KEY_RESULT = re.compile(r"[\W_]*(?:KR|key result)\s?\d", re.IGNORECASE)


def _holds_key_results(section: Section) -> bool:
    """Whether all of what stands below is numbered as key results: the heading is their objective."""
    entries = [block for block in section.blocks if block.kind in ("item", "row")]
    return bool(entries) and all(_KEY_RESULT.match(block.text, block.body) for block in entries)


def _is_boxed(section: Section) -> bool:
    """Whether what stands below are boxes to tick: work, whatever the heading calls it."""
    entries = [block for block in section.blocks if block.kind == "item"]
    return len(entries) >= 2 and all(block.checked is not None for block in entries if block.parent is None)


def _has_time(section: Section) -> bool:
    return bool(_TIMEISH.search(section.text))


def _speaks_of_phase(section: Section, wording: Wording) -> bool:
    """Whether what stands below tells of an audience, a goal, targets or a percent."""
    if "%" in section.text and section.level != COLON_LEVEL:
        return True
    found = 0
    for block in section.blocks[:12]:
        if block.kind not in ("item", "paragraph"):
            continue
        piece = whole(block)
        for raw_start, raw_end in _line_spans(block.text, block.body):
            label, _ = split_label(type(piece)(block, raw_start, raw_end))
            if label is None:
                continue
            fields = wording.fields(label.clean)
            if "audience" in fields or "rollout" in fields:
                found += 2
            elif "goal" in fields or "targets" in fields or "when" in fields or "duration" in fields:
                found += 1
    for child in section.sections[:8]:
        fields = wording.fields(child.text)
        found += 1 if {"audience", "rollout", "goal", "targets"} & set(fields) else 0
    if found >= 2:
        return True
    return any("%" in block.text for block in section.blocks[:6] if block.kind in ("item", "paragraph"))


def _line_spans(text: str, start: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    while start < len(text) and len(spans) < 8:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        spans.append((start, end))
        start = end + 1
    return spans
