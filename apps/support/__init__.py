"""Support plan, on-call coverage, monitoring, escalation and feedback routes."""
