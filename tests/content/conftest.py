"""The world of the pages' tests serves the calendar's too."""

from __future__ import annotations

from tests.portal.conftest import built, world

__all__ = ["built", "world"]
