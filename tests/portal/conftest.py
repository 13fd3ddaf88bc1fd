"""A world of launches and people for tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.portal.worlds import World


@pytest.fixture
def world(db: None) -> World:
    # Models may be imported only once Django is set up, which conftest files come before.
    from tests.portal.worlds import make_world

    return make_world()
