"""What can be done to an announcement by a plain form, and the way to its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from apps.announcements import policies
from apps.announcements.models import Announcement
from apps.announcements.services import approving, running
from apps.core.actors import Actor
from apps.launches.models import Launch

State = Announcement.State

GROUPS = {
    "running": ("Live and coming", (State.LIVE, State.PAUSED, State.SCHEDULED)),
    "preparing": ("In preparation", (State.DRAFT, State.IN_REVIEW, State.APPROVED)),
    "over": ("Over", (State.FINISHED, State.CANCELLED)),
}


@dataclass(frozen=True)
class Step:
    """One thing that can be done to an announcement by a plain form."""

    name: str
    label: str
    icon: str
    states: tuple[str, ...]
    service: Callable[..., Announcement]
    message: str
    primary: bool = False
    reason: bool = False
    confirm: str = ""

    def offered_to(self, actor: Actor, announcement: Announcement) -> bool:
        """Whether this actor may do it now."""
        if announcement.state not in self.states:
            return False
        if self.name == "approve":
            return policies.can_approve(actor, announcement)
        if self.name in {"submit", "send-back"}:
            return policies.can_edit(actor, announcement)
        return policies.can_run(actor, announcement)


STEPS = {
    step.name: step
    for step in (
        Step(
            "approve", "Approve", "check", (State.DRAFT, State.IN_REVIEW), approving.approve,
            "Approved: it can be scheduled now.", primary=True,
        ),
        Step(
            "submit", "Ask for approval", "send", (State.DRAFT,), approving.submit,
            "Those who may approve it find it in their inbox.", primary=True,
        ),
        Step(
            "now", "Go live now", "radio", (State.APPROVED,), running.schedule,
            "It goes live now.", confirm="Show this to customers right now?",
        ),
        Step("resume", "Resume", "play", (State.PAUSED,), running.resume, "It goes on.", primary=True),
        Step("pause", "Pause", "pause", (State.LIVE, State.SCHEDULED), running.pause, "Nobody sees it now."),
        Step(
            "send-back", "Send back", "undo-2", (State.IN_REVIEW, State.APPROVED), approving.send_back,
            "It is a draft again.", reason=True,
        ),
        Step(
            "cancel", "Cancel it", "ban",
            tuple(state for state in State if state not in GROUPS["over"][1]), running.cancel,
            "It is cancelled for good.", reason=True,
        ),
    )
}  # fmt: skip


def crumbs(launch: Launch, here: str) -> list[dict[str, str]]:
    return [
        {"label": "Launches", "url": reverse("launches:list")},
        {"label": launch.name, "url": reverse("launches:overview", args=[launch.slug])},
        {"label": "Announcements", "url": reverse("announcements:list", args=[launch.slug])},
        {"label": here, "url": ""},
    ]


def address(launch: Launch, found: Announcement) -> str:
    return reverse("announcements:detail", args=[launch.slug, found.pk])


def forms_with(chosen: str, *, alone: bool = False) -> list[tuple[str, str, bool]]:
    """(form, label, whether it is the chosen one), the chosen first; `alone`: only that."""
    forms = [(str(form), str(label), form == chosen) for form, label in Announcement.Form.choices]
    return sorted((each for each in forms if each[2] or not alone), key=lambda each: not each[2])
