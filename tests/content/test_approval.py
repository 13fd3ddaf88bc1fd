"""Approving items: of exactly what they say, by whom the channel and the item name, in what order."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Notification
from apps.audit.models import Event
from apps.content.models import Approval, CalendarItem
from apps.content.reviewing import review_of
from apps.content.services import approving, set_status
from apps.content.services.approving import StepInput
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches.services.records import change_record
from apps.schedule.services import placing
from tests.portal.worlds import HTMX, World


@pytest.fixture
def channel(world: World) -> Any:
    return world.add("channel", title="The blog", channel_kind="blog")


@pytest.fixture
def item(world: World, channel: Any) -> Any:
    return world.add(
        "calendar_entry", title="We launch", body="Hello.", channel=channel, owner=world.people["contributor"]
    )


def fresh(item: Any) -> CalendarItem:
    return CalendarItem.objects.select_related("launch", "key_message").get(pk=item.pk)


def rule(world: World, channel: Any, *steps: StepInput, in_order: bool = False) -> None:
    approving.set_rule(actor=world.actor("editor"), channel=channel, steps=steps, in_order=in_order)


def approve(world: World, item: Any, who: str, **given: Any) -> CalendarItem:
    return approving.approve(actor=world.actor(who), item=fresh(item), **given)


def told(kind: str) -> list[str]:
    return sorted(Notification.objects.filter(kind=kind).values_list("user__name", flat=True))


def test_without_a_rule_one_editors_word_is_enough(world: World, item: Any) -> None:
    approving.submit(actor=world.actor("contributor"), item=item)
    assert told("approval") == ["Editor Person", "Owner Person"]
    with pytest.raises(NotAllowed, match="not asked"):
        approve(world, item, "member")
    assert approve(world, item, "editor").status == "approved"
    assert told("item_approved") == ["Contributor Person"]


def test_nothing_goes_beyond_review_without_the_approval_its_channel_demands(
    world: World, channel: Any, item: Any
) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    for status in ("approved", "scheduled", "published"):
        with pytest.raises(Invalid, match="Missing: Member Person") as refused:
            set_status(actor=world.actor("editor"), item=fresh(item), status=status)
        assert refused.value.code == "not_approved"
    # The tick on the calendar means published, so it asks the same.
    with pytest.raises(Invalid, match="needs approval first"):
        placing.finish(actor=world.actor("editor"), placement=world.placement(item))
    assert fresh(item).status == "idea"
    assert world.placement(item).state == "planned"
    approve(world, item, "member")
    assert fresh(item).status == "approved"
    placing.finish(actor=world.actor("editor"), placement=world.placement(item))
    assert fresh(item).status == "published"


def test_an_approval_covers_exactly_what_was_said(world: World, channel: Any, item: Any) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    approve(world, item, "member")
    assert review_of(fresh(item)).is_complete
    edited = change_record(actor=world.actor("editor"), record=fresh(item), values={"body": "Hello!"})
    assert (edited.status, review_of(edited).is_stale) == ("in_review", True)
    with pytest.raises(Invalid, match="needs approval"):
        set_status(actor=world.actor("editor"), item=edited, status="scheduled")
    # Said as before, it is what they agreed to.
    back = change_record(actor=world.actor("editor"), record=edited, values={"body": "Hello."})
    assert review_of(back).is_complete
    # What nobody reads may change: its brief, its owner, its time.
    change_record(actor=world.actor("editor"), record=back, values={"text": "For the press", "owner": None})
    assert review_of(fresh(item)).is_complete


def test_several_steps_are_asked_at_once_or_one_after_the_other(
    world: World, channel: Any, item: Any
) -> None:
    world.people["member"].teams.add(world.team)
    steps = (StepInput(team=world.team, needed=2), StepInput(user=world.people["owner"]))
    rule(world, channel, *steps, in_order=True)
    approving.submit(actor=world.actor("editor"), item=item)
    assert told("approval") == ["Contributor Person", "Member Person"]
    with pytest.raises(NotAllowed, match="not your turn yet"):
        approve(world, item, "owner")
    approve(world, item, "contributor")
    assert fresh(item).status == "in_review"
    approve(world, item, "contributor")  # twice is once
    assert Approval.objects.count() == 1
    approve(world, item, "member")
    assert fresh(item).status == "in_review"
    assert approve(world, item, "owner").status == "approved"
    rule(world, channel, *steps)
    other = world.add("calendar_entry", title="Another", channel=channel)
    assert approve(world, other, "owner").status == "idea"  # at once, but not alone


def test_nobody_approves_their_own_work_unless_the_owner_allows_it(world: World, item: Any) -> None:
    change_record(actor=world.actor("editor"), record=fresh(item), values={"body": "Mine."})
    with pytest.raises(NotAllowed, match="your own work"):
        approve(world, item, "editor")
    world.launch.self_approval = True
    world.launch.save()
    assert approve(world, item, "editor").status == "approved"


def test_who_asked_for_approval_does_not_give_it(world: World, item: Any) -> None:
    approving.submit(actor=world.actor("editor"), item=fresh(item))
    with pytest.raises(NotAllowed, match="your own work"):
        approve(world, item, "editor")


def test_sending_back_says_why_and_takes_ones_agreement_back(world: World, channel: Any, item: Any) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    approve(world, item, "member")
    with pytest.raises(Invalid, match="Say what should change"):
        approving.request_changes(actor=world.actor("member"), item=fresh(item), note=" ")
    approving.request_changes(actor=world.actor("member"), item=fresh(item), note="Too loud.")
    assert (fresh(item).status, review_of(fresh(item)).is_complete) == ("drafting", False)
    assert Notification.objects.get(kind="item_returned").body == "Too loud."
    assert [each.decision for each in review_of(fresh(item)).history] == ["changes", "approved"]
    assert approve(world, item, "member").status == "approved"


def test_reviewers_of_an_item_are_asked_besides_its_channel(world: World, channel: Any, item: Any) -> None:
    approving.set_reviewers(
        actor=world.actor("contributor"), item=item, users=[world.people["member"], world.people["owner"]]
    )
    approve(world, item, "member")
    assert fresh(item).status == "idea"
    assert approve(world, item, "owner").status == "approved"
    hidden = world.add("calendar_entry", world.secret, title="Hush")
    with pytest.raises(Invalid, match="cannot see this launch"):
        approving.set_reviewers(actor=world.actor("owner"), item=hidden, users=[world.people["member"]])


def test_a_stale_page_approves_nothing(world: World, item: Any) -> None:
    seen = fresh(item).version
    change_record(actor=world.actor("contributor"), record=fresh(item), values={"body": "Other words."})
    with pytest.raises(Conflict):
        approve(world, item, "editor", version=seen)
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([StepInput()], "Step 1 names a person or a team"),
        ([{"team": True, "needed": 0}], "Step 1"),
        ([{"team": True, "needed": 5}], "which has 1"),
        ([{"user": True, "needed": 2}], "agrees once"),
    ],
)
def test_rules_that_nobody_could_meet_are_refused(
    world: World, channel: Any, steps: list[Any], message: str
) -> None:
    wanted = [
        each
        if isinstance(each, StepInput)
        else StepInput(
            user=world.people["member"] if "user" in each else None,
            team=world.team if "team" in each else None,
            needed=each["needed"],
        )
        for each in steps
    ]
    with pytest.raises(Invalid, match=message):
        approving.set_rule(actor=world.actor("editor"), channel=channel, steps=wanted)


def test_only_editors_set_rules_and_every_decision_is_audited(world: World, channel: Any, item: Any) -> None:
    with pytest.raises(NotAllowed):
        approving.set_rule(
            actor=world.actor("contributor"), channel=channel, steps=[StepInput(user=world.people["owner"])]
        )
    rule(world, channel, StepInput(user=world.people["owner"]))
    approve(world, item, "owner")
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {
        "channel.approval_rule_set",
        "calendar_entry.agreed_to",
        "calendar_entry.approved",
    } <= verbs


def test_a_changed_key_message_is_told_until_somebody_says_it_still_fits(world: World, item: Any) -> None:
    from apps.content.services.changing import confirm_message

    message = world.add("key_message", title="Quiet")
    chosen = change_record(actor=world.actor("editor"), record=fresh(item), values={"key_message": message})
    assert not chosen.message_changed
    change_record(actor=world.actor("editor"), record=message, values={"title": "Loud"})
    assert fresh(item).message_changed
    page = world.client("contributor").get(f"{world.path}calendar/{world.placement(item).pk}/")
    assert "The key message changed" in page.content.decode()
    confirm_message(actor=world.actor("contributor"), item=fresh(item))
    assert not fresh(item).message_changed


def test_my_week_shows_what_waits_for_my_word_and_nothing_else(world: World, channel: Any, item: Any) -> None:
    from apps.content.selectors.approvals import to_approve

    def waiting(name: str) -> list[str]:
        return [each.title for each in to_approve(world.actor(name), 10)]

    approving.submit(actor=world.actor("contributor"), item=item)
    assert (waiting("editor"), waiting("member"), waiting("contributor")) == (["We launch"], [], [])
    # Named, it waits for them and not for every editor; agreed to, for nobody until it says something else.
    rule(world, channel, StepInput(user=world.people["member"]), StepInput(user=world.people["owner"]))
    assert (waiting("editor"), waiting("member"), waiting("owner")) == ([], ["We launch"], ["We launch"])
    approve(world, item, "member")
    assert (waiting("member"), waiting("owner")) == ([], ["We launch"])
    change_record(actor=world.actor("editor"), record=fresh(item), values={"body": "Other words."})
    assert waiting("member") == ["We launch"]
    approving.set_reviewers(actor=world.actor("editor"), item=fresh(item), users=[world.people["editor"]])
    assert waiting("editor") == []  # their own work by now
    assert waiting("viewer") == []


def test_an_item_comes_to_a_channel_with_the_approval_the_channel_demands(
    world: World, channel: Any, item: Any
) -> None:
    author = world.actor("contributor")
    rule(world, channel, StepInput(user=world.people["member"]))
    with pytest.raises(Invalid, match="Missing: Member Person"):
        change_record(actor=author, record=fresh(item), values={"channel": None, "status": "published"})
    # Elsewhere nobody is asked; what went out there does not come back as if somebody had been.
    change_record(actor=author, record=fresh(item), values={"channel": None})
    change_record(actor=author, record=fresh(item), values={"status": "published"})
    with pytest.raises(Invalid, match="Missing: Member Person"):
        change_record(actor=author, record=fresh(item), values={"channel": channel})
    assert (fresh(item).status, fresh(item).channel) == ("published", None)


def test_an_approved_item_may_go_out_elsewhere_in_one_step(world: World, channel: Any, item: Any) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    approve(world, item, "member")
    moved = change_record(
        actor=world.actor("contributor"), record=fresh(item), values={"channel": None, "status": "published"}
    )
    assert moved.status == "published"


@pytest.mark.parametrize("status", ["approved", "scheduled", "published"])
def test_nothing_new_is_beyond_review_from_the_start(world: World, channel: Any, status: str) -> None:
    from apps.launches import kinds
    from apps.launches.services.records import add_record, add_records

    rule(world, channel, StepInput(user=world.people["member"]))
    given: dict[str, Any] = {
        "launch": world.launch,
        "kind": kinds.get("calendar_entry"),
    }
    values = {"title": "Gone out", "channel": channel, "status": status}
    with pytest.raises(Invalid, match="Missing: Member Person"):
        add_record(actor=world.actor("contributor"), values=values, **given)
    with pytest.raises(Invalid, match=r"“Gone out” .*Missing: Member Person"):
        add_records(actor=world.actor("editor"), rows=[{**values, "status": "idea"}, values], **given)
    assert not CalendarItem.objects.exists()
    # On a channel without a rule, whatever was done before there was a portal comes in as done.
    other = world.add("channel", title="Elsewhere")
    add_records(actor=world.actor("editor"), rows=[{**values, "channel": other}], **given)
    assert CalendarItem.objects.get().status == status


def test_only_editors_take_reviewers_away(world: World, item: Any) -> None:
    member, owner = world.people["member"], world.people["owner"]
    approving.set_reviewers(actor=world.actor("editor"), item=item, users=[member])
    with pytest.raises(NotAllowed, match="An editor"):
        approving.set_reviewers(actor=world.actor("contributor"), item=fresh(item), users=[owner])
    assert [each.user for each in item.reviewers.all()] == [member]
    approving.set_reviewers(actor=world.actor("contributor"), item=fresh(item), users=[member, owner])
    approving.set_reviewers(actor=world.actor("editor"), item=fresh(item), users=[owner])
    assert [each.user for each in item.reviewers.all()] == [owner]


def test_the_page_says_who_takes_reviewers_away(world: World, item: Any) -> None:
    member, owner = world.people["member"], world.people["owner"]
    approving.set_reviewers(actor=world.actor("editor"), item=item, users=[member])
    path = f"{world.path}calendar/{world.placement(item).pk}/reviewers/"
    refused = world.client("contributor").post(path, {"reviewers": [owner.pk]}, headers=HTMX)
    assert refused.status_code == 403
    assert "An editor of the launch takes reviewers away" in refused.content.decode()
    kept = world.client("contributor").post(path, {"reviewers": [member.pk, owner.pk]})
    assert kept.status_code == 302


def test_who_worked_on_what_was_agreed_to_may_approve_what_others_write_next(
    world: World, channel: Any, item: Any
) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    world.people["member"].teams.add(world.team)
    item.owner = world.people["member"]
    item.save()
    from apps.launches.services.members import set_member

    set_member(actor=world.actor("owner"), launch=world.launch, user=world.people["member"], role="editor")
    change_record(actor=world.actor("member"), record=fresh(item), values={"title": "We launch!"})
    approving.submit(actor=world.actor("editor"), item=fresh(item))
    with pytest.raises(NotAllowed, match="your own work"):
        approve(world, item, "member")
    rule(world, channel, StepInput(user=world.people["owner"]))
    approve(world, item, "owner")
    assert (fresh(item).authors, fresh(item).submitted_by) == ([], None)
    assert told("item_approved") == ["Editor Person", "Member Person"]
    rule(world, channel, StepInput(user=world.people["member"]))
    change_record(actor=world.actor("editor"), record=fresh(item), values={"body": "Other words."})
    assert fresh(item).authors == [world.people["editor"].pk]
    assert approve(world, item, "member").status == "approved"


def test_setting_a_status_by_hand_does_not_make_ones_own_work_somebody_elses(
    world: World, channel: Any, item: Any
) -> None:
    change_record(actor=world.actor("contributor"), record=fresh(item), values={"body": "Mine."})
    set_status(actor=world.actor("contributor"), item=fresh(item), status="approved")
    rule(world, channel, StepInput(user=world.people["contributor"]))
    with pytest.raises(NotAllowed, match="your own work"):
        approve(world, item, "contributor")
    # With everybody's word, what comes next is not theirs any more.
    world.launch.self_approval = True
    world.launch.save()
    approve(world, item, "contributor")
    set_status(actor=world.actor("editor"), item=fresh(item), status="scheduled")
    assert fresh(item).authors == []


def test_what_is_said_as_it_was_agreed_to_is_approved_again(world: World, channel: Any, item: Any) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    approve(world, item, "member")
    for body, status in (("Hello!", "in_review"), ("Hello.", "approved")):
        changed = change_record(actor=world.actor("editor"), record=fresh(item), values={"body": body})
        assert (changed.status, fresh(item).status) == (status, status)
    assert fresh(item).authors == []


def test_nothing_waits_for_who_is_not_asked_any_more(world: World, channel: Any, item: Any) -> None:
    member, owner = world.people["member"], world.people["owner"]
    approving.set_reviewers(actor=world.actor("editor"), item=item, users=[member, owner])
    approving.submit(actor=world.actor("contributor"), item=fresh(item))
    approve(world, item, "member")
    approving.set_reviewers(actor=world.actor("editor"), item=fresh(item), users=[member])
    assert fresh(item).status == "approved"
    assert told("item_approved") == ["Contributor Person"]

    other = world.add("calendar_entry", title="Another", channel=channel)
    untouched = world.add("calendar_entry", title="Nobody agreed to", channel=channel)
    rule(world, channel, StepInput(user=member), StepInput(user=owner))
    approving.submit(actor=world.actor("editor"), item=other)
    approving.submit(actor=world.actor("editor"), item=untouched)
    approve(world, other, "member")
    rule(world, channel, StepInput(user=member))
    assert (fresh(other).status, fresh(untouched).status) == ("approved", "in_review")


def test_submitting_what_everybody_agreed_to_approves_it(world: World, channel: Any, item: Any) -> None:
    rule(world, channel, StepInput(user=world.people["member"]))
    approve(world, item, "member")
    author = world.actor("contributor")
    set_status(actor=author, item=fresh(item), status="drafting")
    assert approving.submit(actor=author, item=fresh(item)).status == "approved"
    assert (fresh(item).status, fresh(item).submitted_by) == ("approved", None)
    # The status by hand says the same; who wants it read anew all the same says so from approved.
    set_status(actor=author, item=fresh(item), status="drafting")
    assert set_status(actor=author, item=fresh(item), status="in_review").status == "approved"
    assert set_status(actor=author, item=fresh(item), status="in_review").status == "in_review"
    assert approving.submit(actor=author, item=fresh(item)).status == "approved"


def test_my_week_asks_in_turn_and_looks_as_far_as_it_must(world: World, channel: Any) -> None:
    from apps.content.selectors.approvals import to_approve
    from tests.portal.worlds import queries

    def waiting(name: str) -> list[str]:
        return [each.title for each in to_approve(world.actor(name), 10)]

    member, owner = world.people["member"], world.people["owner"]
    member.teams.add(world.team)
    rule(world, channel, StepInput(user=owner), StepInput(team=world.team), in_order=True)
    item = world.add("calendar_entry", title="In turn", channel=channel)
    approving.submit(actor=world.actor("editor"), item=item)
    assert (waiting("owner"), waiting("member"), waiting("contributor")) == (["In turn"], [], [])
    approve(world, item, "owner")
    assert (waiting("owner"), waiting("member")) == ([], ["In turn"])
    with queries() as few:
        waiting("member")
    # Seventy older ones that wait for somebody before them do not hide the one that is theirs.
    CalendarItem.objects.bulk_create(
        CalendarItem(launch=world.launch, title=f"Older {each}", channel=channel, status="in_review")
        for each in range(70)
    )
    CalendarItem.objects.filter(pk=item.pk).update(updated_at="2199-01-01T00:00Z")
    with queries() as many:
        assert waiting("member") == ["In turn"]
    assert len(many) <= 2 * len(few)


def test_a_team_that_said_enough_is_not_asked_any_more(world: World, channel: Any, item: Any) -> None:
    from apps.content.selectors.approvals import to_approve

    world.people["member"].teams.add(world.team)
    world.people["editor"].teams.add(world.team)
    rule(world, channel, StepInput(team=world.team), StepInput(user=world.people["owner"]))
    approving.submit(actor=world.actor("contributor"), item=item)
    assert to_approve(world.actor("editor"), 10) == [item]
    approve(world, item, "member")
    assert to_approve(world.actor("editor"), 10) == []
