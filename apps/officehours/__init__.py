"""Office-hours series."""
