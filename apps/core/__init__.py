"""Knows no other app: errors, actors, the bell, kinds of fields and pages every app shares."""
