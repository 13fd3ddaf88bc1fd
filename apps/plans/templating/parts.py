"""The parts of a template's document, as `document` reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Role:
    """Who owns what, without saying who it is: a part in the launch and a team (its slug, empty for none)."""

    key: str
    label: str
    role: str
    team: str = ""


@dataclass(frozen=True)
class Offset:
    """A place without dates. `anchor` "record" hangs on the record at index `on`; "none" says no date."""

    anchor: str
    unit: str = ""
    offset: int | None = None
    end_offset: int | None = None
    open_ended: bool = False
    time: str = ""
    zone: str = ""
    precision: str = ""
    landing: str = "keep"
    wording: str = ""
    on: int | None = None


@dataclass(frozen=True)
class Entry:
    """One record. `fields` holds JSON values; another record is {"record": index}, a team {"team": slug}."""

    kind: str
    fields: Mapping[str, Any]
    facets: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    when: Offset | None = None
    checklist: Sequence[str] = ()
    links: Sequence[Mapping[str, str]] = ()
    reviewers: Sequence[str] = ()
    parts: Sequence[str] = ()

    @property
    def title(self) -> str:
        return str(self.fields.get("title", ""))


@dataclass(frozen=True)
class GateEntry:
    phase: int
    title: str
    text: str = ""
    check: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Rule:
    """Whose approval a channel wants: steps as {"role": key} or {"team": slug, "needed": n}."""

    channel: int
    in_order: bool = False
    steps: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Wait:
    before: int
    after: int
    lag: int = 0
    on_move: str = "push"
