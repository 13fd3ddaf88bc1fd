"""A launch becomes a template, and a template a launch: relative, by role, without people and past."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.audit.models import Event
from apps.content.models import ApprovalRule, ApprovalStep, CalendarItem, ItemLink, Reviewer
from apps.content.models.material import ChecklistEntry
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches import kinds
from apps.launches.models import Comment, Gate, Launch, LaunchRecord, Member
from apps.launches.services.launch import change_launch, create_launch
from apps.launches.services.members import set_member
from apps.launches.services.records import add_record, add_records, change_record
from apps.plans import builtin
from apps.plans.models import LaunchTemplate
from apps.plans.services.starting import Start, preview_start, start_from_template
from apps.plans.services.templates import change_template, make_template
from apps.plans.templating.dates import dates_of, offset_of, place_of
from apps.plans.templating.document import Document, read
from apps.plans.templating.parts import Entry, Offset
from apps.schedule.models import Dependency, Placement
from apps.schedule.services.hanging import hang
from apps.schedule.services.placing import finish
from apps.schedule.spans import Anchors, span_of
from tests.plans.worlds import LAUNCH_DAY, World

OTHER_DAY = date(2027, 9, 15)  # a Wednesday, as LAUNCH_DAY
Span = tuple[date | None, date | None]


def add(launch: Launch, kind: str = "calendar_entry", **values: Any) -> Any:
    described = kinds.get(kind)
    facets = kinds.facets(described)
    parsed = {
        name: facets[name].parse(value, described) if name in facets else value
        for name, value in values.items()
    }
    return add_record(actor=SYSTEM, launch=launch, kind=described, values={"title": f"A {kind}", **parsed})


def placed(record: LaunchRecord) -> Placement:
    return Placement.objects.get(kind=record.kind, record_id=record.pk)


def spans(launch: Launch) -> dict[tuple[str, str], Span]:
    """Where everything falls, by kind and title."""
    kept = Placement.objects.filter(launch=launch).exclude(kind__in=["announcement", "campaign"])
    return {(each.kind, each.title): (each.starts_on, each.ends_on) for each in kept}


def shifted(found: dict[tuple[str, str], Span], days: int) -> dict[tuple[str, str], Span]:
    return {
        key: tuple(None if day is None else day + timedelta(days=days) for day in span)  # type: ignore[misc]
        for key, span in found.items()
    }


def start(world: World, template: LaunchTemplate, day: date = LAUNCH_DAY, **kwargs: Any) -> Launch:
    return start_from_template(
        actor=world.actor, template=template, start=Start(name="The next one", launch_day=day, **kwargs)
    ).launch


@pytest.fixture
def launch(world: World) -> Launch:
    """An empty launch with a launch day, owned by the world's owner."""
    return create_launch(
        actor=SYSTEM, name="The first one", launch_day=LAUNCH_DAY, rollout_start=LAUNCH_DAY, owner=world.owner
    )


def keep(world: World, launch: Launch, **kwargs: Any) -> LaunchTemplate:
    return make_template(actor=world.actor, launch=launch, name="Our way", tier=2, **kwargs)


def test_the_same_day_gives_the_same_dates_and_the_same_records(world: World) -> None:
    original = world.sample()
    launch = start(world, keep(world, original))
    assert spans(launch) == spans(original)
    for kind in kinds.all_kinds():
        if kind.key != "history":
            counted = [kind.model._default_manager.filter(launch=each).count() for each in (original, launch)]
            assert counted[0] == counted[1], kind.key
    assert (launch.state, launch.tier, launch.owner) == ("draft", 2, world.owner)


def test_another_day_shifts_everything_by_as_much(world: World, launch: Launch) -> None:
    add(launch, title="Relative", when="T-5 days")
    add(launch, title="A week", when="Week -2")
    add(launch, title="From the rollout", when="rollout week 3")
    add(launch, "phase", title="Beta", when="Weeks 1-2")
    made = start(world, keep(world, launch), OTHER_DAY)
    days = (OTHER_DAY - LAUNCH_DAY).days
    assert days % 7 == 0
    assert spans(made) == shifted(spans(launch), days)
    assert made.rollout_start == OTHER_DAY


