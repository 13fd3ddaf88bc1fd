"""Stage one: the document as a tree of sections with their own blocks, whatever marks a section."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from apps.plans.reading.blocks import Block
from apps.plans.reading.pieces import Piece, split_label, trim, whole

CAPITALS_LEVEL = 7
BOLD_LEVEL = 8
COLON_LEVEL = 9
_ALL_BOLD = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1).)+)(?<=\S)\1\s*[:：]?\s*")
_BOLD_FACT = re.compile(r"^\s*(?:\*\*|__)[^*_]{2,40}(?:[:：](?:\*\*|__)|(?:\*\*|__)\s*[:：])\s+\S")
_LABELLED = re.compile(r"^\s*(?:\*\*|__)?[^:：*_|]{2,40}(?:\*\*|__)?\s*[:：](?:\*\*|__)?\s+\S")

# `*Rollout*` above a list, as mails mark headings; `{#rollout}` behind one, as exports name its anchor.
_ALL_SLANTED = re.compile(r"(?<![*_])([*_])(?=[^\s*_])([^*_]+)(?<=\S)\1\s*[:：]?\s*")
_ANCHOR = re.compile(r"\s*\{#[^{}\s]*\}\s*$")
_OUTLINE_NUMBER = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2})*)[.)]?\s+")


@dataclass(slots=True, eq=False)
class Section:
    """A heading with what stands below it up to the next heading of its level. The root has no heading."""

    index: int
    heading: Block | None
    level: int
    title: Piece | None
    parent: Section | None = None
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.title.clean if self.title else ""

    @property
    def last(self) -> int:
        """The last source line that belongs to the section, its subsections included."""
        if self.sections:
            return self.sections[-1].last
        if self.blocks:
            return max(block.last for block in self.blocks)
        return self.heading.last if self.heading else 0

    def walk(self) -> list[Section]:
        """This section and everything below it, in document order."""
        found: list[Section] = []
        waiting = [self]
        while waiting:
            section = waiting.pop()
            found.append(section)
            waiting.extend(reversed(section.sections))
        return found


def outline(blocks: list[Block]) -> Section:
    """The tree of sections. Lines in bold or in capitals, and those that end with a colon above a list, open
    a section of their own."""
    root = Section(0, None, 0, None)
    stack = [root]
    count = 1
    for position, block in enumerate(blocks):
        level, title = _opens(block, blocks, position)
        if not level:
            stack[-1].blocks.append(block)
            continue
        while stack[-1].level >= level:
            stack.pop()
        section = Section(count, block, level, _without_number(title, stack[-1]), stack[-1])
        count += 1
        stack[-1].sections.append(section)
        stack.append(section)
    return root


def _without_number(title: Piece | None, above: Section) -> Piece | None:
    """`3.1 Phase A` below "3. Release phases" is called "Phase A": the number only says where it stands."""
    number = _OUTLINE_NUMBER.match(title.raw) if title is not None else None
    if title is None or number is None or above.title is None or number.end() >= len(title.raw):
        return title
    outer = _OUTLINE_NUMBER.match(above.heading.text) if above.heading is not None else None
    if outer is None or number[1].rpartition(".")[0] != outer[1]:
        return title
    return title.sub(number.end(), len(title.raw))


def _shouted(text: str) -> bool:
    """`KEY MESSAGES` on a line of its own, as mails and plain text write headings."""
    return text.isupper() and 4 <= len(text) <= 60 and text.count(" ") <= 7 and text[-1] not in ".,;!?"


def _opens(block: Block, blocks: list[Block], position: int) -> tuple[int, Piece | None]:
    if block.kind == "heading":
        if block.quote:
            return 0, None
        if block.info == "setext" and block.number and ("\n" in block.text or _BOLD_FACT.match(block.text)):
            # A thematic break right below a paragraph of facts: what the author meant are the facts.
            block.kind = "paragraph"
            return 0, None
        piece = whole(block)
        anchor = _ANCHOR.search(piece.raw) if piece.raw.rstrip().endswith("}") else None
        return block.level, trim(piece.sub(0, anchor.start()) if anchor else piece, lead=False)
    if block.kind != "paragraph" or block.parent is not None or block.quote or "\n" in block.text:
        return 0, None
    following = blocks[position + 1] if position + 1 < len(blocks) else None
    if following is None or following.kind in ("heading", "rule", "gap"):
        return 0, None
    text = block.text.strip()
    bold = _ALL_BOLD.fullmatch(text)
    if bold:
        if len(text) > 120 or text.count(" ") > 14:
            return 0, None
        label, value = split_label(whole(block))
        piece = label if label and not value else trim(whole(block))
        title = trim(piece)
        while title and title.raw[-1] in ":： ":
            title = title.sub(0, len(title.raw) - 1)
        inner = trim(title)
        if following.kind == "paragraph" and _LABELLED.match(inner.raw):
            return 0, None
        return BOLD_LEVEL, inner
    if _ALL_SLANTED.fullmatch(text) and text.count(" ") <= 7 and following.kind in ("item", "header"):
        piece = trim(whole(block))
        raw = piece.raw.rstrip(":： ")
        return COLON_LEVEL, trim(piece.sub(0, len(raw)))
    if _shouted(text):
        return CAPITALS_LEVEL, trim(whole(block))
    if text.endswith((":", "：")) and text.count(" ") <= 7 and following.kind in ("item", "header", "fence"):
        piece = trim(whole(block))
        raw = piece.raw.rstrip(":： ")
        if raw and not any(mark in raw for mark in (". ", ",", ": ")):
            return COLON_LEVEL, trim(piece.sub(0, len(raw)))
    return 0, None
