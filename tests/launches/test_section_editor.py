"""One editor for records of every kind: seen, added, changed, ordered and removed on the plan's pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import Event
from apps.launches import kinds
from apps.launches.models import KeyMessage, Phase
from apps.launches.selectors import records
from apps.launches.services.records import change_record
from apps.schedule.services.moving import apply_move, preview_move
from tests.portal.worlds import DAY, HTMX, World

KINDS = [
    "overview", "phase", "key_message", "channel", "segment", "mitigation", "kpi", "calendar_entry",
    "rollback_criterion", "rollback_step", "support", "monitoring", "training", "education", "enablement",
    "office_hours", "recognition", "story", "review", "routine", "improvement", "rollout_step", "history",
]  # fmt: skip


def needs(world: World, kind: str) -> dict[str, Any]:
    """What a form of this kind must hold besides a title."""
    if kind == "rollout_step":
        return {"phase": world.add("phase").pk, "percent": "25"}
    return {
        "channel": {"channel_kind": "blog", "in_service": "on"},
        "calendar_entry": {"status": "idea"},
        "improvement": {"status": "open"},
        "rollback_criterion": {"criterion_kind": "event"},
        "monitoring": {"monitoring_type": "alert"},
        "education": {"resource_type": "guide"},
        "enablement": {"resource_type": "guide"},
        "story": {"story_kind": "other"},
    }.get(kind, {})


def test_every_registered_kind_is_tried_here() -> None:
    assert {kind.key for kind in kinds.all_kinds()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_every_kind_goes_its_way_without_javascript(world: World, kind: str) -> None:
    client = world.client("editor")
    base = f"{world.path}plan/{kind}/"
    assert client.get(f"{base}add/").status_code == 200
    response = client.post(f"{base}add/", {"title": "First one", **needs(world, kind)})
    assert (response.status_code, response["Location"]) == (302, f"{world.path}plan/#{kind}")
    [record] = records(world.launch, kinds.get(kind))
    assert record.title == "First one"

    assert b"First one" in client.get(f"{world.path}plan/").content
    assert b"First one" in client.get(f"{base}{record.pk}/").content
    page = client.get(f"{base}{record.pk}/edit/")
    assert page.status_code == 200
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {
        name: ("on" if value is True else value) for name, value in data.items() if value not in (None, False)
    }
    response = client.post(f"{base}{record.pk}/edit/", {**data, "title": "Another name"})
    assert response.status_code == 302
    [record] = records(world.launch, kinds.get(kind))
    assert record.title == "Another name"
    assert record.version == 2

    assert client.get(f"{base}{record.pk}/remove/").status_code == 200
    assert client.post(f"{base}{record.pk}/remove/", {"version": record.version}).status_code == 302
    assert records(world.launch, kinds.get(kind)) == []


def test_saving_a_form_nobody_changed_changes_nothing(world: World) -> None:
    phase = world.add(
        "phase", title="Beta", when="Weeks 2-3", targets="80% positive feedback\n<2s page load time"
    )
    client = world.client("editor")
    form = client.get(f"{world.path}plan/phase/{phase.pk}/edit/").context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    before = Event.objects.count()
    assert client.post(f"{world.path}plan/phase/{phase.pk}/edit/", data).status_code == 302
    phase.refresh_from_db()
    assert phase.version == 1
    assert Event.objects.count() == before


def test_a_record_is_edited_in_its_row_and_comes_back_as_a_row(world: World) -> None:
    message = world.add("key_message", title="Simple")
    client = world.client("editor")
    path = f"{world.path}plan/key_message/{message.pk}/"
    form = client.get(f"{path}edit/", headers=HTMX)
    assert b"<html" not in form.content
    assert f'id="key_message-{message.pk}"'.encode() in form.content
    saved = client.post(f"{path}edit/", {"title": "Simpler", "version": 1}, headers=HTMX)
    assert saved.status_code == 200
    assert f'id="key_message-{message.pk}"'.encode() in saved.content
    assert b"Simpler" in saved.content
    assert b"Saved" in saved.content


def test_a_wrong_field_answers_422_in_place_and_saves_nothing(world: World) -> None:
    client = world.client("editor")
    response = client.post(
        f"{world.path}plan/calendar_entry/add/",
        {"title": "Post", "status": "idea", "when": "some time soon-ish"},
        headers=HTMX,
    )
    assert response.status_code == 422
    assert b"not a time I can read" in response.content
    assert b'aria-invalid="true"' in response.content
    assert records(world.launch, kinds.get("calendar_entry")) == []


@pytest.mark.parametrize(
    ("when", "proposed"),
    [
        ("Weeks 5-2", "Weeks 2-5"),
        ("Mar 9-4, 2027", "Mar 4-9, 2027"),
        ("2027-05-04 to 2027-03-01", "2027-03-01 to 2027-05-04"),
    ],
)
def test_a_time_whose_ends_are_swapped_is_proposed_the_other_way_round(
    world: World, when: str, proposed: str
) -> None:
    response = world.client("editor").post(
        f"{world.path}plan/calendar_entry/add/", {"title": "Post", "status": "idea", "when": when}
    )
    assert response.status_code == 422
    assert f"ends before it starts. Write “{proposed}”?" in response.content.decode()


def test_a_stale_form_answers_409_with_yours_and_theirs_side_by_side(world: World) -> None:
    message = world.add("key_message", title="As it was")
    change_record(actor=world.actor("owner"), record=message, values={"title": "What they wrote"})
    client = world.client("editor")
    path = f"{world.path}plan/key_message/{message.pk}/edit/"
    for headers in ({}, HTMX):
        response = client.post(path, {"title": "What I wrote", "version": 1}, headers=headers)
        content = response.content.decode()
        assert response.status_code == 409
        assert "What I wrote" in content
        assert "What they wrote" in content
    message.refresh_from_db()
    assert message.title == "What they wrote"
    # The form now carries the new version: sending it again is a decision, not an accident.
    version = response.context["form"].data["version"]
    assert client.post(path, {"title": "What I wrote", "version": version}).status_code == 302
    message.refresh_from_db()
    assert message.title == "What I wrote"


def test_records_move_up_down_and_to_a_place_by_buttons(world: World) -> None:
    first, second, third = (world.add("key_message", title=title) for title in ("one", "two", "three"))
    client = world.client("editor")

    def order() -> list[str]:
        return [record.title for record in records(world.launch, kinds.get("key_message"))]

    client.post(f"{world.path}plan/key_message/{third.pk}/move/", {"to": "up"})
    assert order() == ["one", "three", "two"]
    response = client.post(f"{world.path}plan/key_message/{first.pk}/move/", {"to": "down"}, headers=HTMX)
    assert order() == ["three", "one", "two"]
    assert b'id="list-key_message"' in response.content
    assert client.get(f"{world.path}plan/key_message/{second.pk}/move/").status_code == 200
    client.post(f"{world.path}plan/key_message/{second.pk}/move/", {"to": "0"})
    assert order() == ["two", "three", "one"]
    for nonsense in ("", "sideways", "9" * 40, "1.5"):
        response = client.post(f"{world.path}plan/key_message/{second.pk}/move/", {"to": nonsense})
        assert response.status_code == 422
    assert order() == ["two", "three", "one"]


def test_removing_what_somebody_just_changed_asks_again(world: World) -> None:
    message = world.add("key_message", title="Keep me?")
    change_record(actor=world.actor("owner"), record=message, values={"title": "I am better now"})
    response = world.client("editor").post(
        f"{world.path}plan/key_message/{message.pk}/remove/", {"version": 1}
    )
    assert response.status_code == 409
    assert b"I am better now" in response.content
    assert KeyMessage.objects.filter(pk=message.pk).exists()


def test_what_somebody_removed_meanwhile_is_not_there(world: World) -> None:
    message = world.add("key_message")
    path = f"{world.path}plan/key_message/{message.pk}/"
    world.client("owner").post(f"{path}remove/", {"version": 1})
    for address in (path, f"{path}edit/", f"{path}remove/", f"{path}move/"):
        assert world.client("editor").get(address).status_code == 404


def test_a_record_of_another_launch_is_not_found_under_this_one(world: World) -> None:
    foreign = world.add("key_message", launch=world.secret, title="Secret words")
    response = world.client("owner").get(f"{world.path}plan/key_message/{foreign.pk}/")
    assert response.status_code == 404
    assert b"Secret words" not in response.content


def test_contributors_change_what_is_theirs_or_their_teams_and_nothing_else(world: World) -> None:
    theirs = world.add("training", title="Ours", team=world.team)
    other = world.add("training", title="Not ours")
    client = world.client("contributor")
    path = f"{world.path}plan/training/"
    assert client.post(f"{path}{theirs.pk}/edit/", {"title": "Ours, better", "version": 1}).status_code == 302
    assert client.post(f"{path}{other.pk}/edit/", {"title": "Grabbed", "version": 1}).status_code == 403
    assert client.post(f"{path}{other.pk}/remove/", {"version": 1}).status_code == 403
    other.refresh_from_db()
    assert other.title == "Not ours"


def test_a_contributors_new_record_is_their_own(world: World) -> None:
    client = world.client("contributor")
    assert client.post(f"{world.path}plan/key_message/add/", {"title": "My idea"}).status_code == 302
    message = KeyMessage.objects.get()
    assert message.owner == world.people["contributor"]
    response = client.post(
        f"{world.path}plan/key_message/{message.pk}/edit/", {"title": "Better", "version": 1}
    )
    assert response.status_code == 302


def test_a_form_shows_only_this_launchs_phases(world: World) -> None:
    world.add("phase", title="Our phase")
    foreign = world.add("phase", launch=world.secret, title="Their phase")
    client = world.client("editor")
    content = client.get(f"{world.path}plan/rollout_step/add/").content.decode()
    assert "Our phase" in content
    assert "Their phase" not in content
    response = client.post(
        f"{world.path}plan/rollout_step/add/", {"title": "Step", "phase": foreign.pk, "percent": "10"}
    )
    assert response.status_code == 422


def test_the_way_back_leads_only_into_the_portal(world: World) -> None:
    client = world.client("editor")
    path = f"{world.path}plan/key_message/add/"
    inside = client.post(f"{path}?next=/launches/", {"title": "One"})
    assert inside["Location"] == "/launches/"
    outside = client.post(f"{path}?next=https://evil.example/", {"title": "Two"})
    assert outside["Location"] == f"{world.path}plan/#key_message"


def test_the_sheet_over_the_plan_hands_back_the_list_and_closes(world: World) -> None:
    response = world.client("editor").post(
        f"{world.path}plan/key_message/add/?sheet=plan", {"title": "From the sheet"}, headers=HTMX
    )
    assert response["HX-Retarget"] == "#list-key_message"
    assert response["HX-Trigger"] == "sheet:close"
    assert b"From the sheet" in response.content


def test_html_in_a_record_is_text(world: World) -> None:
    world.add("key_message", title="<script>alert(1)</script>", text="<img src=x onerror=alert(1)>")
    content = world.client("owner").get(f"{world.path}plan/").content.decode()
    assert "<script>alert(1)" not in content
    assert "<img src=x" not in content


def test_a_phase_keeps_its_place_in_time_through_its_form(world: World) -> None:
    client = world.client("editor")
    client.post(
        f"{world.path}plan/phase/add/", {"title": "Beta", "when": "Weeks 2-3", "targets": "<2s page load"}
    )
    phase = Phase.objects.get()
    placement = world.placement(phase)
    assert (placement.starts_on - world.launch.rollout_start).days == 7
    assert phase.targets.get().comparator == "lt"


def hidden(form: Any) -> dict[str, Any]:
    """What a browser sends of a form nobody touched: with what each facet was shown as."""
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    shown = [form[name] for name in form.fields if form[name].field.show_hidden_initial]
    return {**data, **{bound.html_initial_name: bound.value() for bound in shown}}


def pushed(world: World, record: Any, days: int) -> None:
    """Moved on the timeline: the thing's place changes, its record's version does not."""
    actor, pk = world.actor("owner"), world.placement(record).pk
    where: Any = {"anchor": "placement", "to": DAY + timedelta(days=days), "pk": pk}
    seen = preview_move(actor=actor, launch=world.launch, **where).fingerprint
    apply_move(actor=actor, launch=world.launch, fingerprint=seen, **where)


def test_saving_another_field_leaves_a_move_made_meanwhile(world: World) -> None:
    training = world.add("training", title="Course", when="T+9 days")
    client, path = world.client("editor"), f"{world.path}plan/training/{training.pk}/edit/"
    page = client.get(path)
    assert 'name="initial-when" value="T+9 days"' in page.content.decode()
    data = hidden(page.context["form"])
    pushed(world, training, 20)
    assert client.post(path, {**data, "title": "Better course"}).status_code == 302
    training.refresh_from_db()
    assert training.title == "Better course"
    assert world.placement(training).offset == 20


def test_a_time_changed_by_two_shows_yours_and_theirs_and_saves_the_second_time(world: World) -> None:
    training = world.add("training", title="Course", when="T+9 days")
    client, path = world.client("editor"), f"{world.path}plan/training/{training.pk}/edit/"
    data = hidden(client.get(path).context["form"])
    pushed(world, training, 20)
    answer = client.post(path, {**data, "when": "T+4 days"})
    assert answer.status_code == 409
    assert answer.context["conflict"] == [{"label": "When", "yours": "T+4 days", "theirs": "Day +20"}]
    assert 'name="initial-when" value="Day +20"' in answer.content.decode()
    assert world.placement(training).offset == 20
    again = hidden(answer.context["form"])
    assert client.post(path, {**again, "initial-when": "Day +20"}).status_code == 302
    assert world.placement(training).offset == 4


def test_an_owner_who_was_deactivated_stays_until_somebody_takes_them_away(world: World) -> None:
    left = world.people["contributor"]
    training = world.add("training", title="Course", owner=left)
    left.is_active = False
    left.save()
    client, path = world.client("editor"), f"{world.path}plan/training/{training.pk}/edit/"
    page = client.get(path)
    assert "Contributor Person (deactivated)" in page.content.decode()
    data = hidden(page.context["form"])
    assert client.post(path, {**data, "title": "Better course"}).status_code == 302
    training.refresh_from_db()
    assert (training.title, training.owner) == ("Better course", left)
    assert client.post(path, {**data, "version": 2, "owner": ""}).status_code == 302
    training.refresh_from_db()
    assert training.owner is None
    # Nobody new is given work who is not there.
    assert "(deactivated)" not in client.get(path).content.decode()
