"""Example plans a launch may start from, and the one the demonstration runs on: files beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SAMPLE = FOLDER / "samples" / "ai-settings.md"


@dataclass(frozen=True)
class Example:
    """A plan to start from. `text` says in a sentence what it suits."""

    key: str
    title: str
    text: str
    path: Path

    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")


EXAMPLES = (
    Example(
        "phased-rollout", "Phased rollout", "Beta, a growing circle, everyone: with rollback criteria and steps.",
        FOLDER / "examples" / "phased-rollout.md",
    ),
    Example(
        "launch-day", "One big day", "A calendar that counts down to the day, with channels and owners.",
        FOLDER / "examples" / "launch-day.md",
    ),
    Example(
        "internal-tool", "Internal tool", "A pilot team first, then the company: trainings and office hours.",
        FOLDER / "examples" / "internal-tool.md",
    ),
    Example(
        "worked-example", "A worked example", "A complete plan of an invented company, from strategy to celebration.",
        SAMPLE,
    ),
)  # fmt: skip


def example(key: str) -> Example | None:
    return next((each for each in EXAMPLES if each.key == key), None)
