"""What a series plans: its facts, what is different about single sessions, and the sessions that follow. Pure.

A plan is kept twice with its series, as drafted and as published, in the shape that `Plan.stored` writes. Single
sessions are named by their local start, as written by the rule: that is what RFC 5545 calls RECURRENCE-ID, and
no change of a zone's clocks moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from apps.core.errors import Invalid
from apps.core.fields import known_zones
from apps.meetings.recurrence import Rule, is_skipped, require_first, span_of

Rotation = Literal["fixed", "rotation"]
MOST_MINUTES = 12 * 60
MOST_SEATS = 100_000
MOST_HOSTS = 50
MOST_CHANGES = 500
# No reminder earlier than two weeks before.
MOST_BEFORE = 14 * 24 * 60
MOST_REMINDERS = 5
# How long somebody on the waitlist may think about a seat.
OFFER_MINUTES = 12 * 60


@dataclass(frozen=True)
class Change:
    """What is different about one session, named by its local start `at`. None: as in the series.

    `hosts` are ids of people. A cancelled one has a `reason` that its attendees read.
    """

    at: datetime
    moved_to: datetime | None = None
    minutes: int | None = None
    place: str | None = None
    hosts: tuple[int, ...] | None = None
    cancelled: bool = False
    reason: str = ""

    @property
    def says_nothing(self) -> bool:
        return self == Change(self.at)


@dataclass(frozen=True)
class Plan:
    """The facts of a series. `first` is a wall time in `zone`; without a `rule` there is that one session.

    `reminders` are minutes before a session. `per_session` hosts of a rotation take turns; fixed ones come all.
    `most_per_week` is how many sessions a host takes in one ISO week at most, over all series. Of one that is
    `called_off` nothing takes place any more.
    """

    title: str
    zone: str
    first: datetime
    minutes: int
    rule: Rule | None = None
    topic: str = ""
    audience: str = ""
    place: str = ""
    seats: int | None = None
    hosts: tuple[int, ...] = ()
    rotation: Rotation = "fixed"
    per_session: int = 1
    most_per_week: int | None = None
    on_holiday: Literal["hold", "skip"] = "hold"
    reminders: tuple[int, ...] = (24 * 60, 60)
    offer_minutes: int = OFFER_MINUTES
    public: bool = False
    called_off: bool = False
    changes: tuple[Change, ...] = field(default=())

    def __post_init__(self) -> None:
        _check(self)

    def starts(self, *, after: date | None = None, until: date) -> Iterator[datetime]:
        """The local starts its rule writes, both days included; single changes are not looked at."""
        if self.rule is not None:
            yield from self.rule.starts(self.first, after=after, until=until)
        elif (after is None or self.first.date() >= after) and self.first.date() <= until:
            yield self.first

    def change_of(self, at: datetime) -> Change:
        return next((each for each in self.changes if each.at == at), Change(at))

    def with_change(self, change: Change) -> Plan:
        """The plan with this said of one session, in the place of what was said before."""
        others = [each for each in self.changes if each.at != change.at]
        kept = others if change.says_nothing else [*others, change]
        return replace(self, changes=tuple(sorted(kept, key=lambda each: each.at)))

    def stored(self) -> dict[str, Any]:
        """As JSON. Wall times are ISO without a zone, the rule an RRULE whose UNTIL is a local day."""
        values = asdict(replace(self, rule=None, changes=()))
        values["first"] = _written(self.first)
        values["rule"] = self.rule.stored() if self.rule else ""
        values["changes"] = [_stored_change(each) for each in self.changes]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Plan:
        """What `stored` wrote. What an older release did not know has its default."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        values["first"] = datetime.fromisoformat(values["first"])
        values["rule"] = Rule.parse(values["rule"]) if values.get("rule") else None
        values["changes"] = tuple(_change(each) for each in values.get("changes", ()))
        for name in ("hosts", "reminders"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)


@dataclass(frozen=True)
class Planned:
    """One session that follows from a plan. `at` names it; `starts` and `ends` are instants in UTC."""

    at: datetime
    starts: datetime
    ends: datetime
    place: str
    change: Change
    on_holiday: bool = False
    skipped_hour: bool = False

    @property
    def cancelled(self) -> bool:
        return self.change.cancelled


def sessions(plan: Plan, *, after: date, until: date, holidays: Sequence[date] = ()) -> list[Planned]:
    """The sessions whose written start lies between two local days, both included, in the order of that.

    Those on a holiday are left out where the plan says so, unless somebody moved that very one.
    """
    if plan.called_off:
        return []
    off = set(holidays)
    found = []
    for at in plan.starts(after=after, until=until):
        change = plan.change_of(at)
        on_holiday = at.date() in off
        if on_holiday and plan.on_holiday == "skip" and change.moved_to is None:
            continue
        local = change.moved_to or at
        starts, ends = span_of(local, change.minutes or plan.minutes, plan.zone)
        place = plan.place if change.place is None else change.place
        found.append(
            Planned(
                at,
                starts,
                ends,
                place,
                change,
                on_holiday=local.date() in off,
                skipped_hour=is_skipped(local, plan.zone),
            )
        )
    return found


