"""People and an imported launch for tests of whole plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plans.worlds import World


@pytest.fixture
def world(db: None) -> World:
    # Models may be imported only once Django is set up, which conftest files come before.
    from tests.plans.worlds import make_world

    return make_world()