def test_what_is_pinned_becomes_an_offset_and_says_so(world: World, launch: Launch) -> None:
    add(launch, title="The fair", when="2026-03-10")
    add(launch, title="The week", when="2026-03-16 to 2026-03-22")
    add(launch, title="Roughly", when="2026-Q3")
    template = keep(world, launch)
    notes = " ".join(template.document["notes"])
    assert "“The fair” was pinned to 2026-03-10" in notes
    assert "“Roughly” was only roughly dated" in notes
    made = start(world, template, OTHER_DAY)
    fair, week = (
        placed(CalendarItem.objects.get(launch=made, title=title)) for title in ("The fair", "The week")
    )
    assert (fair.anchor, fair.unit, fair.offset, fair.starts_on) == (
        "launch_day",
        "day",
        6,
        date(2027, 9, 21),
    )
    assert (week.anchor, week.unit, week.offset) == ("launch_day", "week", 2)
    assert (week.starts_on, week.ends_on) == (date(2027, 9, 27), date(2027, 10, 3))
    assert spans(made)["calendar_entry", "Roughly"] == (None, None)


def test_what_hangs_on_a_phase_or_an_item_hangs_on_its_twin(world: World, launch: Launch) -> None:
    phase = add(launch, "phase", title="Beta", when="Weeks 2-3")
    first, second, third = (add(launch, title=title, when="T-9 days") for title in ("One", "Two", "Three"))
    hang(actor=world.actor, placement=placed(first), anchor="phase", to=phase.pk, offset=2)
    hang(
        actor=world.actor,
        placement=placed(second),
        anchor="placement",
        to=placed(first).pk,
        offset=1,
        unit="business_day",
    )
    Dependency.objects.create(
        launch=launch, before=placed(second), after=placed(third), lag=2, on_move="refuse"
    )
    made = start(world, keep(world, launch), OTHER_DAY)
    days = (OTHER_DAY - LAUNCH_DAY).days
    assert spans(made) == shifted(spans(launch), days)
    twin = placed(CalendarItem.objects.get(launch=made, title="Two"))
    assert twin.anchor_placement is not None
    assert (twin.anchor_placement.title, twin.anchor_placement.launch) == ("One", made)
    [wait] = Dependency.objects.filter(launch=made)
    assert (wait.before.title, wait.after.title, wait.lag, wait.on_move) == ("Two", "Three", 2, "refuse")


def test_owners_are_roles_and_never_persons(world: World, launch: Launch) -> None:
    set_member(actor=SYSTEM, launch=launch, user=world.editor, role="editor", team=world.support)
    add(launch, title="The editor's", owner=world.editor)
    add(launch, title="The owner's", owner=world.owner)
    add(launch, title="A stranger's", owner=world.stranger)
    add(launch, title="A plan's role", owner_name="Marketing lead")
    add(launch, title="A plan's name", owner_name="Alexandra Kim")
    template = keep(world, launch)
    text = json.dumps(template.document)
    for person in (world.owner, world.editor, world.stranger):
        assert person.name not in text
        assert person.email not in text
    assert "Alexandra" not in text
    roles = {role["key"]: role for role in template.document["roles"]}
    editor = f"editor-{world.support.slug}"
    assert set(roles) == {"owner", editor, "as-marketing-lead"}
    made = start(world, template, people={editor: world.stranger})
    owners = dict(CalendarItem.objects.filter(launch=made).values_list("title", "owner"))
    assert owners["The editor's"] == world.stranger.pk
    assert owners["The owner's"] == world.owner.pk
    assert owners["A stranger's"] is owners["A plan's name"] is None
    assert CalendarItem.objects.get(launch=made, title="A plan's role").owner_name == "Marketing lead"
    member = Member.objects.get(launch=made, user=world.stranger)
    assert (member.role, member.team) == ("editor", world.support)


def test_nothing_of_what_happened_is_carried(world: World, launch: Launch) -> None:
    out = add(launch, title="Out", when="T-1 days")
    add(launch, title="Called off", when="T-1 days", status="cancelled")
    finish(actor=world.actor, placement=placed(out))
    Comment.objects.create(
        launch=launch, kind="calendar_entry", record_id=out.pk, author_label="Someone", text="A secret word"
    )
    ChecklistEntry.objects.create(
        item=out, position=0, text="Read it", done_at="2026-01-01T00:00Z", done_by=world.owner
    )
    ItemLink.objects.create(item=out, kind="document", title="The brief", url="https://docs.example/brief")
    ItemLink.objects.create(item=out, kind="published", url="https://blog.example/out")
    add(launch, "kpi", title="Adoption", baseline="42% in 2025")
    phase = add(launch, "phase", title="Beta", when="Weeks 1-2")
    Gate.objects.create(
        launch=launch,
        phase=phase,
        title="Ready",
        signed_at="2026-01-01T00:00Z",
        signed_by_label="Sam",
        note="Fine",
    )
    template = keep(world, launch)
    text = json.dumps(template.document)
    for past in ("A secret word", "published", "cancelled", "42%", "Sam", "blog.example"):
        assert past not in text
    made = start(world, template)
    assert set(CalendarItem.objects.filter(launch=made).values_list("status", flat=True)) == {"idea"}
    assert set(Placement.objects.filter(launch=made).values_list("state", flat=True)) == {"planned"}
    assert ChecklistEntry.objects.get(item__launch=made).done_at is None
    assert ItemLink.objects.get(item__launch=made).url == "https://docs.example/brief"
    assert Gate.objects.get(launch=made).signed_at is None


