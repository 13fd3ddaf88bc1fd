"""Ways to break a launch plan: what people paste, what editors leave, and what an attacker tries."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, str, Sequence[str]], str]

_STRANGE = (
    "\x00",
    "\x1b[31m",
    "\ufeff",
    "\u200b",
    "\u202e",
    "\ufffd",
    "\U0001f9e8",
    "e\u0301\u0301\u0301",
    "ﬁ",
    "ß",
    "İ",
    "ǅ",
    "\u2028",
    "\u0085",
    "\x0b",
    "\x0c",
    "\r",
    "\t",
    "　",
    "٣",
    "²",
    "½",
    "Ⅳ",
    "𝟙",
    "﷽",
    "\ud7ff",
    "\U0010fffd",
)
_BITS = (
    "#",
    "##",
    "- ",
    "* ",
    "1. ",
    "> ",
    "|",
    "---",
    "===",
    "```",
    "~~~",
    "**",
    "__",
    "`",
    "[",
    "](",
    "<!--",
    "-->",
    "<div>",
    "</details>",
    "&amp;",
    "&#0;",
    "\\",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    ":",
    "：",
    "- [x] ",
    "- [ ] ",
    "%",
    "→",
    "->",
    "T-14",
    "Week -2",
    "Weeks 2-3",
    "Day 1",
    "2026-02-30",
    "2026-03-04",
    "Q1 2024",
    "25% → 50%",
    "<2s",
    "[DATE]",
    "{{x}}",
    "XX%",
    "TBD",
    "within 15 minutes",
    "99999999999999999999",
    "-0",
    "1e309",
    "NaN",
    "24/7",
    "Phase 1:",
    "### Phase 2: Beta (Week 2)",
    "## Rollback steps",
    "## Success metrics",
    "## Content calendar",
    "Zero",
    "9:00 AM PT",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "[a]: http://x",
    "[^1]",
    "![x](y)",
    "Launch date: 2026-05-12",
    "99:99",
    "1/2/3/4%",
)


def _place(rng: random.Random, text: str) -> int:
    return rng.randrange(len(text) + 1)


def _insert(rng: random.Random, text: str, bits: Sequence[str]) -> str:
    for _ in range(rng.randint(1, 12)):
        at = _place(rng, text)
        text = text[:at] + rng.choice(bits) + text[at:]
    return text


def insert_markup(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return _insert(rng, text, _BITS)


def insert_strange(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return _insert(rng, text, _STRANGE)


def cut_out(rng: random.Random, text: str, others: Sequence[str]) -> str:
    first, last = sorted((_place(rng, text), _place(rng, text)))
    return text[:first] + text[last:]


def repeat(rng: random.Random, text: str, others: Sequence[str]) -> str:
    first, last = sorted((_place(rng, text), _place(rng, text)))
    return text[:last] + text[first:last] * rng.randint(1, 4) + text[last:]


def truncate(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return text[: _place(rng, text)]


def shuffle_lines(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True)
    rng.shuffle(lines)
    return "".join(lines)


def move_lines(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(rng.randint(1, 8)):
        if lines:
            line = lines.pop(rng.randrange(len(lines)))
            lines.insert(rng.randrange(len(lines) + 1), line)
    return "".join(lines)


def indent_lines(rng: random.Random, text: str, others: Sequence[str]) -> str:
    chance = rng.random()
    return "".join(
        " " * rng.randint(0, 9) + line if rng.random() < chance else line.lstrip()
        for line in text.splitlines(keepends=True)
    )


def splice(rng: random.Random, text: str, others: Sequence[str]) -> str:
    other = rng.choice(others)
    at, start = _place(rng, text), _place(rng, other)
    return text[:at] + other[start : start + rng.randint(1, 2000)] + text[at:]


def join_documents(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return rng.choice(["", "\n", "\n\n---\n\n", "\r\n"]).join(
        [text, *rng.choices(others, k=rng.randint(1, 3))]
    )


def interleave(rng: random.Random, text: str, others: Sequence[str]) -> str:
    mine, theirs = text.splitlines(keepends=True), rng.choice(others).splitlines(keepends=True)
    rows: list[str] = []
    while mine or theirs:
        source = mine if mine and (not theirs or rng.random() < 0.5) else theirs
        rows.append(source.pop(0))
    return "".join(rows)


def nest(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """Deeper than anybody writes; the limit is 50 levels."""
    depth = rng.choice([5, 20, 49, 50, 51, 60, 200])
    style = rng.randrange(5)
    line = rng.choice(text.splitlines() or ["x"])
    if style == 0:
        block = "\n".join("  " * level + f"- {line}" for level in range(depth))
    elif style == 1:
        block = "> " * depth + line
    elif style == 2:
        block = "- " * depth + line
    elif style == 3:
        block = "\n".join("   " * level + f"{level + 1}. {line}" for level in range(depth))
    else:
        block = "*" * depth + line + "[" * depth + "]" * depth + "(" * depth
    at = text.find("\n", _place(rng, text)) + 1
    return f"{text[:at]}\n{block}\n\n{text[at:]}"


def grow_table(rng: random.Random, text: str, others: Sequence[str]) -> str:
    columns, rows = rng.choice([(2, 300), (3, 200), (40, 20), (300, 3), (1, 50)])
    words = ["Week 1", "5%", "x", "", "**a**", "`|`", "2026-03-04", "\\|", "TBD", "> 3 s"]
    heads = ["Phase", "When", "Percent", "Owner", "Metric", "Target", "Activity", "?"]
    head = "|" + "|".join(rng.choice(heads) for _ in range(columns)) + "|"
    dashes = "|" + "|".join(["---"] * columns) + "|"
    body = "\n".join(
        "|" + "|".join(rng.choice(words) for _ in range(max(1, columns + rng.choice([0, 0, 0, -1, 1])))) + "|"
        for _ in range(rows)
    )
    at = text.find("\n", _place(rng, text)) + 1
    return f"{text[:at]}\n{head}\n{dashes}\n{body}\n\n{text[at:]}"


def long_line(rng: random.Random, text: str, others: Sequence[str]) -> str:
    bit = rng.choice([*_BITS, "a", " ", "word ", "1", "é"])
    at = _place(rng, text)
    return text[:at] + bit * rng.choice([50, 500, 3000]) + text[at:]


def change_digits(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return "".join(
        rng.choice("0123456789") if letter.isdigit() and rng.random() < 0.4 else letter for letter in text
    )


def change_headings(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return "".join(
        "#" * rng.randint(0, 7) + " " + line.lstrip("#") if line.startswith("#") else line
        for line in text.splitlines(keepends=True)
    )


def change_line_ends(rng: random.Random, text: str, others: Sequence[str]) -> str:
    ends = rng.choice([["\r\n"], ["\r"], ["\n", "\r\n", "\r"], ["\n\n"], [" \n"], [" "]])
    return "".join(line + rng.choice(ends) for line in text.splitlines())


def swap_case(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return rng.choice([str.upper, str.lower, str.swapcase, str.title])(text)


def wrap(rng: random.Random, text: str, others: Sequence[str]) -> str:
    before, after = rng.choice(
        [
            ("```\n", "\n```"),
            ("<details>\n", "\n</details>"),
            ("<!--", "-->"),
            ("---\n", "\n---\n"),
            ("\ufeff", ""),
            ("| ", " |"),
        ]
    )
    return before + text + (after if rng.random() < 0.7 else "")


def quote(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lead = rng.choice(["> ", "    ", "- ", "| ", "> > ", "1. ", "\t"])
    return "".join(lead + line for line in text.splitlines(keepends=True))


MUTATIONS: tuple[Mutation, ...] = (
    insert_markup,
    insert_markup,
    insert_strange,
    cut_out,
    cut_out,
    repeat,
    truncate,
    shuffle_lines,
    move_lines,
    indent_lines,
    splice,
    splice,
    join_documents,
    interleave,
    nest,
    grow_table,
    long_line,
    change_digits,
    change_headings,
    change_line_ends,
    swap_case,
    wrap,
    quote,
)


def mutate(rng: random.Random, documents: Sequence[str]) -> str | bytes:
    """A document nobody wrote. One in eight is handed over as bytes with some of them flipped."""
    text = rng.choice(documents)
    for _ in range(rng.choice([1, 1, 2, 2, 3, 5])):
        text = rng.choice(MUTATIONS)(rng, text, documents)[:300_000]
    if rng.random() < 0.125:
        data = bytearray(text.encode("utf-8", "surrogatepass"))
        for _ in range(rng.choice([1, 2, 10]) if data else 0):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    return text
