"""The overview of a plan: which of its lines are the launch's own fields, and which are facts beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.core.fields import BODY, LINE
from apps.launches.models import Launch
from apps.plans.mapping.directory import Directory
from apps.plans.reading import Question, Reading, Record
from apps.plans.reading.pieces import placeholder

# The overview's keys that are columns of the launch, with the longest value each can hold.
ON_LAUNCH = {
    "name": 300,
    "launch_type": LINE,
    "target_audience": 2000,
    "owner": 200,
    "launch_date": 200,
    "rollout_start": 200,
}
UNNAMED = "Untitled launch"
_FUZZY = re.compile(r"\d{4}(-H[12]|-Q[1-4]|-(0[1-9]|1[0-2]))?")


@dataclass
class LaunchFacts:
    """`values` for the launch's columns; `on_launch` maps the index of a fact to the overview key it is."""

    values: dict[str, Any]
    on_launch: dict[int, str] = field(default_factory=dict)

    def values_for(self, launch: Launch) -> dict[str, Any]:
        """What fills an empty launch: never what somebody has set already, but always the name."""
        kept = {}
        for name, value in self.values.items():
            stored = getattr(launch, name)
            if name == "launch_day_fuzzy" and launch.launch_day:
                continue
            if name == "name" or (value not in (None, "") and stored in (None, "")):
                kept[name] = value
        if kept.get("launch_day"):
            kept["launch_day_fuzzy"] = ""
        return kept


def launch_facts(
    reading: Reading,
    directory: Directory,
    *,
    name: str | None = None,
    launch_day: date | None = None,
    rollout_start: date | None = None,
) -> LaunchFacts:
    """What the plan says of the launch as a whole. Given dates and names go before the document's."""
    facts = LaunchFacts(values={})
    found: dict[str, str] = {}
    for index, record in enumerate(reading.records):
        key = record.fields.get("key") if record.kind == "overview" else None
        if key in ON_LAUNCH and key not in found:
            value = str(record.fields.get("value") or "")
            if len(value) <= ON_LAUNCH[key] and "\n" not in value:
                found[key] = value
                facts.on_launch[index] = key
    facts.values["name"] = " ".join(name.split())[:300] if name else name_of(reading)
    facts.values["launch_type"] = found.get("launch_type", "")
    facts.values["target_audience"] = found.get("target_audience", "")
    owner = found.get("owner", "").strip()
    person = directory.person(owner) if owner else None
    if person is not None:
        facts.values["owner"] = person
    elif owner:
        facts.values["owner_name"] = owner
    day, fuzzy = exact_or_fuzzy(reading.launch_day)
    facts.values["launch_day"] = launch_day or day
    facts.values["launch_day_fuzzy"] = "" if facts.values["launch_day"] else fuzzy
    facts.values["rollout_start"] = rollout_start or exact_or_fuzzy(reading.rollout_start)[0]
    return facts


def name_of(reading: Reading) -> str:
    """What the launch is called; a placeholder is no name."""
    name = " ".join(reading.name.split())[:300]
    return UNNAMED if not name or placeholder(name) is not None else name


def exact_or_fuzzy(text: str | None) -> tuple[date | None, str]:
    """A date as far as it is known: the day, or "2026-H1", "2026-Q1", "2026-03", "2026"."""
    if not text:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, text if _FUZZY.fullmatch(text) else ""


def settled_by_date(question: Question, *, launch_day: date | None, rollout_start: date | None) -> bool:
    """Whether a date given beside the document answers a question that the document leaves open."""
    given = {"launch_day": launch_day, "rollout_start": rollout_start}
    return given.get(question.kind) is not None or given.get(question.field) is not None


def fact_values(record: Record) -> dict[str, Any]:
    """Values of a fact that has no column of its own."""
    value = str(record.fields.get("value") or "")
    title = " ".join((record.title or value or "Fact").split())
    if len(title) > LINE:
        value = f"{record.title}\n{value}".strip()
        title = title[: LINE - 1] + "…"
    return {"title": title, "text": value[:BODY], "group": record.group[:300]}


def launch_value(launch: Launch, key: str) -> str:
    """What the launch says today for an overview key, as a document writes it."""
    if key == "owner":
        return str(launch.owner) if launch.owner else launch.owner_name
    if key == "launch_date":
        return launch.launch_day.isoformat() if launch.launch_day else launch.launch_day_fuzzy
    if key == "rollout_start":
        return launch.rollout_start.isoformat() if launch.rollout_start else ""
    return str(getattr(launch, key))
