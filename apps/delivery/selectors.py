"""Reading mailings: figures that add up, a recipient's story, what waits for a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.delivery import policies
from apps.delivery.addresses import domain_of
from apps.delivery.models import (
    IN_HAND,
    RESPONSES,
    Delivery,
    DeliveryEvent,
    Duplicate,
    Epoch,
    Mailing,
    Suppression,
    WaitingReport,
)
from apps.delivery.reports import Report, read_copy, read_message_id

State = Delivery.State
# Over how long the rate is measured.
RATE_SECONDS = 60
# How many Message-IDs of one mail are looked up: a thread's References may hold hundreds.
MOST_REFERENCES = 20
# In how many of the latest mailings an answer that names none is looked for.
MOST_MAILINGS = 1000


def database_now() -> datetime:
    """The instant by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Figures:
    """One mailing in numbers. `by_state` has every state and always adds up to `total`, the snapshot.

    `rate` is messages accepted per second over the last minute; `seconds_left` is None where nothing says
    (nothing went out lately, or nothing is left). `duplicates` are not among `total`: they have no row.
    """

    total: int
    by_state: dict[str, int]
    duplicates: int
    rate: float
    seconds_left: float | None
    next_at: datetime | None

    @property
    def sending(self) -> int:
        return self.by_state[State.LEASED] + self.by_state[State.ATTEMPTING]

    @property
    def left(self) -> int:
        return sum(self.by_state[state] for state in IN_HAND)


def figures(mailing: Mailing) -> Figures:
    """One mailing's figures: at most four queries."""
    return figures_of([mailing])[mailing.pk]


def figures_of(mailings: Sequence[Mailing]) -> dict[int, Figures]:
    """The figures of several mailings by their ids, in at most four queries.

    The first reads every row of each mailing once, so states and total are of one moment.
    """
    ids = [mailing.pk for mailing in mailings]
    counts = {pk: {state.value: 0 for state in State} for pk in ids}
    rows = Delivery.objects.filter(mailing__in=ids).order_by().values_list("mailing", "state")
    for pk, state, count in rows.annotate(count=Count("pk")):
        counts[pk][state] = count
    now = database_now()
    begun = now - timedelta(seconds=RATE_SECONDS)
    moving = [
        each.pk for each in mailings if each.resumed_at and (each.ended_at is None or each.ended_at > begun)
    ]
    latest = _accepted_since(begun, moving) if moving else {}
    left = {pk: sum(counts[pk][state] for state in IN_HAND) for pk in ids}
    running = [each.pk for each in mailings if each.state == Mailing.State.RUNNING and left[each.pk]]
    next_at = _next_at(running) if running else {}
    found = {}
    for mailing in mailings:
        pk, rate = mailing.pk, 0.0
        if latest.get(pk):
            since = max(mailing.snapshot_at or begun, begun)
            rate = latest[pk] / max(1.0, (now - since).total_seconds())
        found[pk] = Figures(
            total=sum(counts[pk].values()),
            by_state=counts[pk],
            duplicates=mailing.duplicates,
            rate=rate,
            seconds_left=left[pk] / rate if rate and pk in running else None,
            next_at=next_at.get(pk),
        )
    return found


def _accepted_since(begun: datetime, mailings: list[int]) -> dict[int, int]:
    events = DeliveryEvent.objects.filter(
        mailing_id__in=mailings, kind=DeliveryEvent.Kind.ACCEPTED, at__gt=begun
    )
    return dict(events.order_by().values_list("mailing_id").annotate(count=Count("pk")))


def _next_at(mailings: list[int]) -> dict[int, datetime]:
    """When the first ready row of each is due: a look-up in the index of those to claim, for each."""
    ready = Delivery.objects.filter(mailing=OuterRef("pk"), state=State.READY).order_by("not_before", "pk")
    rows = Mailing.objects.filter(pk__in=mailings).order_by()
    return dict(rows.values_list("pk", Subquery(ready.values("not_before")[:1])))


AT_WORK = (Mailing.State.SCHEDULED, Mailing.State.SNAPSHOTTING, Mailing.State.RUNNING)


