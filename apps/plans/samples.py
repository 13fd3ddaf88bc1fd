"""Templates a launch may start from, and the plan the demonstration runs on: files beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SAMPLE = FOLDER / "samples" / "ai-settings.md"


@dataclass(frozen=True)
class Template:
    """A plan to start from. `text` says in a sentence what it suits."""

    key: str
    title: str
    text: str
    path: Path

    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")


TEMPLATES = (
    Template(
        "phased-rollout", "Phased rollout", "Beta, a growing circle, everyone: with rollback criteria and steps.",
        FOLDER / "templates_md" / "phased-rollout.md",
    ),
    Template(
        "launch-day", "One big day", "A calendar that counts down to the day, with channels and owners.",
        FOLDER / "templates_md" / "launch-day.md",
    ),
    Template(
        "internal-tool", "Internal tool", "A pilot team first, then the company: trainings and office hours.",
        FOLDER / "templates_md" / "internal-tool.md",
    ),
    Template(
        "worked-example", "A worked example", "A complete plan of an invented company, from strategy to celebration.",
        SAMPLE,
    ),
)  # fmt: skip


def template(key: str) -> Template | None:
    return next((each for each in TEMPLATES if each.key == key), None)
