"""Which records are siblings in the document, in what order they stand, and where a new one goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.live import Live

MOVABLE = frozenset({"item", "row", "line", "heading"})


@dataclass
class Siblings:
    """Records of one kind that stand beside one another in one list, table or run of headings."""

    kind: str
    group: str
    section: int | None
    shape: str
    laid: list[Laid] = field(default_factory=list)


def families(layout: Layout) -> list[Siblings]:
    """Every run of siblings in the document."""
    found: list[Siblings] = []
    by_place: dict[tuple[object, ...], Siblings] = {}
    for laid in layout.records:
        if laid.kind in ("note", "heading", "rollout_step"):
            continue
        place = (laid.kind, laid.shape, laid.group, _section(layout, laid), _indent(layout, laid))
        family = by_place.get(place)
        if family is None:
            family = by_place[place] = Siblings(laid.kind, laid.group, laid.section, laid.shape)
            found.append(family)
        family.laid.append(laid)
    return found


def _section(layout: Layout, laid: Laid) -> int | None:
    """Records that are headings stand in the section above their own."""
    if laid.shape != "heading" or laid.section is None:
        return laid.section
    place = next((place for place in layout.sections if place.index == laid.section), None)
    return place.parent if place is not None else None


def _indent(layout: Layout, laid: Laid) -> int:
    if laid.shape == "item":
        line = layout.lines[laid.extent[0] - 1]
        return len(line) - len(line.lstrip())
    return 0


def disjoint(family: Siblings) -> bool:
    """Whether every sibling has lines of its own, so that they can change places."""
    last = 0
    for laid in sorted(family.laid, key=lambda one: one.extent):
        if laid.extent[0] <= last:
            return False
        last = laid.extent[1]
    return family.shape in MOVABLE


def home(found: Sequence[Siblings], live: Live, neighbours: Sequence[Live]) -> Siblings | None:
    """The family a new record joins: its kind and group, nearest to the records around it."""
    own = [family for family in found if family.kind == live.kind and family.shape in MOVABLE]
    grouped = [family for family in own if family.group == live.group]
    candidates = grouped or ([] if live.kind in ("kpi", "segment") and live.group else own)
    if not candidates:
        return None
    before = [one.key for one in neighbours if one.position <= live.position]
    for key in reversed(before):
        for family in candidates:
            if any(laid.key == key for laid in family.laid):
                return family
    return candidates[0] if neighbours and not before else candidates[-1]
