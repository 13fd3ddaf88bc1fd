"""Launches, their phases, segments, messages, channels, members and risks."""
