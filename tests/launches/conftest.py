"""A world of launches and people for tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kept import Kept, kept

if TYPE_CHECKING:
    from tests.portal.worlds import World


built = kept("tests.portal.worlds.make_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    """An active launch with one person per role, and a restricted one."""
    return built.fresh()  # type: ignore[no-any-return]
