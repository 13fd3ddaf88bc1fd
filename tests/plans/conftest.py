"""People and an imported launch for tests of whole plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kept import Kept, kept

if TYPE_CHECKING:
    from tests.plans.worlds import World


built = kept("tests.plans.worlds.make_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    """A small company."""
    return built.fresh()  # type: ignore[no-any-return]
