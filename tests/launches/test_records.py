"""Adding, changing, ordering and removing records: every kind by the same services."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches import kinds, selectors
from apps.launches.models import KeyMessage, LaunchRecord
from apps.launches.services import records
from apps.launches.signals import record_changed, record_removed
from apps.metrics.models import Metric, Target
from apps.schedule.models import Placement
from tests.api.worlds import World, build_world
from tests.kept import Kept, kept

built = kept("tests.api.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    return built.fresh()  # type: ignore[no-any-return]


def titles(world: World, kind: str = "key_message") -> list[str]:
    return [record.title for record in selectors.records(world.launch, kinds.get(kind))]


def test_every_kind_is_added_changed_and_removed_with_an_event_each(world: World) -> None:
    owner = world.act("owner")
    for kind in sorted(
        kinds.all_kinds(), key=lambda kind: kind.parent is None
    ):  # a phase takes its steps along
        record = world.first(kind.key)
        changed = records.change_record(
            actor=owner, record=record, values={"title": "New"}, version=record.version
        )
        assert (changed.title, changed.version) == ("New", record.version + 1)
        assert selectors.record(world.launch, kind, record.pk).title == "New"
        records.remove_record(actor=owner, record=changed, version=changed.version)
        with pytest.raises(NotFound):
            selectors.record(world.launch, kind, record.pk)
        events = Event.objects.filter(object_type=kind.model._meta.label_lower, object_id=record.pk)
        assert list(events.order_by("id").values_list("verb", flat=True))[-2:] == [
            f"{kind.key}.changed",
            f"{kind.key}.removed",
        ]
        assert events.get(verb=f"{kind.key}.changed").changes == {"title": [f"A {kind.key}", "New"]}
        assert events.get(verb=f"{kind.key}.removed").changes["title"] == ["New", None]


def test_an_event_says_who_did_it(world: World) -> None:
    record = world.first("key_message")
    records.change_record(
        actor=world.act("editor"), record=record, values={"text": "New"}, reason="Typing error"
    )
    event = Event.objects.get(verb="key_message.changed", object_id=record.pk)
    assert (event.actor_kind, event.actor_id, event.actor_label) == (
        "user",
        world.people["editor"].pk,
        "Editor",
    )
    assert (event.reason, event.launch_id, event.object_label) == (
        "Typing error",
        world.launch.pk,
        "A key_message",
    )


def test_what_does_not_change_anything_is_no_change(world: World) -> None:
    events = Event.objects.count()
    for kind in kinds.all_kinds():
        record = selectors.record(world.launch, kind, world.first(kind.key).pk)
        same = {name: getattr(record, name) for name in kind.fields}
        same |= {name: facet.value(record) for name, facet in kinds.facets(kind).items()}
        unchanged = records.change_record(actor=world.act("owner"), record=record, values=same)
        assert unchanged.version == record.version, kind.key
    assert Event.objects.count() == events


def test_a_facet_alone_counts_as_a_change_of_its_record(world: World) -> None:
    item = world.first("calendar_entry")
    when = kinds.facets(kinds.get("calendar_entry"))["when"]
    value = when.parse("T-5 days", kinds.get("calendar_entry"))
    changed = records.change_record(actor=world.act("owner"), record=item, values={"when": value})
    assert changed.version == item.version + 1
    event = Event.objects.get(verb="calendar_entry.changed", object_id=item.pk)
    assert event.changes["when"][1]["text"] == "T-5 days"


def test_a_stale_change_or_removal_is_a_conflict_with_what_is_stored(world: World) -> None:
    record = world.first("calendar_entry")
    records.change_record(actor=world.act("owner"), record=record, values={"title": "Theirs"})
    with pytest.raises(Conflict) as refusal:
        records.change_record(
            actor=world.act("editor"), record=record, values={"title": "Mine"}, version=record.version
        )
    assert refusal.value.current["title"] == "Theirs"
    assert refusal.value.current["when"] == "Week -2"
    assert refusal.value.version == record.version + 1
    with pytest.raises(Conflict):
        records.remove_record(actor=world.act("editor"), record=record, version=record.version)
    assert titles(world, "calendar_entry") == ["Theirs"]


def test_what_was_removed_meanwhile_is_not_there(world: World) -> None:
    record = world.first("key_message")
    records.remove_record(actor=world.act("owner"), record=record)
    for act in (
        lambda: records.change_record(actor=world.act("owner"), record=record, values={"title": "x"}),
        lambda: records.remove_record(actor=world.act("owner"), record=record),
        lambda: records.reorder_record(actor=world.act("owner"), record=record, to=0),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"text": "x" * 100_001}, "text"),
        ({"colour": "red"}, "colour"),
        ({"launch": 1}, "launch"),
        ({"version": 9}, "version"),
        ({"status": "lost"}, "status"),
        ({"when": {"unit": "day", "offset": 10_000}}, "when"),
        ({"when": {"unit": "day"}, "title": ""}, "title"),
    ],
)
def test_what_is_refused_names_the_field_and_leaves_nothing(
    world: World, values: dict[str, Any], field: str
) -> None:
    record = world.first("calendar_entry")
    before = CalendarItem.objects.values().get(pk=record.pk)
    events = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        records.change_record(actor=world.act("owner"), record=record, values={"text": "New", **values})
    assert field in refusal.value.errors
    with pytest.raises(Invalid):
        records.add_record(
            actor=world.act("owner"),
            launch=world.launch,
            kind=kinds.get("calendar_entry"),
            values={"title": "New", **values},
        )
    assert CalendarItem.objects.values().get(pk=record.pk) == before
    assert (Event.objects.count(), CalendarItem.objects.filter(launch=world.launch).count()) == (events, 1)


def test_a_record_names_only_records_of_its_own_launch(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        records.change_record(
            actor=world.act("administrator"),
            record=world.first("calendar_entry"),
            values={"channel": world.first("channel", world.secret)},
        )
    assert refusal.value.code == "other_launch"


def test_records_keep_their_order_and_go_where_they_are_put(world: World) -> None:
    owner = world.act("owner")
    for title in "abcd":
        world.add("key_message", title=title)
    assert titles(world) == ["A key_message", "a", "b", "c", "d"]
    b = KeyMessage.objects.get(title="b")
    for to, order in (
        (0, ["b", "A key_message", "a", "c", "d"]),
        (99, ["A key_message", "a", "c", "d", "b"]),
        (1, ["A key_message", "b", "a", "c", "d"]),
        (1, ["A key_message", "b", "a", "c", "d"]),
    ):
        records.reorder_record(actor=owner, record=b, to=to)
        assert titles(world) == order
    assert Event.objects.filter(verb="key_message.reordered").count() == 3
    records.remove_record(actor=owner, record=KeyMessage.objects.get(title="a"))
    assert titles(world) == ["A key_message", "b", "c", "d"]
    assert titles_of_secret(world) == ["A key_message"]


def titles_of_secret(world: World) -> list[str]:
    return [record.title for record in selectors.records(world.secret, kinds.get("key_message"))]


def test_a_record_can_be_added_in_between(world: World) -> None:
    world.add("key_message", title="last")
    records.add_record(
        actor=world.act("owner"),
        launch=world.launch,
        kind=kinds.get("key_message"),
        values={"title": "between"},
        position=1,
    )
    assert titles(world) == ["A key_message", "between", "last"]


@pytest.mark.django_db(transaction=True)
def test_people_who_reorder_at_once_lose_no_record_and_double_no_place() -> None:
    world = build_world()
    for number in range(6):
        world.add("key_message", title=str(number))
    everything = list(KeyMessage.objects.filter(launch=world.launch))
    start = threading.Barrier(4)

    def shuffle(number: int) -> None:
        try:
            start.wait(timeout=20)
            for step in range(5):
                record = everything[(number * 5 + step) % len(everything)]
                records.reorder_record(actor=world.act("owner"), record=record, to=(number + step) % 7)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(shuffle, range(4)))
    places = sorted(KeyMessage.objects.filter(launch=world.launch).values_list("position", flat=True))
    assert places == list(range(7))


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_of_one_version_one_is_told_about_the_other() -> None:
    world = build_world()
    record = world.first("key_message")
    start = threading.Barrier(2)

    def change(title: str) -> str:
        try:
            start.wait(timeout=20)
            records.change_record(
                actor=world.act("owner"), record=record, values={"title": title}, version=record.version
            )
        except Conflict:
            return "conflict"
        finally:
            connection.close()
        return "changed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, ["one", "two"])) == ["changed", "conflict"]


@pytest.mark.django_db(transaction=True)
def test_changing_ordering_and_moving_at_once_never_stop_each_other() -> None:
    """All take the launch's lock first; another order would end in a deadlock that PostgreSQL breaks."""
    from datetime import timedelta

    from apps.core.errors import DomainError
    from apps.schedule.services import moving, placing
    from tests.api.worlds import LAUNCH_DAY

    world = build_world()
    item = world.first("calendar_entry")
    placement = Placement.objects.get(kind="calendar_entry", record_id=item.pk)
    start = threading.Barrier(4)

    def change(number: int) -> None:
        records.change_record(
            actor=world.act("owner"),
            record=item,
            values={"title": str(number), "when": {"unit": "day", "offset": number, "text": ""}},
        )

    def reorder(number: int) -> None:
        records.reorder_record(actor=world.act("owner"), record=item, to=number % 2)

    def finish(number: int) -> None:
        placing.finish(actor=world.act("owner"), placement=placement, done=number % 2 == 0)

    def move(number: int) -> None:
        asked: dict[str, Any] = {
            "actor": world.act("owner"),
            "launch": world.launch,
            "anchor": "launch_day",
            "to": LAUNCH_DAY + timedelta(days=number + 1),
        }
        moving.apply_move(**asked, fingerprint=moving.preview_move(**asked).fingerprint)

    def run(act: Any) -> int:
        refused = 0
        try:
            start.wait(timeout=20)
            for number in range(8):
                try:
                    act(number)
                except DomainError:
                    refused += 1
        finally:
            connection.close()
        return refused

    world.add("calendar_entry", title="Second")
    with ThreadPoolExecutor(4) as pool:
        refused = list(pool.map(run, [change, reorder, finish, move]))
    assert refused[:3] == [0, 0, 0]


