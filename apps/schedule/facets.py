"""The field "when" that dated kinds have: read, written and stored as a placement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.core.vocabulary import load
from apps.launches.kinds import Kind
from apps.launches.models import LaunchRecord
from apps.schedule.schemas import ACCEPTED_WHEN, PLACEMENT, WHEN_JSON
from apps.schedule.services import hanging, placing
from apps.schedule.standing import standing_of
from apps.schedule.when import When, format_when, parse_when

# In what these kinds count when a time says "Week 2" and not more.
_CLOCKS: dict[str, Literal["launch_day", "rollout_start"]] = {"phase": "rollout_start"}
# "Weeks 5-2", "2026-05-04 to 2026-03-01": what stands before, one end, what is between, the other, the rest.
_NUMBERS = re.compile(r"(.*?)([+-]?\d+)(\s*(?:-|–|—|to|until)\s*)([+-]?\d+)(.*)", re.IGNORECASE)
_DATES = re.compile(r"()(.*?\d.*?)(\s*(?:\s[-–—]\s|\bto\b|\buntil\b)\s*)(.*\d.*)()", re.IGNORECASE)


class WhenFacet:
    """When a record happens. JSON is `When.to_json()` or None."""

    name = "when"
    label = "When"
    help_text = "For example: Week -2, T-5 days, 30 days after launch, 2026-03-04, 2026-03-04 15:00"
    multiline = False
    json_schema = WHEN_JSON
    accepted_schema = ACCEPTED_WHEN
    consequence_name = "placement"
    consequence_schema: ClassVar[Mapping[str, Any]] = PLACEMENT

    def prefetch(self, records: Sequence[LaunchRecord]) -> None:
        placing.prefetch(records)

    def value(self, record: LaunchRecord) -> Any:
        when = placing.when_of(placing.find(record))
        return when.to_json() if when else None

    def written(self, record: LaunchRecord) -> str:
        when = placing.when_of(placing.find(record))
        return "" if when is None else when.text or format_when(when)

    def parse(self, text: str, record_kind: Kind) -> Any:
        text = text.strip()
        if not text:
            return None
        if "\x00" in text or len(text) > 200:
            raise Invalid("Write a time in at most 200 characters.", field="when")
        when = parse_when(text, vocab=load("en"), default_anchor=_CLOCKS.get(record_kind.key, "launch_day"))
        if when is None:
            turned = _turned(text, record_kind)
            if turned:
                raise Invalid(
                    f"“{text[:80]}” ends before it starts. Write “{turned}”?", code="backwards", field="when"
                )
            raise Invalid(
                f"“{text[:80]}” is not a time I can read. {self.help_text}.", code="when", field="when"
            )
        if when.missing_year:
            raise Invalid(f"Which year is “{text[:80]}”? Write it as 2026-03-04.", code="year", field="when")
        return when.to_json()

    def accept(self, value: Any, record_kind: Kind) -> Any:
        if value is None or isinstance(value, str):
            return self.parse(value or "", record_kind)
        if not isinstance(value, dict):
            raise Invalid("Write “when” as text or as an object.", field="when")
        said = {name for name, part in value.items() if part not in (None, "", False, [])}
        if said <= {"text"} and isinstance(value.get("text", ""), str):
            return self.parse(value.get("text", ""), record_kind)
        when = _when(value)
        if when is not None and when.missing_year:
            raise Invalid("Which year is it? Write the date as 2026-03-04.", code="year", field="when")
        if when is not None and when.offset is not None and when.anchor is None:
            value = {**value, "anchor": _CLOCKS.get(record_kind.key, "launch_day")}
        placing.columns_of(when)
        return value

    def consequence(self, record: LaunchRecord) -> Any:
        placement = placing.find(record)
        if placement is None:
            return None
        return {
            "id": placement.pk,
            "version": placement.version,
            "starts_on": placement.starts_on,
            "ends_on": placement.ends_on,
            "starts_at": placement.starts_at,
            "ends_at": placement.ends_at,
            "state": placement.state,
            "standing": standing_of(placement),
            "blocked_by": placement.blocked_by,
        }

    def tag(self, record: LaunchRecord) -> str:
        placement = placing.find(record)
        return f"{placement.version}.{standing_of(placement)}" if placement else ""

    def store(self, record: LaunchRecord, value: Any, *, actor: Actor) -> bool:
        if value is None and placing.find(record) is None:
            return False
        return placing.place_record(actor=actor, record=record, when=_when(value))

    def store_many(self, records: Sequence[LaunchRecord], values: Sequence[Any], *, actor: Actor) -> None:
        placing.place_new(records=records, whens=[_when(value) for value in values])

    def refresh(self, record: LaunchRecord) -> None:
        placing.copy_from(record)

    def remove(self, record: LaunchRecord) -> None:
        placement = placing.find(record)
        if placement is not None:
            hanging.let_go_of(placement)
            placement.delete()


def _turned(text: str, record_kind: Kind) -> str:
    """The text with the ends of its range swapped, if it is a time then; else empty."""
    for pattern in (_NUMBERS, _DATES):
        ends = pattern.fullmatch(text)
        if ends is None:
            continue
        swapped = f"{ends[1]}{ends[4].strip()}{ends[3]}{ends[2].strip()}{ends[5]}"
        clock = _CLOCKS.get(record_kind.key, "launch_day")
        if parse_when(swapped, vocab=load("en"), default_anchor=clock) is not None:
            return swapped
    return ""


def _when(value: Any) -> When | None:
    try:
        return When.from_json(value) if value else None
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("“when” is not a time as this portal writes it.", field="when") from error


WHEN = WhenFacet()
