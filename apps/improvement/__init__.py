"""Research, experiments and ideas that follow a launch."""