def test_approval_rules_ask_the_same_roles_and_teams(world: World, launch: Launch) -> None:
    set_member(actor=SYSTEM, launch=launch, user=world.editor, role="editor", team=world.support)
    blog, mail = add(launch, "channel", title="Blog"), add(launch, "channel", title="Mail")
    rule = ApprovalRule.objects.create(channel=blog, in_order=True)
    ApprovalStep.objects.create(rule=rule, position=0, user=world.editor)
    ApprovalStep.objects.create(rule=rule, position=1, team=world.support, needed=2)
    lonely = ApprovalRule.objects.create(channel=mail)
    ApprovalStep.objects.create(rule=lonely, position=0, user=world.editor)
    template = keep(world, launch)
    key = f"editor-{world.support.slug}"
    made = start(world, template, people={key: world.stranger})
    steps = ApprovalStep.objects.filter(rule__channel__launch=made, rule__channel__title="Blog")
    assert [(step.user, step.team, step.needed) for step in steps] == [
        (world.stranger, None, 1), (None, world.support, 2),
    ]  # fmt: skip
    outcome = start_from_template(
        actor=world.actor, template=template, start=Start(name="Alone", launch_day=LAUNCH_DAY)
    )
    assert any("2 approvals are not asked for" in told for told in outcome.left_open)
    assert not ApprovalRule.objects.filter(channel__launch=outcome.launch, channel__title="Mail").exists()


def test_what_was_called_off_is_left_out_and_that_is_said(world: World, launch: Launch) -> None:
    off = add(launch, title="Called off", when="T-9 days")
    follower, other = (add(launch, title=title, when="T-5 days") for title in ("Follower", "Other"))
    hang(actor=world.actor, placement=placed(follower), anchor="placement", to=placed(off).pk, offset=4)
    Dependency.objects.create(launch=launch, before=placed(off), after=placed(other), lag=0, on_move="push")
    change_record(actor=world.actor, record=off, values={"status": "cancelled"})
    template = keep(world, launch)
    assert template.document["notes"][-1] == "1 thing that was called off is left out."
    assert not any("announcement or campaign" in note for note in template.document["notes"])
    made = start(world, template, OTHER_DAY)
    found = {each.title: placed(each) for each in CalendarItem.objects.filter(launch=made)}
    assert set(found) == {"Follower", "Other"}
    assert found["Follower"].starts_on == OTHER_DAY - timedelta(days=5)
    assert not Dependency.objects.filter(launch=made).exists()


def test_a_reviewer_whose_part_nobody_has_is_missed_before_it_is_too_late(
    world: World, launch: Launch
) -> None:
    set_member(actor=SYSTEM, launch=launch, user=world.editor, role="editor", team=world.support)
    for title in ("One", "Two"):
        Reviewer.objects.create(item=add(launch, title=title), user=world.editor)
    Reviewer.objects.create(item=add(launch, title="The owner reads it"), user=world.owner)
    template = keep(world, launch)

    def left_open(**people: User) -> str:
        begin = Start(
            name="Next",
            launch_day=OTHER_DAY,
            people={f"editor-{world.support.slug}": person for person in people.values()},
        )
        return " ".join(preview_start(actor=world.actor, template=template, start=begin).left_open)

    assert "2 items lose reviewers, as nobody is chosen for their part" in left_open()
    assert "reviewer" not in left_open(editor=world.stranger)


def test_days_off_are_shown_and_go_where_they_are_told(world: World, launch: Launch) -> None:
    add(launch, title="Three days on", when="T+3 days")
    template = keep(world, launch)
    begin = Start(name="Next", launch_day=OTHER_DAY)
    preview = preview_start(actor=world.actor, template=template, start=begin)
    assert [line.title for line in preview.off_days] == ["Three days on"]
    for landing, day in (("keep", 18), ("before", 17), ("after", 20)):
        made = start(world, template, OTHER_DAY, landing=landing)
        placement = placed(CalendarItem.objects.get(launch=made))
        assert (placement.starts_on, placement.landing) == (date(2027, 9, day), landing)