def test_contributors_add_and_change_what_is_theirs(world: World) -> None:
    contributor = world.act("contributor")
    made = records.add_record(
        actor=contributor,
        launch=world.launch,
        kind=kinds.get("key_message"),
        values={"title": "Mine"},
    )
    assert made.owner == world.people["contributor"]
    assert records.change_record(actor=contributor, record=made, values={"title": "Still mine"})
    ours = records.add_record(
        actor=contributor,
        launch=world.launch,
        kind=kinds.get("calendar_entry"),
        values={"title": "Ours", "team": world.teams["marketing"]},
    )
    assert ours.owner is None
    theirs = world.add("calendar_entry", team=world.teams["support"])
    for act in (
        lambda: records.change_record(actor=contributor, record=theirs, values={"title": "x"}),
        lambda: records.reorder_record(actor=contributor, record=theirs, to=0),
        lambda: records.remove_record(actor=contributor, record=theirs),
    ):
        with pytest.raises(NotAllowed):
            act()
    theirs.refresh_from_db()
    assert theirs.title == "A calendar_entry"


def test_removing_a_record_takes_along_what_hangs_on_it(world: World) -> None:
    owner = world.act("owner")
    item = world.first("calendar_entry")
    records.remove_record(actor=owner, record=item)
    assert not Placement.objects.filter(kind="calendar_entry", record_id=item.pk).exists()
    facet = kinds.facets(kinds.get("phase"))["targets"]
    phase = records.change_record(
        actor=owner,
        record=world.first("phase"),
        values={"targets": facet.parse("99.9% uptime", kinds.get("phase"))},
    )
    assert Target.objects.filter(phase=phase.pk).exists()
    records.remove_record(actor=owner, record=phase)
    assert not Target.objects.filter(phase=phase.pk).exists()
    assert not Placement.objects.filter(kind="phase", record_id=phase.pk).exists()


