"""Post-launch reviews and routines."""
