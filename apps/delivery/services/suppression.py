"""Who wants no mail: added by hand, by unsubscribing, by bounces and complaints; lifted; as CSV in and out."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.delivery import policies, sources
from apps.delivery.addresses import normalise, normalise_domain
from apps.delivery.models import TOPIC_LENGTH, Delivery, DeliveryEvent, Suppression
from apps.delivery.selectors import database_now

Kind, Reason = Suppression.Kind, Suppression.Reason
COLUMNS = ("kind", "value", "topic", "reason", "note")
MOST_BYTES = 50 * 1024 * 1024
MOST_ROWS = 500_000
MOST_ERRORS = 100
CHUNK = 5000
# Recipients lift their own unsubscribing, but nothing that weighs more.
_WEIGHTS: dict[str, int] = {Reason.UNSUBSCRIBE: 0, Reason.BOUNCE: 1, Reason.COMPLAINT: 2, Reason.MANUAL: 3}


def add(
    *,
    actor: Actor,
    value: str,
    kind: str = Kind.ADDRESS,
    topic: str = "",
    reason: str = Reason.MANUAL,
    note: str = "",
) -> Suppression:
    """Stop mail to an address or domain: of a topic, or all of it. Takes effect before the next message.

    A second time changes nothing. Raises `Invalid`.
    """
    policies.require_suppressions(actor)
    return _add(actor, *_checked(kind, value, topic, reason, note))


def lift(*, actor: Actor, suppression: Suppression, reason: str = "") -> None:
    """Let mail through again. Raises `NotFound` if somebody was faster."""
    policies.require_suppressions(actor)
    with transaction.atomic():
        found = Suppression.objects.select_for_update().filter(pk=suppression.pk).first()
        if found is None:
            raise NotFound("This entry was lifted already.")
        _lift(actor, found, reason)


def bounced(address: str) -> None:
    """The address does not exist, says its own server: no topic reaches it."""
    _reported(address, Reason.BOUNCE)


def complained(address: str) -> None:
    """Its owner reported a mail as unwanted: nothing more of any topic."""
    _reported(address, Reason.COMPLAINT)


def unsubscribe(*, actor: Actor, delivery: Delivery, told: bool = False) -> None:
    """One click: no more of this mailing's topic for the recipient of this message.

    `told`: the message's history says so already.
    """
    mailing = delivery.mailing
    if not delivery.address:
        return
    with transaction.atomic():
        _, fresh = _store(actor, Kind.ADDRESS, delivery.address, mailing.topic, Reason.UNSUBSCRIBE, "")
        if fresh and not told:
            _tell(delivery, f"Topic: {mailing.topic}")


def choose(*, actor: Actor, delivery: Delivery, offered: Iterable[str], wanted: Iterable[str]) -> None:
    """What a recipient ticked on the page of preferences: of the topics `offered`, those `wanted` may come.

    Only what they could see changes, and only entries that came from recipients themselves are lifted.
    """
    keep, shown = set(wanted), set(offered)
    address = delivery.address
    if not address:
        return
    with transaction.atomic():
        rows = Suppression.objects.select_for_update().filter(kind=Kind.ADDRESS, value=address)
        for row in rows.filter(reason=Reason.UNSUBSCRIBE):
            if row.topic in keep or (row.topic == "" and keep):
                _lift(actor, row, "The recipient wants it.")
        for topic in sorted(shown - keep):
            _, fresh = _store(actor, Kind.ADDRESS, address, topic, Reason.UNSUBSCRIBE, "")
            if fresh:
                _tell(delivery, f"Topic: {topic}")


def stop_everything(*, actor: Actor, delivery: Delivery) -> None:
    """No mail of any topic for this recipient."""
    if not delivery.address:
        return
    with transaction.atomic():
        _, fresh = _store(actor, Kind.ADDRESS, delivery.address, "", Reason.UNSUBSCRIBE, "")
        if fresh:
            _tell(delivery, "Everything")


def want_again(*, actor: Actor, topics: Iterable[str]) -> None:
    """A signed-in person asks in the portal for topics that they unsubscribed from by a link in a mail.

    Lifts only that; a bounce, a complaint and what was entered by hand stay. Who had stopped everything goes
    on to get none of the other topics.
    """
    if not isinstance(actor.user, User):
        raise NotAllowed("Only a signed-in person has mail of their own.")
    wanted, address = set(topics), normalise(actor.user.email)
    with transaction.atomic():
        rows = Suppression.objects.select_for_update().filter(
            kind=Kind.ADDRESS, value=address, reason=Reason.UNSUBSCRIBE, topic__in=["", *wanted]
        )
        for row in rows:
            _lift(actor, row, "The person chose it in their settings.")
            for other in sources.topics() if row.topic == "" else ():
                if other.slug not in wanted:
                    _store(actor, Kind.ADDRESS, address, other.slug, Reason.UNSUBSCRIBE, "")


@dataclass
class Imported:
    """What a file held: entries that are new, known already, and lines that cannot be read, with reasons."""

    added: int = 0
    known: int = 0
    errors: list[str] = field(default_factory=list)


def import_csv(*, actor: Actor, file: IO[bytes], dry_run: bool = False) -> Imported:
    """Read entries from a CSV with the columns kind, value, topic, reason, note (only `value` is needed).

    A file with one unreadable line stores nothing; of an entry that stands there twice the first counts. It is read
    twice, so that only 5,000 entries are in memory at once. Raises `Invalid` for what is no such file.
    """
    policies.require_suppressions(actor)
    if file.seek(0, os.SEEK_END) > MOST_BYTES:
        raise Invalid("The file is larger than 50 MiB.", field="file")
    outcome, lines = Imported(), 0
    for lines, entry in enumerate(_entries(file), start=1):
        if lines > MOST_ROWS:
            raise Invalid(f"At most {MOST_ROWS:,} entries; split the file.", code="too_many", field="file")
        if isinstance(entry, str) and len(outcome.errors) < MOST_ERRORS:
            outcome.errors.append(entry)
    if outcome.errors:
        return outcome
    with transaction.atomic():
        before = Suppression.objects.count()
        fresh = (entry for entry in _entries(file) if isinstance(entry, Suppression))
        while chunk := list(islice(fresh, CHUNK)):
            Suppression.objects.bulk_create(chunk, ignore_conflicts=True)
        outcome.added = Suppression.objects.count() - before
        outcome.known = lines - outcome.added
        if dry_run:
            transaction.set_rollback(True)
        elif outcome.added:
            one = Suppression.objects.latest("pk")
            audit.record(
                actor=actor, verb="suppression.imported", obj=one, changes={"rows": [0, outcome.added]}
            )
    return outcome


def _entries(file: IO[bytes]) -> Iterator[Suppression | str]:
    """What stands on each line: an entry, or why there is none."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        reader = csv.DictReader(text)
        if "value" not in (reader.fieldnames or []):
            raise Invalid("The file needs a column “value”.", code="columns", field="file")
        for number, line in enumerate(reader, start=2):
            try:
                kind, value, topic, reason, note = _checked(
                    line.get("kind") or Kind.ADDRESS,
                    line.get("value") or "",
                    line.get("topic") or "",
                    line.get("reason") or Reason.MANUAL,
                    line.get("note") or "",
                )
            except Invalid as error:
                yield f"Line {number}: {error.message}"
            else:
                yield Suppression(kind=kind, value=value, topic=topic, reason=reason, note=note)
    except UnicodeDecodeError as error:
        raise Invalid("The file is not UTF-8 text.", code="encoding", field="file") from error
    except csv.Error as error:
        raise Invalid(f"The file is not CSV: {error}.", field="file") from error
    finally:
        # Else the file would be closed along with its wrapper.
        text.detach()