def split(plan: Plan, at: datetime, **values: Any) -> tuple[Plan, Plan]:
    """ "This and following": the plan ended before the session `at`, and the one that goes on, with new values.

    What was said of single sessions from then on goes along: to the same session, or to that of the same day, or
    of the same place in the order where the rule writes other days. Raises `Invalid` where nothing is left.
    """
    if plan.rule is None:
        raise _invalid("This is a single session: change it itself.", "scope")
    starts = list(plan.starts(until=at.date() + timedelta(days=1)))
    if at not in starts:
        raise _invalid("The series has no such session.", "at")
    if starts.index(at) == 0:
        raise _invalid("Nothing comes before this session: change the whole series.", "scope")
    # Where more sessions are on one day the rule cannot end between them; a rule writes one a day at most.
    before = replace(
        plan,
        rule=plan.rule.ended(at.date() - timedelta(days=1)),
        changes=tuple(each for each in plan.changes if each.at < at),
    )
    rule = plan.rule
    if rule.count is not None:
        rule = replace(rule, count=rule.count - starts.index(at))
    later = [each for each in plan.changes if each.at >= at]
    after = replace(plan, **{"first": at, "rule": rule, "changes": (), **values})
    return before, replace(after, changes=_carried(later, replace(plan, first=at, rule=rule), after))


def revised(plan: Plan, **values: Any) -> Plan:
    """The whole series with new values; what was said of single sessions goes along with them."""
    bare = replace(plan, **{**values, "changes": ()})
    return replace(bare, changes=_carried(plan.changes, plan, bare))


def matched(old: Sequence[datetime], new: Sequence[datetime]) -> dict[datetime, datetime]:
    """Which of the new local starts each old one becomes: the same, that of its day, or the next of its week.

    An old one without such has no place any more; no two become the same.
    """
    found = {at: at for at in old if at in set(new)}
    free = sorted(set(new) - set(found))
    nearness: tuple[Callable[[datetime], object], ...] = (datetime.date, lambda at: at.isocalendar()[:2])
    for part in nearness:
        for at in old:
            if at not in found:
                match = next((each for each in free if part(each) == part(at)), None)
                if match is not None:
                    found[at] = match
                    free.remove(match)
    return found


def _carried(changes: Sequence[Change], old: Plan, new: Plan) -> tuple[Change, ...]:
    if not changes:
        return ()
    until = max(each.at for each in changes).date() + timedelta(days=7)
    first = min(old.first, new.first).date()
    places = matched(list(old.starts(after=first, until=until)), list(new.starts(after=first, until=until)))
    return tuple(replace(each, at=places[each.at]) for each in changes if each.at in places)


def _check(plan: Plan) -> None:
    if not plan.title.strip():
        raise _invalid("Give the series a title.", "title")
    if plan.zone not in known_zones():
        raise _invalid(
            f"“{plan.zone[:60]}” is not a time zone. Use an IANA name such as Europe/Berlin.", "zone"
        )
    if not 5 <= plan.minutes <= MOST_MINUTES:
        raise _invalid(f"A session takes 5 to {MOST_MINUTES} minutes.", "minutes")
    if plan.first.tzinfo is not None or plan.first.second or plan.first.microsecond:
        raise _invalid("The first session is a local time to the minute.", "first")
    if plan.seats is not None and not 1 <= plan.seats <= MOST_SEATS:
        raise _invalid(f"Seats are 1 to {MOST_SEATS:,}, or left empty for as many as come.", "seats")
    if len(set(plan.hosts)) != len(plan.hosts) or len(plan.hosts) > MOST_HOSTS:
        raise _invalid(f"Name each host once, at most {MOST_HOSTS}.", "hosts")
    if plan.rotation not in ("fixed", "rotation"):
        raise _invalid("Hosts are fixed or take turns.", "rotation")
    if not 1 <= plan.per_session <= MOST_HOSTS:
        raise _invalid(f"1 to {MOST_HOSTS} hosts are at a session.", "per_session")
    if plan.most_per_week is not None and not 1 <= plan.most_per_week <= 100:
        raise _invalid("A host takes 1 to 100 sessions a week, or as many as there are.", "most_per_week")
    if plan.on_holiday not in ("hold", "skip"):
        raise _invalid("On a holiday sessions are held or left out.", "on_holiday")
    if len(plan.reminders) > MOST_REMINDERS or len(set(plan.reminders)) != len(plan.reminders):
        raise _invalid(f"At most {MOST_REMINDERS} reminders, each once.", "reminders")
    if not all(5 <= minutes <= MOST_BEFORE for minutes in plan.reminders):
        raise _invalid("Remind between 5 minutes and 14 days before.", "reminders")
    if not 15 <= plan.offer_minutes <= 7 * 24 * 60:
        raise _invalid("A seat is offered for 15 minutes to 7 days.", "offer_minutes")
    if len(plan.changes) > MOST_CHANGES:
        raise _invalid("So many exceptions are a series of their own.", "changes")
    for change in plan.changes:
        if change.minutes is not None and not 5 <= change.minutes <= MOST_MINUTES:
            raise _invalid(f"A session takes 5 to {MOST_MINUTES} minutes.", "minutes")
    if plan.rule is not None:
        require_first(plan.rule, plan.first)


def _written(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _stored_change(change: Change) -> dict[str, Any]:
    values = {name: value for name, value in asdict(change).items() if value not in (None, "", False)}
    values["at"] = _written(change.at)
    if change.moved_to is not None:
        values["moved_to"] = _written(change.moved_to)
    if change.place is not None:
        values["place"] = change.place  # said to have none
    if change.hosts is not None:
        values["hosts"] = list(change.hosts)
    return values


def _change(stored: Mapping[str, Any]) -> Change:
    values = dict(stored)
    for name in ("at", "moved_to"):
        if values.get(name):
            values[name] = datetime.fromisoformat(values[name])
    if values.get("hosts") is not None:
        values["hosts"] = tuple(values["hosts"])
    return Change(**values)


def _invalid(message: str, where: str) -> Invalid:
    return Invalid(message, code="plan", field=where)
