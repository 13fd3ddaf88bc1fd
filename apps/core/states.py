"""The one table of states: which word, icon and colour each state of anything carries, everywhere."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """How a state shows. `tone` is "", ok, warn, bad or on; colour never stands without icon and word."""

    tone: str
    icon: str
    word: str


UNKNOWN_ICON = "circle"

LOOKS: dict[str, Look] = {
    # How dated work stands
    "undated": Look("", "circle-dashed", "No date"),
    "upcoming": Look("", "circle", "Planned"),
    "planned": Look("", "circle", "Planned"),
    "due": Look("on", "clock", "Due"),
    "late": Look("warn", "triangle-alert", "Late"),
    "blocked": Look("bad", "octagon-alert", "Blocked"),
    "done": Look("ok", "check", "Done"),
    "cancelled": Look("", "ban", "Cancelled"),
    # Launches and phases
    "draft": Look("", "pencil-line", "Draft"),
    "active": Look("on", "circle-dot", "Active"),
    "paused": Look("warn", "pause", "Paused"),
    "held": Look("warn", "pause", "On hold"),
    "completed": Look("ok", "check-check", "Completed"),
    "finished": Look("ok", "check", "Finished"),
    "archived": Look("", "archive", "Archived"),
    # Content and announcements
    "idea": Look("", "lightbulb", "Idea"),
    "drafting": Look("", "pencil-line", "Drafting"),
    "in_review": Look("warn", "eye", "In review"),
    "approved": Look("ok", "check", "Approved"),
    "scheduled": Look("on", "calendar-clock", "Scheduled"),
    "published": Look("ok", "check-check", "Published"),
    "live": Look("ok", "radio", "Live"),
    "ended": Look("", "flag", "Ended"),
    "expired": Look("", "timer-off", "Expired"),
    "rejected": Look("bad", "x", "Rejected"),
    # Sending
    "ready": Look("", "circle", "Ready"),
    "sending": Look("on", "send", "Sending"),
    "snapshotting": Look("on", "users", "Collecting recipients"),
    "leased": Look("on", "send", "Sending"),
    "attempting": Look("on", "send", "Sending"),
    "dead": Look("bad", "circle-x", "Given up"),
    "running": Look("on", "play", "Running"),
    "accepted": Look("ok", "check", "Accepted"),
    "sent": Look("ok", "check", "Sent"),
    "suppressed": Look("", "ban", "Suppressed"),
    "failed": Look("bad", "circle-x", "Failed"),
    "uncertain": Look("warn", "circle-question-mark", "Uncertain"),
    # Readiness and gates
    "passed": Look("ok", "check", "Passed"),
    "open": Look("", "circle", "Open"),
    "warning": Look("warn", "triangle-alert", "Warning"),
    "error": Look("bad", "octagon-alert", "Problem"),
    # Metrics
    "met": Look("ok", "check", "On target"),
    "missed": Look("warn", "triangle-alert", "Off target"),
    "alert": Look("bad", "octagon-alert", "Alert"),
    "no_data": Look("", "circle-dashed", "No data"),
    # How an account is
    "good": Look("ok", "heart", "Good"),
    "fair": Look("warn", "heart-pulse", "Fair"),
    "poor": Look("bad", "heart-crack", "Poor"),
    # Access
    "revoked": Look("", "ban", "Revoked"),
    "read_only": Look("", "lock", "Read only"),
}


def look(state: str) -> Look:
    """The look of a state; one that is not in the table is shown plainly by its own name."""
    return LOOKS.get(state) or Look("", UNKNOWN_ICON, state.replace("_", " ").capitalize() or "Not said")
