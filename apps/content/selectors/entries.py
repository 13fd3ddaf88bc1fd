"""One piece of work on a calendar: its placement together with the calendar item, if it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.urls import reverse

from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.launches import kinds, policies
from apps.schedule.addresses import page_of
from apps.schedule.models import Placement

ANNOUNCEMENT = "announcement"
CAMPAIGN = "campaign"
# What is no record of the plan: its name, its sign, its page.
OTHERS = {
    ANNOUNCEMENT: ("Announcement", "megaphone", "announcements:detail"),
    CAMPAIGN: ("Campaign", "send", "outreach:detail"),
}
CHANNEL_ICONS = {
    "blog": "pen-line",
    "email": "mail",
    "in_app": "megaphone",
    "docs": "file-text",
    "outreach": "message-circle",
    "social": "share-2",
    "press": "newspaper",
    "event": "presentation",
    "video": "video",
    "web": "globe",
    "community": "users",
    "paid": "badge-dollar-sign",
    "sales": "handshake",
    "internal": "building-2",
}


@dataclass
class Entry:
    """One piece of work on a calendar: its placement, what kind it is, and the calendar item if it is one."""

    placement: Placement
    item: CalendarItem | None = None
    may_work: bool = False

    @property
    def standing(self) -> str:
        return str(getattr(self.placement, "now_standing", self.placement.standing))

    @property
    def is_record(self) -> bool:
        """Whether it is a record of the plan; announcements and campaigns are not, and have pages of their own."""
        return self.placement.kind not in OTHERS

    @property
    def may_move(self) -> bool:
        """Whether there is anything to move: a thing with a page of its own moves there."""
        return self.may_work and self.is_record

    @property
    def kind_label(self) -> str:
        return kinds.get(self.placement.kind).label if self.is_record else OTHERS[self.placement.kind][0]

    @property
    def icon(self) -> str:
        """The channel's sign for what goes out, else the kind's."""
        if not self.is_record:
            return OTHERS[self.placement.kind][1]
        if self.item and self.item.channel:
            return CHANNEL_ICONS.get(self.item.channel.channel_kind, "radio")
        return kinds.get(self.placement.kind).icon

    @property
    def where(self) -> str:
        """What it is, in a word or two: the channel of a calendar item, the kind of anything else."""
        if self.item is None:
            return self.kind_label
        return self.channel_label or (self.placement.team.name if self.placement.team else self.kind_label)

    @cached_property
    def url(self) -> str:
        """The page of the thing."""
        slug = self.placement.launch.slug
        if self.is_record:
            return page_of(self.placement)
        return reverse(OTHERS[self.placement.kind][2], args=[slug, self.placement.record_id])

    @cached_property
    def move_url(self) -> str:
        """Its "Move to…", which a card names up to three times."""
        return reverse("content:move", args=[self.placement.launch.slug, self.placement.pk])

    @property
    def channel_label(self) -> str:
        return self.item.channel.title if self.item and self.item.channel else ""

    @property
    def days_late(self) -> int:
        today: date | None = getattr(self.placement, "local_today", None)
        last = self.placement.ends_on
        return max((today - last).days, 0) if self.standing == "late" and today and last else 0

    @property
    def late_words(self) -> str:
        return f"Late {self.days_late} day{'' if self.days_late == 1 else 's'}"

    @property
    def done_word(self) -> str:
        return "Mark published" if self.item else "Mark done"


def entries(placements: Sequence[Placement], actor: Actor) -> list[Entry]:
    """Placements with their calendar items. One query."""
    ids = [placement.record_id for placement in placements if placement.kind == CalendarItem.kind]
    items = {item.pk: item for item in CalendarItem.objects.filter(pk__in=ids).select_related("channel")}
    return [
        Entry(
            placement,
            items.get(placement.record_id) if placement.kind == CalendarItem.kind else None,
            # Announcements and campaigns are finished by the clock, or on their own page.
            placement.kind not in OTHERS and policies.can_work_on_record(actor, placement),
        )
        for placement in placements
    ]
