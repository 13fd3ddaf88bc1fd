"""Follow-ups of campaigns: one per account for who looks after it, made when the campaign starts."""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic

from django.db import transaction
from django.db.models import BigIntegerField, F, Func, Max, QuerySet, Value
from django.db.models.functions import Cast

from apps.audience.models import Account, Contact
from apps.audience.selectors import matching
from apps.core.actors import SYSTEM
from apps.core.bell import ring
from apps.core.clock import now, today_in
from apps.core.errors import Invalid
from apps.delivery.models import Mailing
from apps.outreach import wording
from apps.outreach.models import Campaign
from apps.outreach.services.storing import record
from apps.outreach.source import audience, values_of
from apps.work import services as work
from apps.work.models import FollowUp

logger = logging.getLogger(__name__)
STARTED = (Mailing.State.SNAPSHOTTING, Mailing.State.RUNNING, Mailing.State.FINISHED)
BATCH = 500
# Well below the time limit of tasks; what is left is the next run's.
SECONDS = 50.0
BELL = "outreach.make_follow_ups"


def make_due(*, seconds: float = SECONDS) -> int:
    """Make the follow-ups of campaigns that have started, for about a minute. How many are new.

    Safe to run twice and at the same time: a run that finds another at a campaign leaves the rest to it.
    """
    until = monotonic() + seconds
    made = 0
    for campaign in _waiting():
        try:
            new, whole = _make(campaign, until)
        except Exception:
            # One campaign that cannot be must not keep the others from theirs.
            logger.exception("the follow-ups of campaign %s were not made", campaign.pk)
            continue
        made += new
        if not whole:
            break
    if monotonic() >= until and _waiting().exists():
        ring(BELL)
    return made


def make(*, campaign: Campaign) -> int:
    """One per account that the rule holds for; a source per account keeps it at one however often this runs."""
    return _make(campaign, monotonic() + SECONDS)[0]


def _waiting() -> QuerySet[Campaign]:
    return (
        Campaign.objects.filter(makes_follow_ups=True, follow_ups_made_at=None, mailing__state__in=STARTED)
        .select_related("launch", "mailing", "second_to")
        .order_by("pk")
    )


def _make(campaign: Campaign, until: float) -> tuple[int, bool]:
    """(how many are new, whether none is left). Goes on behind what is there, each batch committed."""
    after, made = _reached(campaign), 0
    while True:
        with transaction.atomic():
            found = (
                _waiting()
                .select_for_update(of=("self",), no_key=True, skip_locked=True)
                .filter(pk=campaign.pk)
                .first()
            )
            if found is None:
                return made, False  # another run is at it, or was a moment ago
            accounts = matching(found.rule).filter(pk__gt=after).select_related("csm").order_by("pk")
            batch = list(accounts[:BATCH])
            made += work.add_once(actor=SYSTEM, rows=_rows(found, batch))
            if len(batch) < BATCH:
                _note(found)
                return made, True
            after = batch[-1].pk
        if monotonic() >= until:
            return made, False


def _rows(campaign: Campaign, accounts: list[Account]) -> list[dict[str, object]]:
    mailing = campaign.mailing
    assert mailing is not None
    start = mailing.starts_at or now()
    due_on = today_in(campaign.launch.zone, start) + timedelta(days=campaign.follow_up_days)
    spoken_to = _contacts(campaign, accounts)
    rows: list[dict[str, object]] = []
    for account in accounts:
        contact = spoken_to.get(account.pk)
        title, script = _words(campaign, account, contact)
        rows.append(
            {
                "launch": campaign.launch, "account": account, "contact": contact, "owner": account.csm,
                "kind": campaign.follow_up_kind or "call", "title": title, "script": script, "due_on": due_on,
                "source": f"{_source(campaign)}{account.pk}",
            }
        )  # fmt: skip
    return rows


def _source(campaign: Campaign) -> str:
    """How the sources of its follow-ups begin; the account's id follows."""
    return f"campaign:{campaign.pk}:"


def _made(campaign: Campaign) -> QuerySet[FollowUp]:
    """Its follow-ups so far. By the launch too, which is indexed."""
    return FollowUp.objects.filter(launch=campaign.launch_id, source__startswith=_source(campaign))


def _reached(campaign: Campaign) -> int:
    """The account up to which an earlier run came; by the source, since people may change the account."""
    account = Cast(Func(F("source"), Value(":"), Value(3), function="split_part"), BigIntegerField())
    return _made(campaign).aggregate(last=Max(account))["last"] or 0


def _note(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(follow_ups_made_at=now())
    changes = {"follow_ups": [None, _made(campaign).count()]}
    record(campaign, actor=SYSTEM, verb="follow_ups_made", changes=changes)


def _contacts(campaign: Campaign, accounts: list[Account]) -> dict[int, Contact]:
    """The first contact of each account that the campaign is for."""
    found: dict[int, Contact] = {}
    rows = audience(campaign).filter(account__in=accounts).order_by("account_id", "pk")
    for contact in rows:
        found.setdefault(contact.account_id, contact)
    return found


def _words(campaign: Campaign, account: Account, contact: Contact | None) -> tuple[str, str]:
    """Title and script for one account; where something is not known, the account's name has to do."""
    who = contact or Contact(account=account)
    who.account = account
    values = values_of(who, campaign)
    try:
        # Without the contact, for titles from before `wording.check` refused it.
        title = wording.render_subject(campaign.follow_up_title, {**values, "contact": {}})
    except (wording.MissingValue, Invalid):
        title = ""
    # A title may come out empty too, where all of it stands in an `if`.
    title = title or f"{campaign.title}: {account.name}"
    try:
        script = wording.render_markdown(campaign.follow_up_script, values)
    except (wording.MissingValue, Invalid):
        script = campaign.follow_up_script
    return title[:500], script
