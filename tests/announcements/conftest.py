"""Fixtures for the tests of announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kept import Kept, kept

if TYPE_CHECKING:
    from apps.announcements.models import ProductKey
    from tests.announcements.worlds import World


# Where the product's pages stand.
PAGE = "https://app.example.com"

built = kept("tests.announcements.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    """One active launch with one person per role."""
    return built.fresh()  # type: ignore[no-any-return]


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """A world that other connections see too."""
    from tests.announcements.worlds import build_world

    return build_world()


@pytest.fixture
def key(world: World) -> ProductKey:
    """The key of a product whose pages stand at `PAGE`."""
    from apps.announcements.services import keys

    return keys.create_key(actor=world.act("administrator"), name="The product", origins=[PAGE])
