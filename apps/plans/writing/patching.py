"""Changed fields of a record, patched where the document tells them, or added in the document's own manner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apps.plans.reading.model import Slot
from apps.plans.writing import escaping
from apps.plans.writing.additions import Additions
from apps.plans.writing.expressing import expressed, span_text, time_text
from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.live import tidy
from apps.plans.writing.shapes import item_style
from apps.plans.writing.sheet import Sheet

_IN_CELL = frozenset({"row", "cell", "column"})
# Fields told by their own line of words rather than by one text.
_LISTED = frozenset({"topics"})


class Patcher:
    """Patches records of one document; what has no place yet goes to its additions."""

    def __init__(self, layout: Layout, sheet: Sheet) -> None:
        self.layout = layout
        self.sheet = sheet
        self.language = layout.language
        self.additions = Additions(layout, sheet)

    def apply(self, laid: Laid, changes: Mapping[str, Any], siblings: list[Laid]) -> dict[str, Any]:
        """Patch what has a place; returns the changes for which the record must be written anew."""
        left: dict[str, Any] = {}
        changes = dict(changes)
        if "starts" in changes or "ends" in changes:
            starts = changes.pop("starts", laid.fields.get("starts"))
            ends = changes.pop("ends", laid.fields.get("ends"))
            if not self._span(laid, starts, ends, siblings):
                left["starts"] = starts
        if changes.get("when") and laid.slot("ends") is not None:
            self._start_and_end(laid, changes.pop("when"))
        for name, value in changes.items():
            done = self._field(laid, name, value, siblings)
            for mirror in laid.mirrors:
                if mirror.slots_of(name):
                    self._field(mirror, name, value, siblings)
            if not done:
                left[name] = value
        return left

    def _field(self, laid: Laid, name: str, value: Any, siblings: list[Laid]) -> bool:
        if name == "text":
            return self._text(laid, str(value or ""), siblings)
        if name == "done":
            return self._done(laid, bool(value), siblings)
        if name == "topics":
            return self._topics(laid, value or [])
        if name in ("targets", "value"):
            return self._parts(laid, name, value, siblings)
        slots = laid.slots_of(name)
        text = expressed(self.language, laid.kind, name, value)
        if not slots:
            return self.additions.add(laid, name, text, siblings) if text else not laid.fields.get(name)
        if not text and self._drop_aside(slots[0]):
            return True
        lines = text.split("\n")
        if len(lines) > 1 and not self._is_cell(laid, slots[0]):
            if not self._own_line(laid, slots[0]) or laid.shape not in ("item", "heading"):
                return False
            text = lines[0]
            label = self.additions.label(laid, name, siblings)
            if label is None:
                return False
            for line in lines[1:]:
                self.additions.add_field(laid, label, line, siblings)
        self._fill(laid, slots[0], text)
        for slot in slots[1:]:
            self._fill(laid, slot, "")
        return True

    # One slot.

    def _fill(self, laid: Laid, slot: Slot, text: str) -> None:
        """Put a value into a slot; a nested bullet that becomes empty goes."""
        if not text and self._own_line(laid, slot):
            self.sheet.cut(slot.line, slot.last)
            return
        source = self._escaped(laid, slot, text)
        if slot.start == slot.end and source:
            before = self.sheet.text(slot.line)[: slot.start]
            after = self.sheet.text(slot.line)[slot.end :]
            source = ("" if not before or before[-1].isspace() else " ") + source
            if after and not after[0].isspace():
                source += " "
        self.sheet.patch(slot.line, slot.start, slot.last, slot.end, source)

    def _own_line(self, laid: Laid, slot: Slot) -> bool:
        """Whether the slot's line tells nothing else: a bullet or line of its own below the record."""
        if laid.shape in _IN_CELL or slot.line == laid.extent[0] or slot.field == "title":
            return False
        text = self.sheet.text(slot.line)
        if "|" in text and text.lstrip("> \t").startswith("|"):
            return False
        others = [
            other
            for record in self.layout.records
            for other in record.slots
            if other.line == slot.line and other is not slot
        ]
        return all(other.field in ("*", "ladder", "percent") for other in others) and not any(
            record is not laid and record.kind != "rollout_step" and record.extent[0] == slot.line
            for record in self.layout.records
        )

    def _escaped(self, laid: Laid, slot: Slot, text: str) -> str:
        if not text:
            return ""
        line = self.sheet.text(slot.line)
        if self._is_cell(laid, slot):
            return escaping.cell(text)
        before = line[: slot.start]
        after = line[slot.end :] if slot.last == slot.line else ""
        if before.rstrip().endswith(("**", "__")) and after.lstrip(":： ").startswith(("**", "__")):
            return escaping.label(text)
        if slot.field == "title" and laid.shape == "heading":
            return escaping.inline(text)
        if not re.sub(r"^[\s>]*(?:[-*+]|\d{1,9}[.)])?\s*(?:\[[ xX]\]\s+)?", "", before).strip():
            return escaping.plain(text)
        if slot.field == "title" or slot.field == "label":
            return escaping.unlabelled(escaping.inline(text))
        return escaping.inline(text)

    def _is_cell(self, laid: Laid, slot: Slot) -> bool:
        if laid.shape in _IN_CELL:
            return True
        return laid.shape in ("ladder", "heading") and self.sheet.text(slot.line).lstrip("> \t").startswith(
            "|"
        )

    # Descriptions.

    def _text(self, laid: Laid, value: str, siblings: list[Laid]) -> bool:
        """A description of several lines: lines that stay keep their place, others are patched, added or cut."""
        slots = sorted(laid.slots_of("text"), key=lambda slot: slot.part)
        old = [line for line in str(laid.fields.get("text") or "").split("\n") if line.strip()]
        new = [line for line in tidy(value).split("\n") if line]
        if not slots:
            done = [self._add_text(laid, line, siblings, index == 0) for index, line in enumerate(new)]
            return all(done)
        if laid.shape in _IN_CELL:
            return self._cell_text(laid, slots, old, new, siblings)
        told = [self._told(slot) for slot in slots]
        kept, rest = _matched(told, new)
        free = [slot for index, slot in enumerate(slots) if index not in kept]
        added = [line for index, line in enumerate(new) if index not in rest]
        if kept and added and not _in_order(kept, rest):
            free, added = list(slots), new
        for slot in free:
            if added and not slot.prefix:
                self._fill(laid, slot, added.pop(0))
            elif added and added[0].startswith(slot.prefix):
                self._fill(laid, slot, added.pop(0)[len(slot.prefix) :])
            else:
                self._fill(laid, slot, "")
        done = [self._add_text(laid, line, siblings, False) for line in added]
        return all(done)

    def _told(self, slot: Slot) -> str:
        lines = [self.sheet.text(number) for number in range(slot.line, slot.last + 1)]
        if slot.last == slot.line:
            raw = lines[0][slot.start : slot.end]
        else:
            raw = " ".join(
                [
                    lines[0][slot.start :].strip(),
                    *(line.strip() for line in lines[1:-1]),
                    lines[-1][: slot.end].strip(),
                ]
            )
        return tidy(slot.prefix + re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", raw))

    def _cell_text(
        self, laid: Laid, slots: list[Slot], old: list[str], new: list[str], siblings: list[Laid]
    ) -> bool:
        """In a table every prefixed column keeps its line; the rest goes into the plain text column."""
        rest = list(new)
        plain = [slot for slot in slots if not slot.prefix]
        for slot in slots:
            if not slot.prefix:
                continue
            line = next((line for line in rest if line.startswith(slot.prefix)), None)
            if line is not None:
                rest.remove(line)
            self._fill_if_changed(laid, slot, line[len(slot.prefix) :] if line is not None else "")
        if plain:
            self._fill_if_changed(laid, plain[0], "\n".join(rest))
            for slot in plain[1:]:
                self._fill(laid, slot, "")
            return True
        return not rest or self.additions.add(laid, "text", "\n".join(rest), siblings)

    def _fill_if_changed(self, laid: Laid, slot: Slot, text: str) -> None:
        raw = self.sheet.text(slot.line)[slot.start : slot.end] if slot.line == slot.last else ""
        if tidy(raw) != tidy(text):
            self._fill(laid, slot, text)

    def _add_text(self, laid: Laid, line: str, siblings: list[Laid], first: bool) -> bool:
        if laid.shape in _IN_CELL:
            return self.additions.add(laid, "text", line, siblings)
        if first and laid.shape == "item" and not laid.slots_of("text"):
            return self._add_first_text(laid, line, siblings)
        if laid.shape in ("item", "heading"):
            self.additions.bullet(laid, siblings, escaping.plain(line))
            return True
        return False

    def _add_first_text(self, laid: Laid, line: str, siblings: list[Laid]) -> bool:
        """`- Name` becomes `- **Name:** text`."""
        title = laid.slot("title")
        style = item_style(self.sheet, laid)
        if title is None or style is None or title.line != laid.extent[0] or title.last != title.line:
            return False
        text = self.sheet.text(title.line)
        if text[: title.start].strip() != text[: style.content].strip() or text[title.end :].strip():
            return False
        self.additions.bullet(laid, siblings, escaping.plain(line))
        return True

    # Fields of several places.

    def _parts(self, laid: Laid, name: str, value: Any, siblings: list[Laid]) -> bool:
        slots = sorted(laid.slots_of(name), key=lambda slot: slot.part)
        if name == "value":
            lines = [line for line in str(value or "").split("\n") if line.strip()]
            for index, slot in enumerate(slots):
                self._fill(laid, slot, lines[index] if index < len(lines) else "")
            return len(lines) <= len(slots)
        if not slots:
            text = expressed(self.language, laid.kind, name, value)
            return self.additions.add(laid, name, text, siblings) if text else not laid.fields.get(name)
        filled = False
        for slot in slots:
            self._fill(laid, slot, "" if filled else expressed(self.language, laid.kind, name, value))
            filled = True
        return True

    def _topics(self, laid: Laid, topics: list[Mapping[str, Any]]) -> bool:
        titles = laid.slots_of("topics.title")
        old = laid.fields.get("topics") or []
        if not titles or len(old) != len(topics):
            return False
        for index, (before, after) in enumerate(zip(old, topics, strict=True)):
            title, text = laid.slot("topics.title", index), laid.slot("topics.text", index)
            if tidy(before.get("title")) != tidy(after.get("title")):
                if title is None or not tidy(after.get("title")):
                    return False
                self._fill(laid, title, str(after["title"]))
            if tidy(before.get("text")) != tidy(after.get("text")):
                if text is None or "\n" in str(before.get("text")) or "\n" in str(after.get("text")):
                    return False
                if self._own_line(laid, text) and not tidy(after.get("text")):
                    return False
                self._fill(laid, text, str(after.get("text") or ""))
        return True

    def _span(self, laid: Laid, starts: Any, ends: Any, siblings: list[Laid]) -> bool:
        """Start and end are told in one stretch wherever they can be."""
        first, last = span_text(self.language, laid.kind, starts, ends)
        end_slot = laid.slot("ends")
        if end_slot is not None:
            first = time_text(self.language, laid.kind, starts) if starts else ""
            last = time_text(self.language, laid.kind, ends) if ends else ""
            self._fill(laid, end_slot, last)
        elif last:
            return False
        slot = laid.slot("starts")
        if slot is not None:
            if not first and self._drop_aside(slot):
                return True
            self._fill(laid, slot, first)
            return True
        if not first:
            return True
        title = laid.slot("title")
        if laid.shape == "heading" and title is not None:
            text = self.sheet.text(title.line)
            closing = "**" if text[title.end :].lstrip(":： ").startswith("**") else ""
            if not closing:
                self.sheet.patch(title.line, title.end, title.line, title.end, f" ({escaping.inline(first)})")
                return True
        return self.additions.add(laid, "when", first, siblings)

    def _start_and_end(self, laid: Laid, when: Mapping[str, Any]) -> None:
        """A span told in a column for its start and one for its end."""
        starts = {**when, "end_date": None, "end_offset": None}
        ends = dict(starts)
        if when.get("end_date"):
            ends["date"] = when["end_date"]
        elif when.get("end_offset") is not None:
            ends["offset"] = when["end_offset"]
        for name, value in (("when", starts), ("ends", ends if ends != starts else None)):
            slot = laid.slot(name)
            if slot is not None:
                self._fill(laid, slot, time_text(self.language, laid.kind, value) if value else "")

    def _drop_aside(self, slot: Slot) -> bool:
        """Cut a time out together with the parentheses around it."""
        text = self.sheet.text(slot.line)
        if text[: slot.start].endswith("(") and text[slot.end :].startswith(")"):
            start = len(text[: slot.start - 1].rstrip())
            return self.sheet.patch(slot.line, start, slot.line, slot.end + 1, "")
        return False

    def _done(self, laid: Laid, done: bool, siblings: list[Laid]) -> bool:
        slot = laid.slot("done")
        if slot is None:
            if laid.shape == "item":
                style = item_style(self.sheet, laid)
                if style is not None and not style.box:
                    if not done:
                        return True
                    self.sheet.patch(laid.extent[0], style.content, laid.extent[0], style.content, "[x] ")
                    return True
            return self.additions.add(laid, "done", "Done" if done else "", siblings)
        raw = self.sheet.text(slot.line)[slot.start : slot.end]
        self.sheet.patch(slot.line, slot.start, slot.last, slot.end, _done_mark(raw, done, laid))
        return True


def _done_mark(raw: str, done: bool, laid: Laid) -> str:
    """Done in the way the place says it: a checkbox, a sign or a word."""
    stripped = raw.strip()
    if stripped.lower() in ("[x]", "[ ]"):
        return raw.replace(stripped, "[x]" if done else "[ ]")
    if stripped and not stripped[0].isascii():
        return raw.replace(stripped, "✅" if done else "⬜")
    if stripped.lower() in ("yes", "no"):
        return "Yes" if done else "No"
    if not stripped:
        return "Done" if done else ""
    if stripped.lower() == "x":
        return "x" if done else ""
    return "Done" if done else "Open"


def _matched(told: list[str], new: list[str]) -> tuple[dict[int, int], set[int]]:
    """Which told lines stay: old index -> new index, in order."""
    kept: dict[int, int] = {}
    used: set[int] = set()
    start = 0
    for index, line in enumerate(told):
        for place in range(start, len(new)):
            if new[place] == line:
                kept[index] = place
                used.add(place)
                start = place + 1
                break
    return kept, used


def _in_order(kept: dict[int, int], used: set[int]) -> bool:
    """Whether new lines come only behind those that stay."""
    return max(used) == len(used) - 1
