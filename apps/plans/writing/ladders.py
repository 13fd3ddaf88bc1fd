"""Rollout ladders: the steps told in one stretch are written again as a whole when one of them changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.plans.reading.model import Slot
from apps.plans.writing import escaping
from apps.plans.writing.expressing import percent
from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.live import Live, tidy
from apps.plans.writing.sheet import Sheet

_PERCENT = re.compile(r"\d+(?:[.,]\d+)?\s*[%％]?")


def stretches(layout: Layout, parent: str | None) -> list[tuple[Slot, list[Laid]]]:
    """The stretches of text that tell a phase's steps, each with its steps in order."""
    found: dict[tuple[int, int], tuple[Slot, list[Laid]]] = {}
    for laid in layout.records:
        if laid.kind == "rollout_step" and laid.parent == parent:
            slot = laid.slot("ladder")
            if slot is not None:
                found.setdefault((slot.line, slot.start), (slot, []))[1].append(laid)
    return list(found.values())


def same_steps(laid: Sequence[Laid], live: Sequence[Live]) -> bool:
    """Whether the steps of a stretch are as the document tells them."""
    if len(laid) != len(live):
        return False
    return all(
        percent(old.fields["percent"]) == percent(new.fields.get("percent", old.fields["percent"]))
        and ("text" not in new.fields or tidy(new.fields["text"]) == tidy(old.fields["text"]))
        for old, new in zip(laid, live, strict=True)
    )


def rewrite(sheet: Sheet, slot: Slot, laid: Sequence[Laid], live: Sequence[Live]) -> None:
    """Write a stretch with other percents, in its own manner of parting them; with none, empty it."""
    line = sheet.text(slot.line)
    old = line[slot.start : slot.end] if slot.line == slot.last else ""
    new = ladder_text(old, [one.slot("percent") for one in laid], slot, live)
    if live and len(live) == 1 and len(laid) == 1:
        text = tidy(live[0].fields.get("text"))
        if text and text != tidy(laid[0].fields.get("text")) and _PERCENT.search(text):
            new = escaping.inline(text)
    if line.lstrip("> \t").startswith("|"):
        new = new.replace("\\|", "|").replace("|", "\\|")
    bullet = re.fullmatch(
        r"[\s>]*(?:[-*+]|\d+[.)])\s+(?:(?:\*\*|__)?[^*_:：]+(?:[:：]?(?:\*\*|__)[:：]?|[:：])\s*)?",
        line[: slot.start],
    )
    if not live and bullet and not line[slot.end :].strip() and slot.line == slot.last:
        sheet.cut(slot.line, slot.line)
        return
    sheet.patch(slot.line, slot.start, slot.last, slot.end, new)


def ladder_text(old: str, places: Sequence[Slot | None], slot: Slot, live: Sequence[Live]) -> str:
    """The percents in the manner of the old text: its arrows, its sign on each or only the last, its words behind."""
    numbers = [percent(one.fields.get("percent", 0)) for one in live]
    known = [place for place in places if place is not None]
    if not numbers:
        return ""
    if not old or len(known) != len(places) or not known:
        return " → ".join(f"{number}%" for number in numbers)
    offset = slot.start
    pieces = [old[place.start - offset : place.end - offset] for place in known]
    gap = " → "
    if len(known) > 1:
        gap = old[known[0].end - offset : known[1].start - offset]
        if not gap.strip(" ") or len(gap) > 12:
            gap = " → "
    last_only = (
        len(pieces) > 1
        and not any(mark in pieces[0] for mark in "%％")
        and not pieces[0].strip().endswith("t")
    )
    sign = re.sub(r"[\d.,]+", "", pieces[-1]) or "%"
    told = [
        number if last_only and index < len(numbers) - 1 else f"{number}{sign}"
        for index, number in enumerate(numbers)
    ]
    return old[: known[0].start - offset] + gap.join(told) + old[known[-1].end - offset :]
