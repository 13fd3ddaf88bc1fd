"""Stretches of a block's raw inline text: trimming, cleaning, and splitting a label from its value."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from apps.plans.reading.blocks import Block
from apps.plans.reading.escapes import resolved

_BOLD = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1)[^\n])+?)(?<=\S)\1")
_SOFT = re.compile(
    r"(\*|_|`)(?=[^\s*_`])([^*_`\n]{1,60}?)\1(?=\s*[:：]|\s+[-–—]\s|$)|(\*|_)(?=[^\s*_])([^*_\n]{1,60}?)[:：]\3"
)
_AFTER_LABEL = re.compile(r"\s*(?:[:：]|[-–—](?=\s|$))*\s*")
_SEPARATOR = re.compile(r"(?<![:/\\])[:](?=\s|$)|(?<=\s)::(?=\s)|：|(?<=\s)[-–—]{1,2}(?=\s)")
_LEAD = re.compile(r"(?:[^\w\s\"'“‘«„([{<>=≥≤~±+\-−$€£¥%#@&*_`\\/.,;:!?|–—]|[\ufe0f\u200d])+\s*")
# Repeats are bounded: marks that nobody closes must not make every one of them search the whole line.
_LINK = re.compile(
    r"!?\[([^\]]{0,300})\]\((?:[^()\s]|\([^()]{0,200}\)){0,1500}(?:\s{1,9}\"[^\"]{0,300}\")?\)"
)
_EMPHASIS = re.compile(r"(\*\*\*|\*\*|\*|__|~~|`)(?=\S)(.{1,300}?)(?<=\S)\1")
_UNDER = re.compile(r"(?<!\w)_(?=\S)(.{1,300}?)(?<=\S)_(?!\w)")
_TAG = re.compile(r"</?(?:[a-zA-Z][\w-]{0,40})(?:\s[^<>]{0,500})?/?>|<!--.{0,1000}?-->")
_BREAK = re.compile(r"\s{0,20}(?<!\\)<br\s{0,9}/?>\s{0,20}", re.IGNORECASE)
# What str.strip would take.
_SPACES = frozenset(ch for ch in map(chr, range(0x3001)) if ch.isspace())
# A line cut into more parts than this is no longer something a person wrote part by part.
MOST_PARTS = 50
_WRAPS = ("***", "**", "__", "~~", "*", "_", "`")
_QUOTES = {
    '"': '"',
    "“": "”",
    "„": "“”",
    "«": "»",
    "»": "«",
    "‘": "’",
    "'": "'",
    "「": "」",
    "『": "』",
    "‹": "›",
}
_PLACEHOLDER = re.compile(
    r"""\[(?![ xX]\])[^\[\]]{1,300}\](?!\()|\{\{.{0,200}?\}\}|\{[A-Za-z_ ]{1,80}\}
    |<[A-Za-z][\w ,./'-]{0,60}>|\$\{[^}]{0,200}\}
    |(?:\b[XYNxyn]{1,3}|_{2,})\s?%|[$€£]\s?[XxYyNn]{1,3}[kKmMbB]?\b|\b[X]{2,}\b|_{3,}|\?{2,}|\b(?:YYYY|yyyy)[-/.]?(?:MM|mm|QQ|Q[X?]?)?(?:[-/.]?(?:DD|dd))?\b
    |\bQ[X?](?:\s\d{4})?(?!\w)|\b[mM]{2}/[dD]{2}(?:/[yY]{2,4})?\b""",
    re.VERBOSE,
)
# No placeholder without one of these.
_MAY_HOLD = re.compile(r"[\[{<$€£_?%]|XX|YYYY|yyyy|Q[X?]|[mM]{2}/")


@dataclass(slots=True)
class Piece:
    """`block.text[start:end]`; never changed once made (not frozen, as that makes it slower to make)."""

    block: Block
    start: int
    end: int

    @property
    def raw(self) -> str:
        return self.block.text[self.start : self.end]

    @property
    def value(self) -> str:
        """The text as a field keeps it: one line, escapes resolved, inline markup left as written."""
        return unescape(self.raw)

    @property
    def clean(self) -> str:
        """The text as the value grammars read it: no markup at all."""
        return clean(self.raw)

    def __bool__(self) -> bool:
        return self.end > self.start

    def sub(self, start: int, end: int) -> Piece:
        return Piece(self.block, self.start + start, self.start + end)


def unescape(raw: str) -> str:
    """Raw inline source as a one-line value; `<br>` becomes a line break."""
    if "\n" in raw:
        raw = " ".join(part.strip() for part in raw.split("\n"))
    if "<" in raw:
        raw = _BREAK.sub("\n", raw)
    return resolved(raw)


def clean(raw: str) -> str:
    """Without emphasis, code marks, link targets, tags and entities."""
    if "\n" in raw:
        raw = " ".join(part.strip() for part in raw.split("\n"))
    if "<" in raw:
        raw = _TAG.sub(" ", raw)
    if "](" in raw:
        raw = _LINK.sub(r"\1", raw)
    if "*" in raw or "`" in raw or "~" in raw or "__" in raw:
        raw = _EMPHASIS.sub(r"\2", raw)
        raw = _EMPHASIS.sub(r"\2", raw)
    if "_" in raw:
        raw = _UNDER.sub(r"\1", raw)
    if "&" in raw:
        raw = html.unescape(raw)
    return resolved(raw).strip()


def whole(block: Block) -> Piece:
    """A block's own text behind its checkbox."""
    return Piece(block, block.body, len(block.text))


def trim(piece: Piece, *, quotes: bool = False, lead: bool = True) -> Piece:
    """Without surrounding space, emoji in front, emphasis around all of it and, if asked, quotation marks."""
    text, start, end = piece.block.text, piece.start, piece.end
    while True:
        while start < end and text[start] in _SPACES:
            start += 1
        while end > start and text[end - 1] in _SPACES:
            end -= 1
        if start >= end:
            break
        first, last = text[start], text[end - 1]
        if first.isalnum() and first.isascii():
            break
        if lead and not first.isascii():
            match = _LEAD.match(text, start, end)
            if match and match.end() < end:
                start = match.end()
                continue
        if first in "*_~`" and first == last:
            for mark in _WRAPS:
                size = len(mark)
                if (
                    end - start > 2 * size
                    and text.startswith(mark, start)
                    and text.endswith(mark, start, end)
                ):
                    inner = text[start + size : end - size]
                    if (
                        mark not in inner
                        and not inner[0].isspace()
                        and inner[-1] != "\\"
                        and not inner[-1].isspace()
                    ):
                        start, end = start + size, end - size
                        break
            else:
                break
            continue
        if quotes and end - start > 2:
            closing = _QUOTES.get(first)
            if closing and last in closing:
                inner = text[start + 1 : end - 1]
                if first not in inner and last not in inner:
                    start, end = start + 1, end - 1
                    continue
        break
    return piece if (start, end) == (piece.start, piece.end) else Piece(piece.block, start, end)


def split_label(piece: Piece) -> tuple[Piece | None, Piece]:
    """`**Label:** value`, `Label: value`, `Label - value` and their kin; no label if there is none."""
    given, piece = piece, _without_lead(piece)
    text = piece.block.text
    dressed = text[piece.start : piece.start + 1] in ("*", "_", "`")
    bold = _BOLD.match(text, piece.start, piece.end) if dressed else None
    if bold:
        inner = Piece(piece.block, bold.start(2), bold.end(2))
        after = _AFTER_LABEL.match(text, bold.end(), piece.end)
        assert after is not None
        rest = Piece(piece.block, after.end(), piece.end)
        separated = after.end() > bold.end() and after[0].strip() != ""
        stripped = inner.raw.rstrip()
        if stripped.endswith((":", "：", " -", " –", " —")):
            cut = len(stripped.rstrip(":：-–— "))
            # The colon has parted them: a dash behind it belongs to the value, or says that there is none.
            rest = Piece(piece.block, bold.end(), piece.end) if stripped[-1] in ":：" else rest
            return inner.sub(0, cut), trim(rest, lead=False)
        if not rest:
            if separated:
                return trim(inner, lead=False), trim(rest, lead=False)
            label, value = _split_plain(inner)
            return (label, value) if label else (None, inner)
        first = rest.raw[0]
        if separated or first in "([（" or first.isupper() or (not first.isascii() and first.isalpha()):
            return trim(inner, lead=False), trim(rest, lead=False)
        return None, given
    soft = _SOFT.match(text, piece.start, piece.end) if dressed else None
    if soft and soft.end() < piece.end:
        inner_group = 2 if soft[2] else 4
        inner = Piece(piece.block, soft.start(inner_group), soft.end(inner_group))
        after = _AFTER_LABEL.match(text, soft.end(), piece.end)
        assert after is not None
        if after[0].strip() or inner_group == 4:
            return trim(inner), trim(Piece(piece.block, after.end(), piece.end), lead=False)
    label, value = _split_plain(piece)
    return (label, value) if label is not None else (None, given)


def _without_lead(piece: Piece) -> Piece:
    text = piece.block.text
    start = piece.start
    while start < piece.end and text[start].isspace():
        start += 1
    if start < piece.end and not text[start].isascii():
        match = _LEAD.match(text, start, piece.end)
        if match and match.end() < piece.end:
            start = match.end()
    return Piece(piece.block, start, piece.end)


def _split_plain(piece: Piece) -> tuple[Piece | None, Piece]:
    raw = piece.raw
    if ":" not in raw and "-" not in raw and raw.isascii():
        return None, piece
    for match in _SEPARATOR.finditer(raw, 0, min(len(raw), 90)):
        head = raw[: match.start()]
        label = head.strip()
        if not label or len(label) > 70 or label.count(" ") > 8 or "\n" in label:
            return None, piece
        if label.count("(") > label.count(")") or label.count("[") > label.count("]"):
            continue
        if ". " in label or label[-1] in ".,;!?" or (label[0] in "\"“'" and label[-1] not in "\"”'"):
            return None, piece
        if match[0] in (":", "：") and match.end() >= len(raw):
            return trim(piece.sub(0, match.start())), piece.sub(len(raw), len(raw))
        if match[0].startswith(("-", "–", "—")) and not raw[match.end() :].strip():
            return None, piece
        return trim(piece.sub(0, match.start())), trim(piece.sub(match.end(), len(raw)), lead=False)
    return None, piece


def split_paren(piece: Piece) -> tuple[Piece, Piece | None]:
    """`Name (aside)` -> the name and what stands in the last parentheses."""
    text, end = piece.block.text, piece.end
    if end > piece.start and text[end - 1].isalnum():
        return piece, None
    raw = piece.raw.rstrip()
    if raw.endswith((")", "）", "]")):
        opening = max(raw.rfind("("), raw.rfind("（"), raw.rfind("["))
        if opening > 0 and raw[:opening].strip() and ")" not in raw[opening:-1]:
            return trim(piece.sub(0, opening)), trim(piece.sub(opening + 1, len(raw) - 1))
    return piece, None


def leading_paren(piece: Piece) -> tuple[Piece | None, Piece]:
    """`(aside): rest` -> the aside and the rest; no aside if the text begins otherwise."""
    raw = piece.raw
    closing = {"(": ")", "（": "）", "[": "]"}.get(raw[:1])
    end = raw.find(closing) if closing else -1
    if end < 2 or raw[:1] in raw[1:end]:
        return None, piece
    rest = raw[end + 1 :].lstrip(" \t:：-–—,")
    return trim(piece.sub(1, end)), piece.sub(len(raw) - len(rest), len(raw))


def text_lines(piece: Piece) -> list[Piece]:
    """What `<br>` parts; a text with more of them than anybody writes stays whole."""
    raw = piece.raw
    breaks = list(_BREAK.finditer(raw)) if "<" in raw else []
    if not breaks or len(breaks) > MOST_PARTS:
        return [piece]
    lines, start = [], 0
    for match in breaks:
        lines.append(piece.sub(start, match.start()))
        start = match.end()
    lines.append(piece.sub(start, len(raw)))
    return [line for line in lines if line.raw.strip()] or [piece]


def placeholder(text: str) -> str | None:
    """The first placeholder inside a text: `[DATE]`, `XX%`, `{{...}}`, `<name>`, `???`."""
    if text.isalpha():
        return text if len(text) > 1 and set(text) == {"X"} else None
    if not _MAY_HOLD.search(text):
        return None
    match = _PLACEHOLDER.search(text)
    return match[0] if match else None


def is_placeholder(text: str) -> bool:
    """Whether nothing but a placeholder stands here (words such as TBD are the vocabulary's)."""
    if text[:1].isalnum() and not _MAY_HOLD.search(text):
        return False
    stripped = text.strip(" .*_`\"“”'()")
    if not stripped:
        return bool(text.strip()) and set(text.strip()) <= set("_. *") and len(text.strip()) > 2
    rest = _PLACEHOLDER.sub("", text)
    return rest != text and not re.search(r"\w", rest)
