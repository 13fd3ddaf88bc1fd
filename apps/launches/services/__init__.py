"""Writing launches and their records: `launch` for a launch as a whole, `members`, and `records`."""
