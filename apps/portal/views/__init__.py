"""Pages that show things of several apps at once."""
