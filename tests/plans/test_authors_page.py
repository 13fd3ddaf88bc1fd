"""What docs/plan-format.md tells authors is what the reader does."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from apps.core.vocabulary import load
from apps.metrics.targets import TargetSpec, parse_targets
from apps.plans.reading import PlanError, read_plan, report
from apps.rollouts.deadlines import parse_deadline
from apps.rollouts.ladder import parse_ladder
from apps.schedule.when import parse_when

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "plan-format.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
EN = load("en")
SIGNS = {"lt": "<", "le": "<=", "eq": "=", "ge": ">=", "gt": ">"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its header."""
    section = re.split(r"^## ", PROSE.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len(found) > 2, heading
    return found[2:]


def say(spec: TargetSpec) -> str:
    values = spec.to_json()
    relation = "" if spec.relation == "absolute" else spec.relation
    measure = " ".join(part for part in (spec.metric if spec.metric != relation else "", relation) if part)
    said = f"{measure} {SIGNS[str(spec.comparator)]} {values['value']} {spec.unit or ''}".strip()
    if spec.percentile:
        said += f", p{spec.percentile}"
    return said + (f", {spec.window_days} days" if spec.window_days else "")


def test_the_plan_on_the_page_is_read_to_the_last_line() -> None:
    source = PAGE.split("```markdown\n", 1)[1].split("\n```\n", 1)[0]
    told = report(read_plan(source))
    counts = {name.strip("`"): int(count) for name, count in rows("A plan") if name.startswith("`")}
    assert {name: count for name, count in told["counts"].items() if count} == counts
    assert (told["name"], told["launch_day"]) == ("Paper trail", "2027-03-04")
    assert told["coverage"]["lost"] == 0
    left = [record["fields"]["text"] for record in told["records"] if record["kind"] == "note"]
    assert left == ["When | What | Channel | Owner", "Metric | Target", "Date | Version | Author | Summary"]


@pytest.mark.parametrize("row", rows("Times"))
def test_times(row: list[str]) -> None:
    when = parse_when(row[0], vocab=EN)
    assert when is not None
    if row[1] == "that day":
        assert when.date in (date(2027, 3, 4),)
    elif when.fuzzy:
        assert row[1].startswith("that quarter" if when.fuzzy == "2027-Q1" else "that half-year")
        assert when.fuzzy in {"2027-Q1", "2027-Q1/2027-Q2"}
    else:
        assert when.unit
        assert when.offset is not None


@pytest.mark.parametrize("row", rows("Rollouts"))
def test_rollouts(row: list[str]) -> None:
    assert ", ".join(str(rung.percent) for rung in parse_ladder(row[0], vocab=EN)) == row[1]


@pytest.mark.parametrize("row", rows("Targets"))
def test_targets(row: list[str]) -> None:
    assert ", ".join(map(say, parse_targets(row[0], vocab=EN))) == row[1]


@pytest.mark.parametrize("row", rows("Deadlines"))
def test_deadlines(row: list[str]) -> None:
    assert str(parse_deadline(row[0], vocab=EN)) == row[1]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "empty"),
        (b"x" * (1024 * 1024 + 1), "too_large"),
        (b"a\xff", "not_utf8"),
        (b"a\x00b", "binary"),
        (b"> " * 60 + b"x", "too_deep"),
    ],
)
def test_what_is_refused_is_named_on_the_page(document: bytes, code: str) -> None:
    with pytest.raises(PlanError) as refused:
        read_plan(document)
    assert refused.value.code == code
    assert [code] == [row[1].strip("`") for row in rows("What is refused") if row[1].strip("`") == code]
