"""Outgoing mail: who is to get what, and what became of it, row by row."""
