"""`make bench`: every measurement, one after the other, into benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
# (module, heading); each prints rows of a Markdown table.
MEASUREMENTS = (
    ("moving", "Moving a launch day"),
    ("pages", "Pages and lists"),
    ("read_plan", "Reading plans"),
    ("announcement_lateness", "Announcements going live"),
    ("feed", "The announcement feed"),
    ("delivery", "Sending mail"),
    ("snapshot", "Freezing an audience"),
    ("claiming", "Claiming rows"),
    ("customers", "Importing customers"),
    ("starting", "Starting"),
)
# What stands between a figure and its target; written below the figures.
LIMITS = {
    "pages": (
        "What limits it: of all launches, a week draws up to ten things a day where a tenth of the launches do not "
        "fill it, and the board counts everything that is open to say how much each column holds. The page of the "
        "plan draws every record of a launch, with what may be done to it."
    ),
    "delivery": (
        "What limits it: a process that sends runs Python for a quarter of its time (sampled); the rest is waiting, "
        "for the disk above all: claim, intent and result are durable commits, of which the others have fewer or none; "
        "then for the sink, which all of them share."
    ),
    "snapshot": (
        "What limits it: one process and the database take turns, each for about half of the time (sampled), so that "
        "one core of two works."
    ),
    "feed": (
        "What limits it: besides the query that signs in, the feed answers with one, but that finds what is live for "
        "this user, account and exposure and what was dismissed, where the bare view reads by a key."
    ),
}
PACKAGES = ("Django", "djangorestframework", "psycopg", "celery", "markdown-it-py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of measurements; the others keep their last figures")
    options = parser.parse_args()
    unknown = set(options.only) - {name for name, _ in MEASUREMENTS}
    if unknown:
        parser.error(f"there is no measurement {sorted(unknown)[0]}")
    kept = sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    failed = []
    for name, heading in MEASUREMENTS:
        if options.only and name not in options.only:
            continue
        print(f"* {heading}", flush=True)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        rows = [line for line in run.stdout.splitlines() if line.startswith("|")]
        if run.returncode or not rows:
            failed.append(name)
            continue
        print("\n".join(rows), flush=True)
        kept[heading] = "\n".join(
            [
                *("| what | measured | to reach |", "| --- | --- | --- |", *rows, ""),
                *([LIMITS[name], ""] if name in LIMITS else []),
                machine(),
            ]
        )
    text = [
        "# What was measured",
        "",
        "Made by `make bench`. Ratios count; absolute figures depend on the machine.",
    ]
    for _, heading in MEASUREMENTS:
        if heading in kept:
            text += ["", f"## {heading}", "", kept[heading]]
    RESULTS.write_text("\n".join(text) + "\n", encoding="utf-8")
    if failed:
        raise SystemExit(f"no figures from: {', '.join(failed)}")


def sections(text: str) -> dict[str, str]:
    """What stands below each heading of a results file."""
    found = {}
    for part in text.split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        found[heading.strip()] = body.strip()
    return found


def machine() -> str:
    """When and where, in a line."""
    load = os.getloadavg()[0]
    model = (
        next(
            (
                line.partition(":")[2].strip()
                for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")
            ),
            platform.processor(),
        )
        if Path("/proc/cpuinfo").exists()
        else platform.processor()
    )
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} x {model or platform.machine()}, load {load:.1f}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {packages}."
    )


if __name__ == "__main__":
    main()
