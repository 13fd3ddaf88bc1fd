"""Pages of a launch that need nothing beyond this app: records of its plan, settings, people, history."""
