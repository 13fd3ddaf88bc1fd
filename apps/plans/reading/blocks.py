"""The document's leaf blocks: headings, paragraphs, list items' own paragraphs, table rows, fences.

Only the block structure is parsed (inline markup is read where a value is needed), once, by markdown-it.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.plans.reading.errors import PlanError
from apps.plans.reading.escapes import hidden, may_hide, shown
from apps.plans.reading.front_matter import front_matter_end
from apps.plans.reading.source import Source

MAX_DEPTH = 50
# The parser silently drops what lies deeper than its own limit; a list level counts twice there.
_PARSER_NESTING = 2 * MAX_DEPTH + 20
_PARSER = MarkdownIt("commonmark", {"maxNesting": _PARSER_NESTING}).enable("table").disable("inline")

_LEAVES = frozenset({"heading_open", "paragraph_open", "tr_open", "fence", "code_block", "html_block", "hr"})
# Blocks in which a backslash escapes.
_INLINE = frozenset({"heading", "paragraph", "item", "row", "header"})
# Numbered lines that head parts stand below every other heading.
_HEAD_LEVEL = 6
_FEWEST_HEADS = 3
_CHECKBOX = re.compile(r"\[([ xX])\](?=\s|$)")
# Signs that chats and word processors put in front of lines, where Markdown sees one paragraph; some mark what is
# nested below another.
_BULLET = re.compile(r"(?P<sign>[•●▪■◆‣◦○▫∙⁃])[ \t\u00a0]+(?=\S)")
_NESTED = "◦○▫‣⁃"


@dataclass(slots=True, eq=False)
class Block:
    """A leaf block. `first` and `last` are source lines from 1; `text` is raw inline source.

    The text of a table row is its whole source line, so that cell columns are columns of that line. Escaped
    marks are stand-ins in it (see `escapes`).
    """

    index: int
    kind: str  # heading paragraph item row header fence code html rule front gap
    first: int
    last: int
    text: str
    level: int = 0
    parent: Block | None = None
    ordered: bool = False
    number: int | None = None
    quote: int = 0
    info: str = ""
    table: int = -1
    cells: Sequence[tuple[int, int]] = ()
    children: Sequence[Block] = ()
    checked: bool | None = None
    # Offset in `text` behind a task list's checkbox.
    body: int = 0
    # Where the text begins in its source line, once it was looked for.
    base: int | None = None
    _starts: list[int] | None = None

    def line_starts(self) -> list[int]:
        """The offsets in `text` where its lines begin."""
        if self._starts is None:
            starts = [0]
            position = self.text.find("\n") + 1
            while position > 0:
                starts.append(position)
                position = self.text.find("\n", position) + 1
            self._starts = starts
        return self._starts


@dataclass(slots=True)
class Parsed:
    """All blocks in document order; `counted` is the number of blocks as told by the tokens alone."""

    source: Source
    blocks: list[Block]
    counted: int
    front: tuple[int, int] | None


def parse(source: Source) -> Parsed:
    """Parse the block structure; raises `PlanError("too_deep")` beyond 50 nested lists and quotes."""
    front_end = front_matter_end(source.lines)
    text = source.text
    if front_end:
        text = "\n" * front_end + "\n".join(source.lines[front_end:])
    tokens = _PARSER.parse(text)
    blocks, more = _itemise(_build(tokens, source))
    blocks, heads = _numbered_heads(blocks)
    if may_hide(source.text):
        for block in blocks:
            if block.kind in _INLINE:
                block.text = hidden(block.text)
    if front_end:
        blocks.insert(0, Block(0, "front", 1, front_end, "\n".join(source.lines[1 : front_end - 1])))
    blocks.extend(_gaps(blocks, source))
    blocks.sort(key=lambda block: block.first)
    for index, block in enumerate(blocks):
        block.index = index
    return Parsed(
        source,
        blocks,
        count_blocks(tokens, source.lines, front_end) + more + heads,
        (1, front_end) if front_end else None,
    )


def count_blocks(tokens: list[Token], lines: list[str], front_end: int = 0) -> int:
    """Count leaf blocks from the tokens, plus runs of text lines that no token covers."""
    covered = bytearray(len(lines) + 1)
    count = 0
    for token in tokens:
        if token.type in _LEAVES and token.map:
            count += 1
            first, last = token.map
            covered[first:last] = b"\x01" * (last - first)
        elif token.type == "thead_open" and token.map:
            covered[token.map[0] : token.map[0] + 2] = b"\x01\x01"
    if front_end:
        count += 1
        covered[0:front_end] = b"\x01" * front_end
    open_gap = False
    for index, line in enumerate(lines):
        gap = not covered[index] and bool(line.strip(" \t"))
        count += gap and not open_gap
        open_gap = gap
    return count


def _gaps(blocks: list[Block], source: Source) -> list[Block]:
    """Text that the parser turns into no token: link definitions, markers of empty items."""
    covered = bytearray(len(source.lines) + 1)
    for block in blocks:
        covered[block.first - 1 : block.last] = b"\x01" * (block.last - block.first + 1)
    gaps: list[Block] = []
    for index, line in enumerate(source.lines):
        if covered[index] or not line.strip(" \t"):
            continue
        if gaps and gaps[-1].last == index:
            gaps[-1].last = index + 1
            gaps[-1].text += "\n" + line
        else:
            gaps.append(Block(0, "gap", index + 1, index + 1, line))
    return gaps


def _build(tokens: list[Token], source: Source) -> list[Block]:
    blocks: list[Block] = []
    lists: list[tuple[bool, int]] = []
    items: list[Block | None] = []
    children: dict[Block, list[Block]] = {}
    fresh = False  # whether the innermost item still waits for its own paragraph
    quote = 0
    table = -1
    in_head = False
    lines = source.lines
    for position, token in enumerate(tokens):
        kind = token.type
        if kind == "inline" or (
            kind.startswith("t") and kind not in ("table_open", "thead_open", "tr_open", "thead_close")
        ):
            continue
        if kind == "paragraph_open":
            assert token.map is not None
            text = tokens[position + 1].content
            block = Block(0, "paragraph", token.map[0] + 1, token.map[1], text, len(items), quote=quote)
            while block.last > block.first and not lines[block.last - 1].strip(" \t"):
                block.last -= 1
            if items:
                if fresh and items[-1] is None:
                    block.kind = "item"
                    block.parent = next((item for item in reversed(items[:-1]) if item is not None), None)
                    block.ordered, block.number = lists[-1][0], lists[-1][1]
                    items[-1] = block
                    match = _CHECKBOX.match(text)
                    if match:
                        block.checked = match[1] != " "
                        block.body = match.end()
                else:
                    block.parent = next((item for item in reversed(items) if item is not None), None)
                if block.parent is not None:
                    children.setdefault(block.parent, []).append(block)
            fresh = False
            blocks.append(block)
        elif kind == "heading_open":
            assert token.map is not None
            level = int(token.tag[1])
            block = Block(0, "heading", token.map[0] + 1, token.map[1], tokens[position + 1].content, level)
            block.quote = quote + len(items)
            block.info = "setext" if token.markup in ("-", "=") else ""
            block.number = 1 if token.markup == "-" else 0
            blocks.append(block)
            fresh = False
        elif kind == "list_item_open":
            items.append(None)
            fresh = True
            if lists[-1][0]:
                lists[-1] = (True, int(token.info) if token.info.isascii() and token.info.isdigit() else 0)
            if len(items) + quote > MAX_DEPTH:
                raise _too_deep(token)
        elif kind == "list_item_close":
            items.pop()
            fresh = False
        elif kind in ("bullet_list_open", "ordered_list_open"):
            lists.append((kind[0] == "o", 0))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif kind == "blockquote_open":
            quote += 1
            if len(items) + quote > MAX_DEPTH:
                raise _too_deep(token)
        elif kind == "blockquote_close":
            quote -= 1
        elif kind == "table_open":
            table += 1
        elif kind in ("thead_open", "thead_close"):
            in_head = kind == "thead_open"
        elif kind == "tr_open":
            assert token.map is not None
            line = lines[token.map[0]]
            block = Block(
                0, "header" if in_head else "row", token.map[0] + 1, token.map[0] + 1, line, table=table
            )
            if in_head:
                block.last += 1
            block.cells = split_row(line, quote)
            block.quote = quote
            block.parent = next((item for item in reversed(items) if item is not None), None)
            blocks.append(block)
            fresh = False
        elif kind in ("fence", "code_block", "html_block", "hr"):
            assert token.map is not None
            name = {"fence": "fence", "code_block": "code", "html_block": "html", "hr": "rule"}[kind]
            block = Block(
                0, name, token.map[0] + 1, max(token.map[1], token.map[0] + 1), token.content, quote=quote
            )
            block.last = min(block.last, len(lines))
            while block.last > block.first and not lines[block.last - 1].strip(" \t"):
                block.last -= 1
            block.info = token.info.strip()
            block.parent = next((item for item in reversed(items) if item is not None), None)
            if block.parent is not None:
                children.setdefault(block.parent, []).append(block)
            blocks.append(block)
            fresh = False
    for parent, own in children.items():
        parent.children = own
    return blocks


def _itemise(blocks: list[Block]) -> tuple[list[Block], int]:
    """The blocks with paragraphs of such lines cut into a head and items, and how many blocks that makes more."""
    found: list[Block] = []
    for block in blocks:
        found.extend(_items(block) if block.kind == "paragraph" and block.parent is None else [block])
    return found, len(found) - len(blocks)


def _items(block: Block) -> list[Block]:
    lines = block.text.split("\n")
    marks = [_BULLET.match(line.lstrip()) for line in lines]
    if not any(marks) or len(lines) != block.last - block.first + 1:
        return [block]
    found: list[Block] = []
    outer: Block | None = None
    for number, (line, mark) in enumerate(zip(lines, marks, strict=True), start=block.first):
        if mark is None and found:
            found[-1].text += f"\n{line}"
            found[-1].last = number
            continue
        text = line.lstrip()[mark.end() :] if mark else line
        piece = Block(0, "item" if mark else "paragraph", number, number, text, quote=block.quote)
        if mark is not None:
            box = _CHECKBOX.match(text)
            if box:
                piece.checked, piece.body = box[1] != " ", box.end()
            if outer is not None and mark["sign"] in _NESTED and mark["sign"] != outer.info:
                piece.parent = outer
                outer.children = [*outer.children, piece]
            else:
                piece.info = mark["sign"]
                outer = piece
        found.append(piece)
    return found


def _numbered_heads(blocks: list[Block]) -> tuple[list[Block], int]:
    """`1. Decision`, `2. Phasing` in memos: numbers that count on over what stands between them head parts.

    They are told from a list by what follows them: lines or lists that are not nested in them.
    """
    listed = [block for block in blocks if block.kind == "item" and block.ordered and block.parent is None]
    numbers = [block.number for block in listed]
    if len(listed) < _FEWEST_HEADS or numbers != list(range(1, len(listed) + 1)):
        return blocks, 0
    if any(not _may_head(block) for block in listed):
        return blocks, 0
    following = {id(block): after for block, after in itertools.pairwise(blocks)}
    broken = sum(
        "\n" in block.text
        or (
            (after := following.get(id(block))) is not None
            and after.kind == "item"
            and not after.ordered
            and not after.parent
        )
        for block in listed
    )
    if broken * 2 < len(listed) or all("\n" in block.text for block in listed):
        return blocks, 0
    found: list[Block] = []
    heads = {id(block) for block in listed}
    for block in blocks:
        found.extend(_head_and_rest(block) if id(block) in heads else [block])
    return found, len(found) - len(blocks)


def _may_head(block: Block) -> bool:
    first = block.text.partition("\n")[0].strip()
    short = len(first) <= 50 and first.count(" ") <= 6
    return (
        short and not block.children and block.checked is None and not block.quote and first[-1:] not in ".,;"
    )


def _head_and_rest(block: Block) -> list[Block]:
    first, _, rest = block.text.partition("\n")
    head = Block(0, "heading", block.first, block.first, first, _HEAD_LEVEL)
    if not rest:
        return [head]
    return [head, Block(0, "paragraph", block.first + 1, block.last, rest)]


def _too_deep(token: Token) -> PlanError:
    line = token.map[0] + 1 if token.map else None
    return PlanError("too_deep", f"Lists and quotes may be nested at most {MAX_DEPTH} deep.", line)


def split_row(line: str, quote: int = 0) -> list[tuple[int, int]]:
    """The trimmed cells of a table's source line as column spans; `\\|` does not separate."""
    start = 0
    for _ in range(quote):
        marker = line.find(">", start)
        if marker >= 0 and not line[start:marker].strip():
            start = marker + 1
    end = len(line.rstrip())
    while start < end and line[start] in " \t":
        start += 1
    if start < end and line[start] == "|":
        start += 1
    if end > start and line[end - 1] == "|" and (end < 2 or line[end - 2] != "\\"):
        end -= 1
    spans: list[tuple[int, int]] = []
    left = start
    position = start
    while position <= end:
        bar = line.find("|", position, end)
        if bar > left and line[bar - 1] == "\\":
            position = bar + 1
            continue
        right = bar if bar >= 0 else end
        spans.append(_trim(line, left, right))
        if bar < 0:
            break
        left = position = bar + 1
    return spans


