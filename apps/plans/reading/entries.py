"""Things told in a section, whatever their shape: list item, table row, paragraph line, fenced fact, heading."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from apps.plans.reading.blocks import Block, locate
from apps.plans.reading.outline import Section
from apps.plans.reading.pieces import MOST_PARTS, Piece, split_label, trim, whole
from apps.plans.reading.source import Source

_ALL_BOLD = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1).)+)(?<=\S)\1\s*[:：]?[ \t]*")
_BOLD_LABEL = re.compile(r"(?:\*\*|__)[^*_\n|]{1,60}?(?:[:：](?:\*\*|__)|(?:\*\*|__)\s*[:：])")
_DEFINED = re.compile(r"(?P<name>[^\n:：]{2,90})(?P<told>(?:\n[ \t]*:[ \t]+[^\n]+)+)")
_BOXED = re.compile(
    r"[ \t]*(?:\[[ xX]\]|[☐☑☒✅⬜✔🔲])[ \t]+\S[^\n]*(?:\n[ \t]*(?:\[[ xX]\]|[☐☑☒✅⬜✔🔲])[ \t]+\S[^\n]*)*\s*"
)
_BETWEEN = " \t|·•;,/"
# Marks between facts told in one line: `Owner: Ana | Tier: 2`.
_BESIDE = re.compile(r"\s+[|·•]\s+")
# `2.1.3 Freeze imports`: lines of an outline that Markdown does not know as a list.
_OUTLINED = re.compile(r"[ \t]*(?:\d{1,2}(?:\.\d{1,2})+[.)]?|[a-z]\))[ \t]+(?=\S)")
_FENCE_FACT = re.compile(
    r"^(?P<indent>\s*)(?:[-*]\s+)?(?P<key>[^:=#\s][^:=#\n]{0,60}?)\s*(?P<mark>:|=|：)\s*(?P<value>\S.*)?$"
)


@dataclass(slots=True, eq=False)
class Entry:
    """One thing told. `label` and `value` are its own text split; `children` are the entries nested in it."""

    shape: str  # item row line fact paragraph fence heading other
    block: Block
    piece: Piece
    label: Piece | None
    value: Piece
    first: int
    last: int
    children: list[Entry] = field(default_factory=list)
    cells: list[tuple[Piece, Piece]] = field(default_factory=list)
    section: Section | None = None
    # The last filled first cell above a row whose own first cell is empty: cells that were merged.
    above: Piece | None = None

    @property
    def name(self) -> Piece:
        """What names the thing: its label, or all of its text."""
        return self.label if self.label else self.value

    @property
    def reach(self) -> int:
        """The last line that moves along when the thing moves."""
        if self.section is not None:
            return self.section.last
        return max(self.end, self.block_end)

    @property
    def block_end(self) -> int:
        """The last line of a list item with everything nested in it."""
        if self.shape != "item":
            return self.last
        last, waiting = self.block.last, list(self.block.children)
        while waiting:
            child = waiting.pop()
            last = max(last, child.last)
            waiting.extend(child.children)
        return last

    @property
    def end(self) -> int:
        """The last line, nested entries included."""
        return max([self.last, *(child.end for child in self.children)])


def entries(blocks: list[Block], source: Source, known: Callable[[str], bool]) -> list[Entry]:
    """The entries of a section's own blocks. `known` tells whether the vocabulary knows a label."""
    found: list[Entry] = []
    headers: dict[int, Block] = {}
    for block in blocks:
        kind = block.kind
        if kind == "item":
            if block.parent is None:
                found.append(_item(block, source, known))
        elif kind == "header":
            headers[block.table] = block
        elif kind == "row":
            row = _row(block, headers.get(block.table))
            row.above = _merged(row, found[-1]) if found else None
            found.append(row)
        elif block.parent is not None:
            continue
        elif kind in ("paragraph", "heading"):
            found.extend(_paragraph(block, source, known))
        elif kind == "fence":
            found.append(_other(block, "fence"))
        else:
            found.append(_other(block, "other"))
    return _adopt(found)


def _adopt(found: list[Entry]) -> list[Entry]:
    """A paragraph line that is a bare label owns the list right below it."""
    kept: list[Entry] = []
    owner: Entry | None = None
    for entry in found:
        if entry.shape == "item" and owner is not None:
            if owner.children or entry.first <= owner.last + 2:
                owner.children.append(entry)
                continue
            owner = None
        kept.append(entry)
        owner = entry if entry.shape == "line" and not entry.value else None
    return kept


def _other(block: Block, shape: str) -> Entry:
    piece = whole(block)
    return Entry(shape, block, piece, None, piece, block.first, block.last)


