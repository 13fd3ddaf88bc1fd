"""Anchors and placements: when a thing is due, what moves with it, what is late."""