def export_csv(*, actor: Actor) -> Iterator[str]:
    """The whole list as lines of CSV, so that `import_csv` reads it back. Memory stays flat."""
    policies.require_suppressions(actor)
    return _lines()


def _lines() -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    rows = Suppression.objects.order_by("pk").values_list(*COLUMNS)
    for row in rows.iterator(chunk_size=2000):
        # A note that begins like a formula would be run by a spreadsheet.
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "@") and len(cell) > 1 and index == 4 else cell
                         for index, cell in enumerate(row)])  # fmt: skip
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue()


def _checked(kind: str, value: str, topic: str, reason: str, note: str) -> tuple[str, str, str, str, str]:
    if kind not in Kind.values:
        raise Invalid(f"“{kind[:40]}” is neither address nor domain.", field="kind")
    if reason not in Reason.values:
        raise Invalid(f"“{reason[:40]}” is not a reason: {', '.join(Reason.values)}.", field="reason")
    if len(topic) > TOPIC_LENGTH or "\x00" in topic or "\x00" in note:
        raise Invalid("This is not a topic.", field="topic")
    plain = normalise(value) if kind == Kind.ADDRESS else normalise_domain(value)
    return kind, plain, topic.strip(), reason, note.strip()[:500]


def _add(actor: Actor, kind: str, value: str, topic: str, reason: str, note: str) -> Suppression:
    with transaction.atomic():
        return _store(actor, kind, value, topic, reason, note)[0]


def _reported(address: str, reason: str) -> None:
    """No mail for this address. The weightier reason stays, in whatever order they come."""
    with transaction.atomic():
        row, fresh = _store(SYSTEM, Kind.ADDRESS, address, "", reason, "")
        if fresh or _WEIGHTS[reason] <= _WEIGHTS[row.reason]:
            return
        row = Suppression.objects.select_for_update(no_key=True).get(pk=row.pk)
        before, row.reason = row.reason, reason
        row.save(update_fields=["reason", "updated_at"])
        audit.record(actor=SYSTEM, verb="suppression.changed", obj=row, changes={"reason": [before, reason]})


def _store(
    actor: Actor, kind: str, value: str, topic: str, reason: str, note: str
) -> tuple[Suppression, bool]:
    row, fresh = Suppression.objects.get_or_create(
        kind=kind, value=value, topic=topic, defaults={"reason": reason, "note": note}
    )
    if fresh:
        audit.record(
            actor=actor, verb="suppression.added", obj=row,
            changes={"topic": [None, topic or "all"], "reason": [None, reason]},
        )  # fmt: skip
    return row, fresh


def _lift(actor: Actor, row: Suppression, reason: str) -> None:
    audit.record(
        actor=actor, verb="suppression.lifted", obj=row, reason=reason,
        changes={"topic": [row.topic or "all", None], "reason": [row.reason, None]},
    )  # fmt: skip
    row.delete()


def _tell(delivery: Delivery, detail: str) -> None:
    DeliveryEvent.objects.create(
        delivery=delivery,
        mailing_id=delivery.mailing_id,
        kind=DeliveryEvent.Kind.UNSUBSCRIBED,
        at=database_now(),
        detail=detail,
    )
