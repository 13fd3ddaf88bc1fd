"""What delivery asks of reminders and digests: whom they go to, and what they say as things stand at sending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string

from apps.accounts.models import User
from apps.delivery.links import preferences_url
from apps.delivery.policies import can_operate
from apps.delivery.selectors import database_now
from apps.delivery.sources import Claimed, Message, Recipient, Unrenderable, register, register_topic
from apps.schedule.addresses import page_of
from apps.schedule.models import Digest, Reminder, Round
from apps.schedule.notices import DIGEST_TOPIC, REMINDERS_TOPIC
from apps.schedule.services.digesting import in_short
from apps.schedule.services.reminding import of_round, refusal
from apps.schedule.services.rounds import SOURCES
from apps.schedule.weekly import Line, Section, week_of, when_words

if TYPE_CHECKING:
    from apps.core.actors import Actor
    from apps.delivery.models import Mailing

PERSON = "person"
# A mail that was held, by a pause or a relay that was away, says nothing any more after this.
STALE = timedelta(hours=24)
# RFC 3834: answering machines leave these alone.
HEADERS = {"Auto-Submitted": "auto-generated"}


class _ToPeople:
    """Mailings to the portal's own people, one mail for each person of a round."""

    model: type[Reminder] | type[Digest]

    def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
        rows = self.model._default_manager.filter(round=mailing.source_id, user__gt=int(after or 0))
        ids = list(rows.order_by("user").values_list("user", flat=True).distinct()[:limit])
        people = User.objects.filter(pk__in=ids).order_by("pk")
        return [
            Recipient(PERSON, each.pk, each.email, str(each.pk), name=each.name, zone=each.zone)
            for each in people
        ]

    def render(self, mailing: Mailing, rows: Sequence[Claimed]) -> Iterable[Message | Unrenderable]:
        at = database_now()
        people = User.objects.filter(is_active=True).in_bulk([row.recipient_id for row in rows])
        for row in rows:
            person = people.get(row.recipient_id)
            if person is None:
                yield Unrenderable("They may not sign in any more.")
            else:
                yield self.message(mailing.source_id, person, row.id, at)

    def message(self, round_id: int, person: User, row_id: int, at: datetime) -> Message | Unrenderable:
        raise NotImplementedError

    def allows(self, actor: Actor, mailing: Mailing, action: str) -> bool:
        return can_operate(actor)


class Reminders(_ToPeople):
    """What one owns and comes up, or is late; several things of one run are one mail."""

    model = Reminder

    def message(self, round_id: int, person: User, row_id: int, at: datetime) -> Message | Unrenderable:
        due = of_round(round_id, [person.pk])[person.pk]
        if any(at - (each.settled_at or at) > STALE for each in due):
            return Unrenderable("It waited for more than 24 hours, so it says nothing any more.")
        left = [each for each in due if not refusal(each, at)]
        if not left:
            return Unrenderable("There was nothing to remind of any more when it came to be sent.")
        sections = []
        for kind, title in ((Reminder.Kind.LATE, "Late"), (Reminder.Kind.AHEAD, "Coming up")):
            lines = [_line(each, person) for each in left if each.kind == kind]
            if lines:
                sections.append(Section(kind, title, lines, len(lines)))
        words = f"{sections[0].title}: {sections[0].lines[0].title}" if len(left) == 1 else in_short(sections)
        subject = words if len(left) == 1 else f"Reminder: {words}"
        return _message(subject, "What you own", sections, row_id)


class Digests(_ToPeople):
    """A person's week."""

    model = Digest

    def message(self, round_id: int, person: User, row_id: int, at: datetime) -> Message | Unrenderable:
        digest = Digest.objects.filter(round=round_id, user=person).first()
        if digest is None or at - (digest.settled_at or at) > STALE:
            return Unrenderable("It waited for more than 24 hours, so it says nothing any more.")
        sections = week_of(person, at)
        if not sections:
            return Unrenderable("There was nothing to tell any more when it came to be sent.")
        return _message(f"Your week: {in_short(sections)}", "Your week", sections, row_id)


def _line(reminder: Reminder, person: User) -> Line:
    placement = reminder.placement
    words = " · ".join(part for part in (placement.launch.name, when_words(placement, person.zone)) if part)
    return Line(placement.title, page_of(placement), words)


def _message(subject: str, heading: str, sections: Sequence[Section], row_id: int) -> Message:
    context: dict[str, Any] = {
        "heading": heading,
        "sections": sections,
        "portal": settings.PUBLIC_URL,
        "unsubscribe": preferences_url(row_id),
    }
    html = render_to_string("schedule/mail/notice.html", context)
    return Message(subject[:200], _text(context), html, headers=HEADERS)


def _text(context: dict[str, Any]) -> str:
    """The same as plain text. Titles are single lines, so nothing they hold looks like a heading."""
    lines = [context["heading"], ""]
    for section in context["sections"]:
        lines += [f"{section.title} ({section.total})", ""]
        for each in section.lines:
            lines += [f"- {each.title}" + (f" · {each.detail}" if each.detail else "")]
            lines += [f"  {context['portal']}{each.url}"]
        if section.left_out:
            lines += [f"  and {section.left_out} more: {context['portal']}/"]
        lines += [""]
    lines += [
        "-- ",
        f"How you want to be told: {context['portal']}/settings/notices/",
        f"No more of these: {context['unsubscribe']}",
    ]
    return "\n".join(lines) + "\n"


def register_own() -> None:
    """Make both kinds of mail and their topics known to delivery."""
    register(SOURCES[Round.Kind.REMINDERS], Reminders())
    register(SOURCES[Round.Kind.DIGESTS], Digests())
    register_topic(REMINDERS_TOPIC, "Reminders", "What you own and comes up, or is late.", internal=True)
    register_topic(DIGEST_TOPIC, "Your week", "A digest of your week, once a week.", internal=True)
