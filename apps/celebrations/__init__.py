"""Recognition and success stories."""
