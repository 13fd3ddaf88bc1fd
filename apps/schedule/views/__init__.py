"""Pages about a launch's dates: moving and undoing, one thing's time, the timeline, clashes."""
