"""The map of a document that the writer works on: its lines, and for every record where its facts stand."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from apps.plans.reading.merging import SPLIT
from apps.plans.reading.model import Reading, Record, Slot

VERSION = 1


@dataclass(frozen=True, slots=True)
class Laid:
    """A record as the document tells it. `key` is stable; `fields` are as read, before any answer."""

    key: str
    kind: str
    title: str
    group: str
    fields: dict[str, Any]
    lines: tuple[int, int]
    extent: tuple[int, int]
    claims: tuple[tuple[int, int], ...]
    slots: tuple[Slot, ...]
    labels: dict[str, str]
    shape: str
    section: int | None
    parent: str | None = None
    mirrors: tuple[Laid, ...] = ()

    def slot(self, name: str, part: int = 0) -> Slot | None:
        return next((slot for slot in self.slots if slot.field == name and slot.part == part), None)

    def slots_of(self, name: str) -> list[Slot]:
        return [slot for slot in self.slots if slot.field == name]


@dataclass(frozen=True, slots=True)
class Place:
    """A section of the document: its heading's line (0 for none), its last line and what it was read as."""

    index: int
    level: int
    role: str
    title: str
    first: int
    last: int
    parent: int | None


@dataclass(slots=True)
class Layout:
    """A document with its records in it. `lines` keep their own line ends."""

    language: str
    lines: list[str]
    bom: bool
    records: list[Laid]
    sections: list[Place] = field(default_factory=list)

    @classmethod
    def of(cls, reading: Reading) -> Layout:
        """The layout of a document as it was just read."""
        keys = {id(record): record.key for record in reading.records}
        laid = [
            _laid(record, keys[id(reading.records[record.parent])] if record.parent is not None else None)
            for record in reading.records
            if record.shape != SPLIT
        ]
        return cls(
            language=reading.language,
            lines=list(reading.lines),
            bom=reading.bom,
            records=laid,
            sections=[Place(**place) for place in reading.sections],
        )

    @property
    def source(self) -> str:
        """The document, byte for byte."""
        return ("\ufeff" if self.bom else "") + "".join(self.lines)

    @property
    def newline(self) -> str:
        """The line end the document uses."""
        for line in self.lines:
            if line.endswith("\r\n"):
                return "\r\n"
            if line.endswith(("\n", "\r")):
                return line[-1]
        return "\n"

    def record(self, key: str) -> Laid | None:
        return next((laid for laid in self.records if laid.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """For a JSON column; `from_json` is its inverse."""
        return {
            "version": VERSION,
            "language": self.language,
            "lines": self.lines,
            "bom": self.bom,
            "records": [_to_json(laid) for laid in self.records],
            "sections": [asdict(place) for place in self.sections],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Layout:
        """Raises KeyError, TypeError or ValueError for what `to_json` did not make."""
        if values["version"] != VERSION:
            raise ValueError(f"A layout of version {values['version']} cannot be read.")
        return cls(
            language=values["language"],
            lines=list(values["lines"]),
            bom=values["bom"],
            records=[_from_json(laid) for laid in values["records"]],
            sections=[Place(**place) for place in values["sections"]],
        )


def _laid(record: Record, parent: str | None) -> Laid:
    title = record.as_read.get("title", record.title)
    fields = {**copy.deepcopy(record.fields), **copy.deepcopy(dict(record.as_read))}
    fields.pop("title", None)
    return Laid(
        key=record.key,
        kind=record.kind,
        title=title,
        group=record.group,
        fields=fields,
        lines=record.lines,
        extent=record.extent if record.extent[0] else record.lines,
        claims=tuple(record.spans),
        slots=tuple(record.slots),
        labels=dict(record.labels),
        shape=record.shape,
        section=record.section,
        parent=parent,
        mirrors=tuple(_laid(mirror, parent) for mirror in record.mirrors),
    )


def _to_json(laid: Laid) -> dict[str, Any]:
    values = {name: getattr(laid, name) for name in Laid.__slots__}
    values["lines"] = list(laid.lines)
    values["extent"] = list(laid.extent)
    values["claims"] = [list(claim) for claim in laid.claims]
    values["slots"] = [
        [slot.field, slot.line, slot.start, slot.last, slot.end, slot.prefix, slot.part]
        for slot in laid.slots
    ]
    values["mirrors"] = [_to_json(mirror) for mirror in laid.mirrors]
    return values


def _from_json(values: Mapping[str, Any]) -> Laid:
    return Laid(
        **{
            **values,
            "lines": tuple(values["lines"]),
            "extent": tuple(values["extent"]),
            "claims": tuple(tuple(claim) for claim in values["claims"]),
            "slots": tuple(Slot(*slot) for slot in values["slots"]),
            "mirrors": tuple(_from_json(mirror) for mirror in values["mirrors"]),
        }
    )