def test_a_metric_that_others_aim_at_outlives_its_row(world: World) -> None:
    owner = world.act("owner")
    lines = "<2s page load time"

    def aim(kind: str) -> LaunchRecord:
        described = kinds.get(kind)
        value = kinds.facets(described)["targets"].parse(lines, described)
        return records.change_record(actor=owner, record=world.first(kind), values={"targets": value})

    kpi, criterion, segment = aim("kpi"), aim("rollback_criterion"), aim("segment")
    metrics = Metric.objects.filter(launch=world.launch, measure__iexact="page load time")
    assert [metric.pk for metric in metrics] == [kpi.pk]
    records.remove_record(actor=owner, record=kpi)
    heir = metrics.get()
    assert not heir.listed
    for record in (criterion, segment):
        found = selectors.record(world.launch, kinds.of(record), record.pk)
        (target,) = kinds.facets(kinds.of(record))["targets"].value(found)
        assert (target["comparator"], target["value"]) == ("lt", "2")


def test_changes_and_removals_are_announced_inside_the_transaction(world: World) -> None:
    heard: list[str] = []

    def changed(record: LaunchRecord, created: bool, **_: Any) -> None:
        assert connection.in_atomic_block
        heard.append(f"{'added' if created else 'changed'} {record.title}")

    def removed(record: LaunchRecord, **_: Any) -> None:
        heard.append(f"removed {KeyMessage.objects.get(pk=record.pk).title}")

    record_changed.connect(changed, sender=KeyMessage)
    record_removed.connect(removed, sender=KeyMessage)
    try:
        made = world.add("key_message", title="one")
        records.change_record(actor=world.act("owner"), record=made, values={"title": "two"})
        records.remove_record(actor=world.act("owner"), record=made)
    finally:
        record_changed.disconnect(changed, sender=KeyMessage)
        record_removed.disconnect(removed, sender=KeyMessage)
    assert heard == ["added one", "changed two", "removed two"]


def test_many_records_are_added_in_as_many_queries_as_one(world: World) -> None:
    from django.test.utils import CaptureQueriesContext

    kind = kinds.get("calendar_entry")
    when = kinds.facets(kind)["when"].parse("T-5 days", kind)

    def cost(count: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            records.add_records(
                actor=world.act("owner"),
                launch=world.launch,
                kind=kind,
                rows=[{"title": f"{number}", "when": when} for number in range(count)],
            )
        return len(queries)

    few = cost(1)
    assert cost(50) <= few
    assert Placement.objects.filter(launch=world.launch, wording="T-5 days").count() == 51


def test_listing_a_kind_costs_a_fixed_number_of_queries(world: World) -> None:
    from django.test.utils import CaptureQueriesContext

    from tests.api.worlds import fill

    costs: dict[str, list[int]] = {}
    for _ in range(2):
        for kind in kinds.all_kinds():
            with CaptureQueriesContext(connection) as queries:
                for record in selectors.records(world.launch, kind):
                    selectors.as_fields(record)
            costs.setdefault(kind.key, []).append(len(queries))
        fill(world, world.launch)
    assert all(after == before <= 4 for before, after in costs.values()), costs
