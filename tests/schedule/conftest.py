"""Fixtures for the tests of the calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.schedule.worlds import Calendar


@pytest.fixture
def calendar(db: None) -> Calendar:
    """A launch in Berlin with an owner."""
    from tests.schedule.worlds import make_calendar

    return make_calendar()
