"""How the writer names fields and sections where the document itself gives no example."""

from __future__ import annotations

from functools import lru_cache

from apps.plans.reading.extract.simple import CRITERION_KINDS
from apps.plans.reading.schemas import SCHEMAS, field_for
from apps.plans.reading.wording import table, wording

# Record kind -> section kinds of the vocabulary a new section for it is headed by.
SECTION_OF = {
    "overview": "overview",
    "phase": "phases",
    "rollout_step": "phases",
    "key_message": "key_messages",
    "channel": "channels",
    "calendar_entry": "calendar",
    "segment": "segments",
    "kpi": "kpis",
    "training": "trainings",
    "education": "education",
    "enablement": "enablement",
    "support": "support",
    "monitoring": "monitoring",
    "routine": "routines",
    "rollback_criterion": "rollback_criteria",
    "rollback_step": "rollback_steps",
    "mitigation": "mitigations",
    "review": "reviews",
    "recognition": "recognitions",
    "story": "stories",
    "improvement": "improvements",
    "history": "history",
}
# Generic labels to try first for a field, where the schema allows several.
_FIRST = {
    "when": ("when", "date"),
    "starts": ("starts", "when"),
    "targets": ("targets",),
    "target": ("target",),
    "resource_type": ("resource_type",),
    "done": ("status",),
    "text": ("text",),
}
_PREFERRED = {
    ("en", "targets"): "success metrics",
    ("en", "rollout"): "rollout",
    ("en", "target"): "target",
    ("en", "pain_point"): "pain point",
    ("en", "value_proposition"): "value prop",
    ("en", "when"): "when",
    ("en", "deadline_minutes"): "deadline",
}
_ALIASES = {"deadline_minutes": "deadline"}


@lru_cache(maxsize=512)
def field_label(language: str, kind: str, name: str) -> str | None:
    """A label in the language that the reader takes for this field of this kind; None if it has none."""
    words = wording(language)
    wanted = _ALIASES.get(name, name)
    schema = SCHEMAS.get(kind, {})
    generics = [generic for generic, target in schema.items() if target == wanted]
    generics.sort(key=lambda generic: generic not in _FIRST.get(wanted, (wanted,)))
    for code in dict.fromkeys((language, "en")):
        preferred = _PREFERRED.get((code, name))
        if preferred and field_for(words, kind, preferred) == wanted:
            return titled(preferred, code)
        labels = table(code).get("labels", {})
        for generic in generics:
            for phrase in labels.get(generic, ()):
                if field_for(words, kind, phrase) == wanted and len(phrase) > 1:
                    return titled(phrase, code)
    return None


@lru_cache(maxsize=256)
def section_heading(language: str, kind: str) -> str:
    """A heading under which the reader finds records of this kind."""
    section = SECTION_OF[kind]
    for code in dict.fromkeys((language, "en")):
        for phrase in table(code).get("sections", {}).get(section, ()):
            matches = wording(language).match(phrase)
            if matches and matches[0].kind == section:
                return titled(phrase, code)
    return section.replace("_", " ").title()


def titled(phrase: str, language: str) -> str:
    """A phrase of the vocabulary as it stands in a document."""
    if language == "en":
        return " ".join(
            word if word in ("and", "of", "to", "in", "for") else _capital(word) for word in phrase.split()
        )
    return phrase[:1].upper() + phrase[1:]


def _capital(word: str) -> str:
    return (
        word.upper() if word in ("kpi", "kpis", "icp", "ga", "faq", "okrs") else word[:1].upper() + word[1:]
    )


__all__ = ["CRITERION_KINDS", "SECTION_OF", "field_label", "section_heading", "titled"]
