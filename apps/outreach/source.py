"""What delivery asks of campaigns: who gets the mail, what it says, who may run it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.html import format_html

from apps.accounts.models import User
from apps.audience.models import Contact
from apps.audience.selectors import facts_of, matching
from apps.core.bell import ring
from apps.core.errors import Invalid
from apps.delivery.addresses import normalise
from apps.delivery.links import preferences_url
from apps.delivery.models import Delivery, DeliveryEvent, Mailing
from apps.delivery.sources import Claimed, Message, Recipient, Unrenderable
from apps.outreach import policies, wording
from apps.outreach.models import Campaign, TestSend

if TYPE_CHECKING:
    from apps.core.actors import Actor

CAMPAIGN, TEST, TOPIC = "outreach.campaign", "outreach.test", "outreach"
CONTACT = "contact"
LONGEST_SEQUENCE = 20
_NOT_BEGUN = (Mailing.State.DRAFT, Mailing.State.APPROVED, Mailing.State.SCHEDULED)
# Any number of our own: the key of the lock that campaigns hold while they collect.
COLLECTING = 0x6F757472


def audience(campaign: Campaign) -> QuerySet[Contact]:
    """The contacts a campaign is for, before anybody is left out for having had enough mail."""
    found = Contact.objects.filter(is_active=True, account__in=matching(campaign.rule).values("pk"))
    if campaign.roles:
        roles = Q()
        for role in campaign.roles:
            roles |= Q(role__icontains=role)
        found = found.filter(roles)
    if campaign.second_to is not None:
        found = found.filter(pk__in=_unanswered(campaign.second_to))
    return found


def _unanswered(first: Campaign) -> QuerySet[Delivery, int]:
    """Contacts who got the mail before, however late, and answered none of the sequence.

    Who got it only lately waits for theirs (`_recipient`); an answer meanwhile withdraws it.
    """
    got = Delivery.objects.filter(
        mailing=first.mailing_id, recipient_kind=CONTACT, state=Delivery.State.ACCEPTED
    )
    answered = Delivery.objects.filter(
        mailing__in=[each.mailing_id for each in sequence_to(first)],
        recipient_kind=CONTACT,
        events__kind=DeliveryEvent.Kind.REPLIED,
    )
    return got.exclude(recipient_id__in=answered.values("recipient_id")).values_list(
        "recipient_id", flat=True
    )


def sequence_to(last: Campaign) -> list[Campaign]:
    """A campaign and those it follows, the latest first. A query for each."""
    found = [last]
    while found[-1].second_to is not None and len(found) < LONGEST_SEQUENCE:
        found.append(found[-1].second_to)
    return found


def had_enough(contacts: Sequence[Contact], campaign: Campaign) -> set[int]:
    """The ids of those whose address got, or is about to get, as many mails of all campaigns as anybody is to
    get in a while. Two queries."""
    since = Now() - timedelta(days=settings.OUTREACH_CAP_DAYS)
    addresses = {contact.pk: _address_of(contact) for contact in contacts}
    # Those alone may have sent or be sending lately: an address is looked up in each one's own index.
    lately = Mailing.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since), source=CAMPAIGN).exclude(
        Q(pk=campaign.mailing_id) | Q(state__in=_NOT_BEGUN)
    )
    mailings = list(lately.values_list("pk", flat=True))
    if not mailings:
        return set()
    sent = Q(
        state__in=[Delivery.State.ACCEPTED, Delivery.State.UNCERTAIN, Delivery.State.ATTEMPTING],
        attempt_at__gte=since,
    )
    waiting = Q(state__in=[Delivery.State.READY, Delivery.State.LEASED], mailing__ended_at=None)
    got = (
        Delivery.objects.filter(
            sent | waiting, mailing__in=mailings, address__in=set(addresses.values()) - {""}
        )
        .order_by()
        .values("address")
        .annotate(mails=Count("pk"))
    )
    full = {row["address"] for row in got if row["mails"] >= settings.OUTREACH_CAP_MAILS}
    return {pk for pk, address in addresses.items() if address in full}


def _address_of(contact: Contact) -> str:
    try:
        return normalise(contact.email)
    except Invalid:
        return ""


def values_of(contact: Contact, campaign: Campaign) -> dict[str, Any]:
    """What templates may ask for. Needs the contact's account and its CSM loaded."""
    account = contact.account
    csm = account.csm
    day = campaign.launch.launch_day
    value = account.value
    facts = {name: held for name, held in facts_of(account).items() if name not in {"csm", "value"}}
    return {
        "contact": {
            "name": contact.name,
            "first_name": contact.name.split(" ")[0] if contact.name else "",
            "email": contact.email,
            "role": contact.role,
            "language": contact.language,
        },
        "account": {**facts, "value": None if value is None else str(value)},
        "csm": {"name": str(csm), "first_name": csm.get_short_name(), "email": csm.email} if csm else {},
        "launch": {"name": campaign.launch.name, "day": f"{day:%d %B %Y}" if day else ""},
    }


