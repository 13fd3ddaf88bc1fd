"""A launch with an office-hours series, its hosts, and ways to plan and publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.meetings.worlds import Meetings


@pytest.fixture
def meetings(db: None) -> Meetings:
    """A launch in Berlin, with an owner and a record for office hours."""
    from tests.meetings.worlds import make_meetings

    return make_meetings()
