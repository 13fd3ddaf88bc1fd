"""Fixtures for the tests of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.worlds import World


@pytest.fixture
def world(db: None) -> World:
    """Two launches with one record of every kind, and one person per role."""
    from tests.api.worlds import build_world

    return build_world()