def _item(block: Block, source: Source, known: Callable[[str], bool]) -> Entry:
    pieces = _lines(block, source, known) if "\n" in block.text else None
    if pieces and len(pieces) > 1:
        head = pieces[0]
    else:
        head = whole(block)
    label, value = split_label(head)
    if label is None and block.children and known(value.clean):
        # "Exit criteria" with bullets below: a label although no colon says so.
        label, value = trim(head), Piece(block, head.end, head.end)
    first, last = block.first, block.last
    entry = Entry("item", block, head, label, value, first, last)
    for piece in (pieces or [])[1:]:
        inner_label, inner_value = split_label(piece)
        entry.children.append(_line(piece, inner_label, inner_value, source))
    if entry.children:
        entry.last = entry.children[0].first - 1
    for child in block.children:
        if child.kind == "item":
            entry.children.append(_item(child, source, known))
        elif child.kind == "paragraph":
            entry.children.extend(_paragraph(child, source, known))
        else:
            entry.children.append(_other(child, "fence" if child.kind == "fence" else "other"))
    return entry


def _row(block: Block, header: Block | None) -> Entry:
    cells: list[tuple[Piece, Piece]] = []
    columns = header.cells if header else []
    for index, (start, end) in enumerate(block.cells):
        if header is not None and index < len(columns):
            head = trim(Piece(header, *columns[index]))
        else:
            head = Piece(block, start, start)
        cells.append((head, trim(Piece(block, start, end), lead=False)))
    piece = cells[0][1] if cells else whole(block)
    return Entry("row", block, piece, None, piece, block.first, block.last, cells=cells)


def _merged(row: Entry, before: Entry) -> Piece | None:
    if not row.cells or row.cells[0][1] or before.shape != "row" or before.block.table != row.block.table:
        return None
    if not any(cell for _, cell in row.cells):
        return None
    return before.cells[0][1] if before.cells and before.cells[0][1] else before.above


def _definition(block: Block, source: Source, known: Callable[[str], bool]) -> Entry | None:
    """A paragraph whose first line is a name in bold: what follows is said about it."""
    end = block.text.find("\n")
    if end < 0 or block.kind != "paragraph":
        return None
    first = _ALL_BOLD.fullmatch(block.text, block.body, end)
    if first is None or len(first[2]) > 90:
        return None
    label = trim(Piece(block, first.start(2), first.end(2)))
    while label and label.raw[-1] in ":： ":
        label = label.sub(0, len(label.raw) - 1)
    rest = Piece(block, end + 1, len(block.text))
    entry = Entry("line", block, whole(block), label, trim(rest), block.first, block.last)
    told = [_line(piece, *split_label(piece), source) for piece in _cut(block, end + 1, known)]
    if told and told[0].label is not None and (len(told) > 1 or known(told[0].label.clean)):
        entry.children = told
        entry.value = Piece(block, end, end)
        entry.last = block.first
        entry.piece = Piece(block, block.body, end)
    return entry


def _defined(block: Block, source: Source) -> Entry | None:
    """A name with `: what it is` on the lines below it, as definition lists are written."""
    match = _DEFINED.fullmatch(block.text, block.body) if "\n" in block.text else None
    if match is None or block.kind != "paragraph":
        return None
    label = trim(Piece(block, match.start("name"), match.end("name")))
    told = [
        trim(Piece(block, block.text.index(":", start) + 1, end))
        for start, end in _line_ends(block.text, match.start("told") + 1)
    ]
    entry = Entry("line", block, whole(block), label, told[0], block.first, block.last)
    for piece in told[1:]:
        entry.children.append(_line(piece, None, piece, source))
    return entry if label else None


def _line_ends(text: str, start: int) -> list[tuple[int, int]]:
    spans = []
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        spans.append((start, end))
        start = end + 1
    return spans


def _paragraph(block: Block, source: Source, known: Callable[[str], bool]) -> list[Entry]:
    definition = _definition(block, source, known) or _defined(block, source)
    if definition is not None:
        return [definition]
    if block.kind == "paragraph" and _BOXED.fullmatch(block.text, block.body):
        # Checkboxes without the dash that makes them a list.
        lines = [Piece(block, *span) for span in _line_ends(block.text, block.body)]
        return [_line(trim(line), None, trim(line), source) for line in lines if line.raw.strip()]
    outlined = _outlined(block) if block.kind == "paragraph" else []
    if outlined:
        return [_line(piece, *split_label(piece), source) for piece in outlined]
    pieces = _lines(block, source, known)
    found: list[Entry] = []
    for piece in pieces:
        label, value = split_label(piece)
        if label is not None and (len(pieces) > 1 or _is_fact(piece, label, known)):
            found.append(_line(piece, label, value, source))
        else:
            first = locate(source, block, piece.start)[0]
            last = locate(source, block, max(piece.end - 1, piece.start))[0]
            found.append(Entry("paragraph", block, piece, None, trim(piece), first, last))
    if found:
        # A setext underline turned paragraph belongs to the last line.
        found[-1].last = max(found[-1].last, block.last)
    return found