def test_the_preview_saves_nothing_and_holds_good(world: World, launch: Launch) -> None:
    add(launch, title="One", when="T-3 days")
    template = keep(world, launch)
    begin = Start(name="Next", launch_day=OTHER_DAY)
    before = Launch.objects.count()
    preview = preview_start(actor=world.actor, template=template, start=begin)
    assert Launch.objects.count() == before
    assert (preview.counts, preview.first) == ({"calendar_entry": 1}, date(2027, 9, 12))
    with pytest.raises(Conflict):
        start_from_template(
            actor=world.actor, template=template, start=Start(name="Next", launch_day=LAUNCH_DAY),
            fingerprint=preview.fingerprint,
        )  # fmt: skip
    made = start_from_template(
        actor=world.actor, template=template, start=begin, fingerprint=preview.fingerprint
    ).launch
    assert Event.objects.filter(launch_id=made.pk, verb="template.started").count() == 1


def test_a_restricted_launch_is_kept_by_its_owner_only(world: World, launch: Launch) -> None:
    add(launch)
    set_member(actor=SYSTEM, launch=launch, user=world.editor, role="editor")
    change_launch(actor=world.actor, launch=launch, values={"restricted": True})
    launch.refresh_from_db()
    with pytest.raises(NotAllowed, match="everybody sees templates"):
        make_template(actor=Actor.of(world.editor), launch=launch, name="No")
    with pytest.raises(NotFound):
        make_template(actor=Actor.of(world.stranger), launch=launch, name="No")
    assert keep(world, launch).pk


def test_viewers_make_and_start_nothing(world: World, launch: Launch) -> None:
    add(launch)
    template = keep(world, launch)
    viewer = Actor.of(world.viewer)
    with pytest.raises(NotAllowed):
        make_template(actor=viewer, launch=launch, name="No")
    with pytest.raises(NotAllowed):
        start_from_template(actor=viewer, template=template, start=Start(name="No", launch_day=LAUNCH_DAY))


def test_who_made_it_and_administrators_change_it(world: World, launch: Launch) -> None:
    add(launch)
    template = keep(world, launch)
    with pytest.raises(NotAllowed):
        change_template(actor=Actor.of(world.stranger), template=template, values={"archived": True})
    with pytest.raises(Conflict):
        change_template(actor=world.actor, template=template, values={"tier": 1}, version=7)
    assert change_template(actor=world.actor, template=template, values={"tier": 1}, version=1).version == 2
    with pytest.raises(NotAllowed, match="comes with the portal"):
        change_template(actor=SYSTEM, template=builtin.templates()[0], values={"name": "Mine"})


def test_a_launch_that_holds_nothing_is_no_template(world: World, launch: Launch) -> None:
    with pytest.raises(Invalid, match="nothing yet"):
        keep(world, launch)


GOOD = {"schema": 1, "launch": {}, "records": [{"kind": "calendar_entry", "fields": {"title": "A"}}]}
ON = {"anchor": "record", "unit": "day", "offset": 1}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 2}, "schema"),
        ({"extra": 1}, "unknown field “extra”"),
        ({"records": {}}, "records is not a list"),
        ({"records": [{"kind": "person", "fields": {"title": "A"}}]}, "unknown kind"),
        ({"records": [{"kind": "calendar_entry", "fields": {"title": "A", "owner": 1}}]}, "unknown field “owner”"),
        ({"records": [{"kind": "calendar_entry", "fields": {"title": "A"}, "owner": "x"}]}, "names a role"),
        (
            {"records": [{"kind": "calendar_entry", "fields": {"title": "A", "channel": {"record": 0}}}]},
            "where a channel",
        ),
        ({"records": [{"kind": "calendar_entry", "fields": {"title": "A"}, "when": {**ON, "on": 0}}]}, "circle"),
        ({"records": [{"kind": "calendar_entry", "fields": {"title": "A"},
                       "when": {"anchor": "launch_day", "unit": "day", "offset": 10**9}}]}, "ten years"),
        ({"records": [{"kind": "calendar_entry", "fields": {"title": "A"},
                       "when": {"anchor": "pinned", "unit": "day", "offset": 1}}]}, "anchor"),
        ({"records": [{"kind": "calendar_entry", "fields": {"title": "A", "team": {"team": []}}}]}, "is no text"),
        ({"gates": [{"phase": 0, "title": "G"}]}, "where a phase belongs"),
        ({"waits": [{"before": 0, "after": 0}]}, "no time"),
        ({"launch": {"zone": "Mars/Base"}}, "zone"),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused_naming_the_place(change: dict[str, Any], told: str) -> None:
    read(GOOD)
    with pytest.raises(Invalid, match=told) as refused:
        read({**GOOD, **change})
    assert refused.value.code == "bad_template"