def from_of(csm: User | None) -> tuple[str, str]:
    """(From, Reply-To) of a mail in a CSM's name.

    Their own address only on a domain the company may send for (OUTREACH_SENDER_DOMAINS), since SPF and DMARC
    would have it refused elsewhere; else the portal's address under their name, with answers to them.
    """
    if csm is None:
        return "", ""
    if csm.email.rpartition("@")[2].lower() in settings.OUTREACH_SENDER_DOMAINS:
        return formataddr((csm.name, csm.email)), formataddr((csm.name, csm.email))
    return formataddr((csm.name, settings.OUTREACH_FROM_ADDRESS)), formataddr((csm.name, csm.email))


class Campaigns:
    """Mailings of campaigns."""

    def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
        campaign = _campaign(mailing)
        if campaign.makes_follow_ups and not after:
            ring("outreach.make_follow_ups")
        if not campaign.sends_mail:
            return []
        _one_at_a_time()
        rows: list[Recipient] = []
        capped = 0
        # Fewer rows than asked for mean the end: those left out are made up from behind.
        while wanted := limit - len(rows):
            found = audience(campaign).select_related("account").only(*_READ).order_by("pk")
            contacts = list((found.filter(pk__gt=int(after)) if after else found)[:wanted])
            senders = _with_csms(contacts)
            first_at = _first_mails(campaign, contacts)
            enough = had_enough(contacts, campaign)
            capped += len(enough)
            rows += [
                _recipient(
                    contact, campaign, senders.get(contact.account.csm_id, ""), first_at.get(contact.pk)
                )
                for contact in contacts
                if contact.pk not in enough
            ]
            if len(contacts) < wanted:
                break
            after = str(contacts[-1].pk)
        if capped:
            Campaign.objects.filter(pk=campaign.pk).update(capped=F("capped") + capped)
        return rows

    def may_send(self, mailing: Mailing) -> str:
        """Why the launch lets no mail out just now; empty if it does."""
        return policies.held_by_launch(_campaign(mailing).launch)

    def render(self, mailing: Mailing, rows: Sequence[Claimed]) -> Iterable[Message | Unrenderable]:
        campaign = _campaign(mailing)
        if campaign.content_hash != mailing.content_hash:
            # Services see to it that this cannot be; a mail nobody approved must not depend on that.
            yield from (Unrenderable("It changed since it was approved.") for _ in rows)
            return
        senders = User.objects.filter(is_active=True).in_bulk(
            {row.sender_id for row in rows if row.sender_id}
        )
        wanted = Contact.objects.filter(pk__in=[row.recipient_id for row in rows], is_active=True)
        mailable = set(wanted.values_list("pk", flat=True))
        for row in rows:
            if row.recipient_id not in mailable:
                yield Unrenderable("This contact is not to be written to any more, or is gone.")
                continue
            csm = senders.get(row.sender_id) if row.sender_id else None
            yield _message(campaign, row, csm)

    def allows(self, actor: Actor, mailing: Mailing, action: str) -> bool:
        return policies.allows_mailing(actor, _campaign(mailing), action)


