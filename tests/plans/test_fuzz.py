"""A few hundred mutated plans on every run; `make fuzz` throws twenty thousand."""

from __future__ import annotations

import time

import pytest

from apps.plans.reading import PlanError, read_plan
from tests.plans.fuzz import Failure, documents, run_one, source_of

SEED = 20260512


@pytest.mark.parametrize("part", range(6))
def test_mutated_plans_break_no_promise(part: int) -> None:
    broken = [
        result
        for number in range(part * 50, part * 50 + 50)
        if isinstance(result := run_one((SEED, number)), Failure)
    ]
    assert [(failure.number, failure.what) for failure in broken] == []


def test_the_same_seed_gives_the_same_documents() -> None:
    texts = documents()
    assert source_of(7, 3, texts) == source_of(7, 3, texts)
    assert len({str(source_of(7, number, texts)) for number in range(20)}) > 15


@pytest.mark.parametrize(
    "text",
    [
        "> " * 400 + "Phase 1",
        "- " * 400 + "Phase 1",
        "\n".join("  " * level + "- Week 1" for level in range(300)),
        "[" * 20_000,
        "*" * 20_000 + "a" + "*" * 20_000,
        "`" * 20_000,
        "|" * 20_000 + "\n" + "|-" * 10_000,
        "<" * 20_000,
        "# " + "Week -2 to " * 5_000,
        "- **" + "a:" * 10_000,
        "[a](" * 10_000,
        "![" * 10_000,
        "\\" * 20_000,
        "&" * 20_000,
        "- x\n" * 20_000,
        "| a | b |\n|---|---|\n" + "| 1% | Week 2 |\n" * 5_000,
        "## Phase 1\n" * 5_000,
        "---\n" + "a: b\n" * 10_000 + "---\n",
    ],
    ids=lambda text: text[:12].replace("\n", "/"),
)
def test_hostile_documents_end_soon(text: str) -> None:
    start = time.process_time()
    refusal = ""
    try:
        lost = read_plan("# Launch plan\n\n" + text).coverage.lost
    except PlanError as error:
        refusal, lost = error.code, 0
    assert refusal in {"", "too_deep"}
    assert lost == 0
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "line", ["- {}\n", "## {}\n", "| a | b |\n|---|---|\n| {} | x |\n"], ids=["item", "heading", "cell"]
)
@pytest.mark.parametrize(
    "mark",
    [
        "<!--",
        "__a ",
        "`a ",
        "*a ",
        "**a ",
        "~~a ",
        "_a ",
        "[",
        "[a](",
        "![",
        "{{",
        "<a ",
        " <",
        "Week 1 ",
        "1% ",
    ],
)
def test_marks_that_nobody_closes_cost_linear_time(mark: str, line: str) -> None:
    def seconds(size: int) -> float:
        text = "# Launch plan\n\n## Phases\n\n" + line.format((mark * size)[:size])
        start = time.process_time()
        read_plan(text)
        return time.process_time() - start

    seconds(100)
    # Eight times the line: quadratic reading would take 64 times as long.
    assert seconds(24_000) < seconds(3_000) * 24 + 0.5
