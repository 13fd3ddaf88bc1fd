"""One attempt at writing the document: patches, removals, new records and the new order, on one sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from apps.plans.writing import escaping, ladders, rendering
from apps.plans.writing.expressing import expressed
from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.live import Live, changed_fields, tidy
from apps.plans.writing.patching import Patcher
from apps.plans.writing.placing import Siblings, disjoint, families, home
from apps.plans.writing.sections import SectionMaker
from apps.plans.writing.shapes import ItemStyle, header_cells, item_style, nested_style, row_text, table_rows
from apps.plans.writing.sheet import Sheet
from apps.plans.writing.words import field_label

# How hard to try: patch in place, write anew in the siblings' shape, write anew with every field told, and with
# every mark of its name escaped and its description under a label.
PATCH, ANEW, SAFE, EXACT = 0, 1, 2, 3


@dataclass
class Attempt:
    """What earlier attempts taught: per record how hard to try, and which derived fields to tell outright."""

    levels: dict[str, int] = field(default_factory=dict)
    explicit: dict[str, frozenset[str]] = field(default_factory=dict)

    def level(self, key: str) -> int:
        return self.levels.get(key, PATCH)

    def told(self, key: str) -> frozenset[str]:
        return self.explicit.get(key, frozenset())


@dataclass
class _Row:
    """A table row to be added, rendered when all columns are known."""

    line: int
    cells: list[str]
    extra: dict[str, str]


class Composer:
    def __init__(self, layout: Layout, lives: Sequence[Live], attempt: Attempt) -> None:
        self.layout = layout
        self.language = layout.language
        self.attempt = attempt
        self.sheet = Sheet(layout.lines, layout.newline)
        self.patcher = Patcher(layout, self.sheet)
        self.families = families(layout)
        self.sections = SectionMaker(layout, self.sheet)
        self.lives = [live for live in lives if live.kind not in ("note", "heading")]
        self.laid = {laid.key: laid for laid in layout.records if laid.kind not in ("note", "heading")}
        self.by_key = {live.key: live for live in self.lives}
        self.steps = _steps(self.lives)

    def text(self) -> str:
        kept, fresh = self._sorted_out()
        for laid in self.laid.values():
            if laid.kind != "rollout_step" and laid.key not in kept:
                self._remove(laid)
        for key in kept:
            self._change(self.laid[key], self.by_key[key])
        self._ladders(kept)
        self._arrange(kept, fresh)
        self.patcher.additions.write_columns()
        self.sections.write()
        return ("\ufeff" if self.layout.bom else "") + self.sheet.render()

    def _sorted_out(self) -> tuple[list[str], list[Live]]:
        """Records that stay where they are, and those to be written anew elsewhere."""
        kept: list[str] = []
        fresh: list[Live] = []
        for live in self.lives:
            if live.kind == "rollout_step":
                continue
            laid = self.laid.get(live.key)
            if (
                laid is None
                or laid.kind != live.kind
                or (
                    tidy(live.group) != tidy(laid.group)
                    and "group" in laid.fields
                    and not self._regroup(laid, live)
                )
            ):
                fresh.append(live)
            else:
                kept.append(live.key)
        return kept, fresh

    def _regroup(self, laid: Laid, live: Live) -> bool:
        """A group told by a column or label of the record's own is patched there."""
        slot = laid.slot("group")
        if slot is None or laid.shape != "row":
            return False
        return self.sheet.patch(slot.line, slot.start, slot.last, slot.end, escaping.cell(live.group))

    # What stays.

    def _siblings(self, laid: Laid) -> list[Laid]:
        for family in self.families:
            if laid in family.laid:
                return [one for one in family.laid if one is not laid]
        return []

    def _change(self, laid: Laid, live: Live) -> None:
        changes = {
            name: value
            for name, value in changed_fields(laid, live).items()
            if name not in rendering.DERIVED.get(laid.kind, set())
            or laid.slots_of(name)
            or value in (None, "", [])
        }
        if {"starts", "ends"} & set(changes):
            # Both halves carry the wording of the whole stretch.
            changes |= {name: live.fields[name] for name in ("starts", "ends") if name in live.fields}
        level = self.attempt.level(laid.key)
        explicit = self.attempt.told(laid.key)
        if not changes and not explicit and level == PATCH:
            return
        if level == PATCH:
            changes |= {name: live.fields.get(name) for name in explicit if name in live.fields}
            if not self.patcher.apply(laid, changes, self._siblings(laid)):
                return
        self._anew(laid, live)

    def _anew(self, laid: Laid, live: Live) -> None:
        """Write a record again at its place, its old lines gone."""
        steps = [
            step for step in self.laid.values() if step.parent == laid.key and step.kind == "rollout_step"
        ]
        self._remove(laid, keep_steps=False)
        lines = self._rendered(live, laid, self._number(laid))
        if laid.shape == "row" and self.attempt.level(laid.key) < SAFE:
            self._add_row(laid.extent[0], live, lines)
            return
        line = laid.extent[0]
        if laid.shape in ("item", "heading"):
            if laid.shape == "heading":
                lines = [*lines, ""]
            self.sheet.add_before(line, lines)
        elif laid.shape == "row":
            _, bottom = table_rows(self.sheet, line)
            self.sheet.add_after(bottom, ["", *lines, ""])
        else:
            self.sheet.add_before(line, ["", *lines, ""])
        del steps

    def _number(self, laid: Laid) -> int | None:
        style = item_style(self.sheet, laid)
        return int(style.marker[:-1]) if style is not None and style.ordered else None

    def _remove(self, laid: Laid, *, keep_steps: bool = False) -> None:
        """Cut the lines that tell a record, and its steps with it."""
        for told in (laid, *laid.mirrors):
            self._cut(told)
        if not keep_steps:
            for step in self.laid.values():
                if step.kind == "rollout_step" and step.parent == laid.key:
                    for first, last in step.claims:
                        if laid.extent[0] <= first and last <= laid.extent[1]:
                            self.sheet.cut(first, last)

    def _cut(self, laid: Laid) -> None:
        if laid.shape in ("cell", "column"):
            for slot in laid.slots:
                if slot.field not in ("when",):
                    self.sheet.patch(slot.line, slot.start, slot.last, slot.end, "")
            return
        whole = laid.slot("*")
        if whole is not None and laid.shape == "line" and self._shares(laid):
            self._cut_stretch(whole.line, whole.start, whole.end)
            return
        for first, last in laid.claims:
            if laid.extent[0] <= first and last <= laid.extent[1]:
                self.sheet.cut(first, last)

    def _shares(self, laid: Laid) -> bool:
        return any(
            other is not laid and other.kind != "rollout_step" and other.extent[0] == laid.extent[0]
            for other in self.laid.values()
        )

    def _cut_stretch(self, line: int, start: int, end: int) -> None:
        """Cut one of several facts on a line with the mark that parts it from the next."""
        text = self.sheet.text(line)
        after = len(text) - len(text[end:].lstrip(" \t|·•;,/")) if text[end:].strip() else len(text)
        before = start if text[end:].strip() else len(text[:start].rstrip(" \t|·•;,/"))
        self.sheet.patch(line, min(start, before), line, after, "")

    # Ladders.

    def _ladders(self, kept: list[str]) -> None:
        for parent in [None, *kept]:
            if parent is not None and (
                self.laid[parent].kind != "phase" or self.attempt.level(parent) > PATCH
            ):
                continue
            lives = self.steps.get(parent, [])
            stretches = ladders.stretches(self.layout, parent)
            if not stretches:
                if lives and parent is not None:
                    self._first_ladder(self.laid[parent], lives)
                continue
            told = {step.key: index for index, (_, steps) in enumerate(stretches) for step in steps}
            shares: list[list[Live]] = [[] for _ in stretches]
            at = 0
            for live in lives:
                at = max(at, told.get(live.key, at))
                shares[at].append(live)
            for (slot, steps), share in zip(stretches, shares, strict=True):
                if not ladders.same_steps(steps, share):
                    ladders.rewrite(self.sheet, slot, steps, share)

    def _first_ladder(self, laid: Laid, lives: list[Live]) -> None:
        label = field_label(self.language, "phase", "rollout") or "Rollout"
        text = rendering.ladder([live.fields.get("percent", 0) for live in lives])
        self.patcher.additions.add_field(laid, label, text, self._siblings(laid))

    # Order, and what is new.

    def _arrange(self, kept: list[str], fresh: list[Live]) -> None:
        staying = set(kept)
        joining: dict[int, list[Live]] = {}
        homeless: list[Live] = []
        for live in fresh:
            kin = sorted(
                (one for one in self.lives if one.kind == live.kind and one.key in staying), key=_by_position
            )
            family = home(self.families, live, kin)
            if family is None:
                homeless.append(live)
            else:
                joining.setdefault(id(family), []).append(live)
        for family in self.families:
            self._family(family, staying, joining.get(id(family), []))
        for live in sorted(homeless, key=_by_position):
            lines = self._rendered(live, None, None)
            self.sections.add(live, lines)

    def _family(self, family: Siblings, staying: set[str], joining: list[Live]) -> None:
        places = [laid for laid in family.laid if laid.key in staying]
        order = sorted([self.by_key[laid.key] for laid in places] + joining, key=_by_position)
        here = {laid.key: laid for laid in places}
        wanted = [here[live.key] for live in order if live.key in here and self.by_key[live.key] is live]
        movable = disjoint(family)
        if movable and wanted != places:
            for place, content in zip(places, wanted, strict=True):
                if place is not content:
                    self.sheet.move(place.extent, content.extent)
        numbers = self._renumber(family, order, here, places)
        last: Laid | None = None
        index = 0
        for live in order:
            if live.key in here and self.by_key[live.key] is live:
                last = places[index]
                index += 1
                continue
            self._insert(family, live, last, numbers.get(id(live)))

    def _renumber(
        self, family: Siblings, order: list[Live], here: Mapping[str, Laid], places: list[Laid]
    ) -> dict[int, int]:
        """Consecutive numbers for an ordered list whose order or length changed."""
        if family.shape != "item" or not family.laid:
            return {}
        style = item_style(self.sheet, family.laid[0])
        if style is None or not style.ordered:
            return {}
        olds = [self._number(laid) for laid in family.laid]
        first = olds[0] or 0
        if len(olds) > 1 and olds != list(range(first, first + len(olds))):
            return {id(live): olds[-1] or first for live in order}
        numbers = {id(live): first + place for place, live in enumerate(order)}
        for live in order:
            laid = here.get(live.key)
            if laid is None or self.attempt.level(laid.key) > PATCH:
                continue
            own = item_style(self.sheet, laid)
            number = numbers[id(live)]
            if own is None or not own.ordered or own.marker == f"{number}{own.marker[-1]}":
                continue
            at = len(own.indent)
            grown = len(str(number)) + 1 - len(own.marker)
            self.sheet.patch(
                laid.extent[0], at, laid.extent[0], at + len(own.marker), f"{number}{own.marker[-1]}"
            )
            if grown > 0:
                self.sheet.indent(laid.extent[0] + 1, laid.extent[1], grown)
        return numbers

    def _insert(self, family: Siblings, live: Live, last: Laid | None, number: int | None) -> None:
        model = last or family.laid[0]
        lines = self._rendered(live, model, number)
        line = last.extent[1] if last is not None else family.laid[0].extent[0]
        if family.shape == "row" and self.attempt.level(live.key) < SAFE:
            self._add_row(line if last is not None else line - 1, live, lines, model)
            return
        if family.shape == "row":
            _, line = table_rows(self.sheet, model.extent[0])
            last = model
        if last is not None:
            while line > model.extent[0] and not self.sheet.text(line).strip():
                line -= 1
        if family.shape == "heading" or (
            family.shape in ("line", "row")
            and (lines[0].lstrip().startswith(("-", "*")) and not lines[0].startswith("**"))
        ):
            lines = ["", *lines, ""]
        elif family.shape == "item" and _loose(self.sheet, family):
            lines = ["", *lines] if last is not None else [*lines, ""]
        if last is not None:
            self.sheet.add_after(line, lines)
        else:
            self.sheet.add_before(line, lines)

    def _rendered(self, live: Live, model: Laid | None, number: int | None) -> list[str]:
        """The lines of a record in the shape of a sibling."""
        level = self.attempt.level(live.key)
        explicit = self.attempt.told(live.key)
        rollout = ""
        if live.kind == "phase":
            rollout = rendering.ladder(
                [step.fields.get("percent", 0) for step in self.steps.get(live.key, [])]
            )
        safe, exact = level >= SAFE, level >= EXACT
        shape = model.shape if model is not None else "heading" if live.kind in rendering.HEADED else "item"
        if shape == "heading" and model is not None:
            head = self.sheet.text(model.extent[0]).lstrip()
            depth = len(head) - len(head.lstrip("#"))
            return rendering.heading(
                self.language,
                live,
                depth or self.sections.depth + 1,
                explicit=explicit,
                exact=exact,
                rollout=rollout,
            )
        if shape == "heading":
            return rendering.heading(
                self.language,
                live,
                self.sections.depth + 1,
                explicit=explicit,
                exact=exact,
                rollout=rollout,
            )
        style = item_style(self.sheet, model) if model is not None and shape == "item" else None
        if live.kind == "history":
            if safe:
                return rendering.history_bullets(self.language, live, style)
            return rendering.history_line(live, style)
        nested = (
            nested_style(self.sheet, model, self._siblings(model))
            if model is not None and style is not None
            else None
        )
        if nested is not None and style is not None and number is not None:
            nested = replace(
                nested, indent=" " * (len(style.indent) + len(str(number)) + 1 + len(style.space))
            )
        if shape == "line" and model is not None and not safe:
            style = ItemStyle()
            lines = rendering.bullets(self.language, live, style, explicit=explicit)
            if len(lines) == 1 and lines[0].startswith("- **"):
                return [lines[0][2:]]
            return lines
        return rendering.bullets(
            self.language,
            live,
            style or ItemStyle(),
            number=number,
            nested=nested,
            explicit=explicit,
            safe=safe,
            exact=exact,
            rollout=rollout,
        )

    def _add_row(self, line: int, live: Live, lines: list[str], model: Laid | None = None) -> None:
        """A table row behind a line; a field without a column gets one."""
        base = model.extent[0] if model is not None else line
        headers = header_cells(self.sheet, base)
        rollout = ""
        if live.kind == "phase":
            rollout = rendering.ladder(
                [step.fields.get("percent", 0) for step in self.steps.get(live.key, [])]
            )
        cells, left = rendering.row(self.language, live, headers, rollout, self.attempt.told(live.key))
        header, _ = table_rows(self.sheet, base)
        extra: dict[str, str] = {}
        for name, value in left.items():
            label = field_label(self.language, live.kind, name)
            if label is not None and value:
                extra[label] = escaping.cell(value)
        text = row_text(self.sheet, base, cells)
        self.patcher.additions.add_row(header, line, text, extra)
        del lines


def _steps(lives: Sequence[Live]) -> dict[str | None, list[Live]]:
    found: dict[str | None, list[Live]] = {}
    for live in sorted((live for live in lives if live.kind == "rollout_step"), key=_by_position):
        found.setdefault(live.parent, []).append(live)
    return found


def _by_position(live: Live) -> float:
    return live.position


def _loose(sheet: Sheet, family: Siblings) -> bool:
    """Whether blank lines part the siblings."""
    ordered = sorted(family.laid, key=lambda laid: laid.extent)
    return any(
        not sheet.text(after.extent[0] - 1).strip()
        for before, after in pairwise(ordered)
        if after.extent[0] - before.extent[1] <= 3
    )


__all__ = ["ANEW", "EXACT", "PATCH", "SAFE", "Attempt", "Composer", "expressed"]
