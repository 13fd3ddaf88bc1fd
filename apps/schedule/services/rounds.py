"""One mailing for all the mails that one run has to send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.core.actors import SYSTEM
from apps.delivery.services import mailings
from apps.schedule.models import Digest, Reminder, Round
from apps.schedule.notices import DIGEST_TOPIC, REMINDERS_TOPIC

SOURCES = {Round.Kind.REMINDERS: "schedule.reminders", Round.Kind.DIGESTS: "schedule.digests"}
TOPICS = {Round.Kind.REMINDERS: REMINDERS_TOPIC, Round.Kind.DIGESTS: DIGEST_TOPIC}


def send_round(kind: Round.Kind, rows: Sequence[Reminder | Digest], at: datetime) -> Round | None:
    """Give the rows (not saved here) to a new round and let its mailing start; None without any.

    Called in the transaction that settles the rows: both are committed, or neither.
    """
    if not rows:
        return None
    made = Round.objects.create(kind=kind)
    mailing = mailings.create_mailing(
        actor=SYSTEM,
        source=SOURCES[kind],
        source_id=made.pk,
        title=f"{kind.label}, {at:%d %B %Y %H:%M} UTC",
        topic=TOPICS[kind],
        # Who has nothing left to be told when their mail is written counts as an error; that is no reason to pause.
        error_share=None,
    )
    mailing = mailings.approve(actor=SYSTEM, mailing=mailing)
    made.mailing = mailings.schedule(actor=SYSTEM, mailing=mailing)
    made.save(update_fields=["mailing", "updated_at"])
    for row in rows:
        row.round = made
    return made
