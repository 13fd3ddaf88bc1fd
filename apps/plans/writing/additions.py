"""What the document has no place for yet: new bullets below a record, new columns and rows of its table."""

from __future__ import annotations

from apps.plans.reading.blocks import split_row
from apps.plans.reading.schemas import field_for
from apps.plans.reading.wording import wording
from apps.plans.writing import escaping
from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.shapes import header_cells, nested_style, table_rows
from apps.plans.writing.sheet import Sheet
from apps.plans.writing.words import field_label


class Additions:
    """Adds to one document; columns and rows are collected and written at the end."""

    def __init__(self, layout: Layout, sheet: Sheet) -> None:
        self.layout = layout
        self.sheet = sheet
        self.language = layout.language
        self._columns: dict[tuple[int, str], dict[int, str]] = {}
        self._rows: list[tuple[int, int, str, dict[str, str]]] = []

    def add(self, laid: Laid, name: str, text: str, siblings: list[Laid]) -> bool:
        """Add a field in the record's own shape: a column, or a nested bullet; False if it has neither."""
        label = self.label(laid, name, siblings)
        if label is None:
            return False
        if laid.shape == "row":
            return self._column(laid, name, label, text)
        if laid.shape in ("item", "heading"):
            style = nested_style(self.sheet, laid, siblings)
            self.bullet(laid, siblings, style.labelled(escaping.inline(label), escaping.inline(text)))
            return True
        return False

    def label(self, laid: Laid, name: str, siblings: list[Laid]) -> str | None:
        words = wording(self.language)
        wanted = {
            "deadline_minutes": "deadline",
            "targets": "target" if laid.kind == "kpi" else "targets",
        }.get(name, name)
        for record in [laid, *siblings]:
            found = record.labels.get(name)
            if found and field_for(words, laid.kind, found) == wanted:
                return found
        return field_label(self.language, laid.kind, wanted)

    def bullet(self, laid: Laid, siblings: list[Laid], source: str) -> None:
        """A bullet below the record, behind its last line."""
        style = nested_style(self.sheet, laid, siblings)
        line = f"{style.indent}{style.marker}{style.space}{source}"
        last = self._last_line(laid)
        if laid.shape == "heading" and not self.sheet.text(last).lstrip().startswith(("-", "*", "+", " ")):
            self.sheet.add_after(last, ["", line])
        else:
            self.sheet.add_after(last, [line])

    def _last_line(self, laid: Laid) -> int:
        """The last line that tells the record, its nested bullets and its rollout steps included."""
        own = [last for first, last in laid.claims if laid.extent[0] <= first and last <= laid.extent[1]]
        steps = [
            record.lines[1]
            for record in self.layout.records
            if record.parent == laid.key
            and record.kind == "rollout_step"
            and laid.extent[0] <= record.lines[0] <= laid.extent[1]
        ]
        return max([laid.extent[0], *own, *steps])

    def _column(self, laid: Laid, name: str, label: str, text: str) -> bool:
        """A new column for the table, filled for this row."""
        header, _ = table_rows(self.sheet, laid.extent[0])
        self._columns.setdefault((header, label), {})[laid.extent[0]] = escaping.cell(text)
        return True

    def add_field(self, laid: Laid, label: str, text: str, siblings: list[Laid]) -> None:
        """Tell something new of a record under a label."""
        if laid.shape == "row":
            self._column(laid, "", label, text)
        else:
            style = nested_style(self.sheet, laid, siblings)
            self.bullet(laid, siblings, style.labelled(escaping.inline(label), escaping.inline(text)))

    def add_row(self, header: int, line: int, text: str, extra: dict[str, str]) -> None:
        """A new row behind a line; `extra` are values by column label for columns still to be added."""
        for label in extra:
            self._columns.setdefault((header, label), {})
        self._rows.append((header, line, text, extra))

    def write_columns(self) -> None:
        """Append the columns that changes asked for, and the new rows with their part of them."""
        for header, line, text, extra in self._rows:
            for table, label in self._columns:
                if table == header:
                    text += (
                        f" {extra.get(label, '')} |" if text.endswith("|") else f" | {extra.get(label, '')}"
                    )
            self.sheet.add_after(line, [text])
        by_table: dict[int, list[tuple[str, dict[int, str]]]] = {}
        for (header, label), cells in self._columns.items():
            by_table.setdefault(header, []).append((label, cells))
        for header, columns in by_table.items():
            _, bottom = table_rows(self.sheet, header + 2)
            width = len(header_cells(self.sheet, header + 2))
            for line in range(header, bottom + 1):
                text = self.sheet.text(line)
                end = len(text.rstrip())
                closed = text.rstrip().endswith("|") and not text.rstrip().endswith("\\|")
                added = ""
                if line > header + 1:
                    missing = width - len(
                        split_row(text, text[: len(text) - len(text.lstrip("> \t"))].count(">"))
                    )
                    added += " | " * max(missing, 0) if not closed else "  |" * max(missing, 0)
                for label, cells in columns:
                    value = (
                        escaping.cell(label)
                        if line == header
                        else "---"
                        if line == header + 1
                        else cells.get(line, "")
                    )
                    added += f" {value} |" if closed else f" | {value}"
                self.sheet.patch(line, end, line, end, added)
