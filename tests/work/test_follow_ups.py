"""Follow-ups: given, done with what came of it, passed on, never made twice, and told of when overdue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from apps.accounts.models import Notification, User
from apps.audience.models import Contact
from apps.audit.models import Event
from apps.core.actors import SYSTEM
from apps.core.clock import now, today_in
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches.services.launch import create_launch
from apps.launches.services.members import set_member
from apps.work import selectors, services
from apps.work.models import FollowUp

if TYPE_CHECKING:
    from tests.audience.worlds import World

TODAY = today_in("UTC", now())


def call(world: World, who: str = "csm", **values: Any) -> FollowUp:
    given = {"title": "Call Acme", "due_on": TODAY, "owner": world.people["csm"], "account": world.acme}
    return services.add(actor=world.act(who), values={**given, **values})


def told(person: User) -> list[str]:
    return list(Notification.objects.filter(user=person).order_by("pk").values_list("title", flat=True))


def test_it_is_done_with_what_came_of_it_and_the_next_step_becomes_another(world: World) -> None:
    first = call(world, contact=Contact.objects.get())
    done = services.finish(
        actor=world.act("csm"), follow_up=first, outcome="agreed", notes="Wants a **demo**.",
        next_step={"title": "Show it", "due_on": TODAY + timedelta(days=7), "kind": "meeting"}, version=1,
    )  # fmt: skip
    assert (done.state, done.outcome, done.closed_by) == ("done", "agreed", world.people["csm"])
    following = FollowUp.objects.get(follows=first)
    assert (following.account, following.contact, following.owner, following.kind) == (
        world.acme, first.contact, world.people["csm"], "meeting",
    )  # fmt: skip
    with pytest.raises(Conflict, match="done already"):
        services.finish(actor=world.act("csm"), follow_up=first)
    again = services.reopen(actor=world.act("csm"), follow_up=first)
    assert (again.state, again.closed_at, again.notes) == ("open", None, "Wants a **demo**.")
    assert [event.verb for event in Event.objects.filter(object_type="work.followup").order_by("pk")] == [
        "follow_up.added", "follow_up.finished", "follow_up.added", "follow_up.reopened",
    ]  # fmt: skip


def test_a_next_step_that_cannot_be_leaves_the_first_open(world: World) -> None:
    first = call(world)
    with pytest.raises(Invalid, match="ten years"):
        services.finish(
            actor=world.act("csm"), follow_up=first, outcome="reached",
            next_step={"title": "Later", "due_on": TODAY + timedelta(days=9999)},
        )  # fmt: skip
    first.refresh_from_db()
    assert (first.state, FollowUp.objects.count()) == ("open", 1)


def test_who_gets_it_from_somebody_else_is_told_once(world: World) -> None:
    made = call(world, who="administrator")
    assert told(world.people["csm"]) == ["For you: Call Acme"]
    services.change(actor=world.act("csm"), follow_up=made, values={"owner": world.people["marketer"]})
    assert told(world.people["marketer"]) == ["For you: Call Acme"]
    services.change(actor=world.act("csm"), follow_up=made, values={"title": "Call them"})
    assert len(told(world.people["marketer"])) == 1


def test_the_same_cause_makes_it_once(world: World) -> None:
    rows = [
        {"title": f"Call {number}", "due_on": TODAY, "source": f"campaign:1:{number}"} for number in range(3)
    ]
    assert services.add_once(actor=SYSTEM, rows=rows) == 3
    assert services.add_once(actor=SYSTEM, rows=[*rows, {**rows[0], "source": "campaign:1:9"}]) == 1
    assert FollowUp.objects.count() == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"title": ""}, "blank"),
        ({"title": "a\x00"}, "[Nn]ull"),
        ({"kind": "fax"}, "not a valid choice"),
        ({"due_on": TODAY + timedelta(days=4000)}, "ten years"),
        ({"due_on": "soon"}, "invalid date"),
        ({"colour": "red"}, "no “colour”"),
        ({"state": "done"}, "no “state”"),
        ({"account": None, "contact": True}, "another account"),
    ],
)
def test_what_cannot_be_is_refused(world: World, values: dict[str, Any], message: str) -> None:
    if values.get("contact"):
        values = {**values, "contact": Contact.objects.get()}
    with pytest.raises(Invalid, match=message):
        call(world, **values)
    assert not FollowUp.objects.exists()


def test_events_do_not_say_whom_it_is_about(world: World) -> None:
    wile = Contact.objects.get()
    actor = world.act("csm")
    made = call(world, title="Call Wile E.", script="Ask Wile E.", contact=wile)
    services.change(
        actor=actor, follow_up=made, values={"title": "Call Wile soon", "script": "Wile!", "contact": None}
    )
    services.change(actor=actor, follow_up=made, values={"contact": wile})
    services.finish(actor=actor, follow_up=made)
    events = list(Event.objects.filter(object_type="work.followup").order_by("pk"))
    assert [event.verb.partition(".")[2] for event in events] == ["added", "changed", "changed", "finished"]
    assert {event.object_label for event in events} == {f"Follow-up {made.pk}"}
    assert events[1].changes == {name: ["", "changed"] for name in ("title", "script", "contact")}
    assert events[2].changes == {"contact": ["", "changed"]}
    assert "Wile" not in str([event.changes for event in events])


def test_a_stale_change_is_a_conflict_and_what_is_over_is_not_changed(world: World) -> None:
    made = call(world)
    services.change(actor=world.act("csm"), follow_up=made, values={"title": "Another"}, version=1)
    with pytest.raises(Conflict):
        services.change(actor=world.act("csm"), follow_up=made, values={"title": "Mine"}, version=1)
    services.cancel(actor=world.act("csm"), follow_up=made)
    with pytest.raises(Invalid, match="opened again"):
        services.change(actor=world.act("csm"), follow_up=made, values={"title": "Mine"})


def test_what_is_overdue_is_told_once_on_its_owners_calendar(world: World) -> None:
    launch = create_launch(actor=SYSTEM, name="Settings", owner=world.people["administrator"])
    owner = world.people["csm"]
    User.objects.filter(pk=owner.pk).update(zone="Pacific/Kiritimati")  # UTC+14
    due = datetime(2131, 3, 5, tzinfo=UTC).date()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "FURTHEST", timedelta(days=99_999))
        late = call(world, due_on=due, launch=launch)
        nobodys = call(world, due_on=due, owner=None, title="Nobody's")
        cancelled = call(world, due_on=due)
    services.cancel(actor=world.act("csm"), follow_up=cancelled)
    Notification.objects.all().delete()
    # On the 7th two days are over: in Kiritimati that begins ten hours before noon UTC of the 6th.
    assert services.escalate_overdue(at=datetime(2131, 3, 6, 9, 59, tzinfo=UTC)) == 0
    assert services.escalate_overdue(at=datetime(2131, 3, 6, 10, 0, tzinfo=UTC)) == 1
    assert services.escalate_overdue(at=datetime(2131, 3, 6, 10, 0, tzinfo=UTC)) == 0
    assert told(owner) == told(world.people["administrator"]) == ["Overdue: Call Acme"]
    assert services.escalate_overdue(at=datetime(2131, 3, 7, 0, 0, tzinfo=UTC)) == 1
    nobodys.refresh_from_db()
    assert nobodys.escalated_at is not None
    # Given another day, it may become overdue again.
    moved = services.change(actor=SYSTEM, follow_up=late, values={"due_on": TODAY + timedelta(days=5)})
    assert moved.escalated_at is None


def test_work_of_a_cancelled_launch_is_not_escalated(world: World) -> None:
    from apps.launches.services.launch import set_state

    launch = create_launch(actor=SYSTEM, name="Settings")
    call(world, due_on=TODAY - timedelta(days=9), launch=launch)
    set_state(actor=SYSTEM, launch=launch, to="cancelled")
    assert services.escalate_overdue() == 0


def test_who_sees_it_in_a_list_is_who_sees_it_alone(world: World) -> None:
    secret = create_launch(actor=SYSTEM, name="Secret", restricted=True)
    set_member(actor=SYSTEM, launch=secret, user=world.people["marketer"], role="editor")
    rows = {
        "plain": call(world),
        "secret": call(world, who="administrator", launch=secret, owner=None),
        "marketers": call(world, who="administrator", owner=world.people["marketer"]),
    }
    expected = {
        "csm": {"plain", "marketers"},
        "viewer": {"plain", "marketers"},
        "marketer": {"secret", "marketers"},
        "administrator": set(rows),
    }
    for who, names in expected.items():
        assert {row.pk for row in selectors.visible(world.act(who))} == {rows[name].pk for name in names}, who
        for name, row in rows.items():
            if name in names:
                assert selectors.follow_up(world.act(who), row.pk) == row
            else:
                with pytest.raises(NotFound):
                    selectors.follow_up(world.act(who), row.pk)
    with pytest.raises(NotAllowed):
        services.cancel(actor=world.act("viewer"), follow_up=rows["plain"])
    with pytest.raises(NotAllowed):
        call(world, who="viewer")
    with pytest.raises(NotFound):
        services.finish(actor=world.act("csm"), follow_up=rows["secret"])


def test_a_list_sorts_by_how_pressing_it_is() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC).date()
    days = {-1: "overdue", 0: "today", 1: "this_week", 6: "this_week", 7: "later"}
    rows = [FollowUp(title=str(offset), due_on=monday + timedelta(days=offset)) for offset in days]
    found = selectors.by_day(rows, monday)
    for offset, group in days.items():
        assert str(offset) in [row.title for row in getattr(found, group)]
