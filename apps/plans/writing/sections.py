"""New sections for records of a kind or group the document does not have yet, where they would be looked for."""

from __future__ import annotations

from collections import Counter

from apps.plans.writing.layout import Layout, Place
from apps.plans.writing.live import Live
from apps.plans.writing.sheet import Sheet
from apps.plans.writing.words import SECTION_OF, section_heading

_TITLED = ("document", "unknown")


class SectionMaker:
    """Collects new records by section and writes each section once."""

    def __init__(self, layout: Layout, sheet: Sheet) -> None:
        self.layout = layout
        self.sheet = sheet
        self._new: dict[tuple[str, str], list[list[str]]] = {}

    @property
    def depth(self) -> int:
        """The heading level of the document's parts."""
        levels = Counter(
            place.level
            for place in self.layout.sections
            if place.first and place.level < 7 and place.role not in _TITLED
        )
        return min(levels) if levels else 2

    def add(self, live: Live, lines: list[str]) -> None:
        group = live.group if live.kind in ("kpi", "segment") else ""
        self._new.setdefault((live.kind, group), []).append(lines)

    def write(self) -> None:
        tops: set[str] = set()
        for (kind, group), records in self._new.items():
            own = self._own(kind)
            lines: list[str] = [""]
            if own is None or not group:
                if kind not in tops:
                    lines += [f"{'#' * self.depth} {section_heading(self.layout.language, kind)}", ""]
                tops.add(kind)
                level = self.depth + 1
            else:
                level = own.level if own.title and self._grouped(own) else min(own.level + 1, 6)
            if group:
                lines += [f"{'#' * level} {_group_heading(self.layout.language, kind, group)}", ""]
            for record in records:
                lines += [*record, ""] if record[0].startswith("#") else record
            lines.append("")
            self.sheet.add_after(own.last if own is not None and group else self._end(), lines)

    def _own(self, kind: str) -> Place | None:
        """The last section that holds records of the kind."""
        sections = {laid.section for laid in self.layout.records if laid.kind == kind}
        found = [place for place in self.layout.sections if place.index in sections and place.level < 7]
        return found[-1] if found else None

    def _grouped(self, place: Place) -> bool:
        above = next((other for other in self.layout.sections if other.index == place.parent), None)
        return above is not None and above.role not in _TITLED and above.index != 0

    def _end(self) -> int:
        """The line behind which a new part goes: before the history and the rule above it, else the last."""
        last = len(self.layout.lines)
        history = [place for place in self.layout.sections if place.role == "history" and place.first]
        if history:
            last = history[0].first - 1
            while last > 0 and (
                not self.sheet.text(last).strip() or set(self.sheet.text(last).strip()) <= set("-*_ ")
            ):
                last -= 1
        return last


def _group_heading(language: str, kind: str, group: str) -> str:
    if kind == "segment":
        from apps.plans.reading.wording import table
        from apps.plans.writing.words import titled

        phrases = table(language).get("sections", {}).get(f"segments_{group}") or table("en")["sections"].get(
            f"segments_{group}"
        )
        return titled(phrases[0], language) if phrases else group
    return group


__all__ = ["SECTION_OF", "SectionMaker"]
