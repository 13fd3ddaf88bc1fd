"""One endless line must not keep the reader busy: what grows with the square of it would take minutes."""

from __future__ import annotations

import time

import pytest

from apps.plans.reading import read_plan

SIZE = 150_000
ENOUGH = 10.0  # seconds of processor time; each takes well under one


@pytest.mark.parametrize("repeated", ["a<br>", "10% - b; ", "alpha 10% x, ", "Owner: x - "])
@pytest.mark.parametrize("lead", ["## Phases\n\n- Phase 1: ", "## Risks\n\n- Slow start: "])
def test_a_line_of_many_parts_is_read_in_time(lead: str, repeated: str) -> None:
    source = f"# Launch plan\n\n{lead}{repeated * (SIZE // len(repeated))}\n"
    start = time.process_time()
    reading = read_plan(source)
    assert time.process_time() - start < ENOUGH
    assert reading.coverage.lost == 0
