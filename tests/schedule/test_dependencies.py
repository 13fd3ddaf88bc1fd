"""What waits for what, and what hangs on what: within one launch, never in a circle, told when it changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actors import Actor
from apps.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch
from apps.launches.services.records import change_record, remove_record
from apps.schedule.facets import WHEN
from apps.schedule.models import Dependency, Placement
from apps.schedule.services import linking, placing
from apps.schedule.services.hanging import hang
from apps.schedule.services.pinning import pin
from tests.schedule.linked import contributor, hang_on, link, see, shift
from tests.schedule.worlds import DAY, Calendar, make_calendar, pinned, relative


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def item(calendar: Calendar, offset: int, title: str = "Item") -> Any:
    return calendar.item(relative("day", offset), title=title)


def test_a_dependency_is_added_changed_and_removed_with_one_event_each(calendar: Calendar) -> None:
    draft, post = item(calendar, -3, "Draft"), item(calendar, 0, "Post")
    made = link(calendar, draft, post)
    linking.change_dependency(actor=calendar.act(), dependency=made, lag=2, on_move="refuse", version=1)
    changed = Dependency.objects.get(pk=made.pk)
    assert (changed.lag, changed.on_move, changed.version) == (2, "refuse", 2)
    linking.remove_dependency(actor=calendar.act(), dependency=changed, version=2)
    assert not Dependency.objects.exists()
    told = Event.objects.filter(verb__startswith="dependency.").order_by("pk")
    assert [event.verb for event in told] == ["dependency.added", "dependency.changed", "dependency.removed"]
    assert told[0].changes["before"] == [None, "Draft"]
    assert told[1].changes == {"lag": [0, 2], "on_move": ["push", "refuse"]}


def test_changing_nothing_is_no_change_and_a_stale_one_is_refused(calendar: Calendar) -> None:
    made = link(calendar, item(calendar, -3), item(calendar, 0))
    events = Event.objects.count()
    assert linking.change_dependency(actor=calendar.act(), dependency=made).version == 1
    assert Event.objects.count() == events
    linking.change_dependency(actor=calendar.act(), dependency=made, lag=1)
    for act in (
        lambda: linking.change_dependency(actor=calendar.act(), dependency=made, lag=3, version=1),
        lambda: linking.remove_dependency(actor=calendar.act(), dependency=made, version=1),
    ):
        with pytest.raises(Conflict) as refusal:
            act()
        assert refusal.value.current == {"lag": 1, "on_move": "push"}
    linking.remove_dependency(actor=calendar.act(), dependency=made)
    with pytest.raises(NotFound):
        linking.remove_dependency(actor=calendar.act(), dependency=made)


@pytest.mark.parametrize("lag", [-366, 366, 10**6])
def test_a_lag_beyond_a_year_is_refused(calendar: Calendar, lag: int) -> None:
    draft, post = item(calendar, -3), item(calendar, 0)
    with pytest.raises(Invalid):
        link(calendar, draft, post, lag=lag)
    made = link(calendar, draft, post)
    with pytest.raises(Invalid):
        linking.change_dependency(actor=calendar.act(), dependency=made, lag=lag)
    with pytest.raises(Invalid):
        linking.change_dependency(actor=calendar.act(), dependency=made, on_move="shrug")
    assert Dependency.objects.get().lag == 0


def test_a_pair_is_linked_once_and_nothing_waits_for_itself(calendar: Calendar) -> None:
    draft, post = item(calendar, -3), item(calendar, 0)
    link(calendar, draft, post)
    with pytest.raises(Invalid) as twice:
        link(calendar, draft, post)
    with pytest.raises(Invalid) as itself:
        link(calendar, post, post)
    assert (twice.value.code, itself.value.code) == ("linked", "itself")


def test_the_database_holds_what_it_can(calendar: Calendar) -> None:
    draft, post = calendar.placement(item(calendar, -3)), calendar.placement(item(calendar, 0))
    Dependency.objects.create(launch=calendar.launch, before=draft, after=post)
    for wrong in (
        {"before": draft, "after": post},
        {"before": post, "after": post},
        {"before": post, "after": draft, "lag": 400},
        {"before": post, "after": draft, "on_move": "?"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Dependency.objects.create(launch=calendar.launch, **wrong)


def test_things_of_another_launch_are_not_there(calendar: Calendar) -> None:
    other = Calendar(create_launch(actor=calendar.act(), name="Other", launch_day=DAY), calendar.owner)
    foreign, own = other.placement(other.item(relative("day", 1))), calendar.placement(item(calendar, 1))
    phase = other.phase(relative("week", 1))
    for before, after in (
        (foreign.pk, own.pk),
        (own.pk, foreign.pk),
        (10**30, own.pk),
        (-1, own.pk),
        (0, own.pk),
    ):
        with pytest.raises(NotFound):
            linking.add_dependency(actor=calendar.act(), launch=calendar.launch, before=before, after=after)
    for asked in (
        {"anchor": "placement", "to": foreign.pk},
        {"anchor": "phase", "to": phase.pk},
        {"anchor": "placement", "to": 10**30},
        {"anchor": "phase", "to": 0},
    ):
        with pytest.raises(NotFound):
            hang(actor=calendar.act(), placement=own, offset=1, **asked)
    assert not Dependency.objects.exists()


def test_contributors_link_and_hang_what_is_theirs(calendar: Calendar) -> None:
    person = contributor(calendar)
    stranger = User.objects.create_user("s@example.com", name="S")
    own = calendar.item(relative("day", 5), owner=person)
    foreign = item(calendar, 1)
    pair = (calendar.placement(foreign).pk, calendar.placement(own).pk)
    for who, before, after, works in (
        (person, *pair, True),
        (person, *reversed(pair), False),
        (stranger, *pair, False),
    ):
        asked: dict[str, Any] = {
            "actor": Actor.of(who),
            "launch": calendar.launch,
            "before": before,
            "after": after,
        }
        if works:
            made = linking.add_dependency(**asked)
            linking.remove_dependency(actor=Actor.of(who), dependency=made)
        else:
            with pytest.raises(NotAllowed):
                linking.add_dependency(**asked)
    with pytest.raises(NotAllowed):
        hang(actor=Actor.of(person), placement=calendar.placement(foreign), anchor="launch_day", offset=2)
    hang(actor=Actor.of(person), placement=calendar.placement(own), anchor="launch_day", offset=2)


# Every way in which one thing comes to lead to another.
def depends(calendar: Calendar, before: Any, after: Any) -> None:
    link(calendar, before, after)


def hangs(calendar: Calendar, before: Any, after: Any) -> None:
    hang_on(calendar, after, 1, item=before)


def hangs_on_the_phase(calendar: Calendar, before: Any, after: Any) -> None:
    hang_on(calendar, after, 1, phase=before)


@pytest.mark.parametrize("first", [depends, hangs, hangs_on_the_phase])
@pytest.mark.parametrize("second", [depends, hangs])
@pytest.mark.parametrize("third", [depends, hangs])
def test_no_surface_closes_a_circle(calendar: Calendar, first: Any, second: Any, third: Any) -> None:
    phase = calendar.phase(relative("week", 1), title="Beta")
    middle, last = item(calendar, 2, "Middle"), item(calendar, 4, "Last")
    first(calendar, phase, middle)
    second(calendar, middle, last)
    with pytest.raises(Invalid) as refusal:
        third(calendar, last, phase)
    assert refusal.value.code == "circle"
    assert "“Middle” → “Last”" in refusal.value.message
    with pytest.raises(Invalid):
        third(calendar, middle, phase)


def test_hanging_elsewhere_lets_go_of_the_old_anchor_first(calendar: Calendar) -> None:
    first, second = item(calendar, 1), item(calendar, 2)
    hang_on(calendar, second, 3, item=first)
    hang_on(calendar, second, 3, anchor="launch_day")
    hang_on(calendar, first, 1, item=second)
    assert calendar.placement(first).starts_on == day(4)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_a_circle_from_both_sides_at_once_one_is_refused() -> None:
    calendar = make_calendar()
    one, two = item(calendar, 1, "One"), item(calendar, 5, "Two")
    gate = threading.Barrier(2)

    def run(act: Any) -> str:
        try:
            gate.wait(timeout=20)
            act()
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = [
            pool.submit(run, lambda: link(calendar, one, two)),
            pool.submit(run, lambda: hang_on(calendar, one, 1, item=two)),
        ]
        assert sorted(each.result(timeout=30) for each in results) == ["circle", "done"]


def test_what_hangs_on_a_phase_or_an_item_moves_with_it_and_says_so(calendar: Calendar) -> None:
    phase = calendar.phase(relative("day", 10), title="Beta")
    on_phase, on_item = item(calendar, 0), item(calendar, 0)
    hung = hang_on(calendar, on_phase, -2, phase=phase)
    assert (hung.starts_on, hung.wording) == (day(8), "2 days before “Beta” starts")
    hung = hang_on(calendar, on_item, 1, item=on_phase, unit="week", end_offset=2)
    assert (hung.starts_on, hung.ends_on) == (day(15), day(28))
    assert hung.wording == "weeks +1 to +2 from the start of “Item”"
    change_record(actor=calendar.act(), record=phase, values={"when": relative("day", 20)})
    assert calendar.placement(on_phase).starts_on == day(18)
    assert calendar.placement(on_item).starts_on == day(25)
    hung = hang_on(calendar, on_item, -3, anchor="launch_day", unit="business_day")
    assert (hung.wording, hung.starts_on) == ("T-3 business days", date(2026, 11, 19))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"anchor": "moon", "offset": 1}, "anchor"),
        ({"anchor": "launch_day", "offset": 1, "unit": "fortnight"}, "unit"),
        ({"anchor": "launch_day", "offset": 3661}, "offset"),
        ({"anchor": "launch_day", "offset": -(10**40)}, "offset"),
        ({"anchor": "launch_day", "offset": 600, "unit": "week"}, "offset"),
        ({"anchor": "launch_day", "offset": 5, "end_offset": 2}, "offset"),
        ({"anchor": "launch_day", "offset": 5, "to": 1}, "to"),
        ({"anchor": "phase", "offset": 5}, "to"),
        ({"anchor": "placement", "offset": 5}, "to"),
    ],
)
def test_what_cannot_be_hung_names_what_is_wrong(
    calendar: Calendar, asked: dict[str, Any], field: str
) -> None:
    own = item(calendar, 1)
    before = calendar.dates()
    with pytest.raises(Invalid) as refusal:
        hang(actor=calendar.act(), placement=calendar.placement(own), **asked)
    assert refusal.value.field == field
    assert calendar.dates() == before


def test_what_is_done_or_scheduled_is_not_hung_anew(calendar: Calendar) -> None:
    done, scheduled = item(calendar, 1), item(calendar, 2)
    placing.finish(actor=calendar.act(), placement=calendar.placement(done))
    from datetime import UTC, datetime

    pin(calendar.placement(scheduled), instant=datetime(2026, 11, 26, 12, tzinfo=UTC))
    for each in (done, scheduled):
        with pytest.raises(Invalid):
            hang_on(calendar, each, 1, anchor="launch_day")


def test_a_stale_page_does_not_hang_anything(calendar: Calendar) -> None:
    own = calendar.placement(item(calendar, 1))
    with pytest.raises(Conflict):
        hang(actor=calendar.act(), placement=own, anchor="launch_day", offset=2, version=own.version + 1)


def test_the_plans_words_for_what_hangs_are_its_days_and_giving_them_back_lets_it_hang(
    calendar: Calendar,
) -> None:
    phase = calendar.phase(relative("day", 10))
    own = item(calendar, 0)
    hang_on(calendar, own, 3, phase=phase)
    own = type(own).objects.get(pk=own.pk)
    said = WHEN.value(own)
    assert (said["date"], said["offset"], said["unit"]) == ("2026-12-07", None, None)
    assert WHEN.written(own) == "2026-12-07"
    for same in ("2026-12-07", said):
        own = type(own).objects.get(pk=own.pk)
        change_record(
            actor=calendar.act(),
            record=own,
            values={"when": WHEN.accept(same, kinds.of(own)), "text": str(same)},
        )
        assert calendar.placement(own).anchor == "phase"
    change_record(actor=calendar.act(), record=own, values={"when": pinned("2026-12-08")})
    assert calendar.placement(own).anchor == "pinned"


def test_when_a_thing_is_removed_what_hung_on_it_keeps_its_day(calendar: Calendar) -> None:
    phase, leader = calendar.phase(relative("day", 10)), item(calendar, 2)
    on_phase, on_item, undated = item(calendar, 0), item(calendar, 0), item(calendar, 0)
    hang_on(calendar, on_phase, 3, phase=phase)
    hang_on(calendar, on_item, 3, item=leader)
    link(calendar, leader, undated)
    remove_record(actor=calendar.act(), record=leader)
    remove_record(actor=calendar.act(), record=phase)
    for record, expected in ((on_phase, day(13)), (on_item, day(5))):
        left = calendar.placement(record)
        assert (left.anchor, left.pinned_start, left.starts_on) == ("pinned", expected, expected)
    assert not Dependency.objects.exists()
    calendar.move(day(30))
    assert calendar.placement(on_item).starts_on == day(5)


def test_a_dependency_survives_what_changes_around_it(calendar: Calendar) -> None:
    draft, post = item(calendar, -3), item(calendar, 0)
    link(calendar, draft, post)
    change_record(actor=calendar.act(), record=post, values={"title": "New name"})
    shift(calendar, draft, day(-2))
    assert see(calendar, draft, day(-1)).refusals == []
    assert Dependency.objects.count() == 1
    assert Placement.objects.filter(launch=Launch.objects.get()).count() == 2
