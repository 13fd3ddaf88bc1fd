"""Labelled points at which a test has a sending process kill itself: `DELIVERY_FAULT=after_intent:3`.

The number says how often the point is passed before. Nothing happens unless the setting names a point.
"""

from __future__ import annotations

import os
import signal
import threading

from django.conf import settings

POINTS = ("in_snapshot", "after_claim", "after_intent", "in_data", "after_250", "after_record")
_passed = 0
_counting = threading.Lock()


def point(name: str) -> None:
    """Die here with signal 9, without any tidying up, if the setting says so."""
    if settings.DELIVERY_FAULT and _is_due(name):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_due(name: str) -> bool:
    global _passed
    wanted, _, often = settings.DELIVERY_FAULT.partition(":")
    if name != wanted:
        return False
    with _counting:
        _passed += 1
        return _passed > int(often or 0)