def _trim(line: str, left: int, right: int) -> tuple[int, int]:
    while left < right and line[left] in " \t":
        left += 1
    while right > left and line[right - 1] in " \t":
        right -= 1
    return left, right


def locate(source: Source, block: Block, offset: int) -> tuple[int, int]:
    """Where an offset of a block's text stands in the source: line from 1, column from 0."""
    if block.kind in ("row", "header"):
        return block.first, offset
    text = block.text
    if block.first == block.last and block.kind in ("item", "paragraph") and block.base is not None:
        return block.first, block.base + offset
    starts = block.line_starts()
    nth = bisect_right(starts, offset) - 1
    begin = starts[nth]
    end = text.find("\n", begin)
    piece = text[begin : end if end >= 0 else len(text)]
    number = block.first + nth + (1 if block.kind in ("fence", "front") else 0)
    line = source.lines[number - 1] if number <= len(source.lines) else ""
    stripped = shown(piece.strip())
    lead = len(piece) - len(piece.lstrip())
    if block.kind == "heading" and block.info != "setext":
        hashes = line.find("#")
        column = line.find(stripped, hashes + block.level) if hashes >= 0 else line.find(stripped)
    else:
        column = line.rfind(stripped)
    if len(starts) == 1 and not lead:
        block.base = max(column, 0)
    return number, max(column, 0) + max(offset - begin - lead, 0)
