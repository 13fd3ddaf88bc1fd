"""Text as Markdown source that the reader gives back as the same text."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PUNCTUATION = r"!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~"
_BACKSLASH = re.compile(rf"\\(?=[{_PUNCTUATION}]|$)")
_BREAK = re.compile(r"<(?=br\s*/?>)", re.IGNORECASE)
_BLOCK_START = re.compile(r"(?:#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|`{3,}|~{3,}|\|)")
_NUMBER_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_RULE = re.compile(r"(?:[-_*]\s*){3,}$|=+\s*$|-+\s*$")
_CHECKBOX = re.compile(r"\[[ xX]\](?=\s|$)")
_DEFINITION = re.compile(r"\[[^\]]+\]:")
_TAG = re.compile(r"<[A-Za-z/!?]")
_LEADING = re.compile(r"^[-:](?=[\s:-]|$)")
_COLON = re.compile(r":(?=\s|$)")
_DASH = re.compile(r"(?<=\s)-(?=-?\s)")

# What parts two parts of a line, where it is not escaped already.
_PARTING = re.compile(r"(?<!\\)(?:(?<=\s)[-|](?=\s)|^-(?=\s|$)|[:;](?=\s|$)|\||,(?=\s))")

_MARK = re.compile(r"[\\`*_{}\[\]()<>#+\-!|~:;,%@&=/$\"]|(?<=\d)\.(?=\s|$)")
_WIDE_MARK = re.compile("[–—：（）；、]")
_NUMBERED = re.compile(r"&(?=#\d{1,7};)")


def inline(value: str) -> str:
    """A one-line value in the middle of a line."""
    text = _CONTROL.sub(" ", value)
    text = " ".join(part.strip() for part in re.split(r"[\r\n]+", text) if part.strip()).strip()
    text = _BACKSLASH.sub(r"\\\\", text)
    text = _BREAK.sub(r"\\<", text)
    text = _NUMBERED.sub(r"\\&", text)
    # Behind a label these would be taken for what parts the two.
    text = _LEADING.sub(r"\\\g<0>", text)
    return _unwrapped(text)


def _unwrapped(text: str) -> str:
    """Emphasis around the whole value would be taken for dress: escape the marks that open it."""
    mark = text[:1]
    if mark and mark in "*_~`" and text[-1:] == mark and len(text) > 1:
        count = len(text) - len(text.lstrip(mark))
        return f"\\{mark}" * count + text[count:]
    return text


def at_start(value: str) -> str:
    """A one-line value where a block begins: nothing in it may open a list, heading, quote, fence or tag."""
    text = inline(value)
    number = _NUMBER_START.match(text)
    if number:
        return f"{number[1]}\\{text[number.end(1) :]}"
    starts = _BLOCK_START.match(text) or _RULE.match(text) or _CHECKBOX.match(text) or _DEFINITION.match(text)
    if (starts or _TAG.match(text)) and not text.startswith("\\"):
        return "\\" + text
    return text


def plain(value: str) -> str:
    """A value that begins a block and holds no label, whatever colons or dashes stand in it."""
    text = at_start(value)
    if text[:2] in ("**", "__") or text[:1] in ("*", "_", "`"):
        count = len(text) - len(text.lstrip("*_`"))
        text = "".join(f"\\{mark}" for mark in text[:count]) + text[count:]
    return unlabelled(text)


def unlabelled(text: str) -> str:
    """Escape what would part a label from a value in text that is source already."""
    return _DASH.sub(r"\\-", _COLON.sub(r"\\:", text))


def literal(value: str) -> str:
    """A value in which no mark means anything, wherever it stands."""
    text = _CONTROL.sub(" ", value)
    text = " ".join(text.split())
    text = _MARK.sub(r"\\\g<0>", text)
    return _WIDE_MARK.sub(lambda match: f"&#{ord(match[0])};", text)


def part(value: str) -> str:
    """One of several parts of a line that dashes, colons, bars, semicolons and commas part."""
    return _PARTING.sub(r"\\\g<0>", inline(value))


def label(value: str) -> str:
    """A value inside `**...:**`."""
    return re.sub(r"(?<!\\)\*", r"\\*", inline(value))


def cell(value: str) -> str:
    """A value in a table cell; lines of it are parted by a break tag."""
    parts = [inline(part) for part in re.split(r"[\r\n]+", value)]
    return "<br>".join(part.replace("|", "\\|") for part in parts if part)


def needs_bold(value: str) -> bool:
    """Whether a name holds a dash or colon that only bold type keeps together."""
    return bool(re.search(r"\s[–—]{1,2}\s|：", value))