def test_the_portals_own_templates_start(world: World) -> None:
    for template in builtin.templates():
        made = start(world, template, OTHER_DAY)
        assert made.tier == template.tier
        days = [day for span in spans(made).values() for day in span if day]
        assert min(days) < OTHER_DAY < max(days)


def test_a_started_launch_may_be_kept_and_started_again(world: World) -> None:
    once = start(world, builtin.templates()[0], OTHER_DAY)
    again = start(world, keep(world, once), OTHER_DAY)
    assert spans(again) == spans(once)


def test_neither_keeping_nor_starting_asks_more_for_more_records(world: World, launch: Launch) -> None:
    described = kinds.get("calendar_entry")
    when = kinds.facets(described)["when"]

    def fill(count: int) -> None:
        rows = [
            {"title": f"Work {n}", "when": when.parse(f"T{n % 40 - 20:+d} days", described)}
            for n in range(count)
        ]
        items = add_records(actor=SYSTEM, launch=launch, kind=described, rows=rows)
        ChecklistEntry.objects.bulk_create(ChecklistEntry(item=item, position=0, text="x") for item in items)  # type: ignore[misc]

    def counted() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as keeping:
            template = keep(world, launch)
        with CaptureQueriesContext(connection) as starting:
            start(world, template, OTHER_DAY, landing="after")
        return len(keeping), len(starting)

    fill(10)
    counted()
    few = counted()
    fill(290)
    many = counted()
    assert many == few
    assert few[1] < 90


UNITS = st.sampled_from(["day", "week"])
ANCHORS = st.sampled_from(["launch_day", "rollout_start", "record"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(
        st.tuples(UNITS, st.integers(-60, 60), st.integers(0, 20), ANCHORS, st.integers(0, 30)),
        min_size=1, max_size=25,
    ),
    first=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    weeks=st.integers(-300, 300),
    rollout=st.integers(-40, 40),
)  # fmt: skip
def test_days_from_launch_day_are_the_same_whenever_it_is(
    entries: list[tuple[str, int, int, str, int]], first: date, weeks: int, rollout: int
) -> None:
    """Whole weeks on, so that Week 0 begins as many days before launch day."""
    records = []
    for index, (unit, offset, length, anchor, leader) in enumerate(entries):
        hung = anchor == "record" and index > 0
        where = anchor if anchor != "record" else ("record" if hung else "launch_day")
        records.append(
            Entry("calendar_entry", {"title": f"{index}"}, when=Offset(
                where, unit, offset, offset + length if length else None, on=leader % index if hung else None
            ))
        )  # fmt: skip
    document = read(Document({"rollout_after": rollout}, records=records).as_json())

    def relative(day: date) -> list[tuple[int, int]]:
        found = dates_of(document, Anchors(day, day + timedelta(days=rollout), "UTC"))
        return [
            ((each.span.starts_on - day).days, (each.span.ends_on - day).days)  # type: ignore[operator]
            for each in found.values()
        ]

    assert relative(first) == relative(first + timedelta(weeks=weeks))


@settings(max_examples=200, deadline=None)
@given(
    day=st.dates(date(2000, 1, 1), date(2060, 1, 1)),
    away=st.integers(-400, 400),
    length=st.integers(0, 40),
    from_launch=st.booleans(),
)
def test_a_pinned_date_becomes_the_offset_that_gives_it_back(
    day: date, away: int, length: int, from_launch: bool
) -> None:
    first = day + timedelta(days=away)
    last = first + timedelta(days=length)
    pinned = Placement(title="P", anchor="pinned", pinned_start=first, pinned_end=last if length else None)
    launch_day, rollout = (day, None) if from_launch else (None, day)
    offset = offset_of(pinned, launch_day, rollout, {}).offset
    found = span_of(place_of(offset), Anchors(launch_day, rollout, "UTC"))
    assert (found.starts_on, found.ends_on) == (first, last)
