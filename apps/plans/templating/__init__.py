"""What a template holds, and the dates that follow from it: no database, no clock."""
