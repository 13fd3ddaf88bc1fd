"""The style things are written in: list markers, bold labels, nested bullets, table columns, read off a sibling."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.plans.reading.blocks import split_row
from apps.plans.writing.layout import Laid
from apps.plans.writing.sheet import Sheet

_ITEM = re.compile(r"^(?P<indent>[\s>]*)(?P<marker>[-*+]|\d{1,9}[.)])(?P<space>\s+)(?P<box>\[[ xX]\]\s+)?")
_RULE_ROW = re.compile(r"^[\s>]*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")


@dataclass(frozen=True)
class ItemStyle:
    """How an item of a list begins and how it parts its label from its value."""

    indent: str = ""
    marker: str = "-"
    space: str = " "
    box: bool = False
    bold: str = "**"
    inside: bool = True  # the colon stands inside the bold marks
    separator: str = ": "

    @property
    def ordered(self) -> bool:
        return self.marker[0].isdigit()

    @property
    def content(self) -> int:
        """The column of the item's text."""
        return len(self.indent) + len(self.marker) + len(self.space)

    def opening(self, number: int | None = None, done: bool = False) -> str:
        marker = self.marker
        if self.ordered and number is not None:
            marker = f"{number}{self.marker[-1]}"
        box = ("[x] " if done else "[ ] ") if self.box else ""
        return f"{self.indent}{marker}{self.space}{box}"

    def labelled(self, label: str, value: str) -> str:
        """`**Label:** value` in this style; `label` and `value` are source."""
        gap = f" {value}" if value else ""
        if self.bold:
            mark = self.separator.strip()
            if mark in (":", "："):
                if self.inside:
                    return f"{self.bold}{label}{mark}{self.bold}{gap}"
                return f"{self.bold}{label}{self.bold}{mark}{gap}"
            return f"{self.bold}{label}{self.bold}{self.separator}{value}".rstrip()
        return f"{label}{self.separator}{value}".rstrip()


def item_style(sheet: Sheet, laid: Laid) -> ItemStyle | None:
    """The style of a record told as a list item; None if it is told otherwise."""
    line = sheet.text(laid.extent[0])
    match = _ITEM.match(line)
    if not match:
        return None
    style = ItemStyle(match["indent"], match["marker"], match["space"], bool(match["box"]))
    return _label_style(style, line[match.end() :])


def _label_style(style: ItemStyle, text: str) -> ItemStyle:
    bold = re.match(r"(\*\*|__)(.+?)\1\s*", text)
    changes: dict[str, object] = {}
    if bold:
        inner = bold[2].rstrip()
        rest = text[bold.end() :]
        if inner.endswith((":", "：")):
            changes = {"bold": bold[1], "inside": True, "separator": inner[-1] + " "}
        else:
            mark = re.match(r"[:：]\s*|[-–—]\s+", rest)
            separator = mark[0].strip() if mark else ":"
            spaced = f" {separator} " if separator in "-–—" else separator + " "
            changes = {"bold": bold[1], "inside": not mark, "separator": spaced}
    else:
        mark = re.search(r"(?<!\\)[:](?=\s)|\s[-–—]\s|：", text[:80])
        changes = {"bold": "" if mark else "**", "separator": mark[0] if mark else ": "}
        if mark and mark[0] == ":":
            changes["separator"] = ": "
    return ItemStyle(style.indent, style.marker, style.space, style.box, **changes)  # type: ignore[arg-type]


def nested_style(sheet: Sheet, laid: Laid, siblings: list[Laid]) -> ItemStyle:
    """The style of the labelled bullets below a record, from its own or a sibling's."""
    base = item_style(sheet, laid)
    for record in [laid, *siblings]:
        first = record.extent[0]
        for slot in record.slots:
            if slot.line == first or slot.field in ("*", "title") or record.shape == "row":
                continue
            match = _ITEM.match(sheet.text(slot.line))
            if match and "|" not in match["indent"]:
                style = ItemStyle(match["indent"], match["marker"], match["space"])
                found = _label_style(style, sheet.text(slot.line)[match.end() :])
                if found.ordered:
                    found = ItemStyle(
                        found.indent, "-", found.space, False, found.bold, found.inside, found.separator
                    )
                if base is not None and record is not laid:
                    return ItemStyle(
                        " " * base.content
                        if not base.indent.strip()
                        else base.indent + " " * (base.content - len(base.indent)),
                        found.marker,
                        found.space,
                        False,
                        found.bold,
                        found.inside,
                        found.separator,
                    )
                return found
    if base is not None:
        indent = base.indent + " " * (base.content - len(base.indent))
        return ItemStyle(indent, "-" if base.ordered else base.marker, " ", False, "", True, ": ")
    return ItemStyle(bold="**")


def table_rows(sheet: Sheet, line: int) -> tuple[int, int]:
    """The header line and the last row line of the table a row stands in."""
    top = line
    while top > 1 and not _RULE_ROW.match(sheet.text(top - 1)):
        top -= 1
    header = max(top - 2, 1)
    bottom = line
    while bottom < len(sheet.texts) and sheet.text(bottom + 1).strip() and "|" in sheet.text(bottom + 1):
        bottom += 1
    return header, bottom


def header_cells(sheet: Sheet, line: int) -> list[str]:
    """The headers of the table a row stands in."""
    header, _ = table_rows(sheet, line)
    text = sheet.text(header)
    return [
        text[start:end]
        for start, end in split_row(text, text[: len(text) - len(text.lstrip("> \t"))].count(">"))
    ]


def row_text(sheet: Sheet, line: int, cells: list[str]) -> str:
    """A new row in the manner of an existing one."""
    model = sheet.text(line)
    lead = model[: len(model) - len(model.lstrip())]
    quotes = re.match(r"[\s>]*", model)
    lead = quotes[0] if quotes else lead
    body = " | ".join(cells)
    opening = "| " if model.lstrip("> \t").startswith("|") else ""
    closing = (
        " |"
        if model.rstrip().endswith("|") or len(cells) == 1 or not cells[-1] or (not opening and not cells[0])
        else ""
    )
    if not opening and (not cells[0] or closing):
        opening = "| "
    return f"{lead}{opening}{body}{closing}".rstrip() if closing else f"{lead}{opening}{body}"
