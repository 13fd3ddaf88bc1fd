"""Publishing a draft: preview what it does, then do exactly that and tell only those it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Q

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid
from apps.meetings import planning
from apps.meetings.assigning import assign
from apps.meetings.comparing import Preview, Step, different, warnings_of
from apps.meetings.models import Booking, Hosting, Occurrence, Series
from apps.meetings.planning import Planned
from apps.meetings.selectors.engaged import engagements, hosted
from apps.meetings.services import letters, seats
from apps.meetings.services.drafting import following, locked

# So far ahead sessions exist; the rest of a series is made as time goes on.
AHEAD = timedelta(days=183)
HORIZON_OF_ENDED = date(2200, 1, 1)
State = Occurrence.State


def preview(*, series: Series, at: datetime | None = None, ahead: timedelta = AHEAD) -> Preview:
    """What publishing the draft (and continuations that wait for it) would do. `at`: an instant, now."""
    at = at or now()
    family = following(series)
    holidays = [date.fromisoformat(day) for day in series.launch.holidays]
    first = (at - timedelta(days=2)).date()
    planned: dict[tuple[int, datetime], Planned] = {}
    plans = {each.pk: each.plan for each in family}
    for each in family:
        for session in planning.sessions(
            plans[each.pk], after=first, until=horizon(each, at, ahead), holidays=holidays
        ):
            if session.starts > at:
                planned[(each.pk, session.at)] = session
    present = {
        each.at: each
        for each in Occurrence.objects.filter(series=series, starts_at__gt=at)
        .exclude(state=State.HELD)
        .prefetch_related("hostings")
        .annotate(people=Count("bookings", filter=Q(bookings__state__in=Booking.ACTIVE)))
    }  # fmt: skip
    owner = {at_: pk for pk, at_ in planned}
    # What is cancelled already is nobody's match but its own.
    live = [at_ for at_, each in present.items() if each.state == State.PLANNED]
    same = [at_ for at_, each in present.items() if each.state == State.CANCELLED and at_ in owner]
    places = planning.matched(live, [at_ for at_ in owner if at_ not in same]) | {at_: at_ for at_ in same}
    was = {new: present[old] for old, new in places.items()}
    steps: list[Step] = []
    missing: dict[datetime, int] = {}
    unfit: dict[datetime, dict[int, str]] = {}
    for each in family:
        plan = plans[each.pk]
        own = [session for (pk, _), session in planned.items() if pk == each.pk]
        people = {*plan.hosts, *(person for session in own for person in session.change.hosts or ())}
        span = (own[0].starts, max(session.ends for session in own)) if own else (at, at)
        roster = assign(
            plan, own,
            present={session.at: [host.user_id for host in was[session.at].hostings.all()]
                     for session in own if session.at in was},
            engagements=engagements(people, *span, besides=[one.pk for one in family]),
            counts=hosted([one.pk for one in family], at),
        )  # fmt: skip
        missing |= roster.missing
        unfit |= roster.unfit
        for session in own:
            steps.append(_step(each, session, was.get(session.at), roster.hosts.get(session.at, ())))
    gone = [each for old, each in present.items() if old not in places and each.state == State.PLANNED]
    steps += [
        Step(series, plans[series.pk], None, each, (), _hosts(each), people=getattr(each, "people", 0))
        for each in gone
    ]
    steps = sorted((step for step in steps if step.kind), key=_when)
    named = {person for fits in unfit.values() for person in fits}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=named)} if named else {}
    refusals = (
        []
        if planned or gone or present
        else ["The series has no session to come: check its rule and its end."]
    )
    refusals += [
        f"{step.occurrence.taken} seats of {step.occurrence.at:%d %B %Y} are taken: {step.plan.seats} are too few."
        for step in steps
        if step.occurrence is not None and "seats" in step.fields and step.plan.seats is not None
        and step.occurrence.taken > step.plan.seats
    ]  # fmt: skip
    return Preview(steps, warnings_of(steps, missing, unfit, names), refusals)


def publish(
    *,
    actor: Actor,
    series: Series,
    fingerprint: str,
    acknowledged: bool = False,
    at: datetime | None = None,
    ahead: timedelta = AHEAD,
) -> Preview:
    """Do what the preview of this fingerprint showed, or nothing.

    Raises `Conflict` if it would do something else by now, `Invalid` for what forbids it, and for warnings that
    nobody says they have read.
    """
    at = at or now()
    try:
        with transaction.atomic():
            found = locked(actor, series)
            family = following(found)
            seen = preview(series=found, at=at, ahead=ahead)
            if seen.fingerprint != fingerprint:
                raise Conflict("Something changed since you looked: read again what publishing does.")
            if seen.refusals:
                raise Invalid(" ".join(seen.refusals), code="refused")
            if seen.warnings and not acknowledged:
                raise Invalid("Say that you have read the warnings.", code="warnings", field="acknowledged")
            _apply(seen.steps, at)
            for each in family:
                each.published, each.published_at, each.title = each.draft, at, each.plan.title
                each.made_until = horizon(each, at, ahead)
                each.sequence += 1
                each.version += 1
                each.save()
            counts = {
                kind: [None, seen.count(kind)]
                for kind in ("added", "moved", "changed", "cancelled", "reinstated")
            }
            audit.record(
                actor=actor, verb="series.published", obj=found, launch_id=found.launch_id,
                changes={kind: pair for kind, pair in counts.items() if pair[1]},
            )  # fmt: skip
    except IntegrityError as error:
        if "host_not_twice_at_once" not in str(error):
            raise
        raise Conflict(
            "A host was taken for something else at this very moment: look again.", code="host"
        ) from error
    return seen


def horizon(series: Series, at: datetime, ahead: timedelta) -> date:
    """Up to which local day its sessions exist once it is published: as far as before, at least."""
    wanted = (at + ahead).date()
    return (
        wanted
        if series.made_until is None or series.made_until >= HORIZON_OF_ENDED
        else max(wanted, series.made_until)
    )


def make(steps: Sequence[Step]) -> list[Occurrence]:
    """Sessions that are new, with their hosts and what these are told. Four statements."""
    made = [
        Occurrence(
            series=step.series, local_start=step.planned.at.isoformat(timespec="minutes"), zone=step.plan.zone,
            starts_at=step.planned.starts, ends_at=step.planned.ends, title=step.plan.title,
            place=step.planned.place, seats=step.plan.seats,
        )
        for step in steps
        if step.planned is not None
    ]  # fmt: skip
    Occurrence.objects.bulk_create(made)
    host(list(zip(made, (step.hosts for step in steps), strict=True)))
    letters.to_hosts(
        [(occurrence, person) for occurrence, step in zip(made, steps, strict=True) for person in step.hosts]
    )
    return made


def host(pairs: Sequence[tuple[Occurrence, Sequence[int]]]) -> None:
    """Write down who hosts what. One statement; raises IntegrityError for who hosts something then."""
    Hosting.objects.bulk_create(
        Hosting(
            occurrence=occurrence, user_id=person,
            during=DateTimeTZRange(occurrence.starts_at, occurrence.ends_at, "[)"),
        )
        for occurrence, people in pairs
        for person in people
    )  # fmt: skip


def _apply(steps: Sequence[Step], at: datetime) -> None:
    known = [step for step in steps if step.occurrence is not None]
    # In the order of their ids, as those do who book: so nobody waits for each other.
    ids = sorted(step.occurrence.pk for step in known if step.occurrence)
    held = {
        each.pk: each
        for each in Occurrence.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }
    Hosting.objects.filter(occurrence__in=ids).delete()
    for step in known:
        assert step.occurrence is not None
        step.occurrence = held[step.occurrence.pk]
        _change(step, at)
    staying = [
        step
        for step in known
        if step.kind != "cancelled" and step.planned is not None and not step.planned.cancelled
    ]
    host([(step.occurrence, step.hosts) for step in staying if step.occurrence is not None])
    make([step for step in steps if step.occurrence is None])


def _change(step: Step, at: datetime) -> None:
    """Write one session that was published before as it is now, and tell those it concerns."""
    occurrence, kind = step.occurrence, step.kind
    assert occurrence is not None
    occurrence.version += 1
    if kind == "cancelled":
        occurrence.state, occurrence.cancelled_at = State.CANCELLED, at
        occurrence.reason = step.reason
        occurrence.sequence += 1
        occurrence.save()
        letters.cancelled(occurrence, step.hosts_before)
        seats.close(occurrence, at)
        return
    planned = step.planned
    assert planned is not None
    occurrence.series = step.series
    occurrence.local_start = planned.at.isoformat(timespec="minutes")
    occurrence.zone, occurrence.title, occurrence.place = step.plan.zone, step.plan.title, planned.place
    occurrence.starts_at, occurrence.ends_at, occurrence.seats = planned.starts, planned.ends, step.plan.seats
    occurrence.state, occurrence.cancelled_at, occurrence.reason = State.PLANNED, None, ""
    changed = step.concerns_attendees
    occurrence.sequence += int(changed)
    occurrence.save()
    stays = set(step.hosts) & set(step.hosts_before)
    gone = set(step.hosts_before) - set(step.hosts)
    told = set(step.hosts) if changed else set(step.hosts) - stays
    letters.to_hosts([(occurrence, person) for person in sorted(told)])
    letters.no_more_hosts([(occurrence, person) for person in sorted(gone)])
    if changed:
        letters.changed(occurrence, reminders=step.plan.reminders)
    seats.offer_free(occurrence, at, minutes=step.plan.offer_minutes)


def _step(series: Series, session: Planned, occurrence: Occurrence | None, hosts: tuple[int, ...]) -> Step:
    plan = series.plan
    fields: tuple[str, ...] = ()
    before: tuple[int, ...] = ()
    if occurrence is not None:
        before = _hosts(occurrence)
        fields = different(plan, session, occurrence)
        if set(before) != set(hosts):
            fields += ("hosts",)
        if occurrence.series_id != series.pk or occurrence.at != session.at:
            fields += ("series",)
    return Step(series, plan, session, occurrence, hosts, before, fields, getattr(occurrence, "people", 0))


def _hosts(occurrence: Occurrence) -> tuple[int, ...]:
    return tuple(host.user_id for host in occurrence.hostings.all())


def _when(step: Step) -> tuple[datetime, int]:
    if step.planned is not None:
        return step.planned.starts, step.series.pk
    return (
        step.occurrence.starts_at if step.occurrence else datetime.min.replace(tzinfo=UTC)
    ), step.series.pk
