"""What holds for any launch, whatever is linked to what and whatever moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.content.services import set_status
from apps.core.errors import Conflict, Invalid
from apps.schedule.models import Placement
from apps.schedule.services import linking, placing
from apps.schedule.services.moving import apply_move, preview_move, undo_move
from tests.schedule.linked import everything, hang_on, last_move, link, see
from tests.schedule.test_dependencies import day, item
from tests.schedule.test_moving import rolled_back
from tests.schedule.worlds import DAY, Calendar, one_of_each, relative

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DAYS = st.integers(-900, 900)
COUNT = 6
PAIRS = st.lists(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1), st.integers(-3, 5),
              st.sampled_from(["push", "refuse", "hang"])), max_size=8,
)  # fmt: skip


def build(calendar: Calendar, pairs: list[tuple[int, int, int, str]], records: list[Any]) -> None:
    """Link what can be linked; what would be a circle is refused, and that is fine."""
    for before, after, lag, how in pairs:
        try:
            if how == "hang":
                hang_on(calendar, records[after], lag, item=records[before])
            else:
                link(calendar, records[before], records[after], lag=lag, on_move=how)
        except Invalid:
            continue


def mixed(calendar: Calendar) -> list[Any]:
    return [
        item(calendar, 0), calendar.item(relative("week", 1)), calendar.item(relative("business_day", -2)),
        calendar.item({"date": "2026-11-27", "text": "then"}), calendar.item(relative("day", 2, 4)),
        calendar.item(relative("day", 6, time="15:00:00")),
    ]  # fmt: skip


def move(calendar: Calendar, **asked: Any) -> Any:
    calendar.launch.refresh_from_db()
    asked |= {"actor": calendar.act(), "launch": calendar.launch}
    return apply_move(fingerprint=preview_move(**asked).fingerprint, **asked)


def test_moving_an_item_there_and_back_restores_its_day_whatever_its_unit(calendar: Calendar) -> None:
    one_of_each(calendar)
    pks = list(
        Placement.objects.filter(launch=calendar.launch, starts_on__isnull=False, kind="calendar_entry")
        .values_list("pk", flat=True)
    )  # fmt: skip

    @QUICK
    @given(pk=st.sampled_from(pks), by=DAYS)
    @rolled_back
    def check(pk: int, by: int) -> None:
        before = Placement.objects.get(pk=pk)
        assert before.starts_on is not None
        dates = calendar.dates()
        move(calendar, anchor="placement", pk=pk, to=before.starts_on + timedelta(days=by))
        moved = Placement.objects.get(pk=pk)
        assert moved.starts_on == before.starts_on + timedelta(days=by)
        assert moved.anchor == before.anchor
        move(calendar, anchor="placement", pk=pk, to=before.starts_on)
        after = calendar.dates()
        months = {row.pk for row in Placement.objects.filter(unit__in=["month", "quarter"])}
        changed = {each for each in dates if dates[each][0] != after[each][0]}
        assert not changed
        if before.unit not in {"month", "quarter", "hour", "minute"}:
            assert {each for each in dates if dates[each] != after[each]} <= months

    check()


def test_launch_day_there_and_back_restores_every_date_where_all_count_from_it(calendar: Calendar) -> None:
    records = [item(calendar, offset) for offset in (0, 2, 5, 9, 14, 20)]

    @QUICK
    @given(pairs=PAIRS, by=DAYS)
    @rolled_back
    def check(pairs: Any, by: int) -> None:
        build(calendar, pairs, records)
        before = calendar.dates()
        calendar.move(DAY + timedelta(days=by))
        calendar.move(DAY)
        assert calendar.dates() == before

    check()


def test_undo_restores_everything_whatever_was_pushed(calendar: Calendar) -> None:
    records = mixed(calendar)

    @QUICK
    @given(
        pairs=PAIRS,
        by=DAYS,
        which=st.integers(-1, COUNT - 1),
        landing=st.sampled_from(["keep", "before", "after"]),
    )
    @rolled_back
    def check(pairs: Any, by: int, which: int, landing: str) -> None:
        build(calendar, pairs, records)
        before = everything(calendar)
        asked: dict[str, Any] = {"anchor": "launch_day", "to": day(by), "landing": landing}
        if which >= 0:
            asked |= {"anchor": "placement", "pk": calendar.placement(records[which]).pk}
        try:
            with transaction.atomic():
                move(calendar, **asked)
        except Conflict:
            assert everything(calendar) == before
            return
        undo_move(actor=calendar.act(), move=last_move(calendar))
        assert everything(calendar) == before

    check()


def test_what_is_done_published_cancelled_or_pinned_never_moves_with_anything(calendar: Calendar) -> None:
    records = mixed(calendar)

    @QUICK
    @given(pairs=PAIRS, by=DAYS, over=st.sets(st.integers(1, COUNT - 1), min_size=1))
    @rolled_back
    def check(pairs: Any, by: int, over: set[int]) -> None:
        build(calendar, pairs, records)
        for index in over:
            if index % 2:
                set_status(
                    actor=calendar.act(),
                    item=records[index],
                    status="published" if index > 2 else "cancelled",
                )
            else:
                placing.finish(actor=calendar.act(), placement=calendar.placement(records[index]))
        still = {calendar.placement(records[index]).pk for index in over | {3}}
        still = {pk for pk in still if Placement.objects.get(pk=pk).is_fixed}
        before = calendar.dates()
        for asked in (
            {"anchor": "launch_day"},
            {"anchor": "placement", "pk": calendar.placement(records[0]).pk},
        ):
            try:
                with transaction.atomic():
                    move(calendar, to=day(by), **asked)
            except Conflict:
                continue
        after = calendar.dates()
        assert {pk: after[pk] for pk in still} == {pk: before[pk] for pk in still}

    check()


def test_what_the_preview_shows_is_what_is_applied_and_no_push_leaves_a_new_shortfall(
    calendar: Calendar,
) -> None:
    records = mixed(calendar)

    @QUICK
    @given(
        pairs=PAIRS,
        by=DAYS,
        which=st.integers(0, COUNT - 1),
        landing=st.sampled_from(["keep", "before", "after"]),
    )
    @rolled_back
    def check(pairs: Any, by: int, which: int, landing: str) -> None:
        from apps.schedule.clashes import clashes_of

        build(calendar, pairs, records)
        shown = see(calendar, records[which], day(by), landing)
        before = calendar.dates()
        broken = {
            clash.key for clash in clashes_of(calendar.act(), calendar.launch) if clash.kind == "dependency"
        }
        try:
            with transaction.atomic():
                move(
                    calendar,
                    anchor="placement",
                    pk=calendar.placement(records[which]).pk,
                    to=day(by),
                    landing=landing,
                )
        except Conflict:
            assert shown.refusals
            assert calendar.dates() == before
            return
        assert not shown.refusals
        after = calendar.dates()
        told = {row.placement.pk: row.new if row.moves else row.old for row in shown.rows}
        for pk, dates in after.items():
            assert dates == (tuple(told[pk]) if pk in told else before[pk])
        now = {
            clash.key for clash in clashes_of(calendar.act(), calendar.launch) if clash.kind == "dependency"
        }
        assert now <= broken

    check()


def test_no_sequence_of_links_makes_a_circle(calendar: Calendar) -> None:
    records = mixed(calendar)

    @QUICK
    @given(pairs=PAIRS)
    @rolled_back
    def check(pairs: Any) -> None:
        build(calendar, pairs, records)
        edges = linking.edges_of(calendar.launch.pk)
        leads: dict[int, set[int]] = {}
        for before, after in edges:
            leads.setdefault(before, set()).add(after)

        def below(node: int, seen: frozenset[int]) -> None:
            assert node not in seen
            for other in leads.get(node, ()):
                below(other, seen | {node})

        for node in list(leads):
            below(node, frozenset())

    check()