def _outlined(block: Block) -> list[Piece]:
    """The lines of a paragraph without their outline numbers, if every line has one."""
    if not _OUTLINED.match(block.text, block.body):
        return []
    found = []
    for start, end in _line_ends(block.text, block.body):
        number = _OUTLINED.match(block.text, start, end)
        if number is None:
            return []
        found.append(trim(Piece(block, number.end(), end), lead=False))
    return found


def _is_fact(piece: Piece, label: Piece, known: Callable[[str], bool]) -> bool:
    lead = piece.raw.lstrip()
    return not lead[:1].isascii() or lead[:1] in "*_`" or known(label.clean)


def _line(piece: Piece, label: Piece | None, value: Piece, source: Source) -> Entry:
    first = locate(source, piece.block, piece.start)[0]
    last = locate(source, piece.block, max(piece.end - 1, piece.start))[0]
    return Entry("line", piece.block, piece, label, value, first, last)


def _lines(block: Block, source: Source, known: Callable[[str], bool]) -> list[Piece]:
    """Cut a paragraph where a labelled line begins, and a line where a second bold label begins."""
    return _cut(block, block.body, known)


def _cut(block: Block, begin: int, known: Callable[[str], bool]) -> list[Piece]:
    text = block.text
    cuts = [begin]
    if text.find("\n", begin) >= 0:
        plain: list[int] = []
        sure = 0
        position = text.find("\n", begin) + 1
        starts = [begin]
        while position > 0:
            starts.append(position)
            position = text.find("\n", position) + 1
        for index, start in enumerate(starts):
            end = starts[index + 1] - 1 if index + 1 < len(starts) else len(text)
            label, _ = split_label(Piece(block, start, end))
            if label is None:
                continue
            lead = text[start:end].lstrip()[:1]
            if lead in ("*", "_") or known(label.clean):
                plain.append(start)
                sure += 1
            elif index == 0 or len(plain) == index:
                plain.append(start)
        if sure or len(plain) == len(starts):
            cuts.extend(start for start in plain if start != begin)
    if text.count("**") >= 4 or text.count("__") >= 4:
        known_cuts = set(cuts)
        for match in _BOLD_LABEL.finditer(text, begin):
            start = match.start()
            before = text[max(start - 8, 0) : start].rstrip(" \t")
            if start > begin and before and before[-1] in "|·•;,/" and start not in known_cuts:
                cuts.append(start)
    if " | " in text or " · " in text or " • " in text:
        cuts.extend(_beside(block, begin, known, cuts))
    cuts = sorted(set(cuts))
    pieces: list[Piece] = []
    for index, start in enumerate(cuts):
        end = cuts[index + 1] if index + 1 < len(cuts) else len(text)
        piece = Piece(block, start, end)
        if index + 1 < len(cuts):
            raw = piece.raw.rstrip()
            if text[end - 1] != "\n":
                raw = raw.rstrip(_BETWEEN)
            piece = piece.sub(0, len(raw))
        if piece.raw.strip():
            pieces.append(piece)
    return pieces


def _beside(block: Block, begin: int, known: Callable[[str], bool], cuts: list[int]) -> list[int]:
    """Where facts begin that stand side by side in one line: each has a label, and one the vocabulary knows."""
    found: list[int] = []
    for start, end in _line_ends(block.text, begin):
        starts = [start, *(match.end() for match in _BESIDE.finditer(block.text, start, end))]
        if len(starts) < 2 or len(starts) > MOST_PARTS:
            continue
        labels = [
            split_label(Piece(block, first, last))[0]
            for first, last in zip(starts, [*starts[1:], end], strict=True)
        ]
        told = [label.clean for label in labels if label is not None]
        if len(told) == len(starts) and any(known(label) for label in told):
            found += [place for place in starts if place not in cuts]
    return found


def fence_facts(entry: Entry, source: Source) -> list[Entry]:
    """The `key: value` lines of a fence, for sections that expect facts; empty unless most lines are facts."""
    block = entry.block
    found: list[Entry] = []
    texts = 0
    offset = 0
    for index, line in enumerate(block.text.split("\n")):
        number = block.first + 1 + index if block.kind in ("fence", "front") else block.first + index
        if line.strip() and not line.lstrip().startswith(("#", "//")):
            texts += 1
            match = _FENCE_FACT.match(line)
            if match:
                label = Piece(block, offset + match.start("key"), offset + match.end("key"))
                if match["value"] is not None:
                    value = Piece(block, offset + match.start("value"), offset + match.end("value"))
                else:
                    value = Piece(block, offset + match.end(), offset + match.end())
                whole_line = Piece(block, offset + match.start("key"), offset + len(line.rstrip()))
                fact = Entry(
                    "fact",
                    block,
                    whole_line,
                    trim(label, quotes=True),
                    trim(value, quotes=True),
                    number,
                    number,
                )
                if match["indent"] and found and (not found[-1].value or found[-1].children):
                    found[-1].children.append(fact)
                else:
                    found.append(fact)
        offset += len(line) + 1
    known = sum(1 + len(fact.children) for fact in found)
    return found if texts and known * 2 >= texts else []
