"""Pages of mail: what recipients choose, and the list of who gets none."""
