"""Writing, approving, running and following up campaigns."""