def held() -> QuerySet[Mailing]:
    """Mailings under way that a new epoch holds until a person resumes each."""
    return Mailing.objects.filter(state__in=AT_WORK).exclude(epoch__in=Epoch.objects.values("number"))


def held_reason(mailing: Mailing) -> str:
    """Why and since when a new epoch holds this mailing, in a sentence; "" if it does not. At most one query.

    To be shown with the way to resume it: nothing else lets it go on. A paused one is resumed anyway.
    """
    if mailing.state not in AT_WORK:
        return ""
    epoch = Epoch.objects.first()
    if epoch is None or epoch.number == mailing.epoch:
        return ""
    why = epoch.reason.rstrip(". ") or "the database may be another one"
    return f"Held since {epoch.since:%Y-%m-%d %H:%M} UTC until somebody resumes it: {why}."


def responses(mailings: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many recipients of each mailing answered, clicked, bounced, complained, unsubscribed. One query."""
    wanted = list(mailings)
    rows = (
        DeliveryEvent.objects.filter(mailing_id__in=wanted, kind__in=RESPONSES)
        .order_by()
        .values("mailing_id", "kind")
        .annotate(count=Count("delivery", distinct=True))
    )
    found = {pk: dict.fromkeys(RESPONSES, 0) for pk in wanted}
    for row in rows:
        found[row["mailing_id"]][row["kind"]] = row["count"]
    return found


def named_in(report: Report) -> tuple[int, int | None] | None:
    """(id of the delivery a report is about, number of its copy if the report says that), or None.

    An id alone would also name a row of another installation that shares the provider's account: the mailing's
    key or the address has to agree. At most three queries.
    """
    if report.delivery_id is not None:
        rows = Delivery.objects.filter(pk=report.delivery_id)
        copy = read_copy(report.copy)
        rows = (
            rows.filter(mailing__key=copy[1]) if copy else rows.filter(address=report.address.lower() or "-")
        )
        pk = rows.values_list("pk", flat=True).first()
        if pk is not None:
            return pk, copy[0] if copy else None
        if copy is not None:
            return None
    named = read_message_id(report.message_id) or read_message_id(report.provider_id)
    if named is not None:
        rows = Delivery.objects.filter(
            mailing__key=named.key, recipient_kind=named.recipient_kind, recipient_id=named.recipient_id
        )
        pk = rows.values_list("pk", flat=True).first()
        return None if pk is None else (pk, named.round)
    if report.provider_id:
        rows = Delivery.objects.filter(provider_id=report.provider_id)
        pk = max(rows.values_list("pk", flat=True), default=None)
        return None if pk is None else (pk, None)
    return None


def answered_by(message_ids: Iterable[str]) -> int | None:
    """The id of the delivery that one of these Message-IDs (of In-Reply-To and References) names.

    Some providers write Message-IDs of their own around the id they told us. At most two queries.
    """
    given = list(message_ids)[:MOST_REFERENCES]
    for text in given:
        named = read_message_id(text)
        if named is None:
            continue
        pk = (
            Delivery.objects.filter(
                mailing__key=named.key, recipient_kind=named.recipient_kind, recipient_id=named.recipient_id
            )
            .values_list("pk", flat=True)
            .first()
        )
        if pk is not None:
            return pk
    bare = [text.strip("<> ") for text in given]
    ids = {
        each for text in bare for each in (text, f"<{text}>", text.partition("@")[0]) if each and each != "<>"
    }
    # Sorted here: for a LIMIT the planner might read the table from its end.
    return max(Delivery.objects.filter(provider_id__in=ids).values_list("pk", flat=True), default=None)


def latest_to(address: str, *, written_to: Collection[str], days: int) -> int | None:
    """The id of the last mail to this address, if what came back went to who it was from. Two queries.

    Looked for in mailings that were under way lately, as rows are found by mailing and address.
    """
    since = database_now() - timedelta(days=days)
    lately = Mailing.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since), snapshot_at__isnull=False)
    rows = Delivery.objects.filter(
        mailing__in=list(lately.order_by("-pk").values_list("pk", flat=True)[:MOST_MAILINGS]),
        address=address,
        attempt_at__gte=since,
        state__in=[State.ACCEPTED, State.UNCERTAIN, State.ATTEMPTING],
    ).filter(Q(from_address__in=written_to) | Q(sender__email__in=written_to))
    found = max(rows.values_list("attempt_at", "pk"), default=None)
    return None if found is None else found[1]


def are_our_own(addresses: Collection[str]) -> bool:
    """Whether one of these is a person's who works with this portal. One query."""
    return User.objects.filter(email__in=addresses).exists()


def waiting_reports() -> int:
    """How many reports wait for a message that nobody knows yet."""
    return WaitingReport.objects.count()


def timeline(delivery: Delivery) -> list[DeliveryEvent]:
    """What happened to one message, the oldest first. One query."""
    return list(DeliveryEvent.objects.filter(delivery=delivery).order_by("at", "pk"))


def deliveries(mailing: Mailing, *states: str) -> QuerySet[Delivery]:
    """A mailing's rows in these states (all without any), in the order of their ids."""
    rows = Delivery.objects.filter(mailing=mailing).order_by("pk")
    return rows.filter(state__in=states) if states else rows


def duplicates(mailing: Mailing) -> QuerySet[Duplicate]:
    """Who got no mail of their own since their address came before, in the order they came."""
    return Duplicate.objects.filter(mailing=mailing).select_related("first").order_by("pk")


def delivery_with_mailing(pk: int) -> Delivery:
    """One message and what it was part of. Raises `NotFound`."""
    found = Delivery.objects.select_related("mailing").filter(pk=pk).first()
    if found is None:
        raise NotFound("This link belongs to a mail that is no longer kept.")
    return found


def of_recipient(kind: str, recipient_id: int) -> QuerySet[Delivery]:
    """Everything one recipient was to get, the newest first."""
    rows = Delivery.objects.filter(recipient_kind=kind, recipient_id=recipient_id)
    return rows.select_related("mailing").order_by("-pk")


def uncertain(mailing: Mailing | None = None) -> QuerySet[Delivery]:
    """Rows that wait for a person's decision, the oldest attempt first."""
    rows = Delivery.objects.filter(state=State.UNCERTAIN).select_related("mailing")
    return (rows.filter(mailing=mailing) if mailing else rows).order_by("attempt_at", "pk")


def waits() -> dict[str, Any]:
    """What a drained queue still has for later: rows by when they may go, and uncertain ones. Two queries."""
    later = Delivery.objects.filter(mailing__state=Mailing.State.RUNNING, state__in=IN_HAND)
    first = later.order_by("not_before").values_list("not_before", flat=True).first()
    return {
        "later": later.count(),
        "next_at": first,
        "uncertain": Delivery.objects.filter(state=State.UNCERTAIN).count(),
    }


def suppressed_topics(address: str) -> set[str]:
    """The topics this normalised address gets no mail of; "" among them stands for all."""
    rows = Suppression.objects.filter(kind=Suppression.Kind.ADDRESS, value=address)
    return set(rows.values_list("topic", flat=True))


def suppressed_among(addresses: Iterable[str], topic: str) -> set[str]:
    """Those of these normalised addresses that get no mail of a topic, for whatever reason. One query."""
    given = set(addresses) - {""}
    rows = Suppression.objects.filter(topic__in=["", topic]).filter(
        Q(kind=Suppression.Kind.ADDRESS, value__in=given)
        | Q(kind=Suppression.Kind.DOMAIN, value__in={domain_of(address) for address in given})
    )
    found = set(rows.values_list("kind", "value"))
    return {
        address
        for address in given
        if ("address", address) in found or ("domain", domain_of(address)) in found
    }


def suppressions(actor: Actor, *, q: str = "", reason: str = "") -> QuerySet[Suppression]:
    """The suppression list for those who keep it, the newest first; `q` is any part of an address or domain.

    Raises `NotAllowed`: addresses are personal data.
    """
    policies.require_suppressions(actor)
    rows = Suppression.objects.order_by("-pk")
    if q:
        rows = rows.filter(value__contains=q.lower())
    return rows.filter(reason=reason) if reason else rows
