"""What a target measures: the name of its metric, from the words around the number or from a label."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.core.scanning import Scanner
from apps.core.tokens import fold, is_placeholder_mark
from apps.core.vocabulary import Vocabulary
from apps.metrics.target_numbers import Item

_EDGE_MARKS = " \t\r\n,;:.-–—|/()[]«»\"'“”„’*_`=+~→>·•★"


def measure_key(metric: str) -> str:
    """The same for two wordings of one metric: without case, accents, plural, articles and order marks."""
    words = re.findall(r"[^\W_]+", fold(metric))
    return " ".join(_singular(word) for word in words if word not in {"the", "a", "an", "of", "our"})


def _singular(word: str) -> str:
    if len(word) > 3 and word.isascii() and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def name_of_blank(text: str, vocab: Vocabulary) -> str:
    """What is left of "[X]% adoption" as the name of a metric."""
    scan = Scanner(text, vocab)
    hidden = {at for at in range(len(scan)) if scan.tokens[at].text in {"%", "<", ">", "≤", "≥"}}
    return words(scan, 0, len(scan), hidden)


def metric_name(
    scan: Scanner,
    start: int,
    end: int,
    items: Sequence[Item],
    main: Item,
    covered: Sequence[Item],
    label: str,
) -> str:
    """What a clause measures: its words without the recognised parts, or its label."""
    hidden: set[int] = set()
    for item in covered:
        hidden.update(range(item.start, item.end))
    before = words(scan, start, main.start, hidden)
    after = words(scan, main.end, end, hidden)
    if not after:
        return before
    compared = any(item.kind == "comparator" and item.end == main.start for item in covered)
    if before:
        if label and not compared and main.unit is None:
            return label
        return f"{before} {after}"
    if label and not _names_its_measure(scan, covered, main) and _is_adverbial(scan, main.end, end, hidden):
        return label
    return after


def _names_its_measure(scan: Scanner, covered: Sequence[Item], main: Item) -> bool:
    """ "60% reduction in setup time": what stands behind the change and "in" is what is measured."""
    return any(
        item.kind == "relation" and item.start >= main.end and scan.word(item.end, "measured_in") is not None
        for item in covered
    )


def _is_adverbial(scan: Scanner, start: int, end: int, hidden: set[int]) -> bool:
    """Whether what is left says of whom or when: "of users complete setup", "monthly"."""
    for at in range(start, end):
        if at in hidden or scan.tokens[at].kind == "mark":
            continue
        return scan.word(at, "adverbial") is not None
    return True


def words(scan: Scanner, start: int, end: int, hidden: set[int]) -> str:
    """The source's words between two tokens without the hidden ones and without empty words at the edges."""
    shown = [at for at in range(start, end) if at not in hidden]
    while shown and _is_edge(scan, shown[0], leading=True):
        found = scan.word(shown[0], "edge")
        skip = found[1] if found else shown[0] + 1
        shown = [at for at in shown if at >= skip]
    while shown and _is_edge(scan, shown[-1], leading=False):
        shown.pop()
    parts: list[str] = []
    for place, at in enumerate(shown):
        token = scan.tokens[at]
        text = scan.text[token.start : token.end]
        joined = place and shown[place - 1] == at - 1
        parts.append((" " if place and (token.spaced or not joined) else "") + text)
    return clean("".join(parts))


def _is_edge(scan: Scanner, at: int, *, leading: bool) -> bool:
    token = scan.tokens[at]
    if token.kind == "mark":
        return not (leading and token.text in {"#", "$", "€"})
    found = scan.word(at, "edge")
    return found is not None and (leading or found[1] == at + 1)


def clean(text: str) -> str:
    """White space to single spaces, no punctuation at the edges, no bracket that lost its other half."""
    text = " ".join(text.split())
    text = text.strip(_EDGE_MARKS)
    if text.count("(") > text.count(")"):
        text += ")"
    elif text.count(")") > text.count("("):
        text = text.replace(")", "")
    if text.count('"') % 2:
        text = text.replace('"', "")  # the other one went with the words around the name
    return text.replace("()", "").replace("  ", " ").strip()


def generic(name: str, vocab: Vocabulary) -> bool:
    words = Scanner(name, vocab)
    found = words.word(0, "generic")
    return bool(is_placeholder_mark(name) or (found and found[1] == len(words)))
