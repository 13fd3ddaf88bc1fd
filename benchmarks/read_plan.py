"""How long reading a plan takes beside the bare Markdown parse: `python -m benchmarks.read_plan`.

Both read the same document of 1 MiB in the same run, one after the other, and the best of a few rounds
counts, in processor time. No two copies of a paragraph in it are alike. To reach: 2.5 times the bare parse,
and time that grows with the size.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from apps.plans.reading import MAX_BYTES, read_plan

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "plans" / "corpus"
# A plan of prose and bullets, one of tables, one of checkboxes under dates.
SAMPLES = ("17-summary-and-sections", "01-tables", "02-checkboxes")
_WORD = re.compile(r"\b[a-z]{6,}\b")


@dataclass(frozen=True)
class Speed:
    """Seconds of processor time for one document; `half` is the reader's time for half of it."""

    name: str
    size: int
    bare: float
    read: float
    half: float

    @property
    def ratio(self) -> float:
        return self.read / self.bare

    def row(self) -> str:
        """One row of a Markdown table: what, figures, what to reach."""
        return (
            f"| reading a plan of {self.size / 1024 / 1024:.2f} MiB ({self.name}) | {self.ratio:.2f} x the bare parse "
            f"({self.read:.2f} s, bare {self.bare:.2f} s); half of it in {self.half:.2f} s "
            f"| 2.5 x the bare parse, linear |"
        )


def document(source: str, size: int) -> str:
    """A plan repeated up to a size in bytes, with other words in every copy."""
    chance = random.Random(1)
    copies = size // len(source.encode()) + 1
    text = _WORD.sub(
        lambda match: match[0] + (chance.choice("abcdefghij") if chance.random() < 0.2 else ""),
        (source.rstrip() + "\n\n") * copies,
    )
    return text.encode()[:size].decode("utf-8", "ignore")


def measure(names: tuple[str, ...] = SAMPLES, rounds: int = 3) -> list[Speed]:
    """A speed for each sample; about a minute."""
    bare = MarkdownIt("commonmark").enable("table")
    found = []
    for name in names:
        path = Path(name) if name.endswith(".md") else CORPUS / f"{name}.md"
        text = document(path.read_text(encoding="utf-8"), MAX_BYTES - 1024)
        half = document(path.read_text(encoding="utf-8"), MAX_BYTES // 2)
        parse: list[float] = []
        read: list[float] = []
        halves: list[float] = []
        for _ in range(rounds):
            parse.append(_time(lambda text=text: bare.parse(text)))
            read.append(_time(lambda text=text: read_plan(text)))
            halves.append(_time(lambda half=half: read_plan(half)))
        found.append(Speed(path.stem, len(text.encode()), min(parse), min(read), min(halves)))
    return found


def _time(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="plans to measure instead of the samples")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for speed in measure(tuple(options.files) or SAMPLES, options.rounds):
        print(speed.row())


if __name__ == "__main__":
    main()