class Tests:
    """Copies to oneself."""

    def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
        sent = TestSend.objects.select_related("person").get(pk=mailing.source_id)
        if after:
            return []
        return [Recipient("person", sent.person.pk, sent.person.email, "1", name=sent.person.name)]

    def render(self, mailing: Mailing, rows: Sequence[Claimed]) -> Iterable[Message | Unrenderable]:
        sent = TestSend.objects.get(pk=mailing.source_id)
        for _ in rows:
            yield Message(
                f"[Test] {sent.subject}", sent.text, sent.html, from_email=sent.sender, reply_to=sent.reply_to
            )

    def allows(self, actor: Actor, mailing: Mailing, action: str) -> bool:
        return False


def message_parts(campaign: Campaign, values: dict[str, Any], unsubscribe: str) -> tuple[str, str, str]:
    """(subject, text, HTML) with how to unsubscribe below. Raises `MissingValue` and `Invalid`."""
    text = wording.render_text(campaign.body, values)
    html = wording.render_html(campaign.body, values)
    note = f"You get this as a customer. What you want to hear of: {unsubscribe}"
    footer = format_html(
        '<hr><p><small>You get this as a customer. <a href="{}">Say what you want to hear of</a>.</small></p>',
        unsubscribe,
    )
    return (
        wording.render_subject(campaign.subject, values),
        f"{text.rstrip()}\n\n-- \n{note}\n",
        f"{html}{footer}",
    )


# What a row is made of: at a million recipients, reading whole records would take longer than storing the rows.
_READ = (
    "email", "name", "role", "zone", "language", "account__external_id", "account__name", "account__plan",
    "account__value", "account__health", "account__attributes", "account__csm_id",
)  # fmt: skip


def _with_csms(contacts: Sequence[Contact]) -> dict[int | None, str]:
    """Give each account its CSM, of whom there are few; answers their bare From addresses. One query."""
    ids = {contact.account.csm_id for contact in contacts} - {None}
    found = User.objects.filter(is_active=True).only("name", "email").in_bulk(ids)
    for contact in contacts:
        # Who left writes to nobody: the mail comes from the portal's address then.
        contact.account.csm = found.get(contact.account.csm_id)
    return {pk: parseaddr(from_of(csm)[0])[1] for pk, csm in found.items()}


def _first_mails(campaign: Campaign, contacts: Sequence[Contact]) -> dict[int, datetime]:
    """When these got the mail that this one follows, by their ids. One query, none for a first mail."""
    if campaign.second_to is None:
        return {}
    rows = Delivery.objects.filter(
        mailing=campaign.second_to.mailing_id,
        recipient_kind=CONTACT,
        recipient_id__in=[contact.pk for contact in contacts],
    )
    return {pk: at for pk, at in rows.values_list("recipient_id", "settled_at") if at is not None}


def _recipient(
    contact: Contact, campaign: Campaign, from_address: str, first_at: datetime | None
) -> Recipient:
    return Recipient(
        kind=CONTACT,
        id=contact.pk,
        address=contact.email,
        cursor=str(contact.pk),
        name=contact.name,
        account=contact.account.name[:200],
        sender_id=contact.account.csm_id,
        from_address=from_address,
        zone=contact.zone,
        language=contact.language,
        context=values_of(contact, campaign),
        not_before=None if first_at is None else first_at + timedelta(days=campaign.wait_days),
    )


def _message(campaign: Campaign, row: Claimed, csm: User | None) -> Message | Unrenderable:
    try:
        subject, text, html = message_parts(campaign, row.context, preferences_url(row.id))
    except wording.MissingValue as error:
        return Unrenderable(f"“{error.name}” is not known and the text has no fallback for it.")
    except Invalid as error:
        return Unrenderable(error.message)
    sender, reply_to = from_of(csm)
    return Message(subject, text, html, from_email=sender, reply_to=reply_to, track=campaign.track_links)


def _one_at_a_time() -> None:
    """Until this transaction ends no other campaign collects: each has to see whom the others will write to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COLLECTING])


def _campaign(mailing: Mailing) -> Campaign:
    return Campaign.objects.select_related("launch", "second_to", "mailing").get(pk=mailing.source_id)
