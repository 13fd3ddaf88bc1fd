"""The pages of announcements: who gets in, what their forms refuse, what a stale page answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now
from apps.announcements.services import approving, running, writing
from apps.announcements.services.clock import go_live
from apps.launches.models import Launch
from tests.announcements.worlds import World, shift

HX = {"HX-Request": "true"}


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def base(world: World) -> str:
    return f"/launches/{world.launch.slug}/announcements/"


def words(**changes: Any) -> dict[str, Any]:
    return {"title": "Simpler settings", "body": "Set once.", "priority": "2", **changes}


def in_an_hour(zone: str = "Europe/Berlin") -> str:
    return f"{(database_now() + timedelta(hours=1)).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize("path", ["", "new/", "{pk}/", "{pk}/edit/", "{pk}/standing/"])
@pytest.mark.parametrize(
    ("name", "edits"), [("anonymous", None), ("stranger", False), ("contributor", True), ("editor", True)]
)
def test_who_gets_to_see_a_page(world: World, path: str, name: str, edits: bool | None) -> None:
    draft = world.draft()
    client = Client() if name == "anonymous" else signed_in(world, name)
    answer = client.get(base(world) + path.format(pk=draft.pk))
    if edits is None:
        assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)
    elif path in {"new/", "{pk}/edit/"} and not edits:
        assert answer.status_code == 403
    else:
        assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["", "new/", "{pk}/", "{pk}/edit/"])
def test_a_restricted_launch_is_not_there_for_strangers(world: World, path: str) -> None:
    draft = world.draft()
    Launch.objects.filter(pk=world.launch.pk).update(restricted=True)
    assert signed_in(world, "stranger").get(base(world) + path.format(pk=draft.pk)).status_code == 404


@pytest.mark.parametrize("step", ["approve", "schedule", "pause", "cancel", "now", "resume"])
def test_only_those_who_run_the_launch_may_press_these(world: World, step: str) -> None:
    draft = world.draft(by="editor")
    for name, status in (("contributor", 403), ("stranger", 403), ("viewer", 403)):
        answer = signed_in(world, name).post(
            f"{base(world)}{draft.pk}/{step}/",
            {"version": draft.version, "starts": in_an_hour(), "zone": "Europe/Berlin"},
        )
        assert answer.status_code == status, name
    assert Announcement.objects.get(pk=draft.pk).state == "draft"


def test_from_draft_to_scheduled_by_plain_forms(world: World) -> None:
    writer, editor = signed_in(world, "contributor"), signed_in(world, "editor")
    answer = writer.post(base(world) + "new/", words(teams=[world.team.pk], surfaces="settings, home/banner"))
    made = Announcement.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{base(world)}{made.pk}/")
    assert (made.surfaces, list(made.teams.all())) == (["settings", "home/banner"], [world.team])
    assert writer.post(f"{base(world)}{made.pk}/submit/", {"version": 1}).status_code == 302
    assert b"For your approval" in editor.get("/inbox/").content
    page = editor.get(f"{base(world)}{made.pk}/").content.decode()
    assert f'action="{base(world)}{made.pk}/approve/"' in page
    assert editor.post(f"{base(world)}{made.pk}/approve/", {"version": 2}).status_code == 302
    starts = in_an_hour()
    answer = editor.post(
        f"{base(world)}{made.pk}/schedule/", {"starts": starts, "zone": "Europe/Berlin", "version": 3}
    )
    made.refresh_from_db()
    assert (answer.status_code, made.state) == (302, "scheduled")
    assert made.starts_at is not None
    assert f"{made.starts_at.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%dT%H:%M}" == starts


def test_only_items_one_works_on_are_offered_and_taken(world: World) -> None:
    item = world.item(title="Marketing's item")
    for name, status in (("other_contributor", 403), ("contributor", 302)):
        client = signed_in(world, name)
        page = client.get(f"{base(world)}new/?item={item.pk}")
        assert (f'value="{item.pk}" selected>Marketing' in page.content.decode()) is (status == 302)
        assert client.post(base(world) + "new/", words(item=item.pk)).status_code == status
    assert Announcement.objects.get().item_id == item.pk


def test_an_item_is_offered_again_once_its_announcement_is_cancelled(world: World) -> None:
    item = world.item()
    client = signed_in(world, "editor")
    offer = f'<option value="{item.pk}">{item.title}'
    waiting = world.scheduled(item=item)
    assert offer not in client.get(base(world) + "new/").content.decode()
    running.cancel(actor=world.act("editor"), announcement=waiting)
    assert offer in client.get(base(world) + "new/").content.decode()
    assert client.post(base(world) + "new/", words(item=item.pk)).status_code == 302


def test_htmx_gets_the_region_alone(world: World) -> None:
    draft = world.draft()
    client = signed_in(world, "editor")
    for path, start in (("", b'<div id="announcements"'), (f"{draft.pk}/", b'<div id="announcement"')):
        answer = client.get(base(world) + path, headers=HX)
        assert answer.content.strip().startswith(start)
        assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "This field is required"),
        ({"title": "x" * 201}, "at most 200"),
        ({"title": "nul\x00"}, "Null characters"),
        ({"body": "nul\x00"}, "Null characters"),
        ({"body": "x" * 100_001}, "at most 100000"),
        ({"action_url": "http://example.com", "action_label": "Go"}, "https://"),
        ({"action_url": "https://example.com"}, "needs both"),
        ({"surfaces": "Not&Good"}, "A surface is a short name"),
        ({"priority": "9"}, "9 is not one of"),
        ({"teams": ["999999"]}, "999999 is not one of"),
        ({"teams": ["x"]}, "is not a valid value"),
        ({"item": "999999"}, "not one of the available"),
    ],
)
def test_the_composer_says_what_is_wrong_and_keeps_what_was_typed(
    world: World, changes: dict[str, Any], message: str
) -> None:
    answer = signed_in(world, "contributor").post(base(world) + "new/", words(**changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert "Set once." in page or "body" in changes
    assert not Announcement.objects.exists()


def test_a_stale_page_shows_both_versions_and_loses_neither(world: World) -> None:
    draft = world.draft()
    writing.change(actor=world.act("editor"), announcement=draft, values={"title": "Theirs <b>"})
    client = signed_in(world, "contributor")
    answer = client.post(f"{base(world)}{draft.pk}/edit/", words(title="Mine", version=1))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Theirs &lt;b&gt;" in page
    assert 'value="Mine"' in page
    assert 'name="version" value="2"' in page
    assert Announcement.objects.get(pk=draft.pk).title == "Theirs <b>"
    again = client.post(f"{base(world)}{draft.pk}/edit/", words(title="Mine", version=2))
    assert (again.status_code, Announcement.objects.get(pk=draft.pk).title) == (302, "Mine")


def test_nobody_approves_another_text_than_they_saw(world: World) -> None:
    submitted = approving.submit(actor=world.act("contributor"), announcement=world.draft())
    writing.change(actor=world.act("contributor"), announcement=submitted, values={"body": "Changed."})
    answer = signed_in(world, "editor").post(
        f"{base(world)}{submitted.pk}/approve/", {"version": submitted.version}
    )
    assert answer.status_code == 409
    assert b"Nothing was done" in answer.content
    assert b"Changed." in answer.content
    assert Announcement.objects.get(pk=submitted.pk).state == "draft"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"starts": "2020-01-01T10:00"}, "has passed already"),
        ({"starts": "soon"}, "Write a date and time"),
        ({"starts": ""}, "required"),
        ({"starts": "2026\x00"}, "Write a date and time"),
        ({"starts": "9999-12-31T23:59"}, "ten years"),
        ({"starts": "0001-01-01T00:00"}, "outside the calendar"),
        ({"zone": "Mars/Olympus"}, "is not a time zone"),
        ({"zone": ""}, "required"),
        ({"ends": "2020-01-01T10:00"}, "end after it starts"),
        ({"version": "x"}, "whole number"),
    ],
)
def test_the_schedule_form_says_what_is_wrong(world: World, given: dict[str, str], message: str) -> None:
    approved = world.approved()
    fields = {"starts": in_an_hour(), "zone": "Europe/Berlin", "version": str(approved.version), **given}
    answer = signed_in(world, "editor").post(f"{base(world)}{approved.pk}/schedule/", fields)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert Announcement.objects.get(pk=approved.pk).state == "approved"


def test_a_time_that_clocks_skip_is_said(world: World) -> None:
    approved = world.approved()
    client = signed_in(world, "editor")
    answer = client.post(
        f"{base(world)}{approved.pk}/schedule/",
        {"starts": "2027-03-28T02:30", "zone": "Europe/Berlin", "version": approved.version},
        follow=True,
    )
    assert b"Clocks skip that time" in answer.content
    assert f"{Announcement.objects.get(pk=approved.pk).starts_at:%H:%M}" == "01:00"


def test_a_step_that_does_not_fit_is_refused_in_a_sentence(world: World) -> None:
    draft = world.draft()
    answer = signed_in(world, "editor").post(f"{base(world)}{draft.pk}/pause/", {"version": draft.version})
    assert answer.status_code == 422
    assert b"draft cannot be paused" in answer.content


def test_unknown_steps_are_not_found(world: World) -> None:
    answer = signed_in(world, "editor").post(f"{base(world)}{world.draft().pk}/nonsense/")
    assert answer.status_code == 404


@pytest.mark.parametrize("step", ["approve", "schedule", "pause", "cancel", "preview"])
def test_nothing_is_done_by_looking(world: World, step: str) -> None:
    draft = world.draft()
    address = f"{base(world)}{'' if step == 'preview' else f'{draft.pk}/'}{step}/"
    assert signed_in(world, "editor").get(address).status_code == 405


def test_the_standing_comes_only_when_it_changed(world: World) -> None:
    due = world.scheduled(lasts=7200)
    client = signed_in(world, "editor")
    address = f"{base(world)}{due.pk}/standing/?seen={due.version}-active"
    assert client.get(address, headers=HX).status_code == 204
    shift(due, -1, 3600)
    go_live()
    answer = client.get(address, headers=HX)
    assert (answer.status_code, b"Live since" in answer.content) == (200, True)


def test_the_preview_is_sanitised_and_stores_nothing(world: World) -> None:
    answer = signed_in(world, "contributor").post(
        base(world) + "preview/",
        {"title": "<i>T</i>", "body": "**bold** <script>x</script> [a](javascript:x)", "action_label": "Go"},
        headers=HX,
    )
    page = answer.content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert not Announcement.objects.exists()


def test_the_preview_shows_all_four_forms_the_chosen_one_first(world: World) -> None:
    answer = signed_in(world, "contributor").post(
        base(world) + "preview/", {"title": "News", "form": "toast"}, headers=HX
    )
    page = answer.content.decode()
    places = [page.index(f"mock-{form}") for form in ("toast", "banner", "modal", "list")]
    assert places == sorted(places)
    assert page.count("News") == 4
    assert 'class="mock mock-toast chosen"' in page
    draft = world.draft(form="modal")
    detail = signed_in(world, "contributor").get(f"{base(world)}{draft.pk}/").content.decode()
    assert ("mock-modal" in detail, "mock-banner" in detail) == (True, False)


def test_the_list_costs_the_same_for_more_rows(world: World) -> None:
    client = signed_in(world, "editor")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(base(world)).status_code == 200
        return len(queries)

    world.draft(teams=[world.team])
    count()
    few = count()
    for number in range(12):
        world.draft(title=f"Number {number}", teams=[world.team], by="owner")
    assert count() == few
    assert few <= 22


def test_missed_says_so_and_shows_no_buttons(world: World) -> None:
    missed = world.due(ago=10, lasts=5)
    go_live()
    page = signed_in(world, "editor").get(f"{base(world)}{missed.pk}/").content.decode()
    assert "Missed" in page
    assert "/approve/" not in page
    assert "/cancel/" not in page
