"""A document to begin with, for a launch that never had one."""

from __future__ import annotations

from apps.plans.writing import escaping


def skeleton(name: str) -> str:
    """A title; every part is added below it in the usual order."""
    return f"# {escaping.inline(name) or 'Launch'} - Launch Plan\n"
